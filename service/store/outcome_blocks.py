"""Leads folded into cells block by block, in the background, so that a report of a million leads opens in a moment.

A block is a stretch of BLOCK_SIZE leads in the order of their ids; FAN blocks in a row are folded once more into one
of level 2. Blocks know nothing of days, so every period is served alike, in every time zone. Triggers note each block
of which a lead, its touch or its sale has changed; until it is counted again, reports read its leads themselves.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, and_, delete, exists, func, or_, select, update

from service.lead import first_lead_id
from service.store.answer_counts import fold_answers, kept_answers, packed_cells
from service.store.block_cover import Stretch
from service.store.database.answer_tables import answer_cells
from service.store.database.columns import load_rows
from service.store.database.outcome_tables import outcome_blocks, outcome_cells, outcome_changes
from service.store.database.repository import Repository
from service.store.database.tables import leads
from service.store.outcome_folding import MEASURES, all_kinds, fold_all, kind_of

BLOCK_SIZE = 2_500
"""Leads of a block: a report reads up to three times as many by itself, 7 microseconds each."""

FAN = 20
"""Blocks of a block of level 2."""

UNCERTAIN = timedelta(minutes=1)
"""Age of leads that a new block may hold, and of a block that is counted: a transaction that was under way when a block
was made has not noted its changes.
"""

CHANGES_BATCH_SIZE = 20_000
"""Records of the triggers that one count answers; with more of them the block is counted once more."""

_OF_CELL = ("value", "account", "form", "left_out", "stages", "currency")


@dataclass(frozen=True, slots=True)
class OutcomeBlock:
    """A block to be counted. changes: the triggers' records that the count answers."""

    level: int
    leads: Stretch
    version: int
    changes: Sequence[int] = ()


