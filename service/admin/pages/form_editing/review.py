"""From a draft to a version: its changes, their effect on the newest leads, publishing, undoing."""

import re
from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Any

from flask import Blueprint, request
from werkzeug.exceptions import BadRequest
from werkzeug.wrappers import Response

from service import clock
from service.actors import Scope
from service.admin.pages.form_editing.drafts import ALL_FORMS, Draft, is_of_form, place_of
from service.admin.pages.form_editing.keys import FIELDS
from service.admin.pages.form_editing.workspace import DraftTrial, Workspace, sentences_of
from service.admin.pages.labels import field_name, lead_source_name
from service.admin.pages.rendering import PREFIX
from service.admin.permissions import current_actor, requires
from service.forms import SetupProblems
from service.forms.senders import SENDERS
from service.forms.values import SECRET_PREFIX
from service.i18n import N_, _
from service.operations.setup_effect import effect_of
from service.setup.editing import EditRefused
from service.setup.publishing import ManagedByFile, SetupRefusal, StaleVersion

HISTORY_SIZE = 50

OTHER_LABELS = {
    "stage_id": N_("Stage"),
    "board": N_("Board"),
    "stage": N_("Stage"),
    "opportunity_type_id": N_("Type"),
    "responsible_id": N_("Owner"),
    "responsible": N_("Owners in turn"),
    "account": N_("Nexudus account"),
    "questions": N_("Questions"),
    "routes": N_("Routes: other settings for certain answers"),
    "webhooks": N_("Platforms and tools"),
    "brand": N_("Name, colour and logo"),
    "accounts": N_("Nexudus account"),
    "": N_("The form"),
}


ROW_LABELS = {"questions": N_("Question %(number)s"), "routes": N_("Route %(number)s")}
PART_LABELS = {
    "name": N_("Field name"),
    "kind": N_("Type of answer"),
    "choices": N_("Choices"),
    "required": N_("Required"),
    "when": N_("When these answers match"),
}


def label_of(key: str) -> str:
    """Return a key's label, with the key itself if it is nested deeper."""
    row = re.fullmatch(r"(questions|routes)\[([0-9]+)\](?:\.(.+))?", key)
    if row:
        words = _(ROW_LABELS[row[1]], number=row[2])
        part = PART_LABELS.get(row[3] or "label")
        return words if row[3] in (None, "label") else f"{words}: {_(part) if part else label_of(row[3])}"
    exact = next((each.label for each in FIELDS if key == each.name), "")
    if exact:
        return exact
    first = key.partition(".")[0].partition("[")[0]
    if first in OTHER_LABELS:
        return _(OTHER_LABELS[first])
    return next((each.label for each in FIELDS if key.startswith(f"{each.name}.")), key)


def value_namer(names: Mapping[str, Mapping[str, str]]) -> Callable[[str, Any], str]:
    """Return a function that puts the value of a key into words. names: as Workspace.names."""

    def name_value(key: str, value: Any) -> str:
        if isinstance(value, bool):
            return _("yes") if value else _("no")
        if isinstance(value, list):
            return ", ".join(name_value(key, each) for each in value)
        if isinstance(value, str) and value.startswith(SECRET_PREFIX):
            return _("stored encrypted")
        if key == "require":
            return field_name(str(value))
        if key.endswith("lead_source") and isinstance(value, int):
            return lead_source_name(value)
        name = names.get(key.rpartition(".")[2], {}).get(str(value))
        return f"{name} ({value})" if name else str(value)

    return name_value


def show_review(workspace: Workspace, trial: DraftTrial, sender: str = "") -> Response:
    """Return the page that shows the effect of a draft. sender: the one whose page made it, "" for another page."""
    return workspace.renderer.page(
        "form_review.html",
        here="setup",
        trial=trial,
        draft=trial.draft.dump(),
        form=trial.draft.form,
        title=workspace.title_of(trial.draft),
        sender=sender,
        is_deleted=trial.draft.keys is None,
        ALL_FORMS=ALL_FORMS,
        label_of=label_of,
        name_value=value_namer(workspace.names()),
    )


