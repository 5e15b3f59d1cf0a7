"""One lead: its journey, all that was sent, what Nexudus got; sent again, released, discarded."""

import json

from flask import Blueprint, request
from werkzeug.exceptions import BadRequest, NotFound
from werkzeug.wrappers import Response

from service import clock
from service.admin.pages.journey import journey
from service.admin.pages.leads import LEAD_ID, VERBS
from service.admin.pages.shell import PREFIX, Shell
from service.admin.pages.sold import sale_events, sale_facts
from service.admin.pages.window import Window
from service.admin.pages.words import field_name, one
from service.delivery.person_history import person_history
from service.lead import FURTHER_IDS_REMARK, SAME_ID_REMARK, Lead, Status
from service.operations.leads import ACTIONS, CORRECTABLE, ActionNotAllowed, act_on_lead
from service.operations.preview import readable_body

_SHOWN_ELSEWHERE = (FURTHER_IDS_REMARK, SAME_ID_REMARK)


def add(routes: Blueprint, window: Window, shell: Shell) -> None:
    """/admin/leads/ID and what can be done there."""

    @routes.get("/leads/<lead_id>")
    def show_lead(lead_id: str) -> Response:
        """All about it."""
        lead, now = find(window, lead_id), clock.now()
        with window.store.read() as tx:
            attempts, sent = tx.leads.attempts_of([lead.id])[lead.id], tx.queue.request_bodies([lead.id]).get(lead.id)
            known = person_history(tx, lead.id)
            sale, changes = tx.crm.sales_of([lead.id]).get(lead.id), tx.crm.changes_of([lead.id])[lead.id]
        return shell.page(
            "lead.html",
            here="leads",
            lead=lead,
            events=[*journey(lead, attempts, now), *sale_events(sale, changes)],
            sale=sale_facts(sale),
            known=known,
            answers=_told(lead),
            sent=readable_body(sent) if sent else None,
            sent_text=json.dumps(sent, indent=2, ensure_ascii=False) if sent else "",
            same_id=_of_same_id(lead),
            further_ids=one(lead.submission.extras.get(FURTHER_IDS_REMARK, "")),
            raw=lead.submission.raw.decode("utf-8", "replace")[:20_000],
            crm=window.crm_link(lead) if lead.opportunity_id else None,
            can=_possible(lead),
            verbs=VERBS,
        )

    @routes.post("/leads/<lead_id>/act")
    def apply_action(lead_id: str) -> Response:
        """Retry, release or discard it."""
        lead, name, now = find(window, lead_id), request.form.get("action", ""), clock.now()
        if name not in ACTIONS:
            raise BadRequest("Choose what to do with the lead.")
        try:
            act_on_lead(window.store, ACTIONS[name], lead.id, now)
        except ActionNotAllowed as reason:
            return shell.go(f"{PREFIX}/leads/{lead.id}", f"Nothing was done: {reason}.")
        return shell.go(f"{PREFIX}/leads/{lead.id}", f"The lead is {VERBS[name][1]}.")

    @routes.post("/leads/<lead_id>/confirm")
    def confirm_for_lead(lead_id: str) -> Response:
        """What would follow."""
        lead, name = find(window, lead_id), request.form.get("action", "")
        if name not in VERBS:
            raise BadRequest("Choose what to do with the lead.")
        return shell.page("confirm_one.html", here="leads", lead=lead, name=name, verb=VERBS[name])


def find(window: Window, lead_id: str) -> Lead:
    """The lead of an address.

    Raises: NotFound.
    """
    with window.store.read() as tx:
        lead = tx.leads.get(lead_id) if LEAD_ID.fullmatch(lead_id) else None
    if lead is None:
        raise NotFound("There is no such lead. It may have been typed wrongly.")
    return lead


def _possible(lead: Lead) -> set[str]:
    """What can be done with it."""
    found = {
        **{name: lead.status in action.statuses for name, action in ACTIONS.items()},
        "edit": lead.status in CORRECTABLE,
        "erase": lead.status is not Status.ERASED,
    }
    return {name for name, possible in found.items() if possible}


def _told(lead: Lead) -> list[tuple[str, str]]:
    """Every answer as it came, by name."""
    answers = {**lead.submission.fields, **lead.submission.extras}
    return [(field_name(name), one(value)) for name, value in answers.items() if name not in _SHOWN_ELSEWHERE]


def _of_same_id(lead: Lead) -> list[str]:
    """The leads of other people that came under the same id."""
    remark = lead.submission.extras.get(SAME_ID_REMARK, ())
    return [remark] if isinstance(remark, str) else list(remark)
