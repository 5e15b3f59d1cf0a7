"""The attribution of leads by the touch that their forms do not use, for reports by the first and by the last touch."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from sqlalchemy import delete, select

from service.lead import Attribution, Lead, LeadId, OtherTouch
from service.store.database.columns import insert_rows
from service.store.database.outcome_tables import lead_touches
from service.store.database.repository import Repository

_COLUMNS = ("utm_source", "utm_medium", "utm_campaign", "channel", "lead_source", "origin", "landing_page")


class LeadTouches(Repository):
    """Other touches of leads."""

    def keep_touches(self, leads: Sequence[Lead]) -> None:
        """Store those of new leads."""
        rows = [_row(lead.id, lead.other_touch) for lead in leads if lead.other_touch is not None]
        if rows:
            insert_rows(self._connection, lead_touches, rows)

    def replace_touches(self, touches: Mapping[LeadId, OtherTouch | None]) -> None:
        """Store those of leads that were attributed again. None: both touches say the same."""
        if not touches:
            return
        self._execute(delete(lead_touches).where(lead_touches.c.lead_id.in_(list(touches))))
        rows = [_row(lead_id, other) for lead_id, other in touches.items() if other is not None]
        if rows:
            insert_rows(self._connection, lead_touches, rows)

    def other_touches(self, lead_ids: Collection[LeadId]) -> dict[LeadId, OtherTouch]:
        """Return those of some leads, with the values that reports read."""
        query = select(lead_touches).where(lead_touches.c.lead_id.in_(list(lead_ids)))
        return {
            LeadId(row.lead_id): OtherTouch(row.touch, Attribution(**{name: getattr(row, name) for name in _COLUMNS}))
            for row in self._execute(query)
        }


def reported(other: OtherTouch | None) -> tuple[Any, ...] | None:
    """Return the values of a touch that reports read; None for none."""
    return None if other is None else (other.touch, *(getattr(other.attribution, name) for name in _COLUMNS))


def _row(lead_id: LeadId, other: OtherTouch) -> dict[str, Any]:
    values = {name: getattr(other.attribution, name) for name in _COLUMNS}
    return {"lead_id": lead_id, "touch": other.touch, **values}
