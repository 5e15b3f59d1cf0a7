"""Leads of which somebody is still to be told: noted in the commit that keeps them, told once they are real."""

from collections.abc import Collection, Iterator, Sequence

from sqlalchemy import and_, select, update

from service.lead import LeadId, Status
from service.store.repository import Repository
from service.store.tables import leads, notices

REAL = (Status.PENDING, Status.DELIVERED, Status.PARKED)
"""What is told of. What is held as spam or only announced may become so later, what is discarded or erased does not."""


class Untold(Repository):
    """The leads to tell of within one transaction."""

    def to_notify(self, form: str, most: int, after: str = "") -> list[LeadId]:
        """The real ones of a form, at most so many, oldest first; continue with `after` = the last one's id."""
        # One status at a time: asked for several in one order, SQLite reads all leads of the form instead of the index.
        found = [lead_id for status in REAL for lead_id in self._of(form, status, most, after)]
        return sorted(found)[:most]

    def _of(self, form: str, status: Status, most: int, after: str) -> Iterator[LeadId]:
        unread = select(notices.c.lead_id).where(notices.c.lead_id == leads.c.id).exists()  # parked without its answers
        mine = and_(leads.c.notify_pending.is_not(None), leads.c.form == form, leads.c.status == status.value)
        mine = and_(mine, leads.c.id > after)
        found = self._connection.execute(select(leads.c.id).where(mine, ~unread).order_by(leads.c.id).limit(most))
        return map(LeadId, found.scalars())

    def mark_notified(self, lead_ids: Sequence[LeadId]) -> None:
        """Nobody need be told of these any more."""
        self._connection.execute(update(leads).where(leads.c.id.in_(lead_ids)).values(notify_pending=None))

    def keep_notifications_of(self, forms: Collection[str]) -> None:
        """Tell nobody of leads of other forms than these: they have nobody to tell any more."""
        others = update(leads).where(leads.c.notify_pending.is_not(None), leads.c.form.not_in(forms))
        self._connection.execute(others.values(notify_pending=None))
