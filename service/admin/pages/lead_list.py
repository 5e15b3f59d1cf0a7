"""Leads: search, filters, one page of the list after the other; actions on many of them.

An action on many leads, selected or all that match, begins with a page that says how many they are.
"""

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta, tzinfo
from urllib.parse import urlencode

from flask import Blueprint, request
from werkzeug.datastructures import MultiDict
from werkzeug.exceptions import BadRequest
from werkzeug.wrappers import Response

from service import clock
from service.admin import AdminDeps
from service.admin.pages import labels
from service.admin.pages.labels import sender_name
from service.admin.pages.rendering import PREFIX, Renderer
from service.lead import Lead, LeadId, Status
from service.operations.leads import ACTIONS, Action, Progress, act_on_leads, act_on_matches
from service.store import MatchCount, Query, Transaction

PAGE_SIZE = 50

LEAD_ID = re.compile("[0-9a-f]{32}")

PERIODS = {"today": "Today", "7": "Last 7 days", "30": "Last 30 days", "90": "Last 90 days"}
"""Period in the address -> its name."""

FILTERS = ("q", "status", "form", "sender", "channel", "period", "from", "to")
"""The filters by their names in the address, in the order of LeadFilters."""

MAX_FILTER_LENGTH = 200


@dataclass(frozen=True, slots=True)
class LeadFilters:
    """The filters in the address, each "" for all. since, until: ISO days."""

    q: str = ""
    status: str = ""
    form: str = ""
    sender: str = ""
    channel: str = ""
    period: str = ""
    since: str = ""
    until: str = ""

    @property
    def values(self) -> dict[str, str]:
        """The filters that are set, by their names in the address."""
        values = (self.q, self.status, self.form, self.sender, self.channel, self.period, self.since, self.until)
        return {name: value for name, value in zip(FILTERS, values, strict=True) if value}

    @property
    def has_more_than_search(self) -> bool:
        """Whether a filter besides the search is set."""
        return bool(self.values.keys() - {"q"})

    def address(self, **more: str) -> str:
        """The query of an address with these filters."""
        return urlencode({**self.values, **{name: value for name, value in more.items() if value}})

    def query(self, now: datetime, zone: tzinfo) -> Query:
        """The same as a query of the store."""
        since, until = _midnight(self.since, zone), _midnight(self.until, zone)
        if self.period:
            days = 0 if self.period == "today" else int(self.period) - 1
            begin = now.astimezone(zone).date() - timedelta(days=days)
            since = max(filter(None, (since, datetime.combine(begin, time(), zone))))
        return Query(
            status=self.status,
            form=self.form,
            sender=self.sender,
            channel=self.channel,
            text=self.q,
            since=since,
            until=None if until is None else _next_day(until),
        )


def read_filters(values: Mapping[str, str]) -> LeadFilters:
    """The filters of an address or a form; invalid values are ignored."""
    filters = LeadFilters(*(values.get(name, "").strip()[:MAX_FILTER_LENGTH] for name in FILTERS))
    return replace(
        filters,
        status=filters.status if filters.status in set(Status) else "",
        period=filters.period if filters.period in PERIODS else "",
        since=_iso_day(filters.since),
        until=_iso_day(filters.until),
    )


def _iso_day(text: str) -> str:
    try:
        return date.fromisoformat(text).isoformat() if len(text) == len("2026-11-24") else ""
    except ValueError:
        return ""


def _midnight(day: str, zone: tzinfo) -> datetime | None:
    return datetime.combine(date.fromisoformat(day), time(), zone) if day else None


def _next_day(instant: datetime) -> datetime:
    try:
        return instant + timedelta(days=1)
    except OverflowError:
        return instant


@dataclass(frozen=True, slots=True)
class ListPage:
    """One page of leads. newer, older: cursors of its neighbours, "" for none.

    reached: how far back a search that stopped early came. matches: the number of matches, if the search counted them.
    """

    leads: list[Lead]
    newer: str = ""
    older: str = ""
    reached: datetime | None = None
    matches: MatchCount | None = None


def add(routes: Blueprint, deps: AdminDeps, renderer: Renderer) -> None:
    """/admin/leads."""

    @routes.get("/leads")
    def leads() -> Response:
        filters = read_filters(request.args)
        query = filters.query(clock.now(), deps.zone)
        before, after = valid_id(request.args.get("before", "")), valid_id(request.args.get("after", ""))
        with deps.store.read() as tx:
            page = _page(tx, replace(query, before=before, after="" if before else after))
            senders = {"browser", *tx.statistics.senders()}
            senders.update(name for form in deps.forms.values() for name in form.webhooks)
            return renderer.page(
                "leads.html",
                here="leads",
                filters=filters,
                page=page,
                tally=None if before or after else _tally(tx, query, page),
                forms=[(name, name) for name in sorted(deps.forms)],
                senders=sorted(((name, sender_name(name)) for name in senders), key=lambda pair: pair[1].casefold()),
                channels=[(name, name) for name in tx.statistics.channels()],
                periods=PERIODS,
                actions=labels.ACTIONS,
            )


def valid_id(text: str) -> str:
    """The text if it is a lead's id, else ""."""
    return text if LEAD_ID.fullmatch(text) else ""


def _page(tx: Transaction, query: Query) -> ListPage:
    """One page; reading one lead more shows whether there is another."""
    page = tx.search.page(query, PAGE_SIZE + 1)
    is_backwards = bool(query.after)
    has_more = len(page.leads) > PAGE_SIZE
    shown = page.leads[-PAGE_SIZE:] if is_backwards else page.leads[:PAGE_SIZE]
    reached = tx.leads.get(page.reached) if page.reached else None
    reached_at = reached.received_at if reached else None
    if not shown:
        return ListPage([], older="" if is_backwards else page.reached, reached=reached_at, matches=page.met)
    newer = shown[0].id if (has_more if is_backwards else query.before) else ""
    older = shown[-1].id if is_backwards or has_more else page.reached
    return ListPage(shown, newer, older, None if is_backwards else reached_at, page.met)


def _tally(tx: Transaction, query: Query, page: ListPage) -> MatchCount:
    """The number of matches, at least; a page that holds all of them needs no count."""
    if not page.older:
        return MatchCount(len(page.leads))
    return page.matches or tx.search.count(query)


# -- actions on many leads


def add_bulk_actions(routes: Blueprint, deps: AdminDeps, renderer: Renderer) -> None:
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
