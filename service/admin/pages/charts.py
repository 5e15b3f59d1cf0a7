"""The geometry of charts, their timeline, and the parts of their markup that repeat hundreds of times.

Horizontal measures are percentages, so that a chart fills a phone as well as a desktop while its words keep their
size; vertical measures are pixels. Axes begin at zero.
"""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from markupsafe import Markup, escape

from service.store import DateRange

HEIGHT = 140
"""Pixels from the axis to the top of the highest column."""

HEADROOM = 12
"""Pixels above the highest column, for the label at the top of the axis."""

ROW_HEIGHT = 40
"""Pixels of one bar with its texts."""

COUNT_STEPS, FINE_COUNT_STEPS = (2, 4, 6, 8, 10), (1.2, 1.6, 2, 3, 4, 6, 8, 10)
DURATION_STEPS = (1, 2, 4, 10, 20, 30, 60, 120, 240, 600, 1200, 1800, 3600, 7200, 14400, 28800, 43200, 86400)

MAX_MIDDLE_LABEL = 6
"""Characters of a middle label that does not touch its neighbours: "24 Nov" fits."""

MAX_DAYS_BY_DAY, MAX_DAYS_BY_WEEK = 92, 750
"""Days of the longest period shown by day and by week; longer ones are shown by month."""

Formatter = Callable[[float], str]


@dataclass(frozen=True, slots=True)
class ChartColumn:
    """x and width in percent; y and height in pixels; text: the tooltip."""

    x: float
    width: float
    y: float
    height: float
    text: str


@dataclass(frozen=True, slots=True)
class Tick:
    """A line of the value axis, in pixels from the top, and its label."""

    y: float
    text: str


@dataclass(frozen=True, slots=True)
class AxisLabel:
    """A label below the axis, at x in percent. anchor: start, middle or end, the part of the text at x."""

    x: float
    text: str
    anchor: str


@dataclass(frozen=True, slots=True)
class ColumnChart:
    """One chart of columns. tone: accent, good, busy, warn, bad or calm."""

    title: str
    note: str
    tone: str
    columns: Sequence[ChartColumn]
    ticks: Sequence[Tick]
    labels: Sequence[AxisLabel]
    height: int = HEADROOM + HEIGHT

    @property
    def rectangles(self) -> Markup:
        """The columns as SVG; a template would need several times as long."""
        return Markup("".join(map(_rectangle, self.columns)))  # noqa: S704 (our own numbers and escaped text)


@dataclass(frozen=True, slots=True)
class RankedBar:
    """One bar: its width in percent, its pixels from the top, the texts at its left and right."""

    width: float
    y: int
    text: str
    value: str


@dataclass(frozen=True, slots=True)
class BarChart:
    """Bars below each other."""

    bars: Sequence[RankedBar]
    height: int


@dataclass(frozen=True, slots=True)
class Axis:
    """The axes of a column chart: the columns' names for tooltips, shorter labels, the highest value, its format."""

    names: Sequence[str]
    labels: Sequence[str]
    top: float
    format: Formatter


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


def top_of_counts(highest: float) -> float:
    """A round even number not below `highest`, so that half of it is round as well."""
    if highest <= COUNT_STEPS[0]:
        return COUNT_STEPS[0]
    power = 10.0 ** (math.ceil(math.log10(highest)) - 1)
    steps = COUNT_STEPS if power == 1 else FINE_COUNT_STEPS
    return next(round(step * power) for step in steps if step * power >= highest)


def top_of_durations(highest: float) -> float:
    """Seconds not below `highest`, round on a clock or in days."""
    days = DURATION_STEPS[-1] * top_of_counts(highest / DURATION_STEPS[-1])
    return next((float(step) for step in DURATION_STEPS if step >= highest), days)


def column_chart(title: str, note: str, values: Sequence[float], axis: Axis, tone: str = "accent") -> ColumnChart:
    """One column for each value above zero."""
    step = 100 / max(1, len(values))
    columns = [
        ChartColumn(
            round(number * step + step * 0.1, 3),
            round(step * 0.8, 3),
            round(HEADROOM + HEIGHT * (1 - value / axis.top), 1),
            round(HEIGHT * value / axis.top, 1),
            f"{name}: {axis.format(value)}",
        )
        for number, (name, value) in enumerate(zip(axis.names, values, strict=True))
        if value
    ]
    ticks = [Tick(HEADROOM + HEIGHT * (1 - part), axis.format(axis.top * part)) for part in (0, 0.5, 1)]
    return ColumnChart(title, note, tone, columns, ticks, _axis_labels(axis.labels))


def _axis_labels(labels: Sequence[str]) -> list[AxisLabel]:
    """The first and the last label, and the middle one where there is room for it."""
    if len(labels) <= 1:
        return [AxisLabel(50, label, "middle") for label in labels]
    middle = labels[len(labels) // 2]
    has_room = len(labels) % 2 and len(middle) <= MAX_MIDDLE_LABEL
    centre = [AxisLabel(50, middle, "middle")] if has_room else []
    return [AxisLabel(0, labels[0], "start"), *centre, AxisLabel(100, labels[-1], "end")]


def bar_chart(rows: Sequence[tuple[str, float, str]]) -> BarChart:
    """A bar for each text, value and value as text; the longest fills the width."""
    longest = max((value for _, value, _ in rows), default=0) or 1
    bars = [
        RankedBar(round(100 * value / longest, 2), number * ROW_HEIGHT, text, label)
        for number, (text, value, label) in enumerate(rows)
    ]
    return BarChart(bars, ROW_HEIGHT * len(bars))


def _rectangle(column: ChartColumn) -> str:
    position = f'x="{column.x}%" y="{column.y}" width="{column.width}%" height="{column.height}"'
    return f"<rect {position}><title>{escape(column.text)}</title></rect>"


def table_rows(rows: Sequence[Sequence[str | int]]) -> Markup:
    """Rows of a table as HTML; the first cell is the row's header."""
    return Markup("\n".join(map(_table_row, rows)))  # noqa: S704 (every cell is escaped)


def _table_row(cells: Sequence[str | int]) -> str:
    first, *rest = (f"{cell:,}" if isinstance(cell, int) else escape(cell) for cell in cells)
    return f'<tr><th scope="row">{first}</th>' + "".join(f"<td>{cell}</td>" for cell in rest) + "</tr>"
