"""Who delivers what next: claimed with a lease, in turns, no two of one person, nothing that rests.

Deliveries stand in lanes: account, priority, form. A live lead goes before replays and imports; lanes of one
priority take turns, so that one noisy form keeps no other waiting; within a lane the longest due goes first.
"""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from itertools import groupby
from typing import Any, NamedTuple

from sqlalchemy import and_, literal, not_, select, text, tuple_, update

from service.lead import Delivery, Doubt, Lead, LeadId, Outcome, Step
from service.store.accounts import UNAVAILABLE, Accounts
from service.store.database.columns import UtcDateTime
from service.store.database.repository import Repository
from service.store.database.tables import accounts, attempts, call_pauses, deliveries
from service.store.leads.stored import StoredLeads
from service.store.queue.call_pauses import CallPause, CallPauses
from service.store.queue.outbox import IS_NEXT, OWED, Outbox

_PERSON_GUARD = 7142003
"""The class of advisory locks under which PostgreSQL lets one claimer at a time look at a person."""


class Lane(NamedTuple):
    """Where a Delivery stands in line."""

    account: str
    priority: int
    form: str


@dataclass(slots=True)
class Turns:
    """When each lane last had its turn. One worker's memory: with several, each is fair by itself."""

    _turn: int = 0
    _last: dict[Lane, int] = field(default_factory=dict)

    def last(self, lane: Lane) -> int:
        """The number of its last turn, 0 before the first."""
        return self._last.get(lane, 0)

    def take(self, lane: Lane) -> None:
        """It is this lane's turn now."""
        self._turn += 1
        self._last[lane] = self._turn


@dataclass(frozen=True, slots=True)
class _Head:
    """A lane and when its first Delivery is due."""

    lane: Lane
    due_at: datetime


@dataclass(frozen=True, slots=True)
class _Rests:
    """What is not to be claimed. on_trial: account -> whether a Delivery may be called ahead of its time."""

    paused: Collection[str]
    on_trial: dict[str, bool]
    busy: set[str]  # accounts on trial to which somebody is delivering


