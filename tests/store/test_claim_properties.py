"""Whatever workers do, and however they end: two of them never serve one person, and no delivery is lost."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from service.lead import Delivery, Status
from service.store import LeaseLost, Query, Store, Transaction
from tests.builders import NOON, a_lead
from tests.store.actions import claim, enqueue

LEASE_S = 90
PEOPLE = ("ada", "grace", "mary")
WORKERS = ("one", "two", "three")

moves = st.lists(
    st.tuples(st.just("owe"), st.sampled_from(PEOPLE))
    | st.tuples(st.sampled_from(["claim", "settle", "die"]), st.sampled_from(WORKERS))
    | st.tuples(st.just("wait"), st.just("")),
    max_size=25,
)


@dataclass
class Shift:
    """What the workers of one test hold by their own knowledge, and until when."""

    store: Store
    now: datetime = NOON
    queued: set[str] = field(default_factory=set)
    held: dict[str, tuple[Delivery, datetime]] = field(default_factory=dict)

    def move(self, what: str, who: str) -> None:
        """Do one thing."""
        if what == "owe":
            self.queued.add(enqueue(self.store, a_lead(f"{who}@example.com"), due=self.now).id)
        elif what == "claim":
            for delivery in claim(self.store, who, self.now, room=2, lease_s=LEASE_S):
                self.held[delivery.lead.id] = delivery, self.now + timedelta(seconds=LEASE_S)
        elif what == "settle":
            self._settle([delivery for delivery, _ in self.held.values() if delivery.claimed_by == who])
        elif what == "die":
            self.store.write(lambda tx: tx.queue.free_leases(lambda worker: worker == who))
            self.held = {key: lease for key, lease in self.held.items() if lease[0].claimed_by != who}
        else:
            self.now += timedelta(seconds=50)

    def _settle(self, deliveries: list[Delivery]) -> None:
        for delivery in deliveries:
            del self.held[delivery.lead.id]
            try:
                self.store.write(partial(pay, delivery=delivery))
            except LeaseLost:
                continue
            self.queued.remove(delivery.lead.id)

    def served(self) -> list[str]:
        """The people whose leads are claimed under a valid lease."""
        living = [delivery for delivery, until in self.held.values() if until >= self.now]
        return [delivery.lead.submission.contact.email for delivery in living]


def pay(tx: Transaction, delivery: Delivery) -> None:
    """Settle a delivery."""
    tx.queue.complete(delivery)
    tx.leads.set_status([delivery.lead.id], Status.DELIVERED)


def hold_all(tx: Transaction) -> None:
    """Begin again: all examples share one database."""
    for lead_id in tx.search.ids(Query(), 10_000):
        tx.queue.withdraw([lead_id])
        tx.leads.set_status([lead_id], Status.DISCARDED)


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(moves=moves)
def test_no_person_is_served_twice_at_once_and_no_delivery_is_lost(store: Store, moves: list[tuple[str, str]]) -> None:
    store.write(hold_all)
    shift = Shift(store)

    for what, who in moves:
        shift.move(what, who)
        assert len(shift.served()) == len(set(shift.served()))

    with store.read() as tx:
        assert tx.queue.backlog()[0] == len(shift.queued)
