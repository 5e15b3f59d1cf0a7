"""Facts about one Nexudus: answers to questions that its documents leave open.

Facts belong to an account at an address: the same database may have met the simulator before the real Nexudus, and
facts of one say nothing of the other.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, and_, delete, or_, select

from service.store.database.repository import Repository
from service.store.database.tables import account_facts

KEY = ("account", "base_url", "name")

CLAIM_LIFETIME = timedelta(minutes=10)
"""Time that a process may take to answer a question; then it counts as dead, and another process may claim it."""


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
        """Store facts, replacing earlier ones of the same names."""
        for name, value in values.items():
            fact = {"value": value, "source": source, "learned_at": now}
            insert = self._database.insert(account_facts).values(**_key(tenant, name), **fact)
            self._execute(insert.on_conflict_do_update(index_elements=KEY, set_=fact))

    def claim_fact(self, tenant: Tenant, name: str, now: datetime, stale_before: datetime | None = None) -> bool:
        """Claim a question; False where its answer is known, or another process has claimed it.

        stale_before: an answer learned before then counts as open.
        """
        abandoned = and_(account_facts.c.value.is_(None), account_facts.c.learned_at < now - CLAIM_LIFETIME)
        is_free = abandoned if stale_before is None else or_(abandoned, account_facts.c.learned_at < stale_before)
        insert = self._database.insert(account_facts).values(**_key(tenant, name), value=None, learned_at=now)
        renewed = {"learned_at": now}  # a stale answer counts until there is a new one
        claiming = insert.on_conflict_do_update(index_elements=KEY, set_=renewed, where=is_free)
        return self._execute(claiming.returning(account_facts.c.name)).first() is not None

    def forget_facts(self, tenant: Tenant, names: Collection[str]) -> None:
        """Delete facts: their questions are open again."""
        self._execute(delete(account_facts).where(_of(tenant), account_facts.c.name.in_(names)))


def _key(tenant: Tenant, name: str) -> dict[str, str]:
    return {"account": tenant.account, "base_url": tenant.base_url, "name": name}


def _of(tenant: Tenant) -> ColumnElement[bool]:
    return and_(account_facts.c.account == tenant.account, account_facts.c.base_url == tenant.base_url)
