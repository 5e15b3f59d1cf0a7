"""Test leads sent from the dashboard: by the same path as a visitor's, all the way into the CRM."""

import json
from datetime import datetime

from service.capture.accept import accept
from service.capture.fields.reading import Incoming, read
from service.forms import Form
from service.forms.questions import TICKS
from service.lead import CONSENT, LeadId
from service.store import Store

TEST_NAME = "Lead Capture test"


def send_test_lead(form: Form, email: str, who: str, store: Store, now: datetime) -> LeadId:
    """Store a test lead of the form and queue its delivery, as for any other; returns its id.

    It answers every required question. Raises: StoreUnavailable; never InvalidBody, as we write the body.
    """
    answers = {**_answers(form), "email": email, "full_name": TEST_NAME}
    answers["message"] = (
        f"Test lead of Lead Capture, sent by {who} on {now:%Y-%m-%d %H:%M:%S} UTC to see whether enquiries arrive. "
        "Please delete it."
    )
    incoming = Incoming(json.dumps(answers).encode(), "application/json", received_at=now.timestamp())
    return accept(read(incoming, form).submission, form, store, now).lead_id


def _answers(form: Form) -> dict[str, str]:
    """Return an answer to every question that the form requires."""
    answers = {name: _EXAMPLES.get(name, "test") for name in form.require}
    for question in form.questions:
        if question.required or question.name in form.require:
            if question.choices:
                answers[question.name] = question.choices[0].value
            elif question.kind in TICKS or question.name == CONSENT:
                answers[question.name] = question.label.in_language(form.language or "en") or "yes"
            else:
                answers[question.name] = _EXAMPLES.get(question.kind, "test")
    return answers


_EXAMPLES = {
    "phone": "+44 20 7946 0000",
    "tel": "+44 20 7946 0000",
    "url": "https://www.example.com",
    "number": "1",
    "team_size": "1",
    "date": "2030-01-31",
    "move_in_date": "2030-01-31",
    "time": "10:00",
    "email": "test@example.com",
    "budget": "1",
}
