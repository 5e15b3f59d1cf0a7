"""Stored leads: read, moved between statuses, selected for erasure and for notification."""

from collections.abc import Collection, Iterator, Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import and_, bindparam, func, or_, select, update

from service.lead import Attempt, CoworkerId, Lead, LeadId, OpportunityId, Status, first_lead_id
from service.store.database.repository import Repository
from service.store.database.tables import attempts, lead_keys, leads, notices
from service.store.leads.rows import WHOLE, attempt_of, from_row
from service.store.words import WordIndex

FINISHED = (Status.DELIVERED, Status.DISCARDED, Status.QUARANTINED, Status.TEST)
"""Statuses with nothing left to deliver. Spam that was not released is finished; waiting and parked leads are not."""

NOTIFIABLE = (Status.PENDING, Status.DELIVERED, Status.PARKED)
"""Statuses in which recipients are notified of a new lead. Quarantined and announced leads may get there later."""

_BATCH_SIZE = 500
"""Values in one query: some builds of SQLite accept fewer than a thousand."""


class LeadStanding(NamedTuple):
    """Status and account of a lead. setup_version: under which it was taken; None: of a forms file."""

    status: Status
    account: str
    setup_version: int | None


_ONE = WHOLE.where(leads.c.id == bindparam("lead_id"))


