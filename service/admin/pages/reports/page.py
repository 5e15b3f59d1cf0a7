"""Reports: the origin and outcomes of leads, compared with the period before; each figure also as CSV."""

import csv
import io
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta, tzinfo
from http import HTTPStatus
from urllib.parse import quote_plus, urlencode

from flask import Blueprint, Response, redirect, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from service import clock
from service.actors import Scope
from service.admin import AdminDeps
from service.admin.pages.labels import STATUSES, channel_name, lead_source_name, whole
from service.admin.pages.lead_filters import COUNTED
from service.admin.pages.lead_list import account_choices, form_titles
from service.admin.pages.periods import PERIODS, Span, days_of, span_text
from service.admin.pages.rendering import HEADERS, PREFIX, Renderer
from service.admin.pages.reports.answer_section import AnswerSection, answer_section
from service.admin.pages.reports.basis import Cell, ReportData
from service.admin.pages.reports.figures import FIGURES, draw
from service.admin.pages.reports.filters import GROUPINGS, TOUCHES, ReportFilters, read_filters
from service.admin.pages.reports.outcome_table import OutcomeTable, table_of
from service.admin.pages.timeline import timeline
from service.admin.permissions import requires
from service.i18n import _
from service.lead import Status
from service.operations.answers import answer_figures
from service.operations.outcomes import OutcomeQuery, OutcomeReport, OutcomeRow, outcomes
from service.operations.report import is_known
from service.store import FIRST, LAST, CountingState, Period, Transaction

FORMULA_STARTS = ("=", "+", "-", "@", "'", "\t", "\r")
"""First characters of cells that a spreadsheet would run, or already reads as text."""

FORMER_FIGURES = {
    "sources": "source_medium",
    "campaigns": "campaign",
    "forms": "form",
    "locations": "location",
}
"""Figures of version 0.1 that are rows of the table now."""


@dataclass(frozen=True, slots=True)
class ReportPeriod:
    """The days of a report, and those compared with; None for no comparison."""

    days: Span
    before: Span | None


def add(routes: Blueprint, deps: AdminDeps, renderer: Renderer) -> None:
    """/admin/reports."""

    @routes.get("/reports")
    @requires(Scope.READ)
    def reports() -> Response:
        filters = read_filters(request.args)
        with deps.store.read() as tx:
            state = tx.statistics.counting_state()
            period = _period(deps, filters, state)
            figures = draw(_data(deps, tx, filters, period), FIGURES)
        table = _table(deps, filters, period)
        return renderer.page(
            "reports.html",
            here="reports",
            filters=filters,
            carried=_carried(filters),
            state=state,
            days=span_text(*period.days),
            days_before=span_text(*period.before) if period.before else "",
            figures={figure.name: figure for figure in figures},
            table=table,
            answers=_answers(deps, filters, period),
            left_out=_left_out(table, filters, period),
            links={status.value: _leads_link(filters, period, status=status.value) for status in STATUSES},
            forms=_forms(deps, filters),
            accounts=account_choices(deps),
            periods=PERIODS,
            touches=TOUCHES,
            groupings=GROUPINGS,
            address=f"{PREFIX}/reports",
        )


def add_files(routes: Blueprint, deps: AdminDeps, renderer: Renderer) -> None:
    """/admin/reports/NAME.csv: the table and each figure; the addresses of version 0.1."""

    @routes.get("/reports/outcomes.csv")
    @requires(Scope.READ)
    def outcomes_csv() -> Response:
        filters = read_filters(request.args)
        with deps.store.read() as tx:
            period = _period(deps, filters, tx.statistics.counting_state())
        table = _table(deps, filters, period)
        rows = [[column.cell(row) for column in table.columns] for row in (*table.rows, table.total)]
        name = f"outcomes-by-{filters.by}".replace("_", "-")
        return _csv(name, period, [[column.title for column in table.columns], *rows])

    @routes.get("/reports/<name>.csv")
    @requires(Scope.READ)
    def figure_csv(name: str) -> BaseResponse:
        if name in FORMER_FIGURES:
            filters = read_filters(request.args).changed(by=FORMER_FIGURES[name])
            return redirect(f"{url_for('pages.outcomes_csv')}?{filters.query}", HTTPStatus.MOVED_PERMANENTLY)
        if name not in FIGURES:
            return renderer.message(
                HTTPStatus.NOT_FOUND, _("No such figure"), _("Go back and choose one from the page.")
            )
        filters = read_filters(request.args)
        with deps.store.read() as tx:
            period = _period(deps, filters, tx.statistics.counting_state())
            (figure,) = draw(_data(deps, tx, filters, period), [name])
        return _csv(name, period, [figure.head, *figure.rows])

    @routes.get("/pictures")
    @routes.get("/pictures/<name>.csv")
    @requires(Scope.READ)
    def former_address(name: str = "") -> BaseResponse:
        """The addresses of version 0.1."""
        address = url_for("pages.figure_csv", name=name) if name else url_for("pages.reports")
        query = request.query_string.decode("ascii", "replace")
        return redirect(f"{address}?{query}" if query else address, HTTPStatus.MOVED_PERMANENTLY)


def _carried(filters: ReportFilters) -> dict[str, str]:
    """Values that the form of the filters passes on, because only the table's own links change them."""
    values = filters.values
    kept = {name: value for name, value in values.items() if name in ("by", "sort", "order", "left_out")}
    return {**kept, "was": "dates" if filters.has_dates else filters.period}


