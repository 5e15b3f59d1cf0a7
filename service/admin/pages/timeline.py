"""The parts of a period: days, weeks or months, their names, and which of them are labelled."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from service.admin.pages.periods import span_text
from service.i18n import MONTH, SHORT_DAY, SHORT_MONTH, WEEKDAY, YEAR_DAY, _, date_text
from service.store import DateRange

MAX_DAYS_BY_DAY, MAX_DAYS_BY_WEEK = 45, 190
"""Days of the longest period shown by day and by week: a month, half a year. Longer ones are shown by month."""

MAX_MARKS = 8
"""Labels below the axis of a wide chart."""

MAX_SHORT_LABEL = 8
"""Characters of a label of which a narrow chart has room for three: "Nov 2026" fits."""

FRIDAY = 4


@dataclass(frozen=True, slots=True)
class Timeline:
    """The parts of a period.

    unit: day, week or month. names: of the parts, in full; labels: the same, shorter; keys: the first day of each.
    places: day -> index of its part. span: the whole period as people write it. weekends: indexes of Saturdays and
    Sundays. marks: indexes of parts that are labelled, and whether only a wide chart has room for it.
    """

    unit: str
    names: Sequence[str]
    labels: Sequence[str]
    keys: Sequence[str]
    places: Mapping[str, int]
    days: int
    span: str
    weekends: Sequence[int]
    marks: Sequence[tuple[int, bool]]

    def summed(self, numbers: Iterable[tuple[str, int]]) -> list[int]:
        """Numbers by day, summed by part."""
        sums = [0] * len(self.keys)
        for day, number in numbers:
            sums[self.places[day]] += number
        return sums


def timeline(days: DateRange, unit: str = "") -> Timeline:
    """The parts in which a period is shown. unit: "" for the one that suits its length."""
    begin, end = date.fromisoformat(days.first), date.fromisoformat(days.last)
    number = (end - begin).days + 1
    unit = unit or ("day" if number <= MAX_DAYS_BY_DAY else "week" if number <= MAX_DAYS_BY_WEEK else "month")
    lengths: dict[str, int] = {}
    places: dict[str, int] = {}
    for day in (begin + timedelta(days=offset) for offset in range(number)):
        key = _part_of(day, unit)
        lengths[key] = lengths.get(key, 0) + 1
        places[day.isoformat()] = len(lengths) - 1
    keys = list(lengths)
    labels = _labels(keys, unit)
    weekends = [place for day, place in places.items() if date.fromisoformat(day).weekday() > FRIDAY]
    return Timeline(
        unit,
        [_name(key, unit, length) for key, length in lengths.items()],
        labels,
        keys,
        places,
        number,
        span_text(begin, end),
        weekends if unit == "day" else (),
        _marks(keys, unit, max(map(len, labels))),
    )


def _part_of(day: date, unit: str) -> str:
    """The first day of the part that a day belongs to."""
    if unit == "week":
        day -= timedelta(days=min(day.weekday(), day.toordinal() - 1))
    return (day.replace(day=1) if unit == "month" else day).isoformat()


def _labels(keys: Sequence[str], unit: str) -> list[str]:
    """Short names; days have the year only where there are several."""
    style = SHORT_MONTH if unit == "month" else SHORT_DAY if keys[0][:4] == keys[-1][:4] else YEAR_DAY
    return [date_text(date.fromisoformat(key), style) for key in keys]


def _name(key: str, unit: str, days: int) -> str:
    """The name of a part; one that the period holds only in part says so."""
    day = date.fromisoformat(key)
    if unit == "day":
        return date_text(day, WEEKDAY)
    whole = 7 if unit == "week" else ((day.replace(day=28) + timedelta(days=4)).replace(day=1) - day).days
    name = _("week of %(day)s", day=date_text(day)) if unit == "week" else date_text(day, MONTH)
    return name if days == whole else _("%(name)s (%(days)s of %(whole)s days)", name=name, days=days, whole=whole)


def _marks(keys: Sequence[str], unit: str, width: int) -> list[tuple[int, bool]]:
    """Evenly spread parts: Mondays, or months from January on; on a narrow chart every second or third of them.

    width: characters of the longest label.
    """
    most = MAX_MARKS if width <= MAX_SHORT_LABEL else MAX_MARKS // 2 + 1
    places = list(range(len(keys)))
    mondays = [place for place in places if date.fromisoformat(keys[place]).weekday() == 0]
    if unit == "day" and len(keys) > most:
        places = mondays
    every = _step(len(places), most, unit)
    offset = 0
    if unit == "month":
        offset = next((place for place in places if int(keys[place][5:7]) % min(every, 12) == 1 % every), 0)
    marked = places[offset::every]
    narrow = -(-len(marked) // (3 if width <= MAX_SHORT_LABEL else 2))
    return [(place, number % narrow > 0) for number, place in enumerate(marked)]


def _step(number: int, most: int, unit: str) -> int:
    steps = (1, 2, 3, 6, 12, 24, 36, 60, 120) if unit == "month" else (1, 2, 3, 4, 5, 6, 8, 10, 13, 26, 52, 104, 520)
    return next((step for step in steps if number <= step * most), max(1, number))
