"""Leads found among a million: the rarest of what is asked for leads the way, the rest is checked on the leads.

Words and filters that FEW leads have are looked up and intersected; what many have is soon met by reading leads one
after the other. So no search reads much, and one that would says how far it came.
"""

from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, and_, func, or_, select

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
    """How to look.

    named: the only leads up to `mark` that may match, None where many may. many: the terms that they must be checked
    for. driver: the condition whose index is read where nothing is named; rest: those to be checked on leads.
    """

    above: str
    below: str
    terms: Sequence[Term]
    many: Sequence[Term]
    named: Sequence[str] | None
    mark: str
    driver: Sequence[ColumnElement[bool]]
    rest: Sequence[ColumnElement[bool]]


Stride = tuple[Sequence[str], Sequence[Term]]
"""Ids in the order they are read, and the terms to check them for."""


class Search:
    """Searching within one transaction."""

    def __init__(self, connection: Connection, few: int = FEW) -> None:
        """few: what fewer leads have is looked up whole."""
        self._connection = connection
        self._few_are = few

    def page(self, query: Query, size: int, patience: int | None = PATIENCE) -> Found:
        """At most `size` leads, newest first; those next to `after` where the query has one.

        patience: leads to read before giving what was found; None: until there are enough.
        """
        ids: list[str] = []
        read, reached = 0, ""
        plan = self._plan(query)
        for chunk, terms in self._strides(plan, is_upwards=bool(query.after)):
            ids += self._matching(plan, chunk, terms)
            read += len(chunk)
            if len(ids) >= size:
                break
            if patience is not None and read >= patience:
                reached = chunk[-1]
                break
        shown = self._leads(ids[:size])
        return Found(shown[::-1] if query.after else shown, reached)

    def ids(self, query: Query, size: int) -> list[LeadId]:
        """At most `size` ids, oldest first; continue with `after`."""
        ids: list[str] = []
        plan = self._plan(query)
        for chunk, terms in self._strides(plan, is_upwards=True):
            ids += self._matching(plan, chunk, terms)
            if len(ids) >= size:
                break
        return [LeadId(lead_id) for lead_id in ids[:size]]

    def count(self, query: Query, most: int | None = MOST_COUNTED, patience: int | None = PATIENCE) -> Tally:
        """How many leads match; with None for both exactly, which may take seconds."""
        plan = self._plan(query)
        if plan.named is None and not plan.terms and not (plan.rest and most):
            return self._count(plan, most)
        number = read = 0
        for chunk, terms in self._strides(plan, is_upwards=False):
            number += len(self._matching(plan, chunk, terms))
            read += len(chunk)
            if most is not None and number > most:
                return Tally(most, is_exact=False)
            if patience is not None and read >= patience:
                return Tally(number, is_exact=False)
        return Tally(number)

    def standing(self, query: Query) -> dict[Status, int]:
        """How many of the leads that match stand where, exactly: it may take seconds."""
        found: Counter[str] = Counter()
        plan = self._plan(query, EVERYONE)
        if plan.named is None and not plan.terms:
            self._tally(found, *_conditions(plan))
        else:
            for chunk, terms in self._strides(plan, is_upwards=False):
                self._tally(found, leads.c.id.in_(self._matching(plan, chunk, terms)))
        return {Status(status): number for status, number in found.items()}

    def _tally(self, found: Counter[str], *those: ColumnElement[bool]) -> None:
        query = select(leads.c.status, func.count().label("number")).where(*those).group_by(leads.c.status)
        found.update({row.status: row.number for row in self._connection.execute(query)})

    def _count(self, plan: Plan, most: int | None) -> Tally:
        rows = select(leads.c.id).where(*_conditions(plan))
        if most is not None:
            rows = rows.limit(most + 1)
        number = int(self._connection.execute(select(func.count()).select_from(rows.subquery())).scalar_one())
        return Tally(most, is_exact=False) if most is not None and number > most else Tally(number)

    # -- planning

    def _plan(self, query: Query, few: int | None = None) -> Plan:
        mark, terms = mark_of(self._connection), terms_of(query.text)
        named: set[str] | None = None
        many: list[Term] = []
        for term in (*terms, *_facets(query)):
            ids = self._few(term, few or self._few_are) if mark else None
            if ids is not None:
                named = ids if named is None else named & ids
            elif term in terms:
                many.append(term)
        driver = None if named is not None else self._driver(query)
        rest = [condition for condition in filters(query) if driver is None or not condition.compare(driver)]
        found = None if named is None else sorted(named)
        return Plan(*bounds(query), terms, many, found, mark, [] if driver is None else [driver], rest)

    def _few(self, term: Term, few: int) -> set[str] | None:
        """The leads that have it, None when they are many."""
        word = lead_words.c.word
        if term.whole:
            meant: ColumnElement[bool] = word.in_(term.beginnings)
        else:
            meant = or_(*(and_(word >= begin, word < begin + "\U0010ffff") for begin in term.beginnings))
        rows = self._connection.execute(select(lead_words.c.lead_id).where(meant).limit(few)).scalars().all()
        return None if len(rows) == few else set(rows)

    def _driver(self, query: Query) -> ColumnElement[bool] | None:
        """Of status and form the one that fewer leads have: both are indexed."""
        indexed = [leads.c.status == query.status] * bool(query.status) + [leads.c.form == query.form] * bool(
            query.form
        )
        return min(indexed, key=self._size, default=None) if len(indexed) > 1 else next(iter(indexed), None)

    def _size(self, condition: ColumnElement[bool]) -> int:
        some = select(leads.c.id).where(condition).limit(PATIENCE).subquery()
        return int(self._connection.execute(select(func.count()).select_from(some)).scalar_one())

    # -- reading

    def _strides(self, plan: Plan, *, is_upwards: bool) -> Iterator[Stride]:
        if plan.named is None:
            yield from self._walk(plan, plan.above, plan.below, is_upwards=is_upwards)
        elif is_upwards:
            yield from self._named(plan, plan.named, is_upwards=True)
            yield from self._tail(plan, is_upwards=True)
        else:
            yield from self._tail(plan, is_upwards=False)
            yield from self._named(plan, plan.named, is_upwards=False)

    def _named(self, plan: Plan, named: Sequence[str], *, is_upwards: bool) -> Iterator[Stride]:
        end = min(bisect_left(named, plan.below), bisect_right(named, plan.mark))
        ids = named[bisect_right(named, plan.above) : end]
        for start in range(0, len(ids), STRIDES[-1]):
            yield ids[start : start + STRIDES[-1]] if is_upwards else ids[::-1][start : start + STRIDES[-1]], plan.many

    def _tail(self, plan: Plan, *, is_upwards: bool) -> Iterator[Stride]:
        """What came after the index was filled."""
        yield from self._walk(plan, max(plan.above, plan.mark), plan.below, is_upwards=is_upwards)

    def _walk(self, plan: Plan, above: str, below: str, *, is_upwards: bool) -> Iterator[Stride]:
        strides = iter(STRIDES)
        size = 0
        while True:
            size = next(strides, size)
            between = select(leads.c.id).where(*plan.driver, leads.c.id > above, leads.c.id < below)
            ordered = between.order_by(leads.c.id if is_upwards else leads.c.id.desc()).limit(size)
            ids = self._connection.execute(ordered).scalars().all()
            if ids:
                yield ids, plan.terms
            if len(ids) < size:
                return
            above, below = (ids[-1], below) if is_upwards else (above, ids[-1])

    def _matching(self, plan: Plan, ids: Sequence[str], terms: Sequence[Term]) -> Sequence[str]:
        """Those of some leads that meet everything, in their order."""
        if not terms and not plan.rest:
            return ids
        columns = COLUMNS if terms else (leads.c.id,)
        rows = self._connection.execute(select(*columns).where(leads.c.id.in_(ids), *plan.rest)).all()
        met = {row.id for row in rows if not terms or _meets(words_of(row), terms)}
        return [lead_id for lead_id in ids if lead_id in met]

    def _leads(self, ids: Sequence[str]) -> list[Lead]:
        found = {row.id: row for row in self._connection.execute(WHOLE.where(leads.c.id.in_(ids)))}
        return [from_row(found[lead_id]) for lead_id in ids if lead_id in found]


def _conditions(plan: Plan) -> Sequence[ColumnElement[bool]]:
    return (*plan.driver, *plan.rest, leads.c.id > plan.above, leads.c.id < plan.below)


def _facets(query: Query) -> list[Term]:
    asked = (("sender", query.sender), ("channel", query.channel))
    return [Term((facet(name, value),), whole=True) for name, value in asked if value]


def _meets(words: set[str], terms: Sequence[Term]) -> bool:
    return all(term.is_met(words) for term in terms)


WHOLE: Select[Any] = select(leads, deliveries.c.due_at, deliveries.c.state).outerjoin(
    deliveries, deliveries.c.lead_id == leads.c.id
)
"""Leads with what their next attempt is read from."""
