"""A week's figures for the forms of one reader, the same as those of the page Reports at that moment."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta, tzinfo
from typing import TypeVar

from service.forms import Form
from service.operations.outcomes import OutcomeQuery, OutcomeReport, OutcomeRow, outcomes
from service.store import Store, Walls

Number = TypeVar("Number", int, float)

MAX_SOURCES = 8
"""Maximum sources in one table: the report is read on a phone."""


@dataclass(frozen=True, slots=True)
class Week:
    """A week from Monday to Sunday. first: its Monday; since, until: its ends, aware, `until` exclusive."""

    first: date
    since: datetime
    until: datetime

    @property
    def last(self) -> date:
        """Its Sunday."""
        return self.first + timedelta(days=6)


def week_before(monday: date, zone: tzinfo) -> Week:
    """Return the week that ends when `monday` begins in a zone."""
    first = monday - timedelta(days=7)
    since, until = (datetime.combine(day, time(), zone) for day in (first, monday))
    return Week(first, since, until)


@dataclass(frozen=True, slots=True)
class SourceTable:
    """Where the leads of a form, or of all, came from. rows: the largest first; more: how many are not listed."""

    title: str
    rows: Sequence[OutcomeRow]
    more: int = 0


@dataclass(frozen=True, slots=True)
class WeekFigures:
    """The outcomes of a reader's forms.

    only: the name of the form, if the reader gets a single one. forms: title and row of each, the one with most
    leads first; empty for a single one. milestones: their names, in order. left_out: status -> leads that do not count.
    """

    week: Week
    only: str
    total: OutcomeRow
    forms: Sequence[tuple[str, OutcomeRow]]
    sources: Sequence[SourceTable]
    milestones: Sequence[str]
    left_out: Mapping[str, int]


def week_figures(
    store: Store, forms: Mapping[str, Form], names: Collection[str], week: Week, zone: tzinfo
) -> WeekFigures:
    """Return the figures of the forms of these names.

    A reader of all forms also gets removed forms of the same accounts.
    Raises: StoreUnavailable.
    """
    has_all = set(names) >= forms.keys()
    accounts = frozenset(account for name in names if name in forms for account in forms[name].accounts)
    # A form's leads may have belonged to another account, and all remaining forms may belong to one operator.
    walls = Walls(accounts, frozenset(names))
    seen = store.within(lambda: walls)

    def read(by: str, form: str = "") -> OutcomeReport:
        return outcomes(seen, OutcomeQuery(by, week.since, week.until, form=form, compare=True), forms, zone)

    scopes = [""] if has_all else list(names)
    by_source = {form: read("source_medium", form) for form in scopes}
    by_form = [row for row in read("form").rows if has_all or row.key["form"] in names]
    left_out: Counter[str] = Counter()
    for report in by_source.values():
        left_out.update(report.left_out)
    return WeekFigures(
        week,
        scopes[0] if len(scopes) == 1 else "",
        by_source[""].total if has_all else _sum(report.total for report in by_source.values()),
        [(title_of(forms, row.key["form"]), row) for row in by_form] if len(by_form) > 1 else [],
        [_table(title_of(forms, form), report) for form, report in by_source.items() if report.rows],
        next(iter(by_source.values())).milestones,
        left_out,
    )


def title_of(forms: Mapping[str, Form], name: str) -> str:
    """Return a form's title for people; "" stands for all forms."""
    return (forms[name].title if name in forms else "") or name


def _table(title: str, report: OutcomeReport) -> SourceTable:
    return SourceTable(title, report.rows[:MAX_SOURCES], max(0, len(report.rows) - MAX_SOURCES))


def _sum(rows: Iterable[OutcomeRow]) -> OutcomeRow:
    """The row of several forms together; the time to win has no sum."""
    total = OutcomeRow({}, share=1.0, previous=OutcomeRow({}))
    for row in rows:
        before = _add(total.previous, row.previous) if total.previous and row.previous else total.previous
        total = replace(_add(total, row), previous=before)
    return total


def _add(one: OutcomeRow, other: OutcomeRow) -> OutcomeRow:
    return replace(
        one,
        leads=one.leads + other.leads,
        delivered=one.delivered + other.delivered,
        won=one.won + other.won,
        lost=one.lost + other.lost,
        milestones=_joined(one.milestones, other.milestones),
        value=_joined(one.value, other.value),
        cost=_joined(one.cost, other.cost),
    )


def _joined(one: Mapping[str, Number], other: Mapping[str, Number]) -> dict[str, Number]:
    return {name: one.get(name, 0) + other.get(name, 0) for name in (*one, *other)}
