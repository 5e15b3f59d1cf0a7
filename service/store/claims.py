"""Claims: which deliveries a worker gets next, fairly by lane, never two of one person at once, nothing paused.

Deliveries wait in lanes: account, priority, form. A live lead goes before retries and imports; lanes of one priority
take turns, so that one noisy form holds up no other; within a lane the longest due goes first.
"""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from itertools import groupby
from typing import Any, NamedTuple

from sqlalchemy import Integer, Text, and_, bindparam, literal, not_, select, text, tuple_, update

from service.lead import Delivery, Doubt, Lead, LeadId, Outcome, Step, TraceContext
from service.store.accounts import UNAVAILABLE, Accounts, CallPause, CallPauses
from service.store.database.columns import UtcDateTime
from service.store.database.repository import NO_LEASE, Repository
from service.store.database.tables import IS_NEXT, QUEUED, accounts, attempts, call_pauses, deliveries
from service.store.leads.stored import StoredLeads
from service.store.outbox import Outbox

_PERSON_LOCK = 7142003
"""The class of advisory locks under which PostgreSQL lets one claimer at a time consider a person."""

_LAST_PRIORITY = 2**31 - 1
_LAST_DUE = datetime.max.replace(tzinfo=UTC)

_PLACE = (deliveries.c.account, deliveries.c.priority, deliveries.c.form, deliveries.c.due_at)
_NEXT_HEAD = (  # made once: making it takes longer than SQLite takes to execute it
    select(*_PLACE)
    .where(
        IS_NEXT,
        # With an upper bound on due_at, or SQLite would walk through the whole lane to its end.
        tuple_(*_PLACE)
        > tuple_(
            bindparam("account", type_=Text),
            bindparam("priority", type_=Integer),
            bindparam("form", type_=Text),
            literal(_LAST_DUE, UtcDateTime),
        ),
    )
    .order_by(*_PLACE)
    .limit(1)
)
"""The first delivery after a lane: the head of the next one."""

_OTHER = deliveries.alias("other")


class Lane(NamedTuple):
    """A queue of deliveries that are claimed in the order in which they are due."""

    account: str
    priority: int
    form: str


@dataclass(slots=True)
class Turns:
    """When each lane last had its turn, in one worker's memory: with several workers, each is fair on its own."""

    _turn: int = 0
    _last: dict[Lane, int] = field(default_factory=dict)

    def last(self, lane: Lane) -> int:
        """Return the number of the lane's last turn, 0 before the first."""
        return self._last.get(lane, 0)

    def take(self, lane: Lane) -> None:
        """Record that it is this lane's turn now."""
        self._turn += 1
        self._last[lane] = self._turn


@dataclass(frozen=True, slots=True)
class _Head:
    """A lane and when its first delivery is due."""

    lane: Lane
    due_at: datetime


@dataclass(frozen=True, slots=True)
class _Paused:
    """Accounts with restrictions. on_trial: account -> whether a delivery may be tried ahead of its time."""

    accounts: Collection[str]
    on_trial: dict[str, bool]
    busy: set[str]  # accounts on trial with a delivery in progress


