"""Arrivals: a lead is stored once; a later arrival under one of its keys is a repeat, a change, or another lead."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property
from typing import Any, NamedTuple

from sqlalchemy import delete, or_, select, update

from service.lead import (
    FURTHER_IDS_REMARK,
    NO_TRACE,
    SAME_ID_REMARK,
    Answers,
    Lead,
    LeadId,
    Receipt,
    Status,
    TraceContext,
)
from service.store.database.columns import Values, insert_values, rows_written, to_micros
from service.store.database.repository import Repository
from service.store.database.tables import deliveries, lead_keys, leads
from service.store.leads.rows import LEAD_COLUMNS, WHOLE, from_row, lead_values
from service.store.leads.touches import LeadTouches
from service.store.words import WordIndex

_GIVEN_UP = (Status.DISCARDED, Status.ERASED)
"""Statuses that are never delivered: an arrival that does not repeat such a lead may take over its keys."""


@dataclass(frozen=True, slots=True)
class DedupKey:
    """A key shared by arrivals that may be one enquiry; unique in the database until it expires.

    otherwise: the key to take instead if this one belongs to another person's lead. With it the arrival's judge decides
    whether two arrivals match; without it the key alone decides.
    """

    value: str
    expires_at: datetime | None = None
    otherwise: str = ""


@dataclass(frozen=True, slots=True)
class Match:
    """A later arrival that is the same enquiry as a stored lead.

    became: the stored lead with what the arrival adds; its last correction is the change. None if nothing is new.
    person: the key under which its deliveries run one at a time from then on. is_same_person: False if only an ad
    platform's id decided; then the arrival's other keys must not lead to the lead.
    """

    became: Lead | None = None
    person: str = ""
    is_same_person: bool = True


Judge = Callable[[Lead, Lead], Match | None]
"""Takes a stored lead and a later one under one of its keys; returns how they match, None if they do not."""


@dataclass(frozen=True)
class Arrival:
    """A new lead on its way into the store.

    keys: make a later arrival a repeat of this one. person: the key under which its deliveries run one at a time.
    judge: decides whether two arrivals under one key are the same enquiry; without it every key decides alone. trace:
    stored with the delivery. starts_clock: a person is expected to react within a target time.
    """

    lead: Lead
    keys: Sequence[DedupKey] = ()
    person: str = ""
    judge: Judge | None = None
    trace: TraceContext = NO_TRACE
    starts_clock: bool = False

    @cached_property
    def row(self) -> Values:
        """The lead as a row for the driver."""
        return lead_values(self.lead)

    def prepared(self) -> "Arrival":
        """Serialise the row now, so that no time is spent on it inside the write lock."""
        self.row  # noqa: B018 (cached)
        return self


class ArrivalResult(NamedTuple):
    """The result of one arrival. lead: as stored, None for a repeat; first, match: only for a repeat."""

    receipt: Receipt
    lead: Lead | None = None
    first: Lead | None = None
    match: Match | None = None


Complete = Callable[[Arrival, ArrivalResult], None]
"""Writes what a repeat adds to the first lead."""


class KeyClash(Exception):
    """Two arrivals of one batch share a key: store them one by one to decide which came first."""


class LeadArrivals(Repository):
    """Storing leads, and recognising repeats."""

    def keep(self, arrivals: Sequence[Arrival], complete: Complete | None = None) -> list[ArrivalResult]:
        """Store leads; returns the result of each, in their order.

        complete: called for each repeat before the next arrival, which may repeat the same lead under another key.
        Raises: KeyClash if two of them share a key: store those one by one.
        """
        if not arrivals:
            return []
        earliest = min(arrival.lead.received_at for arrival in arrivals)
        taken = self._take([(arrival.lead, arrival.keys) for arrival in arrivals], earliest)
        results: list[ArrivalResult] = []
        new: list[Values] = []
        for arrival in arrivals:
            lost = self._lost(arrival, taken, earliest)
            result = self._settle(arrival, lost) if lost else _stored(arrival.lead)
            if complete is not None and result.match is not None:
                complete(arrival, result)
            if result.lead is not None:
                new.append(arrival.row if result.lead is arrival.lead else lead_values(result.lead))
            results.append(result)
        self._insert(new, [result.lead for result in results if result.lead is not None])
        return results

    def keep_new(self, arrivals: Sequence[Arrival]) -> Callable[[], bool]:
        """Store leads as if each were new, within sent_together(); returns a function that says afterwards if all were.

        If one was not, the caller rolls back all of it and calls keep().
        Raises: KeyClash as keep() does.
        """
        wanted = self._rows_of_keys((arrival.lead, arrival.keys) for arrival in arrivals)
        taking = self._insert_keys(wanted, min(arrival.lead.received_at for arrival in arrivals))
        self._insert([arrival.row for arrival in arrivals], [arrival.lead for arrival in arrivals])
        return lambda: rows_written(taking) == len(wanted)

    def _insert(self, rows: Sequence[Values], new: Sequence[Lead]) -> None:
        insert_values(self._connection, leads, LEAD_COLUMNS, rows)
        with_others = [lead for lead in new if lead.other_touch is not None]
        if with_others:
            self._as(LeadTouches).keep_touches(with_others)

    def match(self, arrival: Arrival, now: datetime, *, lock: bool = False) -> tuple[Lead, Match] | None:
        """Return the lead that an arrival would repeat at `now`, and how they match; None if it would be new.

        lock: for a caller that writes the change. Only reads.
        """
        fresh = or_(lead_keys.c.expires_at.is_(None), lead_keys.c.expires_at > now)
        personal = [DedupKey(key.otherwise, otherwise=key.otherwise) for key in arrival.keys if key.otherwise]
        keys = [*arrival.keys, *personal]
        owners = self._owners([key.value for key in keys], fresh, lead_keys.c.lead_id != arrival.lead.id)
        return self._first_match(arrival, keys, owners, self._leads(owners.values(), lock=lock))

    # -- keys

    def _take(self, wanted: Iterable[tuple[Lead, Iterable[DedupKey]]], now: datetime) -> Collection[str]:
        """Take the keys that are free or expired; returns those."""
        rows = self._rows_of_keys(wanted)
        if rows_written(self._insert_keys(rows, now)) == len(rows):
            return rows
        return self._taken({key: LeadId(row[1]) for key, row in rows.items()})

    def _rows_of_keys(self, wanted: Iterable[tuple[Lead, Iterable[DedupKey]]]) -> dict[str, Values]:
        rows: dict[str, Values] = {}
        for lead, keys in wanted:
            for key in keys:
                until = None if key.expires_at is None else to_micros(key.expires_at)
                row = (key.value, lead.id, until)
                if rows.setdefault(key.value, row)[1] != lead.id:
                    raise KeyClash
        return rows

    def _insert_keys(self, rows: Mapping[str, Values], now: datetime) -> Sequence[Any]:
        """Insert the keys that are free; sorted, so that two writers cannot deadlock."""
        ordered = [rows[key] for key in sorted(rows)]
        return insert_values(self._connection, lead_keys, _KEY_COLUMNS, ordered, _TAKING, to_micros(now))

    def _taken(self, wanted: Mapping[str, LeadId]) -> set[str]:
        """Return the keys that now belong to the lead that wanted them; a lead stored before gains none."""
        owners = self._owners(wanted)
        query = select(leads.c.id).where(leads.c.id.in_(list(wanted.values())))
        old = set(self._execute(query).scalars())
        return {key for key, lead_id in wanted.items() if owners.get(key) == lead_id and lead_id not in old}

    def _lost(self, arrival: Arrival, taken: Collection[str], earliest: datetime) -> list[DedupKey]:
        """Return the keys that belong to an earlier lead."""
        lead = arrival.lead
        lost = [key for key in arrival.keys if key.value not in taken]
        if lost and lead.received_at > earliest:
            # A statement has a single time: keys that expired between two arrivals are tried again.
            again = self._take([(lead, lost)], lead.received_at)
            lost = [key for key in lost if key.value not in again]
        return lost

    def _owners(self, keys: Collection[str], *conditions: Any) -> dict[str, LeadId]:
        """Return the lead that each key belongs to."""
        if not keys:
            return {}
        query = select(lead_keys.c.key, lead_keys.c.lead_id).where(lead_keys.c.key.in_(sorted(keys)), *conditions)
        return {row.key: LeadId(row.lead_id) for row in self._execute(query)}

    def _lead_to(self, lead_id: LeadId, keys: Collection[str]) -> None:
        change = update(lead_keys).where(lead_keys.c.key.in_(sorted(keys)))
        self._execute(change.values(lead_id=lead_id))

    # -- which lead it repeats

    def _settle(self, arrival: Arrival, lost: Sequence[DedupKey]) -> ArrivalResult:
        """Decide about an arrival whose keys belong to other leads."""
        strangers: dict[LeadId, Lead] = {}
        free: list[str] = []
        while lost:
            owners = self._owners([key.value for key in lost])
            stored = self._leads(owners.values(), lock=True)
            match = self._first_match(arrival, lost, owners, stored)
            if match is not None:
                return self._repeat(arrival, *match)
            free += [key.value for key in lost if _is_free(stored.get(owners.get(key.value, LeadId(""))))]
            strangers |= {lead.id: lead for lead in stored.values() if lead.status not in _GIVEN_UP}
            # Keys of this person alone; the second pass leaves no others.
            further = [key for key in lost if key.otherwise not in ("", key.value)]
            own = [DedupKey(key.otherwise, key.expires_at, key.otherwise) for key in further]
            taken = self._take([(arrival.lead, own)], arrival.lead.received_at) if own else ()
            lost = [key for key in own if key.value not in taken]
        if free:
            self._lead_to(arrival.lead.id, free)
        lead = self._note_strangers(arrival.lead, list(strangers.values()))
        return _stored(lead)

    def _first_match(
        self, arrival: Arrival, keys: Sequence[DedupKey], owners: Mapping[str, LeadId], stored: Mapping[LeadId, Lead]
    ) -> tuple[Lead, Match] | None:
        for key in keys:
            first = stored.get(owners.get(key.value, LeadId("")))
            if first is None:
                continue
            is_decided = arrival.judge is None or not key.otherwise or first.id == arrival.lead.id
            match = Match() if is_decided or arrival.judge is None else arrival.judge(first, arrival.lead)
            if match is not None:
                return first, match
        return None

    def _leads(self, lead_ids: Iterable[LeadId], *, lock: bool = False) -> dict[LeadId, Lead]:
        """Return leads by their ids; locked in the workers' order, which is the delivery before its lead."""
        wanted = sorted(set(lead_ids))
        if not wanted:
            return {}
        query = WHOLE.where(leads.c.id.in_(wanted)).order_by(leads.c.id)
        if lock and self._database.locks_rows:
            own = select(deliveries.c.lead_id).where(deliveries.c.lead_id.in_(wanted))
            self._execute(own.order_by(deliveries.c.lead_id).with_for_update())
            query = query.with_for_update(of=leads)
        return {LeadId(row.id): from_row(row) for row in self._execute(query)}

    # -- repeats and remarks

    def _repeat(self, arrival: Arrival, first: Lead, match: Match) -> ArrivalResult:
        """Count a repeat; keys that it took now lead to the first lead, or to none if that is another person's."""
        values = [value for key in arrival.keys for value in (key.value, key.otherwise) if value]
        own = [key for key, owner in self._owners(values).items() if owner == arrival.lead.id != first.id]
        if own and match.is_same_person:
            self._lead_to(first.id, own)
        elif own:
            self._execute(delete(lead_keys).where(lead_keys.c.key.in_(own)))
        counting = update(leads).where(leads.c.id == first.id)
        self._execute(counting.values(repeats=leads.c.repeats + 1))
        if further := _further_ids(first, arrival.lead.submission.external_id):
            self._remark(first, FURTHER_IDS_REMARK, further)
            if match.became is not None:  # written later, with all of its extras
                match = replace(match, became=_with_extra(match.became, FURTHER_IDS_REMARK, further))
        return ArrivalResult(Receipt(first.id, repeat=True), None, first, match)

    def _note_strangers(self, lead: Lead, strangers: Sequence[Lead]) -> Lead:
        """Note on both leads that another person's enquiry has the same id; on an earlier lead only once."""
        if not strangers:
            return lead
        for first in strangers:
            if SAME_ID_REMARK not in first.submission.extras:
                self._remark(first, SAME_ID_REMARK, lead.id)
        remark = strangers[0].id if len(strangers) == 1 else [first.id for first in strangers]
        return _with_extra(lead, SAME_ID_REMARK, remark)

    def _remark(self, lead: Lead, name: str, remark: str | Sequence[str]) -> None:
        extras = _with_extra(lead, name, remark).submission.extras
        with self._as(WordIndex).following([lead.id]):
            self._execute(update(leads).where(leads.c.id == lead.id).values(extras=extras))


def _further_ids(first: Lead, external_id: str) -> list[str]:
    """Return the further ids of a lead with this one added, so that each finds the lead; [] if it is known."""
    further = first.submission.extras.get(FURTHER_IDS_REMARK, ())
    known = [further] if isinstance(further, str) else list(further)
    if first.status is Status.ERASED or external_id in ("", first.submission.external_id, *known):
        return []
    return [*known, external_id]


def _with_extra(lead: Lead, name: str, remark: str | Sequence[str]) -> Lead:
    extras: Answers = {**lead.submission.extras, name: remark}
    return replace(lead, submission=replace(lead.submission, extras=extras))


def _stored(lead: Lead) -> ArrivalResult:
    return ArrivalResult(Receipt(lead.id, repeat=False), lead)


def _is_free(owner: Lead | None) -> bool:
    return owner is None or owner.status in _GIVEN_UP


_KEY_COLUMNS = ("key", "lead_id", "expires_at")

_TAKING = """ON CONFLICT (key) DO UPDATE SET lead_id = excluded.lead_id, expires_at = excluded.expires_at
WHERE lead_keys.expires_at <= ?"""
"""Takes new and expired keys only."""
