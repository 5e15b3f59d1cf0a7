"""Everything stored about one person, as JSON: an answer to a request for access (GDPR Article 15).

The consent that came with a lead is part of it: the words the person saw, what they answered, and when.
"""

import base64
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from service.lead import CONSENT, REFUSALS, Answers, Lead, LeadId
from service.operations.lead_json import instant, leads_json
from service.store import Transaction

# -- the consent that came with a lead

_SHORT = 12
"""Maximum characters of an answer like "yes"; a longer one is the sentence itself, as many forms send it."""


@dataclass(frozen=True, slots=True)
class ConsentRecord:
    """One answer to the question of consent. Only the answer's words are judged, not its legal effect.

    is_given: False if it was refused. text: the words beside the box, "" if the sender did not pass them. at: the
    submission, or the later one that changed it. boxes: several boxes of a platform's form, each with its words.
    """

    is_given: bool
    text: str
    at: datetime
    boxes: Mapping[str, bool] = field(default_factory=dict)


def consent_of(lead: Lead) -> ConsentRecord | None:
    """Return the consent of a lead; None if nobody asked for it."""
    submission = lead.submission
    answers, boxes = _texts(submission.fields, CONSENT), _boxes(submission.extras)
    if not answers and not boxes:
        return None
    sentences = [answer for answer in answers if len(answer) > _SHORT]
    question = submission.names.get(CONSENT, "")
    text = "\n".join(sentences) or (question if " " in question.strip() else "")
    is_given = any(answer.casefold() not in REFUSALS for answer in answers) if answers else any(boxes.values())
    return ConsentRecord(is_given, text, _given_at(lead), boxes)


def _texts(answers: Answers, name: str) -> list[str]:
    answer = answers.get(name, ())
    return [text.strip() for text in ([answer] if isinstance(answer, str) else map(str, answer)) if text.strip()]


def _boxes(extras: Answers) -> dict[str, bool]:
    """Return the boxes, which platforms' leads have as `consent: words`."""
    prefix = f"{CONSENT}: "
    return {
        name.removeprefix(prefix): all(text.casefold() not in REFUSALS for text in _texts(extras, name))
        for name in extras
        if name.startswith(prefix)
    }


def _given_at(lead: Lead) -> datetime:
    changed = [each.at for each in lead.corrections if each.is_applied and CONSENT in each.became]
    submitted_at = lead.submission.evidence.submitted_at
    if changed:
        return changed[-1]
    return lead.received_at if submitted_at is None else datetime.fromtimestamp(submitted_at, UTC)


# -- everything about a person


def leads_of(tx: Transaction, email: str) -> list[Lead]:
    """Return all leads of a person, as `forget` selects them."""
    return [lead for lead in map(tx.leads.get, tx.leads.of_person(email)) if lead is not None]


def person_json(tx: Transaction, email: str, now: datetime) -> dict[str, Any]:
    """Return everything stored about a person, and the ids of other people's leads that mention them."""
    leads = leads_of(tx, email)
    return {**data_json(tx, leads, now), "email": email.strip(), "mentioned_in": tx.leads.mentioning(email)}


def data_json(tx: Transaction, leads: Sequence[Lead], now: datetime) -> dict[str, Any]:
    """Return everything stored about some leads: as the API shows them, and the rest under `stored`."""
    rows = leads_json(tx, leads)
    conversions, keys = _by_lead(tx.crm.conversions_of([lead.id for lead in leads])), tx.leads.keys_of(leads)
    return {
        "exported_at": instant(now),
        "leads": [
            {**row, "stored": {**_stored(lead), "conversions": conversions.get(lead.id, []), "keys": keys[lead.id]}}
            for row, lead in zip(rows, leads, strict=True)
        ],
    }


def _stored(lead: Lead) -> dict[str, Any]:
    submission, contact, evidence = lead.submission, lead.submission.contact, lead.submission.evidence
    return {
        "consent": _consent(consent_of(lead)),
        "first_name": contact.first_name or None,
        "last_name": contact.last_name or None,
        "extension": contact.extension or None,
        "ip": submission.ip or None,
        "landing_url": evidence.landing_url or None,
        "referrer": evidence.referrer or None,
        "submitted_at": evidence.submitted_at,
        "submitted_names": dict(submission.names),
        "submitted_values": {
            name: value
            for name, value in evidence.fields.items()
            if {**submission.extras, **submission.fields}.get(name) != value
        },
        "idempotency_key": submission.idempotency_key or None,
        **_body(submission.raw),
    }


def _consent(consent: ConsentRecord | None) -> dict[str, Any] | None:
    if consent is None:
        return None
    return {
        "given": consent.is_given,
        "text": consent.text or None,
        "at": instant(consent.at),
        "boxes": dict(consent.boxes),
    }


def _body(raw: bytes) -> dict[str, str | None]:
    """Return an unreadable body, as text if it is text."""
    try:
        return {"body": raw.decode() or None, "body_base64": None}
    except UnicodeDecodeError:
        return {"body": None, "body_base64": base64.b64encode(raw).decode()}


def _by_lead(reported: Iterable[tuple[LeadId, str, str, datetime]]) -> dict[LeadId, list[dict[str, Any]]]:
    by_lead: dict[LeadId, list[dict[str, Any]]] = {}
    for lead_id, platform, name, at in reported:
        by_lead.setdefault(lead_id, []).append({"platform": platform, "name": name, "reported_at": instant(at)})
    return by_lead
