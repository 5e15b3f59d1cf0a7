"""Leads told one after the other, oldest first, however many there are: each page is a short transaction of its own.

Told of plain values, not as Leads: a million of them must not take minutes.
"""

import json
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import BigInteger, Column, Connection, Select, Text, null, select, type_coerce

from service.lead import Answers, Lead, first_lead_id
from service.store.lead_rows import from_row
from service.store.query import Query
from service.store.tables import Instant, Json, deliveries, from_micros, leads


class Told(NamedTuple):
    """One lead for a table. evidence: what its person's fields do not already say, as it is kept."""

    id: str
    received_at: datetime
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
    extras: Answers
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
    delivered_at: datetime | None
    problem: str
    repeats: int


class Exports:
    """The leads within one transaction, for whoever wants all of them."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def table(self, query: Query, after: str, size: int) -> list[Told]:
        """At most `size` leads; continue with `after` = the last one's id.

        query: its status, form, since and until count.
        """
        found = self._connection.execute(_page(_TOLD, query, after, size))
        return [_told(row) for row in found.all()]

    def page(self, query: Query, after: str, size: int) -> list[Lead]:
        """The same, whole but for the bodies that could not be read: they are bytes, and may be large."""
        return [from_row(row) for row in self._connection.execute(_page(_WHOLE, query, after, size))]


def _as_kept(column: Column[Any]) -> Any:
    """A column without its conversion: for a million rows that takes as long as all the rest."""
    plain: dict[type[Any], Any] = {Json: Text, Instant: BigInteger}
    kind = plain.get(type(column.type))
    return column if kind is None else type_coerce(column, kind).label(column.name)


_TOLD = select(*(_as_kept(leads.c[name]) for name in Told._fields))
_COLUMNS = [null().label("raw") if column is leads.c.raw else column for column in leads.c]
_WHOLE = select(*_COLUMNS, deliveries.c.due_at, deliveries.c.state).outerjoin(
    deliveries, deliveries.c.lead_id == leads.c.id
)


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
_JSON = tuple(Told._fields.index(name) for name in ("fields", "extras", "evidence", "click_ids"))
_RECEIVED, _DELIVERED = Told._fields.index("received_at"), Told._fields.index("delivered_at")


def _told(row: Any) -> Told:
    values = list(row)
    for place in _JSON:
        values[place] = {} if values[place] == "{}" else _read(values[place])[0]
    values[_RECEIVED] = from_micros(values[_RECEIVED])
    if values[_DELIVERED] is not None:
        values[_DELIVERED] = from_micros(values[_DELIVERED])
    return Told._make(values)
