"""One lead: its journey, its answers, what Nexudus was sent; send again, release, discard."""

import json
from collections.abc import Sequence
from urllib.parse import urlsplit

from flask import Blueprint, request
from werkzeug.exceptions import BadRequest, NotFound
from werkzeug.wrappers import Response

from service import clock
from service.admin.deps import AdminDeps
from service.admin.pages import labels
from service.admin.pages.journey import journey, sale_events, sale_facts
from service.admin.pages.labels import field_name, joined
from service.admin.pages.lead_list import LEAD_ID
from service.admin.pages.rendering import PREFIX, Renderer
from service.delivery.person_history import person_history
from service.lead import FURTHER_IDS_REMARK, SAME_ID_REMARK, Lead, Status
from service.operations.leads import ACTIONS, CORRECTABLE, ActionNotAllowed, act_on_lead
from service.operations.preview import readable_body

MAX_RAW_LENGTH = 20_000
"""Characters of a raw submission that the page shows."""

NEXUDUS_API_HOST = "spaces.nexudus.com"
"""Any other host is a simulator's."""

NEXUDUS_DASHBOARD = "https://dashboard.nexudus.com"

UNTESTED_LINK = "This version has not been tried with a live Nexudus: if the link leads nowhere, search by the number."


def add(routes: Blueprint, deps: AdminDeps, renderer: Renderer) -> None:
    """/admin/leads/ID, and the actions on it."""

    @routes.get("/leads/<lead_id>")
    def show_lead(lead_id: str) -> Response:
        lead, now = find_lead(deps, lead_id), clock.now()
        with deps.store.read() as tx:
            attempts, sent = tx.leads.attempts_of([lead.id])[lead.id], tx.queue.request_bodies([lead.id]).get(lead.id)
            known = person_history(tx, lead.id)
            sale, changes = tx.crm.sales_of([lead.id]).get(lead.id), tx.crm.changes_of([lead.id])[lead.id]
        answers = {**lead.submission.fields, **lead.submission.extras}
        remarks = {name: answers.pop(name, ()) for name in (FURTHER_IDS_REMARK, SAME_ID_REMARK)}
        return renderer.page(
            "lead.html",
            here="leads",
            lead=lead,
            events=[*journey(lead, attempts, now), *sale_events(sale, changes)],
            sale=sale_facts(sale),
            known=known,
            answers=[(field_name(name), joined(value)) for name, value in answers.items()],
            sent=readable_body(sent) if sent else None,
            sent_text=json.dumps(sent, indent=2, ensure_ascii=False) if sent else "",
            same_id=_as_list(remarks[SAME_ID_REMARK]),
            further_ids=joined(remarks[FURTHER_IDS_REMARK]),
            raw=lead.submission.raw.decode("utf-8", "replace")[:MAX_RAW_LENGTH],
            crm=_crm_link(deps.nexudus_url, lead),
            possible=_possible(lead),
            actions=labels.ACTIONS,
        )

    @routes.post("/leads/<lead_id>/act")
    def apply_action(lead_id: str) -> Response:
        lead, name = find_lead(deps, lead_id), _action_name()
        try:
            act_on_lead(deps.store, ACTIONS[name], lead.id, clock.now())
        except ActionNotAllowed as reason:
            return renderer.go(f"{PREFIX}/leads/{lead.id}", f"Nothing was done: {reason}.")
        return renderer.go(f"{PREFIX}/leads/{lead.id}", f"The lead is {labels.ACTIONS[name].done}.")

    @routes.post("/leads/<lead_id>/confirm")
    def confirm_action(lead_id: str) -> Response:
        lead, name = find_lead(deps, lead_id), _action_name()
        return renderer.page("confirm_one.html", here="leads", lead=lead, name=name, label=labels.ACTIONS[name])


def _action_name() -> str:
    name = request.form.get("action", "")
    if name not in ACTIONS:
        raise BadRequest("Choose what to do with the lead.")
    return name


def find_lead(deps: AdminDeps, lead_id: str) -> Lead:
    """The lead of an address.

    Raises: NotFound.
    """
    with deps.store.read() as tx:
        lead = tx.leads.get(lead_id) if LEAD_ID.fullmatch(lead_id) else None
    if lead is None:
        raise NotFound("There is no such lead. Its address may be mistyped.")
    return lead


def _possible(lead: Lead) -> set[str]:
    """The actions that its status allows."""
    possible = {name for name, action in ACTIONS.items() if lead.status in action.statuses}
    if lead.status in CORRECTABLE:
        possible.add("edit")
    if lead.status is not Status.ERASED:
        possible.add("erase")
    return possible


def _as_list(answer: str | Sequence[str]) -> list[str]:
    return [answer] if isinstance(answer, str) else list(answer)


def _crm_link(nexudus_url: str, lead: Lead) -> tuple[str, str, str] | None:
    """Text, address and a note of the link to a delivered lead in Nexudus; None before it is there.

    Nexudus documents no address of an opportunity; the contact's page is the one that other programs link to, and
    shows its opportunities.
    """
    if lead.opportunity_id is None:
        return None
    if urlsplit(nexudus_url).hostname != NEXUDUS_API_HOST:
        return "See it on the simulated board", f"{nexudus_url}/", ""
    note = f"Opportunity {lead.opportunity_id}. {UNTESTED_LINK}"
    if lead.coworker_id is None:
        return "Open Nexudus", f"{NEXUDUS_DASHBOARD}/", note
    return "Open in Nexudus", f"{NEXUDUS_DASHBOARD}/operations/coworkers/{lead.coworker_id}", note
