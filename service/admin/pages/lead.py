"""One lead: its journey, its answers, what Nexudus was sent; send again, release, discard, correct, erase."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from urllib.parse import urlsplit

from flask import Blueprint, request
from werkzeug.exceptions import BadRequest, NotFound
from werkzeug.wrappers import Response

from service import clock
from service.admin import AdminDeps
from service.admin.pages import labels
from service.admin.pages.journey import journey, sale_events, sale_facts
from service.admin.pages.labels import FIELDS, field_name, joined
from service.admin.pages.lead_list import LEAD_ID
from service.admin.pages.rendering import PREFIX, Renderer
from service.delivery.person_history import person_history
from service.lead import CANONICAL_FIELDS, FURTHER_IDS_REMARK, SAME_ID_REMARK, Lead, Status, marker_of
from service.operations.correction import InvalidAnswers, correct
from service.operations.leads import ACTIONS, CORRECTABLE, ActionNotAllowed, act_on_lead
from service.operations.person import consent_of, data_json
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
            consent=consent_of(lead),
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


# -- changes to a lead's data: its answers corrected, its person erased


@dataclass(frozen=True, slots=True)
class AnswerField:
    """The input of one answer. problem: why the answer was not accepted."""

    name: str
    label: str
    value: str
    problem: str = ""


def add_editing(routes: Blueprint, deps: AdminDeps, renderer: Renderer) -> None:
    """/admin/leads/ID/edit, /erase and /person.json."""
    _add_edit(routes, deps, renderer)
    _add_erase(routes, deps, renderer)


def _add_edit(routes: Blueprint, deps: AdminDeps, renderer: Renderer) -> None:
    @routes.get("/leads/<lead_id>/edit")
    def edit_lead(lead_id: str) -> Response:
        lead = find_lead(deps, lead_id)
        if lead.status not in CORRECTABLE:
            return renderer.go(f"{PREFIX}/leads/{lead.id}", "This lead can no longer be changed.")
        return renderer.page("edit.html", here="leads", lead=lead, answers=_answer_fields(lead, {}, {}), general="")

    @routes.post("/leads/<lead_id>/edit")
    def change_lead(lead_id: str) -> Response:
        lead = find_lead(deps, lead_id)
        changed = _changed(lead, request.form)
        try:
            correct(deps.store, lead.id, changed, deps.forms, clock.now())
        except InvalidAnswers as error:
            problems = {name: text for name, text in error.errors.items() if name != "fields"}
            return renderer.page(
                "edit.html",
                HTTPStatus.UNPROCESSABLE_ENTITY,
                here="leads",
                lead=lead,
                answers=_answer_fields(lead, changed, problems),
                general="" if problems else "Nothing was changed: change an answer, or go back.",
            )
        except ActionNotAllowed as reason:
            return renderer.go(f"{PREFIX}/leads/{lead.id}", f"Nothing was changed: {reason}.")
        is_held = lead.status is Status.QUARANTINED
        notice = (
            "Changed. Still held as spam: release it to send it." if is_held else "Changed, and on its way to Nexudus."
        )
        return renderer.go(f"{PREFIX}/leads/{lead.id}", notice)


def _answer_fields(lead: Lead, changed: Mapping[str, str], problems: Mapping[str, str]) -> list[AnswerField]:
    answers = {**lead.submission.fields, **lead.submission.extras}
    names = [*CANONICAL_FIELDS, *(name for name in lead.submission.extras if name not in CANONICAL_FIELDS)]
    return [
        AnswerField(
            name,
            FIELDS.get(name, name),
            changed.get(name, joined(answers.get(name, ""))),
            problems.get(name, ""),
        )
        for name in names
    ]


def _changed(lead: Lead, form: Mapping[str, str]) -> dict[str, str]:
    """The answers that differ now; a browser sends line ends as CR LF."""
    before = {field.name: field.value for field in _answer_fields(lead, {}, {})}
    after = {name: form.get(f"answer.{name}", value).replace("\r\n", "\n") for name, value in before.items()}
    return {name: value for name, value in after.items() if value.strip() != before[name].replace("\r\n", "\n").strip()}


def _add_erase(routes: Blueprint, deps: AdminDeps, renderer: Renderer) -> None:
    @routes.get("/leads/<lead_id>/erase")
    def confirm_erasing(lead_id: str) -> Response:
        lead = find_lead(deps, lead_id)
        leads = _leads_of_person(deps, lead)
        delivered = [each for each in leads if each.opportunity_id]
        return renderer.page("erase.html", here="leads", lead=lead, leads=leads, delivered=delivered)

    @routes.get("/leads/<lead_id>/person.json")
    def export_person(lead_id: str) -> Response:
        leads = _leads_of_person(deps, find_lead(deps, lead_id))
        with deps.store.read() as tx:
            text = json.dumps(data_json(tx, leads, clock.now()), indent=2, ensure_ascii=False)
        headers = {"Content-Disposition": f'attachment; filename="person-{lead_id}.json"'}
        return Response(f"{text}\n", mimetype="application/json", headers=headers)

    @routes.post("/leads/<lead_id>/erase")
    def erase_lead(lead_id: str) -> Response:
        leads = _leads_of_person(deps, find_lead(deps, lead_id))
        erased = deps.store.erase([lead.id for lead in leads], clock.now())
        markers = list(map(marker_of, erased.doubtful))
        return renderer.page("erased.html", here="leads", erased=erased, markers=markers)


def _leads_of_person(deps: AdminDeps, lead: Lead) -> list[Lead]:
    """All leads of the lead's person, at least this one."""
    with deps.store.read() as tx:
        ids = tx.leads.of_person(lead.submission.contact.email)
        leads = [each for each in map(tx.leads.get, ids) if each is not None]
    return leads if lead.id in ids else [lead, *leads]
