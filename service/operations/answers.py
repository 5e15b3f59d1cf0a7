"""Answers to leads: recording "I have called", the leads that wait longest, how fast people answered."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from service.actors import Actor
from service.lead import Lead, Status
from service.operations.lead_json import instant
from service.operations.leads import ActionNotAllowed, subject_of
from service.store import (
    MAX_COUNTED,
    Act,
    AnswerCounts,
    AnswerKind,
    FirstAnswer,
    Period,
    Store,
    Transaction,
    answer_counts,
    total_of,
)

ANSWERABLE = (Status.PENDING, Status.DELIVERED, Status.PARKED)
"""Statuses of leads that a person can answer."""

BY = ("form", "owner")


# -- "I have called"


def record_call(store: Store, actor: Actor, lead_id: str, now: datetime) -> Lead | None:
    """Record a call to the lead's person; None if there is no such lead. Of several answers the first counts.

    Raises: ActionNotAllowed; StoreUnavailable.
    """

    def record(tx: Transaction) -> Lead | None:
        lead = tx.leads.get(lead_id)
        if lead is None:
            return None
        if lead.status not in ANSWERABLE:
            raise ActionNotAllowed(f"the lead is {lead.status}: there is nobody to call")
        form = lead.submission.form
        answer = FirstAnswer(lead.id, lead.account, form, lead.received_at, now, AnswerKind.CALLED)
        known = tx.answers.clocks_of([lead.id]).get(lead.id)
        tx.answers.record_answers([answer], now)
        if known is None or known.answered_at is None:
            after = {"answered": AnswerKind.CALLED}
            tx.acts.record(actor, Act.ANSWER, subject_of(lead.id), lead.account, None, after, now)
        return lead

    return store.write(record)


# -- who waits longest


@dataclass(frozen=True, slots=True)
class WaitingLead:
    """A lead without an answer."""

    lead: Lead
    since: datetime
    due_at: datetime | None
    is_overdue: bool


@dataclass(frozen=True, slots=True)
class WaitingLeads:
    """Leads without an answer, the longest wait first.

    number, overdue: of all of them, not only those listed. is_cut: there are more than were counted.
    """

    longest: Sequence[WaitingLead]
    number: int
    overdue: int
    is_cut: bool


def longest_waiting(store: Store, now: datetime, limit: int = 5, account: str = "") -> WaitingLeads:
    """Return the leads that wait longest for an answer, among those that have a target time.

    Raises: StoreUnavailable.
    """
    with store.read() as tx:
        number, overdue = tx.answers.count_waiting(now, account)
        clocks = tx.answers.waiting(limit, account) if number else []
        leads = [tx.leads.get(clock.lead_id) for clock in clocks]
    waiting = [
        WaitingLead(lead, clock.started_at, clock.due_at, clock.due_at is not None and clock.due_at < now)
        for clock, lead in zip(clocks, leads, strict=True)
        if lead is not None
    ]
    return WaitingLeads(waiting, number, overdue, number >= MAX_COUNTED)


# -- figures


@dataclass(frozen=True, slots=True)
class AnswerFigures:
    """How fast the leads of a period were answered: by form or by owner (BY), and all together."""

    rows: Mapping[str, Sequence[AnswerCounts]]
    total: AnswerCounts


def answer_figures(store: Store, period: Period, now: datetime, account: str = "") -> AnswerFigures:
    """Return how fast the leads received in a period were answered.

    Raises: StoreUnavailable.
    """
    with store.read() as tx:
        tx.answers.fix_moment()
        tallies = tx.answers.answer_tallies(period.since, period.until, period.form, account)
    return AnswerFigures({by: answer_counts(tallies, by, now) for by in BY}, total_of(tallies, now))


def answer_report(store: Store, period: Period, now: datetime, by: str = "form") -> dict[str, Any]:
    """Return the figures as JSON; times in seconds, shares from 0 to 1 of the leads whose answer was due.

    Raises: StoreUnavailable.
    """
    figures = answer_figures(store, period, now)
    return {
        "since": instant(period.since),
        "until": instant(period.until),
        "form": period.form or None,
        "by": by,
        "rows": [{"key": row.key, **_counts_json(row)} for row in figures.rows[by]],
        "total": _counts_json(figures.total),
    }


def _counts_json(counts: AnswerCounts) -> dict[str, Any]:
    share = counts.share_in_time
    return {
        "leads": counts.leads,
        "answered": counts.answered,
        "unanswered": counts.unanswered,
        "due": counts.due,
        "in_time": counts.in_time,
        "share_in_time": None if share is None else round(share, 4),
        "median_s": counts.median_s,
        "median_working_s": counts.median_working_s,
    }
