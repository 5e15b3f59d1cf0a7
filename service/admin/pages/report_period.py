"""The period of a report, and its timeline: day by day, week by week or month by month."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from urllib.parse import urlencode

from service.store import DateRange

PERIODS = {"7": "7 days", "30": "30 days", "90": "90 days", "365": "One year", "all": "All time"}
DEFAULT_PERIOD = "30"

MAX_DAYS = 3653
"""Days of the longest period: ten years."""

MIN_DAYS_BEFORE = 6
"""Days shown before the last one, even if the first lead is younger."""

MAX_DAYS_BY_DAY, MAX_DAYS_BY_WEEK = 92, 750
"""Days of the longest period shown by day and by week; longer ones are shown by month."""


@dataclass(frozen=True, slots=True)
class ReportFilters:
    """The filters in the address. since, until: ISO days, "" where the period decides."""

    period: str = DEFAULT_PERIOD
    form: str = ""
    since: str = ""
    until: str = ""

    @property
    def query(self) -> str:
        """The query of an address with these filters."""
        named = {"period": self.period, "form": self.form, "from": self.since, "to": self.until}
        return urlencode({name: value for name, value in named.items() if value})

    def days(self, today: date, first: str) -> DateRange:
        """The days to show. first: the oldest day with leads, "" if there is none."""
        last = self.until or today.isoformat()
        begin = min(last, self.since or self._begin(date.fromisoformat(last), first))
        earliest = date.fromordinal(max(1, date.fromisoformat(last).toordinal() - MAX_DAYS + 1))
        return DateRange(max(begin, earliest.isoformat()), last, self.form)

    def _begin(self, last: date, first: str) -> str:
        if self.period == "all":
            return first or last.isoformat()
        days = min(int(self.period), last.toordinal()) - 1
        earliest = min(first or last.isoformat(), _days_before(last, MIN_DAYS_BEFORE))  # nothing to see before
        return max(_days_before(last, days), earliest)


@dataclass(frozen=True, slots=True)
class Timeline:
    """The parts of a period.

    unit: day, week or month. names: of the parts, in full; labels: the same, shorter; keys: the first day of each.
    places: day -> index of its part. first, last: the ends of the period as people write them.
    """

    unit: str
    names: Sequence[str]
    labels: Sequence[str]
    keys: Sequence[str]
    places: Mapping[str, int]
    days: int
    first: str
    last: str

    def summed(self, numbers: Iterable[tuple[str, int]]) -> list[int]:
        """Numbers by day, summed by part."""
        sums = [0] * len(self.keys)
        for day, number in numbers:
            sums[self.places[day]] += number
        return sums


def read_filters(values: Mapping[str, str]) -> ReportFilters:
    """The filters of an address; invalid values are ignored."""
    period = values.get("period", "")
    return ReportFilters(
        period if period in PERIODS else DEFAULT_PERIOD,
        values.get("form", "").strip()[:200],
        _iso_day(values.get("from", "")),
        _iso_day(values.get("to", "")),
    )


def _iso_day(text: str) -> str:
    try:
        return date.fromisoformat(text.strip()).isoformat()
    except ValueError:
        return ""


def _days_before(day: date, days: int) -> str:
    return date.fromordinal(max(1, day.toordinal() - days)).isoformat()


def timeline(days: DateRange) -> Timeline:
    """The parts in which a period is shown."""
    begin, end = date.fromisoformat(days.first), date.fromisoformat(days.last)
    number = (end - begin).days + 1
    unit = "day" if number <= MAX_DAYS_BY_DAY else "week" if number <= MAX_DAYS_BY_WEEK else "month"
    indexes: dict[str, int] = {}
    places = {
        day.isoformat(): indexes.setdefault(_part_of(day, unit), len(indexes))
        for day in (begin + timedelta(days=offset) for offset in range(number))
    }
    style = "%b %Y" if unit == "month" else "%-d %b" if begin.year == end.year else "%-d %b %Y"
    labels = [date.fromisoformat(key).strftime(style) for key in indexes]
    names = [f"week of {label}" for label in labels] if unit == "week" else labels
    first, last = (day.strftime("%-d %b %Y") for day in (begin, end))
    return Timeline(unit, names, labels, list(indexes), places, number, first, last)


def _part_of(day: date, unit: str) -> str:
    """The first day of the part that a day belongs to."""
    if unit == "week":
        day -= timedelta(days=min(day.weekday(), day.toordinal() - 1))
    return (day.replace(day=1) if unit == "month" else day).isoformat()
