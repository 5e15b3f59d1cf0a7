"""Periods that are chosen by name: today, last month, this quarter; and the period before each, to compare with."""

from collections.abc import Mapping
from datetime import date

from service.store import DateRange

PERIODS: Mapping[str, str] = {
    "today": "Today",
    "yesterday": "Yesterday",
    "7": "Last 7 days",
    "30": "Last 30 days",
    "90": "Last 90 days",
    "this-month": "This month",
    "last-month": "Last month",
    "this-quarter": "This quarter",
    "last-quarter": "Last quarter",
    "this-year": "This year",
    "last-year": "Last year",
    "365": "Last 365 days",
    "all": "All time",
}
"""Period in the address -> its name."""

MAX_DAYS = 3653
"""Days of the longest period: ten years."""

_MONTHS = {"month": 1, "quarter": 3, "year": 12}

Span = tuple[date, date]
"""The first and the last day."""


def span_of(period: str, today: date, first: date) -> Span:
    """The days of a named period, up to today. first: the oldest day with leads, for all time."""
    if period == "all":
        return min(first, today), today
    if period in ("today", "yesterday"):
        day = today if period == "today" else _before(today, 1)
        return day, day
    if period.isdecimal():
        return _before(today, int(period) - 1), today
    which, _, unit = period.partition("-")
    begin = _begin(today, _MONTHS[unit])
    if which == "this":
        return begin, today
    return _back(begin, _MONTHS[unit]), _before(begin, 1)


def previous(period: str, span: Span) -> Span | None:
    """The period to compare with; None for all time.

    A calendar period is compared with the one before: one that is not over yet, with as many of its days.
    """
    first, last = span
    if period == "all" or first == date.min:
        return None
    which, _, unit = period.partition("-")
    if unit not in _MONTHS:
        return _before(first, (last - first).days + 1), _before(first, 1)
    begin, end = _back(first, _MONTHS[unit]), _before(first, 1)
    return (begin, end) if which == "last" else (begin, min(end, begin + (last - first)))


def longest(span: Span) -> Span:
    """The span, cut to the last ten years of it."""
    first, last = span
    return max(first, _before(last, MAX_DAYS - 1)), last


def days_of(span: Span, form: str = "") -> DateRange:
    """The same for the store."""
    return DateRange(span[0].isoformat(), span[1].isoformat(), form)


def _begin(day: date, months: int) -> date:
    """The first day of the month, quarter or year that a day belongs to."""
    return date(day.year, (day.month - 1) // months * months + 1, 1)


def _back(day: date, months: int) -> date:
    """The first day of a month, so many months earlier."""
    year, month = divmod(day.year * 12 + day.month - 1 - months, 12)
    return date(year, month + 1, 1) if year else date.min


def _before(day: date, days: int) -> date:
    return date.fromordinal(max(1, day.toordinal() - days))
