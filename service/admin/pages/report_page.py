"""Reports: how many leads came, from where, how fast they were delivered; each figure also as CSV."""

import csv
import io
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from http import HTTPStatus
from urllib.parse import urlencode

from flask import Blueprint, Response, redirect, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from service import clock
from service.admin import AdminDeps
from service.admin.pages.charts import timeline
from service.admin.pages.rendering import HEADERS, PREFIX, Renderer
from service.admin.pages.report_figures import FIGURES, Cell, ReportData, ReportFigure, draw
from service.operations.report import is_known
from service.store import CountingState, DateRange, Transaction

PERIODS = {"7": "7 days", "30": "30 days", "90": "90 days", "365": "One year", "all": "All time"}
DEFAULT_PERIOD = "30"

MAX_DAYS = 3653
"""Days of the longest period: ten years."""

MIN_DAYS_BEFORE = 6
"""Days shown before the last one, even if the first lead is younger."""

FORMULA_STARTS = ("=", "+", "-", "@", "'", "\t", "\r")
"""First characters of cells that a spreadsheet would run, or already reads as text."""


@dataclass(frozen=True, slots=True)
class ReportFilters:
    """The filters in the address. since, until: ISO days, "" where the period decides."""

    period: str = DEFAULT_PERIOD
    form: str = ""
    since: str = ""
    until: str = ""

    @property
    def query(self) -> str:
        """The query of an address with these filters."""
        named = {"period": self.period, "form": self.form, "from": self.since, "to": self.until}
        return urlencode({name: value for name, value in named.items() if value})

    def days(self, today: date, first: str) -> DateRange:
        """The days to show. first: the oldest day with leads, "" if there is none."""
        last = self.until or today.isoformat()
        begin = min(last, self.since or self._begin(date.fromisoformat(last), first))
        earliest = date.fromordinal(max(1, date.fromisoformat(last).toordinal() - MAX_DAYS + 1))
        return DateRange(max(begin, earliest.isoformat()), last, self.form)

    def _begin(self, last: date, first: str) -> str:
        if self.period == "all":
            return first or last.isoformat()
        days = min(int(self.period), last.toordinal()) - 1
        earliest = min(first or last.isoformat(), _days_before(last, MIN_DAYS_BEFORE))  # nothing to see before
        return max(_days_before(last, days), earliest)


def read_filters(values: Mapping[str, str]) -> ReportFilters:
    """The filters of an address; invalid values are ignored."""
    period = values.get("period", "")
    return ReportFilters(
        period if period in PERIODS else DEFAULT_PERIOD,
        values.get("form", "").strip()[:200],
        _iso_day(values.get("from", "")),
        _iso_day(values.get("to", "")),
    )


def _iso_day(text: str) -> str:
    try:
        return date.fromisoformat(text.strip()).isoformat()
    except ValueError:
        return ""


def _days_before(day: date, days: int) -> str:
    return date.fromordinal(max(1, day.toordinal() - days)).isoformat()


def add(routes: Blueprint, deps: AdminDeps, renderer: Renderer) -> None:
    """/admin/reports, and the table of each figure as CSV."""

    @routes.get("/reports")
    def reports() -> Response:
        filters = read_filters(request.args)
        with deps.store.read() as tx:
            state = tx.statistics.counting_state()
            data = _data(deps, tx, filters, state)
            return renderer.page(
                "reports.html",
                here="reports",
                filters=filters,
                state=state,
                timeline=data.timeline,
                figures=draw(data),
                forms=[(name, name) for name in sorted({*deps.forms, filters.form} - {""})],
                periods=PERIODS.items(),
                address=f"{PREFIX}/reports",
            )

    @routes.get("/reports/<name>.csv")
    def figure_csv(name: str) -> Response:
        if name not in FIGURES:
            return renderer.message(HTTPStatus.NOT_FOUND, "No such figure", "Go back and choose one from the page.")
        with deps.store.read() as tx:
            data = _data(deps, tx, read_filters(request.args), tx.statistics.counting_state())
            (figure,) = draw(data, [name])
        response = Response("\ufeff" + _csv(figure), content_type="text/csv; charset=utf-8")
        response.headers.extend(HEADERS)
        file_name = f"{name}-{data.days.first}-{data.days.last}.csv"
        response.headers["Content-Disposition"] = f'attachment; filename="{file_name}"'
        return response

    @routes.get("/pictures")
    @routes.get("/pictures/<name>.csv")
    def former_address(name: str = "") -> BaseResponse:
        """The addresses of version 0.1."""
        address = url_for("pages.figure_csv", name=name) if name else url_for("pages.reports")
        query = request.query_string.decode("ascii", "replace")
        return redirect(f"{address}?{query}" if query else address, HTTPStatus.MOVED_PERMANENTLY)


def _data(deps: AdminDeps, tx: Transaction, filters: ReportFilters, state: CountingState) -> ReportData:
    days = filters.days(clock.now().astimezone(deps.zone).date(), state.first)
    forms = [deps.forms[filters.form]] if filters.form in deps.forms else list(deps.forms.values())

    def knows_source(source: str) -> bool:
        return any(is_known(form, source) for form in forms)

    return ReportData(tx.statistics, days, timeline(days), knows_source)


def _csv(figure: ReportFigure) -> str:
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerows([_inert(cell) for cell in row] for row in (figure.head, *figure.rows))
    return text.getvalue()


def _inert(cell: Cell) -> Cell:
    """Text from outside as a cell that no spreadsheet runs."""
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(FORMULA_STARTS) else cell
