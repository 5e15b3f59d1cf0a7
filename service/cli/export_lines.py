"""A lead as JSON for an export: what service.operations.lead_json makes of it, in a third of the time.

A test holds both together.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from service.nexudus.enumerations import lead_source_name
from service.store import ExportCall, ExportRow, as_instant


def as_lead_json(told: ExportRow, calls: Sequence[ExportCall], next_attempt_at: int | None) -> dict[str, Any]:
    """Everything known of a lead, as JSON values; instants in ISO 8601, UTC."""
    return {
        "id": told.id,
        "form": told.form,
        "account": told.account,
        "sender": told.sender,
        "external_id": told.external_id or None,
        "form_name": told.form_name or None,
        "page_url": told.page_url or None,
        "status": told.status,
        "received_at": as_instant(told.received_at),
        "delivered_at": None if told.delivered_at is None else as_instant(told.delivered_at),
        "contact": {
            "email": told.email or None,
            "full_name": told.full_name or None,
            "phone": told.phone or None,
            "company": told.company or None,
        },
        "fields": told.fields,
        "extras": {} if told.extras == "{}" else json.loads(told.extras),
        "attribution": _attribution(told),
        "coworker_id": told.coworker_id,
        "opportunity_id": told.opportunity_id,
        "attempts": [_attempt(call) for call in calls],
        "next_attempt_at": None if next_attempt_at is None else as_instant(next_attempt_at),
        "problem": told.problem or None,
        "repeats": told.repeats,
        "corrections": [_correction(each) for each in told.corrections or ()],
    }


def _attribution(told: ExportRow) -> dict[str, Any]:
    return {
        "utm_source": told.utm_source,
        "utm_medium": told.utm_medium,
        "utm_campaign": told.utm_campaign,
        "utm_content": told.utm_content,
        "utm_term": told.utm_term,
        "channel": told.channel,
        "lead_source": told.lead_source,
        "lead_source_name": lead_source_name(told.lead_source),
        "rule": told.rule,
        "reason": told.reason,
        "first": _touch(told.evidence.get("first")),
        "last": _touch(told.evidence.get("last")),
        "click_ids": told.click_ids,
    }


def _touch(kept: Sequence[Any] | None) -> dict[str, Any] | None:
    return None if kept is None else dict(zip(("url", "referrer", "at"), kept, strict=True))


def _attempt(call: ExportCall) -> dict[str, Any]:
    return {
        "started_at": as_instant(call.started_at),
        "duration_ms": call.duration_ms,
        "step": call.step,
        "outcome": call.outcome,
        "http_status": call.http_status,
        "detail": call.detail or None,
        "trigger": call.trigger,
    }


def _correction(kept: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "at": kept["at"].replace("+00:00", "Z"),
        "by": kept.get("by", "operator"),
        "was": kept["was"],
        "became": kept["became"],
        "applied": kept.get("applied", True),
    }
