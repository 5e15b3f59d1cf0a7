"""Demonstration leads with an invented past: written as they are, known by their account, and removed again."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import delete, select

from service.lead import Attempt, Lead
from service.store.answers import AnswerClock, AnswerClocks, OwnerTurn, OwnerTurns
from service.store.database.columns import insert_rows
from service.store.database.outcome_tables import lead_touches
from service.store.database.report_tables import sale_changes, sales
from service.store.database.repository import Repository
from service.store.database.tables import DONE, PARKED, attempts, deliveries, leads
from service.store.leads.rows import to_row
from service.store.leads.touches import LeadTouches
from service.store.sales import Sale, SaleChange, Sales


@dataclass(frozen=True, slots=True)
class LeadHistory:
    """A lead, the calls made for it, the opportunity as sent, and its outcome.

    Nothing is delivered, whatever its status.
    """

    lead: Lead
    attempts: Sequence[Attempt] = ()
    sent: Mapping[str, Any] | None = None
    sale: Sale | None = None
    changes: Sequence[SaleChange] = ()
    clock: AnswerClock | None = None
    turn: OwnerTurn | None = None


class Histories(Repository):
    """Demonstration leads."""

    def has_other_accounts(self, account: str) -> bool:
        """Return whether any lead belongs to another account."""
        query = select(leads.c.id).where(leads.c.account != account).limit(1)
        return self._execute(query).first() is not None

    def write_histories(self, histories: Sequence[LeadHistory]) -> None:
        """Store leads so that a worker has nothing to deliver among them."""
        if not histories:
            return
        insert_rows(self._connection, leads, [to_row(history.lead) for history in histories])
        self._as(LeadTouches).keep_touches([history.lead for history in histories])
        insert_rows(self._connection, deliveries, [_delivery_row(history) for history in histories])
        sold = [history.sale for history in histories if history.sale is not None]
        self._as(Sales).save_sales(sold, [change for history in histories for change in history.changes])
        self._as(AnswerClocks).add([history.clock for history in histories if history.clock is not None])
        self._as(OwnerTurns).add_turns([history.turn for history in histories if history.turn is not None])
        calls = [_attempt_row(history.lead, attempt) for history in histories for attempt in history.attempts]
        if calls:
            insert_rows(self._connection, attempts, calls)

    def remove_account(self, account: str, size: int) -> int:
        """Delete at most `size` leads of an account, with everything that belongs to them; returns how many."""
        ids = list(self._execute(select(leads.c.id).where(leads.c.account == account).limit(size)).scalars())
        self._as(AnswerClocks).drop(ids)
        self._as(OwnerTurns).drop_turns(ids)
        for table in (attempts, deliveries, sale_changes, sales, lead_touches):
            self._execute(delete(table).where(table.c.lead_id.in_(ids)))
        self._execute(delete(leads).where(leads.c.id.in_(ids)))
        return len(ids)


def _delivery_row(history: LeadHistory) -> dict[str, object]:
    lead = history.lead
    return {
        "lead_id": lead.id,
        "account": lead.account,
        "person": lead.submission.contact.email or lead.id,
        "state": DONE if lead.delivered_at else PARKED,
        "due_at": lead.received_at,
        "form": lead.submission.form,
        "coworker_id": lead.coworker_id,
        "request_body": None if history.sent is None else dict(history.sent),
    }


def _attempt_row(lead: Lead, attempt: Attempt) -> dict[str, object]:
    return {
        "lead_id": lead.id,
        "step": attempt.step.value,
        "trigger": attempt.trigger,
        "started_at": attempt.started_at,
        "duration_ms": attempt.duration_ms,
        "outcome": attempt.outcome.value,
        "http_status": attempt.http_status,
        "detail": attempt.detail,
    }
