"""Leads found among a million: the rarest of what is asked for leads the way, the rest is checked on the leads.

Words and filters that FEW leads have are looked up and intersected by the database; what many have is soon met by
reading leads one after the other. So no search reads much, and one that would says how far it came.
"""

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import ColumnElement, Connection, FromClause, Select, and_, func, intersect, or_, select

from service.lead import Lead, LeadId, Status
from service.store.lead_rows import from_row
from service.store.query import Query, Term, bounds, filters, terms_of
from service.store.tables import deliveries, lead_words, leads
from service.store.word_index import COLUMNS, mark_of
from service.store.words import facet, words_of

FEW = 50_000
"""What fewer leads have is looked up whole: some hundredths of a second."""

EVERYONE = 1 << 40
"""More than there are leads: everything is looked up whole."""

PATIENCE = 20_000
"""Leads that one page reads at most before it shows what it has."""

MOST_COUNTED = 10_000
"""Beyond that, "more than" will do."""

STRIDES = (128, 512, 2000)
"""Leads that are read together: few at first, as most pages are soon full."""

INDEXED = ("status", "form")
"""Filters for which leads have an index of their own; others are filed among the words."""

Condition = ColumnElement[bool]
Stride = tuple[Sequence[str], Sequence[Term], Collection[Condition]]
"""Ids in the order they are read, and what is still to be checked on them."""


@dataclass(frozen=True, slots=True)
class Found:
    """Leads of one page, newest first. reached: the id up to which was looked, "" when all were or the page is full."""

    leads: list[Lead]
    reached: str = ""


@dataclass(frozen=True, slots=True)
class Tally:
    """How many leads match: exactly, or more than that."""

    number: int
    is_exact: bool = True


@dataclass(frozen=True, slots=True)
class Plan:
    """How to look between two ids.

    named: the only leads up to `mark` that may match, None where many may; many and rest: the terms and filters that
    those must be checked for. driver: the filter whose index is read where nothing is named.
    """

    above: str
    below: str
    mark: str
    terms: Sequence[Term]
    filters: Mapping[str, Condition]
    named: FromClause | None = None
    many: Sequence[Term] = ()
    rest: Collection[Condition] = ()
    driver: Collection[Condition] = ()

    def between(self) -> Select[Any]:
        """What the index names between the ids."""
        named = next(iter(self.named.c)) if self.named is not None else leads.c.id
        return select(named).where(named > self.above, named < self.below, named <= self.mark)

    def everything(self) -> Select[Any]:
        """What meets all filters, where there are no terms."""
        return select(leads.c.id).where(*self.filters.values(), leads.c.id > self.above, leads.c.id < self.below)


