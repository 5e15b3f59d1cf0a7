"""Leads in a store, with every status."""

from datetime import timedelta

from service.lead import CoworkerId, Lead, OpportunityId, Outcome, Status, Step
from service.store import Arrival, Store, Transaction
from tests.builders import NOON, a_lead


def keep(store: Store, lead: Lead) -> Lead:
    """Store a lead and enqueue its delivery."""
    store.keep_and_enqueue([Arrival(lead, [], lead.id)])
    return lead


def keep_as(store: Store, status: Status) -> Lead:
    """Keep a lead with this status."""
    if status is Status.DELIVERED:
        return keep_delivered(store)
    lead = keep(store, a_lead(status=status, problem="look at it" if status is Status.PARKED else ""))
    if status is Status.DISCARDED:
        store.write(lambda tx: tx.queue.withdraw([lead.id]))
    return lead


def keep_many(store: Store, count: int, **changes: str) -> list[Lead]:
    """Keep leads that arrived a minute apart, oldest first."""
    return [
        keep(store, a_lead(f"person{number}@example.com", NOON + timedelta(minutes=number), **changes))
        for number in range(count)
    ]


def keep_delivered(store: Store) -> Lead:
    """A lead that a worker has delivered: a search without a result, then the two creates."""
    lead = keep(store, a_lead())

    def work(tx: Transaction) -> None:
        (delivery,) = tx.queue.claim("worker", NOON, 90, 1)
        for step, outcome in (
            (Step.FIND_COWORKER, Outcome.MISSING),
            (Step.CREATE_COWORKER, Outcome.DONE),
            (Step.CREATE_OPPORTUNITY, Outcome.DONE),
        ):
            tx.queue.end_attempt(tx.queue.begin_attempt(delivery, step, NOON), outcome, 12, 200)
        tx.leads.mark_delivered(lead.id, CoworkerId(7), OpportunityId(9), NOON + timedelta(seconds=1))
        tx.queue.complete(delivery)

    store.write(work)
    return lead
