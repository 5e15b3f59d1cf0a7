"""How soon people answered the invented leads, and whose turn each was."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from random import Random

from service.forms.working_hours import WorkingHours, read_hours
from service.lead import Lead, Status
from service.store import AnswerClock, AnswerKind, OwnerTurn, SaleChange

HOURS = WorkingHours(read_hours("Mo-Fr 09:00-18:00"), zone=UTC)
WITHIN_S = 2 * 3600.0

PEOPLE = (("ann@harbourdesk.example", 901, 2400.0), ("bob@harbourdesk.example", 902, 5400.0))
"""E-mail address, user, and the working time until an answer, in seconds on average."""


def turn_of(number: int, lead: Lead) -> OwnerTurn | None:
    """Return whose turn a delivered lead was; None for any other. number: of the lead in the history."""
    if lead.status is not Status.DELIVERED:
        return None
    email, user_id, _ = PEOPLE[number % len(PEOPLE)]
    return OwnerTurn(lead.id, lead.account, email, user_id, "it was their turn", lead.received_at)


def clock_of(number: int, lead: Lead, changes: Sequence[SaleChange], until: datetime) -> AnswerClock | None:
    """Draw when a delivered lead was answered by `until`; None for any other. changes: of its opportunity."""
    if lead.status is not Status.DELIVERED:
        return None
    random = Random(f"answer {lead.id}")  # noqa: S311 (nothing here is secret)
    due_at = HOURS.after(lead.received_at, WITHIN_S)
    clock = AnswerClock(lead.id, lead.account, lead.submission.form, lead.received_at, due_at)
    moves = sorted(change.at for change in changes if change.kind == "stage")[1:]
    called_at = HOURS.after(lead.received_at, random.expovariate(1 / PEOPLE[number % len(PEOPLE)][2]))
    answered_at = min([called_at, *moves])
    if answered_at > until:
        return replace(clock, waiting_since=lead.received_at, reminded_at=due_at if due_at <= until else None)
    return replace(
        clock,
        answered_at=answered_at,
        how=AnswerKind.STAGE if answered_at in moves else AnswerKind.CALLED,
        working_s=round(HOURS.seconds_between(lead.received_at, answered_at)),
    )
