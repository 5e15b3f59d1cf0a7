"""When to try again: a pure decision."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.delivery.retry import (
    ACCOUNT_PAUSES,
    MAX_RETRY_AFTER_S,
    MIN_RETRY_AFTER_S,
    GiveUp,
    RetryAt,
    account_pause_s,
    next_step,
)
from service.lead import Outcome
from tests.builders import NOON
from tests.tables import each_row

SCHEDULE_S = (5.0, 30.0, 120.0)

spending = st.sampled_from([Outcome.UNAVAILABLE, Outcome.UNKNOWN])
resting = st.sampled_from([Outcome.THROTTLED, Outcome.REFUSED])
schedules = st.lists(st.floats(0.1, 1e6), min_size=1, max_size=20)
jitters = st.floats(0.8, 1.2)
requested_waits = st.floats(0, 1e300)


def in_s(seconds: float, tries: int) -> RetryAt:
    """A new try so many seconds after noon."""
    return RetryAt(NOON + timedelta(seconds=seconds), tries)


@each_row(
    ("outcome", "tries", "jitter", "retry_after_s", "expected"),
    [
        pytest.param(Outcome.UNAVAILABLE, 0, 1.0, None, in_s(5, 1), id="first failure"),
        pytest.param(Outcome.UNAVAILABLE, 2, 1.0, None, in_s(120, 3), id="last place of the schedule"),
        pytest.param(Outcome.UNAVAILABLE, 3, 1.0, None, GiveUp(), id="schedule used up"),
        pytest.param(Outcome.UNKNOWN, 0, 1.0, None, in_s(5, 1), id="unknown outcome"),
        pytest.param(Outcome.UNKNOWN, 0, 1.0, 30.0, in_s(30, 1), id="a hung call is looked for later"),
        pytest.param(Outcome.UNKNOWN, 2, 1.0, 30.0, in_s(120, 3), id="the longer wait wins"),
        pytest.param(Outcome.UNAVAILABLE, 1, 1.2, None, in_s(36, 2), id="jitter spreads"),
        pytest.param(Outcome.REJECTED, 0, 1.0, None, GiveUp(), id="wrong data is not repeated"),
        pytest.param(Outcome.THROTTLED, 2, 1.0, 12.0, in_s(12, 2), id="throttled, told how long"),
        pytest.param(Outcome.THROTTLED, 2, 1.0, None, in_s(1, 2), id="throttled, not told how long"),
        pytest.param(Outcome.THROTTLED, 9, 1.0, 12.0, in_s(12, 9), id="throttled after the schedule"),
        pytest.param(Outcome.REFUSED, 2, 1.0, None, in_s(60, 2), id="refused"),
        pytest.param(Outcome.THROTTLED, 0, 0.8, 12.0, in_s(12, 0), id="jitter never shortens a Retry-After"),
        pytest.param(Outcome.THROTTLED, 0, 1.0, 1e9, in_s(86400, 0), id="a Retry-After of decades is a day"),
    ],
)
def test_what_follows_a_try(
    outcome: Outcome, tries: int, jitter: float, retry_after_s: float | None, expected: RetryAt | GiveUp
) -> None:
    assert next_step(outcome, tries, SCHEDULE_S, jitter, NOON, retry_after_s) == expected


@each_row(
    ("outcome", "pauses", "expected_s"),
    [
        pytest.param(Outcome.THROTTLED, 0, 1, id="throttled once"),
        pytest.param(Outcome.THROTTLED, 3, 8, id="twice as long each time"),
        pytest.param(Outcome.THROTTLED, 6, 60, id="a minute at most"),
        pytest.param(Outcome.THROTTLED, 10_000, 60, id="however often"),
        pytest.param(Outcome.REFUSED, 0, 60, id="refused once"),
        pytest.param(Outcome.REFUSED, 9, 900, id="refused, a quarter of an hour at most"),
    ],
)
def test_an_account_is_paused_longer_each_time(outcome: Outcome, pauses: int, expected_s: float) -> None:
    assert account_pause_s(outcome, pauses, 1.0) == expected_s


@given(outcome=spending, schedule_s=schedules, jitter=jitters, data=st.data())
def test_a_try_that_failed_waits_its_place_in_the_schedule_and_spends_it(
    outcome: Outcome, schedule_s: list[float], jitter: float, data: st.DataObject
) -> None:
    tries = data.draw(st.integers(0, len(schedule_s) - 1))

    follows = next_step(outcome, tries, schedule_s, jitter, NOON)

    assert isinstance(follows, RetryAt)
    wait_s = (follows.due - NOON).total_seconds()
    assert schedule_s[tries] * 0.8 - 1e-6 <= wait_s <= schedule_s[tries] * 1.2 + 1e-6
    assert follows.tries == tries + 1


@given(outcome=spending, schedule_s=st.lists(st.floats(0.1, 1e6), max_size=20), jitter=jitters)
def test_every_lead_is_given_up_after_as_many_retries_as_the_schedule_has(
    outcome: Outcome, schedule_s: list[float], jitter: float
) -> None:
    tries, retries = 0, 0
    while isinstance(follows := next_step(outcome, tries, schedule_s, jitter, NOON), RetryAt):
        tries, retries = follows.tries, retries + 1

    assert retries == len(schedule_s)


@given(outcome=resting, tries=st.integers(0, 100), jitter=jitters, retry_after_s=st.none() | requested_waits)
def test_being_told_to_wait_spends_nothing_and_waits_a_day_at_most(
    outcome: Outcome, tries: int, jitter: float, retry_after_s: float | None
) -> None:
    follows = next_step(outcome, tries, SCHEDULE_S, jitter, NOON, retry_after_s)

    assert isinstance(follows, RetryAt)
    assert follows.tries == tries
    assert NOON < follows.due <= NOON + timedelta(seconds=MAX_RETRY_AFTER_S)


@given(outcome=resting, pauses=st.integers(0, 100_000), jitter=jitters, retry_after_s=requested_waits)
def test_a_retry_after_is_never_shortened_but_to_a_day(
    outcome: Outcome, pauses: int, jitter: float, retry_after_s: float
) -> None:
    wait_s = account_pause_s(outcome, pauses, jitter, retry_after_s)

    assert wait_s >= min(retry_after_s, MAX_RETRY_AFTER_S)
    assert MIN_RETRY_AFTER_S <= wait_s <= MAX_RETRY_AFTER_S


@given(outcome=resting, pauses=st.integers(0, 100_000), jitter=jitters)
def test_an_account_that_was_not_told_rests_within_bounds(outcome: Outcome, pauses: int, jitter: float) -> None:
    backoff = ACCOUNT_PAUSES[outcome]

    assert backoff.first_s * 0.8 <= account_pause_s(outcome, pauses, jitter) <= backoff.longest_s * 1.2


@given(outcome=spending, jitter=jitters, retry_after_s=st.floats(0, MAX_RETRY_AFTER_S))
def test_a_failed_try_waits_at_least_as_long_as_it_was_asked_to(
    outcome: Outcome, jitter: float, retry_after_s: float
) -> None:
    follows = next_step(outcome, 0, SCHEDULE_S, jitter, NOON, retry_after_s)

    assert isinstance(follows, RetryAt)
    assert follows.due >= NOON + timedelta(seconds=retry_after_s)
