"""The debts to the CRM: owed in the lead's own transaction, claimed with a lease, settled once."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, and_, func, or_, select, text, update

from service.lead import CoworkerId, Delivery, Doubt, LeadId, Outcome, Status, Step
from service.store.database.columns import insert_values, to_micros
from service.store.database.engines import Database
from service.store.database.repository import IsGone, Repository, free_leases
from service.store.database.tables import attempts, deliveries, leads
from service.store.leads.stored import StoredLeads

WAKE = "wake"
"""Set in a connection's `info` when its transaction made something due: the writer rings after the commit."""

OWED, PARKED, DONE = "owed", "parked", "done"

IS_NEXT = and_(deliveries.c.state == OWED, deliveries.c.claimed_by.is_(None), deliveries.c.blocked_by.is_(None))
"""Stands in line; written like the condition of ix_deliveries_next."""

LATEST_ATTEMPTS = 2000
"""How far back to look for leads that met a web page: those of the last minutes are among so many calls."""

LIVE, LATER = 0, 1
"""Priorities: a lead that just came goes before replays and imports."""


def wake(connection: Connection, database: Database) -> None:
    """Tell the workers of all hosts, once this is committed, that something fell due."""
    connection.info[WAKE] = True
    if database.announce:
        connection.execute(text(database.announce))


class LeaseLost(Exception):
    """Another worker has this Delivery now: stop, touch nothing more."""


@dataclass(frozen=True, slots=True)
class QueuedDelivery:
    """What is owed to the CRM for one lead.

    person: the folded e-mail; Deliveries of one person never run together.
    """

    lead_id: LeadId
    account: str
    person: str
    due: datetime
    form: str = ""
    parked: bool = False
    priority: int = LIVE


