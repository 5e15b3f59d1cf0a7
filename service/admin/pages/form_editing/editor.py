"""The page of one form: new, copied or changed. The typed values become a draft, which review.py shows."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

from flask import Blueprint, request
from werkzeug.exceptions import BadRequest
from werkzeug.wrappers import Response

from service.actors import Scope
from service.admin.pages.form_editing.brand import show_brand
from service.admin.pages.form_editing.drafts import ALL_FORMS, BRAND, Draft, is_form
from service.admin.pages.form_editing.keys import FIELDS, SECTIONS, FormField, Section
from service.admin.pages.form_editing.questions import QuestionRow, each_kind, make_name, requested_move, row_numbers
from service.admin.pages.form_editing.reading import (
    RouteRow,
    read_form,
    rows_of,
    rows_of_keys,
    show_field,
    show_form,
    with_names,
)
from service.admin.pages.form_editing.review import draft_of_request, number_of_request, show_review
from service.admin.pages.form_editing.target import AS_WRITTEN, describe_stage, written_stage
from service.admin.pages.form_editing.widgets import NO_NAMES
from service.admin.pages.form_editing.workspace import Workspace, sentences_of
from service.admin.pages.labels import field_name, lead_source_name
from service.admin.permissions import requires
from service.forms import SetupProblems
from service.forms.crm import LEAD_SOURCES
from service.forms.problems import write_key
from service.forms.schema import check_form_name
from service.i18n import _
from service.lead import CANONICAL_FIELDS
from service.setup.editing import EditRefused, read_value, write_rows
from service.setup.publishing import SetupRefusal
from service.setup.withholding import KEPT

TARGET_INPUTS = {
    "stage_id": "stage",
    "board": "stage",
    "stage": "stage",
    "opportunity_type_id": "type",
    "responsible_id": "owner",
    "responsible": "owners",
}


@dataclass(frozen=True, slots=True)
class KeyInput:
    """One key as it is drawn. usual: its default, as the input would show it."""

    name: str
    label: str
    help: str
    look: str
    text: str
    usual: str
    options: Sequence[tuple[str, str]]
    problem: str = ""


@dataclass(frozen=True, slots=True)
class EditorState:
    """The contents of a form's page.

    form: its name in the set-up, "" for a new one. name: as typed. keys: those that the page was drawn from.
    """

    form: str
    name: str
    version: int
    keys: Mapping[str, Any]
    texts: Mapping[str, str]
    questions: Sequence[QuestionRow] = ()
    routes: Sequence[RouteRow] = ()
    problems: Mapping[str, str] = field(default_factory=dict)
    general: Sequence[str] = ()

    @property
    def drawn(self) -> str:
        """The keys as the page carries them."""
        return write_rows(self.keys)


def state_of(form: str, name: str, version: int, keys: Mapping[str, Any]) -> EditorState:
    """Return a page drawn from a form's keys."""
    return EditorState(form, name, version, keys, show_form(keys), *rows_of_keys(keys))


def add(routes: Blueprint, workspace: Workspace) -> None:
    """/admin/forms/new, /admin/forms/edit/NAME and their posts."""

    @routes.get("/forms/new")
    @requires(Scope.SETUP)
    def new_form() -> Response:
        """A new form, or a copy of one."""
        original = request.args.get("copy", "")
        standing = workspace.standing()
        keys: dict[str, Any] = {}
        if original:
            workspace.check_form(standing.document, original)
            keys = {
                key: value
                for key, value in workspace.shown_keys(standing.document, original).items()
                if key != "webhooks"
            }
        accounts = workspace.accounts()
        if "default" not in accounts and accounts and not original:
            keys["account"] = accounts[0]
        return show_editor(workspace, state_of("", f"{original}-2" if original else "", standing.version, keys))

    @routes.get("/forms/edit/<name>")
    @requires(Scope.SETUP)
    def edit_form(name: str) -> Response:
        standing = workspace.standing()
        workspace.check_form(standing.document, name)
        keys = workspace.shown_keys(standing.document, name)
        return show_editor(workspace, state_of(name, name, standing.version, keys))

    @routes.post("/forms/edit")
    @requires(Scope.SETUP)
    def send_form() -> Response:
        """Show the typed values again with more rows or other choices, or try them out and show the review."""
        return _sent(workspace)


