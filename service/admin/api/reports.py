"""/api/v1/reports: figures of a period."""

from collections.abc import Callable, Mapping
from typing import Any

from flask_smorest import Blueprint

from service.admin.api.access import answers, guarded
from service.admin.api.schemas.reports import AttributionReport, ReportQuery


def blueprint(report: Callable[[Mapping[str, Any]], dict[str, Any]], token: str) -> Blueprint:
    """The calls."""
    routes = guarded("reports", token, "Figures of a period.")

    @routes.route("/reports/attribution")
    @routes.arguments(ReportQuery, location="query", unknown=None)
    @answers(routes, AttributionReport)
    def report_attribution(asked: dict[str, Any]) -> dict[str, Any]:
        """Where the leads of a period came from, and what was odd about their tags."""
        return report(asked)

    return routes