class Outbox(Repository):
    """The deliveries within one transaction."""

    # -- owing

    def enqueue(self, debts: Sequence[QueuedDelivery]) -> None:
        """Queue deliveries; a `parked` one waits until an operator releases it."""
        if not debts:
            return
        rows = [
            (
                *(debt.lead_id, debt.account, debt.person, PARKED if debt.parked else OWED),
                *(to_micros(debt.due), debt.form, debt.priority),
            )
            for debt in debts
        ]
        insert_values(self._connection, deliveries, _DEBT_COLUMNS, rows)
        if not all(debt.parked for debt in debts):
            self._wake()

    def unpark(self, lead_id: LeadId, due: datetime) -> None:
        """What a parked lead lacked is here: it is owed as if it had just come."""
        parked = update(deliveries).where(deliveries.c.lead_id == lead_id, deliveries.c.state == PARKED)
        self._connection.execute(parked.values(state=OWED, due_at=due, tries=0, blocked_by=None))
        self._as(StoredLeads).set_status([lead_id], Status.PENDING)
        self._wake()

    def retry(self, lead_ids: Sequence[LeadId], due: datetime) -> list[LeadId]:
        """Try leads again by an operator's decision, with a fresh schedule; returns those with something to send."""
        owed = (
            update(deliveries)
            .where(deliveries.c.lead_id.in_(lead_ids), deliveries.c.state != DONE)
            .values(state=OWED, due_at=due, tries=0, trigger="operator", priority=LATER, blocked_by=None)
        )
        changed = [LeadId(found) for found in self._connection.execute(owed.returning(deliveries.c.lead_id)).scalars()]
        if changed:
            self._as(StoredLeads).set_status(changed, Status.PENDING)
            self._wake()
        return changed

    def _wake(self) -> None:
        wake(self._connection, self._database)

    # -- leases

    def renew_leases(self, worker: str, lead_ids: Iterable[LeadId], until: datetime) -> None:
        """Keep other workers away from Deliveries that are still being worked on."""
        held = and_(deliveries.c.lead_id.in_(list(lead_ids)), deliveries.c.claimed_by == worker)
        self._connection.execute(update(deliveries).where(held).values(lease_until=until))

    def free_leases(self, is_gone: IsGone) -> int:
        """Free the leases of workers that are gone, without waiting for their end; how many."""
        return free_leases(self._connection, deliveries, is_gone)

    # -- attempts

    def begin_attempt(
        self, delivery: Delivery, step: Step, now: datetime, sent: Mapping[str, Any] | None = None
    ) -> int:
        """Write down one call before it is made; its number.

        sent: the opportunity's body, where it is that.
        Raises: LeaseLost when another worker has the Delivery.
        """
        self._change(delivery, claimed_by=delivery.claimed_by, **({} if sent is None else {"request_body": dict(sent)}))
        row = {
            "lead_id": delivery.lead.id,
            "step": step.value,
            "trigger": delivery.trigger,
            "started_at": now,
            "outcome": Outcome.OPEN.value,
        }
        made = self._connection.execute(attempts.insert().returning(attempts.c.id), row)
        return int(made.scalar_one())

    def end_attempt(
        self, number: int, outcome: Outcome, duration_ms: int, http_status: int | None = None, detail: str = ""
    ) -> None:
        """Settle one call."""
        ending = update(attempts).where(attempts.c.id == number)
        values = {"outcome": outcome.value, "duration_ms": duration_ms, "http_status": http_status, "detail": detail}
        self._connection.execute(ending.values(values))

    def count_intercepted(self, account: str, since: datetime) -> int:
        """How many different leads of an account met a web page in calls that began since then."""
        newest = select(func.max(attempts.c.id)).scalar_subquery()
        met = (
            attempts.c.id > newest - LATEST_ATTEMPTS,
            attempts.c.outcome == Outcome.INTERCEPTED.value,
            attempts.c.started_at >= since,
        )
        query = (
            select(func.count(attempts.c.lead_id.distinct()))
            .select_from(attempts.join(deliveries, deliveries.c.lead_id == attempts.c.lead_id))
            .where(*met, deliveries.c.account == account)
        )
        return int(self._connection.execute(query).scalar_one())

    # -- settling

    def save_coworker(self, delivery: Delivery, coworker_id: CoworkerId) -> None:
        """The first step is finished: never begin before it again."""
        self._change(delivery, coworker_id=coworker_id, **_NO_DOUBT)

    def mark_unknown(self, delivery: Delivery, doubt: Doubt) -> None:
        """A create may have been saved: the next try looks first."""
        self._change(
            delivery, unknown_step=doubt.step.value, unknown_since=doubt.since, verify_count=doubt.verify_count
        )

    def clear_unknown(self, delivery: Delivery) -> None:
        """The create is known not to have been saved."""
        self._change(delivery, **_NO_DOUBT)

    def complete(self, delivery: Delivery) -> None:
        """The debt is paid."""
        self._change(delivery, state=DONE, blocked_by=None, **_NO_CLAIM, **_NO_DOUBT)

    def block_until_resumed(self, delivery: Delivery, call: str, problem: str) -> None:
        """Release the delivery until that call is resumed; it keeps its place in the schedule and its turn."""
        self._change(delivery, blocked_by=call, **_NO_CLAIM)
        self._as(StoredLeads).set_status([delivery.lead.id], Status.PENDING, problem)

    def reschedule_now(self, account: str, now: datetime, failing_since: datetime, *, untried: bool = False) -> int:
        """An outage is over: what waits longer than a minute for its next try is due now; how many.

        failing_since: when it began. What met a web page before that waits on: others came through since, so that page
        was meant for it alone.
        untried: also all of whose schedule nothing is spent, as of those that were refused.
        """
        met_earlier = select(attempts.c.id).where(
            attempts.c.lead_id == deliveries.c.lead_id,
            attempts.c.outcome == Outcome.INTERCEPTED.value,
            attempts.c.started_at < failing_since,
        )
        late = and_(deliveries.c.tries > 0, deliveries.c.due_at > now + timedelta(minutes=1))
        if untried:
            late = or_(late, and_(deliveries.c.tries == 0, deliveries.c.due_at > now))
        hastening = update(deliveries).where(deliveries.c.account == account, IS_NEXT, late, ~met_earlier.exists())
        return self._connection.execute(hastening.values(due_at=now)).rowcount

    def postpone(self, delivery: Delivery, due: datetime, tries: int, problem: str = "") -> None:
        """Give the Delivery back until `due`; `tries` places of the schedule are spent.

        problem: what kept it from the CRM, for whoever looks meanwhile.
        """
        self._change(delivery, due_at=due, tries=tries, blocked_by=None, **_NO_CLAIM)
        if problem:
            self._as(StoredLeads).set_status([delivery.lead.id], Status.PENDING, problem)

    def park(self, delivery: Delivery, problem: str) -> None:
        """Only a person can help: say why, and what to do."""
        self._change(delivery, state=PARKED, blocked_by=None, **_NO_CLAIM)
        self._as(StoredLeads).set_status([delivery.lead.id], Status.PARKED, problem)

    def hand_over(self, delivery: Delivery, account: str, due: datetime) -> None:
        """The lead is owed to another account: give it back, to be claimed there."""
        self._change(delivery, **_NO_CLAIM)
        self.move(delivery.lead.id, account, due)

    def move(self, lead_id: LeadId, account: str, due: datetime) -> None:
        """Owe the lead to another account, with its whole schedule before it; what was done in the old one ends.

        Only where no opportunity of it can be in the old account.
        """
        anew = {"due_at": due, "tries": 0, "blocked_by": None, "coworker_id": None, **_NO_DOUBT}
        self._connection.execute(
            update(deliveries).where(deliveries.c.lead_id == lead_id).values(account=account, **anew)
        )
        self._connection.execute(update(leads).where(leads.c.id == lead_id).values(account=account))
        self.forget_contact_search(lead_id)
        self._wake()

    def forget_contact_search(self, lead_id: LeadId) -> None:
        """Forget what searches said of a contact: it was another account's, or may have been another person."""
        searches = update(attempts).where(attempts.c.lead_id == lead_id, attempts.c.step == Step.FIND_COWORKER.value)
        self._connection.execute(searches.where(attempts.c.outcome == Outcome.DONE.value).values(detail=""))

    def withdraw(self, lead_ids: Sequence[LeadId]) -> None:
        """Deliver nothing for now, by an operator's decision; a worker that has one loses its lease."""
        held = update(deliveries).where(deliveries.c.lead_id.in_(lead_ids), deliveries.c.state != DONE)
        self._connection.execute(held.values(state=PARKED, blocked_by=None, **_NO_CLAIM))

    def _change(self, delivery: Delivery, **values: Any) -> None:
        held = and_(deliveries.c.lead_id == delivery.lead.id, deliveries.c.claimed_by == delivery.claimed_by)
        if self._connection.execute(update(deliveries).where(held).values(**values)).rowcount != 1:
            raise LeaseLost(delivery.lead.id)

    # -- telling

    def request_bodies(self, lead_ids: Sequence[LeadId]) -> dict[LeadId, dict[str, Any]]:
        """Return the opportunity's body as it was last sent for each lead; leads never sent are left out."""
        query = select(deliveries.c.lead_id, deliveries.c.request_body).where(deliveries.c.lead_id.in_(lead_ids))
        return {
            LeadId(row.lead_id): row.request_body
            for row in self._connection.execute(query)
            if row.request_body is not None
        }

    def backlog(self) -> tuple[int, datetime | None]:
        """How many Deliveries are owed, and since when the oldest of their leads waits."""
        pending = leads.c.status == Status.PENDING.value  # has an index; the state of the deliveries has none
        number = self._connection.execute(select(func.count()).select_from(leads).where(pending)).scalar_one()
        oldest = select(leads.c.received_at).where(pending).order_by(leads.c.id).limit(1)
        return int(number), self._connection.execute(oldest).scalar()


_DEBT_COLUMNS = ("lead_id", "account", "person", "state", "due_at", "form", "priority")

_NO_CLAIM: dict[str, Any] = {"claimed_by": None, "lease_until": None}
_NO_DOUBT: dict[str, Any] = {"unknown_step": None, "unknown_since": None, "verify_count": 0}
