"""Leads added up block by block in the background, so that a report of a million leads opens at once.

A block is a stretch of BLOCK_SIZE leads in the order of their ids; FAN consecutive blocks of one level are added up
into a block of the next level, as far as there are leads. Blocks do not depend on days, so every period is served
alike, in every time zone. Triggers note each block with a changed lead, touch, sale or answer; until it is counted
again, reports read its leads themselves.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, and_, delete, exists, func, or_, select, update

from service.lead import first_lead_id
from service.store.answer_counts import ANSWERS, answer_rows, fold_answers, kept_answers
from service.store.block_cover import Stretch, is_counted
from service.store.database.columns import load_rows
from service.store.database.outcome_tables import outcome_blocks, outcome_changes, outcome_packs
from service.store.database.repository import Repository
from service.store.database.tables import leads
from service.store.outcome_folding import EVERY_KIND, fold
from service.store.outcome_packs import ALL_FORMS, packed_rows, unpacked

BLOCK_SIZE = 500
"""Leads in a block: a report reads up to three times as many itself, some 10 microseconds each."""

FAN = 5
"""Blocks that make one of the next level: a report reads up to four of each level at either end of its period."""

UNCERTAIN = timedelta(minutes=1)
"""Minimum age of leads in a new block, and of a block to count.

