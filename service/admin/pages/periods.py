"""Periods that are chosen by name: today, last month, this quarter; and the period before each, to compare with."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta

from service.i18n import N_, MessageTable, _, date_text
from service.operations.calendar import MOMENT, previous_period
from service.store import DateRange

PERIODS: Mapping[str, str] = MessageTable(
    {
        "today": N_("Today"),
        "yesterday": N_("Yesterday"),
        "7": N_("Last 7 days"),
        "30": N_("Last 30 days"),
        "90": N_("Last 90 days"),
        "this-month": N_("This month"),
        "last-month": N_("Last month"),
        "this-quarter": N_("This quarter"),
        "last-quarter": N_("Last quarter"),
        "this-year": N_("This year"),
        "last-year": N_("Last year"),
        "365": N_("Last 365 days"),
        "all": N_("All time"),
    }
)
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
    which, __, unit = period.partition("-")
    begin = _begin(today, _MONTHS[unit])
    if which == "this":
        return begin, today
    return _back(begin, _MONTHS[unit]), _before(begin, 1)


def previous(period: str, span: Span) -> Span | None:
    """The period to compare with; None for all time.

    A calendar period is compared with the one before: one that is not over yet, with as many of its days. Any other is
    compared as the API does it, which knows the days alone.
    """
    first, last = span
    if period == "all" or first == date.min:
        return None
    which, __, unit = period.partition("-")
    if unit not in _MONTHS:
        ended_at = _midnight(last) + timedelta(days=last < date.max)
        since, until = previous_period(_midnight(first), ended_at, UTC)
        return (since.date(), (until - MOMENT).date()) if since < until else None
    begin, end = _back(first, _MONTHS[unit]), _before(first, 1)
    return (begin, end) if which == "last" else (begin, min(end, begin + (last - first)))


def longest(span: Span) -> Span:
    """The span, cut to the last ten years of it."""
    first, last = span
    return max(first, _before(last, MAX_DAYS - 1)), last


def days_of(span: Span, form: str = "") -> DateRange:
    """Return the span as instants for the store."""
    return DateRange(span[0].isoformat(), span[1].isoformat(), form)


def span_text(first: date, last: date) -> str:
    """A span of days in words: "1 Nov 2026 to 24 Nov 2026"."""
    if first == last:
        return date_text(first)
    return _("%(first)s to %(last)s", first=date_text(first), last=date_text(last))


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)


def _begin(day: date, months: int) -> date:
    """The first day of the month, quarter or year that a day belongs to."""
    return date(day.year, (day.month - 1) // months * months + 1, 1)


def _back(day: date, months: int) -> date:
    """The first day of a month, so many months earlier."""
    year, month = divmod(day.year * 12 + day.month - 1 - months, 12)
    return date(year, month + 1, 1) if year else date.min


def _before(day: date, days: int) -> date:
    return date.fromordinal(max(1, day.toordinal() - days))
