"""Calls keep to the rate limit, from whichever process they come."""

import pytest

from service.delivery.pacing import MARGIN, MIN_MARGIN_S, PATIENCE_S, OutOfPace, Pacer
from service.store import Pace, Store
from tests.store.actions import at_once

NOW = 1_800_000_000.0


class Watch:
    """Time that passes only while a caller sleeps."""

    def __init__(self) -> None:
        self.now = NOW
        self.slept: list[float] = []

    def read(self) -> float:
        """Unix seconds."""
        return self.now

    def read_late(self, seconds: float) -> float:
        """Unix seconds, when the answer was so long in coming."""
        self.now += seconds
        return self.now

    def sleep(self, seconds: float) -> None:
        """Let time pass."""
        self.slept.append(seconds)
        self.now += seconds


def pacer(store: Store, watch: Watch, *paces: Pace) -> Pacer:
    """The pace of one process."""
    return Pacer("default", paces, store, watch.read, watch.sleep)


def test_a_call_waits_for_its_turn_in_a_window_a_little_longer_than_nexuduss(store: Store) -> None:
    watch = Watch()
    pace = pacer(store, watch, Pace(1, 2.0))

    for _ in range(2):
        pace.pass_one(is_write=True)

    assert watch.slept == pytest.approx([2 + MIN_MARGIN_S])


def test_a_turn_beyond_all_patience_is_given_up(store: Store) -> None:
    watch = Watch()
    pace = pacer(store, watch, Pace(1, 60.0))
    pace.pass_one(is_write=True)

    with pytest.raises(OutOfPace) as caught:
        pace.pass_one(is_write=True)

    assert caught.value.wait_s == pytest.approx(60 * (1 + MARGIN))
    assert caught.value.wait_s > PATIENCE_S
    assert watch.slept == []


def test_waiting_for_the_database_is_part_of_the_wait(store: Store) -> None:
    watch = Watch()
    pace = Pacer("default", [Pace(1, 2.0)], store, lambda: watch.read_late(0.5), watch.sleep)

    for _ in range(2):
        pace.pass_one(is_write=True)

    first_turn = 0.5
    assert watch.now - NOW == pytest.approx(first_turn + 2 + MIN_MARGIN_S, abs=0.001)


@pytest.mark.parametrize(("method", "waits"), [("GET", 0), ("HEAD", 0), ("POST", 1), ("PUT", 1)])
def test_only_writes_count_where_the_pace_says_so(store: Store, method: str, waits: int) -> None:
    watch = Watch()
    pace = pacer(store, watch, Pace(1, 1.0, writes_only=True))
    pace.pass_one(is_write=True)

    pace.before_call(method, "/api/spaces/coworkers")

    assert len(watch.slept) == waits


def test_a_prepaid_call_is_counted_once(store: Store) -> None:
    watch = Watch()
    pace = pacer(store, watch, Pace(2, 1.0))

    pace.prepay(is_write=True)
    pace.before_call("POST", "/api/spaces/coworkers")
    pace.before_call("GET", "/api/spaces/coworkers")
    assert watch.slept == []

    pace.before_call("GET", "/api/spaces/coworkers")
    assert len(watch.slept) == 1


def test_what_one_thread_prepaid_no_other_thread_uses(store: Store) -> None:
    watch = Watch()
    pace = pacer(store, watch, Pace(1, 1.0))
    pace.prepay(is_write=True)

    at_once(lambda: pace.before_call("GET", "/api/spaces/coworkers"))

    assert len(watch.slept) == 1


def test_two_processes_keep_one_pace(store: Store, database_url: str) -> None:
    watch, other = Watch(), Store(database_url)

    for each in (store, other):
        pacer(each, watch, Pace(1, 1.0)).pass_one(is_write=True)
    other.close()

    assert len(watch.slept) == 1


def test_calls_are_remembered_as_long_as_the_longest_window(store: Store) -> None:
    watch = Watch()

    assert pacer(store, watch, Pace(1, 1.0), Pace(9, 60.0)).memory_s == pytest.approx(60 * (1 + MARGIN))
    assert pacer(store, watch).memory_s == 0


def test_a_call_that_can_wait_leaves_half_of_the_pace_to_others(store: Store) -> None:
    watch = Watch()
    pace = pacer(store, watch, Pace(4, 60.0))

    waits = [pace.prepay_spare() for _ in range(3)]

    assert waits[:2] == [0, 0]
    assert waits[2] == pytest.approx(60 * (1 + MARGIN))
    for _ in range(2):
        pace.pass_one(is_write=False)
    assert watch.slept == []


def test_a_call_that_can_wait_is_counted_once(store: Store) -> None:
    watch = Watch()
    pace = pacer(store, watch, Pace(2, 2.0))

    assert pace.prepay_spare() == 0
    pace.before_call("GET", "/api")
    pace.pass_one(is_write=False)

    assert watch.slept == []
