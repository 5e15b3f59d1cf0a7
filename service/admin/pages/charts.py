"""The geometry of charts and the parts of their markup that repeat hundreds of times.

Horizontal measures are percentages, so that a chart fills a phone as well as a desktop while its words keep their
size; vertical measures are pixels. Axes begin at zero, and a bar is as long as its share of the whole.
"""

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby

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
    """A label below the axis, at x in percent; place: the part of time that it names.

    anchor: middle or end, the part of the text at x. is_extra: left out where the chart is narrow.
    """

    x: float
    place: int
    text: str
    anchor: str
    is_extra: bool = False


@dataclass(frozen=True, slots=True)
class ColumnChart:
    """One chart of columns, with a line over them where it compares. tone: accent, good, busy, warn, bad or calm.

    unit: of the value axis, "" where its labels have one. parts: of time, along the other axis. weekends: the first
    part and the number of parts that are shaded. line: pixels from the top for each part, None where it has a gap.
    """

    title: str
    note: str
    tone: str
    unit: str
    columns: Sequence[ChartColumn]
    ticks: Sequence[Tick]
    labels: Sequence[AxisLabel]
    parts: int = 1
    weekends: Sequence[tuple[int, int]] = ()
    line: Sequence[float | None] = ()
    height: int = HEADROOM + HEIGHT

    @property
    def shapes(self) -> Markup:
        """Weekends, columns, line and ticks of the axis as SVG; a template would need several times as long."""
        bands = "".join(f"M{first} {HEADROOM}h{number}v{HEIGHT}h-{number}z" for first, number in self.weekends)
        columns = "".join(map(_rectangle, self.columns))
        ticks = "".join(f"M{label.place}.5 {self.height}v5" for label in self.labels)
        shapes = self._path("weekend", bands) + columns + self._path("over", _line_path(self.line))
        shapes += self._path("ticks", ticks)
        return Markup(shapes)  # noqa: S704 (our own numbers and escaped text)

    def _path(self, kind: str, path: str) -> str:
        """A path as wide as the chart, in which a part of time is one unit wide; "" for an empty path."""
        frame = f'viewBox="0 0 {self.parts} {self.height}" height="{self.height}" preserveAspectRatio="none"'
        return path and f'<svg class="{kind}" {frame}><path d="{path}"/></svg>'


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
    ticks = [Tick(round(HEADROOM + HEIGHT * (1 - part)), axis.format(axis.top * part)) for part in (0, 0.5, 1)]
    return ColumnChart(
        title,
        note,
        tone,
        axis.unit,
        columns,
        ticks,
        _axis_labels(axis.timeline, step),
        max(1, len(axis.timeline.keys)),
        _runs(axis.timeline.weekends),
        [None if value is None else _y(value, axis.top) for value in line],
    )


def _y(value: float, top: float) -> float:
    return round(HEADROOM + HEIGHT * (1 - value / top), 1)


def _runs(places: Iterable[int]) -> list[tuple[int, int]]:
    """Neighbouring places as the first and their number."""
    runs: list[tuple[int, int]] = []
    for place in places:
        first, number = runs[-1] if runs else (place, 0)
        if first + number == place:
            runs[-1:] = [(first, number + 1)]
        else:
            runs.append((place, 1))
    return runs


def _line_path(heights: Sequence[float | None]) -> str:
    """A line from the middle of each part to the next; a value alone is a short level piece."""
    if len(heights) == 1 and heights[0] is not None:
        return f"M.1 {heights[0]:g}H.9"
    pieces = [
        "L".join(f"{place}.5 {height:g}" for place, height in piece)
        for is_gap, piece in groupby(enumerate(heights), lambda pair: pair[1] is None)
        if not is_gap
    ]
    return "".join(f"M{piece}" for piece in pieces if "L" in piece)


def _axis_labels(timeline: Timeline, step: float) -> list[AxisLabel]:
    """The labels of marked parts, centred below their columns; the last ends at the edge if there is room for it."""
    labels: list[AxisLabel] = []
    for place, is_extra in timeline.marks:
        centre, text = round(place * step + step / 2, 3), timeline.labels[place]
        if centre <= LAST_CENTRED:
            labels.append(AxisLabel(centre, place, text, "middle", is_extra))
            continue
        has_room, has_room_if_narrow = (
            _gap(labels, includes_extra) * width > 1.5 * LETTER_WIDTH * len(text) * 100
            for includes_extra, width in ((True, WIDE), (False, NARROW))
        )
        if has_room:
            labels.append(AxisLabel(100, place, text, "end", is_extra or not has_room_if_narrow))
    return labels


def _gap(labels: Sequence[AxisLabel], includes_extra: bool) -> float:
    """Percent between the last label and the edge of the chart; more than all of it where there is none."""
    return 100 - next((one.x for one in reversed(labels) if includes_extra or not one.is_extra), -100)


def _rectangle(column: ChartColumn) -> str:
    position = f'x="{column.x:g}%" y="{column.y:g}" width="{column.width:g}%" height="{column.height:g}"'
    return f"<rect {position}><title>{escape(column.text)}</title></rect>"


def bar_width(part: float, whole: float) -> str:
    """The width of a bar in percent, as short as it can be written."""
    return f"{round(100 * part / whole, 1) if whole else 0:g}"


def table_rows(rows: Iterable[Sequence[str | int]]) -> Markup:
    """Rows of a table as HTML; the first cell is the row's header."""
    return Markup("\n".join(map(_table_row, rows)))  # noqa: S704 (every cell is escaped)


def _table_row(cells: Sequence[str | int]) -> str:
    first, *rest = (f"{cell:,}" if isinstance(cell, int) else escape(cell) for cell in cells)
    return f'<tr><th scope="row">{first}</th>' + "".join(f"<td>{cell}</td>" for cell in rest) + "</tr>"
