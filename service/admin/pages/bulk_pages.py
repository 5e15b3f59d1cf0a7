"""Actions on many leads, selected or all that match: first a page that says how many, then the action."""

from collections import Counter
from dataclasses import replace

from flask import Blueprint, request
from werkzeug.datastructures import MultiDict
from werkzeug.exceptions import BadRequest
from werkzeug.wrappers import Response

from service import clock
from service.admin.deps import AdminDeps
from service.admin.pages import labels
from service.admin.pages.lead_list import LEAD_ID, PAGE_SIZE, LeadFilters, read_filters, valid_id
from service.admin.pages.rendering import PREFIX, Renderer
from service.lead import LeadId
from service.operations.leads import ACTIONS, Action, Progress, act_on_leads, act_on_matches
from service.store import Query


def add(routes: Blueprint, deps: AdminDeps, renderer: Renderer) -> None:
    """/admin/leads/confirm and /admin/leads/act."""

    @routes.post("/leads/confirm")
    def confirm_many() -> Response:
        action, filters, ids = _action(), read_filters(request.form), _selected(request.form)
        is_all = request.form.get("scope") == "all"
        with deps.store.read() as tx:
            newest = tx.search.leads(Query(), 1)
            if is_all:
                numbers = tx.search.count_by_status(filters.query(clock.now(), deps.zone))
            else:
                numbers = Counter(tx.leads.statuses_of(ids).values())
        return renderer.page(
            "confirm.html",
            here="leads",
            action=action,
            label=labels.ACTIONS[action.name],
            filters=filters,
            ids=() if is_all else ids,
            number=sum(number for status, number in numbers.items() if status in action.statuses),
            others={status: number for status, number in numbers.items() if status not in action.statuses},
            until=newest[0].id if newest else "",
            back=f"{PREFIX}/leads?{filters.address()}",
        )

    @routes.post("/leads/act")
    def act_on_many() -> Response:
        """Act on the leads; after the time limit, ask whether to go on."""
        action, filters = _action(), read_filters(request.form)
        label, progress = labels.ACTIONS[action.name], _act(deps, action, filters)
        if progress.after:
            return renderer.page(
                "more.html",
                here="leads",
                action=action,
                label=label,
                filters=filters,
                progress=progress,
                until=request.form.get("until", ""),
            )
        notice = f"{labels.counted(progress.changed, 'lead')} {label.done}."
        return renderer.go(f"{PREFIX}/leads?{filters.address()}", notice)


def _act(deps: AdminDeps, action: Action, filters: LeadFilters) -> Progress:
    now = clock.now()
    if ids := _selected(request.form):
        return Progress(act_on_leads(deps.store, action, ids, now))
    # No lead that arrived after the operator confirmed: ids sort by arrival.
    until, after = valid_id(request.form.get("until", "")) + "~", valid_id(request.form.get("after", ""))
    query = replace(filters.query(now, deps.zone), before=until, after=after)
    progress = act_on_matches(deps.store, action, query, now, deps.time_limit_s)
    so_far = request.form.get("number", "")
    return replace(progress, changed=progress.changed + (int(so_far) if after and so_far.isdecimal() else 0))


def _selected(form: MultiDict[str, str]) -> list[LeadId]:
    return [LeadId(text) for text in form.getlist("id") if LEAD_ID.fullmatch(text)][:PAGE_SIZE]


def _action() -> Action:
    action = ACTIONS.get(request.form.get("action", ""))
    if action is None:
        raise BadRequest("Choose what to do with the leads.")
    return action
