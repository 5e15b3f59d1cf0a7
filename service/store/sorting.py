"""The list of leads in an order other than by arrival: by name, company, value or the day they were won.

Few matches are all sorted by the database. Many are met by walking the index of the order, stretch by stretch, so that
no page sorts a million leads.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import chain, filterfalse, islice, repeat
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Select, Text, and_, exists, func, literal_column, or_, select, true, union_all

from service.lead import Lead
from service.store.database.tables import leads
from service.store.database.walls import beyond_walls
from service.store.query import AFTER_ALL_IDS, Query
from service.store.search import MAX_COUNT, LeadSearch, MatchCount
from service.store.search_plan import SearchCondition, SearchPlan
from service.store.sort_order import (
    SORT_KEYS,
    SortOrder,
    SortPlace,
    matches_of,
    sorted_of,
    stretch_of,
)

MAX_SHORT = 10_000
"""Leads of a period up to which all matches are sorted."""

SORT_STRETCHES = (120, 1_000, 4_000, 16_000, 64_000)
"""Leads considered together on the walk. SQLite checks all of a stretch: the first is short, most pages soon fill."""

READ_SIZES = (128, 256, 512, 600)
"""Leads read together on a walk, if only reading shows whether they match."""

MAX_UNINDEXED = 500
"""Maximum number of matches among leads that the word index does not have yet: those of some seconds."""

MAX_ELSEWHERE = 300
"""Maximum number of leads with a matching word in none of their keys, when leads with a matching key are walked."""


@dataclass(frozen=True, slots=True)
class SortedPage:
    """The leads of one page of a sorted list, each with its place.

    reached: where the search stopped; None if it did not. met: the number of matches, if that has become known.
    """

    leads: Sequence[Lead]
    places: Sequence[SortPlace]
    reached: SortPlace | None = None
    met: MatchCount | None = None


@dataclass(slots=True)
class _Walk:
    """A walk along an order.

    recent: matches that the word index does not have yet. beginning: of the keys. reached: where it stopped before the
    end; None if it did not.
    """

    order: SortOrder
    recent: Sequence[str]
    beginning: str = ""
    reached: SortPlace | None = None


Places = list[SortPlace]
"""In reading order."""


class _Page(NamedTuple):
    """The places of a page. reached, met: as in SortedPage."""

    places: Places
    reached: SortPlace | None = None
    met: MatchCount | None = None


class SortedSearch(LeadSearch):
    """Searching leads in another order."""

    def sorted_page(self, query: Query, order: SortOrder, size: int) -> SortedPage:
        """Return at most `size` leads that match, in that order."""
        plan = self._plan_once(query)
        if plan.is_ordered:
            plan = replace(plan, conditions=[replace(one, is_rare=self._is_rare(one)) for one in plan.conditions])
        # Matches of a rare condition may lie close together, where a walk would arrive late.
        recent = self._recent(plan)
        if plan.is_rare or self._is_of_short_period(plan):
            ids = _all_ids(replace(plan, checks=()), recent)
            page = _Page(self._sort(ids, order, size, plan.checks))
        else:
            page = self._walk(plan, recent, order, size)
        places = page.places[::-1] if order.is_backwards else page.places
        return SortedPage(self._read([each.lead_id for each in places]), places, page.reached, page.met)

    def place_of(self, lead_id: str, by: str) -> SortPlace:
        """Return the place of a lead in an order."""
        sort = SORT_KEYS[by]
        own = select(sort.key.label("key")).where(sort.has_one, sort.lead_id == lead_id)
        return SortPlace(self._execute(own).scalar(), lead_id)

    # -- few matches

    def _is_of_short_period(self, plan: SearchPlan) -> bool:
        return _has_period(plan) and self._is_short(plan, MAX_SHORT)

    def _sort(
        self, ids: Select[Any], order: SortOrder, size: int, checks: Sequence[ColumnElement[bool]] = ()
    ) -> Places:
        places: Places = []
        for has_key, here in order.parts:
            if size > len(places):
                rows = self._execute(sorted_of(ids, checks, order, here, has_key=has_key).limit(size - len(places)))
                places += (SortPlace(row.key, row.id) for row in rows)
        return places

    # -- many matches

    def _walk(self, plan: SearchPlan, recent: Sequence[str], order: SortOrder, size: int) -> _Page:
        walk = _Walk(order, recent)
        spread = [one for one in plan.conditions if not _is_one_look(one)]
        if not spread:
            return _Page(list(islice(self._along(plan, walk, size), size)), walk.reached)
        by_reading = self._by_reading(plan, _Walk(order, recent), size)
        page = by_reading or self._by_beginning(plan, spread, _Walk(order, recent, spread[0].beginning), size)
        if page is not None:
            return page
        members = self._members(plan, spread) | set(recent)
        met = (place for place in self._along(plan, walk) if place.lead_id in members)
        return _Page(list(islice(met, size)), walk.reached)

    def _along(self, plan: SearchPlan, walk: _Walk, limit: int | None = None) -> Iterator[SortPlace]:
        """Yield the leads on a walk that meet the conditions one look answers. limit: how many are wanted, if known."""
        lead_id = literal_column("stretch.id", Text)
        condition = _listed(plan, lead_id, walk.recent)
        # A stop at leads would show in its place, which might be another account's.
        sizes = iter(SORT_STRETCHES) if self._walls is None else chain(SORT_STRETCHES, repeat(SORT_STRETCHES[-1]))
        period = plan.above, plan.below
        for has_key, start in walk.order.parts:
            if walk.beginning and not has_key:
                continue
            here = start
            conditions = [condition] if has_key else [condition, walk.order.sort.is_lacking(lead_id)]
            while number := next(sizes, 0):
                stretch = stretch_of(walk.order, period, here, walk.beginning, has_key=has_key).limit(number)
                rows = self._execute(matches_of(stretch, walk.order, conditions, has_key=has_key).limit(limit))
                try:
                    yield from (SortPlace(row.key, row.id) for row in rows)
                finally:
                    rows.close()
                end = self._execute(stretch.offset(number - 1).limit(1)).first()
                if end is None:
                    break
                here = SortPlace(end.key, end.id)
            else:
                walk.reached = here
                return

    def _by_reading(self, plan: SearchPlan, walk: _Walk, size: int) -> _Page | None:
        """Read leads on a walk until a page is full; None if too few of them match for that."""
        along, places, read = self._along(plan, walk), Places(), 0
        for number in READ_SIZES:
            some = list(islice(along, number))
            matching = set(self._matching([place.lead_id for place in some], plan))
            places += (place for place in some if place.lead_id in matching)
            read += number
            if len(places) >= size:
                return _Page(places[:size])
            if len(some) < number:
                return _Page(places, walk.reached)
            if len(places) * sum(READ_SIZES) < size * read:
                return None
        return None

    def _by_beginning(
        self, plan: SearchPlan, spread: Sequence[SearchCondition], walk: _Walk, size: int
    ) -> _Page | None:
        """Merge leads whose key begins with the word searched, which lie together, with the few that have it elsewhere.

        None if those are many, or keys are not words.
        """
        if len(spread) > 1 or not walk.beginning or not walk.order.sort.is_text:
            return None
        # Two queries: in one, PostgreSQL would join all with all wherever its statistics mislead it.
        of_key = beyond_walls(select(leads.c.id).where(walk.order.sort.begins_with(walk.beginning)))
        keyed = set(self._packed(of_key))
        matching = self._packed(spread[0].between(plan.above, plan.below))
        elsewhere = set(filterfalse(keyed.__contains__, matching))
        if len(elsewhere) > MAX_ELSEWHERE:
            return None
        ids = [place.lead_id for place in islice(self._along(plan, walk, size), size)]
        if walk.reached is not None:
            return None
        ids += self._matching([*elsewhere, *walk.recent], plan)
        is_all = len(plan.conditions) == 1 and not plan.checks and not _has_period(plan) and self._walls is None
        met = MatchCount(MAX_COUNT, is_exact=False) if is_all and len(keyed) > MAX_COUNT else None
        return _Page(self._sort(select(leads.c.id).where(leads.c.id.in_(ids)), walk.order, size), met=met)

    def _members(self, plan: SearchPlan, spread: Sequence[SearchCondition]) -> set[str]:
        """Return the leads that meet the conditions no single look answers, read once for all stretches."""
        sets = [set(self._packed(one.between(plan.above, plan.below))) for one in spread]
        return set.intersection(*sets)

    def _packed(self, ids: Select[Any]) -> list[str]:
        """Return ids read as one text: a row for each takes three times as long."""
        (column,) = ids.subquery().c
        packed: str | None = self._execute(select(func.aggregate_strings(column, ","))).scalar()
        return packed.split(",") if packed else []

    def _recent(self, plan: SearchPlan) -> list[str]:
        """Return the matches among leads that the word index does not have yet."""
        tail = self._tail(plan, is_upwards=False) if plan.uses_words else ()
        return [one for _, _, ids in tail for one in ids][:MAX_UNINDEXED]


def _is_one_look(one: SearchCondition) -> bool:
    """Return whether one look shows whether a lead meets a condition: at one of its words, or at the lead."""
    return one.is_listed and (one.is_ordered or one.column.table is leads)


def _has_period(plan: SearchPlan) -> bool:
    return bool(plan.above) or plan.below != AFTER_ALL_IDS


def _all_ids(plan: SearchPlan, recent: Sequence[str]) -> Select[Any]:
    """Select all matches, whether the word index has them or not."""
    if not recent:
        return plan.ids()
    either = union_all(plan.ids(), select(leads.c.id).where(leads.c.id.in_(recent))).subquery()
    return select(*either.c)


def _listed(plan: SearchPlan, lead_id: ColumnElement[str], recent: Sequence[str]) -> ColumnElement[bool]:
    """Match the leads that meet the conditions single looks answer, whether the word index has them or not."""
    listed = and_(true(), *(one.has(lead_id) for one in plan.conditions if _is_one_look(one)))
    if plan.checks:
        listed = and_(listed, exists().select_from(leads).where(leads.c.id == lead_id, *plan.checks))
    if not plan.uses_words:
        return listed
    return or_(and_(lead_id <= plan.cursor, listed), lead_id.in_(recent))