class Claims(Repository):
    """Claiming deliveries."""

    def claim(
        self, worker: str, now: datetime, lease_s: float, room: int, turns: Turns | None = None
    ) -> list[Delivery]:
        """Claim at most `room` deliveries that are due.

        An account on trial, whose pause is over without a success since, gets one at a time; after an outage that one
        may be claimed before it is due, as a probe. Each expired pause of a kind of call lets one delivery probe it.
        """
        self._execute(update(deliveries).where(_has_expired(now)).values(NO_LEASE))
        paused = self._paused(now)
        batch = _Batch(self, worker, now, now + timedelta(seconds=lease_s), room, paused)
        for lead_id, account, person in self._probes(now, paused):
            batch.take(lead_id, account, person)
        turns = turns or Turns()
        heads = [head for head in self._heads(paused.accounts) if head.due_at <= now]
        for _, group in groupby(sorted(heads, key=lambda head: head.lane.priority), lambda head: head.lane.priority):
            order = sorted(group, key=lambda head: (turns.last(head.lane), head.due_at))
            self._take_in_turns([head.lane for head in order], batch, turns)
        for account, is_ahead in paused.on_trial.items():
            if is_ahead and account not in paused.busy:
                self._take_ahead(account, batch)
        return [self._delivery(lead_id, worker, now) for lead_id in batch.taken.values()]

    def _take_in_turns(self, lanes: Sequence[Lane], batch: "_Batch", turns: Turns) -> None:
        """Take one delivery of each lane, then a second of each, until the batch is full or the lanes are empty."""
        waiting = [(lane, self._due(lane, batch)) for lane in lanes]
        while waiting and batch.has_room:
            waiting = [(lane, rows) for lane, rows in waiting if self._take_next(lane, rows, batch, turns)]

    def _take_next(self, lane: Lane, rows: Iterator[Any], batch: "_Batch", turns: Turns) -> bool:
        """Take the next delivery that can be claimed; False if the lane is empty or must wait."""
        if not batch.has_room or lane.account in batch.paused.busy:
            return False
        for row in rows:
            if batch.take(row.lead_id, lane.account, row.serialize_key):
                turns.take(lane)
                return True
        return False

    def _due(self, lane: Lane, batch: "_Batch") -> Iterator[Any]:
        """Yield the lane's due deliveries, as many as could be needed, the longest due first."""
        query = _DUE_LOCKED if self._database.locks_rows else _DUE
        yield from self._execute(query, {**lane._asdict(), "now": batch.now, "size": batch.room * 4}).all()

    def _take_ahead(self, account: str, batch: "_Batch") -> None:
        """After an outage, take an account's next delivery before it is due, as a probe."""
        heads = [head for head in self._heads(()) if head.lane.account == account]
        if heads and batch.has_room:
            lane = min(heads, key=lambda head: head.due_at).lane
            query = select(deliveries.c.lead_id, deliveries.c.serialize_key).where(_is_in(lane))
            row = self._execute(query.order_by(deliveries.c.due_at).limit(1)).first()
            if row is not None:
                batch.take(row.lead_id, account, row.serialize_key)

    # -- lanes

    def _heads(self, paused: Collection[str]) -> list[_Head]:
        """Return the lanes that have deliveries, by one short look at the index for each, however long they are."""
        heads: list[_Head] = []
        after = Lane("", -1, "")
        while True:
            row = self._execute(_NEXT_HEAD, after._asdict()).first()
            if row is None:
                return heads
            lane = Lane(row.account, row.priority, row.form)
            if lane.account in paused:
                after = Lane(lane.account, _LAST_PRIORITY, "")
                continue
            heads.append(_Head(lane, row.due_at))
            after = lane

    def next_due(self, now: datetime) -> datetime | None:
        """Return when there is next something to claim, as far as is known: a due time, or the end of a pause."""
        pauses = {pause.account: pause.until for pause in self._as(Accounts).pauses(now)}
        heads = [head.due_at for head in self._heads(pauses)]
        ends = [pause.until for pause in self._as(CallPauses).call_pauses() if pause.until > now]
        return min([*heads, *pauses.values(), *ends], default=None)

    # -- pauses

    def _paused(self, now: datetime) -> _Paused:
        pauses = self._as(Accounts)
        on_trial = {pause.account: pause.reason == UNAVAILABLE for pause in pauses.on_trial(now)}
        if on_trial and self._database.locks_rows:
            # Two claimers must not each send a probe.
            lock = select(accounts.c.name).where(accounts.c.name.in_(on_trial)).order_by(accounts.c.name)
            self._execute(lock.with_for_update())
        in_progress = select(deliveries.c.account).where(
            deliveries.c.claimed_by.is_not(None), deliveries.c.account.in_(on_trial)
        )
        busy = set(self._execute(in_progress).scalars()) if on_trial else set()
        return _Paused({pause.account for pause in pauses.pauses(now)}, on_trial, busy)

    def _probes(self, now: datetime, paused: _Paused) -> Iterator[tuple[str, str, str]]:
        """For each expired pause of a call without a probe in progress, yield the delivery to probe with."""
        for pause in self._as(CallPauses).call_pauses():
            if pause.until > now or pause.account in paused.accounts:
                continue
            if self._database.locks_rows:
                own = (call_pauses.c.account == pause.account, call_pauses.c.call == pause.call)
                self._execute(select(call_pauses.c.call).where(*own).with_for_update())
            row = self._first_blocked(pause)
            if row is not None:
                yield row.lead_id, pause.account, row.serialize_key

    def _first_blocked(self, pause: CallPause) -> Any:
        blocked = and_(deliveries.c.account == pause.account, deliveries.c.blocked_by == pause.call)
        in_progress = select(deliveries.c.lead_id).where(blocked, deliveries.c.claimed_by.is_not(None)).limit(1)
        if self._execute(in_progress).first() is not None:
            return None
        query = select(deliveries.c.lead_id, deliveries.c.serialize_key).where(
            blocked, deliveries.c.state == QUEUED, not_(_is_in_progress(deliveries.c.serialize_key))
        )
        return self._execute(query.order_by(deliveries.c.priority, deliveries.c.due_at).limit(1)).first()

    # -- one delivery

    def take(self, lead_id: str, person: str, worker: str, until: datetime) -> bool:
        """Claim one delivery, unless a worker has it or another one of the same person."""
        if self._database.locks_rows:
            # Of two claimers of one person, the second goes on instead of waiting for the first one's commit.
            lock = text("SELECT pg_try_advisory_xact_lock(:class, hashtext(:person))")
            if not self._execute(lock, {"class": _PERSON_LOCK, "person": person}).scalar():
                return False
        free = (
            update(deliveries)
            .where(deliveries.c.lead_id == lead_id, deliveries.c.state == QUEUED, deliveries.c.claimed_by.is_(None))
            .where(not_(_is_in_progress(person)))
        )
        return self._execute(free.values(claimed_by=worker, lease_until=until)).rowcount == 1

    def _delivery(self, lead_id: LeadId, worker: str, now: datetime) -> Delivery:
        row = self._execute(select(deliveries).where(deliveries.c.lead_id == lead_id)).one()
        lead = self._as(StoredLeads).get(lead_id)
        if lead is None:
            raise LookupError(f"lead {lead_id} is queued but not stored")  # both are one transaction
        delivery = Delivery(
            lead,
            worker,
            row.tries,
            row.trigger,
            row.coworker_id,
            _doubt(row),
            blocked_by=row.blocked_by or "",
            probes_until=row.due_at if row.due_at > now else None,
            trace=TraceContext(row.request_id or "", row.traceparent or ""),
        )
        cut_off = self._settle_cut_off(lead)
        if cut_off is None:
            return delivery
        self._as(Outbox).mark_unknown(delivery, cut_off)
        return replace(delivery, doubt=cut_off)

    def _settle_cut_off(self, lead: Lead) -> Doubt | None:
        """Settle attempts left open by a crash: calls cut off, outcome unknown."""
        still_open = and_(attempts.c.lead_id == lead.id, attempts.c.outcome == Outcome.OPEN.value)
        rows = self._execute(select(attempts).where(still_open).order_by(attempts.c.id)).all()
        if not rows:
            return None
        ended = {"outcome": Outcome.UNKNOWN.value, "detail": "the worker ended during the call"}
        self._execute(update(attempts).where(still_open).values(ended))
        creates = [row for row in rows if row.step in (Step.CREATE_COWORKER.value, Step.CREATE_OPPORTUNITY.value)]
        return Doubt(Step(creates[-1].step), creates[-1].started_at) if creates else None


