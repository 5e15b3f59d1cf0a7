"""What the parts of a transaction have in common."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeVar

from sqlalchemy import ColumnElement, Connection, Table, and_, or_, select, update

from service.store.database.engines import Database

Part = TypeVar("Part", bound="Repository")


class Repository:
    """Queries and changes of one subject within one transaction."""

    def __init__(self, connection: Connection, database: Database) -> None:
        self._connection = connection
        self._database = database

    def _as(self, part: type[Part]) -> Part:
        """Another subject within the same transaction."""
        return part(self._connection, self._database)


IsGone = Callable[[str], bool]
"""Whether the process of a holder's name has ended; False where that cannot be known."""


@dataclass(frozen=True, slots=True)
class Identity:
    """Which process this is, unique in the deployment, and how it is known that another one has ended."""

    name: str
    is_gone: IsGone


def free_leases(connection: Connection, table: Table, is_gone: IsGone) -> int:
    """Free what workers have claimed that are gone (claimed_by, lease_until), before its time; how many rows."""
    held = select(table.c.claimed_by).where(table.c.claimed_by.is_not(None)).distinct()
    gone = [worker for worker in connection.execute(held).scalars() if is_gone(worker)]
    if not gone:
        return 0
    freeing = update(table).where(table.c.claimed_by.in_(gone)).values(claimed_by=None, lease_until=None)
    return connection.execute(freeing).rowcount


def try_lock(
    connection: Connection,
    table: Table,
    row: ColumnElement[bool],
    holder: str,
    until: tuple[datetime, float],
    is_gone: IsGone,
) -> bool:
    """Take the right of one row; False when another has it. until: now, and for how many seconds from then."""
    now, seconds = until
    known = connection.execute(select(table.c.locked_by).where(row)).scalar()
    theirs = [holder, known] if known and is_gone(known) else [holder]
    free = or_(table.c.locked_until.is_(None), table.c.locked_until < now, table.c.locked_by.in_(theirs))
    taking = update(table).where(and_(row, free))
    ours = {"locked_by": holder, "locked_until": now + timedelta(seconds=seconds)}
    return connection.execute(taking.values(ours)).rowcount == 1


def unlock(connection: Connection, table: Table, row: ColumnElement[bool], holder: str) -> None:
    """Give the right back."""
    mine = update(table).where(and_(row, table.c.locked_by == holder))
    connection.execute(mine.values(locked_by=None, locked_until=None))