def draft_of_request() -> Draft:
    """Return the draft that a page sent. Raises: BadRequest."""
    try:
        return Draft.load(request.form.get("draft", ""))
    except ValueError:
        raise BadRequest from None


def number_of_request(name: str) -> int:
    """Return a number that a page sent. Raises: BadRequest."""
    return whole_number(request.form.get(name, ""))


def whole_number(text: str) -> int:
    """Return the number of a version. Raises: BadRequest."""
    if not text.isascii() or not text.isdigit():
        raise BadRequest
    return int(text[:9])


def add(routes: Blueprint, workspace: Workspace) -> None:
    """/admin/forms/publish, /undo, /pause and /delete."""

    @routes.post("/forms/publish")
    @requires(Scope.SETUP)
    def publish_draft() -> Response:
        return _published(workspace, draft_of_request())

    @routes.post("/forms/pause/<name>")
    @requires(Scope.SETUP)
    def pause_form(name: str) -> Response:
        """Make a draft that pauses a form, or resumes it."""
        return _draft(workspace, name, is_deleted=False)

    @routes.post("/forms/delete/<name>")
    @requires(Scope.SETUP)
    def delete_form(name: str) -> Response:
        """Make a draft that deletes a form."""
        return _draft(workspace, name, is_deleted=True)

    @routes.post("/forms/undo")
    @requires(Scope.SETUP)
    def undo_version() -> Response:
        """Undo the last version, if it is still the last."""
        workspace.check_everything()
        newest = number_of_request("version")
        note = f"version {newest} taken back"
        done = workspace.publisher.revert(newest - 1, note, current_actor(), newest, clock.now())
        notice = _("Undone: version %(version)s takes effect within two seconds.", version=done.version)
        return workspace.renderer.go(f"{PREFIX}/setup?version={done.version}", notice)


def _draft(workspace: Workspace, name: str, *, is_deleted: bool) -> Response:
    standing = workspace.standing()
    workspace.check_form(standing.document, name)
    keys = workspace.shown_keys(standing.document, name)
    if not is_deleted and not keys.pop("paused", False):
        keys["paused"] = True
    return show_review(workspace, workspace.try_out(Draft(name, standing.version, None if is_deleted else keys)))


def _published(workspace: Workspace, draft: Draft) -> Response:
    trial, sender = workspace.try_out(draft), request.form.get("sender", "")
    if trial.overtaken is not None:
        return show_review(workspace, trial, sender)
    note = request.form.get("note", "").strip() or _note_of(draft)
    try:
        done = workspace.publisher.publish(trial.document, note, current_actor(), trial.draft.version, clock.now())
    except StaleVersion:
        return show_review(workspace, workspace.try_out(draft), sender)
    notice = _("Published as version %(version)s. It takes effect within two seconds.", version=done.version)
    return workspace.renderer.go(f"{_page_after(draft, sender)}?version={done.version}", notice)


def _page_after(draft: Draft, sender: str) -> str:
    """The page to show after publishing: the sender's, if the draft was made there, else the form's."""
    if draft.keys is None or not is_of_form(draft.form):
        return f"{PREFIX}/setup"
    if sender not in SENDERS:
        return f"{PREFIX}/setup/{draft.form}"
    senders = f"{PREFIX}/forms/senders/{draft.form}"
    return f"{senders}/{sender}" if sender in draft.keys.get("webhooks", {}) else senders


def _note_of(draft: Draft) -> str:
    if draft.keys is None:
        return f"{draft.form}: deleted"
    return draft.form if is_of_form(draft.form) else ".".join(place_of(draft.form))


