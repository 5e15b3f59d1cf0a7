"""Answers changed later, by an operator or by the sender; the lead keeps its former answers beside them."""

from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import select, update

from service.lead import Correction, Lead, LeadId, Status, Step, Submission
from service.store.lead_rows import corrections_of, corrections_row, to_row, verdict_row
from service.store.outbox import DONE, PARKED, Outbox
from service.store.repository import Repository
from service.store.tables import deliveries, leads
from service.store.word_index import WordIndex

_CHANGED = ("email", "full_name", "first_name", "last_name", "phone", "company", "fields", "extras", "evidence")


class BeingSent(Exception):
    """A worker has the lead, or may already have put it into the CRM; the text says what to do first."""


class Corrections(Repository):
    """The corrections within one transaction."""

    def correct(self, lead: Lead, submission: Submission, correction: Correction, person: str, now: datetime) -> None:
        """Give a lead the answers of `submission`, and owe it again unless it is quarantined.

        lead: with the account and the verdict that it has after the correction. person: whose Deliveries must not run
        beside this one, after the correction.
        Raises: BeingSent.
        """
        self._check(lead)
        corrected = replace(lead, submission=submission, corrections=(*lead.corrections, correction))
        row, verdict = to_row(corrected), verdict_row(lead.attribution)
        self._write(lead.id, {name: row[name] for name in (*_CHANGED, *verdict, "account", "corrections")})
        self._start_over(lead.id, person, lead.account)
        if lead.status is not Status.QUARANTINED:
            self._as(Outbox).retry([lead.id], now)

    def apply_change(self, became: Lead, person: str, now: datetime) -> None:
        """Write what a sender added to a lead; a lead that was parked for just that is owed again.

        became: the lead with the newest answers; its last correction holds the change. Where Nexudus has the lead, or
        may have it, only the correction is written: an existing opportunity is never changed. Where the answers lead
        to another account the Delivery moves there, unless a worker has it: whoever claims it next moves it.
        """
        delivery = self._delivery(became.id)
        is_sent = delivery is None or delivery.state == DONE or delivery.unknown_step == Step.CREATE_OPPORTUNITY.value
        *earlier, last = became.corrections
        if is_sent or not last.is_applied:
            self._write(became.id, {"corrections": corrections_row((*earlier, replace(last, is_applied=False)))})
            return
        account = became.account if delivery.claimed_by is None else delivery.account
        row, verdict = to_row(replace(became, account=account)), verdict_row(became.attribution)
        changed = (*_CHANGED, *verdict, "account", "page_url", "problem", "corrections")
        self._write(became.id, {name: row[name] for name in changed})
        if delivery.serialize_key != person:
            self._start_over(became.id, person, account)
        if delivery.account != account:
            self._as(Outbox).move(became.id, account, now)
        if became.status is Status.PENDING and delivery.state == PARKED:
            self._as(Outbox).unpark(became.id, now)

    def mark_unsent(self, as_sent: Lead) -> None:
        """Mark changes that arrived while the lead was being sent as unsent. as_sent: the lead as the worker had it."""
        query = select(leads.c.corrections).where(leads.c.id == as_sent.id)
        corrections = corrections_of(self._connection.execute(query).scalar())
        known = len(as_sent.corrections)
        if len(corrections) > known:
            late = (replace(each, is_applied=False) for each in corrections[known:])
            change = update(leads).where(leads.c.id == as_sent.id)
            self._connection.execute(change.values(corrections=corrections_row((*corrections[:known], *late))))

    def _write(self, lead_id: LeadId, values: dict[str, Any]) -> None:
        with self._as(WordIndex).following([lead_id]):
            self._connection.execute(update(leads).where(leads.c.id == lead_id).values(values))

    def _start_over(self, lead_id: LeadId, person: str, account: str) -> None:
        """Whom the old answers led to in Nexudus may be somebody else, or in another account."""
        debt = update(deliveries).where(deliveries.c.lead_id == lead_id)
        nobody = {"coworker_id": None, "unknown_step": None, "unknown_since": None, "verify_count": 0}
        self._connection.execute(debt.values(serialize_key=person, account=account, **nobody))
        self._as(Outbox).forget_contact_search(lead_id)

    def _delivery(self, lead_id: LeadId) -> Any:
        query = select(deliveries).where(deliveries.c.lead_id == lead_id)
        return self._connection.execute(query.with_for_update() if self._database.locks_rows else query).first()

    def _check(self, lead: Lead) -> None:
        row = self._delivery(lead.id)
        stored = self._connection.execute(select(leads.c.corrections).where(leads.c.id == lead.id)).scalar()
        if len(stored or ()) != len(lead.corrections):
            raise BeingSent("its sender has just added something: look at it again")
        if row is None:
            return
        if row.claimed_by is not None:
            raise BeingSent("the lead is being sent at this moment: try again in a minute")
        if row.unknown_step == Step.CREATE_OPPORTUNITY.value:
            raise BeingSent("Nexudus may have saved it already: retry it as it is, then it is looked for")
