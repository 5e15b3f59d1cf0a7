"""The events of leads that are conversions, as the forms file names them, and those that an ad platform may receive."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from operator import attrgetter
from typing import Literal

from service.forms import RECEIVED, Form, key_of_stage
from service.lead import CONSENT, REFUSALS, Lead
from service.store import LeadEvent, SaleChange, SaleStatus, Store

BATCH_SIZE = 500
"""Events read at a time."""

Exclusion = Literal["reported", "refused", "no_id", "late", "lost"]
"""Reason to leave out a conversion.

reported: before; refused: consent; no_id: the platform knows none of its ids; late: for the platform; lost: the
platform cannot bid for it.
"""


@dataclass(frozen=True, slots=True)
class Conversion:
    """An event that an ad platform can learn from. value: of a won opportunity, in currency; otherwise None."""

    lead: Lead
    name: str
    at: datetime
    value: float | None = None
    currency: str = ""


@dataclass(frozen=True, slots=True)
class ConversionSelection:
    """The conversions to report, and the number left out for each reason."""

    conversions: Sequence[Conversion] = ()
    left_out: Mapping[Exclusion, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ConversionQuery:
    """Selects conversions. again: include those reported before."""

    platform: str
    since: datetime | None = None
    form: str = ""
    again: bool = False


Fit = Callable[[Conversion, Form], Exclusion | None]
"""Returns why a platform cannot take a conversion; None if it can."""


def select_conversions(
    store: Store, forms: Mapping[str, Form], query: ConversionQuery, fit: Fit
) -> ConversionSelection:
    """Return all conversions to report, oldest first. Each name counts once for a lead: the first time.

    Raises: StoreUnavailable.
    """
    left_out = Counter[Exclusion]()
    first: dict[tuple[str, str], Conversion] = {}
    for events in _batches(store, query):
        candidates = [(conversion, form) for event in events for conversion, form in _conversion(event, forms)]
        with store.read() as tx:
            reported = tx.crm.reported_conversions(query.platform, {one.lead.id for one, _ in candidates})
        for conversion, form in candidates:
            key = (conversion.lead.id, conversion.name)
            known = first.get(key)
            exclusion = "reported" if key in reported and not query.again else _exclusion(conversion, form, fit)
            if not exclusion:
                first[key] = min(known or conversion, conversion, key=attrgetter("at"))
            elif not known:
                left_out[exclusion] += 1
    return ConversionSelection(tuple(sorted(first.values(), key=attrgetter("at"))), left_out)


def _batches(store: Store, query: ConversionQuery) -> Iterator[list[LeadEvent]]:
    after = 0
    while True:
        with store.read() as tx:
            events = tx.crm.lead_events(after, BATCH_SIZE, query.since, query.form)
        if not events:
            return
        yield events
        after = events[-1].number


def _conversion(event: LeadEvent, forms: Mapping[str, Form]) -> Iterator[tuple[Conversion, Form]]:
    """Yield the conversion of an event, if the forms file names it."""
    submission, change = event.lead.submission, event.change
    if submission.form not in forms:
        return
    form = forms[submission.form].for_answers(submission)
    name = form.conversions.get(key_of_change(change))
    is_reopened = _is(change, SaleStatus.IN_PROGRESS) and change.at > event.lead.received_at
    if name and not is_reopened:
        is_won = _is(change, SaleStatus.WON)
        value, currency = (event.value, event.currency) if is_won else (None, "")
        yield Conversion(event.lead, name, change.at, value, currency), form


def key_of_change(change: SaleChange) -> str:
    """Return the key of `conversions` for a change: an outcome, or the name of a stage."""
    if change.kind == "stage":
        return key_of_stage(change.name)
    return RECEIVED if _is(change, SaleStatus.IN_PROGRESS) else change.name


def _is(change: SaleChange, status: SaleStatus) -> bool:
    return change.kind == "status" and change.name == status.value


def _exclusion(conversion: Conversion, form: Form, fit: Fit) -> Exclusion | None:
    return "refused" if refuses_consent(conversion.lead) else fit(conversion, form)


def refuses_consent(lead: Lead) -> bool:
    """Return whether the person refused any question of consent; a question that was not asked refuses nothing."""
    answers = [*lead.submission.fields.items(), *lead.submission.extras.items()]
    return any(_is_refusal(answer) for name, answer in answers if name.casefold().partition(":")[0].strip() == CONSENT)


def _is_refusal(answer: str | Sequence[str]) -> bool:
    values = [answer] if isinstance(answer, str) else answer
    return any(str(value).strip().casefold() in REFUSALS for value in values)
