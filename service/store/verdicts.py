"""Verdicts put right after the rules changed: leads read page by page, and changed where nothing was sent yet."""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Select, bindparam, null, or_, select, update

from service.lead import Attribution, Lead, LeadId, Outcome, Status, Step, first_lead_id
from service.store.lead_rows import from_row, verdict_row
from service.store.repository import Repository
from service.store.tables import attempts, deliveries, leads
from service.store.word_index import WordIndex

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
