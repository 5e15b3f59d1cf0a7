"""Leads told one after the other, oldest first, however many there are: each page is a short transaction of its own.

Told of plain values, not as Leads: a million of them must not take minutes.
"""

import json
from collections.abc import Sequence
from datetime import date, timedelta
from functools import lru_cache
from typing import Any, NamedTuple

from sqlalchemy import BigInteger, Column, Select, Text, select, type_coerce

from service.lead import Answers, first_lead_id
from service.store.database.columns import Json, UtcDateTime
from service.store.database.repository import Repository
from service.store.database.tables import attempts, deliveries, leads
from service.store.queue.outbox import OWED
from service.store.search.query import Query, bounds


class ExportRow(NamedTuple):
    """One lead for a table. Instants are microseconds since 1970: see as_instant and as_milliseconds.

    extras: as JSON. evidence: what its person's fields do not already say, as it is kept.
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


class ExportCall(NamedTuple):
    """One call to the CRM for one of them."""

    lead_id: str
    started_at: int
    duration_ms: int | None
    step: str
    outcome: str
    http_status: int | None
    detail: str
    trigger: str


class Exports(Repository):
    """The leads within one transaction, for whoever wants all of them."""

    def export_page(self, query: Query, after: str, size: int, last: str = "") -> list[ExportRow]:
        """At most `size` leads; continue with `after` = the last one's id.

        query: its status, form, since and until count. last: the id up to which to read all, however many; "": none.
        """
        page = _page(_TOLD, query, after, size)
        found = self._execute(page.where(leads.c.id <= last).limit(None) if last else page)
        return [_told(row) for row in found.all()]

    def export_edges(self, query: Query, after: str, size: int, most: int) -> list[str]:
        """At most `most` ids: between one and the next lie `size` leads of the query's time, whatever their status."""
        above, below = bounds(query)
        found: list[str] = []
        edge: str | None = max(above, after)
        while len(found) < most:
            between = select(leads.c.id).where(leads.c.id > edge, leads.c.id < below)
            edge = self._execute(between.order_by(leads.c.id).offset(size - 1).limit(1)).scalar()
            if edge is None:
                break
            found.append(edge)
        return found

    def export_calls(self, ids: Sequence[str]) -> dict[str, list[ExportCall]]:
        """Every call made for some leads, oldest first; leads without one are left out."""
        found: dict[str, list[ExportCall]] = {}
        rows = self._execute(_CALLS.where(attempts.c.lead_id.in_(ids)).order_by(attempts.c.id))
        for row in rows.all():
            found.setdefault(row[0], []).append(ExportCall._make(row))
        return found

    def export_due_times(self, ids: Sequence[str]) -> dict[str, int]:
        """When those of some leads are tried next that are owed to the CRM: microseconds since 1970."""
        owed = select(deliveries.c.lead_id, _as_kept(deliveries.c.due_at)).where(deliveries.c.state == OWED)
        rows = self._execute(owed.where(deliveries.c.lead_id.in_(ids)))
        return {row.lead_id: row.due_at for row in rows} if ids else {}


def _as_kept(column: Column[Any]) -> Any:
    """A column without its conversion: for a million rows that takes as long as all the rest."""
    plain: dict[type[Any], Any] = {Json: Text, UtcDateTime: BigInteger}
    kind = plain.get(type(column.type))
    return column if kind is None else type_coerce(column, kind).label(column.name)


_TOLD = select(*(_as_kept(leads.c[name]) for name in ExportRow._fields))
_CALLS = select(*(_as_kept(attempts.c[name]) for name in ExportCall._fields))


def _page(statement: Select[Any], query: Query, after: str, size: int) -> Select[Any]:
    found = statement.where(leads.c.id > after).order_by(leads.c.id).limit(size)
    if query.status:
        found = found.where(leads.c.status == query.status)
    if query.form:
        found = found.where(leads.c.form == query.form)
    if query.since:
        found = found.where(leads.c.id >= first_lead_id(query.since), leads.c.received_at >= query.since)
    if query.until:
        found = found.where(leads.c.received_at < query.until)
    return found


_read = json.JSONDecoder().raw_decode  # of texts that we wrote: nothing stands around them
_JSON = tuple(ExportRow._fields.index(name) for name in ("fields", "evidence", "click_ids"))
_CORRECTIONS = ExportRow._fields.index("corrections")


def _told(row: Any) -> ExportRow:
    values = list(row)
    for place in _JSON:
        values[place] = {} if values[place] == "{}" else _read(values[place])[0]
    if values[_CORRECTIONS] is not None:
        values[_CORRECTIONS] = _read(values[_CORRECTIONS])[0]
    return ExportRow._make(values)


def as_instant(micros: int) -> str:
    """An instant as the API tells it: ISO 8601, UTC, its fraction where it has one."""
    fraction = micros % 1_000_000
    return f"{_to_the_second(micros)}.{fraction:06d}Z" if fraction else f"{_to_the_second(micros)}Z"


def as_milliseconds(micros: int) -> str:
    """The same with always three digits of its second."""
    return f"{_to_the_second(micros)}.{micros % 1_000_000 // 1000:03d}Z"


def _to_the_second(micros: int) -> str:
    day, rest = divmod(micros // 1_000_000, 86_400)
    hour, rest = divmod(rest, 3_600)
    minute, second = divmod(rest, 60)
    return f"{_day(day)}T{hour:02d}:{minute:02d}:{second:02d}"


@lru_cache(1_000)
def _day(days: int) -> str:
    return (date(1970, 1, 1) + timedelta(days=days)).isoformat()
