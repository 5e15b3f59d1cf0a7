"""A lead as the API shows it to operators."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from service.delivery.words import lead_source_name
from service.lead import Attempt, Attribution, Evidence, Lead, StoredTouch


def lead_json(lead: Lead, attempts: Sequence[Attempt]) -> dict[str, Any]:
    """Everything known of a lead, as JSON values; instants in ISO 8601, UTC."""
    submission = lead.submission
    contact = submission.contact
    return {
        "id": lead.id,
        "form": submission.form,
        "account": lead.account,
        "sender": submission.sender,
        "external_id": submission.external_id or None,
        "form_name": submission.form_name or None,
        "page_url": submission.evidence.page_url or None,
        "status": lead.status.value,
        "received_at": _instant(lead.received_at),
        "delivered_at": _instant(lead.delivered_at),
        "contact": {
            "email": contact.email or None,
            "full_name": contact.full_name or None,
            "phone": contact.phone or None,
            "company": contact.company or None,
        },
        "fields": dict(submission.fields),
        "extras": dict(submission.extras),
        "attribution": attribution_json(lead.attribution, submission.evidence),
        "coworker_id": lead.coworker_id,
        "opportunity_id": lead.opportunity_id,
        "attempts": [_attempt(attempt) for attempt in attempts],
        "next_attempt_at": _instant(lead.next_attempt_at),
        "problem": lead.problem or None,
        "repeats": lead.repeats,
        "corrections": [
            {"at": _instant(one.at), "was": dict(one.was), "became": dict(one.became)} for one in lead.corrections
        ],
    }


def attribution_json(verdict: Attribution, evidence: Evidence) -> dict[str, Any]:
    """The verdict with the rule that decided, and the remembered visits."""
    return {
        "utm_source": verdict.utm_source,
        "utm_medium": verdict.utm_medium,
        "utm_campaign": verdict.utm_campaign,
        "utm_content": verdict.utm_content,
        "utm_term": verdict.utm_term,
        "channel": verdict.channel,
        "lead_source": verdict.lead_source,
        "lead_source_name": lead_source_name(verdict.lead_source),
        "rule": verdict.rule,
        "reason": verdict.reason,
        "first": _touch(evidence.first),
        "last": _touch(evidence.last),
        "click_ids": dict(verdict.click_ids),
    }


def _touch(touch: StoredTouch | None) -> dict[str, Any] | None:
    return None if touch is None else {"url": touch.url, "referrer": touch.referrer, "at": touch.at}


def _attempt(attempt: Attempt) -> dict[str, Any]:
    return {
        "started_at": _instant(attempt.started_at),
        "duration_ms": attempt.duration_ms,
        "step": attempt.step.value,
        "outcome": attempt.outcome.value,
        "http_status": attempt.http_status,
        "detail": attempt.detail or None,
        "trigger": attempt.trigger,
    }


def _instant(instant: datetime | None) -> str | None:
    return None if instant is None else instant.isoformat().replace("+00:00", "Z")
