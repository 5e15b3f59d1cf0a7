"""Recorded calls of ad platforms, sent to the real endpoint; second reads are answered from the record."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from types import ModuleType
from typing import Any

from werkzeug.test import TestResponse

from service import clock
from service.capture.accept import arrival_of
from service.capture.fields.enquiries import Enquiry
from service.capture.fields.submissions import reading_form, submit
from service.capture.parsing.json_values import Json
from service.lead import Lead, Status
from service.platforms.linkedin import webhook as linkedin
from service.platforms.meta import webhook as meta
from service.store import Store
from tests.builders import a_form
from tests.capture.senders.recorded import Recorded
from tests.front import Front

CHECKED = {
    *("response", "leads", "email", "full_name", "phone", "company", "external_id", "utm", "is_test", "form_name"),
    *("create_opportunity", "click_ids", "custom", "consent", "lead_source", "submitted_at", "pending", "deleted"),
    "skipped",
}
"""What a record may expect; each is checked somewhere."""

_ENQUIRIES: Mapping[str, ModuleType] = {"meta": meta, "linkedin": linkedin}


@dataclass(frozen=True)
class SentRecord:
    """One record that was sent: the response, and the result once everything was read."""

    record: Recorded
    answer: TestResponse
    front: Front

    @property
    def leads(self) -> list[Lead]:
        """The leads by their ids at the platform, with the results of the second reads."""
        return sorted(map(self._read, self.front.leads()), key=lambda lead: lead.submission.external_id)

    def _read(self, lead: Lead) -> Lead:
        submission = lead.submission
        answered = read_answer(self.record, submission.external_id)
        if lead.status is not Status.ANNOUNCED or answered is None:
            return lead
        platform = _ENQUIRIES[self.record.sender]
        details = {name: str(value) for name, value in submission.extras.items()}
        form = read_answer(self.record, details.get("form_id", "")) if platform.needs_form(answered) else None
        return lead_of(platform.enquiry(answered, form, details, self.record.table), self.record.sender)


def send_record(record: Recorded, store: Store, **table: Any) -> SentRecord:
    """Send a record to an application that lets its sender in. table: further lines of the sender's table."""
    front = Front(store, a_form("tour", require=(), webhooks={record.sender: {**record.table, **table}}))
    answer = front.client.open(
        f"/webhooks/{record.sender}/tour",
        method=record.method,
        data=record.body,
        query_string=record.query,
        headers=record.headers,
    )
    return SentRecord(record, answer, front)


def lead_of(enquiry: Enquiry, sender: str) -> Lead:
    """The lead of an enquiry, as accept() would store it."""
    form = a_form("tour", require=())
    submission = submit(enquiry, reading_form(form, {}), sender, {})
    return arrival_of(submission, form, clock.now()).lead


def read_answer(record: Recorded, of: str) -> Json | None:
    """Return the platform's last response about `of`; None if it was never requested, or only refused."""
    for call in record.sample.get("fetch", ()):
        if call["request"]["url"].rpartition("/")[2] == of and call["response"]["status"] == 200:
            body: Json = json.loads(json.dumps(call["response"]["body"]), parse_int=str)
            return body
    return None


def expected_leads(record: Recorded) -> list[dict[str, Any]]:
    """Return the expected facts of each lead."""
    expected = record.expected
    leads: list[dict[str, Any]] = expected.get("leads", [expected] if "email" in expected else [])
    return leads


def facts_of(lead: Lead, expected: Mapping[str, Any]) -> dict[str, Any]:
    """Return the facts of a lead that the record expects, and no others."""
    submission, verdict = lead.submission, lead.attribution
    contact, kept = submission.contact, {**submission.fields, **submission.extras}
    facts = {
        "email": contact.email or None,
        "full_name": contact.full_name or None,
        "phone": contact.phone or None,
        "company": contact.company or None,
        "external_id": submission.external_id,
        "utm": {name: getattr(verdict, name) for name in expected.get("utm", ())},
        "is_test": lead.status is Status.TEST,
        "create_opportunity": lead.status is Status.PENDING,
        "form_name": submission.form_name,
        "click_ids": verdict.click_ids,
        "submitted_at": _date(submission.evidence.submitted_at),
        "lead_source": kept.get("lead_source"),
        "custom": {label: _custom_answer(label, value, lead) for label, value in expected.get("custom", {}).items()},
        "consent": [_ticked(box, kept) for box in expected.get("consent", ())],
    }
    return {name: value for name, value in facts.items() if name in expected}


def _date(seconds: float | None) -> str | None:
    return datetime.fromtimestamp(seconds, UTC).isoformat().replace("+00:00", "Z") if seconds else None


def _custom_answer(label: str, value: object, lead: Lead) -> object:
    """Return the answer under its label; an answer with a known name is among the known ones."""
    fields = lead.submission.fields.values()
    return lead.submission.extras.get(label) or next((value for each in fields if each == value), None)


def _ticked(box: Mapping[str, Any], kept: Mapping[str, object]) -> dict[str, Any]:
    answer = kept.get(f"consent: {box.get('text', box['key'])}")
    return {**box, "accepted": {"yes": True, "no": False}.get(str(answer))}
