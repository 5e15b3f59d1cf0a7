"""Answers of a lead put right, and the lead sent again."""

from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus

from flask import Blueprint, request
from werkzeug.wrappers import Response

from service import clock
from service.admin.pages.lead import find
from service.admin.pages.shell import PREFIX, Shell
from service.admin.pages.window import Window
from service.admin.pages.words import FIELDS, one
from service.lead import CANONICAL_FIELDS, Lead, Status
from service.operations.correction import InvalidAnswers, correct
from service.operations.leads import CORRECTABLE, ActionNotAllowed

LONG = {"message"}
"""Answers that get a large box."""

INPUTS = {"email": "email", "phone": "tel", "full_name": "text"}


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer to be put right. wrong: what is wrong with it."""

    name: str
    label: str
    value: str
    kind: str = "text"
    wrong: str = ""


def add(routes: Blueprint, window: Window, shell: Shell) -> None:
    """/admin/leads/ID/edit."""

    @routes.get("/leads/<lead_id>/edit")
    def edit_lead(lead_id: str) -> Response:
        """The answers, to be changed."""
        lead = find(window, lead_id)
        if lead.status not in CORRECTABLE:
            return shell.go(f"{PREFIX}/leads/{lead.id}", "This lead cannot be changed any more.")
        return shell.page("edit.html", here="leads", lead=lead, answers=_answers(lead, {}, {}), general="")

    @routes.post("/leads/<lead_id>/edit")
    def change_lead(lead_id: str) -> Response:
        """Keep them and send the lead."""
        lead = find(window, lead_id)
        changed = _changed(lead, request.form)
        try:
            correct(window.store, lead.id, changed, window.forms, clock.now())
        except InvalidAnswers as error:
            return _again(shell, lead, changed, error)
        except ActionNotAllowed as reason:
            return shell.go(f"{PREFIX}/leads/{lead.id}", f"Nothing was changed: {reason}.")
        is_held = lead.status is Status.QUARANTINED
        said = "Changed. It is still held: release it to send it." if is_held else "Changed, and on its way to Nexudus."
        return shell.go(f"{PREFIX}/leads/{lead.id}", said)


def _again(shell: Shell, lead: Lead, changed: Mapping[str, str], error: InvalidAnswers) -> Response:
    """The form once more, with all that was typed and what is wrong with it."""
    wrong = {name: text for name, text in error.errors.items() if name != "fields"}
    return shell.page(
        "edit.html",
        HTTPStatus.UNPROCESSABLE_ENTITY,
        here="leads",
        lead=lead,
        answers=_answers(lead, changed, wrong),
        general="" if wrong else "Nothing was changed: change an answer, or go back.",
    )


def _answers(lead: Lead, changed: Mapping[str, str], wrong: Mapping[str, str]) -> list[Answer]:
    known = {**lead.submission.fields, **lead.submission.extras}
    names = [*CANONICAL_FIELDS, *(name for name in lead.submission.extras if name not in CANONICAL_FIELDS)]
    return [
        Answer(
            name,
            FIELDS.get(name, name),
            changed.get(name, one(known.get(name, ""))),
            "long" if name in LONG else INPUTS.get(name, "text"),
            wrong.get(name, ""),
        )
        for name in names
    ]


def _changed(lead: Lead, form: Mapping[str, str]) -> dict[str, str]:
    """The answers that are others now; a browser sends line ends as CR LF."""
    known = {answer.name: answer.value for answer in _answers(lead, {}, {})}
    given = {name: form.get(f"answer.{name}", known[name]).replace("\r\n", "\n") for name in known}
    return {name: value for name, value in given.items() if value.strip() != known[name].replace("\r\n", "\n").strip()}
