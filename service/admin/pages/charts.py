"""The geometry of pictures: where columns and bars stand, how their axes are labelled. No markup, no colours.

Along the screen everything is in percent, so that a picture fills a phone as well as a desk while its words keep
their size; up and down it is in pixels. Axes begin at zero.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

HEIGHT = 140
"""Pixels from the axis to the top of the highest column."""

HEADROOM = 12
"""Pixels above it, for the highest label."""

ROW = 40
"""Pixels of one bar with its words."""

STEPS, FINER = (2, 4, 6, 8, 10), (1.2, 1.6, 2, 3, 4, 6, 8, 10)
DURATIONS = (1, 2, 4, 10, 20, 30, 60, 120, 240, 600, 1200, 1800, 3600, 7200, 14400, 28800, 43200, 86400)

ROOM = 6
"""Letters of the middle label, so that it does not meet the others: "24 Nov" does not."""

Spell = Callable[[float], str]


@dataclass(frozen=True, slots=True)
class Column:
    """x and width in percent; y and height in pixels; what it says when it is pointed at."""

    x: float
    width: float
    y: float
    height: float
    says: str


@dataclass(frozen=True, slots=True)
class Tick:
    """A line of the axis, in pixels from the top, and its label."""

    y: float
    text: str


@dataclass(frozen=True, slots=True)
class Mark:
    """A label below the axis. anchor: start, middle or end of the text stands at x, in percent."""

    x: float
    text: str
    anchor: str


@dataclass(frozen=True, slots=True)
class Columns:
    """One chart of columns. title stands above it; tone: accent, good, busy, warn, bad or calm."""

    title: str
    note: str
    tone: str
    columns: Sequence[Column]
    ticks: Sequence[Tick]
    marks: Sequence[Mark]
    height: int = HEADROOM + HEIGHT


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar: its width in percent, the pixels above it, its words left and right."""

    width: float
    y: int
    text: str
    says: str


@dataclass(frozen=True, slots=True)
class Bars:
    """Bars below each other."""

    bars: Sequence[Bar]
    height: int


def top_of_counts(highest: float) -> float:
    """A round number that is not smaller, and even, so that half of it is one, too."""
    if highest <= STEPS[0]:
        return STEPS[0]
    power = 10.0 ** (math.ceil(math.log10(highest)) - 1)
    return next(round(step * power) for step in (STEPS if power == 1 else FINER) if step * power >= highest)


def top_of_durations(highest: float) -> float:
    """The same for seconds, round as clocks and calendars are."""
    days = DURATIONS[-1] * top_of_counts(highest / DURATIONS[-1])
    return next((float(step) for step in DURATIONS if step >= highest), days)


@dataclass(frozen=True, slots=True)
class Axis:
    """What stands below and beside the columns.

    names: of each column, where it is pointed at; labels: shorter, below them; top: the highest value shown.
    """

    names: Sequence[str]
    labels: Sequence[str]
    top: float
    spell: Spell


def columns(title: str, note: str, values: Sequence[float], axis: Axis, tone: str = "accent") -> Columns:
    """One column for each name; where there is nothing, none."""
    step = 100 / max(1, len(values))
    drawn = [
        Column(
            round(number * step + step * 0.1, 3),
            round(step * 0.8, 3),
            round(HEADROOM + HEIGHT * (1 - value / axis.top), 1),
            round(HEIGHT * value / axis.top, 1),
            f"{name}: {axis.spell(value)}",
        )
        for number, (name, value) in enumerate(zip(axis.names, values, strict=True))
        if value
    ]
    ticks = [Tick(HEADROOM + HEIGHT * (1 - part), axis.spell(axis.top * part)) for part in (0, 0.5, 1)]
    return Columns(title, note, tone, drawn, ticks, _marks(axis.labels))


def _marks(labels: Sequence[str]) -> list[Mark]:
    """The first and the last; the middle one where there is one, and room."""
    if len(labels) < 2:  # noqa: PLR2004 (one needs no ends)
        return [Mark(50, label, "middle") for label in labels]
    middle = labels[len(labels) // 2]
    has_room = len(labels) % 2 and len(middle) <= ROOM
    centre = [Mark(50, middle, "middle")] if has_room else []
    return [Mark(0, labels[0], "start"), *centre, Mark(100, labels[-1], "end")]


def bars(rows: Sequence[tuple[str, float, str]]) -> Bars:
    """A bar for each of: text, value, what stands at its end. The longest fills the width."""
    longest = max((value for _, value, _ in rows), default=0) or 1
    drawn = [
        Bar(round(100 * value / longest, 2), number * ROW, text, says)
        for number, (text, value, says) in enumerate(rows)
    ]
    return Bars(drawn, ROW * len(drawn))
