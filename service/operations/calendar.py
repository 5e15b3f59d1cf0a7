"""Periods of reports in the operator's calendar."""

from datetime import date, datetime, timedelta, tzinfo

MOMENT = timedelta(microseconds=1)
"""Resolution of an instant."""


def day_of(at: datetime, zone: tzinfo) -> date:
    """Return the day in the operator's calendar; clamped where a zone moves it beyond the calendar's ends."""
    try:
        return at.astimezone(zone).date()
    except OverflowError:
        return at.date()


def previous_period(since: datetime, until: datetime, zone: tzinfo) -> tuple[datetime, datetime]:
    """Return the preceding period of the same length; whole months or days of the calendar if it consists of them.

    An unfinished month, quarter or year is compared with the same part of the one before. Empty at the ends of the
    calendar.
    """
    try:
        return _period_before(since, until, zone)
    except (OverflowError, ValueError):
        return since, since


def _period_before(since: datetime, until: datetime, zone: tzinfo) -> tuple[datetime, datetime]:
    start, end = since.astimezone(zone), until.astimezone(zone)
    if not _is_midnight(start):
        return since - (until - since), since
    if start.day == 1 and (months := _months_between(start, end)):
        return _moved(start, -months), since
    days = (end.date() - start.date()).days + (not _is_midnight(end))
    if days > 1 and (months := _unit_begun(start, end)):
        earlier = _moved(start, -months)
        return earlier, min(_same_time(earlier, start, end), since)
    earlier = datetime.combine(start.date() - timedelta(days=days), start.time(), zone)
    return earlier, _same_time(earlier, start, end)


def _same_time(earlier: datetime, start: datetime, end: datetime) -> datetime:
    """Return the instant as many days and clock hours after `earlier` as `end` is after `start`."""
    shifted = earlier.replace(tzinfo=None) + (end.replace(tzinfo=None) - start.replace(tzinfo=None))
    return shifted.replace(tzinfo=start.tzinfo)


def _is_midnight(at: datetime) -> bool:
    return (at.hour, at.minute, at.second, at.microsecond) == (0, 0, 0, 0)


def _months_between(start: datetime, end: datetime) -> int:
    """Return the number of whole months; 0 if the end is not the beginning of a month."""
    months = (end.year - start.year) * 12 + end.month - start.month
    return months if end.day == 1 and _is_midnight(end) and months > 0 else 0


def _unit_begun(start: datetime, end: datetime) -> int:
    """Return the months of the smallest calendar unit that begins with the period and contains it; 0 without one."""
    if start.day != 1:
        return 0
    units = (months for months in (1, 3, 12) if (start.month - 1) % months == 0)
    return next((months for months in units if end <= _moved(start, months)), 0)


def _moved(start: datetime, months: int) -> datetime:
    """Return the beginning of the month that many months later."""
    number = start.year * 12 + start.month - 1 + months
    return start.replace(year=number // 12, month=number % 12 + 1)
