"""Leads: found by anything, filtered, page by page."""

import re
from dataclasses import dataclass, replace
from datetime import datetime

from flask import Blueprint, request
from werkzeug.wrappers import Response

from service import clock
from service.admin.pages import listing
from service.admin.pages.shell import Shell
from service.admin.pages.window import Window
from service.admin.pages.words import sender_name
from service.lead import Lead
from service.store import MatchCount, Query, Transaction

PAGE = 50
"""Leads of one page."""

LEAD_ID = re.compile("[0-9a-f]{32}")

VERBS = {
    "retry": ("Send again", "sent again", "Nexudus gets a new try at once, with the whole schedule of tries after it."),
    "release": ("Release", "released", "No longer held as spam: sent to Nexudus like any other lead."),
    "discard": ("Discard", "discarded", "Kept here, but never sent to Nexudus."),
}
"""Action -> what the button says, what was done, what follows."""


@dataclass(frozen=True, slots=True)
class Sheet:
    """One page of leads, and where its neighbours are ("" for none). reached: how far back a long search came."""

    leads: list[Lead]
    newer: str = ""
    older: str = ""
    reached: datetime | None = None
    met: MatchCount | None = None


def add(routes: Blueprint, window: Window, shell: Shell) -> None:
    """/admin/leads."""

    @routes.get("/leads")
    def leads() -> Response:
        """The list."""
        asked, now = listing.read(request.args), clock.now()
        query = asked.query(now, window.zone)
        before, after = lead_id_of(request.args.get("before", "")), lead_id_of(request.args.get("after", ""))
        with window.store.read() as tx:
            sheet = _sheet(tx, replace(query, before=before, after="" if before else after))
            return shell.page(
                "leads.html",
                here="leads",
                asked=asked,
                sheet=sheet,
                tally=None if before or after else _tally(tx, query, sheet),
                forms=[(name, name) for name in sorted(window.forms)],
                senders=_senders(tx, window),
                channels=[(name, name) for name in tx.statistics.channels()],
                periods=listing.PERIODS,
                verbs=VERBS,
            )


def lead_id_of(text: str) -> str:
    """The text where it is an id, else ""."""
    return text if LEAD_ID.fullmatch(text) else ""


def _sheet(tx: Transaction, query: Query) -> Sheet:
    """One page and one lead more, which tells whether there is a next page."""
    found = tx.search.page(query, PAGE + 1)
    is_back = bool(query.after)
    has_more = len(found.leads) > PAGE
    shown = found.leads[-PAGE:] if is_back else found.leads[:PAGE]
    if not shown:
        older = "" if is_back else found.reached
        return Sheet([], older=older, reached=_instant(tx, found.reached), met=found.met)
    newer = shown[0].id if (has_more if is_back else query.before) else ""
    older = shown[-1].id if is_back or has_more else found.reached
    return Sheet(shown, newer, older, _instant(tx, found.reached) if not is_back else None, found.met)


def _instant(tx: Transaction, lead_id: str) -> datetime | None:
    lead = tx.leads.get(lead_id) if lead_id else None
    return None if lead is None else lead.received_at


def _tally(tx: Transaction, query: Query, sheet: Sheet) -> MatchCount:
    """How many there are, at least; a page that holds all of them need not ask."""
    if not sheet.older:
        return MatchCount(len(sheet.leads))
    return sheet.met or tx.search.count(query)


def _senders(tx: Transaction, window: Window) -> list[tuple[str, str]]:
    known = {"browser", *tx.statistics.senders(), *(name for form in window.forms.values() for name in form.webhooks)}
    return sorted(((name, sender_name(name)) for name in known), key=lambda pair: pair[1].casefold())
