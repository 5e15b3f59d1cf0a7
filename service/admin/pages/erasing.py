"""The person behind a lead is forgotten, after the page said what that means."""

from flask import Blueprint
from werkzeug.wrappers import Response

from service import clock
from service.admin.pages.lead import find
from service.admin.pages.shell import Shell
from service.admin.pages.window import Window
from service.lead import Lead, marker_of


def add(routes: Blueprint, window: Window, shell: Shell) -> None:
    """/admin/leads/ID/erase."""

    @routes.get("/leads/<lead_id>/erase")
    def confirm_erasing(lead_id: str) -> Response:
        """What would go, and what must be erased elsewhere."""
        lead = find(window, lead_id)
        theirs = _leads_of(window, lead)
        made = [each for each in theirs if each.opportunity_id]
        return shell.page("erase.html", here="leads", lead=lead, theirs=theirs, made=made)

    @routes.post("/leads/<lead_id>/erase")
    def erase_lead(lead_id: str) -> Response:
        """Forget the person."""
        theirs = _leads_of(window, find(window, lead_id))
        erased = window.store.erase([each.id for each in theirs], clock.now())
        return shell.page("erased.html", here="leads", erased=erased, marks=list(map(marker_of, erased.doubtful)))


def _leads_of(window: Window, lead: Lead) -> list[Lead]:
    """All leads of the same person, this one at least."""
    with window.store.read() as tx:
        ids = tx.leads.of_person(lead.submission.contact.email)
        found = [each for each in map(tx.leads.get, ids) if each is not None]
    return found if lead.id in ids else [lead, *found]
