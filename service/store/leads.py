"""Leads on disk: kept once, found again, told page by page."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, bindparam, func, or_, select, update

from service.lead import (
    Attempt,
    CoworkerId,
    Lead,
    LeadId,
    OpportunityId,
    Receipt,
    Status,
)
from service.store.engines import Opened
from service.store.lead_rows import LEAD_COLUMNS, attempt_of, from_row, lead_values
from service.store.query import Query
from service.store.rows import Values, insert_values
from service.store.search import WHOLE, Search
from service.store.tables import attempts, lead_keys, leads, to_micros
from service.store.word_index import WordIndex


@dataclass(frozen=True, slots=True)
class Key:
    """One reason to call a later arrival the same: unique in the database until it expires."""

    value: str
    expires_at: datetime | None = None


class Clash(Exception):
    """Two arrivals of one batch share a key: which came first is decided one by one."""


class Leads:
    """The leads within one transaction."""

    def __init__(self, connection: Connection, opened: Opened) -> None:
        self._connection = connection
        self._opened = opened

    def keep(self, lead: Lead, keys: Sequence[Key]) -> Receipt:
        """Keep `lead`, unless one of `keys` says that it came before: then count the repeat.

        The keys of a repeat lead to the first lead from now on, too.
        """
        return self.keep_all([(lead, keys)])[0]

    def keep_all(self, arrivals: Sequence[tuple[Lead, Sequence[Key]]], rows: Sequence[Values] = ()) -> list[Receipt]:
        """Keep several at once; their Receipts, in the same order.

        rows: what lead_values gives for each, where that is known.
        Raises: Clash when two of them share a key: keep those one by one.
        """
        if not arrivals:
            return []
        earliest = min(lead.received_at for lead, _ in arrivals)
        won = self._take(arrivals, earliest)
        lost = [self._lost(lead, keys, won, earliest) for lead, keys in arrivals]
        receipts = self._receipts(arrivals, lost)
        rows = rows or [lead_values(lead) for lead, _ in arrivals]
        new = [row for row, receipt in zip(rows, receipts, strict=True) if not receipt.repeat]
        insert_values(self._connection, leads, LEAD_COLUMNS, new)
        return receipts

    def _take(self, arrivals: Iterable[tuple[Lead, Iterable[Key]]], now: datetime) -> Collection[str]:
        """The keys that were free or expired, now ours. Sorted, so that two writers cannot deadlock."""
        rows: dict[str, Values] = {}
        for lead, keys in arrivals:
            for key in keys:
                until = None if key.expires_at is None else to_micros(key.expires_at)
                row = (key.value, lead.id, until)
                if rows.setdefault(key.value, row)[1] != lead.id:
                    raise Clash
        ordered = [rows[key] for key in sorted(rows)]
        taken = insert_values(self._connection, lead_keys, _KEY_COLUMNS, ordered, _TAKING, to_micros(now))
        return rows if taken == len(rows) else self._taken({key: LeadId(row[1]) for key, row in rows.items()})

    def _taken(self, wanted: Mapping[str, LeadId]) -> set[str]:
        """The keys that lead to who wanted them, now; those of a lead that was kept before never count as new."""
        owners = self._owners(wanted)
        old = self.standing(list(wanted.values()))
        return {key for key, lead_id in wanted.items() if owners.get(key) == lead_id and lead_id not in old}

    def _receipts(self, arrivals: Sequence[tuple[Lead, Sequence[Key]]], lost: Sequence[Sequence[str]]) -> list[Receipt]:
        """The Receipts of several, some of which lost keys to an earlier lead: they are its repeats, and counted."""
        owners = self._owners({key for some in lost for key in some})
        firsts = [next((owners[key] for key in some if key in owners), None) for some in lost]
        receipts = [
            Receipt(lead.id if first is None else first, repeat=first is not None)
            for (lead, _), first in zip(arrivals, firsts, strict=True)
        ]
        self._note_repeats([keys for _, keys in arrivals], receipts, owners)
        return receipts

    def _lost(self, lead: Lead, keys: Sequence[Key], won: Collection[str], earliest: datetime) -> list[str]:
        """The keys under which another lead came before."""
        lost = [key for key in keys if key.value not in won]
        if lost and lead.received_at > earliest:
            # One statement knows one time only: what ran out between the two arrivals is tried again.
            again = self._take([(lead, lost)], lead.received_at)
            lost = [key for key in lost if key.value not in again]
        return [key.value for key in lost]

    def _owners(self, keys: Collection[str]) -> dict[str, LeadId]:
        """Whose each key is."""
        if not keys:
            return {}
        found = self._connection.execute(
            select(lead_keys.c.key, lead_keys.c.lead_id).where(lead_keys.c.key.in_(sorted(keys)))
        )
        return {row.key: LeadId(row.lead_id) for row in found}

    def _note_repeats(
        self, keys: Sequence[Sequence[Key]], receipts: Sequence[Receipt], owners: Mapping[str, LeadId]
    ) -> None:
        """Count the repeats, and let all their keys lead to the first."""
        repeats = [(some, receipt.lead_id) for some, receipt in zip(keys, receipts, strict=True) if receipt.repeat]
        counts = Counter(first for _, first in repeats)
        stale = {key.value: first for some, first in repeats for key in some if owners.get(key.value) != first}
        if stale:
            leading = update(lead_keys).where(lead_keys.c.key == bindparam("of_key"))
            rows = [{"of_key": key, "first": stale[key]} for key in sorted(stale)]
            self._connection.execute(leading.values(lead_id=bindparam("first")), rows)
        if counts:
            counting = update(leads).where(leads.c.id == bindparam("of_lead"))
            numbers = [{"of_lead": first, "more": counts[first]} for first in sorted(counts)]
            self._connection.execute(counting.values(repeats=leads.c.repeats + bindparam("more")), numbers)

    def knows(self, keys: Iterable[str], now: datetime) -> bool:
        """Whether a lead came before under one of these keys, so that keeping it again would be a repeat."""
        fresh = or_(lead_keys.c.expires_at.is_(None), lead_keys.c.expires_at > now)
        query = select(lead_keys.c.key).where(lead_keys.c.key.in_(list(keys)), fresh).limit(1)
        return self._connection.execute(query).first() is not None

    def get(self, lead_id: str) -> Lead | None:
        """One lead, with the time of its next attempt, or None."""
        row = self._connection.execute(WHOLE.where(leads.c.id == lead_id)).first()
        return None if row is None else from_row(row)

    def attempts_of(self, lead_ids: Sequence[str]) -> dict[LeadId, list[Attempt]]:
        """Every call made for each of some leads, oldest first."""
        found: dict[LeadId, list[Attempt]] = {LeadId(lead_id): [] for lead_id in lead_ids}
        query = select(attempts).where(attempts.c.lead_id.in_(lead_ids)).order_by(attempts.c.id)
        for row in self._connection.execute(query):
            found[LeadId(row.lead_id)].append(attempt_of(row))
        return found

    def page(self, query: Query, size: int) -> list[Lead]:
        """At most `size` leads, newest first; continue with `before` = the last one's id."""
        return Search(self._connection).page(query, size, patience=None).leads

    def ids(self, query: Query, size: int) -> list[LeadId]:
        """At most `size` ids, oldest first."""
        return Search(self._connection).ids(query, size)

    def count(self) -> dict[str, int]:
        """How many leads stand where: status -> number."""
        rows = self._connection.execute(select(leads.c.status, func.count().label("number")).group_by(leads.c.status))
        return {row.status: row.number for row in rows}

    def set_status(self, lead_id: LeadId, status: Status, problem: str = "") -> None:
        """Move a lead to `status`; `problem` says why a person must look and what to do."""
        self.set_all([lead_id], status, problem)

    def set_all(self, lead_ids: Sequence[LeadId], status: Status, problem: str = "") -> None:
        """The same for several."""
        change = update(leads).where(leads.c.id.in_(lead_ids)).values(status=status.value, problem=problem)
        self._connection.execute(change)

    def standing(self, lead_ids: Sequence[str]) -> dict[LeadId, Status]:
        """Where some leads stand; those that are not there are left out."""
        rows = self._connection.execute(select(leads.c.id, leads.c.status).where(leads.c.id.in_(lead_ids)))
        return {LeadId(row.id): Status(row.status) for row in rows}

    def accounts_of(self, lead_ids: Sequence[LeadId]) -> list[str]:
        """The Nexudus accounts that some leads are owed to."""
        query = select(leads.c.account).where(leads.c.id.in_(lead_ids)).distinct().order_by(leads.c.account)
        return list(self._connection.execute(query).scalars())

    def delivered(self, lead_id: LeadId, coworker_id: CoworkerId, opportunity_id: OpportunityId, now: datetime) -> None:
        """The opportunity exists: note which, and when."""
        self._connection.execute(
            update(leads)
            .where(leads.c.id == lead_id)
            .values(
                status=Status.DELIVERED.value,
                problem="",
                coworker_id=coworker_id,
                opportunity_id=opportunity_id,
                delivered_at=now,
            )
        )
        WordIndex(self._connection, self._opened).add_numbers(lead_id, coworker_id, opportunity_id)


_KEY_COLUMNS = ("key", "lead_id", "expires_at")

_TAKING = """ON CONFLICT (key) DO UPDATE SET lead_id = excluded.lead_id, expires_at = excluded.expires_at
WHERE lead_keys.expires_at <= ?"""
"""Goes through for new and expired keys only."""
