"""What a database contains, and whether processes of the service use it."""

import fcntl
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy import Connection, Table, func, inspect, select, text

from service.store.database.schema import schema_of
from service.store.database.tables import leads, metadata

ShowProgress = Callable[[float, str], None]
"""Reports progress: the share done, 0 to 1, and the present activity."""


class BackupProblem(Exception):
    """A backup, restore or copy is not possible; the text says why and what to do."""


@dataclass(frozen=True, slots=True)
class Contents:
    """Contents of a database. newest_at: arrival of its newest lead; None without leads."""

    schema: str
    leads: int
    rows: int
    newest_at: datetime | None


def no_progress(_done: float, _words: str) -> None:
    """Report nothing."""


def contents_of(connection: Connection) -> Contents:
    """Count the leads and rows of a database.

    Raises: BackupProblem if it is not a database of the service.
    """
    schema, tables = schema_of(connection), present_tables(connection)
    if schema is None or leads not in tables:
        raise BackupProblem("it holds no database of Lead Capture")
    counts = {table.name: row_count(connection, table) for table in tables}
    newest = select(leads.c.received_at).order_by(leads.c.id.desc()).limit(1)
    return Contents(schema, counts[leads.name], sum(counts.values()), connection.execute(newest).scalar())


def present_tables(connection: Connection) -> list[Table]:
    """Return this program's tables that the database has; a database on another schema may lack some."""
    names = set(inspect(connection).get_table_names())
    return [table for table in metadata.sorted_tables if table.name in names]


def row_count(connection: Connection, table: Table) -> int:
    """Count the rows of a table."""
    return int(connection.execute(select(func.count()).select_from(table)).scalar_one())


# -- use

SHARED_FIRST, SHARED_SIZE = 0x40000002, 510
"""Range of bytes of a SQLite file on which every open connection holds a lock; in WAL mode while it is open.

Source: https:
www.sqlite.org/fileformat2.html#the_lock_byte_page and os.h.
"""

LOOKS, LOOK_SPACING_S = 10, 0.1
"""Attempts to see whether connections of ended processes are gone, and seconds between two of them."""

_OTHERS = """
SELECT count(*) FROM pg_stat_activity
WHERE datname = current_database() AND application_name = 'lead-capture' AND pid <> pg_backend_pid()
"""


class InUse(Exception):
    """Processes of the service use the database; the text says so and what to do."""

    def __init__(self, database: str) -> None:
        super().__init__(f"{database} is in use: stop the web process, the worker and other commands first")


@contextmanager
def locked_file(path: Path) -> Iterator[None]:
    """Lock a SQLite file against every other process while the block runs; a missing file needs no lock.

    The lock is SQLite's own, but taken without SQLite, so that a damaged file can be locked, too. This process must not
    have the file open: closing it would release the lock.
    Raises: InUse.
    """
    if not path.exists():
        yield
        return
    file = os.open(path, os.O_RDWR | os.O_CLOEXEC)
    try:
        try:
            fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB, SHARED_SIZE, SHARED_FIRST)
        except BlockingIOError as error:
            raise InUse(str(path)) from error
        yield
    finally:
        os.close(file)


def check_unused(connection: Connection) -> None:
    """Check that no other process of the service is connected to a PostgreSQL database.

    The server takes a moment to notice that a process has ended.
    Raises: InUse.
    """
    for _ in range(LOOKS):
        connection.execute(text("SELECT pg_stat_clear_snapshot()"))
        if not connection.execute(text(_OTHERS)).scalar_one():
            return
        connection.execute(text("SELECT pg_sleep(:seconds)"), {"seconds": LOOK_SPACING_S})
    raise InUse(f"the database {connection.engine.url.database}")
