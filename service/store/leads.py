"""Leads on disk: found again, and moved from one status to the next."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import func, select, update

from service.lead import (
    Attempt,
    CoworkerId,
    Lead,
    LeadId,
    OpportunityId,
    Status,
)
from service.store.lead_rows import attempt_of, from_row
from service.store.repository import Repository
from service.store.search import WHOLE
from service.store.tables import attempts, leads
from service.store.word_index import WordIndex


class StoredLeads(Repository):
    """The leads within one transaction."""

    def get(self, lead_id: str) -> Lead | None:
        """One lead, with the time of its next attempt, or None."""
        row = self._connection.execute(WHOLE.where(leads.c.id == lead_id)).first()
        return None if row is None else from_row(row)

    def attempts_of(self, lead_ids: Sequence[str]) -> dict[LeadId, list[Attempt]]:
        """Every call made for each of some leads, oldest first."""
        found: dict[LeadId, list[Attempt]] = {LeadId(lead_id): [] for lead_id in lead_ids}
        query = select(attempts).where(attempts.c.lead_id.in_(lead_ids)).order_by(attempts.c.id)
        for row in self._connection.execute(query):
            found[LeadId(row.lead_id)].append(attempt_of(row))
        return found

    def count_by_status(self) -> dict[str, int]:
        """How many leads stand where: status -> number."""
        rows = self._connection.execute(select(leads.c.status, func.count().label("number")).group_by(leads.c.status))
        return {row.status: row.number for row in rows}

    def set_status(self, lead_ids: Sequence[LeadId], status: Status, problem: str = "") -> None:
        """Move leads to `status`; `problem` says why a person must look at them and what to do."""
        change = update(leads).where(leads.c.id.in_(lead_ids)).values(status=status.value, problem=problem)
        self._connection.execute(change)

    def statuses_of(self, lead_ids: Sequence[str]) -> dict[LeadId, Status]:
        """Where some leads stand; those that are not there are left out."""
        rows = self._connection.execute(select(leads.c.id, leads.c.status).where(leads.c.id.in_(lead_ids)))
        return {LeadId(row.id): Status(row.status) for row in rows}

    def accounts_of(self, lead_ids: Sequence[LeadId]) -> list[str]:
        """The Nexudus accounts that some leads are owed to."""
        query = select(leads.c.account).where(leads.c.id.in_(lead_ids)).distinct().order_by(leads.c.account)
        return list(self._connection.execute(query).scalars())

    def mark_delivered(
        self, lead_id: LeadId, coworker_id: CoworkerId, opportunity_id: OpportunityId, now: datetime
    ) -> None:
        """The opportunity exists: note which, and when."""
        self._connection.execute(
            update(leads)
            .where(leads.c.id == lead_id)
            .values(
                status=Status.DELIVERED.value,
                problem="",
                coworker_id=coworker_id,
                opportunity_id=opportunity_id,
                delivered_at=now,
            )
        )
        self._as(WordIndex).add_numbers(lead_id, coworker_id, opportunity_id)