def _forms(deps: AdminDeps, filters: ReportFilters) -> list[tuple[str, str]]:
    names = {name: form.title or name for name, form in deps.forms.items()}
    if filters.form:
        names.setdefault(filters.form, filters.form)
    return sorted(names.items(), key=lambda pair: pair[1].casefold())


# -- the period


def _period(deps: AdminDeps, filters: ReportFilters, state: CountingState) -> ReportPeriod:
    days = filters.span(clock.now().astimezone(deps.zone).date(), state.first)
    return ReportPeriod(days, filters.previous_span(days))


def _instants(days: Span, zone: tzinfo) -> tuple[datetime, datetime]:
    """The instants at which the days begin and have ended."""
    first, last = (datetime.combine(day, time(), zone) for day in days)
    try:
        return first, last + timedelta(days=1)
    except OverflowError:
        return first, last


# -- figures


def _data(deps: AdminDeps, tx: Transaction, filters: ReportFilters, period: ReportPeriod) -> ReportData:
    forms = [deps.forms[filters.form]] if filters.form in deps.forms else list(deps.forms.values())

    def knows_source(source: str) -> bool:
        return any(is_known(form, source) for form in forms)

    parts = timeline(days_of(period.days))
    days_before = days_of(period.before, filters.form) if period.before else None
    return ReportData(
        tx.statistics,
        days_of(period.days, filters.form),
        parts,
        knows_source,
        days_before,
        timeline(days_before, parts.unit) if days_before else None,
        filters.includes_left_out,
    )


def _table(deps: AdminDeps, filters: ReportFilters, period: ReportPeriod) -> OutcomeTable:
    def report(touch: str, before: Span | None, *, has_costs: bool = True) -> OutcomeReport:
        since, until = _instants(period.days, deps.zone)
        query = OutcomeQuery(
            filters.by,
            since,
            until,
            touch,
            form=filters.form,
            compare=before is not None,
            include_left_out=filters.includes_left_out,
            before=_instants(before, deps.zone) if before else None,
            has_costs=has_costs,
            has_costs_before=False,
        )
        return outcomes(deps.store, query, deps.forms, deps.zone)

    return table_of(
        filters,
        report(FIRST if filters.touch == FIRST else LAST, period.before),
        report(FIRST, None, has_costs=False) if filters.touch == "both" else None,
        lambda row: _row_name(deps, filters.by, row),
        _row_links(filters, period),
    )


def _answers(deps: AdminDeps, filters: ReportFilters, period: ReportPeriod) -> AnswerSection:
    since, until = (at.astimezone(UTC) for at in _instants(period.days, deps.zone))
    figures = answer_figures(deps.store, Period(since, until, filters.form), clock.now(), filters.account)
    return answer_section(figures, form_titles(deps))


def _row_name(deps: AdminDeps, by: str, row: OutcomeRow) -> str:
    """A row's key as people write it."""
    key = next(iter(row.key.values()))
    if by == "channel":
        return channel_name(key)
    if by == "lead_source":
        return lead_source_name(int(key))
    if by == "form" and key in deps.forms:
        return deps.forms[key].title or key
    return str(key)


def _row_links(filters: ReportFilters, period: ReportPeriod) -> Callable[[OutcomeRow], str]:
    """Return a function from a row to the address of the leads that it counts."""
    touch = FIRST if filters.touch == FIRST else LAST
    every_row = _leads_link(filters, period, status="" if filters.includes_left_out else COUNTED)

    def link(row: OutcomeRow) -> str:
        named = ":".join((filters.by, touch, str(next(iter(row.key.values())))))
        return f"{every_row}&report={quote_plus(named)}"

    return link


def _leads_link(filters: ReportFilters, period: ReportPeriod, **more: str) -> str:
    """The address of the leads that a figure counts."""
    named = {
        "form": filters.form,
        "account": filters.account,
        "from": period.days[0].isoformat(),
        "to": period.days[1].isoformat(),
        **more,
    }
    return f"{PREFIX}/leads?{urlencode({name: value for name, value in named.items() if value})}"


def _left_out(table: OutcomeTable, filters: ReportFilters, period: ReportPeriod) -> list[tuple[str, str]]:
    """The leads that count only on request, in words, with their addresses ("": no list has just these)."""
    return [
        (
            f"{STATUSES[Status(status)].name}: {whole(number)}",
            "" if status == Status.ERASED else _leads_link(filters, period, status=status),
        )
        for status, number in table.left_out.items()
        if number
    ]


# -- CSV


def _csv(name: str, period: ReportPeriod, rows: Iterable[Sequence[Cell | float | None]]) -> Response:
    text = io.StringIO()
    csv.writer(text).writerows([_inert(cell) for cell in row] for row in rows)
    response = Response("\ufeff" + text.getvalue(), content_type="text/csv; charset=utf-8")
    response.headers.extend(HEADERS)
    first, last = period.days
    response.headers["Content-Disposition"] = f'attachment; filename="{name}-{first}-{last}.csv"'
    return response


def _inert(cell: Cell | float | None) -> Cell | float | None:
    """Return a stranger's text as a cell that no spreadsheet runs."""
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(FORMULA_STARTS) else cell
