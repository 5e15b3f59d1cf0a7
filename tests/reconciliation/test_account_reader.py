"""An account is read in turns that its deliveries leave free, until the process stops."""

import threading
from collections.abc import Callable

import pytest

from service import clock
from service.background import Intervals, ShuttingDown, sleeper, start_periodic_job
from service.forms import Canary
from service.nexudus.opportunities import PATH
from service.reconciliation.account_reader import account_reader
from service.reconciliation.job import ReconcileJob
from service.simulator.server import Simulator
from service.store import Pace, Store
from tests.builders import a_form, a_lead
from tests.delivery.conftest import Env, a_context
from tests.processes import wait_until


def sleeping(slept: list[float], most: int) -> Callable[[float], None]:
    """Sleeps by noting it, and stops after so many times."""

    def sleep(seconds: float) -> None:
        slept.append(seconds)
        if len(slept) > most:
            raise ShuttingDown

    return sleep


def test_a_reader_waits_for_turns_that_deliveries_leave(store: Store, nexudus: Simulator) -> None:
    context = a_context(store, nexudus, {}, pace=Pace(4, 60))
    slept: list[float] = []
    reader = account_reader("default", context, sleeping(slept, 3), call_interval_s=0)

    reader.wait()
    reader.wait()
    with pytest.raises(ShuttingDown):
        reader.wait()

    assert slept == [0, 0, 0, 5.0]
    for _ in range(2):
        context.pacer.pass_one(is_write=False)  # at once, or OutOfPace


def test_the_opportunities_of_test_leads_may_be_cleared_away(store: Store, nexudus: Simulator) -> None:
    forms = {"contact": a_form(), "canary": a_form("canary", canary=Canary(3600, "canary@example.com"))}

    reader = account_reader("default", a_context(store, nexudus, forms), clock.sleep)

    assert reader.disposable_forms == {"canary"}


def test_each_account_is_read_while_the_service_runs(store: Store, nexudus: Simulator) -> None:
    context = a_context(store, nexudus, {"contact": a_form()})
    env, stop = Env(store, nexudus, context), threading.Event()
    lead = env.owes(a_lead())
    env.deliver_until_quiet()

    def is_seen() -> bool:
        with store.read() as tx:
            return lead.id in tx.crm.sales_of([lead.id])

    job = ReconcileJob(account_reader("default", context, sleeper(stop)))
    thread = start_periodic_job("reconcile-default", job.step, Intervals(0.05), stop)

    wait_until(is_seen, 10, "the sale")
    stop.set()
    thread.join(5)
    assert not thread.is_alive()


def test_a_bug_does_not_end_the_job(store: Store, nexudus: Simulator) -> None:
    context, stop = a_context(store, nexudus, {"contact": a_form()}), threading.Event()
    nexudus.faults([{"path": PATH, "body": {"Records": [{"Id": "no number"}]}, "times": None}])
    Env(store, nexudus, context).owes(a_lead())
    job = ReconcileJob(account_reader("default", context, sleeper(stop)))

    thread = start_periodic_job("reconcile-default", job.step, Intervals(0.02), stop)
    wait_until(lambda: nexudus.calls("GET", PATH), 5, "a call")

    assert thread.is_alive()
    stop.set()
    thread.join(5)
    assert not thread.is_alive()