def add_parts(routes: Blueprint, workspace: Workspace) -> None:
    """Add the parts that the page of a form fetches, and the way back to it."""

    @routes.post("/forms/draft")
    @requires(Scope.SETUP)
    def change_draft() -> Response:
        """Go back from the review to the page."""
        draft = draft_of_request()
        standing = workspace.standing()
        if draft.form.startswith(BRAND):
            workspace.check_form(standing.document, draft.form)
            return show_brand(workspace, draft)
        form = draft.form if draft.form == ALL_FORMS or is_form(standing.document, draft.form) else ""
        if form:
            workspace.check_form(standing.document, form)
        return show_editor(workspace, state_of(form, draft.form, draft.version, draft.keys or {}))

    @routes.get("/forms/target")
    @requires(Scope.SETUP)
    def target_part() -> Response:
        """Only the choice of the target, which the page fetches again while a worker reads Nexudus."""
        account = request.args.get("account") or "default"
        texts = {name: request.args.get(name, "") for name in ("stage", "type", "owner", "owners", "account")}
        return workspace.renderer.part(
            "form_target.html",
            texts=texts,
            choices=workspace.choices(account),
            accounts=workspace.accounts(),
            as_written=request.args.get("as_written", ""),
            usual_stage=request.args.get("usual_stage", ""),
            problems={},
            AS_WRITTEN=AS_WRITTEN,
        )


def _sent(workspace: Workspace) -> Response:
    form = request.form.get("of_form", "")
    try:
        drawn = read_value(request.form.get("drawn", "")) if request.form.get("drawn", "").strip() else {}
    except ValueError:
        raise BadRequest from None
    version, standing = number_of_request("of_version"), workspace.standing()
    if form:
        workspace.check_form(standing.document, form)
    typed_name = form or request.form.get("form_name", "").strip().lower()
    typed = read_form(request.form, drawn)
    name, name_problem = (form, "") if form else _new_name(typed_name, typed.keys, standing.document)
    problems = {**typed.problems, **({"form_name": name_problem} if name_problem else {})}
    action = request.form.get("action", "review")
    if action != "review" or problems:
        state = _typed_again(form, typed_name, version, drawn, problems)
        return show_editor(
            workspace, state, more=action, status=HTTPStatus.UNPROCESSABLE_ENTITY if problems else HTTPStatus.OK
        )
    keys = workspace.kept_keys(typed.keys, name)
    try:
        return show_review(workspace, workspace.try_out(Draft(name, version, keys)))
    except (SetupProblems, EditRefused, SetupRefusal) as error:
        return _with_problems(workspace, _typed_again(form, typed_name, version, drawn, {}), name, error)


def _new_name(typed: str, keys: Mapping[str, Any], document: str) -> tuple[str, str]:
    """The name of a new form, made from its title where none was typed, and the problem with it."""
    name = typed or "-".join(re.findall(r"[a-z0-9]+", str(keys.get("title", "")).lower()))[:64]
    try:
        check_form_name(name)
    except ValueError:
        return name, _("Use only a-z, 0-9, - and _ in the name: it becomes part of the address.")
    return name, _("A form with this name already exists.") if is_form(document, name) else ""


def _typed_again(
    form: str, name: str, version: int, drawn: Mapping[str, Any], problems: Mapping[str, str]
) -> EditorState:
    texts = {**show_form(drawn), **with_names(request.form, drawn)}
    return EditorState(form, name, version, drawn, texts, *rows_of(request.form), problems)


def _with_problems(workspace: Workspace, state: EditorState, name: str, error: Exception) -> Response:
    """Return the page with each problem beside its input; problems elsewhere are at the top."""
    problems: dict[str, str] = {}
    general = []
    for path, sentence in sentences_of(error):
        place = input_of(path, name)
        if place:
            problems[place] = f"{problems[place]}; {sentence}" if place in problems else sentence
        else:
            general.append(f"{path}: {sentence}" if path else sentence)
    state = EditorState(
        *(state.form, state.name, state.version, state.keys, state.texts, state.questions, state.routes),
        problems,
        general,
    )
    return show_editor(workspace, state, status=HTTPStatus.UNPROCESSABLE_ENTITY)


def input_of(path: str, form: str) -> str:
    """Return the input that a place of the document belongs to, "" for a place elsewhere."""
    above = "defaults." if form == ALL_FORMS else f"forms.{write_key(form)}."
    if not path.startswith(above):
        return ""
    key = re.sub(r"\[[0-9]+\]", "", path.removeprefix(above))
    first = key.partition(".")[0]
    if first in TARGET_INPUTS:
        return TARGET_INPUTS[first]
    if first in ("questions", "routes", "account"):
        return first
    return next((each.name for each in FIELDS if key == each.name or key.startswith(f"{each.name}.")), "")


