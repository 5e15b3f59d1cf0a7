"""The journey of one lead as a timeline: received, attributed, saved, each call, corrections, delivery, sale."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from service.admin.pages.labels import (
    OUTCOMES,
    STATUSES,
    STEPS,
    call_duration,
    channel_name,
    duration,
    field_name,
    lead_source_name,
    reason,
    sale_value,
    sender_name,
)
from service.i18n import N_, MessageTable, _, ngettext
from service.lead import Attempt, Lead, Outcome, Status, Step
from service.store import Sale, SaleChange, SaleStatus

SALE_STATUSES = MessageTable(
    {SaleStatus.IN_PROGRESS: N_("In progress"), SaleStatus.WON: N_("Won"), SaleStatus.LOST: N_("Lost")}
)

TRIED = MessageTable(
    {
        Step.CREATE_COWORKER: N_("Tried to create the contact in Nexudus"),
        Step.CREATE_OPPORTUNITY: N_("Tried to create the opportunity in Nexudus"),
        Step.FETCH: N_("Tried to fetch the answers from the platform"),
    }
)
"""Step -> its name where it did not succeed."""


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
    form = f"{submission.form} ({submission.form_name})" if submission.form_name else submission.form
    sender = sender_name(submission.sender)
    detail = _("Form: %(form)s. Received via: %(sender)s.", form=form, sender=sender)
    yield JourneyEvent(_("Received"), lead.received_at, detail=detail, tone="good")
    if attribution.rule or attribution.reason:
        source = lead_source_name(attribution.lead_source)
        title = _(
            "Attributed to %(channel)s, lead source %(source)s",
            channel=channel_name(attribution.channel),
            source=source,
        )
        yield JourneyEvent(title, detail=attribution.reason)
    sentences = [_("From here on it cannot be lost.")]
    if lead.repeats:
        sentences.append(
            ngettext(
                "The same submission arrived once more; it stays one lead.",
                "The same submission arrived %(num)s more times; it stays one lead.",
                lead.repeats,
            )
        )
    yield JourneyEvent(_("Saved"), detail=" ".join(sentences))


def _calls(attempts: Sequence[Attempt]) -> Iterator[JourneyEvent]:
    for attempt in attempts:
        outcome = OUTCOMES[attempt.outcome]
        title = STEPS.get(attempt.step, attempt.step.value)
        is_done = attempt.outcome is Outcome.DONE
        if is_done and attempt.step is Step.FIND_COWORKER:
            title = _("Found the contact in Nexudus")
        elif attempt.outcome not in {Outcome.DONE, Outcome.MISSING}:
            title = TRIED.get(attempt.step, title)
        # A done call's detail is our own remark; any other is the other side's response.
        remark, quote = (attempt.detail, "") if is_done else ("", attempt.detail)
        status = f"HTTP {attempt.http_status}" if attempt.http_status else ""
        trigger = _("requested by an operator") if attempt.trigger == "operator" else ""
        detail = ", ".join(filter(None, (remark, call_duration(attempt), status, trigger)))
        yield JourneyEvent(title, attempt.started_at, outcome.tone, outcome.name, detail, quote)


def _corrections(lead: Lead) -> Iterator[JourneyEvent]:
    for correction in lead.corrections:
        names = ", ".join(field_name(name) for name in correction.became)
        if correction.by == "operator":
            yield JourneyEvent(
                _("Corrected by an operator"), correction.at, detail=_("Changed: %(names)s.", names=names)
            )
        elif correction.is_applied:
            detail = _("New: %(names)s. The newest answers count.", names=names)
            yield JourneyEvent(_("Sent again with other answers"), correction.at, detail=detail)
        else:
            why = (
                _("They came too late to be sent: enter them in Nexudus by hand if they matter.")
                if lead.delivered_at
                else _("They were not used because they look like spam: enter them in Nexudus by hand if they matter.")
            )
            detail = _("Different: %(names)s. %(why)s", names=names, why=why)
            yield JourneyEvent(_("Sent again with other answers"), correction.at, "warn", detail=detail)


def _end(lead: Lead, now: datetime) -> Iterator[JourneyEvent]:
    status = STATUSES[lead.status]
    if lead.delivered_at and lead.status in {Status.DELIVERED, Status.ERASED}:
        time, number = duration(lead.delivered_at - lead.received_at), lead.opportunity_id
        detail = (
            _("Nexudus has opportunity %(number)s, %(time)s after the lead arrived.", number=number, time=time)
            if number
            else _("Nexudus has the opportunity, %(time)s after the lead arrived.", time=time)
        )
        yield JourneyEvent(_("Delivered"), lead.delivered_at, "good", detail=detail)
    if lead.status is Status.PENDING and lead.next_attempt_at:
        is_due = lead.next_attempt_at <= now
        title = _("Next: sent as soon as it is its turn") if is_due else _("Next try")
        yield JourneyEvent(title, None if is_due else lead.next_attempt_at, "busy", detail=reason(lead))
    elif lead.status is not Status.DELIVERED:
        yield JourneyEvent(status.name, None, status.tone, detail=reason(lead) or status.meaning)


# -- the way of a lead in few words


@dataclass(frozen=True, slots=True)
class Milestone:
    """One stop on the way to a sale. at: None for one that is not reached."""

    title: str
    at: datetime | None = None
    tone: str = "good"


def progress(lead: Lead, sale: Sale | None, changes: Sequence[SaleChange]) -> list[Milestone]:
    """Received, delivered, the stages in Nexudus, won or lost; the stage where it is now comes last."""
    if lead.status not in (Status.DELIVERED, Status.PENDING, Status.PARKED, Status.ANNOUNCED) and not lead.delivered_at:
        return []
    stops = [Milestone(_("Received"), lead.received_at), Milestone(_("In Nexudus"), lead.delivered_at)]
    stages = [Milestone(change.name, change.at) for change in changes if change.kind == "stage"]
    if sale and sale.stage and (not stages or stages[-1].title != sale.stage):
        stages.append(Milestone(sale.stage, sale.updated_at or sale.seen_at))
    if sale and stages and stages[-1].title.casefold() == sale.status:
        stages.pop()  # a stage called "Won" says what the outcome says
    stops += stages
    if sale and sale.status is SaleStatus.LOST:
        stops.append(Milestone(_("Lost"), sale.lost_at or sale.seen_at, "warn"))
    elif sale and sale.status is SaleStatus.WON:
        stops.append(Milestone(_("Won"), sale.won_at or sale.seen_at))
    elif lead.delivered_at:
        stops.append(Milestone(_("Won")))
    return stops


# -- the sale


def sale_facts(sale: Sale | None) -> list[tuple[str, str]]:
    """The opportunity as it was last seen; empty before that."""
    if sale is None:
        return []
    status, missing_since = SALE_STATUSES[sale.status], sale.missing_since
    return [
        (_("Stage"), sale.stage),
        (_("Board"), sale.board),
        (_("Status"), f"{status}: {sale.loss_reason}" if sale.loss_reason else status),
        (_("Value"), sale_value(sale)),
        (_("No longer in Nexudus"), _("since %(day)s", day=missing_since.date()) if missing_since else ""),
    ]


def sale_events(sale: Sale | None, changes: Sequence[SaleChange]) -> Iterator[JourneyEvent]:
    """The changes of the opportunity after its delivery."""
    was_closed = False
    for change in changes:
        if change.kind == "stage":
            yield JourneyEvent(_("Moved to the stage %(stage)s", stage=change.name), change.at)
        elif change.name == SaleStatus.IN_PROGRESS and was_closed:
            yield JourneyEvent(_("Reopened"), change.at)
        elif change.name == SaleStatus.WON:
            yield JourneyEvent(_("Won"), change.at, "good", detail=sale_value(sale) if sale else "")
        elif change.name == SaleStatus.LOST:
            yield JourneyEvent(_("Lost"), change.at, "warn", detail=sale.loss_reason if sale else "")
        was_closed = was_closed or (change.kind == "status" and change.name != SaleStatus.IN_PROGRESS)
