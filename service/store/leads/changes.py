"""Answers changed later, by an operator or by the sender; the lead keeps its former answers beside them."""

from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import Select, bindparam, null, or_, select, update

from service.lead import Attribution, Correction, Lead, LeadId, Outcome, Status, Step, Submission, first_lead_id
from service.store.database.repository import Repository
from service.store.database.tables import attempts, deliveries, leads
from service.store.leads.rows import corrections_of, corrections_row, from_row, to_row, verdict_row
from service.store.queue.outbox import DONE, PARKED, Outbox
from service.store.search.index import WordIndex

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


FINAL = (Status.DELIVERED, Status.ERASED, Status.ANNOUNCED)
"""Leads whose verdict stays as it is: it was sent, its evidence is gone, or there is none yet."""

_COLUMNS = [null().label("raw") if column is leads.c.raw else column for column in leads.c]
"""All but the body that could not be read: it may be large, and no verdict depends on it."""


class Verdicts(Repository):
    """The verdicts within one transaction."""

    def oldest(self, after: str, size: int, form: str = "", since: datetime | None = None) -> list[Lead]:
        """At most `size` leads, oldest first, without their raw bodies; continue with `after` = the last one's id.

        since: received at or after.
        """
        query: Select[Any] = select(*_COLUMNS, null().label("due_at"), null().label("state")).where(leads.c.id > after)
        if form:
            query = query.where(leads.c.form == form)
        if since is not None:
            query = query.where(leads.c.id >= first_lead_id(since), leads.c.received_at >= since)
        rows = self._connection.execute(query.order_by(leads.c.id).limit(size))
        return [from_row(row) for row in rows]

    def reattribute(self, revised: Mapping[LeadId, Attribution]) -> set[LeadId]:
        """Give leads new verdicts; the ids of those that got them.

        Left out are leads of which a verdict was sent or may be on its way: what a worker has claimed, what a create
        of unknown outcome may have saved. Whoever claims one of the others afterwards reads the new verdict.
        """
        unsent = self._unsent(revised)
        rows = [{"of_lead": lead_id, **verdict_row(revised[lead_id])} for lead_id in sorted(unsent)]
        if rows:
            columns: dict[Any, Any] = {leads.c[name]: bindparam(name) for name in rows[0] if name != "of_lead"}
            with self._as(WordIndex).following(sorted(unsent)):
                self._connection.execute(update(leads).where(leads.c.id == bindparam("of_lead")).values(columns), rows)
        return unsent

    def _unsent(self, lead_ids: Collection[LeadId]) -> set[LeadId]:
        """Lock those of some leads that nobody is sending or may have sent; they stay so until the commit.

        What another transaction holds is passed over, so that nobody waits for us, nor we for them: claims lock
        their rows in an order of their own.
        """
        of_these = deliveries.c.lead_id.in_(lead_ids)
        owing = self._ids(select(deliveries.c.lead_id).where(of_these))
        unclaimed = self._ids(
            select(deliveries.c.lead_id)
            .where(of_these, deliveries.c.claimed_by.is_(None), deliveries.c.state != "done")
            .where(or_(deliveries.c.unknown_step.is_(None), deliveries.c.unknown_step != Step.CREATE_OPPORTUNITY.value))
            .with_for_update(skip_locked=True)
        )
        found = (set(lead_ids) - owing) | unclaimed
        # Looked for after the claims are ours to read: a call is written down under a claim only.
        cut_off = self._ids(
            select(attempts.c.lead_id).where(
                attempts.c.lead_id.in_(found),
                attempts.c.step == Step.CREATE_OPPORTUNITY.value,
                attempts.c.outcome == Outcome.OPEN.value,
            )
        )
        unsent = select(leads.c.id).where(leads.c.id.in_(found - cut_off), leads.c.status.not_in(FINAL))
        return self._ids(unsent.with_for_update(skip_locked=True))

    def _ids(self, query: Any) -> set[LeadId]:
        return {LeadId(value) for value in self._connection.execute(query).scalars()}
