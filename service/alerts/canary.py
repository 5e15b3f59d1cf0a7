"""A lead of our own on its way, now and then: it goes the whole way, and somebody knows when it does not arrive."""

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from service.alerts.condition import Condition
from service.alerts.words import span
from service.forms import Form
from service.lead import Contact, Evidence, LeadId, Receipt, Status, Submission
from service.store import Store

ARRIVES_S = 600.0
"""A test lead that is not in Nexudus after so long has not arrived."""

SENDER = "canary"
"""Who sent the lead, in place of a browser or a platform."""

Submit = Callable[[Submission, Form], Receipt]
"""How a submission is taken: as any other."""


@dataclass(frozen=True, slots=True)
class Flight:
    """The latest test lead of a form, and when it was sent."""

    lead: LeadId
    at: datetime

    def write(self) -> str:
        """For the store."""
        return json.dumps([self.lead, self.at.isoformat()])

    @classmethod
    def read(cls, text: str | None) -> "Flight | None":
        """From the store."""
        if text is None:
            return None
        lead, at = json.loads(text)
        return cls(LeadId(lead), datetime.fromisoformat(at))


def fly(form: Form, submit: Submit, store: Store, now: datetime) -> Condition | None:
    """Send the form's next test lead when it is time, and say what is wrong with the one on its way.

    While one is missing no other is sent: they would pile up before what holds it.
    Raises: StoreUnavailable.
    """
    if form.canary is None:
        return None
    mark = f"canary:{form.name}"
    with store.read() as tx:
        written = tx.flags.get(mark)
        flight = Flight.read(written)
        status = tx.leads.statuses_of([flight.lead]).get(flight.lead) if flight else None
    if flight and status in (Status.PENDING, Status.PARKED, Status.QUARANTINED):
        return _missing(form, flight, status, now)
    if flight is None or now - flight.at >= timedelta(seconds=form.canary.every_s):
        sent = Flight(submit(a_submission(form, form.canary.email, now), _without_notify(form)).lead_id, now)
        store.write(lambda tx: tx.flags.swap(mark, written, sent.write()))
    return None


def _without_notify(form: Form) -> Form:
    """The form with nobody to notify of its leads."""
    routes = tuple(replace(route, form=replace(route.form, notify=())) for route in form.routes)
    return replace(form, notify=(), routes=routes)


def _missing(form: Form, flight: Flight, status: Status, now: datetime) -> Condition | None:
    if status is Status.PENDING and now - flight.at < timedelta(seconds=ARRIVES_S):
        return None
    head = f"The test lead of the form {form.name!r} has not arrived in Nexudus: real ones may not, either."
    tail = f"It is {status.value}, sent {span(now - flight.at)} ago: `lead-capture leads show {flight.lead}` tells why."
    return Condition(f"canary:{form.name}", head, tail)


def a_submission(form: Form, email: str, now: datetime) -> Submission:
    """A test lead that nobody takes for a real one, and no other for the same."""
    said = (
        f"Test lead of Lead Capture, sent {now:%Y-%m-%d %H:%M} UTC to see whether enquiries arrive. Please delete it."
    )
    fields = {"email": email, "full_name": "Lead Capture test", "message": said}
    return Submission(
        form=form.name,
        sender=SENDER,
        contact=Contact(email=email, full_name="Lead Capture test"),
        evidence=Evidence(fields=fields),
        fields=fields,
        extras={"canary": "true"},
    )