class Claims(Repository):
    """The claims within one transaction."""

    def claim(
        self, worker: str, now: datetime, lease_s: float, room: int, turns: Turns | None = None
    ) -> list[Delivery]:
        """Claim at most `room` Deliveries that are due.

        Of an account whose pause is over but which has not worked since, one at a time; after an outage it may be
        called before it is due (a probe). Of those that wait for a hold whose time is up, one finds out.
        """
        self._free_expired(now)
        rests = self._rests(now)
        hand = _Hand(self, worker, now, now + timedelta(seconds=lease_s), room, rests)
        for lead_id, account, person in self._finding_out(now, rests):
            hand.take(lead_id, account, person)
        turns = turns or Turns()
        heads = [head for head in self._heads(rests.paused) if head.due_at <= now]
        for _, group in groupby(sorted(heads, key=lambda head: head.lane.priority), lambda head: head.lane.priority):
            order = sorted(group, key=lambda head: (turns.last(head.lane), head.due_at))
            self._in_turns([head.lane for head in order], hand, turns)
        for account in self._idle_on_trial(rests, hand):
            self._call_ahead(account, hand)
        return [self._delivery(lead_id, worker, now) for lead_id in hand.taken.values()]

    def _in_turns(self, lanes: Sequence[Lane], hand: "_Hand", turns: Turns) -> None:
        """One of each lane, then a second of each, until the hand is full or nobody is left."""
        waiting = [(lane, self._due(lane, hand)) for lane in lanes]
        while waiting and hand.has_room:
            waiting = [(lane, line) for lane, line in waiting if self._take_next(lane, line, hand, turns)]

    def _take_next(self, lane: Lane, line: Iterator[Any], hand: "_Hand", turns: Turns) -> bool:
        """Claim the next that can be claimed; False when the lane is empty, or must wait."""
        if not hand.has_room or lane.account in hand.rests.busy:
            return False
        for row in line:
            if hand.take(row.lead_id, lane.account, row.serialize_key):
                turns.take(lane)
                return True
        return False

    def _due(self, lane: Lane, hand: "_Hand") -> Iterator[Any]:
        """The lane's due Deliveries, as many as could matter, the longest due first."""
        query = (
            select(deliveries.c.lead_id, deliveries.c.serialize_key)
            .where(_stands_in(lane), deliveries.c.due_at <= hand.now, not_(_is_served(deliveries.c.serialize_key)))
            .order_by(deliveries.c.due_at)
            .limit(hand.room * 4)
        )
        if self._database.locks_rows:
            query = query.with_for_update(skip_locked=True)
        yield from self._connection.execute(query).all()

    def _call_ahead(self, account: str, hand: "_Hand") -> None:
        """Claim the next of an account after an outage though it is not due yet: its call finds out."""
        heads = [head for head in self._heads(()) if head.lane.account == account]
        if heads and hand.has_room:
            lane = min(heads, key=lambda head: head.due_at).lane
            query = select(deliveries.c.lead_id, deliveries.c.serialize_key).where(_stands_in(lane))
            row = self._connection.execute(query.order_by(deliveries.c.due_at).limit(1)).first()
            if row is not None:
                hand.take(row.lead_id, account, row.serialize_key)

    def _idle_on_trial(self, rests: _Rests, hand: "_Hand") -> list[str]:
        return [account for account, ahead in rests.on_trial.items() if ahead and account not in hand.rests.busy]

    # -- lanes

    def _heads(self, paused: Collection[str]) -> list[_Head]:
        """The lanes where somebody stands, by one short look at the index for each, however long they are."""
        found: list[_Head] = []
        after = Lane("", -1, "")
        columns = (deliveries.c.account, deliveries.c.priority, deliveries.c.form, deliveries.c.due_at)
        while True:
            # With the last due time of all, or SQLite would walk through the whole lane to its end.
            query = select(*columns).where(
                IS_NEXT, tuple_(*columns) > tuple_(*after, literal(_LAST_OF_ALL, UtcDateTime))
            )
            row = self._connection.execute(query.order_by(*columns).limit(1)).first()
            if row is None:
                return found
            lane = Lane(row.account, row.priority, row.form)
            if lane.account in paused:
                after = Lane(lane.account, _PAST_ALL, "")
                continue
            found.append(_Head(lane, row.due_at))
            after = lane

    def next_due(self, now: datetime) -> datetime | None:
        """When there is something to claim next, as far as can be known: a due time, or the end of a rest."""
        pauses = {pause.account: pause.until for pause in self._as(Accounts).pauses(now)}
        heads = [head.due_at for head in self._heads(pauses)]
        ends = [hold.until for hold in self._as(CallPauses).call_pauses() if hold.until > now]
        return min([*heads, *pauses.values(), *ends], default=None)

    # -- what rests

    def _rests(self, now: datetime) -> _Rests:
        book = self._as(Accounts)
        on_trial = {pause.account: pause.reason == UNAVAILABLE for pause in book.on_trial(now)}
        if on_trial and self._database.locks_rows:
            # Two claimers must not each send one to find out.
            guard = select(accounts.c.name).where(accounts.c.name.in_(on_trial)).order_by(accounts.c.name)
            self._connection.execute(guard.with_for_update())
        under_way = select(deliveries.c.account).where(
            deliveries.c.claimed_by.is_not(None), deliveries.c.account.in_(on_trial)
        )
        busy = set(self._connection.execute(under_way).scalars()) if on_trial else set()
        return _Rests({pause.account for pause in book.pauses(now)}, on_trial, busy)

    def _finding_out(self, now: datetime, rests: _Rests) -> Iterator[tuple[str, str, str]]:
        """The Delivery that finds out, of each hold whose time is up and that has nobody under way."""
        for hold in self._as(CallPauses).call_pauses():
            if hold.until > now or hold.account in rests.paused:
                continue
            if self._database.locks_rows:
                mine = select(call_pauses.c.call).where(
                    call_pauses.c.account == hold.account, call_pauses.c.call == hold.call
                )
                self._connection.execute(mine.with_for_update())
            row = self._first_waiting(hold)
            if row is not None:
                yield row.lead_id, hold.account, row.serialize_key

    def _first_waiting(self, hold: CallPause) -> Any:
        waiting = and_(deliveries.c.account == hold.account, deliveries.c.blocked_by == hold.call)
        under_way = select(deliveries.c.lead_id).where(waiting, deliveries.c.claimed_by.is_not(None)).limit(1)
        if self._connection.execute(under_way).first() is not None:
            return None
        query = select(deliveries.c.lead_id, deliveries.c.serialize_key).where(
            waiting, deliveries.c.state == OWED, not_(_is_served(deliveries.c.serialize_key))
        )
        return self._connection.execute(query.order_by(deliveries.c.priority, deliveries.c.due_at).limit(1)).first()

    # -- one Delivery

    def take(self, lead_id: str, person: str, worker: str, until: datetime) -> bool:
        """Claim one Delivery, unless it or its person is with somebody."""
        if self._database.locks_rows:
            # Two claimers of one person: the second leaves it, instead of waiting for the first one's commit.
            guard = text("SELECT pg_try_advisory_xact_lock(:class, hashtext(:person))")
            if not self._connection.execute(guard, {"class": _PERSON_GUARD, "person": person}).scalar():
                return False
        taking = (
            update(deliveries)
            .where(deliveries.c.lead_id == lead_id, deliveries.c.state == OWED, deliveries.c.claimed_by.is_(None))
            .where(not_(_is_served(person)))
            .values(claimed_by=worker, lease_until=until)
        )
        return self._connection.execute(taking).rowcount == 1

    def _free_expired(self, now: datetime) -> None:
        ended = and_(deliveries.c.claimed_by.is_not(None), deliveries.c.lease_until < now)
        self._connection.execute(update(deliveries).where(ended).values(claimed_by=None, lease_until=None))

    def _delivery(self, lead_id: LeadId, worker: str, now: datetime) -> Delivery:
        row = self._connection.execute(select(deliveries).where(deliveries.c.lead_id == lead_id)).one()
        lead = self._as(StoredLeads).get(lead_id)
        if lead is None:
            raise LookupError(f"lead {lead_id} is owed but not kept")  # both are one transaction
        delivery = Delivery(
            lead,
            worker,
            row.tries,
            row.trigger,
            row.coworker_id,
            _doubt(row),
            blocked_by=row.blocked_by or "",
            probes_until=row.due_at if row.due_at > now else None,
        )
        cut_off = self._settle_cut_off(lead)
        if cut_off is None:
            return delivery
        self._as(Outbox).mark_unknown(delivery, cut_off)
        return replace(delivery, doubt=cut_off)

    def _settle_cut_off(self, lead: Lead) -> Doubt | None:
        """An attempt still open is a call cut off by a crash: its outcome is unknown."""
        still_open = and_(attempts.c.lead_id == lead.id, attempts.c.outcome == Outcome.OPEN.value)
        rows = self._connection.execute(select(attempts).where(still_open).order_by(attempts.c.id)).all()
        if not rows:
            return None
        ended = (
            update(attempts)
            .where(still_open)
            .values(outcome=Outcome.UNKNOWN.value, detail="the worker ended during the call")
        )
        self._connection.execute(ended)
        creates = [row for row in rows if row.step in (Step.CREATE_COWORKER.value, Step.CREATE_OPPORTUNITY.value)]
        if not creates:
            return None
        return Doubt(Step(creates[-1].step), creates[-1].started_at)


