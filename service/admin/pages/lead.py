"""One lead: the person first, its status, and the one thing to do now; technical details come last, folded."""

import json
import re
from collections.abc import Sequence
from dataclasses import replace
from urllib.parse import urlsplit

from flask import Blueprint, request
from werkzeug.exceptions import BadRequest, NotFound
from werkzeug.wrappers import Response

from service import clock
from service.actors import Scope
from service.admin import AdminDeps
from service.admin.pages import labels
from service.admin.pages.answered import answer_block
from service.admin.pages.journey import journey, progress, sale_events, sale_facts
from service.admin.pages.labels import field_name, joined
from service.admin.pages.lead_filters import LEAD_ID, LeadFilters, read_filters
from service.admin.pages.lead_list import form_titles
from service.admin.pages.record import acts_about_subject
from service.admin.pages.rendering import PREFIX, Renderer
from service.admin.pages.undo_bar import offer_undo, undoable
from service.admin.permissions import current_actor, requires
from service.delivery.person_history import person_history
from service.i18n import N_, _
from service.lead import FURTHER_IDS_REMARK, SAME_ID_REMARK, Attempt, Lead, Outcome, Status
from service.operations.leads import ACTIONS, CORRECTABLE, ActionNotAllowed, act_on_lead, new_action_id
from service.operations.person import consent_of
from service.operations.preview import readable_body
from service.store import ActQuery, Query, Transaction

MAX_RAW_LENGTH = 20_000
"""Characters of a raw submission that the page shows."""

NEIGHBOUR_PATIENCE = 20_000
"""Leads considered for the link to the previous or next one."""

NEXUDUS_API_HOST = "spaces.nexudus.com"
"""Any other host is a simulator's."""

NEXUDUS_DASHBOARD = "https://dashboard.nexudus.com"

UNTESTED_LINK = N_(
    "This version has not been tried with a live Nexudus: if the link leads nowhere, search by the number."
)

SHOWN_APART = ("full_name", "first_name", "last_name", "email", "phone", "company", "message")
"""Answers that the page shows at its top."""

ANSWERED = re.compile(r"\b(Email|FullName|Name|MobilePhone|CompanyName|Notes|Description)\b")
"""Fields of Nexudus that are made from answers: a better answer helps where Nexudus rejects one of them."""


def add(routes: Blueprint, deps: AdminDeps, renderer: Renderer) -> None:
    """/admin/leads/ID, and the actions on it."""

    @routes.get("/leads/<lead_id>")
    @requires(Scope.READ)
    def show_lead(lead_id: str) -> Response:
        lead, now, filters = find_lead(deps, lead_id), clock.now(), read_filters(request.args)
        with deps.store.read() as tx:
            attempts, sent = tx.leads.attempts_of([lead.id])[lead.id], tx.queue.request_bodies([lead.id]).get(lead.id)
            answer = answer_block(tx, lead)
            sale, changes = tx.crm.sales_of([lead.id]).get(lead.id), tx.crm.changes_of([lead.id])[lead.id]
            previous, following = neighbours(tx, filters.query(now, deps.zone), filters, lead)
            known, others = person_history(tx, lead.id), tx.leads.other_enquiries(lead)
        answers = {**lead.submission.fields, **lead.submission.extras}
        remarks = {name: answers.pop(name, ()) for name in (FURTHER_IDS_REMARK, SAME_ID_REMARK)}
        possible = _possible(lead)
        return renderer.page(
            "lead.html",
            here="leads",
            lead=lead,
            filters=filters,
            previous=previous,
            next=following,
            progress=progress(lead, sale, changes),
            events=[*journey(lead, attempts, now), *sale_events(sale, changes)],
            sale=sale,
            sale_facts=sale_facts(sale),
            known=known,
            others=others,
            titles=form_titles(deps),
            consent=consent_of(lead),
            message=joined(answers.get("message", "")),
            answers=[(field_name(name), joined(value)) for name, value in answers.items() if name not in SHOWN_APART],
            sent=readable_body(sent) if sent else None,
            sent_text=json.dumps(sent, indent=2, ensure_ascii=False) if sent else "",
            same_id=_as_list(remarks[SAME_ID_REMARK]),
            further_ids=joined(remarks[FURTHER_IDS_REMARK]),
            raw=lead.submission.raw.decode("utf-8", "replace")[:MAX_RAW_LENGTH],
            crm=_crm_link(deps.base_url_of(lead.account), lead),
            possible=possible,
            first_action=_first_action(lead, attempts) if possible else "",
            actions=labels.ACTIONS,
            undo=undoable(renderer),
            answer=answer,
            acts=acts_about_subject(deps, ActQuery(lead=lead.id)),
        )

    @routes.post("/leads/<lead_id>/act")
    @requires(Scope.LEADS)
    def apply_action(lead_id: str) -> Response:
        lead, name, now = find_lead(deps, lead_id), _action_name(), clock.now()
        address, action, action_id = back_to_lead(lead), ACTIONS[name], new_action_id(now)
        try:
            act_on_lead(deps.store, current_actor(), action, lead.id, now, action_id)
        except ActionNotAllowed as reason:
            return renderer.go(address, _("Nothing was done: %(reason)s.", reason=reason))
        notice = "" if action.leads_to else _("The lead is %(done)s.", done=labels.ACTIONS[name].done)
        return offer_undo(renderer, renderer.go(address, notice), action, action_id, 1)


