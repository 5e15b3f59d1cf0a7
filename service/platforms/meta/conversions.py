"""Conversions as events for Meta's Conversions API, one JSON object a line: what goes into `data` of a POST.

Shape: "Conversions API for CRM integration", payload specification (developers.facebook.com, ads-commerce,
conversions-api, conversion-leads-integration): `lead_id` is the id that Meta gave the lead, `event_name` the stage
in the operator's own words, `action_source` system_generated, `custom_data.event_source` crm and
`custom_data.lead_event_source` the system that tells. E-mail and phone, where asked for, are normalised and hashed as
"Customer information parameters" says. The API takes events of the last seven days ("Server event parameters").
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, TextIO

from service.conversions.selection import Conversion, Fit, Reason
from service.forms import Form
from service.lead import Lead

SYSTEM = "Lead Capture for Nexudus"

EVENT_LIFE = timedelta(days=7)
"""One older event and the API refuses all that come with it."""

DIGITS = range(10, 21)
"""How long Meta's ids of leads are: 15 to 17 digits by the specification, with room for what comes."""


def fits(now: datetime) -> Fit:
    """Why Meta cannot be told, None when it can: only leads of its own forms have an id that it knows."""

    def fit(conversion: Conversion, form: Form) -> Reason | None:
        if meta_id(conversion.lead, form) is None:
            return "no_id"
        return "late" if now - conversion.at > EVENT_LIFE else None

    return fit


def meta_id(lead: Lead, form: Form) -> int | None:
    """Meta's id of a lead that came from it, by webhook or relayed by an automation."""
    submission = lead.submission
    platform = form.webhooks.get(submission.sender, {}).get("platform", submission.sender)
    known = submission.external_id.isascii() and submission.external_id.isdigit()
    is_one = platform == "meta" and known and len(submission.external_id) in DIGITS
    return int(submission.external_id) if is_one else None


def write(conversions: Sequence[Conversion], forms: Mapping[str, Form], out: TextIO, *, hashed: bool) -> None:
    """Write the events. hashed: with e-mail and phone, so that Meta finds more of them."""
    for one in conversions:
        form = forms[one.lead.submission.form]
        out.write(json.dumps(event(one, form, hashed=hashed), ensure_ascii=False) + "\n")


def event(one: Conversion, form: Form, *, hashed: bool) -> dict[str, Any]:
    """One event. event_id: the same however often it is told, so that Meta counts it once."""
    custom: dict[str, Any] = {"event_source": "crm", "lead_event_source": SYSTEM}
    if one.value is not None and one.currency:
        custom |= {"value": one.value, "currency": one.currency}
    return {
        "event_name": one.name,
        "event_time": int(one.at.timestamp()),
        "event_id": _digest(f"{one.lead.id} {one.name}")[:32],
        "action_source": "system_generated",
        "user_data": {"lead_id": meta_id(one.lead, form), **(_hashed(one.lead) if hashed else {})},
        "custom_data": custom,
    }


def _hashed(lead: Lead) -> dict[str, list[str]]:
    """E-mail in lower case, phone in digits with its country code, each as SHA-256 in hex."""
    contact = lead.submission.contact
    plain = {"em": contact.email.strip().lower(), "ph": ""}
    if contact.phone.startswith("+"):
        plain["ph"] = "".join(filter(str.isdigit, contact.phone))
    return {name: [_digest(value)] for name, value in plain.items() if value}


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
