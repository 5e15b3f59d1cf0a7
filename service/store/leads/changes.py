"""Changes to a stored lead: answers corrected by an operator or completed by the sender, attribution done again.

The lead keeps its former answers beside the new ones. What Nexudus has, or may have, is never changed.
"""

from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import Select, bindparam, null, or_, select, update

from service.lead import (
    Attribution,
    Correction,
    Lead,
    LeadId,
    OtherTouch,
    Outcome,
    Status,
    Step,
    Submission,
    first_lead_id,
)
from service.store.database.repository import Repository
from service.store.database.tables import DONE, PARKED, attempts, deliveries, leads
from service.store.leads.rows import (
    CONTACT,
    WITHOUT_RAW,
    attribution_row,
    corrections_of,
    corrections_row,
    from_row,
    to_row,
)
from service.store.leads.touches import LeadTouches
from service.store.outbox import NOTHING_UNKNOWN, Outbox
from service.store.words import WordIndex

ATTRIBUTION_FINAL = (Status.DELIVERED, Status.ERASED, Status.ANNOUNCED)
"""Statuses in which the attribution stays: it was sent, its evidence is gone, or there is none yet."""

_CHANGED = (*CONTACT, "fields", "extras", "evidence", "location")


class BeingSent(Exception):
    """A worker is sending the lead, or may already have put it into the CRM; the text says what to do first."""


