"""When people answer leads: hours of the week, holidays and days off, read from the forms file; working time.

All arithmetic is done on instants in UTC, so that a working day is an hour shorter or longer if the clocks change in
the middle of it, and unaffected if they change at night.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

from marshmallow import ValidationError

from service.forms.values import name_kind, read_email, read_list, read_name, read_table

WEEKDAYS = ("Mo", "Tu", "We", "Th", "Fr", "Sa", "Su")

DAY_MINUTES = 24 * 60

MAX_SEARCH_DAYS = 3 * 366
"""Days after which the search for working time ends, however many of them are holidays."""

_EXAMPLE = 'write it such as "Mo-Fr 09:00-18:00; Sa 10:00-14:00"'
_WEEKDAY = re.compile(rf"({'|'.join(WEEKDAYS)})(?:-({'|'.join(WEEKDAYS)}))?", re.IGNORECASE)
_TIMES = re.compile(r"([01]?[0-9]|2[0-4])[:.]([0-5][0-9])\s*-\s*([01]?[0-9]|2[0-4])[:.]([0-5][0-9])")

Minutes = tuple[int, int]
"""A part of a day: from and until, in minutes since midnight, local time."""


@dataclass(frozen=True, slots=True)
class DaySet:
    """Days of the calendar. weekdays: 0 is Monday; yearly: (month, day); spans: first and last day."""

    weekdays: frozenset[int] = frozenset()
    yearly: frozenset[tuple[int, int]] = frozenset()
    spans: tuple[tuple[date, date], ...] = ()

    def __contains__(self, day: date) -> bool:
        return (
            day.weekday() in self.weekdays
            or (day.month, day.day) in self.yearly
            or any(first <= day <= last for first, last in self.spans)
        )


NO_DAYS = DaySet()


@dataclass(frozen=True, slots=True)
class WorkingHours:
    """The hours in which leads are answered. week: the parts of each day from Monday on; empty: around the clock.

    zone: None: the operator's, which `in_zone` fills in.
    """

    week: tuple[tuple[Minutes, ...], ...] = ()
    holidays: DaySet = NO_DAYS
    zone: tzinfo | None = None

    def in_zone(self, zone: tzinfo) -> "WorkingHours":
        """Return the hours with a zone, unless they have one of their own."""
        return self if self.zone is not None else WorkingHours(self.week, self.holidays, zone)

    def after(self, start: datetime, seconds: float) -> datetime:
        """Return the instant at which this much working time has passed since `start`, in UTC.

        If there is no working time within MAX_SEARCH_DAYS, every hour counts.
        """
        rest = timedelta(seconds=seconds)
        for opens, closes in self._periods(start):
            if opens + rest <= closes:
                return opens + rest
            rest -= closes - opens
        return start.astimezone(UTC) + timedelta(seconds=seconds)

    def seconds_between(self, start: datetime, end: datetime) -> float:
        """Return the working time between two instants, in seconds; 0 if `end` is not after `start`."""
        worked = timedelta(0)
        for opens, closes in self._periods(start):
            if opens >= end:
                break
            worked += min(closes, end) - opens
        return worked.total_seconds()

    def _periods(self, start: datetime) -> Iterator[tuple[datetime, datetime]]:
        """Yield the working periods from an instant on, in UTC."""
        start = start.astimezone(UTC)
        if not self.week and self.holidays == NO_DAYS:
            yield start, datetime.max.replace(tzinfo=UTC)
            return
        zone = self.zone or UTC
        first = start.astimezone(zone).date()
        for number in range(MAX_SEARCH_DAYS):
            day = first + timedelta(days=number)
            if day in self.holidays:
                continue
            for since, until in self.week[day.weekday()] if self.week else ((0, DAY_MINUTES),):
                opens, closes = max(_instant(day, since, zone), start), _instant(day, until, zone)
                if opens < closes:
                    yield opens, closes


def _instant(day: date, minutes: int, zone: tzinfo) -> datetime:
    """Return the instant of a local time; a time that the clocks skip is moved on by the skipped hour."""
    if minutes == DAY_MINUTES:
        day, minutes = day + timedelta(days=1), 0
    return datetime.combine(day, time(minutes // 60, minutes % 60), zone).astimezone(UTC)


@dataclass(frozen=True, slots=True)
class AnswerRule:
    """How soon a lead must be answered, and who is notified if it is not. Working time; None: not required."""

    within_s: float | None = None
    escalate_after_s: float | None = None
    escalate_to: tuple[str, ...] = field(default=(), repr=False)
    hours: WorkingHours = WorkingHours()


# -- reading


def read_hours(value: Any) -> tuple[tuple[Minutes, ...], ...]:
    """Read opening hours, the parts of each day from Monday on; "" and "24/7" mean around the clock."""
    text = name_or_empty(value)
    if text in ("", "24/7"):
        return ()
    week: list[tuple[Minutes, ...]] = [()] * 7
    for part in filter(None, (part.strip() for part in text.split(";"))):
        days, parts = _read_rule(part)
        for day in days:
            if week[day]:
                raise ValidationError(f"{WEEKDAYS[day]} is named twice: {_EXAMPLE}")
            week[day] = parts
    return tuple(week)


def name_or_empty(value: Any) -> str:
    """Read text; "" overrides a value of [defaults]."""
    return "" if value == "" else read_name(value)


def _read_rule(text: str) -> tuple[frozenset[int], tuple[Minutes, ...]]:
    """Read `Mo-Fr 09:00-12:00,13:00-18:00`."""
    named, _, times = text.partition(" ")
    days = frozenset(day for part in named.split(",") for day in _read_weekdays(part))
    parts = sorted(_read_times(part.strip()) for part in times.split(","))
    if any(until > since for (_, until), (since, _) in pairwise(parts)):
        raise ValidationError(f"{times.strip()!r} overlap: {_EXAMPLE}")
    return days, tuple(parts)


def _read_weekdays(text: str) -> frozenset[int]:
    match = _WEEKDAY.fullmatch(text.strip())
    if match is None:
        raise ValidationError(f"{text!r} is not a day of the week, which is one of {', '.join(WEEKDAYS)}: {_EXAMPLE}")
    first = WEEKDAYS.index(match[1].title())
    last = WEEKDAYS.index((match[2] or match[1]).title())
    return frozenset(number % 7 for number in range(first, last + 1 if last >= first else last + 8))


def _read_times(text: str) -> Minutes:
    match = _TIMES.fullmatch(text)
    since, until = (int(match[1]) * 60 + int(match[2]), int(match[3]) * 60 + int(match[4])) if match else (0, 0)
    if not since < until <= DAY_MINUTES:
        raise ValidationError(
            f"{text!r} is not a part of a day: {_EXAMPLE}; hours past midnight are two parts, of two days"
        )
    return since, until


def read_days(value: Any) -> DaySet:
    """Read a list of days: dates, spans of dates, days of every year, days of the week."""
    days = read_list(value, each=_read_day)
    return DaySet(
        frozenset(day for each in days for day in each.weekdays),
        frozenset(day for each in days for day in each.yearly),
        tuple(span for each in days for span in each.spans),
    )


def _read_day(value: Any) -> DaySet:
    if isinstance(value, datetime) or not isinstance(value, date | str):
        raise ValidationError(f"must be a day, not {name_kind(value)}: write one such as 2026-12-25")
    text = value.isoformat() if isinstance(value, date) else read_name(value)
    if _WEEKDAY.fullmatch(text):
        return DaySet(weekdays=_read_weekdays(text))
    try:
        if re.fullmatch(r"[0-9]{2}-[0-9]{2}", text):
            every_year = date.fromisoformat(f"2000-{text}")  # a leap year, so that 29 February is a day
            return DaySet(yearly=frozenset({(every_year.month, every_year.day)}))
        first, _, last = text.partition("/")
        span = date.fromisoformat(first.strip()), date.fromisoformat((last or first).strip())
    except ValueError:
        span = date.max, date.min
    if span[0] > span[1]:
        raise ValidationError(
            f"{text!r} is not a day: write 2026-12-25, 12-25 for every year, 2026-12-24/2027-01-01, or Fr"
        )
    return DaySet(spans=(span,))


def read_days_off(value: Any) -> Mapping[str, DaySet]:
    """Read the days off of each person, by e-mail address."""
    days = read_table(value, each=read_days, key=read_email)
    return {read_email(address): each for address, each in days.items()}


def read_zone(value: Any) -> tzinfo:
    """Read the IANA name of a time zone."""
    name = read_name(value)
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):  # unknown, malformed, or a folder of zones
        raise ValidationError(f"{value!r} is not a time zone: write one such as 'Europe/London'") from None
