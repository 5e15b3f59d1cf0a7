"""/api/v1: what an operator's programs ask. Every call needs the ADMIN_TOKEN."""

import hmac
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, NoReturn

from flask import Flask, Response, request
from flask_smorest import Api, Blueprint, abort
from werkzeug.exceptions import HTTPException, ServiceUnavailable

from service import clock
from service.admin import actions
from service.admin.lead_json import lead_json
from service.admin.schemas import (
    AttributionReport,
    CorrectionRequest,
    LeadBody,
    LeadPage,
    LeadQuery,
    PreviewBody,
    PreviewRequest,
    ProblemBody,
    ReportQuery,
)
from service.lead import Lead
from service.store import Query, Store, StoreUnavailable

Preview = Callable[[str, Mapping[str, Any]], dict[str, Any] | None]
"""Form name and a PreviewRequest -> a PreviewBody, or None for an unknown form."""

Correct = Callable[[Lead, Mapping[str, str]], actions.Corrected]
"""A lead and new answers -> what it becomes; raises actions.NotCorrect."""

Report = Callable[[Mapping[str, Any]], dict[str, Any]]
"""A ReportQuery -> an AttributionReport."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What the API asks of other rooms."""

    preview: Preview
    report: Report
    correct: Correct


JSON, PROBLEM = "application/json", "application/problem+json"
LEAD_ID = re.compile("[0-9a-f]{32}")
NO_SUCH_LEAD = "there is no such lead"
STORE_RETRY_S = 5
"""What a program is asked to wait when the store is down."""


class ProblemApi(Api):
    """Describes errors as what they are: problem documents. Every other answer says that it is JSON."""

    ERROR_SCHEMA = ProblemBody
    DEFAULT_RESPONSE_CONTENT_TYPE = PROBLEM


def register(app: Flask, store: Store, token: str, asked: Asked) -> None:
    """Put /api/v1 and /openapi.json into the app."""
    app.config.update(
        API_TITLE="Lead Capture for Nexudus",
        API_VERSION="v1",
        OPENAPI_VERSION="3.1.0",
        OPENAPI_URL_PREFIX="/",
        OPENAPI_JSON_PATH="openapi.json",
        API_SPEC_OPTIONS={
            "components": {"securitySchemes": {"adminToken": {"type": "http", "scheme": "bearer"}}},
            "security": [{"adminToken": []}],
        },
    )
    api = ProblemApi(app)
    api.register_blueprint(_leads(store, token, asked.correct))
    api.register_blueprint(_previews(asked.preview, token))
    api.register_blueprint(_reports(asked.report, token))


def refuse(status: HTTPStatus, message: str, **more: Any) -> NoReturn:
    """Answer with a problem document."""
    abort(status, message=message, **more)
    raise AssertionError(status)  # abort is untyped: it always raises


def tell(error: HTTPException) -> Response:
    """The problem document (RFC 9457) of a call that was refused, without a trace."""
    told: dict[str, Any] = getattr(error, "data", None) or {}
    status = HTTPStatus(error.code or 500)
    document: dict[str, Any] = {"type": "about:blank", "title": status.phrase, "status": status.value}
    if detail := told.get("message") or error.description:
        document["detail"] = detail
    if errors := told.get("errors") or told.get("messages"):
        document["errors"] = errors
    return Response(json.dumps(document), status, told.get("headers"), content_type=PROBLEM)


def guard(token: str) -> Callable[[], None]:
    """Refuses whoever does not bring the token."""

    def check() -> None:
        scheme, _, given = request.headers.get("Authorization", "").partition(" ")
        is_theirs = hmac.compare_digest(given.strip().encode(), token.encode())
        if not token or scheme.lower() != "bearer" or not is_theirs:
            wanted = "send Authorization: Bearer ADMIN_TOKEN" if token else "set ADMIN_TOKEN and restart to use the API"
            refuse(HTTPStatus.UNAUTHORIZED, wanted, headers={"WWW-Authenticate": "Bearer"})

    return check


def _blueprint(name: str, token: str, description: str) -> Blueprint:
    blueprint = Blueprint(name, name, url_prefix="/api/v1", description=description)
    blueprint.before_request(guard(token))
    blueprint.register_error_handler(StoreUnavailable, _store_is_down)
    blueprint.register_error_handler(HTTPException, tell)
    return blueprint


def _store_is_down(_error: StoreUnavailable) -> Response:
    answer = tell(ServiceUnavailable("the database does not answer"))
    answer.headers["Retry-After"] = str(STORE_RETRY_S)
    return answer


def _reports(report: Report, token: str) -> Blueprint:
    blueprint = _blueprint("reports", token, "Figures of a period.")

    @blueprint.route("/reports/attribution")
    @blueprint.arguments(ReportQuery, location="query")
    @blueprint.response(200, AttributionReport, content_type=JSON)
    def report_attribution(asked: dict[str, Any]) -> dict[str, Any]:
        """Where the leads of a period came from, and what was odd about their tags."""
        return report(asked)

    return blueprint


