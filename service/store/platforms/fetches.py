"""Fetches of announced leads: claimed with a lease, never over a paused connection, settled once."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, case, not_, or_, select, update

from service.lead import Lead, LeadId, Outcome, Status, Step
from service.store.answers import AnswerClock, AnswerClocks
from service.store.database.repository import NO_LEASE, IsGone, Repository
from service.store.database.tables import attempts, connections, leads, notices
from service.store.leads.arrivals import Arrival, LeadArrivals, Match
from service.store.leads.changes import LeadChanges
from service.store.leads.stored import NOTIFIABLE, StoredLeads
from service.store.outbox import LeaseLost, Outbox
from service.store.platforms.connections import ConnectionKey, Connections
from service.store.platforms.notices import DUE, LIVE_FOR, PARKED, FetchNotice, Notices


@dataclass(frozen=True, slots=True)
class Fetch:
    """A notice claimed by a worker. attempt: the number of the try in progress."""

    notice: FetchNotice
    claimed_by: str
    attempt: int

    @property
    def link(self) -> ConnectionKey:
        """The connection over which it is fetched."""
        return ConnectionKey(self.notice.form, self.notice.sender, self.notice.place)


@dataclass(frozen=True, slots=True)
class FetchResult:
    """How one try ended, for operators. detail: the platform's own words, truncated."""

    outcome: Outcome
    duration_ms: int
    http_status: int | None = None
    detail: str = ""


