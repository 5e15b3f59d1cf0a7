"""The debts to the CRM: owed in the lead's own transaction, claimed with a lease, settled once."""

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, and_, func, not_, or_, select, text, update

from service.lead import CoworkerId, Delivery, Doubt, Lead, LeadId, Outcome, Status, Step
from service.store.engines import Opened
from service.store.leads import Leads
from service.store.rows import insert_rows
from service.store.tables import attempts, deliveries, leads

WAKE = "wake"
"""Set in a connection's `info` when its transaction made something due: the writer rings after the commit."""

OWED, PARKED, DONE = "owed", "parked", "done"


class LeaseLost(Exception):
    """Another worker has this Delivery now: stop, touch nothing more."""


@dataclass(frozen=True, slots=True)
class Debt:
    """What is owed to the CRM for one lead."""

    lead_id: LeadId
    account: str
    person: str
    due: datetime
    parked: bool = False


class Outbox:
    """The deliveries within one transaction."""

    def __init__(self, connection: Connection, opened: Opened) -> None:
        self._connection = connection
        self._opened = opened

    # -- owing

    def owe(self, lead_id: LeadId, account: str, person: str, due: datetime, *, parked: bool = False) -> None:
        """Owe the CRM one Delivery, or note a `parked` one that an operator may let go.

        person: the folded e-mail; Deliveries of one person never run together.
        """
        self.owe_all([Debt(lead_id, account, person, due, parked)])

    def owe_all(self, debts: Sequence[Debt]) -> None:
        """The same for several."""
        if not debts:
            return
        rows = [
            {
                "lead_id": debt.lead_id,
                "account": debt.account,
                "person": debt.person,
                "state": PARKED if debt.parked else OWED,
                "due_at": debt.due,
            }
            for debt in debts
        ]
        insert_rows(self._connection, deliveries, rows)
        if not all(debt.parked for debt in debts):
            self._wake()

    def owe_again(self, lead_id: LeadId, due: datetime) -> bool:
        """An operator asks for a new try: the whole schedule is free again. False: nothing to deliver."""
        owed = (
            update(deliveries)
            .where(deliveries.c.lead_id == lead_id, deliveries.c.state != DONE)
            .values(state=OWED, due_at=due, tries=0, trigger="operator")
        )
        changed = self._connection.execute(owed).rowcount == 1
        if changed:
            Leads(self._connection, self._opened).set_status(lead_id, Status.PENDING)
            self._wake()
        return changed

    def _wake(self) -> None:
        self._connection.info[WAKE] = True
        if self._opened.announce:
            self._connection.execute(text(self._opened.announce))

    # -- claiming

    def claim(
        self,
        worker: str,
        now: datetime,
        lease_s: float,
        room: int,
        paused: Collection[str] = (),
        on_trial: Collection[str] = (),
    ) -> list[Delivery]:
        """Claim at most `room` Deliveries that are due, the longest due first, no two of one person.

        paused: accounts to leave alone. on_trial: accounts of which one Delivery at a time may be under way.
        """
        if self._opened.claim_guard:
            self._connection.execute(text(self._opened.claim_guard))
        busy = self._under_way(on_trial, now)
        claimed: dict[str, LeadId] = {}
        for row in self._free(now, room * 4, {*paused, *busy}):
            if len(claimed) == room:
                break
            if row.person in claimed or row.account in busy or not self._take(row.lead_id, worker, now, lease_s):
                continue
            claimed[row.person] = LeadId(row.lead_id)
            if row.account in on_trial:
                busy.add(row.account)
        return [self._delivery(lead_id, worker) for lead_id in claimed.values()]

    def _under_way(self, accounts: Collection[str], now: datetime) -> set[str]:
        """Those of some accounts to which somebody is delivering now."""
        if not accounts:
            return set()
        held = select(deliveries.c.account).where(deliveries.c.account.in_(accounts), deliveries.c.lease_until >= now)
        return set(self._connection.execute(held).scalars())

    def _free(self, now: datetime, limit: int, paused: Collection[str]) -> Sequence[Any]:
        other = deliveries.alias("other")
        taken = (
            select(1)
            .where(other.c.person == deliveries.c.person, other.c.claimed_by.is_not(None))
            .where(other.c.lead_id != deliveries.c.lead_id)
            .exists()
        )
        query = (
            select(deliveries.c.lead_id, deliveries.c.person, deliveries.c.account)
            .where(deliveries.c.state == OWED, deliveries.c.due_at <= now, _unclaimed(now), not_(taken))
            .order_by(deliveries.c.due_at)
            .limit(limit)
        )
        if paused:
            query = query.where(deliveries.c.account.not_in(paused))
        return self._connection.execute(query).all()

    def _take(self, lead_id: str, worker: str, now: datetime, lease_s: float) -> bool:
        taking = (
            update(deliveries)
            .where(deliveries.c.lead_id == lead_id, deliveries.c.state == OWED, _unclaimed(now))
            .values(claimed_by=worker, lease_until=now + timedelta(seconds=lease_s))
        )
        return self._connection.execute(taking).rowcount == 1

    def _delivery(self, lead_id: LeadId, worker: str) -> Delivery:
        row = self._connection.execute(select(deliveries).where(deliveries.c.lead_id == lead_id)).one()
        lead = Leads(self._connection, self._opened).get(lead_id)
        if lead is None:
            raise LookupError(f"lead {lead_id} is owed but not kept")  # both are one transaction
        delivery = Delivery(lead, worker, row.tries, row.trigger, row.coworker_id, _doubt(row))
        cut_off = self._settle_cut_off(lead)
        if cut_off is None:
            return delivery
        self.doubt(delivery, cut_off)
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

    def next_due(self, paused: Collection[str] = ()) -> datetime | None:
        """When the next unclaimed Delivery falls due, or None when nothing is owed."""
        query = select(func.min(deliveries.c.due_at)).where(
            deliveries.c.state == OWED, deliveries.c.claimed_by.is_(None)
        )
        if paused:
            query = query.where(deliveries.c.account.not_in(paused))
        found: datetime | None = self._connection.execute(query).scalar()
        return found

    # -- leases

    def renew(self, worker: str, lead_ids: Iterable[LeadId], until: datetime) -> None:
        """Keep other workers away from Deliveries that are still being worked on."""
        held = and_(deliveries.c.lead_id.in_(list(lead_ids)), deliveries.c.claimed_by == worker)
        self._connection.execute(update(deliveries).where(held).values(lease_until=until))

    def free(self, is_gone: Callable[[str], bool]) -> int:
        """Free the leases of workers that are gone, without waiting for their end; how many."""
        held = select(deliveries.c.claimed_by).where(deliveries.c.claimed_by.is_not(None)).distinct()
        gone = [worker for worker in self._connection.execute(held).scalars() if is_gone(worker)]
        if not gone:
            return 0
        freeing = update(deliveries).where(deliveries.c.claimed_by.in_(gone)).values(claimed_by=None, lease_until=None)
        return self._connection.execute(freeing).rowcount

    # -- attempts

    def begin(self, delivery: Delivery, step: Step, now: datetime) -> int:
        """Write down one call before it is made; its number.

        Raises: LeaseLost when another worker has the Delivery.
        """
        self._check_lease(delivery)
        row = {
            "lead_id": delivery.lead.id,
            "step": step.value,
            "trigger": delivery.trigger,
            "started_at": now,
            "outcome": Outcome.OPEN.value,
        }
        made = self._connection.execute(attempts.insert().returning(attempts.c.id), row)
        return int(made.scalar_one())

    def end(
        self, number: int, outcome: Outcome, duration_ms: int, http_status: int | None = None, detail: str = ""
    ) -> None:
        """Settle one call."""
        ending = update(attempts).where(attempts.c.id == number)
        values = {"outcome": outcome.value, "duration_ms": duration_ms, "http_status": http_status, "detail": detail}
        self._connection.execute(ending.values(values))

    # -- settling

    def save_coworker(self, delivery: Delivery, coworker_id: CoworkerId) -> None:
        """The first step is finished: never begin before it again."""
        self._change(delivery, coworker_id=coworker_id, **_NO_DOUBT)

    def doubt(self, delivery: Delivery, doubt: Doubt) -> None:
        """A create may have been saved: the next try looks first."""
        self._change(delivery, doubt_step=doubt.step.value, doubt_at=doubt.since, looks=doubt.looks)

    def clear_doubt(self, delivery: Delivery) -> None:
        """The create is known not to have been saved."""
        self._change(delivery, **_NO_DOUBT)

    def done(self, delivery: Delivery) -> None:
        """The debt is paid."""
        self._change(delivery, state=DONE, **_NO_CLAIM, **_NO_DOUBT)

    def postpone(self, delivery: Delivery, due: datetime, tries: int, problem: str = "") -> None:
        """Give the Delivery back until `due`; `tries` places of the schedule are spent.

        problem: what kept it from the CRM, for whoever looks meanwhile.
        """
        self._change(delivery, due_at=due, tries=tries, **_NO_CLAIM)
        if problem:
            Leads(self._connection, self._opened).set_status(delivery.lead.id, Status.PENDING, problem)

    def park(self, delivery: Delivery, problem: str) -> None:
        """Only a person can help: say why, and what to do."""
        self._change(delivery, state=PARKED, **_NO_CLAIM)
        Leads(self._connection, self._opened).set_status(delivery.lead.id, Status.PARKED, problem)

    def hold(self, lead_id: LeadId) -> None:
        """Owe nothing for now, by an operator's decision; a worker that has it loses its lease."""
        held = update(deliveries).where(deliveries.c.lead_id == lead_id, deliveries.c.state != DONE)
        self._connection.execute(held.values(state=PARKED, **_NO_CLAIM))

    def _check_lease(self, delivery: Delivery) -> None:
        self._change(delivery, claimed_by=delivery.claimed_by)

    def _change(self, delivery: Delivery, **values: Any) -> None:
        held = and_(deliveries.c.lead_id == delivery.lead.id, deliveries.c.claimed_by == delivery.claimed_by)
        if self._connection.execute(update(deliveries).where(held).values(**values)).rowcount != 1:
            raise LeaseLost(delivery.lead.id)

    # -- telling

    def waiting(self) -> tuple[int, datetime | None]:
        """How many Deliveries are owed, and since when the oldest of their leads waits."""
        query = (
            select(func.count(), func.min(leads.c.received_at))
            .select_from(deliveries.join(leads, leads.c.id == deliveries.c.lead_id))
            .where(deliveries.c.state == OWED)
        )
        number, oldest = self._connection.execute(query).one()
        return int(number), oldest


_NO_CLAIM: dict[str, Any] = {"claimed_by": None, "lease_until": None}
_NO_DOUBT: dict[str, Any] = {"doubt_step": None, "doubt_at": None, "looks": 0}


def _unclaimed(now: datetime) -> Any:
    return or_(deliveries.c.claimed_by.is_(None), deliveries.c.lease_until < now)


def _doubt(row: Any) -> Doubt | None:
    return None if row.doubt_step is None else Doubt(Step(row.doubt_step), row.doubt_at, row.looks)
