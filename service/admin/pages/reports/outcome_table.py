"""The table of Reports: its columns, how they are sorted and written, and the funnel of its total."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

from service.admin.pages.charts import bar_width
from service.admin.pages.labels import sentence, share, short_duration, whole
from service.admin.pages.numbers import money, percent_change
from service.admin.pages.reports.filters import GROUPINGS, ReportFilters
from service.i18n import _
from service.operations.outcomes import OutcomeReport, OutcomeRow

MAX_ROWS = 100
"""Rows shown; the CSV has all."""

NONE = "–"
"""Shown where there can be no figure, such as a rate without leads or a cost that nobody entered."""


@dataclass(frozen=True, slots=True)
class OutcomeColumn:
    """One column. name: in addresses; hint: the meaning, for its tooltip.

    key: what it is sorted by, None where a row has no such figure; text: what it shows; cell: what the CSV has.
    """

    name: str
    title: str
    key: Callable[["TableRow"], float | str | None]
    text: Callable[["TableRow"], str]
    cell: Callable[["TableRow"], float | str | None]
    hint: str = ""


@dataclass(frozen=True, slots=True)
class TableRow:
    """One row: its name, the address of its leads ("" for none), its figures and those of the other touch.

    whole: leads of all rows, of which this one has a share.
    """

    name: str
    link: str
    figures: OutcomeRow
    whole: int
    first: OutcomeRow | None = None


@dataclass(frozen=True, slots=True)
class FunnelStep:
    """One step of the funnel: its name, its leads, their share of those received in words and in percent."""

    name: str
    number: int
    text: str
    width: str


@dataclass(frozen=True, slots=True)
class OutcomeTable:
    """The table. left_out: status -> leads that are counted only on request. limit: rows that a page shows."""

    funnel: Sequence[FunnelStep]
    columns: Sequence[OutcomeColumn]
    rows: Sequence[TableRow]
    total: TableRow
    left_out: Mapping[str, int]
    limit: int = MAX_ROWS


def _change(row: TableRow) -> float | None:
    return row.figures.change


def _change_text(row: TableRow) -> str:
    previous = row.figures.previous
    return percent_change(row.figures.leads, previous.leads if previous else 0)


def _milestone(name: str, row: TableRow) -> float:
    return row.figures.milestones.get(name, 0)


def _win_rate_text(row: TableRow) -> str:
    closed = row.figures.won + row.figures.lost
    return share(row.figures.won, closed) if closed else NONE


# -- columns


def _number(name: str, title: str, figure: Callable[[TableRow], float], hint: str = "") -> OutcomeColumn:
    """A column of whole numbers."""
    return OutcomeColumn(name, title, figure, lambda row: whole(figure(row)), figure, hint)


def _rate(
    name: str,
    title: str,
    figure: Callable[[TableRow], float | None],
    text: Callable[[TableRow], str],
    hint: str,
) -> OutcomeColumn:
    """A column of ratios or durations, rounded in the CSV."""

    def cell(row: TableRow) -> float | None:
        value = figure(row)
        return None if value is None else round(value, 4)

    return OutcomeColumn(name, title, figure, text, cell, hint)


def _amount(name: str, title: str, amounts: Callable[[TableRow], Mapping[str, float]]) -> OutcomeColumn:
    """A column of money, sorted by the largest amount of its currencies."""

    def text(row: TableRow) -> str:
        parts = (_breakable(money(amount, currency)) for currency, amount in sorted(amounts(row).items()))
        return " + ".join(parts) or NONE

    def cell(row: TableRow) -> str:
        return " + ".join(f"{amount:.2f} {currency}".strip() for currency, amount in sorted(amounts(row).items()))

    return OutcomeColumn(name, title, lambda row: max(amounts(row).values(), default=None), text, cell)


def _breakable(amount: str) -> str:
    """An amount whose currency may stand on a line of its own where it is a code, such as GBP: columns are narrow."""
    number, gap, currency = amount.rpartition("\N{NO-BREAK SPACE}")
    return f"{number} {currency}" if gap and len(currency) > 1 else amount


def columns_of(by: str, report: OutcomeReport, *, is_compared: bool, has_first: bool) -> list[OutcomeColumn]:
    """The columns: those of costs only where there are any, those of the first touch beside those of the last.

    Outcomes come first, because there may be many stages.
    """
    milestones = [
        _number(
            f"reached:{name}",
            sentence(name),
            partial(_milestone, name),
            _("Leads that reached this stage: %(name)s", name=name),
        )
        for name in report.milestones
    ]
    columns = [
        OutcomeColumn("name", GROUPINGS[by], lambda row: row.name.casefold(), _name, _name),
        _number("leads", _("Leads, last touch") if has_first else _("Leads"), lambda row: row.figures.leads),
        _number("first_leads", _("Leads, first touch"), lambda row: row.first.leads if row.first else 0),
        _rate(
            "share", _("Share"), _share, lambda row: share(row.figures.leads, row.whole), _("Of all leads in the table")
        ),
        _rate("change", _("Change"), _change, _change_text, _("Leads compared with the period before")),
        _number("won", _("Won, last touch") if has_first else _("Won"), lambda row: row.figures.won),
        _number("first_won", _("Won, first touch"), lambda row: row.first.won if row.first else 0),
        _rate("win_rate", _("Win rate"), _win_rate, _win_rate_text, _("Share won of the leads won or lost")),
        _amount("value", _("Value won"), lambda row: row.figures.value),
        _amount("cost", _("Cost"), lambda row: row.figures.cost),
        _amount("cost_per_lead", _("Cost per lead"), lambda row: row.figures.cost_per_lead),
        _amount("cost_per_won", _("Cost per won"), lambda row: row.figures.cost_per_won),
        _number("delivered", _("Delivered"), lambda row: row.figures.delivered, _("The opportunity is in Nexudus")),
        *milestones,
        _number("lost", _("Lost"), lambda row: row.figures.lost),
        _rate("time", _("Time to win"), _time_to_win, _time_text, _("From enquiry to won, on average")),
    ]
    shown = {
        **dict.fromkeys(("first_leads", "first_won"), has_first),
        **dict.fromkeys(("cost", "cost_per_lead", "cost_per_won"), bool(report.total.cost)),
        "change": is_compared,
    }
    return [column for column in columns if shown.get(column.name, True)]


def _name(row: TableRow) -> str:
    return row.name


def _share(row: TableRow) -> float:
    return row.figures.leads / row.whole if row.whole else 0.0


def _win_rate(row: TableRow) -> float | None:
    return row.figures.win_rate


def _time_to_win(row: TableRow) -> float | None:
    return row.figures.time_to_win_s


def _time_text(row: TableRow) -> str:
    seconds = row.figures.time_to_win_s
    return NONE if seconds is None else short_duration(seconds)


# -- rows


def table_of(
    filters: ReportFilters,
    report: OutcomeReport,
    first: OutcomeReport | None,
    names: Callable[[OutcomeRow], str],
    link: Callable[[OutcomeRow], str],
) -> OutcomeTable:
    """The table, sorted as the filters say.

    first: by the first touch, where both are shown. names, link: of a row, as text and as the address of its leads.
    """
    columns = columns_of(filters.by, report, is_compared=report.previous is not None, has_first=first is not None)
    by_first = _by_key(first)
    whole_number = report.total.leads

    everything = [*report.rows, *(_others(report, first) if first else ())]
    rows = _sorted(
        [TableRow(names(row), "", row, whole_number, by_first.get(_key(row)) if first else None) for row in everything],
        columns,
        filters,
    )
    rows[:MAX_ROWS] = [replace(row, link=link(row.figures)) for row in rows[:MAX_ROWS]]
    total = TableRow(_("Total"), "", report.total, whole_number, first.total if first else None)
    return OutcomeTable(funnel_of(report.total, report.milestones), columns, rows, total, report.left_out)


def _others(report: OutcomeReport, first: OutcomeReport) -> list[OutcomeRow]:
    """Rows that have leads by the first touch only."""
    known = _by_key(report)
    return [OutcomeRow(row.key) for row in first.rows if _key(row) not in known]


def _by_key(report: OutcomeReport | None) -> dict[tuple[str, ...], OutcomeRow]:
    return {_key(row): row for row in report.rows} if report else {}


def _key(row: OutcomeRow) -> tuple[str, ...]:
    return tuple(map(str, row.key.values()))


def _sorted(rows: Sequence[TableRow], columns: Sequence[OutcomeColumn], filters: ReportFilters) -> list[TableRow]:
    """Return the rows sorted by a column, rows without a figure last; equal rows by their leads, then by name."""
    column = next((one for one in columns if one.name == filters.sort), columns[1])
    ordered = sorted(rows, key=lambda row: (-row.figures.leads, row.name.casefold()))
    known = [row for row in ordered if column.key(row) is not None]
    unknown = [row for row in ordered if column.key(row) is None]
    return sorted(known, key=column.key, reverse=filters.is_descending) + unknown  # type: ignore[arg-type]  # not None


# -- funnel


def funnel_of(total: OutcomeRow, milestones: Sequence[str]) -> list[FunnelStep]:
    """Received, delivered, each milestone, won: every step with its share of the leads received."""
    steps = [(_("Received"), total.leads), (_("Delivered"), total.delivered)]
    steps += [(sentence(name), total.milestones.get(name, 0)) for name in milestones]
    steps.append((_("Won"), total.won))
    return [
        FunnelStep(name, number, share(number, total.leads), bar_width(number, total.leads)) for name, number in steps
    ]
