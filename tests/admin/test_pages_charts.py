"""The geometry of charts: honest axes, whole numbers, nothing beyond the edges; periods and their texts."""

from datetime import date, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.admin.pages.charts import HEADROOM, HEIGHT, Axis, column_chart, top_of_counts, top_of_durations
from service.admin.pages.labels import share, short_duration
from service.admin.pages.numbers import compared, money, percent_change, short_number
from service.admin.pages.periods import PERIODS, previous, span_of
from service.admin.pages.reports.filters import ReportFilters, read_filters
from service.admin.pages.timeline import Timeline, timeline
from service.store import DateRange
from tests.tables import each_row

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


def days(number: int, last: str = "2026-11-24") -> Timeline:
    """So many days, one by one."""
    return timeline(DateRange((date.fromisoformat(last) - timedelta(days=number - 1)).isoformat(), last), "day")


@given(st.lists(st.integers(0, 10**6), min_size=1, max_size=60))
def test_columns_stand_on_the_axis_within_the_chart(values: list[int]) -> None:
    chart = column_chart("", "", values, Axis(days(len(values)), top_of_counts(max(values)), str))

    assert len(chart.columns) == sum(value > 0 for value in values)
    for column in chart.columns:
        assert column.y + column.height == pytest.approx(HEADROOM + HEIGHT, abs=0.2)
        assert column.x + column.width <= 100.1
        assert column.y >= HEADROOM - 0.1


def test_the_axis_begins_at_zero_and_names_its_unit() -> None:
    chart = column_chart("", "", [3, 5, 7], Axis(days(3), 8, str, "Leads"), "good")

    assert next((tick.y, tick.text) for tick in chart.ticks) == (HEADROOM + HEIGHT, "0")
    assert chart.unit == "Leads"
    assert [label.text for label in chart.labels] == ["22 Nov", "23 Nov", "24 Nov"]


def test_a_line_over_the_columns_has_a_gap_where_the_other_period_has_no_day() -> None:
    chart = column_chart("", "", [1, 1, 1, 1], Axis(days(4), 2, str), line=[2, 0, None, 2])

    assert f'<path d="M0.5 {HEADROOM}L1.5 {HEADROOM + HEIGHT}"/>' in chart.shapes
    assert 'viewBox="0 0 4 164"' in chart.shapes


@given(st.integers(1, 4000), st.dates(date(2011, 1, 1), date(2030, 1, 1)))
def test_labels_never_touch_however_narrow_the_chart(number: int, last: date) -> None:
    time = timeline(DateRange((last - timedelta(days=number - 1)).isoformat(), last.isoformat()))
    chart = column_chart("", "", [0] * len(time.keys), Axis(time, 2, str))

    for width, shown in ((196, [each for each in chart.labels if not each.is_extra]), (524, chart.labels)):
        edges = [ends(label.x / 100 * width, label.text, label.anchor) for label in shown]
        assert shown
        assert all(left[1] < right[0] for left, right in pairwise(edges)), (time.unit, edges)


def ends(x: float, text: str, anchor: str) -> tuple[float, float]:
    """Where a label of 7 pixels a character begins and ends."""
    width = 7 * len(text)
    return (x - width, x) if anchor == "end" else (x - width / 2, x + width / 2)


def test_saturdays_and_sundays_are_marked() -> None:
    time = days(9)

    assert [time.names[place] for place in time.weekends] == ["Sat 21 Nov", "Sun 22 Nov"]
    assert column_chart("", "", [0] * 9, Axis(time, 2, str)).weekends == [(5, 2)]


# -- periods


@each_row(
    ("period", "ends", "before"),
    [
        ("today", "2026-11-24 2026-11-24", "2026-11-23 2026-11-23"),
        ("yesterday", "2026-11-23 2026-11-23", "2026-11-22 2026-11-22"),
        ("7", "2026-11-18 2026-11-24", "2026-11-11 2026-11-17"),
        ("this-month", "2026-11-01 2026-11-24", "2026-10-01 2026-10-24"),
        ("last-month", "2026-10-01 2026-10-31", "2026-09-01 2026-09-30"),
        ("this-quarter", "2026-10-01 2026-11-24", "2026-07-01 2026-08-24"),
        ("last-quarter", "2026-07-01 2026-09-30", "2026-04-01 2026-06-30"),
        ("this-year", "2026-01-01 2026-11-24", "2025-01-01 2025-11-24"),
        ("last-year", "2025-01-01 2025-12-31", "2024-01-01 2024-12-31"),
        ("all", "2026-01-02 2026-11-24", ""),
    ],
)
def test_a_named_period_and_what_it_is_compared_with(period: str, ends: str, before: str) -> None:
    span = span_of(period, TODAY, date(2026, 1, 2))
    former = previous(period, span)

    assert " ".join(map(str, span)) == ends
    assert " ".join(map(str, former or ())) == before


def test_a_month_that_is_longer_than_the_one_before_is_compared_with_all_of_it() -> None:
    span = span_of("this-month", date(2026, 3, 31), TODAY)

    assert previous("this-month", span) == (date(2026, 2, 1), date(2026, 2, 28))


