"""Answers put right by an operator: the lead gets them, what it said before stays beside them."""

from dataclasses import replace
from datetime import datetime

from sqlalchemy import Connection, select, update

from service.lead import Correction, Lead, Status, Step, Submission
from service.store.engines import Opened
from service.store.lead_rows import to_row
from service.store.outbox import Outbox
from service.store.tables import deliveries, leads
from service.store.word_index import WordIndex

_CHANGED = ("email", "full_name", "first_name", "last_name", "phone", "company", "fields", "extras", "evidence")


class BeingSent(Exception):
    """A worker has the lead, or may already have put it into the CRM; the text says what to do first."""


class Corrections:
    """The corrections within one transaction."""

    def __init__(self, connection: Connection, opened: Opened) -> None:
        self._connection = connection
        self._opened = opened

    def correct(self, lead: Lead, submission: Submission, correction: Correction, person: str, now: datetime) -> None:
        """Give a lead the answers of `submission`, and owe it again unless it is quarantined.

        person: whose Deliveries must not run beside this one, after the correction.
        Raises: BeingSent.
        """
        self._check(lead)
        corrected = replace(lead, submission=submission, corrections=(*lead.corrections, correction))
        row = to_row(corrected)
        changed = {name: row[name] for name in (*_CHANGED, "corrections")}
        with WordIndex(self._connection, self._opened).following([lead.id]):
            self._connection.execute(update(leads).where(leads.c.id == lead.id).values(changed))
        debt = update(deliveries).where(deliveries.c.lead_id == lead.id)
        # Whom the old answers led to may be somebody else.
        self._connection.execute(debt.values(person=person, coworker_id=None, doubt_step=None, doubt_at=None, looks=0))
        if lead.status is not Status.QUARANTINED:
            Outbox(self._connection, self._opened).owe_again(lead.id, now)

    def _check(self, lead: Lead) -> None:
        query = select(deliveries.c.claimed_by, deliveries.c.doubt_step).where(deliveries.c.lead_id == lead.id)
        row = self._connection.execute(query.with_for_update() if self._opened.locks_rows else query).first()
        if row is None:
            return
        if row.claimed_by is not None:
            raise BeingSent("the lead is being sent at this moment: try again in a minute")
        if row.doubt_step == Step.CREATE_OPPORTUNITY.value:
            raise BeingSent("Nexudus may have saved it already: retry it as it is, then it is looked for")
