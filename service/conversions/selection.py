"""Which happenings are conversions, as the forms file names them, and of whom an ad platform may be told."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from service.forms import RECEIVED, Form, key_of_stage
from service.lead import Answers, Lead
from service.store import LeadEvent, SaleChange, SaleStatus, Store

PAGE = 500
"""Happenings in memory at a time."""

Reason = Literal["told", "refused", "no_id", "late", "lost"]
"""Why one is left out: told before, the person refused, no id that the platform knows, too late for the platform,
or lost, which is nothing that the platform can bid for."""

NO = frozenset({"no", "n", "false", "0", "off", "nein", "non", "nee", "não", "nao", "denied", "declined", "refused"})
"""Answers to a question of consent that refuse."""

CONSENT = "consent"
"""How the answer is called; boxes of platforms are kept as extras named `consent: ...`."""


@dataclass(frozen=True, slots=True)
class Conversion:
    """Something that an ad platform can learn from. value: of what was won, in currency; None otherwise."""

    lead: Lead
    name: str
    at: datetime
    value: float | None = None
    currency: str = ""


@dataclass(slots=True)
class ConversionSelection:
    """What is to be told, and how many were left out, by reason."""

    conversions: list[Conversion] = field(default_factory=list)
    left_out: dict[Reason, int] = field(default_factory=dict)

    def leave_out(self, reason: Reason) -> None:
        """Count one."""
        self.left_out[reason] = self.left_out.get(reason, 0) + 1


@dataclass(frozen=True, slots=True)
class ConversionQuery:
    """Which conversions are asked for. again: also those that were told before."""

    platform: str
    since: datetime | None = None
    form: str = ""
    again: bool = False


Fit = Callable[[Conversion, Form], Reason | None]
"""Why a platform cannot be told of a conversion; None when it can."""


def select_conversions(store: Store, forms: Mapping[str, Form], wish: ConversionQuery, fit: Fit) -> ConversionSelection:
    """All conversions that a platform is to be told of, oldest first, each name once for each lead: the first time.

    Raises: StoreUnavailable.
    """
    left_out = ConversionSelection()
    first: dict[tuple[str, str], Conversion] = {}
    for page in _pages(store, wish):
        found = [(one, form) for happening in page for one, form in _conversion(happening, forms)]
        with store.read() as tx:
            told = tx.crm.reported_conversions(wish.platform, {one.lead.id for one, _ in found})
        for one, form in found:
            key = (one.lead.id, one.name)
            known = first.get(key)
            reason = "told" if key in told and not wish.again else _refusal(one) or fit(one, form)
            if not reason:
                first[key] = min(known or one, one, key=_time_of)
            elif not known:
                left_out.leave_out(reason)
    return ConversionSelection(sorted(first.values(), key=_time_of), left_out.left_out)


def _time_of(conversion: Conversion) -> datetime:
    return conversion.at


def _pages(store: Store, wish: ConversionQuery) -> Iterator[list[LeadEvent]]:
    after = 0
    while True:
        with store.read() as tx:
            page = tx.crm.lead_events(after, PAGE, wish.since, wish.form)
        if not page:
            return
        yield page
        after = page[-1].number


def _conversion(happening: LeadEvent, forms: Mapping[str, Form]) -> Iterator[tuple[Conversion, Form]]:
    """The conversion that a happening is, if the forms file names it."""
    whole = forms.get(happening.lead.submission.form)
    if whole is None:
        return
    form = whole.for_answers(happening.lead.submission)
    name = form.conversions.get(key_of_change(happening.change))
    if name and not _is_reopened(happening):
        is_won = _is(happening.change, SaleStatus.WON)
        value, currency = (happening.value, happening.currency) if is_won else (None, "")
        yield Conversion(happening.lead, name, happening.change.at, value, currency), form


def key_of_change(change: SaleChange) -> str:
    """Under which key of `conversions` a change counts: an outcome by its word, a stage by its name."""
    if change.kind == "stage":
        return key_of_stage(change.name)
    return RECEIVED if _is(change, SaleStatus.IN_PROGRESS) else change.name


def _is_reopened(happening: LeadEvent) -> bool:
    """Whether it is in progress again after it was closed: that is not when the lead was received."""
    return _is(happening.change, SaleStatus.IN_PROGRESS) and happening.change.at > happening.lead.received_at


def _is(change: SaleChange, status: SaleStatus) -> bool:
    return change.kind == "status" and change.name == status.value


def _refusal(conversion: Conversion) -> Reason | None:
    return "refused" if refuses(conversion.lead) else None


def refuses(lead: Lead) -> bool:
    """Whether the person said no to any question of consent. Who was not asked, did not."""
    asked = [answer for name, answer in _answers(lead) if name.casefold().partition(":")[0].strip() == CONSENT]
    return any(_says_no(answer) for answer in asked)


def _answers(lead: Lead) -> Iterator[tuple[str, object]]:
    both: tuple[Answers, Answers] = (lead.submission.fields, lead.submission.extras)
    for answers in both:
        yield from answers.items()


def _says_no(answer: object) -> bool:
    said = [answer] if isinstance(answer, str) else list(answer) if isinstance(answer, list | tuple) else []
    return any(str(one).strip().casefold() in NO for one in said)