def _action_name() -> str:
    name = request.form.get("action", "")
    if name not in ACTIONS:
        raise BadRequest(_("Choose what to do with the lead."))
    return name


def find_lead(deps: AdminDeps, lead_id: str) -> Lead:
    """The lead of an address.

    Raises: NotFound.
    """
    with deps.store.read() as tx:
        lead = tx.leads.get(lead_id) if LEAD_ID.fullmatch(lead_id) else None
    if lead is None:
        raise NotFound(_("There is no such lead. Its address may be mistyped."))
    return lead


def back_to_lead(lead: Lead) -> str:
    """The address of a lead's page, including the list from which the present page was opened."""
    here = read_filters(request.args).here
    return f"{PREFIX}/leads/{lead.id}?{here}" if here else f"{PREFIX}/leads/{lead.id}"


def neighbours(tx: Transaction, query: Query, filters: LeadFilters, lead: Lead) -> tuple[str, str]:
    """The ids of the leads before and after this one in the list, "" for none."""
    before: Sequence[Lead]
    after: Sequence[Lead]
    if filters.is_by_arrival:
        newer = tx.search.page(replace(query, after=lead.id), 1, NEIGHBOUR_PATIENCE).leads
        older = tx.search.page(replace(query, before=lead.id), 1, NEIGHBOUR_PATIENCE).leads
        before, after = (older, newer) if filters.sort else (newer, older)
    else:
        place = tx.search.place_of(lead.id, filters.order(None).by)
        after = tx.search.sorted_page(query, filters.order(place), 1).leads
        before = tx.search.sorted_page(query, filters.order(place, is_backwards=True), 1).leads
    return "".join(one.id for one in before), "".join(one.id for one in after)


# -- what can be done


def _possible(lead: Lead) -> set[str]:
    """The actions that its status allows."""
    possible = {name for name, action in ACTIONS.items() if lead.status in action.statuses}
    if lead.status in CORRECTABLE:
        possible.add("edit")
    if lead.status is not Status.ERASED:
        possible.add("erase")
    return possible


def _first_action(lead: Lead, attempts: Sequence[Attempt]) -> str:
    """The action that its state requires, "" for none."""
    if lead.status is Status.PARKED:
        return "edit" if _is_answer_wrong(attempts) else "retry"
    first = {Status.QUARANTINED: "release", Status.DISCARDED: "restore", Status.ANNOUNCED: "retry"}
    return first.get(lead.status, "")


def _is_answer_wrong(attempts: Sequence[Attempt]) -> bool:
    """Whether a parked lead can only be sent with other answers: one is missing, or Nexudus rejects one."""
    if not attempts:
        return True
    last = attempts[-1]
    return last.outcome is Outcome.REJECTED and ANSWERED.search(last.detail) is not None


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
        return _("See it on the simulated board"), f"{nexudus_url}/", ""
    note = _("Opportunity %(number)s.", number=lead.opportunity_id) + " " + _(UNTESTED_LINK)
    if lead.coworker_id is None:
        return _("Open Nexudus"), f"{NEXUDUS_DASHBOARD}/", note
    return _("Open in Nexudus"), f"{NEXUDUS_DASHBOARD}/operations/coworkers/{lead.coworker_id}", note
