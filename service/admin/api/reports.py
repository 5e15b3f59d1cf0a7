"""The installation: its forms, its alerts, the figures of a period."""

from collections.abc import Sequence
from typing import Any

from flask import Response
from flask_smorest import Blueprint

from service import clock
from service.actors import Scope
from service.admin import AdminDeps
from service.admin.api.access import protected_blueprint, responds
from service.admin.api.outcome_schemas import OutcomeParameters, OutcomeReportBody
from service.admin.api.schemas import (
    AccountQuery,
    AlertList,
    AnswerQuery,
    AnswerReport,
    AttributionReport,
    FormList,
    ReportQuery,
)
from service.admin.permissions import requires
from service.alerts.decisions import title_of
from service.forms import Form
from service.operations.answers import answer_report
from service.operations.lead_json import instant
from service.operations.outcome_output import outcomes_csv, outcomes_json
from service.operations.outcomes import OutcomeQuery, outcomes
from service.operations.report import attribution_report, period_of


def blueprints(deps: AdminDeps) -> Sequence[Blueprint]:
    """The calls of /forms, /alerts and /reports."""
    installation = protected_blueprint("installation", deps, "The forms and the alerts of this installation.")
    _add_installation(installation, deps)
    reports = protected_blueprint("reports", deps, "Figures of a period.")
    _add_reports(reports, deps)
    return installation, reports


def _add_installation(routes: Blueprint, deps: AdminDeps) -> None:
    @routes.route("/forms")
    @requires(Scope.READ)
    @routes.arguments(AccountQuery, location="query", unknown=None)
    @responds(routes, FormList)
    def list_forms(_filters: dict[str, Any]) -> dict[str, Any]:
        """The forms, and the address that each is posted to."""
        return {"forms": [_form(deps.forms[name], deps.public_url) for name in sorted(deps.forms)]}

    @routes.route("/alerts")
    @requires(Scope.READ)
    @routes.arguments(AccountQuery, location="query", unknown=None)
    @responds(routes, AlertList)
    def list_alerts(_filters: dict[str, Any]) -> dict[str, Any]:
        """What is wrong now and what to do about it; e-mail and chat alerts say the same."""
        with deps.store.read() as tx:
            alerts = tx.alerts.open()
        return {
            "alerts": [
                {
                    "cause": alert.cause,
                    "title": title_of(alert),
                    "sentence": alert.sentence,
                    "since": instant(alert.since),
                }
                for alert in alerts
            ]
        }


def _form(form: Form, public_url: str) -> dict[str, Any]:
    """A form without secrets: the addresses here omit a webhook's token."""
    return {
        "name": form.name,
        "title": form.title or None,
        "account": form.account,
        "url": f"{public_url}/f/{form.name}",
        "webhooks": {sender: f"{public_url}/webhooks/{sender}/{form.name}" for sender in sorted(form.webhooks)},
    }


def _add_reports(routes: Blueprint, deps: AdminDeps) -> None:
    @routes.route("/reports/attribution")
    @requires(Scope.READ)
    @routes.arguments(ReportQuery, location="query", unknown=None)
    @responds(routes, AttributionReport)
    def report_attribution(filters: dict[str, Any]) -> dict[str, Any]:
        """Where the leads of a period came from, and what was odd about their tags."""
        period = period_of(filters.get("since"), filters.get("until"), filters["form"], clock.now())
        return attribution_report(deps.store, deps.forms, period)

    @routes.route("/reports/outcomes")
    @requires(Scope.READ)
    @routes.doc(responses={200: {"content": {"text/csv": {"schema": {"type": "string"}}}}})
    @routes.arguments(OutcomeParameters, location="query", unknown=None)
    @responds(routes, OutcomeReportBody)
    def report_outcomes(filters: dict[str, Any]) -> Any:
        """What the leads of a period brought, by where they came from; as CSV where `format` says so."""
        period = period_of(filters.get("since"), filters.get("until"), filters["form"], clock.now())
        query = OutcomeQuery(
            by=filters["by"],
            since=period.since,
            until=period.until,
            touch=filters["touch"],
            account=filters["account"],
            form=filters["form"],
            compare=filters["compare"] == "previous",
            include_left_out=filters["include"] == "left_out",
        )
        report = outcomes(deps.store, query, deps.forms, deps.zone)
        if filters["format"] == "csv":
            return Response(outcomes_csv(report), content_type="text/csv; charset=utf-8")
        return outcomes_json(report)

    @routes.route("/reports/answers")
    @requires(Scope.READ)
    @routes.arguments(AnswerQuery, location="query", unknown=None)
    @responds(routes, AnswerReport)
    def report_answers(filters: dict[str, Any]) -> dict[str, Any]:
        """How many leads of a period a person answered in time, and how long half of the answers took."""
        now = clock.now()
        period = period_of(filters.get("since"), filters.get("until"), filters["form"], now)
        return answer_report(deps.store, period, now, filters["by"])
