"""Leads that nothing more will happen to, by how long ago that was."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import func, select

from service.lead import LeadId, Status, first_lead_id
from service.store.repository import Repository
from service.store.tables import leads

FINISHED = (Status.DELIVERED, Status.DISCARDED, Status.QUARANTINED, Status.TEST)
"""Where nothing is owed any more. Spam that nobody released is finished, too; what waits or is parked is not."""


class Finished(Repository):
    """The finished leads within one transaction."""

    def finished_before(
        self, instant: datetime, forms: Collection[str], size: int, *, but_these: bool = False
    ) -> list[LeadId]:
        """At most `size` leads of some forms, or of all others, that were finished before then, oldest first.

        A delivered lead is finished with its delivery, others with their arrival: nobody writes down more.
        """
        of_forms = leads.c.form.not_in(forms) if but_these else leads.c.form.in_(forms)
        ended_at = func.coalesce(leads.c.delivered_at, leads.c.received_at)
        found: list[LeadId] = []
        for status in FINISHED:  # each by its own piece of the index: those of the erased grow for ever
            query = select(leads.c.id).where(leads.c.status == status.value, leads.c.id < first_lead_id(instant))
            query = query.where(of_forms, ended_at < instant).order_by(leads.c.id).limit(size - len(found))
            found += map(LeadId, self._connection.execute(query).scalars())
        return found