A transaction already open when the block was made has not noted its changes.
"""

NOT_FOR_OTHERS = datetime(9999, 1, 1, tzinfo=UTC)
"""Start of the count of a block of blocks: workers of schema 0027 count no block that seems so young."""

CHANGES_BATCH_SIZE = 20_000
"""Maximum number of trigger records that one count settles; with more, the block is counted once more."""


@dataclass(frozen=True, slots=True)
class OutcomeBlock:
    """A block to count. changes: the trigger records that the count settles."""

    level: int
    leads: Stretch
    version: int
    changes: Sequence[int] = ()


@dataclass(frozen=True, slots=True)
class BlockCount:
    """The count of a block: rows of outcome_packs, without the block."""

    block: OutcomeBlock
    packs: Sequence[dict[str, Any]]


class OutcomeBlocks(Repository):
    """Making blocks, and counting them."""

    # -- making

    def next_leads(self, now: datetime, size: int = BLOCK_SIZE) -> Stretch | None:
        """Return the stretch of leads for the next block; None while there are too few."""
        since = self._end_of(1)
        closing = first_lead_id(now - UNCERTAIN)
        following = select(leads.c.id).where(leads.c.id >= since, leads.c.id < closing).order_by(leads.c.id)
        until = self._execute(following.offset(size).limit(1)).scalar()
        return None if until is None else Stretch(since, until)

    def next_blocks(self, fan: int = FAN) -> Iterator[tuple[int, Stretch]]:
        """Yield, for each level with enough blocks, the next block of blocks to make, with its level."""
        of = outcome_blocks.c
        top: int = self._execute(select(func.max(of.level))).scalar() or 0
        for level in range(2, top + 2):
            since = self._end_of(level)
            parts = select(of.until).where(of.level == level - 1, of.since >= since).order_by(of.since)
            until = self._execute(parts.offset(fan - 1).limit(1)).scalar()
            if until is not None:
                yield level, Stretch(since, until)

    def _end_of(self, level: int) -> str:
        of = outcome_blocks.c
        end: str | None = self._execute(select(func.max(of.until)).where(of.level == level)).scalar()
        return end or ""

    def make_block(self, level: int, stretch: Stretch, now: datetime) -> None:
        """Make a block, whose leads' changes are noted from now on; another worker may have made it already."""
        row = {"level": level, "is_counted": False, "version": 0, "begun_at": _begun_at(level, now)}
        row |= stretch._asdict()
        self._execute(self._database.insert(outcome_blocks).values(**row).on_conflict_do_nothing())

    # -- counting

    def next_block(self, now: datetime) -> OutcomeBlock | None:
        """Return the next block to count: never counted, or changed; those of level 1 first, then the newest."""
        of = outcome_blocks.c
        noted = outcome_changes.c.since
        is_changed = exists().where(noted >= of.since, noted < of.until)
        ripe = and_(of.level == 1, or_(~is_counted(of), is_changed), of.begun_at < now - UNCERTAIN)
        columns = (of.level, of.since, of.until, of.version)
        row = self._execute(select(*columns).where(ripe).order_by(of.since.desc()).limit(1)).first()
        if row is not None:
            recorded = select(outcome_changes.c.id).where(noted >= row.since, noted < row.until)
            changes = self._execute(recorded.order_by(outcome_changes.c.id).limit(CHANGES_BATCH_SIZE)).scalars().all()
            return OutcomeBlock(1, Stretch(row.since, row.until), row.version, changes)
        return self._next_of_blocks()

    def _next_of_blocks(self) -> OutcomeBlock | None:
        of, part = outcome_blocks.c, outcome_blocks.alias("part")
        inside = and_(part.c.level == of.level - 1, part.c.since >= of.since, part.c.since < of.until)
        unready = exists().where(inside, ~is_counted(part.c))
        ripe = and_(of.level > 1, ~is_counted(of), ~unready)
        query = select(of.level, of.since, of.until, of.version).where(ripe).order_by(of.level, of.since.desc())
        row = self._execute(query.limit(1)).first()
        return None if row is None else OutcomeBlock(row.level, Stretch(row.since, row.until), row.version)

    def begin_count(self, block: OutcomeBlock, now: datetime) -> bool:
        """Begin to count a block and invalidate its earlier count; False if another worker has begun since."""
        begun = {"is_counted": False, "version": block.version + 1, "begun_at": _begun_at(block.level, now)}
        return self._execute(update(outcome_blocks).where(_is(block)).values(begun)).rowcount == 1

    def count_block(self, block: OutcomeBlock) -> BlockCount:
        """Add up the leads of a block, or its blocks."""
        if block.level == 1:
            outcomes = fold(self._connection, block.leads, EVERY_KIND)
            answers: Iterable[Any] = fold_answers(self._connection, block.leads).items()
            return BlockCount(block, [*packed_rows(outcomes), *answer_rows(answers)])
        of, below = outcome_packs.c, block.level - 1
        inside = (of.level == below, of.block >= block.leads.since, of.block < block.leads.until)
        query = select(of.account, of.form, of.kind, of.contents).where(*inside)
        outcomes = unpacked(self._execute(query.where(of.form != ALL_FORMS, of.kind != ANSWERS)))
        blocks = self._execute(select(of.block).where(*inside).distinct()).scalars().all()
        answers = kept_answers(self._connection, below, blocks)
        return BlockCount(block, [*packed_rows(outcomes), *answer_rows(answers)])

    def save_count(self, count: BlockCount) -> None:
        """Publish the count of a block, unless another worker has begun to count it since.

        Blocks that contain it are to be counted again.
        """
        block, of = count.block, outcome_blocks.c
        if self._execute(self._locking(select(of.since).where(_is(begun(block))))).first() is None:
            return
        packs, key = outcome_packs.c, {"level": block.level, "block": block.leads.since}
        self._execute(delete(outcome_packs).where(packs.level == block.level, packs.block == block.leads.since))
        if count.packs:  # leads may be deleted
            load_rows(self._connection, outcome_packs, [{**key, **row} for row in count.packs])
        self._execute(update(outcome_blocks).where(_is(begun(block))).values(packs_version=block.version + 1))
        above = and_(of.level > block.level, of.since <= block.leads.since, of.until > block.leads.since)
        self._execute(update(outcome_blocks).where(above).values(is_counted=False, version=of.version + 1))
        for start in range(0, len(block.changes), 1000):
            answered = block.changes[start : start + 1000]
            self._execute(delete(outcome_changes).where(outcome_changes.c.id.in_(answered)))


def _begun_at(level: int, now: datetime) -> datetime:
    return now if level == 1 else NOT_FOR_OTHERS


def begun(block: OutcomeBlock) -> OutcomeBlock:
    """Return a block with the version it has while it is counted."""
    return OutcomeBlock(block.level, block.leads, block.version + 1, block.changes)


def _is(block: OutcomeBlock) -> ColumnElement[bool]:
    of = outcome_blocks.c
    return and_(of.level == block.level, of.since == block.leads.since, of.version == block.version)
