"""A regular test lead of our own: it takes the usual path, and an alert is raised if it does not arrive."""

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from service.alerts.conditions import Condition
from service.alerts.wording import span
from service.forms import Form
from service.lead import Contact, Evidence, LeadId, Receipt, Status, Submission
from service.store import Store

ARRIVAL_LIMIT_S = 600.0
"""Age in seconds from which a test lead that is not in Nexudus counts as failed."""

SENDER = "canary"
"""The sender of test leads, in place of a browser or a platform."""

Submit = Callable[[Submission, Form], Receipt]
"""Accepts a submission as any other."""


@dataclass(frozen=True, slots=True)
class CanaryLead:
    """The latest test lead of a form, and when it was sent."""

    lead_id: LeadId
    sent_at: datetime

    def dump(self) -> str:
        """Return the value to store."""
        return json.dumps([self.lead_id, self.sent_at.isoformat()])

    @classmethod
    def load(cls, value: str | None) -> "CanaryLead | None":
        """Read a stored value."""
        if value is None:
            return None
        lead_id, sent_at = json.loads(value)
        return cls(LeadId(lead_id), datetime.fromisoformat(sent_at))


def send_canary(form: Form, submit: Submit, store: Store, now: datetime) -> Condition | None:
    """Send the form's next test lead if it is due; return what is wrong with the last one.

    While one is missing no other is sent: they would pile up in front of the obstacle.
    Raises: StoreUnavailable.
    """
    if form.canary is None:
        return None
    flag = f"canary:{form.name}"
    with store.read() as tx:
        stored = tx.flags.get(flag)
        last = CanaryLead.load(stored)
        status = tx.leads.statuses_of([last.lead_id]).get(last.lead_id) if last else None
    if last and status in (Status.PENDING, Status.PARKED, Status.QUARANTINED):
        return _missing(form, last, status, now)
    if last is None or now - last.sent_at >= timedelta(seconds=form.canary.every_s):
        receipt = submit(canary_submission(form, form.canary.email, now), _without_notify(form))
        sent = CanaryLead(receipt.lead_id, now).dump()
        store.write(lambda tx: tx.flags.swap(flag, stored, sent))
    return None


def _without_notify(form: Form) -> Form:
    routes = tuple(replace(route, form=replace(route.form, notify=())) for route in form.routes)
    return replace(form, notify=(), routes=routes)


def _missing(form: Form, lead: CanaryLead, status: Status, now: datetime) -> Condition | None:
    age = now - lead.sent_at
    if status is Status.PENDING and age < timedelta(seconds=ARRIVAL_LIMIT_S):
        return None
    head = f"The test lead of the form {form.name!r} has not arrived in Nexudus; real ones may not arrive, either."
    tail = f"It is {status.value}, sent {span(age)} ago: `lead-capture leads show {lead.lead_id}` shows why."
    return Condition(f"canary:{form.name}", head, tail)


def canary_submission(form: Form, email: str, now: datetime) -> Submission:
    """Return a test lead that differs from all others and cannot be mistaken for a real one."""
    message = (
        f"Test lead of Lead Capture, sent {now:%Y-%m-%d %H:%M} UTC to see whether enquiries arrive. Please delete it."
    )
    fields = {"email": email, "full_name": "Lead Capture test", "message": message}
    return Submission(
        form=form.name,
        sender=SENDER,
        contact=Contact(email=email, full_name="Lead Capture test"),
        evidence=Evidence(fields=fields),
        fields=fields,
        extras={"canary": "true"},
    )
