"""The installation's forms and alerts, and the figures of a period."""

from collections.abc import Sequence
from typing import Any

from flask import Response
from flask_smorest import Blueprint
from marshmallow import fields, validate

from service import clock
from service.actors import Scope
from service.admin import AdminDeps
from service.admin.api.access import protected_blueprint, responds
from service.admin.api.schemas import (
    INSTANT,
    NO_NUL,
    AccountQuery,
    AlertList,
    AnswerQuery,
    AnswerReport,
    ApiRequest,
    ApiResponse,
    AttributionReport,
    FormList,
    InstantOrDayField,
    ReportQuery,
)
from service.admin.permissions import requires
from service.alerts.decisions import title_of
from service.forms import Form
from service.operations.answers import answer_report
from service.operations.lead_json import instant
from service.operations.outcome_output import outcomes_csv, outcomes_json
from service.operations.outcomes import BY, TOUCHES, OutcomeQuery, outcomes
from service.operations.report import attribution_report, period_of


class OutcomeParameters(ApiRequest):
    """A report of outcomes; by default of the last 30 days. touch: whether the last visit counts, or the first."""

    by = fields.String(load_default="channel", validate=validate.OneOf(BY))
    since = InstantOrDayField("received at or after")
    until = InstantOrDayField("received before")
    touch = fields.String(load_default="last", validate=validate.OneOf(TOUCHES))
    account = fields.String(load_default="", validate=NO_NUL)
    form = fields.String(load_default="", validate=NO_NUL)
    compare = fields.String(load_default="", validate=validate.OneOf(["", "previous"]))
    include = fields.String(load_default="", validate=validate.OneOf(["", "left_out"]))
    format = fields.String(load_default="json", validate=validate.OneOf(["json", "csv"]))


class OutcomeFigures(ApiResponse):
    """Leads and what became of them. milestones: name -> leads that have reached it.

    value: of won opportunities, by currency. cost: by currency, empty where none is known. time_to_win_s: from arrival,
    on average, null while none was won at a known time.
    """

    leads = fields.Integer()
    delivered = fields.Integer()
    milestones = fields.Dict(keys=fields.String(), values=fields.Integer())
    won = fields.Integer()
    lost = fields.Integer()
    value = fields.Dict(keys=fields.String(), values=fields.Float())
    cost = fields.Dict(keys=fields.String(), values=fields.Float())
    time_to_win_s = fields.Float(allow_none=True)


class ComparedFigures(OutcomeFigures):
    """Figures, with those of the period before; null without `compare`."""

    previous = fields.Nested(OutcomeFigures, allow_none=True)


class OutcomeRowBody(ComparedFigures):
    """One row. key: name -> value of what its leads have in common."""

    key = fields.Dict(keys=fields.String())


class OutcomeReportBody(ApiResponse):
    """The outcomes of a period's leads, the largest row first. left_out: status -> leads that are not counted."""

    by = fields.String()
    touch = fields.String()
    since = fields.String(metadata=INSTANT)
    until = fields.String(metadata=INSTANT)
    previous_since = fields.String(allow_none=True, metadata=INSTANT)
    previous_until = fields.String(allow_none=True, metadata=INSTANT)
    rows = fields.List(fields.Nested(OutcomeRowBody))
    total = fields.Nested(ComparedFigures)
    left_out = fields.Dict(keys=fields.String(), values=fields.Integer())


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
        """The forms, and the address to which each is posted."""
        return {"forms": [_form(deps.forms[name], deps.public_url) for name in sorted(deps.forms)]}

    @routes.route("/alerts")
    @requires(Scope.READ)
    @routes.arguments(AccountQuery, location="query", unknown=None)
    @responds(routes, AlertList)
    def list_alerts(_filters: dict[str, Any]) -> dict[str, Any]:
        """The current problems and what to do about them, as in e-mail and chat alerts."""
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
        """Where the leads of a period came from, and problems with their tags."""
        period = period_of(filters.get("since"), filters.get("until"), filters["form"], clock.now())
        return attribution_report(deps.store, deps.forms, period)

    @routes.route("/reports/outcomes")
    @requires(Scope.READ)
    @routes.doc(responses={200: {"content": {"text/csv": {"schema": {"type": "string"}}}}})
    @routes.arguments(OutcomeParameters, location="query", unknown=None)
    @responds(routes, OutcomeReportBody)
    def report_outcomes(filters: dict[str, Any]) -> Any:
        """The outcomes of a period's leads, by their origin; as CSV with `format=csv`."""
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
        """How many leads of a period were answered in time, and the median time until an answer."""
        now = clock.now()
        period = period_of(filters.get("since"), filters.get("until"), filters["form"], now)
        return answer_report(deps.store, period, now, filters["by"])
