"""Changes to a lead's data: its answers corrected, its person's data downloaded or erased."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus

from flask import Blueprint, request
from werkzeug.wrappers import Response

from service import clock
from service.actors import Scope
from service.admin import AdminDeps
from service.admin.pages.labels import FIELDS, joined
from service.admin.pages.lead import back_to_lead, find_lead
from service.admin.pages.lead_filters import read_filters
from service.admin.pages.rendering import Renderer
from service.admin.permissions import current_actor, requires
from service.i18n import _
from service.lead import CANONICAL_FIELDS, Lead, Status, marker_of
from service.operations.acts import record_leads_export
from service.operations.correction import InvalidAnswers, correct
from service.operations.leads import CORRECTABLE, ActionNotAllowed, erase_leads
from service.operations.person import data_json


@dataclass(frozen=True, slots=True)
class AnswerField:
    """The input of one answer. problem: why the answer was not accepted."""

    name: str
    label: str
    value: str
    problem: str = ""


def add(routes: Blueprint, deps: AdminDeps, renderer: Renderer) -> None:
    """/admin/leads/ID/edit, /erase and /person.json."""
    _add_edit(routes, deps, renderer)
    _add_erase(routes, deps, renderer)


def _add_edit(routes: Blueprint, deps: AdminDeps, renderer: Renderer) -> None:
    @routes.get("/leads/<lead_id>/edit")
    @requires(Scope.LEADS)
    def edit_lead(lead_id: str) -> Response:
        lead = find_lead(deps, lead_id)
        if lead.status not in CORRECTABLE:
            return renderer.go(back_to_lead(lead), _("This lead can no longer be changed."))
        return renderer.page(
            "edit.html",
            here="leads",
            lead=lead,
            filters=read_filters(request.args),
            answers=_answer_fields(lead, {}, {}),
            general="",
        )

    @routes.post("/leads/<lead_id>/edit")
    @requires(Scope.LEADS)
    def change_lead(lead_id: str) -> Response:
        lead = find_lead(deps, lead_id)
        changed = _changed(lead, request.form)
        try:
            correct(deps.store, current_actor(), lead.id, changed, deps.forms, clock.now())
        except InvalidAnswers as error:
            problems = {name: text for name, text in error.errors.items() if name != "fields"}
            return renderer.page(
                "edit.html",
                HTTPStatus.UNPROCESSABLE_ENTITY,
                here="leads",
                lead=lead,
                filters=read_filters(request.args),
                answers=_answer_fields(lead, changed, problems),
                general="" if problems else _("Nothing was changed: change an answer, or go back."),
            )
        except ActionNotAllowed as reason:
            return renderer.go(back_to_lead(lead), _("Nothing was changed: %(reason)s.", reason=reason))
        is_held = lead.status is Status.QUARANTINED
        notice = (
            _("Changed. Still held as spam: release it to send it.")
            if is_held
            else _("Changed, and on its way to Nexudus.")
        )
        return renderer.go(back_to_lead(lead), notice)


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
    @requires(Scope.LEADS)
    def confirm_erasing(lead_id: str) -> Response:
        lead = find_lead(deps, lead_id)
        leads = _leads_of_person(deps, lead)
        delivered = [each for each in leads if each.opportunity_id]
        return renderer.page(
            "erase.html", here="leads", lead=lead, filters=read_filters(request.args), leads=leads, delivered=delivered
        )

    @routes.get("/leads/<lead_id>/person.json")
    @requires(Scope.LEADS)
    def export_person(lead_id: str) -> Response:
        leads = _leads_of_person(deps, find_lead(deps, lead_id))
        record_leads_export(deps.store, current_actor(), leads, clock.now())
        with deps.store.read() as tx:
            text = json.dumps(data_json(tx, leads, clock.now()), indent=2, ensure_ascii=False)
        headers = {"Content-Disposition": f'attachment; filename="person-{lead_id}.json"'}
        return Response(f"{text}\n", mimetype="application/json", headers=headers)

    @routes.post("/leads/<lead_id>/erase")
    @requires(Scope.LEADS)
    def erase_lead(lead_id: str) -> Response:
        leads = _leads_of_person(deps, find_lead(deps, lead_id))
        erased = erase_leads(deps.store, current_actor(), leads, clock.now())
        markers = list(map(marker_of, erased.doubtful))
        return renderer.page("erased.html", here="leads", erased=erased, markers=markers)


def _leads_of_person(deps: AdminDeps, lead: Lead) -> list[Lead]:
    """All leads of the lead's person, at least this one."""
    with deps.store.read() as tx:
        ids = tx.leads.of_person(lead.submission.contact.email)
        leads = [each for each in map(tx.leads.get, ids) if each is not None]
    return leads if lead.id in ids else [lead, *leads]
