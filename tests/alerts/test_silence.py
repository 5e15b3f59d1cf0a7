"""When a form is silent: learned from its own past, in its own rhythm."""

from collections import Counter
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from service.alerts.silence import LEARNING_WEEKS, expected, find_silence

MONDAY = datetime(2026, 9, 28, tzinfo=UTC)
FRIDAY_EVENING = MONDAY + timedelta(weeks=8, days=4, hours=17)
HOUR = timedelta(hours=1)


def office_hours(a_day: int, weeks: int = 9, until: datetime = FRIDAY_EVENING) -> list[datetime]:
    """Leads evenly from nine to five on working days."""
    days = [MONDAY + timedelta(weeks=week, days=day) for week in range(weeks) for day in range(5)]
    step = 8 * HOUR / a_day
    return [at for day in days for n in range(a_day) if (at := day + 9 * HOUR + n * step) < until]


def missed(arrivals: list[datetime], now: datetime) -> float | None:
    counted = Counter(at.replace(minute=at.minute // 20 * 20, second=0, microsecond=0) for at in arrivals)
    silence = find_silence(counted, max(arrivals), now)
    return None if silence is None else silence.missed


def test_a_weekend_is_no_silence_for_a_form_of_office_hours() -> None:
    assert missed(office_hours(8), FRIDAY_EVENING + timedelta(days=2, hours=15)) is None


def test_more_than_a_working_day_without_a_lead_is_one() -> None:
    alarm = missed(office_hours(8), FRIDAY_EVENING + timedelta(days=3, hours=19))

    assert alarm is not None
    assert 10 < alarm < 13


def test_a_busy_form_is_silent_after_hours_not_days() -> None:
    arrivals = office_hours(160, until=FRIDAY_EVENING - 5 * HOUR)

    assert missed(arrivals, max(arrivals) + timedelta(minutes=20)) is None
    assert missed(arrivals, max(arrivals) + HOUR) is not None


def test_a_form_of_few_leads_is_never_silent() -> None:
    arrivals = [MONDAY + timedelta(days=3 * n) for n in range(19)]

    assert missed(arrivals, MONDAY + timedelta(days=365)) is None


def test_a_long_silence_does_not_silence_its_own_alarm() -> None:
    assert missed(office_hours(8), FRIDAY_EVENING + timedelta(weeks=20)) is not None


def test_a_silence_like_one_before_is_no_alarm() -> None:
    holidays = [at for at in office_hours(8) if not timedelta(weeks=3) < at - MONDAY < timedelta(weeks=4)]

    assert missed(holidays, FRIDAY_EVENING + timedelta(days=5)) is None
    assert missed(holidays, FRIDAY_EVENING + timedelta(days=14)) is not None


hours = st.integers(0, 24 * 7 * 12).map(lambda number: MONDAY + number * HOUR)
rates = st.lists(st.floats(0, 50), min_size=168, max_size=168)


@given(rates, hours, hours, hours)
def test_what_is_expected_adds_up_and_is_never_negative(
    rates: list[float], a: datetime, b: datetime, c: datetime
) -> None:
    first, second, third = sorted((a, b, c))
    parts = expected(rates, first, second) + expected(rates, second, third)

    assert parts >= 0
    assert abs(parts - expected(rates, first, third)) < 1e-6 * max(1, parts)


@given(rates, hours)
def test_a_week_brings_what_its_hours_bring(rates: list[float], since: datetime) -> None:
    whole = expected(rates, since, since + timedelta(weeks=1))

    assert abs(whole - sum(rates)) < 1e-6 * max(1, whole)


@given(st.lists(st.integers(0, LEARNING_WEEKS * 168 * 4), max_size=200), st.integers(0, 5000), st.integers(0, 5000))
def test_a_silence_that_goes_on_stays_one(quarters: list[int], hours_after: int, hours_more: int) -> None:
    arrivals = [MONDAY + number * HOUR / 4 for number in quarters]
    last = max(arrivals, default=MONDAY)
    counted = Counter(arrivals)

    if find_silence(counted, last, last + hours_after * HOUR) is not None:
        assert find_silence(counted, last, last + (hours_after + hours_more) * HOUR) is not None


@given(st.lists(st.integers(0, LEARNING_WEEKS * 168 * 4), max_size=200))
def test_right_after_a_lead_nothing_is_silent(quarters: list[int]) -> None:
    arrivals = [MONDAY + number * HOUR / 4 for number in quarters]
    last = max(arrivals, default=MONDAY)

    assert find_silence(Counter(arrivals), last, last) is None
