"""The outbox: deliveries enqueued in their lead's own transaction, their calls recorded, settled once."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import and_, bindparam, func, or_, select, update

from service.lead import NO_TRACE, CoworkerId, Delivery, Doubt, LeadId, Outcome, Status, Step, TraceContext
from service.store.database.bell import wake
from service.store.database.columns import insert_values, to_micros
from service.store.database.repository import NO_LEASE, IsGone, Repository
from service.store.database.tables import DONE, IS_NEXT, PARKED, QUEUED, attempts, deliveries, leads
from service.store.leads.stored import StoredLeads

RECENT_ATTEMPTS = 2000
"""Latest calls to look through where no index helps: all of the last minutes are among them."""

STATUS_BATCH_SIZE = 1000
"""Leads in one statement: the engines limit the number of parameters."""

LIVE, LATER = 0, 1
"""Priorities: a lead that has just arrived goes before operators' retries and imports."""

NOTHING_UNKNOWN: dict[str, Any] = {"unknown_step": None, "unknown_since": None, "verify_count": 0}

SEARCH_ANEW = {"verify_count": 0}
"""Columns reset when a delivery becomes due early: a search for an unanswered create counts only after its full wait.

Nexudus may still be at work on the create, and would complete it after a search that came too soon.
"""

_own = deliveries.alias("own")
_person = select(_own.c.serialize_key).where(_own.c.lead_id == bindparam("lead"))
_is_of_person = deliveries.c.serialize_key == _person.scalar_subquery()
_CONTACT_IN_DOUBT = (  # built once: that took longer than the query
    select(attempts.c.started_at, attempts.c.duration_ms)
    .select_from(attempts.join(deliveries, deliveries.c.lead_id == attempts.c.lead_id))
    .join(leads, leads.c.id == attempts.c.lead_id)
    .where(attempts.c.id > select(func.max(attempts.c.id)).scalar_subquery() - RECENT_ATTEMPTS)
    .where(attempts.c.step == Step.CREATE_COWORKER.value, attempts.c.started_at >= bindparam("since"))
    .where(attempts.c.outcome.in_((Outcome.OPEN.value, Outcome.UNKNOWN.value, Outcome.INTERCEPTED.value)))
    # A lead corrected since may have been this person's when the call was made, including this lead.
    .where(or_(and_(attempts.c.lead_id != bindparam("lead"), _is_of_person), leads.c.corrections.is_not(None)))
    .order_by(attempts.c.id.desc())
    .limit(1)
)

_ENQUEUED = ("lead_id", "account", "person", "state", "due_at", "form", "priority", "request_id", "traceparent")


class LeaseLost(Exception):
    """Another worker has this delivery now: stop, and change nothing more."""


@dataclass(frozen=True, slots=True)
class QueuedDelivery:
    """One lead's delivery to the CRM.

    serialize_key: the folded e-mail; two deliveries with one key never run together.
    """

    lead_id: LeadId
    account: str
    serialize_key: str
    due: datetime
    form: str = ""
    parked: bool = False
    priority: int = LIVE
    trace: TraceContext = NO_TRACE


_CHANGE = update(deliveries).where(
    deliveries.c.lead_id == bindparam("lead"), deliveries.c.claimed_by == bindparam("worker")
)
_BEGIN = attempts.insert().returning(attempts.c.id)
_END = update(attempts).where(attempts.c.id == bindparam("number"))
# Built once: that took longer than their execution by SQLite.