def show_editor(
    workspace: Workspace, state: EditorState, *, more: str = "", status: HTTPStatus = HTTPStatus.OK
) -> Response:
    """Return the page of a form. more: "questions" or "routes" adds an empty row, "look" requests a fresh look."""
    standing = workspace.standing()
    defaults = {} if state.form == ALL_FORMS else workspace.shown_keys(standing.document, ALL_FORMS)
    account = state.texts.get("account") or workspace.account_of({}, standing.document)
    is_all = state.form == ALL_FORMS
    choices = workspace.choices(account, look_again=more == "look")
    own = {account: choices, **{each: workspace.choices(each, look_again=more == "look") for each in _accounts(state)}}
    return workspace.renderer.page(
        "form_editor.html",
        status,
        here="setup",
        state=state,
        sections=[(section, _inputs(section, state, defaults)) for section in SECTIONS],
        labels_of={each.name: each.label for each in FIELDS},
        is_all=is_all,
        choices=choices,
        choices_by_account=own,
        form_account=account,
        usual_stage=describe_stage(defaults, choices),
        accounts=workspace.accounts(),
        as_written=written_stage(state.keys) or written_stage(defaults),
        questions=[*state.questions, *[QuestionRow()] * _spare(len(state.questions), is_wanted=more == "questions")],
        routes=[*state.routes, *[RouteRow()] * _spare(len(state.routes), is_wanted=more == "routes", first=0)],
        kinds=list(each_kind()),
        known_answers=CANONICAL_FIELDS,
        AS_WRITTEN=AS_WRITTEN,
        opened={section.name for section in SECTIONS if _has_problem(section, state)},
        open_row=more,
        moved=_moved_row(),
        written_routes={str(number): written_stage(each) for number, each in enumerate(state.keys.get("routes", ()))},
    )


def _accounts(state: EditorState) -> set[str]:
    """The accounts that routes name."""
    return {row.account for row in state.routes if row.account}


def _moved_row() -> tuple[str, int, str]:
    """The row that was just moved, its new place, and the button, so that it can be pressed again."""
    move = requested_move(request.form)
    numbers = row_numbers(move.kind, request.form) if move else []
    if move is None or move.number not in numbers:
        return "", -1, ""
    return move.kind, numbers.index(move.number), "up" if move.step < 0 else "down"


def _spare(number: int, *, is_wanted: bool, first: int = 1) -> int:
    """How many empty rows a page shows."""
    return 1 if is_wanted else (first if not number else 0)


def _has_problem(section: Section, state: EditorState) -> bool:
    return any(each.name in state.problems for each in section.fields)


def _inputs(section: Section, state: EditorState, defaults: Mapping[str, Any]) -> list[KeyInput]:
    return [_input(each, state, defaults) for each in section.fields]


def _names_to_choose(chosen: str, state: EditorState) -> list[tuple[str, str]]:
    """Names of answers with their labels: chosen ones first, then the standard answers.

    The form's own questions are listed only if chosen, because each has a box of its own.
    """
    own = {row.name or make_name(row.label): row.label for row in state.questions if row.name or row.label}
    names = [name for name in chosen.splitlines() if name != NO_NAMES]
    others = [name for name in CANONICAL_FIELDS if name not in own]
    return [(name, own.get(name) or field_name(name)) for name in dict.fromkeys((*names, *others))]


def _input(each: FormField, state: EditorState, defaults: Mapping[str, Any]) -> KeyInput:
    widget, _shown = show_field(each, state.keys)
    inherited = show_field(each, defaults)[1]
    if KEPT in inherited:
        inherited = _("set, and not shown")
    options = [(value, _(words)) for value, words in each.options]
    if each.path[0] in ("lead_source", "default_lead_source"):
        options = [(str(number), lead_source_name(number)) for number in sorted(LEAD_SOURCES)]
    text = state.texts.get(each.name, "")
    if widget.look == "names":
        text = text or inherited or each.usual
        options = _names_to_choose(text, state)
    problem = state.problems.get(each.name, "")
    return KeyInput(each.name, each.label, each.help, widget.look, text, inherited or each.usual, options, problem)
