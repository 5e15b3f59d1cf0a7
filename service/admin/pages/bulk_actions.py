"""Actions on many leads, selected or all that match: first a page that shows which leads they change, then Undo."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from flask import Blueprint, request
from werkzeug.datastructures import MultiDict
from werkzeug.exceptions import BadRequest
from werkzeug.wrappers import Response

from service import clock
from service.actors import Scope
from service.admin import AdminDeps
from service.admin.pages import labels
from service.admin.pages.lead_filters import LEAD_ID, LeadFilters, names_of, read_filters, valid_id
from service.admin.pages.lead_list import PAGE_SIZE, form_titles
from service.admin.pages.rendering import PREFIX, Renderer
from service.admin.pages.undo_bar import offer_undo
from service.admin.permissions import current_actor, requires
from service.i18n import _
from service.lead import Lead, LeadId, Status
from service.operations.leads import ACTIONS, Action, Progress, act_on_leads, act_on_matches, new_action_id
from service.store import Query, Transaction

MAX_NAMES = 5
"""Leads that a question names."""


@dataclass(frozen=True, slots=True)
class ActionScope:
    """The leads of a question, by status. hit: those that the action changes; others: those that it does not.

    named: some of those that it changes. until: the newest lead at the time of the question.
    """

    hit: Mapping[Status, int]
    others: Mapping[Status, int]
    named: Sequence[Lead]
    until: str

    @property
    def number(self) -> int:
        """Leads that the action changes."""
        return sum(self.hit.values())


def add(routes: Blueprint, deps: AdminDeps, renderer: Renderer) -> None:
    """/admin/leads/confirm and /admin/leads/act."""

    @routes.post("/leads/confirm")
    @requires(Scope.LEADS)
    def confirm_many() -> Response:
        filters, ids = read_filters(request.form), _selected(request.form)
        if not request.form.get("action"):
            return renderer.go(f"{PREFIX}/leads?{filters.here}", _("Choose what to do with the leads."))
        action = _action()
        is_all = request.form.get("scope") == "all"
        with deps.store.read() as tx:
            if is_all:
                scope = _all_that_match(tx, action, filters.query(clock.now(), deps.zone))
            else:
                scope = _of_selected(tx, action, ids)
        return renderer.page(
            "confirm.html",
            here="leads",
            action=action,
            label=labels.ACTIONS[action.name],
            filters=filters,
            set_filters=names_of(filters, _filter_names(deps)),
            ids=() if is_all else ids,
            scope=scope,
            back=f"{PREFIX}/leads?{filters.here}",
        )

    @routes.post("/leads/act")
    @requires(Scope.LEADS)
    def act_on_many() -> Response:
        """Act on the leads; after the time limit, ask whether to go on."""
        action, filters, now = _action(), read_filters(request.form), clock.now()
        action_id = valid_id(request.form.get("act", "")) or new_action_id(now)
        progress = _act(deps, action, filters, action_id)
        if progress.after:
            return renderer.page(
                "more.html",
                here="leads",
                action=action,
                action_id=action_id,
                label=labels.ACTIONS[action.name],
                filters=filters,
                progress=progress,
                until=request.form.get("until", ""),
            )
        notice = _(
            "%(leads)s %(done)s.",
            leads=labels.counted(progress.changed, "lead"),
            done=labels.ACTIONS[action.name].done,
        )
        if action.leads_to is not None and progress.changed:
            notice = ""  # the bar that offers to undo it says so
        response = renderer.go(f"{PREFIX}/leads?{filters.here}", notice)
        return offer_undo(renderer, response, action, action_id, progress.changed)


def _all_that_match(tx: Transaction, action: Action, query: Query) -> ActionScope:
    newest = tx.search.leads(Query(), 1)
    named: list[Lead] = []
    for status in sorted(action.statuses):
        if query.status in ("", status) and len(named) < MAX_NAMES:
            named += tx.search.page(replace(query, status=status), MAX_NAMES - len(named)).leads
    return _scope(action, tx.search.count_by_status(query), named, newest[0].id if newest else "")


def _of_selected(tx: Transaction, action: Action, ids: Sequence[LeadId]) -> ActionScope:
    statuses = tx.leads.statuses_of(ids)
    hit = [lead_id for lead_id in ids if statuses.get(lead_id) in action.statuses]
    named = [lead for lead in map(tx.leads.get, hit[:MAX_NAMES]) if lead is not None]
    return _scope(action, Counter(statuses.values()), named, "")


def _scope(action: Action, numbers: Mapping[Status, int], named: Sequence[Lead], until: str) -> ActionScope:
    hit = {status: number for status, number in numbers.items() if status in action.statuses}
    others = {status: number for status, number in numbers.items() if status not in action.statuses}
    return ActionScope(hit, others, named, until)


def _filter_names(deps: AdminDeps) -> Mapping[str, Mapping[str, str]]:
    return {
        "status": {status.value: label.name for status, label in labels.STATUSES.items()},
        "form": form_titles(deps),
    }


def _act(deps: AdminDeps, action: Action, filters: LeadFilters, action_id: str) -> Progress:
    now = clock.now()
    if ids := _selected(request.form):
        return Progress(act_on_leads(deps.store, current_actor(), action, ids, now, action_id))
    # No lead that arrived after the operator confirmed: ids sort by arrival.
    until, after = valid_id(request.form.get("until", "")) + "~", valid_id(request.form.get("from_id", ""))
    query = replace(filters.query(now, deps.zone), before=until, after=after)
    progress = act_on_matches(deps.store, current_actor(), action, query, now, deps.time_limit_s, action_id)
    so_far = request.form.get("number", "")
    return replace(progress, changed=progress.changed + (int(so_far) if after and so_far.isdecimal() else 0))


def _selected(form: MultiDict[str, str]) -> list[LeadId]:
    return [LeadId(text) for text in form.getlist("id") if LEAD_ID.fullmatch(text)][:PAGE_SIZE]


def _action() -> Action:
    action = ACTIONS.get(request.form.get("action", ""))
    if action is None:
        raise BadRequest(_("Choose what to do with the leads."))
    return action
