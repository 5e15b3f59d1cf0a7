"""/api/v1/leads: list, look, act."""

import re
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from flask import request
from flask_smorest import Blueprint

from service import clock
from service.admin.api.access import OF_A_BODY, answers, guarded, of_whole_characters, refuse, takes_json
from service.admin.api.schemas.base import LEAD_ID
from service.admin.api.schemas.leads import CorrectionRequest, LeadBody, LeadPage, LeadQuery
from service.forms import Form
from service.lead import Lead
from service.operations.correction import InvalidAnswers, correct
from service.operations.lead_json import leads_json
from service.operations.leads import ACTIONS, ActionNotAllowed, act_on_lead
from service.store import Query, Store

NO_SUCH_LEAD = "there is no such lead"
ID = {"in": "path", "name": "lead_id", "description": "the lead's id", "schema": {"type": "string", "pattern": LEAD_ID}}


def blueprint(store: Store, token: str, forms: Mapping[str, Form]) -> Blueprint:
    """The calls."""
    routes = guarded("leads", token, "Leads: list, look, act.")
    routes.before_request(_check_id)
    _add_looking(routes, store)
    _add_acting(routes, store)
    _add_correcting(routes, store, forms)
    return routes


def _check_id() -> None:
    """What is no id need not trouble the database, which may choke on it."""
    lead_id = (request.view_args or {}).get("lead_id")
    if lead_id is not None and not re.fullmatch("[0-9a-f]{32}", lead_id):
        refuse(HTTPStatus.NOT_FOUND, NO_SUCH_LEAD)


def _add_looking(routes: Blueprint, store: Store) -> None:
    @routes.route("/leads")
    @routes.arguments(LeadQuery, location="query", unknown=None)
    @answers(routes, LeadPage)
    def list_leads(asked: dict[str, Any]) -> dict[str, Any]:
        """Leads, newest first.

        A search that would read very many leads stops on the way: then a page has fewer of them than `size`, perhaps
        none, and `next` goes on from there. All were seen when `next` is null.
        """
        return _page(store, _query(asked), asked["size"])

    @routes.route("/leads/<lead_id>", parameters=[ID])
    @answers(routes, LeadBody, 404)
    def show_lead(lead_id: str) -> dict[str, Any]:
        """One lead."""
        with store.read() as tx:
            return _shown(store, tx.leads.get(lead_id))


def _query(asked: Mapping[str, Any]) -> Query:
    return Query(
        status=asked.get("status", ""),
        form=asked.get("form", ""),
        sender=asked.get("sender", ""),
        channel=asked.get("channel", ""),
        since=asked.get("since"),
        until=asked.get("until"),
        text=asked.get("q", ""),
        before=asked.get("cursor", ""),
    )


def _page(store: Store, query: Query, size: int) -> dict[str, Any]:
    """One page; one lead more is looked for, which tells whether there is a next."""
    with store.read() as tx:
        found = tx.search.page(query, size + 1)
        shown = found.leads[:size]
        following = shown[-1].id if len(found.leads) > size else found.reached or None
        return {"leads": leads_json(tx, shown), "next": following}


def _add_acting(routes: Blueprint, store: Store) -> None:
    def acting(name: str, summary: str) -> None:
        def view(lead_id: str) -> dict[str, Any]:
            try:
                return _shown(store, act_on_lead(store, ACTIONS[name], lead_id, clock.now()))
            except ActionNotAllowed as error:
                refuse(HTTPStatus.CONFLICT, str(error))

        view.__doc__ = summary
        view.__name__ = f"{name}_lead"
        answered = answers(routes, LeadBody, 404, 409)(view)
        routes.route(f"/leads/<lead_id>/{name}", methods=["POST"], parameters=[ID])(answered)

    acting("retry", "Send it now.")
    acting("release", "Let a quarantined lead go.")
    acting("discard", "Keep it from Nexudus for good.")


def _add_correcting(routes: Blueprint, store: Store, forms: Mapping[str, Form]) -> None:
    @routes.route("/leads/<lead_id>/correct", methods=["POST"], parameters=[ID])
    @takes_json
    @of_whole_characters
    @routes.arguments(CorrectionRequest)
    @answers(routes, LeadBody, 404, 409, *OF_A_BODY)
    def correct_lead(asked: dict[str, Any], lead_id: str) -> dict[str, Any]:
        """Put answers right and send it; what it said before stays beside them.

        An answer that this very lead cannot take (it has no such field, says so already) is a 409 that names it.
        """
        try:
            return _shown(store, correct(store, lead_id, asked["fields"], forms, clock.now()))
        except ActionNotAllowed as error:
            refuse(HTTPStatus.CONFLICT, str(error))
        except InvalidAnswers as error:
            refuse(HTTPStatus.CONFLICT, str(error), errors={"json": {"fields": error.errors}})


def _shown(store: Store, lead: Lead | None) -> dict[str, Any]:
    if lead is None:
        refuse(HTTPStatus.NOT_FOUND, NO_SUCH_LEAD)
    with store.read() as tx:
        return leads_json(tx, [lead])[0]
