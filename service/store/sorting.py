"""The list of leads in another order than that of arrival: by name, company, value or the day they were won.

Few matches are all read and sorted. Many are met by walking the index of the order, stretch by stretch, so that no page
sorts a million leads. Leads without a value to sort by come last, newest first, in either direction.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import chain, islice, repeat
from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    ColumnElement,
    Select,
    Text,
    and_,
    exists,
    literal,
    literal_column,
    null,
    or_,
    select,
    true,
    tuple_,
    type_coerce,
)

from service.lead import Lead
from service.store.database.report_tables import COMPANY_KEY, NAME_KEY, sales
from service.store.database.tables import leads
from service.store.database.walls import beyond_walls
from service.store.query import AFTER_ALL_IDS, Query
from service.store.search import PATIENCE, LeadSearch, SearchCondition, SearchPlan

MAX_SORTED = 2_000
"""Matches that are read and sorted; with more of them the index of the order is walked, unless a condition is rare."""

SORT_STRETCHES = (1_000, 4_000, 16_000, 64_000)
"""Leads considered together on the walk."""

IDS_AT_ONCE = 900
"""Ids in one statement."""

MAX_UNINDEXED = 500
"""Matches among leads that the word index does not have yet: those of some seconds."""

Key = str | float | int | None


@dataclass(frozen=True, slots=True)
class SortKey:
    """An order of leads. key: of each lead that has one; lead_id: its lead."""

    key: ColumnElement[Any]
    lead_id: Column[str]
    has_one: ColumnElement[bool]


_EMPTY: ColumnElement[str] = literal_column(
    "''"
)  # written out: else SQLite does not see that the partial index will do

SORT_KEYS = {
    "name": SortKey(NAME_KEY, leads.c.id, leads.c.full_name != _EMPTY),
    "company": SortKey(COMPANY_KEY, leads.c.id, leads.c.company != _EMPTY),
    "value": SortKey(sales.c.value, sales.c.lead_id, sales.c.value.is_not(None)),
    "won": SortKey(type_coerce(sales.c.won_at, BigInteger), sales.c.lead_id, sales.c.won_at.is_not(None)),
}
"""Order -> its key."""


@dataclass(frozen=True, slots=True)
class SortPlace:
    """A place in a sorted list: the key, None for none, and the id of the lead there."""

    key: Key
    lead_id: str

    def __str__(self) -> str:
        """As an address carries it."""
        return json.dumps([self.lead_id, self.key], ensure_ascii=False, separators=(",", ":"))


@dataclass(frozen=True, slots=True)
class SortOrder:
    """An order of leads, and where in it a page begins. by: one of SORT_KEYS.

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
    def parts(self) -> Sequence[bool]:
        """Whether leads have a key, for each part of the list that is left, in the order of reading."""
        parts = [False, True] if self.is_backwards else [True, False]
        return parts if self.place is None or self.has_key is parts[0] else parts[1:]

    def reads_downwards(self, *, has_key: bool) -> bool:
        """Whether a part is read from its largest key, or its newest lead, on."""
        return (self.is_descending if has_key else True) is not self.is_backwards

    @property
    def has_key(self) -> bool:
        """Whether the place is among the leads that have a key."""
        return self.place is not None and self.place.key is not None


@dataclass(frozen=True, slots=True)
class SortedPage:
    """Leads of one page of a sorted list, each with its place. reached: where the search stopped; None: it did not."""

    leads: Sequence[Lead]
    places: Sequence[SortPlace]
    reached: SortPlace | None = None


