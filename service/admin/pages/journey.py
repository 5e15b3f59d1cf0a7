"""The journey of one lead as a time line: received, attributed, saved, each call, corrections, delivery, sale."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from service.admin.pages.labels import (
    OUTCOMES,
    STATUSES,
    STEPS,
    call_duration,
    duration,
    field_name,
    lead_source_name,
    reason,
    sender_name,
)
from service.lead import Attempt, Lead, Outcome, Status, Step
from service.store import Sale, SaleChange, SaleStatus

SALE_STATUSES = {SaleStatus.IN_PROGRESS: "In progress", SaleStatus.WON: "Won", SaleStatus.LOST: "Lost"}


@dataclass(frozen=True, slots=True)
class JourneyEvent:
    """One past or future event. at: None at the time of the event before; quote: the words of another system."""

    title: str
    at: datetime | None = None
    tone: str = "calm"
    word: str = ""
    detail: str = ""
    quote: str = ""


def journey(lead: Lead, attempts: Sequence[Attempt], now: datetime) -> list[JourneyEvent]:
    """The lead's events, oldest first, ending with what comes next."""
    events = [*_calls(attempts), *_end(lead, now), *_corrections(lead)]
    events.sort(key=lambda event: event.at or now)
    return [*_arrival(lead), *events]


def _arrival(lead: Lead) -> Iterator[JourneyEvent]:
    submission, attribution = lead.submission, lead.attribution
    form_name = f" ({submission.form_name})" if submission.form_name else ""
    detail = f"Form: {submission.form}{form_name}. Received via: {sender_name(submission.sender)}."
    yield JourneyEvent("Received", lead.received_at, detail=detail, tone="good")
    if attribution.rule or attribution.reason:
        title = f"Attributed to {attribution.channel}, lead source {lead_source_name(attribution.lead_source)}"
        yield JourneyEvent(title, detail=attribution.reason)
    repeats = "once more" if lead.repeats == 1 else f"{lead.repeats} more times"
    repeated = f" The same submission arrived {repeats}; it stays one lead." if lead.repeats else ""
    yield JourneyEvent("Saved", detail=f"From here on it cannot be lost.{repeated}")


def _calls(attempts: Sequence[Attempt]) -> Iterator[JourneyEvent]:
    for attempt in attempts:
        outcome = OUTCOMES[attempt.outcome]
        title = STEPS.get(attempt.step, attempt.step.value)
        is_done = attempt.outcome is Outcome.DONE
        if is_done and attempt.step is Step.FIND_COWORKER:
            title = "Found the contact in Nexudus"
        elif attempt.outcome not in {Outcome.DONE, Outcome.MISSING}:
            title = title.replace("Created", "Tried to create").replace("Fetched", "Tried to fetch")
        # A done call's detail is our own remark; any other is the other side's response.
        remark, quote = (attempt.detail, "") if is_done else ("", attempt.detail)
        status = f"HTTP {attempt.http_status}" if attempt.http_status else ""
        trigger = "requested by an operator" if attempt.trigger == "operator" else ""
        detail = ", ".join(filter(None, (remark, call_duration(attempt), status, trigger)))
        yield JourneyEvent(title, attempt.started_at, outcome.tone, outcome.name, detail, quote)


def _corrections(lead: Lead) -> Iterator[JourneyEvent]:
    for correction in lead.corrections:
        names = ", ".join(field_name(name) for name in correction.became)
        if correction.by == "operator":
            yield JourneyEvent("Corrected by an operator", correction.at, detail=f"Changed: {names}.")
        elif correction.is_applied:
            detail = f"New: {names}. The newest answers count."
            yield JourneyEvent("Sent again with other answers", correction.at, detail=detail)
        else:
            why = (
                "They came too late to be sent"
                if lead.delivered_at
                else "They were not used because they look like spam"
            )
            detail = f"Different: {names}. {why}: enter them in Nexudus by hand if they matter."
            yield JourneyEvent("Sent again with other answers", correction.at, "warn", detail=detail)


def _end(lead: Lead, now: datetime) -> Iterator[JourneyEvent]:
    status = STATUSES[lead.status]
    if lead.delivered_at and lead.status in {Status.DELIVERED, Status.ERASED}:
        number = f"opportunity {lead.opportunity_id}" if lead.opportunity_id else "the opportunity"
        detail = f"Nexudus has {number}, {duration(lead.delivered_at - lead.received_at)} after the lead arrived."
        yield JourneyEvent("Delivered", lead.delivered_at, "good", detail=detail)
    if lead.status is Status.PENDING and lead.next_attempt_at:
        is_due = lead.next_attempt_at <= now
        title = "Next: sent as soon as it is its turn" if is_due else "Next try"
        yield JourneyEvent(title, None if is_due else lead.next_attempt_at, "busy", detail=reason(lead))
    elif lead.status is not Status.DELIVERED:
        yield JourneyEvent(status.name, None, status.tone, detail=reason(lead) or status.meaning)


# -- the sale


def sale_facts(sale: Sale | None) -> list[tuple[str, str]]:
    """The opportunity as it was last seen; empty before that."""
    if sale is None:
        return []
    status = SALE_STATUSES[sale.status]
    return [
        ("Stage", sale.stage),
        ("Board", sale.board),
        ("Status", f"{status}: {sale.loss_reason}" if sale.loss_reason else status),
        ("Value", _value(sale)),
        ("No longer in Nexudus", f"since {sale.missing_since:%Y-%m-%d}" if sale.missing_since else ""),
    ]


def _value(sale: Sale) -> str:
    return "" if not sale.value else f"{sale.value:,.2f} {sale.currency}".strip()


def sale_events(sale: Sale | None, changes: Sequence[SaleChange]) -> Iterator[JourneyEvent]:
    """The changes of the opportunity after its delivery."""
    was_closed = False
    for change in changes:
        if change.kind == "stage":
            yield JourneyEvent(f"Moved to the stage {change.name}", change.at)
        elif change.name == SaleStatus.IN_PROGRESS and was_closed:
            yield JourneyEvent("Reopened", change.at)
        elif change.name == SaleStatus.WON:
            yield JourneyEvent("Won", change.at, "good", detail=_value(sale) if sale else "")
        elif change.name == SaleStatus.LOST:
            yield JourneyEvent("Lost", change.at, "warn", detail=sale.loss_reason if sale else "")
        was_closed = was_closed or (change.kind == "status" and change.name != SaleStatus.IN_PROGRESS)
