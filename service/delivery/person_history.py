"""The known history of a lead's person, in words for the salesperson who calls back. It decides nothing.

Facts from Nexudus's own record are stored as the detail of the search that found it, so a lead that moves to another
account is searched for again there.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta

from service import clock
from service.delivery.pacing import OutOfPace, Pacer
from service.lead import Attempt, Lead, LeadId, Outcome, Step
from service.nexudus.client import Nexudus
from service.nexudus.coworkers import Coworker, read_whole
from service.nexudus.errors import NexudusError
from service.store import EarlierEnquiries, Transaction

JUST_NOW = timedelta(minutes=1)
"""A record created less than this before the lead arrived may belong to the lead itself, because the clocks differ."""

BACKOFF_S = 600.0
"""Seconds without reads of whole records after one failed, or did not show the plan."""

SLOW_S = 1.0
"""Seconds a search may take; after a slower one no optional call is made."""

_STANDING_WORDS = {True: "a member", False: "a contact", None: "known"}


@dataclass(frozen=True, slots=True)
class PersonHistory:
    """The known history of a person. crm_since: date of their record in Nexudus. None: unknown."""

    earlier: EarlierEnquiries = field(default_factory=EarlierEnquiries)
    crm_since: date | None = None
    is_member: bool | None = None

    @property
    def since(self) -> date | None:
        """Date since when the person is known, here or in Nexudus; None if in neither."""
        here = self.earlier.since.astimezone(UTC).date() if self.earlier.since else None
        return min((day for day in (here, self.crm_since) if day), default=None)

    @property
    def sentence(self) -> str:
        """The history in one line; "" for an unknown person."""
        parts = []
        if self.earlier.since:
            number = self.earlier.number
            enquiries = "1 earlier enquiry here" if number == 1 else f"{number} earlier enquiries here"
            parts.append(f"{enquiries} since {self.earlier.since.astimezone(UTC):%Y-%m-%d}")
        if self.crm_since:
            word = {True: "member in", False: "contact in", None: "in"}[self.is_member]
            parts.append(f"{word} Nexudus since {self.crm_since:%Y-%m-%d}")
        return f"Known since {self.since:%Y-%m-%d}: {'; '.join(parts)}." if parts else ""


class PlanReader:
    """Reads whole records if a list does not show the plan, but never at the cost of a delivery."""

    def __init__(self) -> None:
        self._paused_until = float("-inf")

    def complete(self, coworker: Coworker, nexudus: Nexudus, pacer: Pacer, search_s: float) -> Coworker:
        """Return the coworker completed from the whole record, or unchanged if that cannot be read at once.

        search_s: duration of the search that found it.
        """
        if coworker.is_member is not None or search_s > SLOW_S or clock.monotonic() < self._paused_until:
            return coworker
        if pacer.prepay_spare() > 0:
            return coworker
        try:
            whole = read_whole(nexudus, coworker.id)
        except (NexudusError, OutOfPace):
            whole = None
        if whole is None or whole.is_member is None:
            self._paused_until = clock.monotonic() + BACKOFF_S
        return coworker if whole is None else whole


def describe(coworker: Coworker, lead: Lead) -> str:
    """Return what Nexudus's record says about a person, for the Attempt; "" if it may be younger than the lead."""
    created_at = coworker.created_at
    if created_at is None or created_at > lead.received_at - JUST_NOW:
        return ""
    return f"{_STANDING_WORDS[coworker.is_member]} there since {created_at.astimezone(UTC):%Y-%m-%d}"


def person_history(tx: Transaction, lead_id: LeadId) -> PersonHistory:
    """Return the history of a lead's person, from the store and the last search in Nexudus."""
    return person_histories(tx, tx.leads.attempts_of([lead_id]))[lead_id]


def person_histories(tx: Transaction, attempts: Mapping[LeadId, Sequence[Attempt]]) -> dict[LeadId, PersonHistory]:
    """Return the histories of the people of several leads. attempts: of each lead."""
    earlier = tx.leads.earlier_enquiries(list(attempts))
    return {
        lead_id: replace(_read(calls), earlier=earlier.get(lead_id, EarlierEnquiries()))
        for lead_id, calls in attempts.items()
    }


def _read(attempts: Sequence[Attempt]) -> PersonHistory:
    searches = [one for one in attempts if one.step is Step.FIND_COWORKER]
    ended = [one for one in searches if one.outcome in (Outcome.DONE, Outcome.MISSING)]
    match = (
        re.fullmatch(r"(a member|a contact|known) there since (\d{4}-\d\d-\d\d)", ended[-1].detail) if ended else None
    )
    if not match:
        return PersonHistory()
    is_member = next(known for known, word in _STANDING_WORDS.items() if word == match[1])
    return PersonHistory(
        crm_since=datetime.strptime(match[2], "%Y-%m-%d").replace(tzinfo=UTC).date(), is_member=is_member
    )
