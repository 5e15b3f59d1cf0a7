"""Leads found among a million: what is asked for is looked up in the index of words and intersected by the database.

Where few leads have one of the things asked for, all of them at once; else stretch by stretch from the newest on, as
a page is soon full then. What came after the index was filled is read and compared.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, and_, exists, func, intersect, or_, select

from service.lead import Lead, LeadId, Status
from service.store.database.engines import Database
from service.store.database.repository import Repository
from service.store.database.tables import lead_words, leads
from service.store.leads.rows import WHOLE, from_row
from service.store.search.index import COLUMNS, mark_of, words_like
from service.store.search.query import Query, Term, bounds, filters, terms_of
from service.store.search.words import facet, words_of

FEW = 20_000
"""What fewer leads have is looked up whole: some hundredths of a second."""

STRETCHES = (4_000, 16_000, 64_000, 256_000)
"""Leads that are looked at together where many have all that is asked for; after that all that are left."""

STRIDES = (64, 512, 2_000)
"""Leads that are read together where nothing is to be intersected: few at first, as most pages are soon full."""

PATIENCE = 80_000
"""Leads that one page looks at at most before it shows what it has."""

READING = 4
"""To read a lead takes as long as to look at so many in the index."""

MOST_COUNTED = 10_000
"""Beyond that, "more than" will do."""

INDEXED = ("status", "form")
"""Filters for which leads have an index of their own; the others are filed among the words."""

Condition = ColumnElement[bool]


@dataclass(frozen=True, slots=True)
class SearchCondition:
    """One thing that is asked for. column: of the lead's id where it is looked up; is_rare: few leads have it."""

    column: ColumnElement[str]
    condition: Condition
    is_rare: bool = False
    is_listed: bool = True  # one look tells whether a lead has it
    is_ordered: bool = True  # the index has its leads in their order

    def between(self, above: str, below: str) -> Select[Any]:
        """The leads between two ids that have it."""
        return select(self.column).where(self.condition, self.column > above, self.column < below)

    def has(self, lead_id: ColumnElement[str]) -> Condition:
        """Whether that lead has it."""
        table: Any = lead_words if self.column is lead_words.c.lead_id else leads
        return exists().select_from(table).where(self.column == lead_id, self.condition)


@dataclass(frozen=True, slots=True)
class SearchPage:
    """Leads of one page, newest first.

    reached: the id up to which was looked, "" when all were or the page is full. met: how many leads were met on the
    way; None where they are quickly counted.
    """

    leads: list[Lead]
    reached: str = ""
    met: "MatchCount | None" = None


@dataclass(frozen=True, slots=True)
class MatchCount:
    """How many leads match: exactly, or more than that."""

    number: int
    is_exact: bool = True


@dataclass(frozen=True, slots=True)
class SearchPlan:
    """How to look between two ids.

    is_ordered: only one thing is asked for, and the index has its leads in their order. mark: up to it the words are
    indexed; "" where no word is asked for.
    """

    above: str
    below: str
    terms: Sequence[Term]
    filters: Mapping[str, Condition]
    having: Sequence[SearchCondition] = ()
    is_ordered: bool = True
    mark: str = ""

    @property
    def asks_words(self) -> bool:
        """Whether the index of words is asked."""
        return bool(self.terms or self.filters.keys() - INDEXED)

    @property
    def is_rare(self) -> bool:
        """Whether few leads have one of the things asked for."""
        return any(one.is_rare for one in self.having)

    def ids(self) -> Select[Any]:
        """The leads between the ids that have everything, each once."""
        below = self.below
        if self.asks_words:
            below = min(below, f"{self.mark}~" if self.mark else "")
        if not self.having:
            return select(leads.c.id).where(leads.c.id > self.above, leads.c.id < below)
        rare = [one for one in self.having if one.is_rare]
        if not rare:
            (found,) = self._all_of(self.having, below).subquery().c
            return select(found)
        few = self._all_of(rare, below)
        listed = [one for one in self.having if not one.is_rare and one.is_listed]
        spread = [one for one in self.having if not one.is_rare and not one.is_listed]
        if spread:  # read once, and compared with the few
            (named,) = few.subquery().c
            parts = [one.between(self.above, below).where(one.column.in_(select(named))) for one in spread]
            few = intersect(*parts) if len(parts) > 1 else parts[0].distinct()
        (found,) = few.subquery().c
        return select(found).where(*(one.has(found) for one in listed))  # of few leads each is asked

    def _all_of(self, having: Sequence[SearchCondition], below: str) -> Any:
        named = [one.between(self.above, below) for one in having]
        if len(named) > 1:
            return intersect(*named)
        return named[0] if having[0].is_ordered else named[0].distinct()