def add_refusals(routes: Blueprint, workspace: Workspace) -> None:
    """The pages that say why nothing was published."""

    @routes.errorhandler(ManagedByFile)
    def managed_elsewhere(_error: Exception) -> Response:
        return workspace.renderer.message(
            HTTPStatus.CONFLICT,
            _("The set-up is kept in a file"),
            _("Change it in the forms file; a change takes effect within two seconds. Here it is read-only."),
        )

    @routes.errorhandler(SetupProblems)
    @routes.errorhandler(EditRefused)
    @routes.errorhandler(SetupRefusal)
    def refused(error: Exception) -> Response:
        sentences = [f"{path}: {sentence}" if path else sentence for path, sentence in sentences_of(error)]
        return workspace.renderer.page(
            "form_refused.html", HTTPStatus.UNPROCESSABLE_ENTITY, here="setup", sentences=sentences
        )


# -- versions, and the document as text


def add_versions(routes: Blueprint, workspace: Workspace) -> None:
    """/admin/forms/history, one version, and the document as text."""

    @routes.get("/forms/history")
    @requires(Scope.SETUP)
    def versions() -> Response:
        workspace.check_everything()
        newest = workspace.standing().version
        listed = workspace.publisher.history(HISTORY_SIZE)
        return workspace.renderer.page("form_history.html", here="setup", versions=listed, newest=newest)

    @routes.get("/forms/history/<number>")
    @requires(Scope.SETUP)
    def version(number: str) -> Response:
        """Show what reverting to a version would change."""
        workspace.check_everything()
        standing = workspace.standing()
        earlier = workspace.publisher.version(whole_number(number))
        proposal = workspace.publisher.propose(earlier.toml, standing.version)
        effect = effect_of(workspace.deps.store, proposal.before.forms, proposal.after.forms)
        return workspace.renderer.page(
            "form_version.html",
            here="setup",
            version=earlier,
            newest=standing.version,
            proposal=proposal,
            effect=effect,
            label_of=label_of,
            name_value=value_namer(workspace.names()),
        )

    @routes.post("/forms/revert")
    @requires(Scope.SETUP)
    def revert_version() -> Response:
        workspace.check_everything()
        number, newest = number_of_request("version"), number_of_request("newest")
        note = request.form.get("note", "").strip()
        done = workspace.publisher.revert(number, note, current_actor(), newest, clock.now())
        notice = _("Published as version %(version)s. It takes effect within two seconds.", version=done.version)
        return workspace.renderer.go(f"{PREFIX}/setup?version={done.version}", notice)

    @routes.route("/forms/text", methods=["GET", "POST"])
    @requires(Scope.SETUP)
    def document_text() -> Response:
        """The whole set-up as text: shown, checked, published."""
        workspace.check_everything()
        standing = workspace.standing()
        if request.method == "GET":
            return _text_page(workspace, standing.document, standing.version)
        return _text_sent(workspace)


def _text_sent(workspace: Workspace) -> Response:
    document = request.form.get("document", "").replace("\r\n", "\n").lstrip("\n")
    expected = number_of_request("version")
    try:
        proposal = workspace.publisher.propose(document, expected)
        if request.form.get("action") == "publish":
            note = request.form.get("note", "").strip()
            done = workspace.publisher.publish(document, note, current_actor(), expected, clock.now())
            notice = _("Published as version %(version)s. It takes effect within two seconds.", version=done.version)
            return workspace.renderer.go(f"{PREFIX}/setup?version={done.version}", notice)
    except (SetupProblems, SetupRefusal) as error:
        sentences = [f"{path}: {sentence}" if path else sentence for path, sentence in sentences_of(error)]
        return _text_page(workspace, document, expected, sentences=sentences)
    effect = effect_of(workspace.deps.store, proposal.before.forms, proposal.after.forms)
    return _text_page(workspace, document, expected, proposal=proposal, effect=effect)


def _text_page(workspace: Workspace, document: str, version: int, **values: object) -> Response:
    status = HTTPStatus.UNPROCESSABLE_ENTITY if values.get("sentences") else HTTPStatus.OK
    shown = {"sentences": (), "proposal": None, "effect": None, "name_value": value_namer(workspace.names()), **values}
    return workspace.renderer.page(
        "form_text.html", status, here="setup", document=document, version=version, label_of=label_of, **shown
    )
