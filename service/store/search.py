"""Search among a million leads: each condition is looked up in an index, and the database intersects them.

If one condition matches few leads, they are all looked up at once; otherwise the search goes stretch by stretch from
the newest on, as a page is soon full then. Leads newer than the word index are read and compared.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import chain
from typing import Any

from sqlalchemy import Select, and_, func, or_, select

from service.lead import Lead, LeadId, Status
from service.store.database.report_tables import sales
from service.store.database.repository import Repository
from service.store.database.tables import lead_words, leads
from service.store.database.walls import beyond_walls
from service.store.leads.rows import WHOLE, from_row
from service.store.query import Query, Term, bounds, checks, filters, has_all, terms_of, time_of
from service.store.search_plan import INDEXED, SearchCondition, SearchPlan
from service.store.words import COLUMNS, cursor_of, facet, words_like

RARE_LIMIT = 20_000
"""Leads below which a condition counts as rare: all its matches are looked up, in some hundredths of a second."""

STRETCHES = (4_000, 16_000, 64_000, 256_000)
"""Leads considered together if many match every condition; after these stretches, all that are left."""

BATCH_SIZES = (64, 512, 2_000)
"""Leads read together if there is nothing to intersect: few at first, as most pages are soon full."""

PATIENCE = 80_000
"""Maximum number of leads that one page considers before it shows what it has."""

READ_COST = 4
"""Cost of reading a lead, in leads considered in the index."""

MAX_COUNT = 10_000
"""Larger counts are given as "more than"."""


@dataclass(frozen=True, slots=True)
class MatchCount:
    """Number of matching leads. is_exact: False if there are more."""

    number: int
    is_exact: bool = True


@dataclass(frozen=True, slots=True)
class SearchPage:
    """The leads of one page, newest first.

    reached: the id at which the search stopped, "" if it considered all leads or the page is full. met: the matches met
    on the way; None if they are quickly counted.
    """

    leads: list[Lead]
    reached: str = ""
    met: MatchCount | None = None


SearchStep = tuple[str, int, Sequence[str]]
"""One step of a search: the id reached, the leads considered for it, the ids that match."""


class LeadSearch(Repository):
    """Searching leads. rare_limit: a condition that fewer leads match is looked up whole."""

    rare_limit = RARE_LIMIT

    def leads(self, query: Query, size: int) -> list[Lead]:
        """Return at most `size` leads, newest first; continue with `before` = the last one's id."""
        return self.page(query, size, patience=None).leads

    def page(self, query: Query, size: int, patience: int | None = PATIENCE) -> SearchPage:
        """Return at most `size` leads, newest first; those next to `after` if the query has one.

        patience: leads to consider before returning the matches so far; None: until the page is full.
        """
        ids: list[str] = []
        considered, reached, is_all = 0, "", True
        plan = self._plan_once(query)
        for step_end, step_considered, matching in self._steps(plan, is_upwards=bool(query.after)):
            ids += matching
            considered += step_considered
            is_last = plan.is_rare and not step_considered and not query.after and len(matching) < MAX_COUNT
            is_enough = len(ids) >= size
            if is_enough or (patience is not None and considered >= patience):
                reached, is_all = "" if is_enough else step_end, is_last
                break
        shown = self._read(ids[:size])
        met = None if plan.is_ordered and not is_all else MatchCount(min(len(ids), MAX_COUNT), is_exact=is_all)
        return SearchPage(shown[::-1] if query.after else shown, reached, met)

    def ids(self, query: Query, size: int) -> list[LeadId]:
        """Return at most `size` ids, oldest first; continue with `after`."""
        ids: list[str] = []
        for _, _, matching in self._steps(self._plan(query), is_upwards=True):
            ids += matching
            if len(ids) >= size:
                break
        return [LeadId(lead_id) for lead_id in ids[:size]]

    def count(self, query: Query, limit: int = MAX_COUNT) -> MatchCount:
        """Count the matching leads up to `limit`; where that is slow, those that a page meets on its way."""
        plan = self._plan_once(query)
        if not plan.is_ordered and not plan.is_rare and not self._is_short(plan):
            return self.page(query, 1).met or MatchCount(0)
        some = select(func.count()).select_from(plan.ids().limit(limit + 1).subquery())
        number = int(self._execute(some).scalar_one())
        number += sum(len(matching) for _, _, matching in self._tail(plan, is_upwards=False)) if plan.uses_words else 0
        return MatchCount(min(number, limit), is_exact=number <= limit)

    def _is_short(self, plan: SearchPlan, number: int = PATIENCE) -> bool:
        """Return whether the period has few leads, so that the matches are quickly counted."""
        return self._edge(plan, number, is_upwards=False) == plan.above

    def count_by_status(self, query: Query) -> dict[Status, int]:
        """Count the matching leads by status, exactly, which may take seconds."""
        plan = self._plan(query)
        counts: Counter[str] = Counter()
        self._count(counts, plan.ids())
        if plan.uses_words:
            for _, _, ids in self._tail(plan, is_upwards=False):
                self._count(counts, ids)
        return {Status(status): number for status, number in counts.items()}

    def _count(self, counts: Counter[str], ids: Any) -> None:
        query = select(leads.c.status, func.count().label("number")).where(leads.c.id.in_(ids)).group_by(leads.c.status)
        counts.update({row.status: row.number for row in self._execute(query)})

    # -- planning

    @cached_property
    def _plans(self) -> dict[Query, SearchPlan]:
        return {}

    def _plan_once(self, query: Query) -> SearchPlan:
        """Plan a query once for its page and its count."""
        if query not in self._plans:
            self._plans[query] = self._plan(query)
        return self._plans[query]

    def _plan(self, query: Query) -> SearchPlan:
        if self._walls is not None and not query.account:
            query = replace(query, account=self._walls.account)
        equalities, terms = filters(query), terms_of(query.text)
        facets = [facet(name, getattr(query, name)) for name in equalities.keys() - INDEXED]
        conditions = [
            *map(self._condition, terms),
            *(SearchCondition(lead_words.c.lead_id, lead_words.c.word == word) for word in facets),
            *(SearchCondition(leads.c.id, equalities[name], has_index=True) for name in INDEXED if name in equalities),
        ]
        if self._walls is not None and not query.account:
            own = leads.c.account.in_(sorted(self._walls.accounts))
            conditions.append(SearchCondition(leads.c.id, own, is_ordered=False))
        if query.sale:
            conditions.append(SearchCondition(sales.c.lead_id, sales.c.status == query.sale, has_index=True))
        more = checks(query)
        is_ordered = len(conditions) <= 1 and all(one.is_ordered for one in conditions) and len(more) <= query.counted
        if not is_ordered:
            conditions = [replace(one, is_rare=self._is_rare(one)) for one in conditions]
        cursor = cursor_of(self._connection) if terms or facets else ""
        return SearchPlan(*bounds(query), terms, equalities, conditions, is_ordered, cursor, more)

    def _condition(self, term: Term) -> SearchCondition:
        """Match the index words of a term: by name if they are few enough, else as a stretch of the index."""
        lead_id, word = lead_words.c.lead_id, lead_words.c.word
        if term.whole:
            return SearchCondition(lead_id, word.in_(term.beginnings), is_ordered=len(term.beginnings) == 1)
        known = [words_like(self._connection, begin) for begin in dict.fromkeys(term.beginnings)]
        if all(words is not None for words in known):
            words = sorted(set(chain.from_iterable(words or () for words in known)))
            return SearchCondition(lead_id, word.in_(words), is_ordered=len(words) == 1)
        stretch = or_(*(and_(word >= begin, word < begin + "\U0010ffff") for begin in term.beginnings))
        begin = term.beginnings[0] if len(term.beginnings) == 1 else ""
        plain = begin if begin.isascii() and begin.isalnum() else ""
        return SearchCondition(lead_id, stretch, is_listed=False, is_ordered=False, beginning=plain)

    def _is_rare(self, one: SearchCondition) -> bool:
        some = beyond_walls(select(one.column).where(one.condition).limit(self.rare_limit)).subquery()
        return int(self._execute(select(func.count()).select_from(some)).scalar_one()) < self.rare_limit

    # -- searching

    def _steps(self, plan: SearchPlan, *, is_upwards: bool) -> Iterator[SearchStep]:
        if not plan.uses_words:
            yield from self._look_up(plan, is_upwards=is_upwards)
        elif is_upwards:
            yield from self._look_up(plan, is_upwards=True)
            yield from self._tail(plan, is_upwards=True)
        else:
            yield from self._tail(plan, is_upwards=False)
            yield from self._look_up(plan, is_upwards=False)

    def _look_up(self, plan: SearchPlan, *, is_upwards: bool) -> Iterator[SearchStep]:
        if plan.is_ordered or plan.is_rare:
            sizes = BATCH_SIZES if plan.is_ordered else (MAX_COUNT,)
            for ids in self._batches(plan, sizes, is_upwards=is_upwards):
                yield ids[-1], 0, ids
            return
        for size in STRETCHES:
            edge = self._edge(plan, size, is_upwards=is_upwards)
            part = replace(plan, below=edge) if is_upwards else replace(plan, above=edge)
            yield edge, size, self._next(part.ids(), None, is_upwards=is_upwards)
            if edge == (plan.below if is_upwards else plan.above):
                return
            # The edge itself belongs to the next stretch.
            plan = replace(plan, above=edge[:-1]) if is_upwards else replace(plan, below=f"{edge}~")
        yield "", 0, self._next(plan.ids(), None, is_upwards=is_upwards)

    def _edge(self, plan: SearchPlan, size: int, *, is_upwards: bool) -> str:
        """Return the time of the lead `size` leads on, as the smallest id of its millisecond, or the plan's own bound.

        Leads of every account count, which is fast; no lead has that id, so that an address may contain it.
        """
        between = select(leads.c.id).where(leads.c.id > plan.above, leads.c.id < plan.below)
        ordered = between.order_by(leads.c.id if is_upwards else leads.c.id.desc())
        edge: str | None = self._execute(beyond_walls(ordered.offset(size).limit(1))).scalar()
        return time_of(edge) if edge else plan.below if is_upwards else plan.above

    def _tail(self, plan: SearchPlan, *, is_upwards: bool) -> Iterator[SearchStep]:
        """Search the leads that are newer than the word index."""
        younger = SearchPlan(max(plan.above, plan.cursor), plan.below, (), {})
        for ids in self._batches(younger, BATCH_SIZES, is_upwards=is_upwards):
            yield ids[-1], READ_COST * len(ids), self._matching(ids, plan)

    def _batches(self, plan: SearchPlan, sizes: Sequence[int], *, is_upwards: bool) -> Iterator[Sequence[str]]:
        growing, size = iter(sizes), 0
        while True:
            size = next(growing, size)
            ids = self._next(plan.ids(), size, is_upwards=is_upwards)
            if ids:
                yield ids
            if len(ids) < size:
                return
            plan = replace(plan, above=ids[-1]) if is_upwards else replace(plan, below=ids[-1])

    def _next(self, ids: Select[Any], size: int | None, *, is_upwards: bool) -> Sequence[str]:
        (column,) = ids.selected_columns
        return self._execute(ids.order_by(column if is_upwards else column.desc()).limit(size)).scalars().all()

    def _matching(self, ids: Sequence[str], plan: SearchPlan) -> Sequence[str]:
        """Return the leads that match every condition, in their order, by reading them."""
        others = [one.has(leads.c.id) for one in plan.conditions if one.column.table is sales]
        conditions = (*plan.filters.values(), *plan.checks, *others)
        rows = self._execute(select(*COLUMNS).where(leads.c.id.in_(ids), *conditions)).all()
        matching = {row.id for row in rows if not plan.terms or has_all(row, plan.terms)}
        return [lead_id for lead_id in ids if lead_id in matching]

    def _read(self, ids: Sequence[str]) -> list[Lead]:
        rows = {row.id: row for row in self._execute(WHOLE.where(leads.c.id.in_(ids)))}
        return [from_row(rows[lead_id]) for lead_id in ids if lead_id in rows]