class StoredLeads(Repository):
    """Leads by id, key and status."""

    def get(self, lead_id: str) -> Lead | None:
        """Return a lead with the time of its next attempt, or None."""
        row = self._execute(_ONE, {"lead_id": lead_id}).first()
        return None if row is None else from_row(row)

    def newest_id(self) -> LeadId:
        """Return the greatest id of all leads; "" without leads."""
        return LeadId(self._execute(select(func.max(leads.c.id))).scalar() or "")

    def attempts_of(self, lead_ids: Sequence[str]) -> dict[LeadId, list[Attempt]]:
        """Return every call made for each lead, oldest first."""
        by_lead: dict[LeadId, list[Attempt]] = {LeadId(lead_id): [] for lead_id in lead_ids}
        query = select(attempts).where(attempts.c.lead_id.in_(lead_ids)).order_by(attempts.c.id)
        for row in self._execute(query):
            by_lead[LeadId(row.lead_id)].append(attempt_of(row))
        return by_lead

    # -- status

    def statuses_of(self, lead_ids: Sequence[str]) -> dict[LeadId, Status]:
        """Return the status of each lead; unknown ids are left out."""
        rows = self._execute(select(leads.c.id, leads.c.status).where(leads.c.id.in_(lead_ids)))
        return {LeadId(row.id): Status(row.status) for row in rows}

    def standings_of(self, lead_ids: Sequence[str]) -> dict[LeadId, LeadStanding]:
        """Return status and account of each lead; unknown ids are left out."""
        columns = (leads.c.status, leads.c.account, leads.c.setup_version)
        rows = self._execute(select(leads.c.id, *columns).where(leads.c.id.in_(lead_ids)))
        return {LeadId(row.id): LeadStanding(Status(row.status), row.account, row.setup_version) for row in rows}

    def set_status(self, lead_ids: Sequence[LeadId], status: Status, problem: str = "") -> None:
        """Move leads to `status`; `problem` says why an operator must look at them and what to do."""
        change = update(leads).where(leads.c.id.in_(lead_ids)).values(status=status.value, problem=problem)
        self._execute(change)

    def mark_delivered(
        self, lead_id: LeadId, coworker_id: CoworkerId, opportunity_id: OpportunityId, now: datetime
    ) -> int:
        """Record the contact and the opportunity that Nexudus has for a lead; return how often it was corrected."""
        delivered = {
            "status": Status.DELIVERED.value,
            "problem": "",
            "coworker_id": coworker_id,
            "opportunity_id": opportunity_id,
            "delivered_at": now,
        }
        change = update(leads).where(leads.c.id == lead_id).values(delivered).returning(leads.c.corrections)
        corrections = self._execute(change).scalar()
        self._as(WordIndex).add_numbers(lead_id, coworker_id, opportunity_id)
        return len(corrections or ())

    def finished_before(
        self, instant: datetime, forms: Collection[str], size: int, *, but_these: bool = False
    ) -> list[LeadId]:
        """Return at most `size` leads of some forms (but_these: of all others) finished before `instant`, oldest first.

        A delivered lead is finished at its delivery; of any other lead only the arrival is recorded, which counts
        instead.
        """
        of_forms = leads.c.form.not_in(forms) if but_these else leads.c.form.in_(forms)
        ended_at = func.coalesce(leads.c.delivered_at, leads.c.received_at)
        finished: list[LeadId] = []
        for status in FINISHED:  # each by its own part of the index: erased leads only ever grow in number
            query = select(leads.c.id).where(leads.c.status == status.value, leads.c.id < first_lead_id(instant))
            query = query.where(of_forms, ended_at < instant).order_by(leads.c.id).limit(size - len(finished))
            finished += map(LeadId, self._execute(query).scalars())
        return finished

    # -- keys and ids

    def known_keys(self, values: Collection[str], now: datetime, *, also_announced: bool = True) -> set[str]:
        """Return the keys that already belong to a lead; a new lead with one of them is a duplicate.

        also_announced: include leads whose answers are still to be fetched; a duplicate that has them fills them in.
        """
        fresh = or_(lead_keys.c.expires_at.is_(None), lead_keys.c.expires_at > now)
        query = select(lead_keys.c.key).where(fresh)
        if not also_announced:
            query = query.join(leads, leads.c.id == lead_keys.c.lead_id).where(leads.c.status != Status.ANNOUNCED.value)
        return {
            key
            for batch in _batches(values)
            for key in self._execute(query.where(lead_keys.c.key.in_(batch))).scalars()
        }

    def known_ids(self, ids: Collection[str]) -> set[str]:
        """Return the ids that belong to a stored lead."""
        return {
            lead_id
            for batch in _batches(ids)
            for lead_id in self._execute(select(leads.c.id).where(leads.c.id.in_(batch))).scalars()
        }

    def keys_of(self, some: Sequence[Lead]) -> dict[LeadId, list[str]]:
        """Return the keys that identify repeats of some leads."""
        by_lead: dict[LeadId, list[str]] = {lead.id: [] for lead in some}
        query = select(lead_keys.c.lead_id, lead_keys.c.key).where(lead_keys.c.lead_id.in_(by_lead.keys()))
        for row in self._execute(query.order_by(lead_keys.c.key)):
            by_lead[LeadId(row.lead_id)].append(row.key)
        return by_lead

    # -- notification

    def to_notify(self, form: str, limit: int, after: str = "") -> list[LeadId]:
        """Return leads of a form whose recipients are still to be notified, oldest first.

        after: continue with the last id of the page before.
        """
        # One status at a time: for several in one order, SQLite reads all leads of the form instead of the index.
        pending = [lead_id for status in NOTIFIABLE for lead_id in self._to_notify(form, status, limit, after)]
        return sorted(pending)[:limit]

    def _to_notify(self, form: str, status: Status, limit: int, after: str) -> Iterator[LeadId]:
        unread = select(notices.c.lead_id).where(notices.c.lead_id == leads.c.id).exists()  # parked without its answers
        pending = and_(leads.c.notify_pending.is_not(None), leads.c.form == form, leads.c.status == status.value)
        query = select(leads.c.id).where(pending, leads.c.id > after, ~unread).order_by(leads.c.id).limit(limit)
        return map(LeadId, self._execute(query).scalars())

    def mark_notified(self, lead_ids: Sequence[LeadId]) -> None:
        """Record that the recipients were notified of these leads."""
        self._execute(update(leads).where(leads.c.id.in_(lead_ids)).values(notify_pending=None))

    def keep_notifications_of(self, forms: Collection[str]) -> None:
        """Drop pending notifications of all other forms, which no longer have recipients."""
        others = update(leads).where(leads.c.notify_pending.is_not(None), leads.c.form.not_in(forms))
        self._execute(others.values(notify_pending=None))


def _batches(values: Collection[str]) -> Iterator[Sequence[str]]:
    ordered = list(values)
    yield from (ordered[start : start + _BATCH_SIZE] for start in range(0, len(ordered), _BATCH_SIZE))
