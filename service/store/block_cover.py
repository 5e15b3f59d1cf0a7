"""Which blocks of leads cover a period, and which of its leads are left."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable
from operator import attrgetter
from typing import NamedTuple

from sqlalchemy import ColumnElement, select

from service.store.database.outcome_tables import outcome_blocks, outcome_changes
from service.store.database.repository import Repository


class Stretch(NamedTuple):
    """Leads with ids from `since` up to but not including `until`."""

    since: str
    until: str


class BlockCover(Repository):
    """Reading what was counted in blocks; `fix_moment` comes first, so that all figures are of one moment."""

    def fix_moment(self) -> None:
        """Let all that this transaction reads be of one moment, also where others write meanwhile."""
        if self._database.locks_rows:
            self._connection.exec_driver_sql("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")

    def _cover(
        self, inside: Stretch, whole: Stretch, *conditions: ColumnElement[bool]
    ) -> tuple[dict[int, list[str]], list[Stretch]]:
        """Return the largest blocks within `inside` that are up to date, by level, and the rest of `whole`.

        conditions: on the blocks, beside that they are counted.
        """
        of = outcome_blocks.c
        query = select(of.level, of.since, of.until).where(of.is_counted, *conditions)
        query = query.where(of.since >= inside.since, of.until <= inside.until)
        changed = sorted(set(self._execute(select(outcome_changes.c.since)).scalars()))
        usable = [
            (level, Stretch(since, until))
            for level, since, until in self._execute(query.order_by(of.level.desc(), of.since))
            if bisect_left(changed, since) == bisect_left(changed, until)
        ]
        return _choose(usable, whole)


def _choose(usable: Iterable[tuple[int, Stretch]], whole: Stretch) -> tuple[dict[int, list[str]], list[Stretch]]:
    """Choose blocks that do not overlap; return them by level, and the stretches between them.

    usable: the largest first.
    """
    levels: dict[int, list[str]] = {}
    chosen: list[Stretch] = []
    for level, block in usable:
        place = bisect_right(chosen, block.since, key=attrgetter("since"))
        if place == 0 or chosen[place - 1].until <= block.since:
            chosen.insert(place, block)
            levels.setdefault(level, []).append(block.since)
    rest: list[Stretch] = []
    at = whole.since
    for block in chosen:
        if at < block.since:
            rest.append(Stretch(at, block.since))
        at = block.until
    if at < whole.until:
        rest.append(Stretch(at, whole.until))
    return levels, rest
