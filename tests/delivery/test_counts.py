"""What workers count for /metrics: calls, throttles, times to the opportunity; added to the totals in the store."""

import pytest

from service.delivery.counts import DeliveryCounts, save_counts
from service.lead import Outcome, Step
from service.store import Store, StoreUnavailable
from tests.builders import a_lead
from tests.delivery.conftest import Env


def totals(store: Store) -> dict[str, float]:
    """What was counted -> total, over all accounts and forms."""
    with store.read() as tx:
        return {key.what: total for key, total in tx.delivery_totals.all().items()}


def test_a_delivery_counts_its_calls_and_the_time_since_the_lead_arrived(env: Env) -> None:
    env.owes(a_lead())

    env.deliver_until_quiet()
    save_counts([env.context.counts], env.store)

    counted = totals(env.store)
    assert 0 < counted.pop("delivered_s") < 60
    assert sum(counted.pop(what) for what in list(counted) if what.startswith("delivered")) == 1
    assert counted == {
        "call find_coworker missing": 1,
        "call create_coworker done": 1,
        "call create_opportunity done": 1,
    }


def test_a_throttled_call_is_counted_as_one(env: Env) -> None:
    env.nexudus.faults([{"method": "POST", "path": "/api/spaces/coworkers", "status": 429}])
    env.owes(a_lead())

    env.deliver_until_quiet()
    save_counts([env.context.counts], env.store)

    counted = totals(env.store)
    assert (counted["throttled"], counted["call create_coworker throttled"]) == (1, 1)


def test_counts_of_several_workers_add_up(store: Store) -> None:
    for _ in range(3):
        counts = DeliveryCounts("default")
        counts.add_call(Step.FIND_COWORKER, Outcome.DONE)
        counts.add_delivered("tour", 0.5)
        save_counts([counts, DeliveryCounts("harbour")], store)
        save_counts([counts], store)

    assert totals(store) == {"call find_coworker done": 3, "delivered 1": 3, "delivered_s": 1.5}


def test_counts_that_could_not_be_added_are_added_the_next_time(sqlite: Store) -> None:
    gone = Store("postgresql://127.0.0.1:1/x")
    counts = DeliveryCounts("default")
    counts.add_throttled()

    with pytest.raises(StoreUnavailable):
        save_counts([counts], gone)
    counts.add_throttled()
    save_counts([counts], sqlite)

    assert totals(sqlite) == {"throttled": 2}
    gone.close()