class SortedSearch(LeadSearch):
    """Searching leads in another order."""

    def sorted_page(self, query: Query, order: SortOrder, size: int) -> SortedPage:
        """Return at most `size` leads that match, in that order."""
        plan = self._plan(query)
        if plan.is_ordered:
            plan = replace(plan, conditions=[replace(one, is_rare=self._is_rare(one)) for one in plan.conditions])
        # Matches of a rare condition may lie close together, where a walk would come late.
        ids = self._few(plan, self.rare_limit if plan.is_rare else MAX_SORTED)
        if ids is None:
            places, reached = self._walk(plan, order, size)
        else:
            places, reached = _around(self._places(plan, ids, order), order, size), None
        return SortedPage(self._read([each.lead_id for each in places]), places, reached)

    def place_of(self, lead_id: str, by: str) -> SortPlace:
        """Return the place of a lead in an order."""
        sort = SORT_KEYS[by]
        own = select(sort.key.label("key")).where(sort.has_one, sort.lead_id == lead_id)
        return SortPlace(self._execute(own).scalar(), lead_id)

    # -- few matches

    def _few(self, plan: SearchPlan, limit: int) -> list[str] | None:
        """Return the ids of all matches; None where they are more than `limit`, or not soon known."""
        ids: list[str] = []
        considered = 0
        for _, step_considered, matching in self._steps(plan, is_upwards=False):
            ids += matching
            considered += step_considered
            if len(ids) > limit or considered > PATIENCE:
                return None
        return ids

    def _places(self, plan: SearchPlan, ids: Sequence[str], order: SortOrder) -> list[SortPlace]:
        """Sort leads, which are all matches of a search."""
        keyed = [pair for pair in self._keys(plan, ids, order.sort) if pair[0] is not None]
        keyed.sort(reverse=order.is_descending)
        rest = sorted(set(ids) - {lead_id for _, lead_id in keyed}, reverse=True)
        return [SortPlace(*pair) for pair in keyed] + [SortPlace(None, lead_id) for lead_id in rest]

    def _keys(self, plan: SearchPlan, ids: Sequence[str], sort: SortKey) -> Iterator[tuple[Any, str]]:
        query = select(sort.key.label("key"), sort.lead_id.label("id")).where(sort.has_one)
        if len(ids) > IDS_AT_ONCE:  # so many ids are sooner looked up again than passed
            yield from ((row.key, row.id) for row in self._execute(query.where(sort.lead_id.in_(plan.ids()))))
            ids = [lead_id for lead_id in ids if plan.uses_words and lead_id > plan.cursor]
        for start in range(0, len(ids), IDS_AT_ONCE):
            these = query.where(sort.lead_id.in_(ids[start : start + IDS_AT_ONCE]))
            yield from ((row.key, row.id) for row in self._execute(these))

    # -- many matches

    def _walk(self, plan: SearchPlan, order: SortOrder, size: int) -> tuple[list[SortPlace], SortPlace | None]:
        """Return the places of a page, and where the walk stopped, None where it came to an end."""
        places: list[SortPlace] = []
        lead_id = literal_column("stretch.id", Text)
        young = self._young(plan)
        conditions, members = [_listed(plan, lead_id, young)], self._members(plan, young)
        # Where leads stopped the walk would be told by its place, and might be another account's.
        sizes = iter(SORT_STRETCHES) if self._walls is None else chain(SORT_STRETCHES, repeat(SORT_STRETCHES[-1]))
        for has_key in order.parts:
            here = order.place if order.has_key is has_key else None
            while number := next(sizes, 0):
                stretch = _stretch(plan, order, here, has_key=has_key).limit(number)
                end = self._execute(stretch.offset(number - 1).limit(1)).first()
                of_part = [] if has_key else [_lacks_key(order.sort, lead_id)]
                matches = _matches_of(stretch, order, [*conditions, *of_part], has_key=has_key)
                rows = self._execute(matches.limit(size - len(places) if members is None else None))
                met = (SortPlace(row.key, row.id) for row in rows if members is None or row.id in members)
                places += islice(met, size - len(places))
                rows.close()
                if len(places) == size:
                    return (places[::-1] if order.is_backwards else places), None
                if end is None:
                    break
                here = SortPlace(end.key, end.id)
            else:
                return (places[::-1] if order.is_backwards else places), here
        return (places[::-1] if order.is_backwards else places), None

    def _young(self, plan: SearchPlan) -> list[str]:
        """Return the matches among leads that the index of words does not have yet."""
        tail = self._tail(plan, is_upwards=False) if plan.uses_words else ()
        return [one for _, _, ids in tail for one in ids][:MAX_UNINDEXED]

    def _members(self, plan: SearchPlan, young: Sequence[str]) -> set[str] | None:
        """Return the leads that meet what no single look answers, read once for all stretches; None: there is none."""
        spread = [one.between(plan.above, plan.below) for one in plan.conditions if not _is_one_look(one)]
        sets = [set(self._execute(ids).scalars()) for ids in spread]
        return set.intersection(*sets) | set(young) if sets else None