@dataclass(slots=True)
class _Hand:
    """What one claim holds so far."""

    claims: Claims
    worker: str
    now: datetime
    until: datetime
    room: int
    rests: _Rests
    taken: dict[str, LeadId] = field(default_factory=dict)  # by person

    @property
    def has_room(self) -> bool:
        return len(self.taken) < self.room

    def take(self, lead_id: str, account: str, person: str) -> bool:
        """Claim one more; False when it cannot be had."""
        if not self.has_room or person in self.taken or account in self.rests.busy:
            return False
        if not self.claims.take(lead_id, person, self.worker, self.until):
            return False
        self.taken[person] = LeadId(lead_id)
        if account in self.rests.on_trial:
            self.rests.busy.add(account)
        return True


_PAST_ALL = 2**31 - 1
_LAST_OF_ALL = datetime.max.replace(tzinfo=UTC)


def _stands_in(lane: Lane) -> Any:
    here = (deliveries.c.account == lane.account, deliveries.c.priority == lane.priority)
    return and_(IS_NEXT, *here, deliveries.c.form == lane.form)


def _is_served(person: Any) -> Any:
    """Whether another Delivery of that person is with a worker."""
    other = deliveries.alias("other")
    return select(1).where(other.c.serialize_key == person, other.c.claimed_by.is_not(None)).exists()


def _doubt(row: Any) -> Doubt | None:
    return None if row.unknown_step is None else Doubt(Step(row.unknown_step), row.unknown_since, row.verify_count)
