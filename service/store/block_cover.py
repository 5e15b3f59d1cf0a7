"""Which blocks cover a period, and which of its leads are in none of them."""

from bisect import bisect_left, bisect_right
from collections.abc import Hashable, Iterable, Sequence
from datetime import datetime
from operator import attrgetter
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, and_, or_, select

from service.lead import first_lead_id
from service.store.database.outcome_tables import outcome_blocks, outcome_changes
from service.store.database.repository import Repository

LARGE = 3
"""The lowest level whose blocks are all read; blocks of lower levels are read only between these."""


class Stretch(NamedTuple):
    """Leads with ids from `since` up to but not including `until`."""

    since: str
    until: str


class CountedBlock(NamedTuple):
    """A block with its count. since, until: as in Stretch."""

    level: int
    since: str
    until: str
    version: int


class Cover(NamedTuple):
    """The blocks that cover a period, by level, largest first, and stretches of leads that are in none of them."""

    levels: dict[int, list[CountedBlock]]
    rest: list[Stretch]


def is_counted(of: Any) -> ColumnElement[bool]:
    """Match blocks that are up to date, apart from changes noted by triggers. of: columns of outcome_blocks.

    Workers of schema 0027 and before raise `version` without knowing `packs_version`.
    """
    same_version: ColumnElement[bool] = of.packs_version.is_not_distinct_from(of.version)
    return same_version


class BlockCover(Repository):
    """Reading the counts of blocks; call `fix_moment` first, so that all figures are of one moment."""

    def fix_moment(self) -> None:
        """Make all later reads of this transaction see one moment, even while others write."""
        if self._database.locks_rows:
            self._connection.exec_driver_sql("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")

    def _cover(self, since: datetime, until: datetime) -> Cover:
        """Return the largest blocks within a period that are up to date, and the rest of it."""
        inside = Stretch(_next_id(since), first_lead_id(until))
        whole = Stretch(first_lead_id(since), _next_id(until))
        changed = sorted(set(self._execute(select(outcome_changes.c.since)).scalars()))
        of = outcome_blocks.c
        large = self._usable(changed, and_(of.level >= LARGE, of.since >= inside.since, of.until <= inside.until))
        gaps = [
            and_(of.since >= max(gap.since, inside.since), of.until <= min(gap.until, inside.until))
            for gap in _choose(large, whole).rest
        ]
        small = self._usable(changed, and_(of.level < LARGE, or_(*gaps))) if gaps else []
        return _choose([*large, *small], whole)

    def _key_of(self, blocks: Sequence[CountedBlock], *what: object) -> Hashable:
        """Return the key under which the process caches the sum of some blocks of one level: see block_sums.py."""
        return what, self._walls, blocks[0].level, tuple((block.since, block.version) for block in blocks)

    def _usable(self, changed: Sequence[str], which: ColumnElement[bool]) -> list[CountedBlock]:
        """Return the blocks that are up to date, the largest first. changed: blocks of level 1 that are not."""
        of = outcome_blocks.c
        query = select(of.level, of.since, of.until, of.version).where(which, is_counted(of))
        blocks = (CountedBlock(*row) for row in self._execute(query.order_by(of.level.desc(), of.since)))
        return [block for block in blocks if bisect_left(changed, block.since) == bisect_left(changed, block.until)]


def _next_id(instant: datetime) -> str:
    """Return the smallest id that no lead received before an instant has: instants are finer than ids."""
    return f"{int(first_lead_id(instant)[:12], 16) + bool(instant.microsecond):012x}{'0' * 20}"


def _choose(usable: Iterable[CountedBlock], whole: Stretch) -> Cover:
    """Choose blocks that do not overlap; return them by level, and the stretches between them.

    usable: the largest first.
    """
    levels: dict[int, list[CountedBlock]] = {}
    chosen: list[CountedBlock] = []
    for block in usable:
        place = bisect_right(chosen, block.since, key=attrgetter("since"))
        if place == 0 or chosen[place - 1].until <= block.since:
            chosen.insert(place, block)
            levels.setdefault(block.level, []).append(block)
    rest: list[Stretch] = []
    at = whole.since
    for block in chosen:
        if at < block.since:
            rest.append(Stretch(at, block.since))
        at = block.until
    if at < whole.until:
        rest.append(Stretch(at, whole.until))
    return Cover(levels, rest)