@dataclass(slots=True)
class _Batch:
    """The deliveries that one claim has taken so far."""

    claims: Claims
    worker: str
    now: datetime
    until: datetime
    room: int
    paused: _Paused
    taken: dict[str, LeadId] = field(default_factory=dict)  # by person

    @property
    def has_room(self) -> bool:
        return len(self.taken) < self.room

    def take(self, lead_id: str, account: str, person: str) -> bool:
        """Claim one more delivery; False if it cannot be claimed."""
        if not self.has_room or person in self.taken or account in self.paused.busy:
            return False
        if not self.claims.take(lead_id, person, self.worker, self.until):
            return False
        self.taken[person] = LeadId(lead_id)
        if account in self.paused.on_trial:
            self.paused.busy.add(account)
        return True


def _has_expired(now: datetime) -> Any:
    return and_(deliveries.c.claimed_by.is_not(None), deliveries.c.lease_until < now)


def _is_in(lane: Lane) -> Any:
    place = (deliveries.c.account == lane.account, deliveries.c.priority == lane.priority)
    return and_(IS_NEXT, *place, deliveries.c.form == lane.form)


def _is_in_progress(person: Any) -> Any:
    """Return whether a worker has a delivery of that person."""
    return select(1).where(_OTHER.c.serialize_key == person, _OTHER.c.claimed_by.is_not(None)).exists()


def _doubt(row: Any) -> Doubt | None:
    return None if row.unknown_step is None else Doubt(Step(row.unknown_step), row.unknown_since, row.verify_count)


_DUE = (
    select(deliveries.c.lead_id, deliveries.c.serialize_key)
    .where(
        IS_NEXT,
        *(column == bindparam(column.name) for column in _PLACE[:3]),
        deliveries.c.due_at <= bindparam("now"),
        not_(_is_in_progress(deliveries.c.serialize_key)),
    )
    .order_by(deliveries.c.due_at)
    .limit(bindparam("size", type_=Integer))
)
"""The due deliveries of a lane whose people have none in progress, the longest due first."""

_DUE_LOCKED = _DUE.with_for_update(skip_locked=True)
