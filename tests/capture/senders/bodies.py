"""Bodies of form tools with the answers of a test, and the submissions read from them."""

import json
from collections.abc import Mapping
from typing import Any

from service.capture.fields.enquiries import Enquiry
from service.capture.fields.submissions import submit
from service.capture.tools.registry import SENDERS
from service.capture.tools.sender import WebhookCall
from service.lead import Submission
from tests.builders import a_form

EMAIL = {"type": "email", "email": "ann@example.com", "field": {"id": "f1", "type": "email", "ref": "mail"}}


def read(sender: str, body: object, content_type: str = "application/json") -> Submission:
    """Return the only submission of a call."""
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    (item,) = SENDERS[sender].read(WebhookCall(raw, {"content-type": content_type}), {})
    assert isinstance(item, Enquiry)
    return submit(item, a_form("tour", require=()), sender, {})


def typeform(*answers: Mapping[str, Any], **more: Any) -> dict[str, Any]:
    """A response with these answers."""
    response = {"token": "t1", "definition": {"title": "Tour", "fields": []}, "answers": [EMAIL, *answers], **more}
    return {"event_type": "form_response", "form_response": response}


def tally(*fields: Mapping[str, Any]) -> dict[str, Any]:
    """A response with these fields."""
    return {"eventType": "FORM_RESPONSE", "data": {"responseId": "r1", "formName": "Tour", "fields": list(fields)}}


def jotform(**typed: Any) -> bytes:
    """The parts of a submission with these answers."""
    parts = {"submissionID": "77", "formTitle": "Tour", "rawRequest": json.dumps(typed)}
    boundary = "--b\r\nContent-Disposition: form-data; name="
    return "".join(f'{boundary}"{name}"\r\n\r\n{value}\r\n' for name, value in parts.items()).encode() + b"--b--\r\n"


def read_jotform(**typed: Any) -> Submission:
    """A submission of Jotform."""
    return read("jotform", jotform(**typed), "multipart/form-data; boundary=b")


def calendly(uri: str, event: str = "invitee.created", **more: Any) -> dict[str, Any]:
    """A booking."""
    scheduled = {"name": "Tour", "start_time": "2026-11-25T14:00:00Z"}
    person = {"uri": uri, "email": "ann@example.com", "name": "Ann Lee", "scheduled_event": scheduled}
    return {"event": event, "payload": {**person, **more}}


def cal_com(uid: str, event: str = "BOOKING_CREATED", **more: Any) -> dict[str, Any]:
    """A booking."""
    attendee = {"email": "ann@example.com", "name": "Ann Lee", "timeZone": "Europe/London"}
    booking = {"uid": uid, "title": "Tour", "startTime": "2026-11-26T09:30:00Z", "attendees": [attendee]}
    return {"triggerEvent": event, "payload": {**booking, **more}}


def hubspot(*sent: Mapping[str, Any], **properties: Any) -> dict[str, Any]:
    """A contact as the first API returns it."""
    wrapped = {name: {"value": value, "versions": [{"value": value}]} for name, value in properties.items()}
    return {"vid": 9021, "properties": wrapped, "form-submissions": list(sent)}
