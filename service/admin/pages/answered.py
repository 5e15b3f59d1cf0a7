"""A person records a call: a button "I have called" on the lead's page, and the page that the link in a message opens.

The link needs no sign-in: its signature permits answering this one lead, and its page shows nothing personal.
"""

from dataclasses import dataclass
from datetime import datetime

from flask import Blueprint, Flask, request
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response

from service import clock
from service.actors import Actor, Scope
from service.admin import AdminDeps
from service.admin.pages import errors
from service.admin.pages.lead_filters import LEAD_ID
from service.admin.pages.rendering import PREFIX, Renderer, use_language_of_request
from service.admin.permissions import current_actor, requires
from service.alerts.answer_links import PATH, AnswerLinks
from service.i18n import N_, MessageTable, _
from service.lead import Lead
from service.operations.answers import ANSWERABLE, record_call
from service.operations.leads import ActionNotAllowed
from service.store import AnswerClock, AnswerKind, OwnerTurn, Transaction

HOW = MessageTable(
    {
        AnswerKind.STAGE: N_("moved to another stage in Nexudus"),
        AnswerKind.OWNER: N_("given another owner in Nexudus"),
        AnswerKind.STATUS: N_("won or lost in Nexudus"),
        AnswerKind.CALLED: N_("somebody has called"),
    }
)
"""Kind of a person's first move -> its words."""


@dataclass(frozen=True, slots=True)
class AnswerBlock:
    """The answer as the lead's page shows it: the clock, the owner by turn, whether "I have called" is offered."""

    clock: AnswerClock | None
    turn: OwnerTurn | None
    is_open: bool

    @property
    def how(self) -> str:
        """The person's first move in words; "" before it."""
        return HOW[self.clock.how] if self.clock and self.clock.how else ""


def answer_block(tx: Transaction, lead: Lead) -> AnswerBlock | None:
    """Return what to show of a lead's answer; None where there is nothing."""
    answer, turn = tx.answers.clocks_of([lead.id]).get(lead.id), tx.answers.turns_of([lead.id]).get(lead.id)
    is_open = lead.status in ANSWERABLE and (answer is None or answer.answered_at is None)
    return AnswerBlock(answer, turn, is_open) if answer or turn or is_open else None


def link_holder(origin: str) -> Actor:
    """The actor of a message's link, whose signature permits this one act only."""
    return Actor("link in a message", frozenset(), origin=origin)


def add(routes: Blueprint, deps: AdminDeps, renderer: Renderer) -> None:
    """The button on the lead's page."""

    @routes.post("/leads/<lead_id>/answered")
    @requires(Scope.LEADS)
    def answer_lead(lead_id: str) -> Response:
        back = f"{PREFIX}/leads/{lead_id}"
        try:
            is_id = LEAD_ID.fullmatch(lead_id)
            lead = record_call(deps.store, current_actor(), lead_id, clock.now()) if is_id else None
        except ActionNotAllowed as reason:
            return renderer.go(back, _("Nothing was done: %(reason)s.", reason=reason))
        return renderer.go(back, _("The lead is marked as answered.")) if lead else renderer.go(f"{PREFIX}/leads")


def register_links(app: Flask, deps: AdminDeps, renderer: Renderer) -> None:
    """Put the page of the link in messages into the app. Opening it changes nothing."""
    links = AnswerLinks(deps.public_url, lambda: deps.secret_key or deps.store.secret_key())
    routes = Blueprint("answered", __name__, url_prefix=PATH)
    routes.before_request(use_language_of_request)

    @routes.get("/<signed>")
    def confirm_answer(signed: str) -> Response:
        lead_id = links.lead_of(signed)
        with deps.store.read() as tx:
            lead = tx.leads.get(lead_id) if lead_id else None
            answer = tx.answers.clocks_of([lead.id]).get(lead.id) if lead else None
        if lead is None:
            raise NotFound
        form = deps.forms.get(lead.submission.form)
        title = form.title_in("") if form else ""
        return _page(renderer, lead, title or lead.submission.form, answer)

    @routes.post("/<signed>")
    def record_answer(signed: str) -> Response:
        lead_id = links.lead_of(signed)
        try:
            holder = link_holder(request.remote_addr or "")
            lead = record_call(deps.store, holder, lead_id, clock.now()) if lead_id else None
        except ActionNotAllowed:
            return renderer.go(f"{PATH}/{signed}")
        if lead is None:
            raise NotFound
        return renderer.go(f"{PATH}/{signed}")

    errors.add(routes, renderer)
    app.register_blueprint(routes)


def _page(renderer: Renderer, lead: Lead, title: str, answer: AnswerClock | None) -> Response:
    answered_at: datetime | None = answer.answered_at if answer else None
    return renderer.page(
        "answered.html",
        title=title,
        received_at=lead.received_at,
        answered_at=answered_at,
        how=HOW[answer.how] if answer and answer.how else "",
        is_open=lead.status in ANSWERABLE,
    )
