"""An open database, and the base of a transaction's subjects: statements, row locks, rights of one process."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, Connection, Engine, Select, Table, and_, or_, select, update

from service.store.block_sums import BlockSums
from service.store.database.walls import WalledConnection, Walls

Part = TypeVar("Part", bound="Repository")
Query = TypeVar("Query", bound=Select[Any])

IsGone = Callable[[str], bool]
"""Returns whether the process with a holder's name has ended; False if that cannot be known."""

PATIENCE_S = 20.0
"""Seconds for which a process without visitors waits for a lock of another program."""

NOTES = "notes"
"""Key in a writing connection's `info`: what the jobs of its present transaction have noted for the end of it."""

NO_LEASE: dict[str, Any] = {"claimed_by": None, "lease_until": None}


@dataclass(frozen=True, slots=True)
class Identity:
    """This process's name, unique in the deployment, and a check whether another process has ended."""

    name: str
    is_gone: IsGone


@dataclass(frozen=True, slots=True)
class Database:
    """One database, open for one process.

    writing: engine of the single writer, which takes its connection from connect_writer. reading: engine for everything
    else. turn: entered before a write transaction. close: closes every connection. insert: the dialect's INSERT, with
    ON CONFLICT. path: the SQLite file, else None. patience_s: as in open_database.
    """

    writing: Engine
    reading: Engine
    connect_writer: Callable[[], AbstractContextManager[Connection]]
    turn: AbstractContextManager[None]
    close: Callable[[], None]
    insert: Callable[..., Any]
    path: Path | None
    has_round_trips: bool  # statements wait for a server: they are sent together where possible
    locks_rows: bool  # several processes may write at once, so rows are locked; else all queue
    patience_s: float
    clear_log: Callable[[], bool]  # see Store.clear_log
    announce: str | None  # SQL that wakes the workers at the commit; None where the bell is rung after it
    keys: tuple[str, ...] = field(default=(), repr=False)  # encryption keys of the operator, newest first
    sums: BlockSums = field(default_factory=BlockSums)


class Repository:
    """Queries and changes of one subject within one transaction."""

    def __init__(self, connection: Connection, database: Database) -> None:
        """connection: walled if a person who sees only some accounts reads or writes."""
        self._connection = connection
        self._database = database
        self._execute = connection.execute
        self._walls: Walls | None = connection.walls if isinstance(connection, WalledConnection) else None

    def _as(self, part: type[Part]) -> Part:
        """Return another subject within the same transaction."""
        return part(self._connection, self._database)

    def _locking(self, query: Query) -> Query:
        """Lock the rows of a query until the commit, on an engine where several processes write at once."""
        return query.with_for_update() if self._database.locks_rows else query

    def _free_leases(self, table: Table, is_gone: IsGone) -> int:
        """Free rows claimed by workers that have ended, before the leases expire; returns how many."""
        claimed = select(table.c.claimed_by).where(table.c.claimed_by.is_not(None)).distinct()
        gone = [worker for worker in self._execute(claimed).scalars() if is_gone(worker)]
        if not gone:
            return 0
        return self._execute(update(table).where(table.c.claimed_by.in_(gone)).values(NO_LEASE)).rowcount

    def _lock_row(
        self, table: Table, row: ColumnElement[bool], holder: str, period: tuple[datetime, float], is_gone: IsGone
    ) -> bool:
        """Take the right that a row stands for (locked_by, locked_until); False while another process has it.

        period: now, and the seconds for which the right is taken.
        """
        now, seconds = period
        known = self._execute(select(table.c.locked_by).where(row)).scalar()
        replaceable = [holder, known] if known and is_gone(known) else [holder]
        free = or_(table.c.locked_until.is_(None), table.c.locked_until < now, table.c.locked_by.in_(replaceable))
        taken = {"locked_by": holder, "locked_until": now + timedelta(seconds=seconds)}
        return self._execute(update(table).where(and_(row, free)).values(taken)).rowcount == 1

    def _unlock_row(self, table: Table, row: ColumnElement[bool], holder: str) -> None:
        own = update(table).where(and_(row, table.c.locked_by == holder))
        self._execute(own.values(locked_by=None, locked_until=None))


def subject(part: type[Part]) -> "cached_property[Part]":
    """Make another subject of a transaction when it is first used."""
    return cached_property(lambda tx: tx._as(part))  # noqa: SLF001 (of this class)