def _is_one_look(one: SearchCondition) -> bool:
    """Return whether one look shows whether a lead meets a condition: at one word of it, or at itself."""
    return one.is_listed and (one.is_ordered or one.column.table is leads)


def _listed(plan: SearchPlan, lead_id: ColumnElement[str], young: Sequence[str]) -> ColumnElement[bool]:
    """Match the leads that meet what single looks answer, whether they are in the index of words or not."""
    listed = and_(true(), *(one.has(lead_id) for one in plan.conditions if _is_one_look(one)))
    if plan.checks:
        listed = and_(listed, exists().select_from(leads).where(leads.c.id == lead_id, *plan.checks))
    if not plan.uses_words:
        return listed
    return or_(and_(lead_id <= plan.cursor, listed), lead_id.in_(young))


def _stretch(plan: SearchPlan, order: SortOrder, here: SortPlace | None, *, has_key: bool) -> Select[Any]:
    """Select the leads of a period that follow a place in an order, in the order of reading, without conditions.

    Those of every account: what is read of them meets the conditions of a search.
    """
    sort = order.sort
    if not has_key:
        is_downwards = order.reads_downwards(has_key=False)
        query = select(null().label("key"), leads.c.id.label("id"))
        query = query.where(leads.c.id > plan.above, leads.c.id < plan.below)
        if here is not None:
            query = query.where(leads.c.id < here.lead_id if is_downwards else leads.c.id > here.lead_id)
        return beyond_walls(query.order_by(leads.c.id.desc() if is_downwards else leads.c.id))
    is_descending = order.reads_downwards(has_key=True)
    query = select(sort.key.label("key"), sort.lead_id.label("id")).where(sort.has_one)
    lead_id = sort.lead_id.concat("")  # else the engines read the period by ids, and sort all of it
    if plan.above:
        query = query.where(lead_id > plan.above)
    if plan.below != AFTER_ALL_IDS:
        query = query.where(lead_id < plan.below)
    if here is not None:
        own, other = tuple_(sort.key, sort.lead_id), tuple_(literal(here.key), literal(here.lead_id))
        query = query.where(sort.key <= here.key if is_descending else sort.key >= here.key)  # sought in the index
        query = query.where(own < other if is_descending else own > other)
    columns = (sort.key, sort.lead_id)
    return beyond_walls(query.order_by(*(column.desc() if is_descending else column for column in columns)))


def _matches_of(
    stretch: Select[Any], order: SortOrder, conditions: Sequence[ColumnElement[bool]], *, has_key: bool
) -> Select[Any]:
    """Select the leads of a stretch that match, in the order of reading."""
    part = stretch.subquery("stretch")
    columns = (part.c.key, part.c.id) if has_key else (part.c.id,)
    is_downwards = order.reads_downwards(has_key=has_key)
    query = select(part.c.key, part.c.id).where(*conditions)
    return query.order_by(*(column.desc() if is_downwards else column for column in columns))


def _lacks_key(sort: SortKey, lead_id: ColumnElement[str]) -> ColumnElement[bool]:
    return ~exists().select_from(sort.lead_id.table).where(sort.lead_id == lead_id, sort.has_one)


def _around(places: Sequence[SortPlace], order: SortOrder, size: int) -> list[SortPlace]:
    """Return the part of a sorted list that follows a place, or comes before it."""
    if order.place is None:
        return list(places[-size:] if order.is_backwards else places[:size])
    if order.is_backwards:
        return [each for each in places if _precedes(each, order.place, order)][-size:]
    return [each for each in places if _precedes(order.place, each, order)][:size]


def _precedes(one: SortPlace, other: SortPlace, order: SortOrder) -> bool:
    if one.key is None or other.key is None:
        return one.lead_id > other.lead_id if one.key is other.key else other.key is None
    own, others = (one.key, one.lead_id), (other.key, other.lead_id)
    return own > others if order.is_descending else own < others