class OutcomeBlocks(Repository):
    """Making blocks, and counting them."""

    # -- making

    def next_leads(self, now: datetime, size: int = BLOCK_SIZE) -> Stretch | None:
        """Return the leads of the next block to make; None while there are too few."""
        since = self._end_of(1)
        closing = first_lead_id(now - UNCERTAIN)
        following = select(leads.c.id).where(leads.c.id >= since, leads.c.id < closing).order_by(leads.c.id)
        until = self._execute(following.offset(size).limit(1)).scalar()
        return None if until is None else Stretch(since, until)

    def next_blocks(self, fan: int = FAN) -> Stretch | None:
        """Return the blocks of the next block of level 2 to make; None while there are too few."""
        of, since = outcome_blocks.c, self._end_of(2)
        parts = select(of.until).where(of.level == 1, of.since >= since).order_by(of.since)
        until = self._execute(parts.offset(fan - 1).limit(1)).scalar()
        return None if until is None else Stretch(since, until)

    def _end_of(self, level: int) -> str:
        of = outcome_blocks.c
        end: str | None = self._execute(select(func.max(of.until)).where(of.level == level)).scalar()
        return end or ""

    def make_block(self, level: int, stretch: Stretch, now: datetime) -> None:
        """Make a block; from now on changes of its leads are noted. Another worker may have made it already."""
        row = {"level": level, "is_counted": False, "version": 0, "begun_at": now, **stretch._asdict()}
        self._execute(self._database.insert(outcome_blocks).values(**row).on_conflict_do_nothing())

    # -- counting

    def next_block(self, now: datetime) -> OutcomeBlock | None:
        """Return the next block to count, the newest first: never counted, or changed; those of level 1 first."""
        of = outcome_blocks.c
        is_changed = exists().where(outcome_changes.c.since == of.since)
        ripe = and_(of.level == 1, or_(_is_uncounted(of), is_changed), of.begun_at < now - UNCERTAIN)
        columns = (of.level, of.since, of.until, of.version)
        row = self._execute(select(*columns).where(ripe).order_by(of.since.desc()).limit(1)).first()
        if row is not None:
            recorded = select(outcome_changes.c.id).where(outcome_changes.c.since == row.since)
            changes = self._execute(recorded.order_by(outcome_changes.c.id).limit(CHANGES_BATCH_SIZE)).scalars().all()
            return OutcomeBlock(1, Stretch(row.since, row.until), row.version, changes)
        return self._next_of_blocks(now)

    def _next_of_blocks(self, now: datetime) -> OutcomeBlock | None:
        of, part = outcome_blocks.c, outcome_blocks.alias("part")
        inside = and_(part.c.level == 1, part.c.since >= of.since, part.c.since < of.until)
        is_changed = exists().where(outcome_changes.c.since == part.c.since)
        unready = exists().where(inside, or_(_is_uncounted(part.c), is_changed))
        ripe = and_(of.level > 1, _is_uncounted(of), of.begun_at < now - UNCERTAIN, ~unready)
        row = self._execute(select(of.level, of.since, of.until, of.version).where(ripe).limit(1)).first()
        return None if row is None else OutcomeBlock(row.level, Stretch(row.since, row.until), row.version)

    def begin_count(self, block: OutcomeBlock, now: datetime) -> bool:
        """Begin to count a block, and no longer read its cells; False where another worker has begun since."""
        begun = {"is_counted": False, "version": block.version + 1, "begun_at": now}
        return self._execute(update(outcome_blocks).where(_is(block)).values(begun)).rowcount == 1

    def count_cells(self, block: OutcomeBlock) -> Iterator[tuple[str, list[dict[str, Any]]]]:
        """Fold the leads of a block, or its blocks, into cells; yields those of one kind after the other."""
        kinds = [kind_of(by, touch) for by, touch in all_kinds()]
        cells = fold_all(self._connection, block.leads) if block.level == 1 else {}
        for kind in kinds:
            key = {"level": block.level, "block": block.leads.since, "kind": kind}
            yield kind, [{**key, **cell} for cell in cells.get(kind) or self._cells_inside(block, kind)]

    def _cells_inside(self, block: OutcomeBlock, kind: str) -> Iterator[dict[str, Any]]:
        """Add up the cells of the blocks of a block."""
        if block.level == 1:
            return
        of = outcome_cells.c
        keys = [of[name] for name in _OF_CELL]
        inside = (of.level == block.level - 1, of.block >= block.leads.since, of.block < block.leads.until)
        query = select(*keys, *(func.sum(of[name]).label(name) for name in MEASURES))
        names = (*_OF_CELL, *MEASURES)
        for row in self._execute(query.where(*inside, of.kind == kind).group_by(*keys)):
            values = (*row[: len(keys)], *map(int, row[len(keys) :]))
            yield dict(zip(names, values, strict=True))

    def count_answers(self, block: OutcomeBlock) -> list[dict[str, Any]]:
        """Fold the answer clocks of a block, or of its blocks, into cells."""
        if block.level == 1:
            cells: Iterable[Any] = fold_answers(self._connection, block.leads).items()
        else:
            of = outcome_blocks.c
            inside = (of.level == block.level - 1, of.since >= block.leads.since, of.since < block.leads.until)
            blocks = self._execute(select(of.since).where(*inside)).scalars().all()
            cells = kept_answers(self._connection, block.level - 1, blocks)
        key = {"level": block.level, "block": block.leads.since}
        return [{**key, **cell} for cell in packed_cells(cells)]

    def save_answers(self, block: OutcomeBlock, cells: Sequence[dict[str, Any]]) -> bool:
        """Replace the cells of answers; False where another worker has begun to count the block since."""
        if not self._is_ours(block):
            return False
        of = answer_cells.c
        self._execute(delete(answer_cells).where(of.level == block.level, of.block == block.leads.since))
        if cells:
            load_rows(self._connection, answer_cells, list(cells))
        return True

    def _is_ours(self, block: OutcomeBlock) -> bool:
        """Lock a block; return whether no other worker has begun to count it since."""
        return self._execute(self._locking(select(outcome_blocks.c.since).where(_is(begun(block))))).first() is not None

    def save_kind(self, block: OutcomeBlock, kind: str, cells: Sequence[dict[str, Any]]) -> bool:
        """Replace the cells of one kind; False where another worker has begun to count the block since."""
        if not self._is_ours(block):
            return False
        of = outcome_cells.c
        own = and_(of.level == block.level, of.block == block.leads.since, of.kind == kind)
        self._execute(delete(outcome_cells).where(own))
        if cells:
            load_rows(self._connection, outcome_cells, list(cells))
        return True

    def end_count(self, block: OutcomeBlock) -> None:
        """Read the cells of a block from now on; what is made of them is to be counted again."""
        of = outcome_blocks.c
        counted = {"is_counted": True, "answers_version": block.version + 1}
        if self._execute(update(outcome_blocks).where(_is(begun(block))).values(counted)).rowcount:
            above = and_(of.level > block.level, of.since <= block.leads.since, of.until > block.leads.since)
            self._execute(update(outcome_blocks).where(above).values(is_counted=False, version=of.version + 1))
            for start in range(0, len(block.changes), 1000):
                answered = block.changes[start : start + 1000]
                self._execute(delete(outcome_changes).where(outcome_changes.c.id.in_(answered)))


def _is_uncounted(of: Any) -> ColumnElement[bool]:
    """Return whether a block is not counted, or was counted by a version that did not count answers."""
    return or_(of.is_counted.is_(False), of.answers_version.is_distinct_from(of.version))


def begun(block: OutcomeBlock) -> OutcomeBlock:
    """Return a block as it is while it is counted."""
    return OutcomeBlock(block.level, block.leads, block.version + 1, block.changes)


def _is(block: OutcomeBlock) -> Any:
    of = outcome_blocks.c
    return and_(of.level == block.level, of.since == block.leads.since, of.version == block.version)
