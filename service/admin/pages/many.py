"""What is done with many leads, ticked or all that match: first how many that would be, then it is done."""

from dataclasses import replace

from flask import Blueprint, request
from werkzeug.datastructures import MultiDict
from werkzeug.exceptions import BadRequest
from werkzeug.wrappers import Response

from service import clock
from service.admin.pages import listing
from service.admin.pages.leads import LEAD_ID, PAGE, VERBS, lead_id_of
from service.admin.pages.shell import PREFIX, Shell
from service.admin.pages.window import Window
from service.admin.pages.words import counted
from service.lead import LeadId, Status
from service.operations.leads import ACTIONS, Action, Progress, act_on_leads, act_on_matches
from service.store import Query, Transaction


def add(routes: Blueprint, window: Window, shell: Shell) -> None:
    """/admin/leads/confirm and /admin/leads/act."""

    @routes.post("/leads/confirm")
    def confirm_many() -> Response:
        """How many it would be."""
        action, asked, ids = _action(), listing.read(request.form), _ticked(request.form)
        is_all = request.form.get("scope") == "all"
        with window.store.read() as tx:
            newest = tx.search.leads(Query(), 1)
            query = asked.query(clock.now(), window.zone)
            standing = tx.search.count_by_status(query) if is_all else _standing(tx, ids)
        return shell.page(
            "confirm.html",
            here="leads",
            action=action,
            verb=VERBS[action.name],
            asked=asked,
            ids=() if is_all else ids,
            number=sum(number for status, number in standing.items() if status in action.statuses),
            others={status: number for status, number in standing.items() if status not in action.statuses},
            until=newest[0].id if newest else "",
            back=f"{PREFIX}/leads?{asked.address()}",
        )

    @routes.post("/leads/act")
    def act_on_many() -> Response:
        """Do it; where there are very many, a part of it, and ask to go on."""
        action, asked = _action(), listing.read(request.form)
        done = _act(window, action, asked)
        if done.after:
            values = {"number": done.changed, "after": done.after, "until": request.form.get("until", "")}
            return shell.page("more.html", here="leads", action=action, verb=VERBS[action.name], asked=asked, **values)  # type: ignore[arg-type]
        said = f"{counted(done.changed, 'lead')} {VERBS[action.name][1]}."
        return shell.go(f"{PREFIX}/leads?{asked.address()}", said)


def _act(window: Window, action: Action, asked: listing.Asked) -> Progress:
    now = clock.now()
    if ids := _ticked(request.form):
        return Progress(act_on_leads(window.store, action, ids, now))
    # No more than what was there when the operator was asked: ids sort by arrival.
    until, after = lead_id_of(request.form.get("until", "")) + "~", lead_id_of(request.form.get("after", ""))
    query = replace(asked.query(now, window.zone), before=until, after=after)
    done = act_on_matches(window.store, action, query, now, window.patience_s)
    so_far = request.form.get("number", "")
    return replace(done, changed=done.changed + (int(so_far) if after and so_far.isdecimal() else 0))


def _ticked(form: MultiDict[str, str]) -> list[LeadId]:
    return [LeadId(one) for one in form.getlist("id") if LEAD_ID.fullmatch(one)][:PAGE]


def _action() -> Action:
    action = ACTIONS.get(request.form.get("action", ""))
    if action is None:
        raise BadRequest("Choose what to do with the leads.")
    return action


def _standing(tx: Transaction, ids: list[LeadId]) -> dict[Status, int]:
    found = list(tx.leads.statuses_of(ids).values())
    return {status: found.count(status) for status in dict.fromkeys(found)}
