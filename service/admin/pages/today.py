"""Today: what needs attention, the figures of the day and the month, the latest leads, the connections."""

from dataclasses import dataclass
from datetime import datetime, tzinfo
from urllib.parse import urlencode

from flask import Blueprint, request
from werkzeug.exceptions import BadRequest
from werkzeug.wrappers import Response as BaseResponse

from service import clock
from service.actors import Scope
from service.admin import AdminDeps
from service.admin.pages.attention import attention_items
from service.admin.pages.connections import connection_statuses
from service.admin.pages.first_steps import first_steps
from service.admin.pages.lead_filters import read_filters
from service.admin.pages.lead_list import account_choices, form_titles
from service.admin.pages.month import MonthOutcomes, month_figures, outcome_figures
from service.admin.pages.rendering import PREFIX, Renderer
from service.admin.permissions import current_actor, requires
from service.i18n import _, ngettext
from service.lead import Status
from service.operations.answers import longest_waiting
from service.operations.leads import RETRY, act_on_matches
from service.store import MatchCount, Query, Transaction

MAX_LATEST_LEADS = 6

RETRIED = (Status.PENDING.value, Status.PARKED.value)
"""Statuses of leads that one button of this page sends again."""


@dataclass(frozen=True, slots=True)
class Figure:
    """One number, and the address of exactly the leads that it counts."""

    name: str
    count: MatchCount
    note: str
    link: str
    tone: str = "calm"


def add(routes: Blueprint, deps: AdminDeps, renderer: Renderer) -> None:
    """/admin/, its latest leads alone, and the button that sends leads with one cause again."""
    month = MonthOutcomes(deps.store, deps.zone)

    @routes.get("/", strict_slashes=False)
    @requires(Scope.READ)
    def today() -> BaseResponse:
        now = clock.now()
        day = now.astimezone(deps.zone).date()
        won = outcome_figures(month.report(deps.forms, now), day)
        waiting = longest_waiting(deps.store, now)
        with deps.store.read() as tx:
            return renderer.page(
                "today.html",
                here="today",
                steps=first_steps(tx, deps.forms, deps.public_url),
                items=list(attention_items(tx, now, deps.zone)),
                figures=_figures(tx, now, deps.zone),
                months=[*month_figures(tx, day), *won],
                waiting=waiting,
                connections=connection_statuses(tx, list(deps.forms.values()), now),
                latest=tx.search.leads(Query(), MAX_LATEST_LEADS),
                titles=form_titles(deps),
                day=day,
                accounts=account_choices(deps),
                account=request.args.get("account", ""),
            )

    @routes.get("/latest")
    @requires(Scope.READ)
    def latest() -> BaseResponse:
        """The list of the latest leads, which the page fetches again every few seconds."""
        with deps.store.read() as tx:
            latest = tx.search.leads(Query(), MAX_LATEST_LEADS)
            account = request.args.get("account", "")
            return renderer.part("latest.html", latest=latest, titles=form_titles(deps), account=account)

    @routes.post("/retry")
    @requires(Scope.LEADS)
    def retry() -> BaseResponse:
        """Send the leads of one cause again."""
        status, problem = request.form.get("status", ""), request.form.get("problem", "")
        if status not in RETRIED:
            raise BadRequest
        query = Query(status=status, problem=problem, account=request.form.get("account", "").replace("\0", ""))
        progress = act_on_matches(deps.store, current_actor(), RETRY, query, clock.now(), deps.time_limit_s)
        sent = ngettext("%(num)s lead is being sent again.", "%(num)s leads are being sent again.", progress.changed)
        more = _("There are more: press the button again for the rest.") if progress.after else ""
        return renderer.go(f"{PREFIX}/", f"{sent} {more}".strip())


def _figures(tx: Transaction, now: datetime, zone: tzinfo) -> list[Figure]:
    of_account = {"account": account} if (account := request.args.get("account", "")) else {}

    def figure(name: str, note: str, tone: str = "calm", **filters: str) -> Figure:
        count = tx.search.count(read_filters(filters).query(now, zone))
        link = urlencode(filters | of_account)
        return Figure(name, count, note, f"{PREFIX}/leads?{link}", tone if count.number else "calm")

    return [
        figure(_("Received"), _("today, without spam"), period="today", status="counted"),
        figure(_("Delivered"), _("of today's leads"), "good", period="today", status="delivered"),
        figure(_("Waiting"), _("now"), "busy", status="pending"),
        figure(_("Needs attention"), _("now"), "bad", status="parked"),
        figure(_("Held as spam"), _("today"), "warn", period="today", status="quarantined"),
    ]