class LeadSearch(Repository):
    """Searching within one transaction."""

    def __init__(self, connection: Connection, database: Database, few: int = FEW) -> None:
        """few: conditions that fewer leads meet are looked up whole."""
        super().__init__(connection, database)
        self._few = few

    def leads(self, query: Query, size: int) -> list[Lead]:
        """Return at most `size` leads, newest first; continue with `before` = the last one's id."""
        return self.page(query, size, patience=None).leads

    def page(self, query: Query, size: int, patience: int | None = PATIENCE) -> SearchPage:
        """At most `size` leads, newest first; those next to `after` where the query has one.

        patience: leads to look at before giving what was found; None: until there are enough.
        """
        ids: list[str] = []
        read, reached, is_all = 0, "", True
        plan = self._plan(query)
        for looked_to, looked_at, found in self._strides(plan, is_upwards=bool(query.after)):
            ids += found
            read += looked_at
            is_last = plan.is_rare and not looked_at and not query.after and len(found) < MOST_COUNTED
            is_enough = len(ids) >= size
            if is_enough or (patience is not None and read >= patience):
                reached, is_all = "" if is_enough else looked_to, is_last
                break
        shown = self._read(ids[:size])
        met = None if plan.is_ordered and not is_all else MatchCount(min(len(ids), MOST_COUNTED), is_exact=is_all)
        return SearchPage(shown[::-1] if query.after else shown, reached, met)

    def ids(self, query: Query, size: int) -> list[LeadId]:
        """At most `size` ids, oldest first; continue with `after`."""
        ids: list[str] = []
        for _, _, found in self._strides(self._plan(query), is_upwards=True):
            ids += found
            if len(ids) >= size:
                break
        return [LeadId(lead_id) for lead_id in ids[:size]]

    def count(self, query: Query, most: int = MOST_COUNTED) -> MatchCount:
        """How many leads match, up to `most`; where that must be looked for, what a page meets on its way."""
        plan = self._plan(query)
        if not plan.is_ordered:
            return self.page(query, 1).met or MatchCount(0)
        some = select(func.count()).select_from(plan.ids().limit(most + 1).subquery())
        number = int(self._execute(some).scalar_one())
        number += sum(len(found) for _, _, found in self._tail(plan, is_upwards=False)) if plan.asks_words else 0
        return MatchCount(min(number, most), is_exact=number <= most)

    def count_by_status(self, query: Query) -> dict[Status, int]:
        """How many of the leads that match stand where, exactly: it may take seconds."""
        plan = self._plan(query)
        found: Counter[str] = Counter()
        self._add(found, plan.ids())
        if plan.asks_words:
            for _, _, ids in self._tail(plan, is_upwards=False):
                self._add(found, ids)
        return {Status(status): number for status, number in found.items()}

    def _add(self, found: Counter[str], ids: Any) -> None:
        query = select(leads.c.status, func.count().label("number")).where(leads.c.id.in_(ids)).group_by(leads.c.status)
        found.update({row.status: row.number for row in self._execute(query)})

    # -- planning

    def _plan(self, query: Query) -> SearchPlan:
        asked, terms = filters(query), terms_of(query.text)
        named = [facet(name, getattr(query, name)) for name in asked.keys() - INDEXED]
        having = [
            *map(self._meaning, terms),
            *(SearchCondition(lead_words.c.lead_id, lead_words.c.word == word) for word in named),
            *(SearchCondition(leads.c.id, asked[name]) for name in INDEXED if name in asked),
        ]
        is_ordered = len(having) <= 1 and all(one.is_ordered for one in having)
        if not is_ordered:
            having = [replace(one, is_rare=self._is_rare(one)) for one in having]
        mark = mark_of(self._connection) if terms or named else ""
        return SearchPlan(*bounds(query), terms, asked, having, is_ordered, mark)

    def _meaning(self, term: Term) -> SearchCondition:
        """The words of the index that meet a term: by name where they are not too many, else as a stretch of it."""
        lead_id, word = lead_words.c.lead_id, lead_words.c.word
        if term.whole:
            return SearchCondition(lead_id, word.in_(term.beginnings), is_ordered=len(term.beginnings) == 1)
        known = [words_like(self._connection, begin) for begin in dict.fromkeys(term.beginnings)]
        if all(words is not None for words in known):
            words = sorted(set(chain.from_iterable(words or () for words in known)))
            return SearchCondition(lead_id, word.in_(words), is_ordered=len(words) == 1)
        meant = or_(*(and_(word >= begin, word < begin + "\U0010ffff") for begin in term.beginnings))
        return SearchCondition(lead_id, meant, is_listed=False, is_ordered=False)

    def _is_rare(self, one: SearchCondition) -> bool:
        some = select(one.column).where(one.condition).limit(self._few).subquery()
        return int(self._execute(select(func.count()).select_from(some)).scalar_one()) < self._few

    # -- looking: the id that was looked up to, how many leads were looked at for it, those that match

    def _strides(self, plan: SearchPlan, *, is_upwards: bool) -> Iterator[tuple[str, int, Sequence[str]]]:
        if not plan.asks_words:
            yield from self._look(plan, is_upwards=is_upwards)
        elif is_upwards:
            yield from self._look(plan, is_upwards=True)
            yield from self._tail(plan, is_upwards=True)
        else:
            yield from self._tail(plan, is_upwards=False)
            yield from self._look(plan, is_upwards=False)

    def _look(self, plan: SearchPlan, *, is_upwards: bool) -> Iterator[tuple[str, int, Sequence[str]]]:
        if plan.is_ordered or plan.is_rare:
            sizes = STRIDES if plan.is_ordered else (MOST_COUNTED,)
            for ids in self._walk(plan, sizes, is_upwards=is_upwards):
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
        """The id so many leads on; the plan's own where it is nearer."""
        between = select(leads.c.id).where(leads.c.id > plan.above, leads.c.id < plan.below)
        ordered = between.order_by(leads.c.id if is_upwards else leads.c.id.desc())
        found: str | None = self._execute(ordered.offset(size).limit(1)).scalar()
        return found or (plan.below if is_upwards else plan.above)

    def _tail(self, plan: SearchPlan, *, is_upwards: bool) -> Iterator[tuple[str, int, Sequence[str]]]:
        """What came after the index was filled."""
        younger = SearchPlan(max(plan.above, plan.mark), plan.below, (), {})
        for ids in self._walk(younger, STRIDES, is_upwards=is_upwards):
            yield ids[-1], READING * len(ids), self._matching(ids, plan)

    def _walk(self, plan: SearchPlan, sizes: Sequence[int], *, is_upwards: bool) -> Iterator[Sequence[str]]:
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
        """Those of some leads that meet everything, in their order, by what they say."""
        rows = self._execute(select(*COLUMNS).where(leads.c.id.in_(ids), *plan.filters.values())).all()
        met = {row.id for row in rows if not plan.terms or _meets(words_of(row), plan.terms)}
        return [lead_id for lead_id in ids if lead_id in met]

    def _read(self, ids: Sequence[str]) -> list[Lead]:
        found = {row.id: row for row in self._execute(WHOLE.where(leads.c.id.in_(ids)))}
        return [from_row(found[lead_id]) for lead_id in ids if lead_id in found]


def _meets(words: set[str], terms: Sequence[Term]) -> bool:
    return all(term.is_met(words) for term in terms)
