"""The data of a report, and the parts of a figure."""

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from markupsafe import Markup

from service.admin.pages.charts import ColumnChart
from service.admin.pages.timeline import Timeline
from service.i18n import N_
from service.store import DateRange, Statistics

NO_LEADS = N_("No leads in this period.")

Cell = str | int


@dataclass(frozen=True, slots=True)
class Share:
    """One part of a whole: its name, number and share as text, the width of its bar in percent as text.

    tone: accent, good, busy, warn, bad or calm. status: of the leads that it counts, "" where no list has them.
    """

    name: str
    number: int
    text: str
    width: str
    tone: str = "accent"
    status: str = ""


@dataclass(frozen=True, slots=True)
class ReportFigure:
    """One figure. name: of addresses; head, rows: its table; empty_message: the text when there are no rows.

    columns, line: what the columns and the line of its charts are. live: the chart's data as JSON that an attribute in
    apostrophes can hold, for a drawing that shows its figures under the pointer; None for none.
    """

    name: str
    title: str
    summary: str
    head: Sequence[str]
    rows: Sequence[Sequence[Cell]]
    charts: Sequence[ColumnChart] = ()
    shares: Sequence[Share] = ()
    notes: Sequence[str] = ()
    empty_message: str = NO_LEADS
    columns: str = ""
    line: str = ""
    live: Markup | None = None

    @property
    def filled_rows(self) -> Sequence[Sequence[Cell]]:
        """The rows that have more than a name and zeros; all where each has."""
        return [row for row in self.rows if any(row[1:])]


@dataclass(frozen=True, slots=True)
class ReportData:
    """The data of the figures. knows_source: whether any rule knows a utm_source.

    days_before, timeline_before: the period to compare with, None for none. includes_left_out: spam, tests and
    discarded leads count as well.
    """

    statistics: Statistics
    days: DateRange
    timeline: Timeline
    knows_source: Callable[[str], bool]
    days_before: DateRange | None = None
    timeline_before: Timeline | None = None
    includes_left_out: bool = False
    cache: dict[tuple[str, DateRange], list[tuple[str, str, int, int]]] = field(default_factory=dict)

    def by_day(self, kind: str, days: DateRange | None = None) -> list[tuple[str, str, int, int]]:
        """Day, value, leads, delivered; read once for all figures."""
        key = (kind, days or self.days)
        if key not in self.cache:
            self.cache[key] = self.statistics.by_day(*key)
        return self.cache[key]

    def received(self, days: DateRange | None) -> list[tuple[str, int, int]]:
        """Day, leads that count, delivered."""
        kind = "status" if self.includes_left_out else "channel"  # every lead has a status
        return [(day, number, delivered) for day, __, number, delivered in self.by_day(kind, days)]

    def by_value(self, kind: str) -> dict[str, list[int]]:
        """Value -> leads in each part of the timeline."""
        numbers: dict[str, list[tuple[str, int]]] = defaultdict(list)
        for day, value, number, __ in self.by_day(kind):
            numbers[value].append((day, number))
        return {value: self.timeline.summed(of_days) for value, of_days in numbers.items()}
