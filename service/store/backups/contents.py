"""What is in a database: its schema, its leads, its rows."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, Table, func, inspect, select

from service.store.database.schema import schema_of
from service.store.database.tables import leads, metadata

ShowProgress = Callable[[float, str], None]
"""Shows how much of the whole is done, 0 to 1, and what is being done."""


class BackupProblem(Exception):
    """A backup, restore or copy is not possible; the text says why, and what to do."""


@dataclass(frozen=True, slots=True)
class Contents:
    """What a database holds. newest_at: arrival of its newest lead, None where there is none."""

    schema: str
    leads: int
    rows: int
    newest_at: datetime | None


def no_progress(_done: float, _words: str) -> None:
    """Show nothing."""


def contents_of(connection: Connection) -> Contents:
    """Count everything.

    Raises: BackupProblem where this is not a database of the service.
    """
    schema, tables = schema_of(connection), present_tables(connection)
    if schema is None or leads not in tables:
        raise BackupProblem("it holds no database of Lead Capture")
    counts = {table.name: row_count(connection, table) for table in tables}
    newest = select(leads.c.received_at).order_by(leads.c.id.desc()).limit(1)
    return Contents(schema, counts[leads.name], sum(counts.values()), connection.execute(newest).scalar())


def present_tables(connection: Connection) -> list[Table]:
    """Return the tables of this program that the database has; one on another schema may lack some."""
    names = set(inspect(connection).get_table_names())
    return [table for table in metadata.sorted_tables if table.name in names]


def row_count(connection: Connection, table: Table) -> int:
    """Count the rows of a table."""
    return int(connection.execute(select(func.count()).select_from(table)).scalar_one())
