"""Leads: list, show, act, correct, forget their people, preview what a submission would become."""

import re
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

from flask import request
from flask_smorest import Blueprint

from service import clock
from service.actors import Scope
from service.admin import AdminDeps
from service.admin.api.access import (
    BODY_ERRORS,
    protected_blueprint,
    refuse,
    responds,
    takes,
    takes_json,
)
from service.admin.api.lead_schemas import (
    VISIT,
    CorrectionRequest,
    ForgetRequest,
    Forgotten,
    LeadBody,
    LeadPage,
    LeadQuery,
    PreviewBody,
    PreviewRequest,
)
from service.admin.api.schemas import LEAD_ID
from service.admin.permissions import current_actor, requires
from service.lead import Lead
from service.operations.answers import record_call
from service.operations.correction import InvalidAnswers, correct
from service.operations.lead_json import leads_json
from service.operations.leads import DISCARD, RELEASE, RESTORE, RETRY, Action, ActionNotAllowed, act_on_lead, forget
from service.operations.preview import preview
from service.store import Query, Store

NO_SUCH_LEAD = "there is no such lead"
ID = {"in": "path", "name": "lead_id", "description": "the lead's id", "schema": {"type": "string", "pattern": LEAD_ID}}


def blueprints(deps: AdminDeps) -> Sequence[Blueprint]:
    """The calls of /leads, /forget and /preview."""
    leads = protected_blueprint("leads", deps, "Leads: list, show, act.")
    leads.before_request(_check_id)
    _add_reading(leads, deps.store)
    for action, summary in (
        (RETRY, "Send it now."),
        (RELEASE, "Release a quarantined lead."),
        (DISCARD, "Keep it from Nexudus for good."),
        (RESTORE, "Make a discarded lead what it was before."),
    ):
        _add_action(leads, deps.store, action, summary)
    _add_answering(leads, deps.store)
    _add_correcting(leads, deps)
    privacy = protected_blueprint("privacy", deps, "Personal data.")
    _add_forgetting(privacy, deps.store)
    previews = protected_blueprint("preview", deps, "What a submission would become.")
    _add_preview(previews, deps)
    return leads, privacy, previews


def _check_id() -> None:
    """Refuse anything that is not an id, because the database may fail on it."""
    lead_id = (request.view_args or {}).get("lead_id")
    if lead_id is not None and not re.fullmatch("[0-9a-f]{32}", lead_id):
        refuse(HTTPStatus.NOT_FOUND, NO_SUCH_LEAD)


def _add_reading(routes: Blueprint, store: Store) -> None:
    @routes.route("/leads")
    @requires(Scope.READ)
    @routes.arguments(LeadQuery, location="query", unknown=None)
    @responds(routes, LeadPage)
    def list_leads(filters: dict[str, Any]) -> dict[str, Any]:
        """Leads, newest first.

        A search that would read very many leads stops early: such a page has fewer leads than `size`, perhaps
        none, and `next` continues from there. When `next` is null there are no more.
        """
        return _page(store, _query(filters), filters["size"])

    @routes.route("/leads/<lead_id>", parameters=[ID])
    @requires(Scope.READ)
    @responds(routes, LeadBody, 404)
    def show_lead(lead_id: str) -> dict[str, Any]:
        """One lead."""
        with store.read() as tx:
            return _body(store, tx.leads.get(lead_id))


def _query(filters: Mapping[str, Any]) -> Query:
    return Query(
        status=filters.get("status", ""),
        form=filters.get("form", ""),
        sender=filters.get("sender", ""),
        channel=filters.get("channel", ""),
        since=filters.get("since"),
        until=filters.get("until"),
        text=filters.get("q", ""),
        before=filters.get("cursor", ""),
    )


