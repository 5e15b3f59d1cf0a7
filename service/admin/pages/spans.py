"""Which days a picture is of, and how they are put together: by day, by week, by month."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from urllib.parse import urlencode

from service.store import DateRange

PERIODS = {"7": "7 days", "30": "30 days", "90": "90 days", "365": "A year", "all": "Everything"}
USUAL = "30"

LONGEST = 3653
"""Days that are shown at most: ten years."""

SHORTEST = 6
"""So many days before the last one are shown, even if the first lead came later."""

DAILY, WEEKLY = 92, 750
"""So many days are shown day by day, and so many week by week; more by month."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What stands in the address; from and to are days, "" where the period says it."""

    period: str = USUAL
    form: str = ""
    since: str = ""
    until: str = ""

    @property
    def address(self) -> str:
        """The query of the address that asks for the same."""
        named = {"period": self.period, "form": self.form, "from": self.since, "to": self.until}
        return urlencode({name: value for name, value in named.items() if value})

    def span(self, today: date, first: str) -> DateRange:
        """The days. first: the oldest with leads, "" where there are none."""
        last = self.until or today.isoformat()
        begin = min(last, self.since or self._begin(date.fromisoformat(last), first))
        earliest = date.fromordinal(max(1, date.fromisoformat(last).toordinal() - LONGEST + 1))
        return DateRange(max(begin, earliest.isoformat()), last, self.form)

    def _begin(self, last: date, first: str) -> str:
        if self.period == "all":
            return first or last.isoformat()
        days = min(int(self.period), last.toordinal()) - 1
        earliest = min(first or last.isoformat(), _back(last, SHORTEST))  # before that, there is nothing to see
        return max(_back(last, days), earliest)


@dataclass(frozen=True, slots=True)
class Time:
    """The parts of a span.

    unit: day, week or month. names: what the parts are called; labels: the same for the axis; keys: the days they
    begin with. places: day -> the number of its part.
    """

    unit: str
    names: Sequence[str]
    labels: Sequence[str]
    keys: Sequence[str]
    places: Mapping[str, int]
    days: int
    first: str  # the first and the last day, as people write them
    last: str

    def folded(self, numbers: Iterable[tuple[str, int]]) -> list[int]:
        """Numbers of days, summed by part."""
        sums = [0] * len(self.keys)
        for day, number in numbers:
            sums[self.places[day]] += number
        return sums


def _back(day: date, days: int) -> str:
    return date.fromordinal(max(1, day.toordinal() - days)).isoformat()


def read(values: Mapping[str, str]) -> Asked:
    """What an address asks for; what makes no sense asks for nothing."""
    period = values.get("period", "")
    return Asked(
        period if period in PERIODS else USUAL,
        values.get("form", "").strip()[:200],
        _day(values.get("from", "")),
        _day(values.get("to", "")),
    )


def _day(text: str) -> str:
    try:
        return date.fromisoformat(text.strip()).isoformat()
    except ValueError:
        return ""


def parts(span: DateRange) -> Time:
    """How a span is shown."""
    begin, end = date.fromisoformat(span.first), date.fromisoformat(span.last)
    days = (end - begin).days + 1
    unit = "day" if days <= DAILY else "week" if days <= WEEKLY else "month"
    each = [begin + timedelta(days=number) for number in range(days)]
    numbers: dict[str, int] = {}
    places = {day.isoformat(): numbers.setdefault(_key(day, unit), len(numbers)) for day in each}
    labels = [_label(key, unit, begin, end) for key in numbers]
    names = [f"week of {label}" for label in labels] if unit == "week" else labels
    return Time(unit, names, labels, list(numbers), places, days, _written(begin), _written(end))


def _key(day: date, unit: str) -> str:
    """The day with which the part begins that a day belongs to."""
    if unit == "week":
        day -= timedelta(days=min(day.weekday(), day.toordinal() - 1))
    return (day.replace(day=1) if unit == "month" else day).isoformat()


def _written(day: date) -> str:
    return day.strftime("%-d %b %Y")


def _label(key: str, unit: str, begin: date, end: date) -> str:
    day = date.fromisoformat(key)
    if unit == "month":
        return day.strftime("%b %Y")
    written = "%-d %b" if begin.year == end.year else "%-d %b %Y"
    return day.strftime(written)