class Search:
    """Searching within one transaction."""

    def __init__(self, connection: Connection, few: int = FEW) -> None:
        """few: what fewer leads have is looked up whole."""
        self._connection = connection
        self._few = few

    def page(self, query: Query, size: int, patience: int | None = PATIENCE) -> Found:
        """At most `size` leads, newest first; those next to `after` where the query has one.

        patience: leads to read before giving what was found; None: until there are enough.
        """
        ids: list[str] = []
        read, reached = 0, ""
        for stride in self._strides(self._plan(query), is_upwards=bool(query.after)):
            ids += self._matching(*stride)
            read += len(stride[0])
            if len(ids) >= size:
                break
            if patience is not None and read >= patience and stride[0]:
                reached = stride[0][-1]
                break
        shown = self._leads(ids[:size])
        return Found(shown[::-1] if query.after else shown, reached)

    def ids(self, query: Query, size: int) -> list[LeadId]:
        """At most `size` ids, oldest first; continue with `after`."""
        ids: list[str] = []
        for stride in self._strides(self._plan(query), is_upwards=True):
            ids += self._matching(*stride)
            if len(ids) >= size:
                break
        return [LeadId(lead_id) for lead_id in ids[:size]]

    def count(self, query: Query, most: int = MOST_COUNTED, patience: int = PATIENCE) -> Tally:
        """How many leads match, up to `most`; where it would read too much, how many it met."""
        plan = self._plan(query)
        if plan.named is None and not plan.terms and not plan.rest:
            return self._tally(plan.everything(), most)
        if plan.named is not None and not plan.many and not plan.rest:
            tail = sum(len(self._matching(*stride)) for stride in self._tail(plan, is_upwards=False))
            found = self._tally(plan.between(), most)
            return Tally(min(most, found.number + tail), found.is_exact and found.number + tail <= most)
        number = read = 0
        for stride in self._strides(plan, is_upwards=False):
            number += len(self._matching(*stride))
            read += len(stride[0])
            if number > most or read >= patience:
                return Tally(min(number, most), is_exact=False)
        return Tally(number)

    def standing(self, query: Query) -> dict[Status, int]:
        """How many of the leads that match stand where, exactly: it may take seconds."""
        found: Counter[str] = Counter()
        plan = self._plan(query, EVERYONE)
        if plan.named is None and not plan.terms:
            self._add(found, leads.c.id.in_(plan.everything()))
            return {Status(status): number for status, number in found.items()}
        if plan.named is not None:
            self._add(found, leads.c.id.in_(plan.between()), *plan.rest)
        for stride in self._tail(plan, is_upwards=False):
            self._add(found, leads.c.id.in_(self._matching(*stride)))
        return {Status(status): number for status, number in found.items()}

    def _add(self, found: Counter[str], *those: Condition) -> None:
        query = select(leads.c.status, func.count().label("number")).where(*those).group_by(leads.c.status)
        found.update({row.status: row.number for row in self._connection.execute(query)})

    def _tally(self, ids: Select[Any], most: int) -> Tally:
        number = self._size(ids, most + 1)
        return Tally(most, is_exact=False) if number > most else Tally(number)

    def _size(self, ids: Select[Any], most: int) -> int:
        some = select(func.count()).select_from(ids.limit(most).subquery())
        return int(self._connection.execute(some).scalar_one())

    # -- planning

    def _plan(self, query: Query, few: int = 0) -> Plan:
        few = few or self._few
        asked, terms = filters(query), terms_of(query.text)
        plan = Plan(*bounds(query), mark_of(self._connection), terms, asked, many=terms)
        words = {term: _leads_with(term) for term in terms} | {
            name: _leads_with(Term((facet(name, getattr(query, name)),), whole=True)) for name in asked.keys() - INDEXED
        }
        rare = {one: named for one, named in words.items() if plan.mark and self._are_few(named, few)}
        if not rare:
            driver = self._driver(asked)
            rest = [condition for name, condition in asked.items() if name != driver]
            return replace(plan, rest=rest, driver=[asked[driver]] if driver else [])
        if few != EVERYONE:
            indexed = {name: select(leads.c.id).where(asked[name]) for name in INDEXED if name in asked}
            rare |= {one: named for one, named in indexed.items() if self._are_few(named, few)}
        return replace(
            plan,
            named=_both([*rare.values()]).subquery(),
            many=[term for term in terms if term not in rare],
            rest=[condition for name, condition in asked.items() if name not in rare],
        )

    def _are_few(self, named: Select[Any], few: int) -> bool:
        return few == EVERYONE or self._size(named, few) < few

    def _driver(self, asked: Mapping[str, Condition]) -> str:
        """Of the filters with an index that which fewer leads have, "" where there is none."""
        indexed = [name for name in INDEXED if name in asked]
        if len(indexed) < len(INDEXED):
            return "".join(indexed)
        return min(indexed, key=lambda name: self._size(select(leads.c.id).where(asked[name]), PATIENCE))

    # -- reading

    def _strides(self, plan: Plan, *, is_upwards: bool) -> Iterator[Stride]:
        if plan.named is None:
            yield from self._walk(plan, plan.rest, is_upwards=is_upwards)
        elif is_upwards:
            yield from self._named(plan, is_upwards=True)
            yield from self._tail(plan, is_upwards=True)
        else:
            yield from self._tail(plan, is_upwards=False)
            yield from self._named(plan, is_upwards=False)

    def _named(self, plan: Plan, *, is_upwards: bool) -> Iterator[Stride]:
        size = STRIDES[-1]
        while True:
            ids = self._next(plan.between(), size, is_upwards=is_upwards)
            yield ids, plan.many, plan.rest
            if len(ids) < size:
                return
            plan = replace(plan, above=ids[-1]) if is_upwards else replace(plan, below=ids[-1])

    def _tail(self, plan: Plan, *, is_upwards: bool) -> Iterator[Stride]:
        """What came after the index was filled."""
        younger = replace(plan, above=max(plan.above, plan.mark))
        yield from self._walk(younger, plan.filters.values(), is_upwards=is_upwards)

    def _walk(self, plan: Plan, rest: Collection[Condition], *, is_upwards: bool) -> Iterator[Stride]:
        strides = iter(STRIDES)
        size = 0
        while True:
            size = next(strides, size)
            between = select(leads.c.id).where(*plan.driver, leads.c.id > plan.above, leads.c.id < plan.below)
            ids = self._next(between, size, is_upwards=is_upwards)
            yield ids, plan.terms, rest
            if len(ids) < size:
                return
            plan = replace(plan, above=ids[-1]) if is_upwards else replace(plan, below=ids[-1])

    def _next(self, between: Select[Any], size: int, *, is_upwards: bool) -> Sequence[str]:
        (column,) = between.selected_columns
        ordered = between.order_by(column if is_upwards else column.desc()).limit(size)
        return self._connection.execute(ordered).scalars().all()

    def _matching(self, ids: Sequence[str], terms: Sequence[Term], rest: Collection[Condition]) -> Sequence[str]:
        """Those of some leads that meet everything, in their order."""
        if not ids or not (terms or rest):
            return ids
        columns = COLUMNS if terms else (leads.c.id,)
        rows = self._connection.execute(select(*columns).where(leads.c.id.in_(ids), *rest)).all()
        met = {row.id for row in rows if not terms or _meets(words_of(row), terms)}
        return [lead_id for lead_id in ids if lead_id in met]

    def _leads(self, ids: Sequence[str]) -> list[Lead]:
        found = {row.id: row for row in self._connection.execute(WHOLE.where(leads.c.id.in_(ids)))}
        return [from_row(found[lead_id]) for lead_id in ids if lead_id in found]


def _leads_with(term: Term) -> Select[Any]:
    """The leads in the index that have it."""
    word = lead_words.c.word
    if term.whole:
        meant: Condition = word.in_(term.beginnings)
    else:
        meant = or_(*(and_(word >= begin, word < begin + "\U0010ffff") for begin in term.beginnings))
    return select(lead_words.c.lead_id).where(meant)


def _both(named: Sequence[Select[Any]]) -> Any:
    """The leads that all of these name, each once."""
    return named[0].distinct() if len(named) == 1 else intersect(*named)


def _meets(words: set[str], terms: Sequence[Term]) -> bool:
    return all(term.is_met(words) for term in terms)


WHOLE: Select[Any] = select(leads, deliveries.c.due_at, deliveries.c.state).outerjoin(
    deliveries, deliveries.c.lead_id == leads.c.id
)
"""Leads with what their next attempt is read from."""
