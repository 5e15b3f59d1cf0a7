"""When a platform is asked again: a decision over plain values."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.fetching.settlement import (
    GONE_SCHEDULE_S,
    MAX_OUTAGE_S,
    MAX_PAUSE_S,
    MAX_WAIT_S,
    OUTAGE_FAILURES,
    RETRY_SCHEDULE_S,
    FetchAgain,
    StopFetching,
    next_step,
    outage_s,
    pause_s,
)
from service.platforms.reader import Disconnected, Gone, NotNow, Unusable
from tests.builders import NOON

ERRORS = [NotNow("?"), NotNow("?", 429, 60.0), Gone("?"), Unusable("?"), Disconnected("?", "!")]


@pytest.mark.parametrize(("error", "schedule_s"), [(NotNow("?"), RETRY_SCHEDULE_S), (Gone("?"), GONE_SCHEDULE_S)])
def test_the_schedule_is_followed_to_its_end(error: NotNow | Gone, schedule_s: tuple[float, ...]) -> None:
    waits = [next_step(error, tries, 1.0, NOON) for tries in range(len(schedule_s) + 1)]

    expected = [FetchAgain(NOON + timedelta(seconds=wait), tries + 1) for tries, wait in enumerate(schedule_s)]
    assert waits == [*expected, StopFetching()]


def test_the_schedule_lasts_about_a_week() -> None:
    assert 6 < sum(RETRY_SCHEDULE_S) / 86400 < 8


@pytest.mark.parametrize("error", [NotNow("?", 429, 60.0), Disconnected("?", "!")])
def test_being_told_to_wait_and_a_broken_connection_spend_nothing(error: NotNow | Disconnected) -> None:
    step = next_step(error, 99, 1.0, NOON)

    assert isinstance(step, FetchAgain)
    assert step.tries == 99


def test_an_answer_that_cannot_be_understood_is_not_fetched_again() -> None:
    assert next_step(Unusable("?"), 0, 1.0, NOON) == StopFetching()


@given(st.sampled_from(ERRORS), st.integers(0, 1000), st.floats(0.8, 1.2), st.floats(0, 1e9))
def test_every_wait_stays_in_its_bounds(error: NotNow, tries: int, jitter: float, wait_s: float) -> None:
    with_wait = NotNow("?", 429, wait_s) if error.status else error

    step = next_step(with_wait, tries, jitter, NOON)
    if isinstance(step, FetchAgain):
        assert NOON <= step.due <= NOON + timedelta(seconds=MAX_WAIT_S * 1.2)
    assert 0 < pause_s(tries, jitter) <= MAX_PAUSE_S * 1.2
    assert (outage_s(tries, jitter) == 0) == (tries < OUTAGE_FAILURES)
    assert outage_s(tries, jitter) <= MAX_OUTAGE_S * 1.2