@each_row("period", PERIODS)
@each_row("today", [date.min, date(1, 12, 31), date.max])
def test_every_period_is_there_at_the_ends_of_the_calendar(period: str, today: date) -> None:
    first, last = span_of(period, today, today)
    before = previous(period, (first, last))

    assert first <= last
    assert before is None or before[0] <= before[1]


@each_row(
    ("filters", "ends"),
    [
        (ReportFilters("7"), ("2026-11-18", "2026-11-24")),
        (ReportFilters("all"), ("2026-01-02", "2026-11-24")),
        (ReportFilters(since="2026-11-01"), ("2026-11-01", "2026-11-24")),
        (ReportFilters(until="2026-11-10"), ("2026-10-12", "2026-11-10")),
        (ReportFilters(since="2026-11-20", until="2026-11-10"), ("2026-11-10", "2026-11-10")),
        (ReportFilters(since="1900-01-01"), ("2016-11-24", "2026-11-24")),
    ],
)
def test_the_days_that_are_asked_for(filters: ReportFilters, ends: tuple[str, str]) -> None:
    first, last = filters.span(TODAY, "2026-01-02")

    assert (first.isoformat(), last.isoformat()) == ends


@pytest.mark.parametrize(
    ("since", "until", "before"),
    [
        ("2026-11-03", "2026-11-12", (date(2026, 10, 24), date(2026, 11, 2))),
        ("2026-11-01", "2026-11-10", (date(2026, 10, 1), date(2026, 10, 10))),
        ("2026-11-01", "2026-11-01", (date(2026, 10, 31), date(2026, 10, 31))),
    ],
    ids=["days", "month so far", "first day"],
)
def test_dates_are_compared_as_the_api_does_it(since: str, until: str, before: tuple[date, date]) -> None:
    filters = read_filters({"from": since, "to": until, "period": "30"})

    assert filters.previous_span(filters.span(TODAY, "")) == before


def test_another_period_that_is_chosen_replaces_the_dates() -> None:
    shown = {"from": "2026-11-01", "to": "2026-11-10", "was": "dates"}

    assert read_filters({**shown, "period": "dates"}).since == "2026-11-01"
    assert read_filters({**shown, "period": "last-month"}) == ReportFilters("last-month")


def test_an_address_has_only_what_differs_from_the_usual() -> None:
    filters = ReportFilters("last-month", by="campaign", sort="won", is_compared=False, includes_left_out=True)

    assert ReportFilters().query == ""
    assert filters.query == "period=last-month&by=campaign&compare=no&left_out=1&sort=won"
    assert read_filters(filters.values) == filters


@pytest.mark.parametrize(
    ("first", "unit", "parts"),
    [("2026-10-11", "day", 45), ("2026-10-10", "week", 8), ("2026-05-19", "week", 28), ("2026-05-18", "month", 7)],
)
def test_long_spans_are_shown_in_longer_parts(first: str, unit: str, parts: int) -> None:
    time = timeline(DateRange(first, "2026-11-24"))

    assert (time.unit, len(time.keys)) == (unit, parts)


def test_days_of_one_week_are_one_part_and_a_cut_week_says_so() -> None:
    time = timeline(DateRange("2026-08-01", "2026-11-24"))

    sums = time.summed([("2026-11-22", 1), ("2026-11-23", 2), ("2026-11-24", 4)])

    assert sums[-2:] == [1, 6]
    assert time.names[-2:] == ["week of 16 Nov 2026", "week of 23 Nov 2026 (2 of 7 days)"]


@each_row(
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


@each_row(
    ("seconds", "expected"),
    [(0, "0"), (0.84, "0.8 s"), (12, "12 s"), (90, "1.5 min"), (3600, "1 h"), (86_400, "1 day"), (200_000, "2.3 days")],
)
def test_durations_are_written_in_their_own_unit(seconds: float, expected: str) -> None:
    assert short_duration(seconds) == expected


@each_row(
    ("now", "before", "in_table", "in_words"),
    [
        (120, 100, "+20%", "20% more than in the period before (100)."),
        (95, 100, "−5.0%", "5.0% fewer than in the period before (100)."),
        (7, 7, "0%", "The same as in the period before."),
        (999, 100, "+899%", "899% more than in the period before (100)."),
        (3767, 16, "×235", "235 times as many as in the period before (16)."),
        (7, 0, "new", "None in the period before."),
        (0, 0, "–", "The same as in the period before."),
    ],
)
def test_a_change_is_written_with_its_direction(now: int, before: int, in_table: str, in_words: str) -> None:
    assert percent_change(now, before) == in_table
    assert compared(now, before) == in_words


@pytest.mark.parametrize(
    ("amount", "currency", "expected"),
    [(12_300.4, "GBP", "£12,300"), (17.5, "EUR", "€17.50"), (1200, "CHF", "CHF\xa01,200"), (5, "", "5")],
)
def test_an_amount_has_its_currency(amount: float, currency: str, expected: str) -> None:
    assert money(amount, currency) == expected


@pytest.mark.parametrize(("value", "expected"), [(0, "0"), (99_999, "99,999"), (120_000, "120k"), (1_200_000, "1.2m")])
def test_large_numbers_are_short_on_an_axis(value: int, expected: str) -> None:
    assert short_number(value) == expected
