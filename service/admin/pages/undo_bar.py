"""Undo: a bar on the pages of leads that takes back the last action, for some minutes.

The browser carries the signed id of the action, so only the person who did it is offered to undo it.
"""

import json
from dataclasses import dataclass

from flask import Blueprint, request
from werkzeug.exceptions import BadRequest
from werkzeug.wrappers import Response

from service import clock
from service.actors import Scope
from service.admin import AdminDeps
from service.admin.pages import labels
from service.admin.pages.rendering import PREFIX, Renderer
from service.admin.permissions import current_actor, requires
from service.i18n import _
from service.operations.leads import ACTIONS, Action, ActionNotAllowed, undo
from service.store import UNDO_WINDOW

UNDO_COOKIE = "lead_capture_undo"


@dataclass(frozen=True, slots=True)
class UndoableAction:
    """The last action. number: of leads."""

    action: Action
    action_id: str
    number: int

    @property
    def sentence(self) -> str:
        """The action in words."""
        leads = labels.counted(self.number, "lead")
        return _("%(leads)s %(done)s.", leads=leads, done=labels.ACTIONS[self.action.name].done)


def offer_undo(renderer: Renderer, response: Response, action: Action, action_id: str, number: int) -> Response:
    """Have the next pages offer to undo an action, where it can be undone."""
    if action.leads_to is not None and number:
        text = json.dumps([action.name, action_id, number])
        renderer.set_signed_cookie(response, UNDO_COOKIE, text, int(UNDO_WINDOW.total_seconds()))
    return response


def undoable(renderer: Renderer) -> UndoableAction | None:
    """The action that this browser can still undo."""
    text = renderer.signed_cookie(UNDO_COOKIE)
    if not text:
        return None
    name, action_id, number = json.loads(text)
    action = ACTIONS.get(name)
    return None if action is None else UndoableAction(action, action_id, number)


def add(routes: Blueprint, deps: AdminDeps, renderer: Renderer) -> None:
    """/admin/undo."""

    @routes.post("/undo")
    @requires(Scope.LEADS)
    def undo_action() -> Response:
        last, back = undoable(renderer), _own_address(request.form.get("back", ""))
        if last is None:
            raise BadRequest(_("There is nothing to undo any more."))
        try:
            undone = undo(deps.store, current_actor(), last.action, last.action_id, clock.now())
        except ActionNotAllowed:
            sentence = _("It is too late to undo it. Discarded leads can be restored.")
        else:
            sentence = _("Undone for %(leads)s.", leads=labels.counted(undone.undone, "lead"))
            if undone.left:
                sentence += " " + _(
                    "%(leads)s had already been sent or changed.", leads=labels.counted(undone.left, "lead")
                )
        response = renderer.go(back, sentence)
        response.delete_cookie(UNDO_COOKIE, path=PREFIX)
        return response


def _own_address(text: str) -> str:
    """The address to go back to, if it is one of ours."""
    return text if text.startswith(f"{PREFIX}/leads") else f"{PREFIX}/leads"