class LeadChanges(Repository):
    """Changes to stored leads."""

    # -- answers

    def correct(self, lead: Lead, submission: Submission, correction: Correction, person: str, now: datetime) -> None:
        """Give a lead the answers of `submission`, and deliver it again unless it is quarantined.

        lead: with its account, attribution and set-up version after the correction. person: the key under which its
        deliveries run one at a time from then on.
        Raises: BeingSent.
        """
        delivery = self._correctable_delivery(lead)
        corrected = replace(lead, submission=submission, corrections=(*lead.corrections, correction))
        row, attribution = to_row(corrected), attribution_row(lead.attribution)
        others = ("account", "corrections", "setup_version")
        self._write(lead.id, {name: row[name] for name in (*_CHANGED, *attribution, *others)})
        if delivery is not None and (delivery.serialize_key, delivery.account) != (person, lead.account):
            self._start_over(lead.id, person, lead.account)
        if lead.status is not Status.QUARANTINED:
            self._as(Outbox).retry([lead.id], now)

    def _correctable_delivery(self, lead: Lead) -> Any:
        """Return the lead's delivery, None if there is none. Raises: BeingSent."""
        row = self._locked_delivery(lead.id)
        stored = self._execute(select(leads.c.corrections).where(leads.c.id == lead.id)).scalar()
        if len(stored or ()) != len(lead.corrections):
            raise BeingSent("its sender has just added something: look at it again")
        if row is None:
            return None
        if row.claimed_by is not None:
            raise BeingSent("the lead is being sent at this moment: try again in a minute")
        if self._may_be_saved(row):
            raise BeingSent("Nexudus may have saved it already: retry it as it is, then it is looked for")
        return row

    def apply_change(self, became: Lead, person: str, now: datetime) -> None:
        """Write what a sender added to a lead; a lead parked because that was missing is delivered.

        became: the lead with the newest answers; its last correction is the change. If Nexudus has the lead, or may
        have it, only the correction is written. If the answers lead to another account the delivery moves there, unless
        a worker has it: the worker that claims it next moves it.
        """
        delivery = self._locked_delivery(became.id)
        is_sent = delivery is None or delivery.state == DONE or self._may_be_saved(delivery)
        *earlier, last = became.corrections
        if is_sent or not last.is_applied:
            self._write(became.id, {"corrections": corrections_row((*earlier, replace(last, is_applied=False)))})
            return
        account = became.account if delivery.claimed_by is None else delivery.account
        row, attribution = to_row(replace(became, account=account)), attribution_row(became.attribution)
        changed = (*_CHANGED, *attribution, "account", "page_url", "problem", "corrections")
        self._write(became.id, {name: row[name] for name in changed})
        self._as(LeadTouches).replace_touches({became.id: became.other_touch})
        if delivery.serialize_key != person:
            self._start_over(became.id, person, account)
        if delivery.account != account:
            self._as(Outbox).move(became.id, account, now)
        if became.status is Status.PENDING and delivery.state == PARKED:
            self._as(Outbox).unpark(became.id, now)

    def _may_be_saved(self, delivery: Any) -> bool:
        """Return whether a create has an unknown outcome, or was cut off with no claim of the lead since."""
        if delivery.unknown_step == Step.CREATE_OPPORTUNITY.value:
            return True
        cut_off = self._open_creates([delivery.lead_id])
        return delivery.claimed_by is None and bool(self._ids(cut_off))

    def mark_unsent(self, as_sent: Lead) -> None:
        """Mark changes that arrived while the lead was being sent as unsent. as_sent: the lead as the worker had it."""
        query = select(leads.c.corrections).where(leads.c.id == as_sent.id)
        corrections = corrections_of(self._execute(query).scalar())
        known = len(as_sent.corrections)
        if len(corrections) > known:
            late = (replace(each, is_applied=False) for each in corrections[known:])
            change = update(leads).where(leads.c.id == as_sent.id)
            self._execute(change.values(corrections=corrections_row((*corrections[:known], *late))))

    def _write(self, lead_id: LeadId, values: dict[str, Any]) -> None:
        with self._as(WordIndex).following([lead_id]):
            self._execute(update(leads).where(leads.c.id == lead_id).values(values))

    def _start_over(self, lead_id: LeadId, person: str, account: str) -> None:
        """Forget the contact search for the old answers: the result may be another person, or in another account."""
        delivery = update(deliveries).where(deliveries.c.lead_id == lead_id)
        anew = {"serialize_key": person, "account": account, "coworker_id": None, **NOTHING_UNKNOWN}
        self._execute(delivery.values(anew))
        self._as(Outbox).forget_contact_search(lead_id)

    def _locked_delivery(self, lead_id: LeadId) -> Any:
        return self._execute(self._locking(select(deliveries).where(deliveries.c.lead_id == lead_id))).first()

    # -- attribution

    def oldest(self, after: str, size: int, form: str = "", since: datetime | None = None) -> list[Lead]:
        """Return at most `size` leads, oldest first, without their raw bodies; continue with `after` = the last id.

        since: leads received at or after it.
        """
        query: Select[Any] = select(*WITHOUT_RAW, null().label("due_at"), null().label("state"))
        query = query.where(leads.c.id > after)
        if form:
            query = query.where(leads.c.form == form)
        if since is not None:
            query = query.where(leads.c.id >= first_lead_id(since), leads.c.received_at >= since)
        return [from_row(row) for row in self._execute(query.order_by(leads.c.id).limit(size))]

    def reattribute(
        self, attributions: Mapping[LeadId, Attribution], others: Mapping[LeadId, OtherTouch | None] | None = None
    ) -> set[LeadId]:
        """Give leads new attributions; returns the ids of the leads that got them.

        others: by the touch that their forms do not use, if these are to be replaced as well.

        Leads whose attribution was sent or may be on its way are left out: claimed ones, and those that a create of
        unknown outcome may have saved. A worker that claims one of the others afterwards reads the new attribution.
        """
        unsent = sorted(self._unsent(attributions))
        rows = [{"of_lead": lead_id, **attribution_row(attributions[lead_id])} for lead_id in unsent]
        if rows:
            columns: dict[Any, Any] = {leads.c[name]: bindparam(name) for name in rows[0] if name != "of_lead"}
            with self._as(WordIndex).following(unsent):
                self._execute(update(leads).where(leads.c.id == bindparam("of_lead")).values(columns), rows)
            replaced = {lead_id: others[lead_id] for lead_id in unsent if lead_id in others} if others else {}
            self._as(LeadTouches).replace_touches(replaced)
        return set(unsent)

    def _unsent(self, lead_ids: Collection[LeadId]) -> set[LeadId]:
        """Lock the leads that are neither sent, nor being sent, nor possibly saved; they stay so until the commit.

        Rows locked by another transaction are skipped, so that neither waits for the other: claims lock their rows in
        an order of their own.
        """
        of_these = deliveries.c.lead_id.in_(lead_ids)
        queued = self._ids(select(deliveries.c.lead_id).where(of_these))
        unclaimed = self._ids(
            select(deliveries.c.lead_id)
            .where(of_these, deliveries.c.claimed_by.is_(None), deliveries.c.state != DONE)
            .where(or_(deliveries.c.unknown_step.is_(None), deliveries.c.unknown_step != Step.CREATE_OPPORTUNITY.value))
            .with_for_update(skip_locked=True)
        )
        candidates = (set(lead_ids) - queued) | unclaimed
        # Queried only once we hold the claims: an attempt is recorded under a claim only.
        cut_off = self._ids(self._open_creates(candidates))
        unsent = select(leads.c.id).where(
            leads.c.id.in_(candidates - cut_off), leads.c.status.not_in(ATTRIBUTION_FINAL)
        )
        return self._ids(unsent.with_for_update(skip_locked=True))

    @staticmethod
    def _open_creates(lead_ids: Collection[str]) -> Any:
        """Return the query of leads with an unfinished create of the opportunity."""
        return select(attempts.c.lead_id).where(
            attempts.c.lead_id.in_(lead_ids),
            attempts.c.step == Step.CREATE_OPPORTUNITY.value,
            attempts.c.outcome == Outcome.OPEN.value,
        )

    def _ids(self, query: Any) -> set[LeadId]:
        return {LeadId(value) for value in self._execute(query).scalars()}