def _leads(store: Store, token: str, correct: Correct) -> Blueprint:
    blueprint = _blueprint("leads", token, "Leads: list, look, act.")

    @blueprint.before_request
    def check_id() -> None:
        """What is no id need not trouble the database, which may choke on it."""
        lead_id = (request.view_args or {}).get("lead_id")
        if lead_id is not None and not LEAD_ID.fullmatch(lead_id):
            refuse(HTTPStatus.NOT_FOUND, NO_SUCH_LEAD)

    @blueprint.route("/leads")
    @blueprint.arguments(LeadQuery, location="query")
    @blueprint.response(200, LeadPage, content_type=JSON)
    def list_leads(asked: dict[str, Any]) -> dict[str, Any]:
        """Leads, newest first."""
        query = Query(
            status=asked.get("status", ""),
            form=asked.get("form", ""),
            since=asked.get("since"),
            until=asked.get("until"),
            text=asked.get("q", ""),
            before=asked.get("cursor", ""),
        )
        with store.read() as tx:
            leads = tx.leads.page(query, asked["size"] + 1)
            shown = leads[: asked["size"]]
            attempts = tx.leads.attempts_of([lead.id for lead in shown])
        more = len(leads) > len(shown)
        return {"leads": [lead_json(lead, attempts[lead.id]) for lead in shown], "next": shown[-1].id if more else None}

    @blueprint.route("/leads/<lead_id>")
    @blueprint.response(200, LeadBody, content_type=JSON)
    @blueprint.alt_response(404, schema=ProblemBody)
    def show_lead(lead_id: str) -> dict[str, Any]:
        """One lead."""
        with store.read() as tx:
            return _shown(store, tx.leads.get(lead_id))

    def acting(name: str, act: Callable[[str], Lead | None], summary: str) -> None:
        def view(lead_id: str) -> dict[str, Any]:
            try:
                return _shown(store, act(lead_id))
            except actions.NotPossible as error:
                refuse(HTTPStatus.CONFLICT, str(error))

        view.__doc__ = summary
        view.__name__ = f"{name}_lead"
        answered = blueprint.response(200, LeadBody, content_type=JSON)(view)
        for status in (404, 409):
            answered = blueprint.alt_response(status, schema=ProblemBody)(answered)
        blueprint.route(f"/leads/<lead_id>/{name}", methods=["POST"])(answered)

    acting("retry", lambda lead_id: actions.retry(store, lead_id, clock.now()), "Send it now.")
    acting("release", lambda lead_id: actions.release(store, lead_id, clock.now()), "Let a quarantined lead go.")
    acting("discard", lambda lead_id: actions.discard(store, lead_id), "Keep it from Nexudus for good.")
    _add_correcting(blueprint, store, correct)
    return blueprint


def _add_correcting(blueprint: Blueprint, store: Store, correct: Correct) -> None:
    @blueprint.route("/leads/<lead_id>/correct", methods=["POST"])
    @blueprint.arguments(CorrectionRequest)
    @blueprint.response(200, LeadBody, content_type=JSON)
    @blueprint.alt_response(404, schema=ProblemBody)
    @blueprint.alt_response(409, schema=ProblemBody)
    def correct_lead(asked: dict[str, Any], lead_id: str) -> dict[str, Any]:
        """Put answers right and send it; what it said before stays beside them."""
        try:
            answers = asked["fields"]
            return _shown(store, actions.correct(store, lead_id, lambda lead: correct(lead, answers), clock.now()))
        except actions.NotPossible as error:
            refuse(HTTPStatus.CONFLICT, str(error))
        except actions.NotCorrect as error:
            refuse(HTTPStatus.UNPROCESSABLE_ENTITY, str(error), errors={"json": {"fields": error.errors}})


def _shown(store: Store, lead: Lead | None) -> dict[str, Any]:
    if lead is None:
        refuse(HTTPStatus.NOT_FOUND, NO_SUCH_LEAD)
    with store.read() as tx:
        return lead_json(lead, tx.leads.attempts_of([lead.id])[lead.id])


def _previews(preview: Preview, token: str) -> Blueprint:
    blueprint = _blueprint("preview", token, "What a submission would become.")

    @blueprint.route("/preview/<form>", methods=["POST"])
    @blueprint.arguments(PreviewRequest)
    @blueprint.response(200, PreviewBody, content_type=JSON)
    @blueprint.alt_response(404, schema=ProblemBody)
    def show_preview(asked: dict[str, Any], form: str) -> dict[str, Any]:
        """The contact, the verdict and the exact bodies; nothing is stored or sent."""
        found = preview(form, asked)
        if found is None:
            refuse(HTTPStatus.NOT_FOUND, "there is no such form")
        return found

    return blueprint
