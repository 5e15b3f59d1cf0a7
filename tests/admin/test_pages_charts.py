"""The geometry of charts: honest axes, whole numbers, nothing beyond the edges; periods and their texts."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.admin.pages.charts import (
    HEADROOM,
    HEIGHT,
    Axis,
    bar_chart,
    column_chart,
    timeline,
    top_of_counts,
    top_of_durations,
)
from service.admin.pages.labels import share, short_duration
from service.admin.pages.report_page import ReportFilters
from service.store import DateRange

TODAY = date(2026, 11, 24)


@given(st.integers(0, 10**9))
def test_an_axis_of_counts_ends_at_a_whole_number_as_does_its_half(highest: int) -> None:
    top = top_of_counts(highest)

    assert highest <= top <= max(2, 2 * highest)
    assert top == int(top)
    assert top % 2 == 0


@given(st.floats(0, 10**8))
def test_an_axis_of_durations_holds_the_longest(highest: float) -> None:
    assert highest <= top_of_durations(highest) <= max(1, 3 * highest)


@given(st.lists(st.integers(0, 10**6), min_size=1, max_size=400))
def test_columns_stand_on_the_axis_within_the_chart(values: list[int]) -> None:
    names = [str(number) for number in range(len(values))]
    chart = column_chart("", "", values, Axis(names, names, top_of_counts(max(values)), str))

    assert len(chart.columns) == sum(value > 0 for value in values)
    for column in chart.columns:
        assert column.y + column.height == pytest.approx(HEADROOM + HEIGHT, abs=0.2)
        assert column.x + column.width <= 100.1
        assert column.y >= HEADROOM - 0.1


def test_the_axis_begins_at_zero_and_names_its_ends() -> None:
    chart = column_chart("", "", [3, 5, 7], Axis(["a", "b", "c"], ["a", "b", "c"], 8, str), "good")

    assert next((tick.y, tick.text) for tick in chart.ticks) == (HEADROOM + HEIGHT, "0")
    assert [(label.x, label.text) for label in chart.labels] == [(0, "a"), (50, "b"), (100, "c")]


def test_bars_are_as_long_as_what_they_say() -> None:
    assert [bar.width for bar in bar_chart([("a", 8, "8"), ("b", 2, "2"), ("c", 0, "0")]).bars] == [100, 25, 0]


@pytest.mark.parametrize(
    ("filters", "ends"),
    [
        (ReportFilters("7"), ("2026-11-18", "2026-11-24")),
        (ReportFilters("all"), ("2026-01-02", "2026-11-24")),
        (ReportFilters("365"), ("2026-01-02", "2026-11-24")),
        (ReportFilters("7", since="2026-11-01"), ("2026-11-01", "2026-11-24")),
        (ReportFilters("7", until="2026-11-10"), ("2026-11-04", "2026-11-10")),
        (ReportFilters("7", since="2026-11-20", until="2026-11-10"), ("2026-11-10", "2026-11-10")),
        (ReportFilters("7", since="1900-01-01"), ("2016-11-24", "2026-11-24")),
    ],
)
def test_the_days_that_are_asked_for(filters: ReportFilters, ends: tuple[str, str]) -> None:
    days = filters.days(TODAY, "2026-01-02")

    assert (days.first, days.last) == ends


@pytest.mark.parametrize(
    ("first", "unit", "parts"),
    [("2026-08-25", "day", 92), ("2026-08-24", "week", 14), ("2024-11-25", "week", 105), ("2023-11-24", "month", 37)],
)
def test_long_spans_are_shown_in_longer_parts(first: str, unit: str, parts: int) -> None:
    time = timeline(DateRange(first, "2026-11-24"))

    assert (time.unit, len(time.keys)) == (unit, parts)


def test_days_of_one_week_are_one_part() -> None:
    time = timeline(DateRange("2026-01-01", "2026-11-24"))

    sums = time.summed([("2026-11-22", 1), ("2026-11-23", 2), ("2026-11-24", 4)])

    assert sums[-2:] == [1, 6]
    assert time.names[-1] == "week of 23 Nov"


@pytest.mark.parametrize(
    ("part", "total", "expected"),
    [
        (0, 5, "0%"),
        (5, 5, "100%"),
        (1, 3, "33%"),
        (999, 1000, "99.9%"),
        (99_999, 100_000, "99.9%"),
        (1, 20, "5.0%"),
        (1, 5000, "under 0.1%"),
        (0, 0, "0%"),
    ],
)
def test_shares_are_never_rounded_to_all_or_nothing(part: int, total: int, expected: str) -> None:
    assert share(part, total) == expected


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [(0, "0"), (0.84, "0.8 s"), (12, "12 s"), (90, "1.5 min"), (3600, "1 h"), (86_400, "1 day"), (200_000, "2.3 days")],
)
def test_durations_are_written_in_their_own_unit(seconds: float, expected: str) -> None:
    assert short_duration(seconds) == expected


def test_a_week_is_shown_even_on_the_first_day() -> None:
    assert ReportFilters("90").days(TODAY, "2026-11-24").first == "2026-11-18"


def test_a_middle_label_that_would_meet_the_others_is_left_out() -> None:
    names = ["24 Nov 2025", "1 Dec 2025", "8 Dec 2025"]

    assert [label.x for label in column_chart("", "", [1, 1, 1], Axis(names, names, 2, str)).labels] == [0, 100]
