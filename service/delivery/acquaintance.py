"""What is known of a lead's person already, in words for whoever calls back. It changes nothing and decides nothing.

What Nexudus's own record says is kept as the detail of the search that found it: a lead that moves to another account
is searched for there anew.
"""

import re
from collections.abc import Sequence
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
"""A record that is no older than this before the lead came may be of the lead itself: the two clocks differ."""

REST_S = 600.0
"""Seconds without further reads of whole records after one that failed, or that showed no plan either."""

SLOW_S = 1.0
"""Seconds of a search from which on no further call is made that is not needed."""

_WORDS = {True: "a member", False: "a contact", None: "known"}


@dataclass(frozen=True, slots=True)
class Acquaintance:
    """What is known of a person. there_since: since when Nexudus has them, None unknown; is_member: None unknown."""

    earlier: EarlierEnquiries = field(default_factory=EarlierEnquiries)
    there_since: date | None = None
    is_member: bool | None = None

    @property
    def since(self) -> date | None:
        """Since when the person is known, here or in Nexudus; None where in neither."""
        here = self.earlier.since.astimezone(UTC).date() if self.earlier.since else None
        return min((day for day in (here, self.there_since) if day), default=None)

    @property
    def sentence(self) -> str:
        """All of it in one line, "" where nobody is known."""
        parts = []
        if self.earlier.since:
            number = self.earlier.number
            enquiries = "1 earlier enquiry here" if number == 1 else f"{number} earlier enquiries here"
            parts.append(f"{enquiries} since {self.earlier.since.astimezone(UTC):%Y-%m-%d}")
        if self.there_since:
            word = {True: "member in", False: "contact in", None: "in"}[self.is_member]
            parts.append(f"{word} Nexudus since {self.there_since:%Y-%m-%d}")
        return f"Known since {self.since:%Y-%m-%d}: {'; '.join(parts)}." if parts else ""


class PlanReader:
    """Reads whole records where a list does not show the plan, sparingly: never at the cost of a delivery."""

    def __init__(self) -> None:
        self._rests_until = float("-inf")

    def complete(self, coworker: Coworker, nexudus: Nexudus, pacer: Pacer, search_s: float) -> Coworker:
        """The coworker with what its whole record says; as it was where that cannot be had at once.

        search_s: how long the search took.
        """
        if coworker.is_member is not None or search_s > SLOW_S or clock.monotonic() < self._rests_until:
            return coworker
        if pacer.prepay_spare() > 0:
            return coworker
        try:
            whole = read_whole(nexudus, coworker.id)
        except (NexudusError, OutOfPace):
            whole = None
        if whole is None or whole.is_member is None:
            self._rests_until = clock.monotonic() + REST_S
        return coworker if whole is None else whole


def describe(coworker: Coworker, lead: Lead) -> str:
    """What Nexudus's record says of a person whom it had before the lead came; "" where it says nothing of that."""
    created_at = coworker.created_at
    if created_at is None or created_at > lead.received_at - JUST_NOW:
        return ""
    return f"{_WORDS[coworker.is_member]} there since {created_at.astimezone(UTC):%Y-%m-%d}"


def recognise(tx: Transaction, lead_id: LeadId) -> Acquaintance:
    """What is known of a lead's person, here and by the last search in Nexudus."""
    return recognise_all(tx, [lead_id])[lead_id]


def recognise_all(tx: Transaction, lead_ids: Sequence[LeadId]) -> dict[LeadId, Acquaintance]:
    """What is known of the people of several leads."""
    attempts, earlier = tx.leads.attempts_of(lead_ids), tx.leads.earlier_enquiries(lead_ids)
    return {
        lead_id: replace(_read(attempts[lead_id]), earlier=earlier.get(lead_id, EarlierEnquiries()))
        for lead_id in lead_ids
    }


def _read(attempts: Sequence[Attempt]) -> Acquaintance:
    searches = [one for one in attempts if one.step is Step.FIND_COWORKER]
    ended = [one for one in searches if one.outcome in (Outcome.DONE, Outcome.MISSING)]
    match = (
        re.fullmatch(r"(a member|a contact|known) there since (\d{4}-\d\d-\d\d)", ended[-1].detail) if ended else None
    )
    if not match:
        return Acquaintance()
    is_member = next(known for known, word in _WORDS.items() if word == match[1])
    return Acquaintance(
        there_since=datetime.strptime(match[2], "%Y-%m-%d").replace(tzinfo=UTC).date(), is_member=is_member
    )
