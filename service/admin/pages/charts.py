"""The geometry of charts and the parts of their markup that repeat hundreds of times.

Horizontal measures are percentages, so that a chart fills a phone as well as a desktop while its words keep their
size; vertical measures are pixels. Axes begin at zero, and a bar is as long as its share of the whole.
"""

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from markupsafe import Markup, escape

from service.admin.pages.timeline import Timeline

HEIGHT = 140
"""Pixels from the axis to the top of the highest column."""

HEADROOM = 24
"""Pixels above the highest column, for the unit of the axis and its highest label."""

COUNT_STEPS, FINE_COUNT_STEPS = (2, 4, 6, 8, 10), (1.2, 1.6, 2, 3, 4, 6, 8, 10)
DURATION_STEPS = (1, 2, 4, 10, 20, 30, 60, 120, 240, 600, 1200, 1800, 3600, 7200, 14400, 28800, 43200, 86400)

LAST_CENTRED = 92
"""Percent from which a label below the axis ends at the edge of the chart, so that it is not cut off."""

NARROW, WIDE = 196, 524
"""Pixels of the narrowest chart, on a phone of 320, and of the narrowest that shows all labels."""

LETTER_WIDTH = 7
"""Pixels of a character of a label."""

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
    """A label below the axis, at x in percent; tick: the place that it names.

    anchor: middle or end, the part of the text at x. is_extra: left out where the chart is narrow.
    """

    x: float
    tick: float
    text: str
    anchor: str
    is_extra: bool = False


@dataclass(frozen=True, slots=True)
class Segment:
    """A straight piece of a line: x in percent, y in pixels."""

    x1: float
    y1: float
    x2: float
    y2: float


@dataclass(frozen=True, slots=True)
class ColumnChart:
    """One chart of columns, with a line over them where it compares. tone: accent, good, busy, warn, bad or calm.

    unit: of the value axis, "" where its labels have one. weekends: x and width of shaded days, in percent.
    """

    title: str
    note: str
    tone: str
    unit: str
    columns: Sequence[ChartColumn]
    ticks: Sequence[Tick]
    labels: Sequence[AxisLabel]
    weekends: Sequence[tuple[float, float]] = ()
    line: Sequence[Segment] = ()
    height: int = HEADROOM + HEIGHT

    @property
    def shapes(self) -> Markup:
        """Weekends, columns and line as SVG; a template would need several times as long."""
        bands = (
            f'<rect class="weekend" x="{x}%" y="{HEADROOM}" width="{width}%" height="{HEIGHT}"/>'
            for x, width in self.weekends
        )
        line = (f'<line x1="{one.x1}%" y1="{one.y1}" x2="{one.x2}%" y2="{one.y2}"/>' for one in self.line)
        joined = "".join((*bands, *map(_rectangle, self.columns)))
        drawn_over = f'<g class="over">{"".join(line)}</g>' if self.line else ""
        return Markup(joined + drawn_over)  # noqa: S704 (our own numbers and escaped text)


@dataclass(frozen=True, slots=True)
class Axis:
    """The axes of a column chart: the parts of time; the highest value, the format and unit of values."""

    timeline: Timeline
    top: float
    format: Formatter
    unit: str = ""

    def tooltip(self, place: int, value: float) -> str:
        """The text of one column."""
        return f"{self.timeline.names[place]}: {self.format(value)}"


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


def column_chart(
    title: str,
    note: str,
    values: Sequence[float],
    axis: Axis,
    tone: str = "accent",
    line: Sequence[float | None] = (),
) -> ColumnChart:
    """One column for each value above zero. line: values drawn as a line over them, None where it has a gap."""
    step = 100 / max(1, len(axis.timeline.keys))
    columns = [
        ChartColumn(
            round(place * step + step * 0.1, 3),
            round(step * 0.8, 3),
            _y(value, axis.top),
            round(HEIGHT * value / axis.top, 1),
            axis.tooltip(place, value),
        )
        for place, value in enumerate(values)
        if value
    ]
    ticks = [Tick(HEADROOM + HEIGHT * (1 - part), axis.format(axis.top * part)) for part in (0, 0.5, 1)]
    return ColumnChart(
        title,
        note,
        tone,
        axis.unit,
        columns,
        ticks,
        _axis_labels(axis.timeline, step),
        [(round(place * step, 3), round(step, 3)) for place in axis.timeline.weekends],
        _segments(line, axis.top, step),
    )


def _y(value: float, top: float) -> float:
    return round(HEADROOM + HEIGHT * (1 - value / top), 1)


def _segments(values: Sequence[float | None], top: float, step: float) -> list[Segment]:
    """The pieces between neighbouring values; a value alone is a short level piece."""
    if len(values) == 1 and values[0] is not None:
        return [Segment(10, _y(values[0], top), 90, _y(values[0], top))]
    centres = [round(place * step + step / 2, 3) for place in range(len(values))]
    return [
        Segment(centres[place], _y(value, top), centres[place + 1], _y(after, top))
        for place, (value, after) in enumerate(pairwise(values))
        if value is not None and after is not None
    ]


def _axis_labels(timeline: Timeline, step: float) -> list[AxisLabel]:
    """The labels of marked parts, centred below their columns; the last ends at the edge if there is room for it."""
    labels: list[AxisLabel] = []
    for place, is_extra in timeline.marks:
        centre, text = round(place * step + step / 2, 3), timeline.labels[place]
        if centre <= LAST_CENTRED:
            labels.append(AxisLabel(centre, centre, text, "middle", is_extra))
            continue
        has_room, has_room_if_narrow = (
            _gap(labels, includes_extra) * width > 1.5 * LETTER_WIDTH * len(text) * 100
            for includes_extra, width in ((True, WIDE), (False, NARROW))
        )
        if has_room:
            labels.append(AxisLabel(100, centre, text, "end", is_extra or not has_room_if_narrow))
    return labels


def _gap(labels: Sequence[AxisLabel], includes_extra: bool) -> float:
    """Percent between the last label and the edge of the chart; more than all of it where there is none."""
    return 100 - next((one.x for one in reversed(labels) if includes_extra or not one.is_extra), -100)


def _rectangle(column: ChartColumn) -> str:
    position = f'x="{column.x}%" y="{column.y}" width="{column.width}%" height="{column.height}"'
    return f"<rect {position}><title>{escape(column.text)}</title></rect>"


def table_rows(rows: Iterable[Sequence[str | int]]) -> Markup:
    """Rows of a table as HTML; the first cell is the row's header."""
    return Markup("\n".join(map(_table_row, rows)))  # noqa: S704 (every cell is escaped)


def _table_row(cells: Sequence[str | int]) -> str:
    first, *rest = (f"{cell:,}" if isinstance(cell, int) else escape(cell) for cell in cells)
    return f'<tr><th scope="row">{first}</th>' + "".join(f"<td>{cell}</td>" for cell in rest) + "</tr>"
