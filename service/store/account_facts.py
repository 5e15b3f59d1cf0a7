"""Accounts of the CRM: how far each was read, comparisons with the leads received, facts, and what can be chosen there.

Facts answer questions that Nexudus's documents leave open. They belong to an account at one address: the same database
may have met the simulator before the real Nexudus, and facts about one say nothing about the other.

The dashboard never calls Nexudus. It requests a look at an account here, and a worker takes it.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Column, ColumnElement, and_, delete, or_, select, update

from service.store.database.report_tables import crm_looks, crm_reads, reconciliations
from service.store.database.repository import Repository
from service.store.database.tables import account_facts

MAX_KEPT = 60
"""Comparisons kept for one account: two months of nights."""


@dataclass(frozen=True, slots=True)
class ReadState:
    """How far an account was read. problem: why the last reading failed; "" if it succeeded."""

    account: str
    polled_at: datetime | None = None
    read_until: datetime | None = None
    problem: str = ""
    reconciled_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Reconciliation:
    """One comparison of an account. since: leads received earlier were not compared; None: all leads were.

    result: counts, discrepancies and remarks, as JSON values; nothing personal.
    """

    account: str
    started_at: datetime
    ended_at: datetime
    since: datetime | None
    result: Mapping[str, Any] = field(default_factory=dict)


class Reconciliations(Repository):
    """Reading and comparing accounts of the CRM."""

    def read_state(self, account: str) -> ReadState:
        """Return how far an account was read."""
        row = self._execute(select(crm_reads).where(crm_reads.c.account == account)).first()
        return ReadState(account) if row is None else ReadState(*row)

    def claim_poll(self, account: str, now: datetime, every: timedelta) -> bool:
        """Claim the poll for changes; False if a process claimed it less than `every` ago."""
        return self._claim(account, crm_reads.c.polled_at, now, now - every)

    def claim_night(self, account: str, now: datetime, night: datetime) -> bool:
        """Claim the nightly comparison; False if a process claimed it since that night began."""
        return self._claim(account, crm_reads.c.reconciled_at, now, night)

    def lock_account(self, account: str) -> None:
        """Keep other processes from recording sales of this account until the transaction ends."""
        self._execute(self._database.insert(crm_reads).values(account=account).on_conflict_do_nothing())
        self._execute(update(crm_reads).where(crm_reads.c.account == account).values(account=account))

    def _claim(self, account: str, column: Column[Any], now: datetime, before: datetime) -> bool:
        self._execute(self._database.insert(crm_reads).values(account=account).on_conflict_do_nothing())
        free = or_(column.is_(None), column < before)
        claiming = update(crm_reads).where(crm_reads.c.account == account, free).values({column.name: now})
        return self._execute(claiming).rowcount == 1

    def record_read(self, account: str, until: datetime | None, problem: str = "") -> None:
        """Record a reading, of changes up to `until` (None: no further than before), or its problem."""
        values: dict[str, Any] = {"problem": problem} | ({} if until is None else {"read_until": until})
        insert = self._database.insert(crm_reads).values(account=account, **values)
        self._execute(insert.on_conflict_do_update(index_elements=["account"], set_=values))

    def save_reconciliation(self, made: Reconciliation) -> None:
        """Store a comparison and delete the oldest beyond MAX_KEPT."""
        key = {"account": made.account, "started_at": made.started_at, "ended_at": made.ended_at}
        row = {**key, "since": made.since, "result": dict(made.result)}
        self._execute(self._database.insert(reconciliations).values(row).on_conflict_do_nothing())
        of_account = reconciliations.c.account == made.account
        newest = select(reconciliations.c.started_at).where(of_account).order_by(reconciliations.c.started_at.desc())
        oldest = self._execute(newest.offset(MAX_KEPT - 1).limit(1)).scalar()
        if oldest is not None:
            self._execute(delete(reconciliations).where(of_account, reconciliations.c.started_at < oldest))

    def last_reconciliation(self, account: str) -> Reconciliation | None:
        """Return the last comparison of an account."""
        query = select(reconciliations).where(reconciliations.c.account == account)
        row = self._execute(query.order_by(reconciliations.c.started_at.desc()).limit(1)).first()
        return None if row is None else Reconciliation(*row)


_FACT_KEY = ("account", "base_url", "name")

CLAIM_LIFETIME = timedelta(minutes=10)
"""Time a process has to answer a question; after that it counts as dead, and another process may claim the question."""


@dataclass(frozen=True, slots=True)
class Tenant:
    """One account at one address of Nexudus."""

    account: str
    base_url: str


@dataclass(frozen=True, slots=True)
class Fact:
    """One answer. value: a JSON value. source: how it was determined, "live" or "read back"."""

    value: Any
    source: str
    learned_at: datetime


class Facts(Repository):
    """Facts of each Nexudus."""

    def facts_of(self, tenant: Tenant) -> dict[str, Fact]:
        """Return the facts of a Nexudus by name."""
        query = select(account_facts).where(_of(tenant), account_facts.c.value.is_not(None))
        return {row.name: Fact(row.value, row.source, row.learned_at) for row in self._execute(query)}

    def learn_facts(self, tenant: Tenant, values: Mapping[str, Any], source: str, now: datetime) -> None:
        """Store facts, replacing earlier ones with the same names."""
        for name, value in values.items():
            fact = {"value": value, "source": source, "learned_at": now}
            insert = self._database.insert(account_facts).values(**_key(tenant, name), **fact)
            self._execute(insert.on_conflict_do_update(index_elements=_FACT_KEY, set_=fact))

    def claim_fact(self, tenant: Tenant, name: str, now: datetime, stale_before: datetime | None = None) -> bool:
        """Claim a question; False if its answer is known or another process has claimed it.

        stale_before: an answer learned before then counts as open.
        """
        abandoned = and_(account_facts.c.value.is_(None), account_facts.c.learned_at < now - CLAIM_LIFETIME)
        is_free = abandoned if stale_before is None else or_(abandoned, account_facts.c.learned_at < stale_before)
        insert = self._database.insert(account_facts).values(**_key(tenant, name), value=None, learned_at=now)
        renewed = {"learned_at": now}  # a stale answer is used until there is a new one
        claiming = insert.on_conflict_do_update(index_elements=_FACT_KEY, set_=renewed, where=is_free)
        return self._execute(claiming.returning(account_facts.c.name)).first() is not None

    def forget_facts(self, tenant: Tenant, names: Collection[str]) -> None:
        """Delete facts, so that their questions are open again."""
        self._execute(delete(account_facts).where(_of(tenant), account_facts.c.name.in_(names)))


def _key(tenant: Tenant, name: str) -> dict[str, str]:
    return {"account": tenant.account, "base_url": tenant.base_url, "name": name}


def _of(tenant: Tenant) -> ColumnElement[bool]:
    return and_(account_facts.c.account == tenant.account, account_facts.c.base_url == tenant.base_url)


LOOK_LIFETIME = timedelta(minutes=5)
"""Time a look may take; after that its process counts as dead, and another process may take it."""


@dataclass(frozen=True, slots=True)
class CrmLook:
    """The last look at one account.

    base_url: address of the Nexudus that was looked at. looked_at: None before the first look. requested_at: time of a
    request that no worker has taken yet; None without one. problem: why the last look failed; "" if it succeeded.
    contents: the account's row in `lead-capture boards --json`; {} before the first successful look.
    """

    account: str
    base_url: str = ""
    looked_at: datetime | None = None
    requested_at: datetime | None = None
    problem: str = ""
    contents: Mapping[str, Any] = field(default_factory=dict)


_LOOK_COLUMNS = tuple(crm_looks.c[name] for name in CrmLook.__dataclass_fields__)


class CrmLooks(Repository):
    """Looks at accounts of the CRM."""

    def last_look(self, account: str) -> CrmLook:
        """Return the last look at an account."""
        row = self._execute(select(*_LOOK_COLUMNS).where(crm_looks.c.account == account)).first()
        return CrmLook(account) if row is None else CrmLook(*row)

    def request_look(self, account: str, now: datetime) -> None:
        """Request a fresh look."""
        insert = self._database.insert(crm_looks).values(account=account, requested_at=now, contents={})
        self._execute(insert.on_conflict_do_update(index_elements=["account"], set_={"requested_at": now}))

    def renew_look(self, account: str, base_url: str, now: datetime) -> bool:
        """Discard a look at another Nexudus and request one at the present address; False if there was none."""
        other = (crm_looks.c.account == account, crm_looks.c.looked_at.is_not(None), crm_looks.c.base_url != base_url)
        fresh: dict[str, Any] = {"contents": {}, "looked_at": None, "problem": "", "requested_at": now}
        return self._execute(update(crm_looks).where(*other).values(fresh)).rowcount == 1

    def claim_look(self, account: str, now: datetime) -> bool:
        """Claim the requested look; False if none is requested or another process has claimed it."""
        wanted = (crm_looks.c.account == account, crm_looks.c.requested_at.is_not(None))
        free = or_(crm_looks.c.claimed_at.is_(None), crm_looks.c.claimed_at < now - LOOK_LIFETIME)
        return self._execute(update(crm_looks).where(*wanted, free).values(claimed_at=now)).rowcount == 1

    def is_look_requested(self, account: str) -> bool:
        """Return whether a look is requested."""
        query = select(crm_looks.c.account).where(crm_looks.c.account == account, crm_looks.c.requested_at.is_not(None))
        return self._execute(query).first() is not None

    def save_look(self, account: str, base_url: str, contents: Mapping[str, Any], now: datetime) -> None:
        """Record a successful look."""
        seen = {"base_url": base_url, "looked_at": now, "contents": dict(contents), "problem": ""}
        self._end_look(account, seen)

    def fail_look(self, account: str, problem: str) -> None:
        """Record why a look failed; the contents of the last successful one stay."""
        self._end_look(account, {"problem": problem})

    def _end_look(self, account: str, values: Mapping[str, Any]) -> None:
        ended = {**values, "requested_at": None, "claimed_at": None}
        insert = self._database.insert(crm_looks).values(**{"account": account, "contents": {}, **ended})
        self._execute(insert.on_conflict_do_update(index_elements=["account"], set_=ended))
