"""A store, a simulated Nexudus, and the test itself as its worker."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import pytest
from sqlalchemy import text

from service import clock
from service.delivery.behaviour import Behaviours
from service.delivery.context import AccountContext
from service.delivery.counts import DeliveryCounts
from service.delivery.deliver import deliver
from service.delivery.pacing import Pacer
from service.delivery.targets import StageSafety, Targets
from service.forms import Form
from service.lead import Attempt, Lead
from service.nexudus.client import Nexudus
from service.nexudus.tokens import Login
from service.simulator.server import Simulator
from service.store import Arrival, Pace, Pause, Store, Tenant
from tests.builders import a_form

UNHURRIED = Pace(10_000, 1.0)
SCHEDULE_S = (5.0, 30.0, 120.0)


@dataclass
class Env:
    """One installation. The time is an argument of the worker, so nothing waits."""

    store: Store
    nexudus: Simulator
    context: AccountContext
    ahead: timedelta = timedelta(0)

    def owes(self, lead: Lead) -> Lead:
        """Keep a lead that arrives now, and enqueue its delivery."""
        arrived = replace(lead, received_at=clock.now())
        self.store.keep_and_enqueue([Arrival(arrived, [], lead.submission.contact.email)])
        return arrived

    def deliver_once(self) -> int:
        """Deliver everything that is due; return the number of deliveries."""
        now = clock.now() + self.ahead
        claimed = self.store.write(lambda tx: tx.queue.claim("the test", now, 90, 10))
        for delivery in claimed:
            deliver(delivery, self.context)
        return len(claimed)

    def deliver_until_quiet(self, most: int = 20) -> None:
        """Deliver until the queue is empty, each try a day after the one before."""
        for _ in range(most):
            if not self.deliver_once() and not self.store.write(lambda tx: tx.queue.backlog())[0]:
                return
            self.ahead += timedelta(days=1)
        raise AssertionError("the deliveries do not come to rest")

    def use(self, forms: dict[str, Form]) -> None:
        """Work with other forms from now on."""
        self.context = replace(self.context, forms=forms)

    def forget_time(self) -> None:
        """End every pause and wait now, as far as the store knows."""
        self.ahead += timedelta(days=1)
        end = text("UPDATE accounts SET paused_until = 0 WHERE paused_until IS NOT NULL")
        self.store.write(lambda tx: tx._execute(end))

    def tomorrow(self) -> datetime:
        """An instant at which everything that waits is due."""
        return clock.now() + self.ahead + timedelta(days=1)

    def pauses(self) -> list[Pause]:
        """The pauses in force now."""
        with self.store.read() as tx:
            return tx.accounts.pauses(clock.now())

    def kept(self, lead: Lead) -> Lead:
        """The lead as it stands in the store."""
        with self.store.read() as tx:
            stored = tx.leads.get(lead.id)
        assert stored is not None
        return stored

    def attempts(self, lead: Lead) -> list[Attempt]:
        """The calls made for a lead."""
        with self.store.read() as tx:
            return tx.leads.attempts_of([lead.id])[lead.id]


def a_context(
    store: Store, simulator: Simulator, forms: dict[str, Form], timeout_s: float = 2, pace: Pace = UNHURRIED
) -> AccountContext:
    """An AccountContext that delivers to the simulator, by default without a rate limit."""
    pacer = Pacer("default", [pace], store, lambda: clock.now().timestamp(), clock.sleep)
    login = Login("simulator@leadcapture.example", "simulator")
    counts = DeliveryCounts("default")
    nexudus = Nexudus(
        simulator.url,
        login,
        client_id="tests",
        timeout_s=timeout_s,
        before_call=pacer.before_call,
        on_throttled=counts.add_throttled,
    )
    behaviours = Behaviours(store, Tenant("default", nexudus.base_url))
    return AccountContext(
        nexudus, pacer, Targets(), StageSafety(), store, behaviours, forms, SCHEDULE_S, timeout_s, lambda: 1.0, counts
    )


@pytest.fixture
def env(store: Store, nexudus: Simulator) -> Env:
    """An environment with the one form `contact`."""
    return Env(store, nexudus, a_context(store, nexudus, {"contact": a_form()}))
