"""The journey of one lead as a time line: arrived, credited, kept, each call, corrected, delivered."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from service.admin.pages.words import (
    OUTCOMES,
    STATUSES,
    STEPS,
    field_name,
    lead_source_name,
    sender_name,
    span,
    took,
    why,
)
from service.lead import Attempt, Lead, Outcome, Status, Step


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that happened, or will. at: None where the time is the one before; quote: somebody's own words."""

    title: str
    at: datetime | None = None
    tone: str = "calm"
    word: str = ""
    detail: str = ""
    quote: str = ""


def journey(lead: Lead, attempts: Sequence[Attempt], now: datetime) -> list[Event]:
    """All of it, oldest first, ending with what comes next."""
    happened = [*_calls(attempts), *_end(lead, now), *_corrections(lead)]
    happened.sort(key=lambda event: event.at or now)
    return [*_arrival(lead), *happened]


def _arrival(lead: Lead) -> Iterator[Event]:
    submission, verdict = lead.submission, lead.attribution
    named = f" ({submission.form_name})" if submission.form_name else ""
    came = f"Form: {submission.form}{named}. Sender: {sender_name(submission.sender)}."
    yield Event("Arrived", lead.received_at, detail=came, tone="good")
    if verdict.rule or verdict.reason:
        source = lead_source_name(verdict.lead_source)
        title = f"Credited to {verdict.channel}, lead source {source}"
        rule = f"Rule: {verdict.rule}" if verdict.rule else ""
        yield Event(title, detail=". ".join(part for part in (verdict.reason, rule) if part))
    repeats = f" The same came {lead.repeats} more times; it stays one lead." if lead.repeats > 1 else ""
    repeats = " The same came once more; it stays one lead." if lead.repeats == 1 else repeats
    yield Event("Kept on disk", detail=f"From here on it cannot be lost.{repeats}")


def _calls(attempts: Sequence[Attempt]) -> Iterator[Event]:
    for attempt in attempts:
        outcome = OUTCOMES[attempt.outcome]
        title = STEPS.get(attempt.step, attempt.step.value)
        if attempt.outcome is Outcome.DONE and attempt.step is Step.FIND_COWORKER:
            title = "Found the contact in Nexudus"
        elif attempt.outcome not in {Outcome.DONE, Outcome.MISSING}:
            title = title.replace("Made", "Tried to make")
        asked = "an operator asked for it" if attempt.trigger == "operator" else ""
        status = f"HTTP {attempt.http_status}" if attempt.http_status else ""
        is_done = attempt.outcome is Outcome.DONE  # then the detail is a remark of ours, not the other side's words
        remark, quote = (attempt.detail, "") if is_done else ("", attempt.detail)
        detail = ", ".join(part for part in (remark, took(attempt), status, asked) if part)
        yield Event(title, attempt.started_at, outcome.tone, outcome.name, detail, quote)


def _corrections(lead: Lead) -> Iterator[Event]:
    for one in lead.corrections:
        names = ", ".join(field_name(name) for name in one.became)
        if one.by == "operator":
            yield Event("Corrected by an operator", one.at, "calm", detail=f"Changed: {names}.")
        elif one.is_applied:
            yield Event("Sent again with other answers", one.at, "calm", detail=f"New: {names}. The newest ones count.")
        else:
            why = "It came too late to be sent" if lead.delivered_at else "It was not used, for it looked like spam"
            detail = f"Different: {names}. {why}: put it into Nexudus by hand where it matters."
            yield Event("Sent again with other answers", one.at, "warn", detail=detail)


def _end(lead: Lead, now: datetime) -> Iterator[Event]:
    word = STATUSES[lead.status]
    if lead.status is Status.DELIVERED or (lead.status is Status.ERASED and lead.delivered_at):
        took_s = (lead.delivered_at - lead.received_at) if lead.delivered_at else timedelta(0)
        number = f"opportunity {lead.opportunity_id}" if lead.opportunity_id else "the opportunity"
        yield Event(
            "Delivered", lead.delivered_at, "good", detail=f"Nexudus has {number}, {span(took_s)} after it arrived."
        )
    if lead.status is Status.PENDING and lead.next_attempt_at:
        is_due = lead.next_attempt_at <= now
        title = "Next: sent as soon as it is its turn" if is_due else "Next try"
        yield Event(title, None if is_due else lead.next_attempt_at, "busy", detail=why(lead))
    elif lead.status is not Status.DELIVERED:
        yield Event(word.name, None, word.tone, detail=why(lead) or word.meaning)
