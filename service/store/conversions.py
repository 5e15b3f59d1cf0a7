"""Conversions for ad platforms: changes of leads, and the conversions reported to a platform."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select

from service.lead import Lead, LeadId, Status
from service.store.database.report_tables import conversions, sale_changes, sales
from service.store.database.repository import Repository
from service.store.database.tables import deliveries, leads
from service.store.leads.rows import WITHOUT_RAW, from_row
from service.store.sales import SaleChange


@dataclass(frozen=True, slots=True)
class LeadEvent:
    """One change of a delivered lead, with the value of its opportunity. number: grows with every change."""

    number: int
    lead: Lead
    change: SaleChange
    value: float | None
    currency: str


class Conversions(Repository):
    """Changes to report, and conversions reported."""

    def lead_events(self, after: int, size: int, since: datetime | None = None, form: str = "") -> list[LeadEvent]:
        """Return at most `size` changes in the order of recording; continue with `after` = the last number.

        since: only changes made at or after it.
        """
        query = _EVENTS.where(sale_changes.c.id > after, leads.c.status == Status.DELIVERED.value)
        if since:
            query = query.where(sale_changes.c.at >= since)
        if form:
            query = query.where(leads.c.form == form)
        rows: Iterable[Any] = self._execute(query.order_by(sale_changes.c.id).limit(size))
        return [
            LeadEvent(
                row.change_id,
                from_row(row),
                SaleChange(LeadId(row.id), row.change_kind, row.change_name, row.change_at, row.change_seen_at),
                row.sale_value,
                row.sale_currency,
            )
            for row in rows
        ]

    def reported_conversions(self, platform: str, lead_ids: Iterable[str]) -> set[tuple[LeadId, str]]:
        """Return the reported conversions of leads: pairs of lead and conversion name."""
        query = select(conversions.c.lead_id, conversions.c.name).where(conversions.c.platform == platform)
        rows = self._execute(query.where(conversions.c.lead_id.in_(list(lead_ids))))
        return {(LeadId(lead_id), name) for lead_id, name in rows}

    def conversions_of(self, lead_ids: Iterable[str]) -> list[tuple[LeadId, str, str, datetime]]:
        """Return what was reported of some leads, oldest first: lead, platform, name, time."""
        query = select(conversions).where(conversions.c.lead_id.in_(list(lead_ids))).order_by(conversions.c.exported_at)
        return [(LeadId(row.lead_id), row.platform, row.name, row.exported_at) for row in self._execute(query)]

    def record_conversions(self, platform: str, made: Iterable[tuple[LeadId, str]], now: datetime) -> None:
        """Record conversions as reported to a platform."""
        rows = [{"platform": platform, "lead_id": one, "name": name, "exported_at": now} for one, name in made]
        if rows:
            self._execute(self._database.insert(conversions).on_conflict_do_nothing(), rows)


_EVENTS = (
    select(
        *WITHOUT_RAW,
        deliveries.c.due_at,
        deliveries.c.state,
        *(sale_changes.c[name].label(f"change_{name}") for name in ("id", "kind", "name", "at", "seen_at")),
        sales.c.value.label("sale_value"),
        sales.c.currency.label("sale_currency"),
    )
    .select_from(sale_changes)
    .join(leads, leads.c.id == sale_changes.c.lead_id)
    .join(sales, sales.c.lead_id == sale_changes.c.lead_id)
    .outerjoin(deliveries, deliveries.c.lead_id == leads.c.id)
)