def _page(store: Store, query: Query, size: int) -> dict[str, Any]:
    """One page; reading one lead more shows whether there is a next page."""
    with store.read() as tx:
        page = tx.search.page(query, size + 1)
        shown = page.leads[:size]
        cursor = shown[-1].id if len(page.leads) > size else page.reached or None
        return {"leads": leads_json(tx, shown), "next": cursor}


def _add_action(routes: Blueprint, store: Store, action: Action, summary: str) -> None:
    def view(lead_id: str) -> dict[str, Any]:
        try:
            return _body(store, act_on_lead(store, current_actor(), action, lead_id, clock.now()))
        except ActionNotAllowed as error:
            refuse(HTTPStatus.CONFLICT, str(error))

    requires(Scope.LEADS)(view)
    view.__doc__ = summary
    view.__name__ = f"{action.name}_lead"
    described = responds(routes, LeadBody, 404, 409)(view)
    routes.route(f"/leads/<lead_id>/{action.name}", methods=["POST"], parameters=[ID])(described)


def _add_answering(routes: Blueprint, store: Store) -> None:
    @routes.route("/leads/<lead_id>/answered", methods=["POST"], parameters=[ID])
    @requires(Scope.LEADS)
    @responds(routes, LeadBody, 404, 409)
    def answer_lead(lead_id: str) -> dict[str, Any]:
        """Record that a person has called; of several answers the first counts."""
        try:
            return _body(store, record_call(store, current_actor(), lead_id, clock.now()))
        except ActionNotAllowed as error:
            refuse(HTTPStatus.CONFLICT, str(error))


def _add_correcting(routes: Blueprint, deps: AdminDeps) -> None:
    @routes.route("/leads/<lead_id>/correct", methods=["POST"], parameters=[ID])
    @requires(Scope.LEADS)
    @takes(routes, CorrectionRequest)
    @responds(routes, LeadBody, 404, 409, *BODY_ERRORS)
    def correct_lead(payload: dict[str, Any], lead_id: str) -> dict[str, Any]:
        """Correct answers and send the lead; the earlier answers are kept.

        An answer that this lead cannot take (there is no such field, or it is the same already) gets a 409 that names
        it.
        """
        try:
            lead = correct(deps.store, current_actor(), lead_id, payload["fields"], deps.forms, clock.now())
            return _body(deps.store, lead)
        except ActionNotAllowed as error:
            refuse(HTTPStatus.CONFLICT, str(error))
        except InvalidAnswers as error:
            refuse(HTTPStatus.CONFLICT, str(error), errors={"json": {"fields": error.errors}})


def _body(store: Store, lead: Lead | None) -> dict[str, Any]:
    if lead is None:
        refuse(HTTPStatus.NOT_FOUND, NO_SUCH_LEAD)
    with store.read() as tx:
        return leads_json(tx, [lead])[0]


def _add_forgetting(routes: Blueprint, store: Store) -> None:
    @routes.route("/forget", methods=["POST"])
    @requires(Scope.LEADS)
    @takes(routes, ForgetRequest, example={"email": "ann@example.com", "dry_run": True})
    @responds(routes, Forgotten, *BODY_ERRORS)
    def forget_person(payload: dict[str, Any]) -> dict[str, Any]:
        """Erase a person from all of their leads. This cannot be undone; `dry_run` only shows what would be erased."""
        return forget(store, current_actor(), payload["email"], clock.now(), is_dry=payload["dry_run"])


def _add_preview(routes: Blueprint, deps: AdminDeps) -> None:
    @routes.route("/preview/<form>", methods=["POST"])
    @requires(Scope.READ)
    @takes_json
    @routes.arguments(PreviewRequest, example=VISIT)
    @responds(routes, PreviewBody, 404, *BODY_ERRORS)
    def show_preview(payload: dict[str, Any], form: str) -> dict[str, Any]:
        """The contact, the attribution and the exact bodies; nothing is stored or sent."""
        if form not in deps.forms:
            refuse(HTTPStatus.NOT_FOUND, "there is no such form")
        return preview(deps.forms[form], payload)
