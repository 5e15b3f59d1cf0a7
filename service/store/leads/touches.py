"""Attribution by the touch that a lead's form does not use, for reports by the first and by the last touch."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any, NamedTuple

from sqlalchemy import Select, delete, null, select, update

from service.lead import Answers, Attribution, Lead, LeadId, OtherTouch
from service.store.database.columns import insert_rows
from service.store.database.outcome_tables import lead_touches
from service.store.database.repository import Repository
from service.store.database.tables import leads as all_leads
from service.store.leads.rows import WITHOUT_RAW, from_row, location_of

_COLUMNS = ("utm_source", "utm_medium", "utm_campaign", "channel", "lead_source", "origin", "landing_page")


class Visit(NamedTuple):
    """The parts of a lead that reports read its visit from. fields: the answers, which name the location."""

    origin: str
    landing_page: str
    fields: Answers
    other: OtherTouch | None


class LeadTouches(Repository):
    """Other touches of leads."""

    def keep_touches(self, leads: Sequence[Lead]) -> None:
        """Store the other touches of new leads; leads without one are left out."""
        rows = [_row(lead.id, lead.other_touch) for lead in leads if lead.other_touch is not None]
        if rows:
            insert_rows(self._connection, lead_touches, rows)

    def replace_touches(self, touches: Mapping[LeadId, OtherTouch | None]) -> None:
        """Replace the other touches of reattributed leads. None: both touches say the same."""
        if not touches:
            return
        self._execute(delete(lead_touches).where(lead_touches.c.lead_id.in_(list(touches))))
        rows = [_row(lead_id, other) for lead_id, other in touches.items() if other is not None]
        if rows:
            insert_rows(self._connection, lead_touches, rows)

    def other_touches(self, lead_ids: Collection[LeadId]) -> dict[LeadId, OtherTouch]:
        """Return the other touches of some leads, with the values that reports read."""
        query = select(lead_touches).where(lead_touches.c.lead_id.in_(list(lead_ids)))
        return {
            LeadId(row.lead_id): OtherTouch(row.touch, Attribution(**{name: getattr(row, name) for name in _COLUMNS}))
            for row in self._execute(query)
        }

    # -- leads of earlier versions

    def unread(self, size: int) -> list[Lead]:
        """Return at most `size` leads whose visits reports have still to read, the newest first."""
        query: Select[Any] = select(*WITHOUT_RAW, null().label("due_at"), null().label("state"))
        query = query.where(all_leads.c.landing_page.is_(None)).order_by(all_leads.c.id.desc()).limit(size)
        return [from_row(row) for row in self._execute(query)]

    def save_visits(self, visits: Mapping[LeadId, Visit]) -> None:
        """Store the visits of leads, unless another worker did."""
        read: dict[LeadId, OtherTouch | None] = {}
        for lead_id, visit in visits.items():
            values: dict[str, Any] = {"origin": visit.origin, "landing_page": visit.landing_page}
            if location := location_of(visit.fields):
                values["location"] = location
            unread = update(all_leads).where(all_leads.c.id == lead_id, all_leads.c.landing_page.is_(None))
            if self._execute(unread.values(values)).rowcount:
                read[lead_id] = visit.other
        self.replace_touches(read)


def reported(other: OtherTouch | None) -> tuple[Any, ...] | None:
    """Return the values of a touch that reports read; None without a touch."""
    return None if other is None else (other.touch, *(getattr(other.attribution, name) for name in _COLUMNS))


def _row(lead_id: LeadId, other: OtherTouch) -> dict[str, Any]:
    values = {name: getattr(other.attribution, name) for name in _COLUMNS}
    return {"lead_id": lead_id, "touch": other.touch, **values}
