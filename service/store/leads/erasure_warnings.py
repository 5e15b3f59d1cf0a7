"""Parked leads that nobody touches: operators are warned before they are erased."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, func, select

from service.lead import LeadId, Status, first_lead_id
from service.store.database.report_tables import erasure_warnings
from service.store.database.repository import Repository
from service.store.database.tables import attempts, deliveries, leads, notices
from service.store.leads.rows import corrections_of

PARKED_NOTICE = timedelta(days=14)
"""Operators are warned so long before a parked lead is erased: nobody has decided yet that it is none."""

_BATCH_SIZE = 500


@dataclass(frozen=True, slots=True)
class UntouchedLead:
    """A parked lead. since: nothing happened to it any more; warned_at: when operators were warned, None if not yet."""

    lead_id: LeadId
    form: str
    since: datetime
    warned_at: datetime | None


@dataclass(frozen=True, slots=True)
class ErasureNotice:
    """How many parked leads will be erased, and when operators were first warned of one of them."""

    number: int
    warned_at: datetime

    @property
    def due_at(self) -> datetime:
        """When the first of them is erased."""
        return self.warned_at + PARKED_NOTICE


class ErasureWarnings(Repository):
    """Warnings of erasures to come."""

    def untouched(self, before: datetime) -> Iterator[UntouchedLead]:
        """Yield the parked leads that arrived, were tried, retried and corrected before then, oldest first."""
        tried_at = select(func.max(attempts.c.started_at)).where(attempts.c.lead_id == leads.c.id).scalar_subquery()
        due_at = (deliveries.c.due_at.label("due_at"), notices.c.due_at.label("fetch_due_at"))
        columns = (leads.c.id, leads.c.form, leads.c.received_at, leads.c.corrections, tried_at.label("tried_at"))
        query = (
            select(*columns, *due_at, erasure_warnings.c.warned_at)
            .outerjoin(deliveries, deliveries.c.lead_id == leads.c.id)
            .outerjoin(notices, notices.c.lead_id == leads.c.id)
            .outerjoin(erasure_warnings, erasure_warnings.c.lead_id == leads.c.id)
            .where(leads.c.status == Status.PARKED.value, leads.c.id < first_lead_id(before))
        )
        for row in self._execute(query.order_by(leads.c.id)):
            corrected = [correction.at for correction in corrections_of(row.corrections)]
            known = [row.received_at, row.tried_at, row.due_at, row.fetch_due_at, *corrected]
            since = max(instant for instant in known if instant is not None)
            if since < before:
                yield UntouchedLead(LeadId(row.id), row.form, since, row.warned_at)

    def set_warnings(self, untouched: Collection[UntouchedLead], now: datetime) -> None:
        """Warn of the erasure of exactly these leads: from now on, or since they were warned of and not touched."""
        kept = {lead.lead_id for lead in untouched if lead.warned_at is not None and lead.warned_at >= lead.since}
        known = set(self._execute(select(erasure_warnings.c.lead_id)).scalars())
        for gone in _batches(known - kept):
            self._execute(delete(erasure_warnings).where(erasure_warnings.c.lead_id.in_(gone)))
        rows = [{"lead_id": lead.lead_id, "warned_at": now} for lead in untouched if lead.lead_id not in kept]
        if rows:
            self._execute(self._database.insert(erasure_warnings).on_conflict_do_nothing(), rows)

    def erasure_notice(self) -> ErasureNotice | None:
        """Return how many parked leads operators are warned of; None for none."""
        query = select(func.count(), func.min(erasure_warnings.c.warned_at)).join(
            leads, leads.c.id == erasure_warnings.c.lead_id
        )
        number, warned_at = self._execute(query.where(leads.c.status == Status.PARKED.value)).one()
        return ErasureNotice(number, warned_at) if number else None


def _batches(lead_ids: Collection[str]) -> Iterator[list[str]]:
    ordered = sorted(lead_ids)
    yield from (ordered[start : start + _BATCH_SIZE] for start in range(0, len(ordered), _BATCH_SIZE))
