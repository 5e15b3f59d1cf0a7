"""A periodic job goes on, whatever a step does, until the process stops."""

import threading
from datetime import datetime

import pytest

from service.background import Intervals, ShuttingDown, run_periodically, sleeper, start_periodic_job
from service.store import StoreUnavailable
from tests.tables import each_row


@pytest.mark.parametrize("error", [StoreUnavailable("away"), ValueError("a bug")], ids=["store", "ours"])
def test_a_step_that_fails_is_repeated(error: Exception) -> None:
    stop, steps = threading.Event(), []

    def step(_now: datetime) -> None:
        steps.append(1)
        if len(steps) == 1:
            raise error
        stop.set()

    run_periodically("test", step, Intervals(0.0), stop)

    assert len(steps) == 2


def test_a_step_decides_when_the_next_one_comes() -> None:
    stop, left = threading.Event(), [0.0, 0.0, 0.0]

    def step(_now: datetime) -> float:
        if len(left) == 1:
            stop.set()
        return left.pop(0)

    run_periodically("test", step, Intervals(3600.0, rest_factor=4), stop)

    assert left == []


@each_row(
    ("wait_s", "took_s", "pause_s"),
    [(None, 0.0, 10.0), (3600.0, 0.0, 3600.0), (0.0, 2.0, 8.0), (0.0, 0.0, 0.02), (None, 5.0, 20.0)],
)
def test_a_job_rests_in_proportion_to_its_work(wait_s: float | None, took_s: float, pause_s: float) -> None:
    assert Intervals(10.0, rest_factor=4).pause_s(wait_s, took_s) == pause_s


def test_a_step_that_waits_while_the_process_stops_ends_its_job() -> None:
    stop = threading.Event()

    def step(_now: datetime) -> None:
        stop.set()
        sleeper(stop)(3600.0)

    run_periodically("test", step, Intervals(0.0), stop)

    with pytest.raises(ShuttingDown):
        sleeper(stop)(3600.0)


def test_a_job_can_be_woken() -> None:
    stop, wake, stepped = threading.Event(), threading.Event(), threading.Event()

    def step(_now: datetime) -> None:
        stepped.set()

    thread = start_periodic_job("test", step, Intervals(3600.0, first_s=3600.0), stop, wake)
    wake.set()
    assert stepped.wait(5)
    stop.set()
    wake.set()
    thread.join(5)

    assert not thread.is_alive()
