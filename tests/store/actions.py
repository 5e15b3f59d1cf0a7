"""Steps that the tests of the store have in common."""

import threading
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import TypeVar

from service.lead import Delivery, Lead, Receipt
from service.store import Arrival, DedupKey, QueuedDelivery, Store, Transaction
from tests.builders import NOON, a_lead

T = TypeVar("T")


def keep(store: Store, lead: Lead, *keys: DedupKey) -> Receipt:
    """Store a lead without a delivery."""
    return store.write(lambda tx: tx.leads.keep([Arrival(lead, keys)])[0].receipt)


def enqueue(store: Store, lead: Lead | None = None, due: datetime = NOON, person: str = "") -> Lead:
    """Store a lead and enqueue its delivery."""
    queued = a_lead() if lead is None else lead
    submission = queued.submission
    delivery = QueuedDelivery(queued.id, queued.account, person or submission.contact.email, due, submission.form)

    def job(tx: Transaction) -> None:
        tx.leads.keep([Arrival(queued)])
        tx.queue.enqueue([delivery])

    store.write(job)
    return queued


def claim(
    store: Store, worker: str = "worker", now: datetime = NOON, room: int = 10, lease_s: float = 90
) -> list[Delivery]:
    """Claim deliveries as a worker does."""
    return store.write(lambda tx: tx.queue.claim(worker, now, lease_s, room))


def stored_lead(store: Store, lead: Lead) -> Lead:
    """Read a lead that is stored."""
    with store.read() as tx:
        stored = tx.leads.get(lead.id)
    assert stored is not None
    return stored


def count(store: Store) -> int:
    """Count the stored leads."""
    with store.read() as tx:
        return sum(tx.statistics.leads_by_status().values())


def at_once(*jobs: Callable[[], T]) -> Sequence[T]:
    """Run all jobs in threads that start together; their values, or the first error."""
    barrier = threading.Barrier(len(jobs))
    values: list[T | None] = [None] * len(jobs)
    errors: list[BaseException] = []

    def run(number: int) -> None:
        barrier.wait()
        try:
            values[number] = jobs[number]()
        except BaseException as error:  # noqa: BLE001 (raised again below, in the test's own thread)
            errors.append(error)

    threads = [threading.Thread(target=run, args=(number,)) for number in range(len(jobs))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if errors:
        raise errors[0]
    return [value for value in values if value is not None]
