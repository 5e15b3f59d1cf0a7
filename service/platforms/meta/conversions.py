"""Conversions as events for Meta's Conversions API, one JSON object a line: the contents of `data` of a POST.

Shape: "Conversions API for CRM integration", payload specification (developers.facebook.com, ads-commerce,
conversions-api, conversion-leads-integration): `lead_id` is Meta's id of the lead, `event_name` the stage in the
operator's words, `action_source` system_generated, `custom_data.event_source` crm and
`custom_data.lead_event_source` the reporting system. E-mail and phone, where wanted, are normalised and hashed as
"Customer information parameters" describes. The API takes events of the last seven days ("Server event parameters").
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, TextIO

from service.conversions import Conversion, Exclusion, Fit
from service.forms import Form
from service.lead import Lead

SYSTEM_NAME = "Lead Capture for Nexudus"

MAX_EVENT_AGE = timedelta(days=7)
"""With one older event the API refuses the whole request."""

LEAD_ID_LENGTHS = range(10, 21)
"""Digits of Meta's lead ids: 15 to 17 by the specification, with a margin."""


def fit_at(now: datetime) -> Fit:
    """Return what decides why Meta cannot take a conversion: it knows only the ids of leads of its own forms."""

    def fit(conversion: Conversion, form: Form) -> Exclusion | None:
        if meta_id(conversion.lead, form) is None:
            return "no_id"
        return "late" if now - conversion.at > MAX_EVENT_AGE else None

    return fit


def meta_id(lead: Lead, form: Form) -> int | None:
    """Return Meta's id of a lead that came by its webhook or through an automation."""
    submission = lead.submission
    platform = form.webhooks.get(submission.sender, {}).get("platform", submission.sender)
    lead_id = submission.external_id
    is_numeric = lead_id.isascii() and lead_id.isdigit()
    return int(lead_id) if platform == "meta" and is_numeric and len(lead_id) in LEAD_ID_LENGTHS else None


def write(conversions: Sequence[Conversion], forms: Mapping[str, Form], out: TextIO, *, hashed: bool) -> None:
    """Write the events. hashed: with e-mail and phone, with which Meta matches more people."""
    for conversion in conversions:
        form = forms[conversion.lead.submission.form]
        out.write(json.dumps(event(conversion, form, hashed=hashed), ensure_ascii=False) + "\n")


def event(conversion: Conversion, form: Form, *, hashed: bool) -> dict[str, Any]:
    """Return one event. Its event_id stays the same whenever it is sent, so that Meta counts it once."""
    custom: dict[str, Any] = {"event_source": "crm", "lead_event_source": SYSTEM_NAME}
    if conversion.value is not None and conversion.currency:
        custom |= {"value": conversion.value, "currency": conversion.currency}
    lead = conversion.lead
    return {
        "event_name": conversion.name,
        "event_time": int(conversion.at.timestamp()),
        "event_id": _digest(f"{lead.id} {conversion.name}")[:32],
        "action_source": "system_generated",
        "user_data": {"lead_id": meta_id(lead, form), **(_hashed_contact(lead) if hashed else {})},
        "custom_data": custom,
    }


def _hashed_contact(lead: Lead) -> dict[str, list[str]]:
    """Return e-mail in lower case and phone in digits with country code, each as SHA-256 in hex."""
    contact = lead.submission.contact
    plain = {"em": contact.email.strip().lower(), "ph": ""}
    if contact.phone.startswith("+"):
        plain["ph"] = "".join(filter(str.isdigit, contact.phone))
    return {name: [_digest(value)] for name, value in plain.items() if value}


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