class Outbox(Repository):
    """Deliveries: enqueued, retried, moved, and settled by the worker that has claimed them."""

    # -- in

    def enqueue(self, queued: Sequence[QueuedDelivery]) -> None:
        """Queue deliveries; a `parked` one waits until an operator releases it."""
        rows = [
            (
                *(each.lead_id, each.account, each.serialize_key, PARKED if each.parked else QUEUED),
                *(to_micros(each.due), each.form, each.priority),
                *(part or None for part in each.trace),
            )
            for each in queued
        ]
        insert_values(self._connection, deliveries, _ENQUEUED, rows)
        if not all(each.parked for each in queued):
            self._wake()

    def retry(self, lead_ids: Sequence[LeadId], due: datetime) -> list[LeadId]:
        """Retry leads by an operator's decision, with a fresh schedule; returns the leads with something to send."""
        undone = update(deliveries).where(deliveries.c.lead_id.in_(lead_ids), deliveries.c.state != DONE)
        again = {
            "state": QUEUED,
            "due_at": due,
            "tries": 0,
            "trigger": "operator",
            "priority": LATER,
            "blocked_by": None,
            **SEARCH_ANEW,
        }
        changed = self._execute(undone.values(again).returning(deliveries.c.lead_id)).scalars()
        retried = [LeadId(lead_id) for lead_id in changed]
        if retried:
            self._as(StoredLeads).set_status(retried, Status.PENDING)
            self._wake()
        return retried

    def unpark(self, lead_id: LeadId, due: datetime) -> None:
        """Deliver a parked lead as if it had just arrived: the missing answers are here now."""
        parked = update(deliveries).where(deliveries.c.lead_id == lead_id, deliveries.c.state == PARKED)
        self._execute(parked.values(state=QUEUED, due_at=due, tries=0, blocked_by=None, **SEARCH_ANEW))
        self._as(StoredLeads).set_status([lead_id], Status.PENDING)
        self._wake()

    def forget_contacts(self, account: str) -> int:
        """Have every unfinished delivery search for its contact again; returns how many had one."""
        known = and_(deliveries.c.account == account, deliveries.c.state != DONE, deliveries.c.coworker_id.is_not(None))
        return self._execute(update(deliveries).where(known).values(coworker_id=None)).rowcount

    def withdraw(self, lead_ids: Sequence[LeadId]) -> None:
        """Withdraw deliveries by an operator's decision; a worker that has one of them loses its lease."""
        undone = update(deliveries).where(deliveries.c.lead_id.in_(lead_ids), deliveries.c.state != DONE)
        self._execute(undone.values(state=PARKED, blocked_by=None, **NO_LEASE))

    def move(self, lead_id: LeadId, account: str, due: datetime) -> None:
        """Move a delivery to another account, with a fresh schedule; steps finished in the old account are forgotten.

        Only for leads without a possible opportunity in the old account.
        """
        anew = {"due_at": due, "tries": 0, "blocked_by": None, "coworker_id": None, **NOTHING_UNKNOWN}
        self._execute(update(deliveries).where(deliveries.c.lead_id == lead_id).values(account=account, **anew))
        self._execute(update(leads).where(leads.c.id == lead_id).values(account=account))
        self.forget_contact_search(lead_id)
        self._wake()

    def forget_contact_search(self, lead_id: LeadId) -> None:
        """Forget results of contact searches: the contact may be another account's or another person."""
        searches = update(attempts).where(attempts.c.lead_id == lead_id, attempts.c.step == Step.FIND_COWORKER.value)
        self._execute(searches.where(attempts.c.outcome == Outcome.DONE.value).values(detail=""))

    def reschedule_now(self, account: str, now: datetime, failing_since: datetime, *, untried: bool = False) -> int:
        """After an outage, make deliveries due whose next try is more than a minute away; returns how many.

        failing_since: start of the outage. Deliveries that met a web page before then keep waiting: others succeeded
        since, so the page was meant for them alone.
        untried: include deliveries that have used nothing of their schedule, such as those refused before.
        """
        met_earlier = select(attempts.c.id).where(
            attempts.c.lead_id == deliveries.c.lead_id,
            attempts.c.outcome == Outcome.INTERCEPTED.value,
            attempts.c.started_at < failing_since,
        )
        late = and_(deliveries.c.tries > 0, deliveries.c.due_at > now + timedelta(minutes=1))
        if untried:
            late = or_(late, and_(deliveries.c.tries == 0, deliveries.c.due_at > now))
        waiting = update(deliveries).where(deliveries.c.account == account, IS_NEXT, late, ~met_earlier.exists())
        return self._execute(waiting.values(due_at=now, **SEARCH_ANEW)).rowcount

    def _wake(self) -> None:
        wake(self._connection, self._database)

    # -- leases

    def renew_leases(self, worker: str, lead_ids: Iterable[LeadId], until: datetime) -> None:
        """Keep other workers away from deliveries that are still in progress."""
        own = and_(deliveries.c.lead_id.in_(list(lead_ids)), deliveries.c.claimed_by == worker)
        self._execute(update(deliveries).where(own).values(lease_until=until))

    def free_leases(self, is_gone: IsGone) -> int:
        """Free the leases of workers that have ended, without waiting for their expiry; returns how many."""
        return self._free_leases(deliveries, is_gone)

    # -- attempts

    def begin_attempt(
        self, delivery: Delivery, step: Step, now: datetime, request_body: Mapping[str, Any] | None = None
    ) -> int:
        """Record a call before it is made; returns its number.

        request_body: the opportunity, when the call creates one.
        Raises: LeaseLost if another worker has the delivery.
        """
        body = {} if request_body is None else {"request_body": dict(request_body)}
        self._change(delivery, claimed_by=delivery.claimed_by, **body)
        row = {
            "lead_id": delivery.lead.id,
            "step": step.value,
            "trigger": delivery.trigger,
            "started_at": now,
            "outcome": Outcome.OPEN.value,
        }
        return int(self._execute(_BEGIN, row).scalar_one())

    def end_attempt(
        self, number: int, outcome: Outcome, duration_ms: int, http_status: int | None = None, detail: str = ""
    ) -> None:
        """Record how a call ended."""
        values = {"outcome": outcome.value, "duration_ms": duration_ms, "http_status": http_status, "detail": detail}
        self._execute(_END, {"number": number, **values})

    def count_intercepted(self, account: str, since: datetime) -> int:
        """Count the leads of an account that met a web page in a call begun at or after `since`."""
        newest = select(func.max(attempts.c.id)).scalar_subquery()
        query = (
            select(func.count(attempts.c.lead_id.distinct()))
            .select_from(attempts.join(deliveries, deliveries.c.lead_id == attempts.c.lead_id))
            .where(attempts.c.id > newest - RECENT_ATTEMPTS, attempts.c.outcome == Outcome.INTERCEPTED.value)
            .where(attempts.c.started_at >= since, deliveries.c.account == account)
        )
        return int(self._execute(query).scalar_one())

    def contact_in_doubt(self, delivery: Delivery, since: datetime) -> tuple[datetime, int | None] | None:
        """Return the newest create of the person's contact with an unknown outcome, if any: its start and duration.

        It was made for another lead, or for this one before a correction. The duration is in milliseconds, None if its
        worker ended meanwhile. since: only calls begun at or after it.
        """
        row = self._execute(_CONTACT_IN_DOUBT, {"lead": delivery.lead.id, "since": since}).first()
        return None if row is None else (row.started_at, row.duration_ms)

    # -- settling: every method raises LeaseLost if another worker has the delivery

    def save_coworker(self, delivery: Delivery, coworker_id: CoworkerId) -> None:
        """Record that the contact exists: later tries begin after this step."""
        self._change(delivery, coworker_id=coworker_id, **NOTHING_UNKNOWN)

    def mark_unknown(self, delivery: Delivery, doubt: Doubt) -> None:
        """Record that a create may have been saved: the next try searches for it first."""
        unknown = {"unknown_step": doubt.step.value, "unknown_since": doubt.since, "verify_count": doubt.verify_count}
        self._change(delivery, **unknown)

    def clear_unknown(self, delivery: Delivery) -> None:
        """Record that the create is known not to have been saved."""
        self._change(delivery, **NOTHING_UNKNOWN)

    def complete(self, delivery: Delivery) -> None:
        """Record that the delivery is done."""
        self._change(delivery, state=DONE, blocked_by=None, **NO_LEASE, **NOTHING_UNKNOWN)

    def block(self, delivery: Delivery, call: str, problem: str) -> None:
        """Release a delivery until its paused call is resumed, or it is chosen as a probe.

        It keeps its place in the schedule and its turn.
        """
        self._change(delivery, blocked_by=call, **NO_LEASE)
        self._as(StoredLeads).set_status([delivery.lead.id], Status.PENDING, problem)

    def postpone(self, delivery: Delivery, due: datetime, tries: int, problem: str = "") -> None:
        """Release a delivery until `due`, with `tries` retries of the schedule used up.

        problem: why it is not in the CRM yet, shown meanwhile.
        """
        self._change(delivery, due_at=due, tries=tries, blocked_by=None, **NO_LEASE)
        if problem:
            self._as(StoredLeads).set_status([delivery.lead.id], Status.PENDING, problem)

    def park(self, delivery: Delivery, problem: str) -> None:
        """Leave a delivery to an operator; `problem` says why and what to do."""
        self._change(delivery, state=PARKED, blocked_by=None, **NO_LEASE)
        self._as(StoredLeads).set_status([delivery.lead.id], Status.PARKED, problem)

    def park_blocked(self, account: str, call: str, problem: str) -> None:
        """Leave all deliveries blocked by a paused call to an operator."""
        blocked = update(deliveries).where(deliveries.c.account == account, deliveries.c.blocked_by == call)
        parking = blocked.values(state=PARKED, blocked_by=None, **NO_LEASE).returning(deliveries.c.lead_id)
        ids = [LeadId(lead_id) for lead_id in self._execute(parking).scalars()]
        for start in range(0, len(ids), STATUS_BATCH_SIZE):
            self._as(StoredLeads).set_status(ids[start : start + STATUS_BATCH_SIZE], Status.PARKED, problem)

    def hand_over(self, delivery: Delivery, account: str, due: datetime) -> None:
        """Release a delivery to another account, whose worker claims it there."""
        self._change(delivery, **NO_LEASE)
        self.move(delivery.lead.id, account, due)

    def _change(self, delivery: Delivery, **values: Any) -> None:
        own = {"lead": delivery.lead.id, "worker": delivery.claimed_by}
        if self._execute(_CHANGE, {**own, **values}).rowcount != 1:
            raise LeaseLost(delivery.lead.id)

    # -- figures

    def request_bodies(self, lead_ids: Sequence[LeadId]) -> dict[LeadId, dict[str, Any]]:
        """Return the opportunity as last sent for each lead; leads never sent are left out."""
        query = select(deliveries.c.lead_id, deliveries.c.request_body).where(deliveries.c.lead_id.in_(lead_ids))
        rows = self._execute(query)
        return {LeadId(row.lead_id): row.request_body for row in rows if row.request_body is not None}

    def backlog(self) -> tuple[int, datetime | None]:
        """Count the leads that wait for delivery; also return the arrival of the oldest."""
        pending = leads.c.status == Status.PENDING.value  # has an index, unlike the deliveries' state
        number = self._execute(select(func.count()).select_from(leads).where(pending)).scalar_one()
        oldest = select(leads.c.received_at).where(pending).order_by(leads.c.id).limit(1)
        return int(number), self._execute(oldest).scalar()
