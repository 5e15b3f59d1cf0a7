"""Orders of leads other than by arrival: their keys, places in them, and the leads that follow a place, as SQL.

Leads without a key come last, newest first, in either direction.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    ColumnElement,
    Select,
    and_,
    exists,
    literal,
    null,
    select,
    tuple_,
    type_coerce,
)

from service.store.database.columns import EMPTY, as_lead_id, compared
from service.store.database.report_tables import COMPANY_KEY, NAME_KEY, sales
from service.store.database.tables import leads
from service.store.database.walls import beyond_walls
from service.store.query import AFTER_ALL_IDS

Key = str | float | int | None


@dataclass(frozen=True, slots=True)
class SortKey:
    """An order of leads. key: of each lead that has one; lead_id: its lead; unindexed: the key without its index."""

    key: ColumnElement[Any]
    lead_id: Column[str]
    has_one: ColumnElement[bool]
    unindexed: ColumnElement[Any]

    @property
    def is_text(self) -> bool:
        """Whether keys are words of the lead."""
        return self.lead_id.table is leads

    def begins_with(self, beginning: str) -> ColumnElement[bool]:
        """Match the leads whose key has a beginning: a stretch of the index."""
        end = beginning + "\U0010ffff"
        return and_(self.has_one, self.key >= beginning, self.key < end, self.key.startswith(beginning))

    def is_lacking(self, lead_id: ColumnElement[str]) -> ColumnElement[bool]:
        """Match the leads that have no key."""
        return ~exists().select_from(self.lead_id.table).where(self.lead_id == lead_id, self.has_one)


_WON_AT: ColumnElement[int] = type_coerce(sales.c.won_at, BigInteger)

SORT_KEYS = {
    "name": SortKey(NAME_KEY, leads.c.id, leads.c.full_name != EMPTY, NAME_KEY.concat("")),
    "company": SortKey(COMPANY_KEY, leads.c.id, leads.c.company != EMPTY, COMPANY_KEY.concat("")),
    "value": SortKey(sales.c.value, sales.c.lead_id, sales.c.value.is_not(None), sales.c.value + 0),
    "won": SortKey(_WON_AT, sales.c.lead_id, sales.c.won_at.is_not(None), _WON_AT + 0),
}
"""Order -> its key."""


@dataclass(frozen=True, slots=True)
class SortPlace:
    """A place in a sorted list: the key (None without one) and the id of the lead there."""

    key: Key
    lead_id: str

    def __str__(self) -> str:
        """Return the form for an address."""
        return json.dumps([self.lead_id, self.key], ensure_ascii=False, separators=(",", ":"))


@dataclass(frozen=True, slots=True)
class SortOrder:
    """An order of leads, and the place where a page begins. by: one of SORT_KEYS.

    place: the page is what follows it, or with is_backwards what comes before it; None for the first page, or the last.
    """

    by: str
    is_descending: bool = False
    place: SortPlace | None = None
    is_backwards: bool = False

    @property
    def sort(self) -> SortKey:
        """The key of the order."""
        return SORT_KEYS[self.by]

    @property
    def parts(self) -> Sequence[tuple[bool, SortPlace | None]]:
        """For each remaining part of the list, in reading order: whether its leads have a key, and its first place."""
        parts = [False, True] if self.is_backwards else [True, False]
        own = self.place is not None and self.place.key is not None
        left = parts if self.place is None or own is parts[0] else parts[1:]
        return [(has_key, self.place if own is has_key else None) for has_key in left]

    def reads_downwards(self, *, has_key: bool) -> bool:
        """Return whether a part is read in descending order: from the largest key, or the newest lead."""
        return (self.is_descending if has_key else True) is not self.is_backwards


def stretch_of(
    order: SortOrder, period: tuple[str, str], here: SortPlace | None, beginning: str = "", *, has_key: bool
) -> Select[Any]:
    """Select the leads of a period that follow a place in an order, in reading order, without conditions.

    Leads of every account: those that are read meet the conditions of a search. period: ids, exclusive. beginning: of
    the keys.
    """
    above, below = period
    is_downwards = order.reads_downwards(has_key=has_key)
    if not has_key:
        query = select(null().label("key"), leads.c.id.label("id")).where(leads.c.id > above, leads.c.id < below)
        if here is not None:
            query = query.where(_follows(leads.c.id, here.lead_id, is_downwards))
        return beyond_walls(query.order_by(*_ordered([leads.c.id], is_downwards)))
    sort = order.sort
    query = select(sort.key.label("key"), sort.lead_id.label("id")).where(sort.has_one)
    if above:
        query = query.where(compared(sort.lead_id) > above)
    if below != AFTER_ALL_IDS:
        query = query.where(compared(sort.lead_id) < below)
    if beginning:
        query = query.where(sort.begins_with(beginning))
    if here is not None:
        query = query.where(sort.key <= here.key if is_downwards else sort.key >= here.key)  # sought in the index
        query = query.where(_follows(tuple_(sort.key, sort.lead_id), _pair(here), is_downwards))
    return beyond_walls(query.order_by(*_ordered([sort.key, sort.lead_id], is_downwards)))


def matches_of(
    stretch: Select[Any], order: SortOrder, conditions: Sequence[ColumnElement[bool]], *, has_key: bool
) -> Select[Any]:
    """Select the leads of a stretch that match, in reading order."""
    part = stretch.subquery("stretch")
    columns = [part.c.key, part.c.id] if has_key else [part.c.id]
    query = select(part.c.key, part.c.id).where(*conditions)
    return query.order_by(*_ordered(columns, order.reads_downwards(has_key=has_key)))


def sorted_of(
    ids: Select[Any],
    checks: Sequence[ColumnElement[bool]],
    order: SortOrder,
    here: SortPlace | None,
    *,
    has_key: bool,
) -> Select[Any]:
    """Select those of some leads that follow a place in an order, sorted by the database, whatever index it has.

    checks: conditions on each lead.
    """
    (own,) = ids.subquery("matches").c
    lead_id, sort = as_lead_id(own), order.sort
    is_downwards = order.reads_downwards(has_key=has_key)
    if has_key:
        columns: list[ColumnElement[Any]] = [sort.unindexed, sort.lead_id]
        query = select(sort.key.label("key"), sort.lead_id.label("id")).where(sort.has_one)
        query = query.where(sort.lead_id.in_(select(lead_id)))
        is_checked = sort.is_text
        checked_id: ColumnElement[str] = sort.lead_id
    else:
        columns = [own]
        query = select(null().label("key"), own.label("id")).where(sort.is_lacking(lead_id))
        is_checked, checked_id = False, lead_id
    if checks:
        known = exists().select_from(leads).where(leads.c.id == checked_id, *checks)
        query = query.where(*checks) if is_checked else query.where(known)
    if here is not None:
        place = _pair(here) if has_key else here.lead_id
        query = query.where(_follows(tuple_(*columns) if has_key else own, place, is_downwards))
    return query.order_by(*_ordered(columns, is_downwards))


def _pair(place: SortPlace) -> Any:
    return tuple_(literal(place.key), literal(place.lead_id))


def _follows(own: Any, other: Any, is_downwards: bool) -> ColumnElement[bool]:
    condition: ColumnElement[bool] = own < other if is_downwards else own > other
    return condition


def _ordered(columns: Sequence[ColumnElement[Any]], is_downwards: bool) -> list[ColumnElement[Any]]:
    return [column.desc() if is_downwards else column for column in columns]
