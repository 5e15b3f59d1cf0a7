"""A lead as JSON: the shape that the API, the CLI and the exports share."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from service.delivery.person_history import PersonHistory, person_histories
from service.lead import Attempt, Attribution, Contact, Evidence, Lead, LeadId, StoredTouch
from service.nexudus.values import lead_source_name
from service.store import AnswerClock, OwnerTurn, Sale, SaleChange, Transaction


def leads_json(tx: Transaction, leads: Sequence[Lead]) -> list[dict[str, Any]]:
    """Return leads with everything stored about them, including attempts, the body sent and the opportunity."""
    attempts = tx.leads.attempts_of([lead.id for lead in leads])
    related = related_json(tx, attempts, [lead.id for lead in leads if lead.opportunity_id is not None])
    return [{**lead_json(lead, attempts[lead.id]), **related[lead.id]} for lead in leads]


def related_json(
    tx: Transaction, attempts: Mapping[LeadId, Sequence[Attempt]], with_opportunity: Sequence[LeadId]
) -> dict[LeadId, dict[str, Any]]:
    """Return what other tables hold of each lead: the body sent to Nexudus, the opportunity, the person; else null.

    attempts: of each lead. with_opportunity: those of the leads that have one.
    """
    lead_ids = list(attempts)
    known, sent = person_histories(tx, attempts), tx.queue.request_bodies(lead_ids)
    answers, turns = tx.answers.clocks_of(lead_ids), tx.answers.turns_of(lead_ids)
    crm = _crm_of(tx, with_opportunity) if with_opportunity else {}
    return {
        lead_id: {
            "sent": sent.get(lead_id),
            "crm": crm.get(lead_id),
            "known": known_json(known[lead_id]),
            "answer": answer_json(answers.get(lead_id)),
            "owner": owner_json(turns.get(lead_id)),
        }
        for lead_id in lead_ids
    }


def _crm_of(tx: Transaction, lead_ids: Sequence[LeadId]) -> dict[LeadId, dict[str, Any]]:
    sales, changes = tx.crm.sales_of(lead_ids), tx.crm.changes_of(lead_ids)
    return {lead_id: crm_json(sale, changes[lead_id]) for lead_id, sale in sales.items()}


def known_json(known: PersonHistory) -> dict[str, Any] | None:
    """Return since when a lead's person is known; null for a new person."""
    if known.since is None:
        return None
    return {
        "since": known.since.isoformat(),
        "earlier_enquiries": known.earlier.number,
        "first_enquiry_at": instant(known.earlier.since),
        "in_nexudus_since": known.crm_since.isoformat() if known.crm_since else None,
        "is_member": known.is_member,
    }


def answer_json(clock: AnswerClock | None) -> dict[str, Any] | None:
    """Return how long a lead waits, or waited, for a person; null if no answer is due by a time, and none came."""
    if clock is None:
        return None
    return {
        "due_at": instant(clock.due_at),
        "reminded_at": instant(clock.reminded_at),
        "escalated_at": instant(clock.escalated_at),
        "answered_at": instant(clock.answered_at),
        "how": clock.how.value if clock.how else None,
        "in_time": clock.is_in_time,
        "working_s": clock.working_s,
    }


def owner_json(turn: OwnerTurn | None) -> dict[str, Any] | None:
    """Return whose turn a lead was; null if people took no turns."""
    if turn is None:
        return None
    return {"email": turn.email or None, "user_id": turn.user_id, "reason": turn.reason}


def crm_json(sale: Sale, changes: Sequence[SaleChange]) -> dict[str, Any]:
    """Return a lead's opportunity as it stands in the CRM, with its changes, oldest first."""
    return {
        "stage": sale.stage,
        "board": sale.board,
        "status": sale.status.value,
        "value": sale.value,
        "currency": sale.currency or None,
        "won_at": instant(sale.won_at),
        "lost_at": instant(sale.lost_at),
        "loss_reason": sale.loss_reason or None,
        "seen_at": instant(sale.seen_at),
        "gone_at": instant(sale.missing_since),
        "changes": [{"kind": change.kind, "name": change.name, "at": instant(change.at)} for change in changes],
    }


def lead_json(lead: Lead, attempts: Sequence[Attempt]) -> dict[str, Any]:
    """Return a lead with its attempts; instants in ISO 8601, UTC."""
    submission = lead.submission
    return {
        "id": lead.id,
        "form": submission.form,
        "account": lead.account,
        "sender": submission.sender,
        "external_id": submission.external_id or None,
        "form_name": submission.form_name or None,
        "page_url": submission.evidence.page_url or None,
        "status": lead.status.value,
        "received_at": instant(lead.received_at),
        "delivered_at": instant(lead.delivered_at),
        "contact": contact_json(submission.contact),
        "fields": dict(submission.fields),
        "extras": dict(submission.extras),
        "attribution": attribution_json(lead.attribution, submission.evidence),
        "coworker_id": lead.coworker_id,
        "opportunity_id": lead.opportunity_id,
        "attempts": [_attempt(attempt) for attempt in attempts],
        "next_attempt_at": instant(lead.next_attempt_at),
        "problem": lead.problem or None,
        "repeats": lead.repeats,
        "setup_version": lead.setup_version,
        "corrections": [
            {
                "at": instant(one.at),
                "by": one.by,
                "was": dict(one.was),
                "became": dict(one.became),
                "applied": one.is_applied,
            }
            for one in lead.corrections
        ],
    }


def contact_json(contact: Contact) -> dict[str, str | None]:
    """Return the person; null for a detail that is missing."""
    return {
        "email": contact.email or None,
        "full_name": contact.full_name or None,
        "phone": contact.phone or None,
        "company": contact.company or None,
    }


def attribution_json(attribution: Attribution, evidence: Evidence) -> dict[str, Any]:
    """Return the attribution with the rule that decided, and the remembered visits."""
    return {
        "utm_source": attribution.utm_source,
        "utm_medium": attribution.utm_medium,
        "utm_campaign": attribution.utm_campaign,
        "utm_content": attribution.utm_content,
        "utm_term": attribution.utm_term,
        "channel": attribution.channel,
        "lead_source": attribution.lead_source,
        "lead_source_name": lead_source_name(attribution.lead_source),
        "rule": attribution.rule,
        "reason": attribution.reason,
        "first": _touch(evidence.first),
        "last": _touch(evidence.last),
        "click_ids": dict(attribution.click_ids),
    }


def _touch(touch: StoredTouch | None) -> dict[str, Any] | None:
    return None if touch is None else {"url": touch.url, "referrer": touch.referrer, "at": touch.at}


def _attempt(attempt: Attempt) -> dict[str, Any]:
    return {
        "started_at": instant(attempt.started_at),
        "duration_ms": attempt.duration_ms,
        "step": attempt.step.value,
        "outcome": attempt.outcome.value,
        "http_status": attempt.http_status,
        "detail": attempt.detail or None,
        "trigger": attempt.trigger,
    }


def instant(at: datetime | None) -> str | None:
    """Return an instant as ISO 8601 in UTC."""
    return None if at is None else at.isoformat().replace("+00:00", "Z")
