"""Exports: leads page by page, oldest first, however many there are; each page is a short transaction of its own.

Plain values, not Leads: a million of them must not take minutes.
"""

import json
from collections.abc import Sequence
from datetime import date, timedelta
from functools import lru_cache
from typing import Any, NamedTuple

from sqlalchemy import BigInteger, Column, Select, Text, select, type_coerce

from service.lead import Answers, LeadId, first_lead_id
from service.store.database.columns import Json, UtcDateTime
from service.store.database.repository import Repository
from service.store.database.tables import QUEUED, attempts, deliveries, leads
from service.store.query import Query, bounds


class ExportRow(NamedTuple):
    """One exported lead. Instants are microseconds since 1970: see as_instant and as_milliseconds.

    extras: as JSON. evidence: as it is stored, without the answers in fields and extras.
    """

    id: str
    received_at: int
    status: str
    form: str
    account: str
    sender: str
    external_id: str
    form_name: str
    email: str
    full_name: str
    first_name: str
    last_name: str
    phone: str
    company: str
    fields: Answers
    extras: str
    page_url: str
    evidence: dict[str, Any]
    utm_source: str
    utm_medium: str
    utm_campaign: str
    utm_content: str
    utm_term: str
    channel: str
    lead_source: int
    rule: str
    click_ids: dict[str, str]
    coworker_id: int | None
    opportunity_id: int | None
    delivered_at: int | None
    problem: str
    repeats: int
    reason: str
    corrections: list[dict[str, Any]] | None
    setup_version: int | None


class ExportCall(NamedTuple):
    """One exported call to the CRM."""

    lead_id: str
    started_at: int
    duration_ms: int | None
    step: str
    outcome: str
    http_status: int | None
    detail: str
    trigger: str


class Exports(Repository):
    """Reading leads for exports."""

    def export_page(self, query: Query, after: str, size: int, last: str = "") -> list[ExportRow]:
        """Return at most `size` leads; continue with `after` = the last one's id.

        query: only its status, form, since and until are used. last: read all leads up to this id instead, however
        many.
        """
        page = _page(query, after, size)
        rows = self._execute(page.where(leads.c.id <= last).limit(None) if last else page)
        return [_export_row(row) for row in rows.all()]

    def export_rows(self, ids: Sequence[LeadId]) -> list[ExportRow]:
        """Return some leads, oldest first."""
        rows = self._execute(_ROWS.where(leads.c.id.in_(ids)).order_by(leads.c.id))
        return [_export_row(row) for row in rows.all()]

    def export_edges(self, query: Query, after: str, size: int, limit: int) -> list[str]:
        """Return at most `limit` ids that split the query's period into runs of `size` leads, of any status."""
        above, below = bounds(query)
        edges: list[str] = []
        edge: str | None = max(above, after)
        while len(edges) < limit:
            between = select(leads.c.id).where(leads.c.id > edge, leads.c.id < below)
            edge = self._execute(between.order_by(leads.c.id).offset(size - 1).limit(1)).scalar()
            if edge is None:
                break
            edges.append(edge)
        return edges

    def export_calls(self, ids: Sequence[str]) -> dict[str, list[ExportCall]]:
        """Return every call made for each lead, oldest first; leads without calls are left out."""
        calls: dict[str, list[ExportCall]] = {}
        rows = self._execute(_CALLS.where(attempts.c.lead_id.in_(ids)).order_by(attempts.c.id))
        for row in rows.all():
            calls.setdefault(row[0], []).append(ExportCall._make(row))
        return calls

    def export_due_times(self, ids: Sequence[str]) -> dict[str, int]:
        """Return when the waiting leads are tried next: microseconds since 1970."""
        queued = select(deliveries.c.lead_id, _unconverted(deliveries.c.due_at)).where(deliveries.c.state == QUEUED)
        rows = self._execute(queued.where(deliveries.c.lead_id.in_(ids)))
        return {row.lead_id: row.due_at for row in rows} if ids else {}


def _unconverted(column: Column[Any]) -> Any:
    """Select a column without its conversion, which for a million rows takes as long as everything else."""
    plain: dict[type[Any], Any] = {Json: Text, UtcDateTime: BigInteger}
    kind = plain.get(type(column.type))
    return column if kind is None else type_coerce(column, kind).label(column.name)


_ROWS = select(*(_unconverted(leads.c[name]) for name in ExportRow._fields))
_CALLS = select(*(_unconverted(attempts.c[name]) for name in ExportCall._fields))


def _page(query: Query, after: str, size: int) -> Select[Any]:
    page = _ROWS.where(leads.c.id > after).order_by(leads.c.id).limit(size)
    if query.status:
        page = page.where(leads.c.status == query.status)
    if query.form:
        page = page.where(leads.c.form == query.form)
    if query.since:
        page = page.where(leads.c.id >= first_lead_id(query.since), leads.c.received_at >= query.since)
    if query.until:
        page = page.where(leads.c.received_at < query.until)
    return page


_read = json.JSONDecoder().raw_decode  # of texts that we wrote: nothing precedes or follows the value
_JSON = tuple(ExportRow._fields.index(name) for name in ("fields", "evidence", "click_ids"))
_CORRECTIONS = ExportRow._fields.index("corrections")


def _export_row(row: Any) -> ExportRow:
    values = list(row)
    for index in _JSON:
        values[index] = {} if values[index] == "{}" else _read(values[index])[0]
    if values[_CORRECTIONS] is not None:
        values[_CORRECTIONS] = _read(values[_CORRECTIONS])[0]
    return ExportRow._make(values)


def as_instant(micros: int) -> str:
    """Format an instant as the API does: ISO 8601, UTC, with a fraction only where it has one."""
    fraction = micros % 1_000_000
    return f"{_seconds(micros)}.{fraction:06d}Z" if fraction else f"{_seconds(micros)}Z"


def as_milliseconds(micros: int) -> str:
    """Format an instant as ISO 8601, UTC, with three digits after the second."""
    return f"{_seconds(micros)}.{micros % 1_000_000 // 1000:03d}Z"


def _seconds(micros: int) -> str:
    day, rest = divmod(micros // 1_000_000, 86_400)
    hour, rest = divmod(rest, 3_600)
    minute, second = divmod(rest, 60)
    return f"{_day(day)}T{hour:02d}:{minute:02d}:{second:02d}"


@lru_cache(1_000)
def _day(days: int) -> str:
    return (date(1970, 1, 1) + timedelta(days=days)).isoformat()
