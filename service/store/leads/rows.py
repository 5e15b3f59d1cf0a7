"""Leads as rows, and rows as leads."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import Row, Select, null, select

from service.lead import (
    Answers,
    Attempt,
    Attribution,
    Contact,
    Correction,
    Evidence,
    Lead,
    LeadId,
    Outcome,
    Status,
    Step,
    StoredTouch,
    Submission,
)
from service.store.database.columns import Values, values_of
from service.store.database.tables import QUEUED, deliveries, leads

CONTACT = ("email", "full_name", "first_name", "last_name", "phone", "company")
"""Columns of the contact, named like its fields."""

_ATTRIBUTION = (
    *("utm_source", "utm_medium", "utm_campaign", "utm_content", "utm_term"),
    *("channel", "lead_source", "rule", "reason"),
)

_VISIT = ("origin", "landing_page")

MAX_LOCATION_LENGTH = 120

LEAD_COLUMNS = tuple(column.name for column in leads.columns)

WHOLE: Select[Any] = select(leads, deliveries.c.due_at, deliveries.c.state).outerjoin(
    deliveries, deliveries.c.lead_id == leads.c.id
)
"""Leads with the columns that their next attempt is read from."""

WITHOUT_RAW = [null().label("raw") if column is leads.c.raw else column for column in leads.c]
"""The columns of a lead without the unreadable body, which may be large."""


def lead_values(lead: Lead) -> Values:
    """Return a lead as values for the driver, in the order of LEAD_COLUMNS."""
    return values_of(leads, to_row(lead))


def to_row(lead: Lead) -> dict[str, Any]:
    """Return the columns of a lead by their physical names, in the table's order."""
    submission, contact = lead.submission, lead.submission.contact
    return {
        "id": lead.id,
        "form": submission.form,
        "account": lead.account,
        "sender": submission.sender,
        "external_id": submission.external_id,
        "form_name": submission.form_name,
        "status": lead.status.value,
        "received_at": lead.received_at,
        "delivered_at": lead.delivered_at,
        "problem": lead.problem,
        "repeats": lead.repeats,
        **{name: getattr(contact, name) for name in CONTACT},
        "fields": dict(submission.fields),
        "extras": dict(submission.extras),
        "evidence": _evidence_row(submission),
        "page_url": submission.evidence.page_url,
        "ip": submission.ip,
        "raw": submission.raw or None,
        **attribution_row(lead.attribution),
        "coworker_id": lead.coworker_id,
        "opportunity_id": lead.opportunity_id,
        "corrections": corrections_row(lead.corrections),
        "untold": lead.notify_pending or None,
        "location": location_of(submission.fields),
        "setup_version": lead.setup_version,
    }


def location_of(fields: Answers) -> str:
    """Return the location that a person named, as reports list it: one line; "" if it is none."""
    answer = fields.get("location", "")
    first = answer if isinstance(answer, str) else next(iter(answer), "")
    clean = "".join(letter for letter in first if letter.isprintable()).strip()[:MAX_LOCATION_LENGTH]
    return "" if "@" in clean else clean  # an e-mail address is not a location


def corrections_row(corrections: Sequence[Correction]) -> list[dict[str, Any]] | None:
    """Return the corrections of a lead as their column stores them; None without any."""
    return [_correction_row(each) for each in corrections] or None


def _correction_row(correction: Correction) -> dict[str, Any]:
    """Leave out `by` and `applied` where their absence, in rows of the first releases, means the same."""
    row: dict[str, Any] = {
        "at": correction.at.isoformat(),
        "was": dict(correction.was),
        "became": dict(correction.became),
    }
    if correction.by != "operator":
        row["by"] = correction.by
    if not correction.is_applied:
        row["applied"] = False
    return row


def corrections_of(rows: Sequence[dict[str, Any]] | None) -> tuple[Correction, ...]:
    """Read the corrections of a lead, oldest first."""
    return tuple(
        Correction(
            datetime.fromisoformat(row["at"]),
            row["was"],
            row["became"],
            row.get("by", "operator"),
            row.get("applied", True),
        )
        for row in rows or ()
    )


