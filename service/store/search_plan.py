"""The plan of a search: each condition with the index that answers it, and the leads that meet all of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Column, ColumnElement, Select, exists, intersect, literal, select

from service.store.database.columns import as_lead_id, same_id
from service.store.database.tables import lead_words, leads
from service.store.database.walls import beyond_walls
from service.store.query import Term

INDEXED = ("status", "form", "account", "campaign")
"""Filters with an index of their own that includes the id; the others are filed among the words."""

Condition = ColumnElement[bool]


@dataclass(frozen=True, slots=True)
class SearchCondition:
    """One condition of a search. column: the lead's id in its index; is_rare: few leads match.

    beginning: shared by all words that match, if names and companies with it have such a word; else "". has_index: of
    the condition and the id, which alone shows whether a lead matches.
    """

    column: Column[str]
    condition: Condition
    is_rare: bool = False
    is_listed: bool = True  # one look shows whether a lead matches
    is_ordered: bool = True  # the index has the matching leads in their order
    beginning: str = ""
    has_index: bool = False

    def between(self, above: str, below: str) -> Select[Any]:
        """Select the matching leads between two ids, of every account: a plan within walls adds that condition."""
        return beyond_walls(select(self.column).where(self.condition, self.column > above, self.column < below))

    def has(self, lead_id: ColumnElement[str]) -> Condition:
        """Return whether a lead matches."""
        own_id = lead_id if self.column.table is lead_words else as_lead_id(lead_id)
        is_it = same_id(self.column, own_id) if self.has_index else self.column == own_id
        return beyond_walls(select(literal(1)).select_from(self.column.table).where(is_it, self.condition)).exists()


@dataclass(frozen=True, slots=True)
class SearchPlan:
    """The plan for a search between two ids.

    is_ordered: there is one condition, and its index has the leads in their order. cursor: words are indexed up to this
    id; "" for a search without words. checks: conditions on each lead that matches all others.
    """

    above: str
    below: str
    terms: Sequence[Term]
    filters: Mapping[str, Condition]
    conditions: Sequence[SearchCondition] = ()
    is_ordered: bool = True
    cursor: str = ""
    checks: Sequence[Condition] = ()

    @property
    def uses_words(self) -> bool:
        """Whether the index of words is needed."""
        return bool(self.terms or self.filters.keys() - INDEXED)

    @property
    def is_rare(self) -> bool:
        """Whether few leads match one of the conditions."""
        return any(one.is_rare for one in self.conditions)

    def ids(self) -> Select[Any]:
        """Select the leads between the ids that match every condition, each once."""
        if not self.checks:
            return self._ids()
        if not self.conditions and not self.uses_words:
            return self._ids().where(*self.checks)
        (lead_id,) = self._ids().subquery().c
        return select(lead_id).where(exists().select_from(leads).where(leads.c.id == as_lead_id(lead_id), *self.checks))

    def _ids(self) -> Select[Any]:
        below = self.below
        if self.uses_words:
            below = min(below, f"{self.cursor}~" if self.cursor else "")
        if not self.conditions:
            return select(leads.c.id).where(leads.c.id > self.above, leads.c.id < below)
        rare = [one for one in self.conditions if one.is_rare]
        if not rare:
            (lead_id,) = self._all_of(self.conditions, below).subquery().c
            return select(lead_id)
        few = self._all_of(rare, below)
        listed = [one for one in self.conditions if not one.is_rare and one.is_listed]
        spread = [one for one in self.conditions if not one.is_rare and not one.is_listed]
        if spread:  # read once, and compared with the few
            (rare_id,) = few.subquery().c
            parts = [one.between(self.above, below).where(one.column.in_(select(rare_id))) for one in spread]
            few = intersect(*parts) if len(parts) > 1 else parts[0].distinct()
        (lead_id,) = few.subquery().c
        return select(lead_id).where(*(one.has(lead_id) for one in listed))  # cheap, as there are few

    def _all_of(self, conditions: Sequence[SearchCondition], below: str) -> Any:
        selects = [one.between(self.above, below) for one in conditions]
        if len(selects) > 1:
            return intersect(*selects)
        return selects[0] if conditions[0].is_ordered else selects[0].distinct()
