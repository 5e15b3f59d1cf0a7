"""The loop of every chore goes on, whatever a step comes to."""

import threading

import pytest

from service.background import Rests, keep_at
from service.store import StoreUnavailable


@pytest.mark.parametrize("trouble", [StoreUnavailable("away"), ValueError("a mistake of ours")], ids=["store", "ours"])
def test_a_step_that_fails_is_taken_again(trouble: Exception) -> None:
    stop, taken = threading.Event(), []

    def step() -> bool:
        taken.append(1)
        if len(taken) == 1:
            raise trouble
        stop.set()
        return True

    keep_at("test", step, Rests(0.0, 0.0), stop)

    assert len(taken) == 2


def test_while_there_is_more_it_does_not_wait_for_the_next_look() -> None:
    stop, left = threading.Event(), [True, True, False]

    def step() -> bool:
        if len(left) == 1:
            stop.set()
        return left.pop(0)

    keep_at("test", step, Rests(0.0, 3600.0), stop)

    assert left == []
