"""Leads: searched, filtered, sorted, with chosen columns; one page of the list after the other; saved views."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from urllib.parse import urlencode

from flask import Blueprint, request
from werkzeug.exceptions import BadRequest
from werkzeug.wrappers import Response

from service import clock
from service.actors import Scope
from service.admin import AdminDeps
from service.admin.pages import labels
from service.admin.pages.lead_filters import (
    COLUMNS,
    COUNTED,
    ORDERS,
    LeadFilters,
    names_of,
    read_columns,
    read_filters,
    sort_place,
    valid_id,
)
from service.admin.pages.periods import PERIODS
from service.admin.pages.rendering import PREFIX, Renderer
from service.admin.pages.undo_bar import undoable
from service.admin.permissions import current_actor, requires
from service.i18n import _
from service.lead import Lead, arrival_of
from service.store import Act, MatchCount, Query, SaleStatus, Subject, SubjectKind, Transaction

PAGE_SIZE = 50

OLDEST = "0"
"""Smaller than every id."""

COLUMNS_COOKIE = "lead_capture_columns"
COLUMNS_SECONDS = 365 * 86_400

VIEWS_FLAG = "lead_views"
"""Name of the stored views (name -> query); for people restricted to some accounts, the accounts follow."""

MAX_VIEWS = 30
MAX_VIEW_NAME_LENGTH = 60


@dataclass(frozen=True, slots=True)
class ListPage:
    """One page of leads. previous, next: places of its neighbours for an address, "" for none.

    reached: how far back a search that stopped early came. is_cut: it stopped early in another order than that of
    arrival. matches: the number of matches, if the search counted them.
    """

    leads: Sequence[Lead]
    previous: str = ""
    next: str = ""
    reached: datetime | None = None
    is_cut: bool = False
    matches: MatchCount | None = None


def add(routes: Blueprint, deps: AdminDeps, renderer: Renderer) -> None:
    """/admin/leads."""

    @routes.get("/leads")
    @requires(Scope.READ)
    def leads() -> Response:
        filters = read_filters(request.args)
        query = filters.query(clock.now(), deps.zone)
        columns = filters.columns or read_columns(request.cookies.get(COLUMNS_COOKIE, ""))
        with deps.store.read() as tx:
            page = read_page(tx, query, filters)
            choices = _choices(tx, deps)
            response = renderer.page(
                "leads.html",
                here="leads",
                filters=filters,
                set_filters=names_of(filters, {name: dict(pairs) for name, pairs in choices.items()}),
                page=page,
                tally=None if filters.place else _tally(tx, query, page),
                choices=choices,
                columns=columns,
                all_columns=COLUMNS,
                orders=ORDERS,
                sales=tx.crm.sales_of([lead.id for lead in page.leads]),
                titles=form_titles(deps),
                views=_views(tx, _views_flag()),
                actions=labels.ACTIONS,
                undo=undoable(renderer),
            )
        if filters.columns is not None:
            renderer.set_cookie(response, COLUMNS_COOKIE, ".".join(columns), COLUMNS_SECONDS)
        return response


def form_titles(deps: AdminDeps) -> Mapping[str, str]:
    """The title of each form, or its name where it has none."""
    return {form.name: form.title or form.name for form in deps.forms.values()}


def _choices(tx: Transaction, deps: AdminDeps) -> dict[str, list[tuple[str, str]]]:
    """Filter -> the values to choose from, each with its name."""
    titles = form_titles(deps)
    gone = [(name, _("%(form)s (no longer set up)", form=name)) for name in tx.statistics.forms() if name not in titles]
    senders = {"browser", *tx.statistics.senders(), *(name for form in deps.forms.values() for name in form.webhooks)}
    return {
        "account": account_choices(deps),
        "status": [*labels.status_names(), (COUNTED, _("All but spam, tests and discarded"))],
        "form": [*sorted(titles.items(), key=_by_name), *gone],
        "sender": sorted(((name, labels.sender_name(name)) for name in senders), key=_by_name),
        "channel": [(name, labels.channel_name(name)) for name in tx.statistics.channels()],
        "sale": [(SaleStatus.WON, _("Won")), (SaleStatus.LOST, _("Lost")), (SaleStatus.IN_PROGRESS, _("Open"))],
        "period": list(PERIODS.items()),
    }


def account_choices(deps: AdminDeps) -> list[tuple[str, str]]:
    """The accounts to choose from, each with its name; none where there is no choice."""
    names = [(account, labels.account_name(account)) for account in deps.accounts]
    return names if len(names) > 1 else []


def _by_name(pair: tuple[str, str]) -> str:
    return pair[1].casefold()


# -- one page


def read_page(tx: Transaction, query: Query, filters: LeadFilters, size: int = PAGE_SIZE) -> ListPage:
    """The page of the list that the filters name; reading one lead more shows whether there is another."""
    if not filters.is_by_arrival:
        return _sorted(tx, query, filters, size)
    before, after = valid_id(filters.before), valid_id(filters.after)
    if filters.sort == "":
        return _by_arrival(tx, query, before, after, size)
    mirrored = _by_arrival(tx, query, before, after or ("" if before else OLDEST), size)
    previous = mirrored.next if before or after else ""
    return replace(mirrored, leads=mirrored.leads[::-1], previous=previous, next=mirrored.previous, reached=None)


def _by_arrival(tx: Transaction, query: Query, before: str, after: str, size: int) -> ListPage:
    """The leads next to an id, newest first. before, after: "" for none; only one of them counts."""
    page = tx.search.page(replace(query, before=before, after="" if before else after), size + 1)
    is_backwards = bool(after and not before)
    has_more = len(page.leads) > size
    shown = page.leads[-size:] if is_backwards else page.leads[:size]
    reached_at = arrival_of(page.reached) if page.reached else None
    if not shown:
        places = (page.reached, "") if is_backwards else ("", page.reached)
        return ListPage([], *places, reached=reached_at, matches=page.met)
    previous = shown[0].id if (has_more if is_backwards else before) else ""
    following = shown[-1].id if is_backwards or has_more else page.reached
    return ListPage(shown, previous, following, None if is_backwards else reached_at, matches=page.met)


def _sorted(tx: Transaction, query: Query, filters: LeadFilters, size: int) -> ListPage:
    after, before = sort_place(filters.after), sort_place(filters.before)
    is_backwards = before is not None
    page = tx.search.sorted_page(query, filters.order(before or after, is_backwards=is_backwards), size + 1)
    has_more = len(page.leads) > size
    shown = slice(-size, None) if is_backwards else slice(size)
    leads, places = page.leads[shown], page.places[shown]
    reached = "" if page.reached is None else str(page.reached)
    first, last = (str(places[0]), str(places[-1])) if places else ("", "")
    if is_backwards:
        return ListPage(leads, first if has_more else reached, last, is_cut=bool(reached), matches=page.met)
    return ListPage(
        leads, first if after else "", last if has_more else reached, is_cut=bool(reached), matches=page.met
    )


def _tally(tx: Transaction, query: Query, page: ListPage) -> MatchCount:
    """The number of matches, at least; a page that holds all of them needs no count."""
    if not page.previous and not page.next:
        return MatchCount(len(page.leads))
    return page.matches or tx.search.count(query)


# -- saved views


def add_views(routes: Blueprint, deps: AdminDeps, renderer: Renderer) -> None:
    """/admin/leads/views: filters, order and columns under a name, for everyone who sees the same accounts."""

    @routes.post("/leads/views")
    @requires(Scope.LEADS)
    def save_view() -> Response:
        name = " ".join(request.form.get("name", "").split())[:MAX_VIEW_NAME_LENGTH]
        address = _view_address(read_filters(request.form))
        if not name:
            raise BadRequest(_("Give the view a name."))
        is_saved = _change_views(deps, Act.CREATE, name, lambda views: {**views, name: address})
        notice = (
            _("Saved as %(name)s.", name=name)
            if is_saved
            else _("There are %(number)s views already: remove one first.", number=MAX_VIEWS)
        )
        return renderer.go(f"{PREFIX}/leads?{address}", notice)

    @routes.post("/leads/views/remove")
    @requires(Scope.LEADS)
    def remove_view() -> Response:
        name = request.form.get("name", "")
        _change_views(deps, Act.DELETE, name, lambda views: {each: views[each] for each in views if each != name})
        return renderer.go(
            f"{PREFIX}/leads?{_view_address(read_filters(request.form))}", _("Removed %(name)s.", name=name)
        )


def _view_address(filters: LeadFilters) -> str:
    """The query of an address with the columns; the first page."""
    columns = [("column", name) for name in filters.columns or ()]
    return urlencode([*filters.values.items(), *columns])


def _views_flag() -> str:
    """Return the flag of the views. People who see the same accounts share theirs, because views may name people."""
    accounts = current_actor().accounts
    return VIEWS_FLAG if accounts is None else f"{VIEWS_FLAG}:{','.join(sorted(accounts))}"


def _views(tx: Transaction, flag: str) -> dict[str, str]:
    views: dict[str, str] = json.loads(tx.flags.get(flag) or "{}")
    return dict(sorted(views.items(), key=lambda pair: pair[0].casefold()))


def _change_views(deps: AdminDeps, act: Act, name: str, change: Callable[[dict[str, str]], dict[str, str]]) -> bool:
    """Change one of the stored views; False if there would be too many."""

    actor, now = current_actor(), clock.now()

    flag = _views_flag()

    def write(tx: Transaction) -> bool:
        views = _views(tx, flag)
        changed = change(views)
        if len(changed) > MAX_VIEWS:
            return False
        tx.flags.set(flag, json.dumps(changed))
        if changed != views:
            before, after = ({"name": name} if name in each else None for each in (views, changed))
            tx.acts.record(actor, act, Subject(SubjectKind.VIEW), actor.accounts, before, after, now)
        return True

    return deps.store.write(write)
