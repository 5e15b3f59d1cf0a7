"""A test lead sent from a form's page and followed into Nexudus."""

import secrets
from typing import Any

from flask import Blueprint, request
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response

from service import clock
from service.actors import Scope
from service.admin.pages.form_editing.workspace import Workspace
from service.admin.pages.journey import journey
from service.admin.pages.lead import find_lead
from service.admin.pages.rendering import PREFIX
from service.admin.permissions import current_actor, requires
from service.forms import Form
from service.forms.values import read_email
from service.i18n import _
from service.lead import Status
from service.operations.leads import subject_of
from service.operations.trial_leads import send_test_lead
from service.store import Act

UNDERWAY = (Status.PENDING, Status.ANNOUNCED)
EXAMPLE_DOMAIN = "example.com"


def add(routes: Blueprint, workspace: Workspace) -> None:
    """/admin/forms/test/FORM, and the progress of one test lead."""

    @routes.post("/forms/test/<name>")
    @requires(Scope.LEADS)
    def send_trial(name: str) -> Response:
        form = _form(workspace, name)
        typed = request.form.get("email", "").strip() or f"test-{secrets.token_hex(3)}@{EXAMPLE_DOMAIN}"
        try:
            email = read_email(typed)
        except ValueError:
            return workspace.renderer.go(f"{PREFIX}/setup/{name}", _("Nothing was sent: enter a valid e-mail address."))
        actor, store, now = current_actor(), workspace.deps.store, clock.now()
        lead_id, after = send_test_lead(form, email, actor.who, store, now), {"form": name}
        store.write(lambda tx: tx.acts.record(actor, Act.TEST, subject_of(lead_id), form.accounts, None, after, now))
        return workspace.renderer.go(f"{PREFIX}/forms/trial/{lead_id}")

    @routes.get("/forms/trial/<lead_id>")
    @requires(Scope.READ)
    def follow_trial(lead_id: str) -> Response:
        """The progress of a test lead; the page fetches this part again until the lead arrives."""
        lead, now = find_lead(workspace.deps, lead_id), clock.now()
        name = lead.submission.form
        form = workspace.deps.forms.get(name)
        with workspace.deps.store.read() as tx:
            attempts = tx.leads.attempts_of([lead.id])[lead.id]
        values: dict[str, Any] = {
            "name": name,
            "title": (form.title if form else "") or name,
            "lead": lead,
            "events": journey(lead, attempts, now),
            "is_underway": lead.status in UNDERWAY,
        }
        if request.headers.get("HX-Request"):
            return workspace.renderer.part("form_trial_part.html", **values)
        return workspace.renderer.page("form_trial.html", here="setup", **values)


def _form(workspace: Workspace, name: str) -> Form:
    form = workspace.deps.forms.get(name)
    if form is None or not all(map(current_actor().sees, form.accounts)):
        raise NotFound
    return form
