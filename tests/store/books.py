"""What the tests of the store do with it again and again."""

import threading
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import TypeVar

from service.lead import Delivery, Lead, Receipt
from service.store import Arrival, DedupKey, QueuedDelivery, Store, Transaction
from tests.builders import NOON, a_lead

T = TypeVar("T")


def keep(store: Store, lead: Lead, *keys: DedupKey) -> Receipt:
    """Keep a lead without owing it."""
    return store.write(lambda tx: tx.leads.keep([Arrival(lead, keys)])[0].receipt)


def owe(store: Store, lead: Lead | None = None, due: datetime = NOON, person: str = "") -> Lead:
    """Keep a lead and owe it to the CRM."""
    owed = a_lead() if lead is None else lead

    def job(tx: Transaction) -> None:
        tx.leads.keep([Arrival(owed)])[0]
        tx.queue.enqueue(
            [QueuedDelivery(owed.id, owed.account, person or owed.submission.contact.email, due, owed.submission.form)]
        )

    store.write(job)
    return owed


def claim(
    store: Store, worker: str = "worker", now: datetime = NOON, room: int = 10, lease_s: float = 90
) -> list[Delivery]:
    """What a worker gets."""
    return store.write(lambda tx: tx.queue.claim(worker, now, lease_s, room))


def stands(store: Store, lead: Lead) -> Lead:
    """The lead as it is kept."""
    with store.read() as tx:
        found = tx.leads.get(lead.id)
    assert found is not None
    return found


def count(store: Store) -> int:
    """How many leads are kept."""
    with store.read() as tx:
        return sum(tx.leads.count_by_status().values())


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