def attribution_row(attribution: Attribution) -> dict[str, Any]:
    """Return the columns of an attribution."""
    return {
        **{name: getattr(attribution, name) for name in (*_ATTRIBUTION, *_VISIT)},
        "click_ids": dict(attribution.click_ids),
        "codes": list(attribution.codes),
    }


def _evidence_row(submission: Submission) -> dict[str, Any]:
    """Return the evidence without the answers that fields and extras hold anyway.

    names: all names in order, if joining both would not restore it: of two names with one meaning the first counts.
    asked: the names under which the answers were submitted.
    """
    evidence = submission.evidence
    known = {**submission.extras, **submission.fields}
    own = {name: value for name, value in evidence.fields.items() if known.get(name) != value}
    rebuilt = {**known, **own}
    submitted = rebuilt.keys() - submission.fields.keys()
    is_same = len(rebuilt) == len(evidence.fields) and [n for n in rebuilt if n in submitted] == [
        n for n in evidence.fields if n in submitted
    ]
    row: dict[str, Any] = {
        "fields": own,
        "names": None if is_same else list(evidence.fields),
        "landing_url": evidence.landing_url,
        "referrer": evidence.referrer,
        "submitted_at": evidence.submitted_at,
        "idempotency_key": submission.idempotency_key,
        "proven": submission.is_proven or None,
        "asked": dict(submission.names),
        "extension": submission.contact.extension,
    }
    for name, touch in (("first", evidence.first), ("last", evidence.last)):
        if touch is not None:
            row[name] = [touch.url, touch.referrer, touch.at]
    return {name: value for name, value in row.items() if value not in ("", None, {})}


def _touch(value: Sequence[Any] | None) -> StoredTouch | None:
    return None if value is None else StoredTouch(*value)


def from_row(row: Row[Any]) -> Lead:
    """Return the lead in a row, with due_at and state of its delivery if it has one."""
    stored = row.evidence
    answers = {**row.extras, **row.fields, **stored.get("fields", {})}
    evidence = Evidence(
        fields={name: answers[name] for name in stored["names"]} if "names" in stored else answers,
        landing_url=stored.get("landing_url", ""),
        page_url=row.page_url,
        referrer=stored.get("referrer", ""),
        first=_touch(stored.get("first")),
        last=_touch(stored.get("last")),
        submitted_at=stored.get("submitted_at"),
    )
    submission = Submission(
        form=row.form,
        sender=row.sender,
        contact=Contact(**{name: getattr(row, name) for name in CONTACT}, extension=row.evidence.get("extension", "")),
        evidence=evidence,
        fields=row.fields,
        extras=row.extras,
        names=stored.get("asked", {}),
        external_id=row.external_id,
        idempotency_key=stored.get("idempotency_key", ""),
        is_proven=stored.get("proven", False),
        form_name=row.form_name,
        ip=row.ip,
        raw=bytes(row.raw or b""),
    )
    lead = Lead(
        id=LeadId(row.id),
        account=row.account,
        status=Status(row.status),
        received_at=row.received_at,
        submission=submission,
        attribution=Attribution(
            **{name: getattr(row, name) for name in _ATTRIBUTION},
            origin=row.origin or "",
            landing_page=row.landing_page or "",
            click_ids=row.click_ids,
            codes=tuple(row.codes),
        ),
        problem=row.problem,
        delivered_at=row.delivered_at,
        coworker_id=row.coworker_id,
        opportunity_id=row.opportunity_id,
        repeats=row.repeats,
        corrections=corrections_of(row.corrections),
        setup_version=row.setup_version,
    )
    return replace(lead, next_attempt_at=row.due_at) if row.state == QUEUED else lead


def attempt_of(row: Row[Any]) -> Attempt:
    """Return the call in a row."""
    return Attempt(
        Step(row.step), row.started_at, Outcome(row.outcome), row.duration_ms, row.http_status, row.detail, row.trigger
    )