class Fetches(Repository):
    """Fetching announced leads."""

    # -- claiming

    def has_due_fetch(self, senders: Collection[str], now: datetime) -> bool:
        """Return whether there is anything to claim."""
        if self._execute(select(notices.c.lead_id).where(_has_expired(now)).limit(1)).first():
            return True
        return bool(self._execute(self._due(senders, now, 1)).first() or next(self._probes(senders, now), None))

    def claim_fetches(
        self, worker: str, now: datetime, lease_s: float, room: int, senders: Collection[str]
    ) -> list[Fetch]:
        """Claim at most `room` notices that are due, and record the tries.

        Over a broken connection one at a time, when its pause is over, as a probe.
        """
        self._execute(update(notices).where(_has_expired(now)).values(NO_LEASE))
        ids = list(self._probes(senders, now, is_claim=True))[:room]
        due = self._due(senders, now, room)
        rows = self._execute(due.with_for_update(skip_locked=True) if self._database.locks_rows else due)
        ids += rows.scalars().all()
        until = now + timedelta(seconds=lease_s)
        return [
            self._begin(lead_id, worker, now) for lead_id in ids[:room] if self._claim_notice(lead_id, worker, until)
        ]

    def _due(self, senders: Collection[str], now: datetime, room: int) -> Select[Any]:
        is_theirs = and_(connections.c.form == notices.c.form, connections.c.sender == notices.c.sender)
        is_there = or_(connections.c.place == notices.c.place, connections.c.place == "")
        is_paused = or_(connections.c.reason != "", connections.c.paused_until > now)
        paused = select(1).where(is_theirs, is_there, is_paused).exists()
        waiting = and_(_is_free(senders), notices.c.due_at <= now, not_(paused))
        # After a reconnection hundreds are due: leads that arrive now go before them.
        is_live = case((notices.c.announced_at > now - LIVE_FOR, 0), else_=1)
        return select(notices.c.lead_id).where(waiting).order_by(is_live, notices.c.due_at).limit(room)

    def _probes(self, senders: Collection[str], now: datetime, *, is_claim: bool = False) -> Iterator[str]:
        """Yield one notice of each broken connection with an expired pause, unless one is in progress."""
        broken = select(connections).where(connections.c.reason != "", connections.c.sender.in_(senders))
        if self._database.locks_rows and is_claim:
            broken = broken.with_for_update()  # two claimers must not each send a probe
        wholly: set[tuple[str, str]] = set()
        for row in self._execute(broken.order_by(connections.c.form, connections.c.sender, connections.c.place)):
            if (row.form, row.sender) in wholly:
                continue
            if row.place == "":
                wholly.add((row.form, row.sender))
            if row.paused_until is None or row.paused_until <= now:
                yield from self._first(ConnectionKey(row.form, row.sender, row.place), senders)

    def _first(self, link: ConnectionKey, senders: Collection[str]) -> Iterator[str]:
        here = and_(notices.c.form == link.form, notices.c.sender == link.sender)
        if link.place:
            here = and_(here, notices.c.place == link.place)
        under_way = select(notices.c.lead_id).where(here, notices.c.claimed_by.is_not(None)).limit(1)
        if self._execute(under_way).first() is None:
            query = select(notices.c.lead_id).where(here, _is_free(senders)).order_by(notices.c.due_at).limit(1)
            yield from self._execute(query).scalars()

    def _claim_notice(self, lead_id: str, worker: str, until: datetime) -> bool:
        free = and_(notices.c.lead_id == lead_id, notices.c.state == DUE, notices.c.claimed_by.is_(None))
        taking = update(notices).where(free).values(claimed_by=worker, lease_until=until)
        return self._execute(taking).rowcount == 1

    def _begin(self, lead_id: str, worker: str, now: datetime) -> Fetch:
        cut_off = and_(attempts.c.lead_id == lead_id, attempts.c.outcome == Outcome.OPEN.value)
        ended = {"outcome": Outcome.UNAVAILABLE.value, "detail": "the worker ended during the call"}
        self._execute(update(attempts).where(cut_off).values(ended))
        row = self._execute(select(notices).where(notices.c.lead_id == lead_id)).one()
        begun = {
            "lead_id": lead_id,
            "step": Step.FETCH.value,
            "trigger": row.trigger,
            "started_at": now,
            "outcome": Outcome.OPEN.value,
        }
        number = self._execute(attempts.insert().returning(attempts.c.id), begun).scalar_one()
        notice = FetchNotice(
            LeadId(lead_id),
            row.form,
            row.sender,
            row.external_id,
            row.announced_at,
            row.place,
            row.details,
            row.tries,
        )
        return Fetch(notice, worker, int(number))

    def free_fetch_leases(self, is_gone: IsGone) -> int:
        """Free the leases of workers that have ended, without waiting for their expiry; returns how many."""
        return self._free_leases(notices, is_gone)

    # -- settling

    def lock_lead(self, fetch: Fetch) -> None:
        """Lock the lead first in a settlement: every process locks lead, connection, notice in this order."""
        if self._database.locks_rows:
            lead = select(leads.c.id).where(leads.c.id == fetch.notice.lead_id)
            self._execute(lead.with_for_update())

    def complete_fetch(self, fetch: Fetch, arrival: Arrival, result: FetchResult, now: datetime) -> None:
        """Give the lead its answers and enqueue it, in one commit.

        arrival: with the notice's id; its keys may show that the same enquiry arrived by an unproven sender, which
        could not be known before.
        Raises: LeaseLost if it was withdrawn, discarded or fetched by another worker meanwhile.
        """
        self.lock_lead(fetch)
        self._as(Connections).record_success(fetch.link, now)
        self._check_lease(fetch)
        self.end_fetch(fetch, result)
        self._as(Notices).fill(fetch.notice.lead_id, arrival.lead, arrival.person, now)
        match = self._as(LeadArrivals).match(arrival, now, lock=True)
        if match is not None:
            self._give_way(arrival.lead.id, *match, now)
        elif arrival.starts_clock and arrival.lead.status in NOTIFIABLE:
            lead = arrival.lead
            self._as(AnswerClocks).start([AnswerClock(lead.id, lead.account, lead.submission.form, lead.received_at)])

    def _give_way(self, lead_id: LeadId, first: Lead, match: Match, now: datetime) -> None:
        """Discard the fetched lead as a repeat: one enquiry makes one opportunity, whichever way it arrived first."""
        self._as(Outbox).withdraw([lead_id])
        problem = f"It is the enquiry of lead {first.id}, which came by {first.submission.sender}, too."
        self._as(StoredLeads).set_status([lead_id], Status.DISCARDED, problem)
        if match.became is not None:
            self._as(LeadChanges).apply_change(match.became, match.person, now)

    def postpone_fetch(self, fetch: Fetch, due: datetime, tries: int, problem: str, result: FetchResult) -> None:
        """Release a fetch until `due`, with `tries` retries of the schedule used up.

        problem: why it failed, shown meanwhile. Raises: LeaseLost.
        """
        self._settle(fetch, result, due_at=due, tries=tries)
        self._set_status(fetch, Status.ANNOUNCED, problem)

    def park_fetch(self, fetch: Fetch, problem: str, result: FetchResult) -> None:
        """Leave a fetch to an operator; `problem` says why and what to do. Raises: LeaseLost."""
        self._settle(fetch, result, state=PARKED)
        self._set_status(fetch, Status.PARKED, problem)

    def end_fetch(self, fetch: Fetch, result: FetchResult) -> None:
        """Record how a try ended."""
        values = {
            "outcome": result.outcome.value,
            "duration_ms": result.duration_ms,
            "http_status": result.http_status,
            "detail": result.detail,
        }
        self._execute(update(attempts).where(attempts.c.id == fetch.attempt).values(values))

    def awaited(self) -> set[ConnectionKey]:
        """Return the connections that have notices to fetch."""
        due = select(notices.c.form, notices.c.sender).where(notices.c.state == DUE).distinct()
        return {ConnectionKey(*row) for row in self._execute(due)}

    def park_all(self, link: ConnectionKey, problem: str) -> int:
        """Leave all notices of a connection to an operator; returns how many there were."""
        of_link = and_(notices.c.form == link.form, notices.c.sender == link.sender, notices.c.state == DUE)
        ids: Sequence[str] = self._execute(select(notices.c.lead_id).where(of_link)).scalars().all()
        self._execute(update(notices).where(of_link).values(state=PARKED, **NO_LEASE))
        for lead_id in ids:
            self._as(StoredLeads).set_status([LeadId(lead_id)], Status.PARKED, problem)
        return len(ids)

    def _settle(self, fetch: Fetch, result: FetchResult, **values: Any) -> None:
        self._change_notice(fetch, **values, **NO_LEASE)
        self.end_fetch(fetch, result)

    def _set_status(self, fetch: Fetch, status: Status, problem: str) -> None:
        waiting = update(leads).where(leads.c.id == fetch.notice.lead_id, leads.c.status == Status.ANNOUNCED.value)
        self._execute(waiting.values(status=status.value, problem=problem))

    def _check_lease(self, fetch: Fetch) -> None:
        self._change_notice(fetch, claimed_by=fetch.claimed_by)

    def _change_notice(self, fetch: Fetch, **values: Any) -> None:
        own = and_(notices.c.lead_id == fetch.notice.lead_id, notices.c.claimed_by == fetch.claimed_by)
        if self._execute(update(notices).where(own).values(**values)).rowcount != 1:
            raise LeaseLost(fetch.notice.lead_id)


def _is_free(senders: Collection[str]) -> ColumnElement[bool]:
    return and_(notices.c.state == DUE, notices.c.claimed_by.is_(None), notices.c.sender.in_(senders))


def _has_expired(now: datetime) -> ColumnElement[bool]:
    return and_(notices.c.claimed_by.is_not(None), notices.c.lease_until < now)
