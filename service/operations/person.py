"""Everything stored about one person, as JSON: an answer to a request for access (GDPR Article 15)."""

import base64
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from service.lead import Lead, LeadId
from service.operations.consent import ConsentRecord, consent_of
from service.operations.lead_json import instant, leads_json
from service.store import Transaction


def person_json(tx: Transaction, email: str, now: datetime) -> dict[str, Any]:
    """Return all leads of a person, as `forget` finds them, and the ids of other people's leads that mention them."""
    leads = [lead for lead in map(tx.leads.get, tx.leads.of_person(email)) if lead is not None]
    return {**data_json(tx, leads, now), "email": email.strip(), "mentioned_in": tx.leads.mentioning(email)}


def data_json(tx: Transaction, leads: Sequence[Lead], now: datetime) -> dict[str, Any]:
    """Return all that is stored of some leads: as the API shows them, and under `stored` what it leaves out."""
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
    """Return a body that could not be read, as text where it is one."""
    try:
        return {"body": raw.decode() or None, "body_base64": None}
    except UnicodeDecodeError:
        return {"body": None, "body_base64": base64.b64encode(raw).decode()}


def _by_lead(reported: Iterable[tuple[LeadId, str, str, datetime]]) -> dict[LeadId, list[dict[str, Any]]]:
    by_lead: dict[LeadId, list[dict[str, Any]]] = {}
    for lead_id, platform, name, at in reported:
        by_lead.setdefault(lead_id, []).append({"platform": platform, "name": name, "reported_at": instant(at)})
    return by_lead
