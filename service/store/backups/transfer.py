"""Every table copied from one database to another, whatever their engines; proved equal before the commit.

All of it is one transaction of the target: after a failure the target is as empty as before, and the source is only
read. Each row has a digest of its values as both engines represent them. A table's checksum is the sum of these, which
does not depend on the order of rows: the two engines sort text differently.
"""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Boolean, Connection, Table, create_engine, delete, func, make_url, select, text
from sqlalchemy.exc import OperationalError, SQLAlchemyError
from sqlalchemy.pool import NullPool

from service.store.backups.inspection import (
    BackupProblem,
    InUse,
    ShowProgress,
    check_unused,
    no_progress,
    present_tables,
    row_count,
)
from service.store.database.columns import insert_values
from service.store.database.engines import open_database
from service.store.database.faults import as_unavailable
from service.store.database.outcome_tables import outcome_blocks, outcome_changes
from service.store.database.repository import Database
from service.store.database.schema import NOTE, head, migrate, schema_of
from service.store.database.sqlite import sqlite_path
from service.store.database.tables import deployment, leads, metadata

BATCH_SIZE = 2000
"""Rows read, digested and written together."""

_MODULUS = 2**128

Values = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class TableCopy:
    """One table, equal in both databases. checksum: in hexadecimal."""

    name: str
    rows: int
    checksum: str


def copy_database(source_url: str, target_url: str, show: ShowProgress = no_progress) -> list[TableCopy]:
    """Copy every table of a database into another, empty one; ids are kept, and sequences continue after them.

    No process may use the source, and none can start to while it is copied.
    Raises: BackupProblem, InUse, StoreUnavailable: then nothing was copied.
    """
    if _place_of(source_url) == _place_of(target_url):
        raise BackupProblem("source and target are the same database: name another one")
    try:
        with _reading(source_url) as source, _writing(target_url) as (database, target):
            return _copy_all(source, database, target, show)
    except SQLAlchemyError as error:
        raise as_unavailable(error) from error


def _copy_all(source: Connection, database: Database, target: Connection, show: ShowProgress) -> list[TableCopy]:
    tables = sorted(metadata.tables.values(), key=_turn)
    progress = _Progress(2 * sum(row_count(source, table) for table in tables), show)
    sums = {table.name: _copy(table, source, database, target, progress) for table in tables}
    copies = []
    for table in tables:
        copied = _sum_of(_batches(target, table), f"checking {table.name}", progress)
        if copied != sums[table.name]:
            raise BackupProblem(
                f"{table.name} is not the same in both databases; nothing was copied, please report this"
            )
        copies.append(TableCopy(table.name, copied.rows, f"{copied.value:032x}"))
    if database.path is None:
        _continue_sequences(target, tables)
    if source.dialect.name == "postgresql":
        check_unused(source)  # rows that a process writes after it starts meanwhile would be missing in the copy
    return copies


def _turn(table: Table) -> int:
    """Return a table's place in the copy: leads first, blocks last, so that no trigger notes copied rows as changed."""
    return {leads: 0, outcome_blocks: 2, outcome_changes: 2}.get(table, 1)


# -- the two databases


def _place_of(url: str) -> URL | Path:
    """Return where a database is, however its URL is written."""
    parsed = make_url(url)
    path = sqlite_path(parsed)
    return parsed if path is None else path.resolve()


@contextmanager
def _reading(url: str) -> Iterator[Connection]:
    """Open the source for reading: one state of it, on the newest schema, used by no other process.

    Raises: BackupProblem, InUse.
    """
    path = sqlite_path(make_url(url))
    opened = _reading_postgresql(url) if path is None else _reading_sqlite(path)
    with opened as connection:
        _check_schema(connection, "the source", "run `lead-capture migrate` first")
        yield connection


@contextmanager
def _reading_sqlite(path: Path) -> Iterator[Connection]:
    if not path.exists():
        raise BackupProblem(f"there is no database {path}: check DATABASE_URL")
    engine = create_engine(
        f"sqlite:///{path}", poolclass=NullPool, connect_args={"timeout": 1, "isolation_level": None}
    )
    with engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA locking_mode=EXCLUSIVE")
        try:
            connection.exec_driver_sql("BEGIN EXCLUSIVE")
        except OperationalError as error:
            raise InUse(str(path)) from error
        yield connection


@contextmanager
def _reading_postgresql(url: str) -> Iterator[Connection]:
    database = open_database(url)
    try:
        with database.reading.connect() as connection:
            check_unused(connection)
            connection.rollback()
            connection.execute(text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY"))
            yield connection
    finally:
        database.close()


@contextmanager
def _writing(url: str) -> Iterator[tuple[Database, Connection]]:
    """Open an empty target, migrated to the newest schema, in a transaction that ends with the block.

    Raises: BackupProblem, InUse.
    """
    database = open_database(url)
    try:
        with database.reading.connect() as connection:
            is_new = schema_of(connection) is None
        if is_new:
            migrate(database)
        with database.turn, database.writing.connect() as connection, connection.begin():
            if database.path is None:
                check_unused(connection)
            _check_schema(connection, "the target", "create an empty database and name that")
            _check_empty(connection)
            connection.execute(delete(deployment))
            yield database, connection
    finally:
        database.close()


def _check_schema(connection: Connection, name: str, remedy: str) -> None:
    schema, newest = schema_of(connection), head()
    if schema != newest:
        raise BackupProblem(f"{name} is on schema {schema or 'none'}, and this version is on {newest}: {remedy}")


def _check_empty(connection: Connection) -> None:
    """Check that a target holds nothing but the rows that its migrations made."""
    for table in sorted(present_tables(connection), key=lambda table: table is not leads):
        rows = select(func.count()).select_from(table)
        if table is deployment:
            rows = rows.where(deployment.c.name != NOTE)
        if number := connection.execute(rows).scalar_one():
            raise BackupProblem(
                f"the target is not empty ({table.name} has {number:,} rows): create an empty database and name that"
            )


# -- rows


class _Progress:
    """Progress in rows read and written."""

    def __init__(self, total: int, show: ShowProgress) -> None:
        self._total, self._show, self._done = max(total, 1), show, 0

    def add(self, rows: int, words: str) -> None:
        self._done += rows
        self._show(min(self._done / self._total, 1.0), words)


@dataclass(frozen=True, slots=True)
class _Sum:
    """The rows of a table and the sum of their digests."""

    rows: int = 0
    value: int = 0


def _copy(table: Table, source: Connection, database: Database, target: Connection, progress: _Progress) -> _Sum:
    """Write all rows of a table, and return the sum of what was read."""

    def write(batch: Sequence[Values]) -> Sequence[Values]:
        _insert(database, target, table, batch)
        return batch

    return _sum_of(map(write, _batches(source, table)), f"copying {table.name}", progress)


def _sum_of(batches: Iterable[Sequence[Values]], words: str, progress: _Progress) -> _Sum:
    rows = value = 0
    for batch in batches:
        rows += len(batch)
        value = (value + sum(map(_digest, batch))) % _MODULUS
        progress.add(len(batch), words)
    return _Sum(rows, value)


def _digest(values: Values) -> int:
    """Return a number that two rows share only if all their values and types are equal."""
    return int.from_bytes(blake2b(repr(values).encode(), digest_size=16).digest())


def _batches(connection: Connection, table: Table) -> Iterator[Sequence[Values]]:
    """Yield rows as the driver returns them, but booleans as numbers, as SQLite has them."""
    flags = [place for place, column in enumerate(table.columns) if isinstance(column.type, Boolean)]
    sql = f"SELECT {_names(table)} FROM {table.name}"  # noqa: S608 (names of our own)
    with connection.exec_driver_sql(sql, execution_options={"stream_results": True}) as result:
        for part in result.partitions(BATCH_SIZE):
            yield [_with_flags(row, flags) for row in part] if flags else [tuple(row) for row in part]


def _with_flags(row: Sequence[Any], flags: Sequence[int]) -> Values:
    values = list(row)
    for place in flags:
        values[place] = None if values[place] is None else bool(values[place])
    return tuple(values)


def _insert(database: Database, connection: Connection, table: Table, rows: Sequence[Values]) -> None:
    if database.path is not None:
        insert_values(connection, table, tuple(column.name for column in table.columns), rows)
        return
    driver: Any = connection.connection.dbapi_connection
    try:
        with driver.cursor() as cursor, cursor.copy(f"COPY {table.name} ({_names(table)}) FROM STDIN") as copy:
            for row in rows:
                copy.write_row(row)
    except connection.dialect.loaded_dbapi.DataError as error:
        raise BackupProblem(f"a row of {table.name} cannot be written ({error})") from error


def _names(table: Table) -> str:
    return ", ".join(f'"{column.name}"' for column in table.columns)


def _continue_sequences(connection: Connection, tables: Iterable[Table]) -> None:
    """Set PostgreSQL's sequences to the greatest number of each table; SQLite does so by itself."""
    for table in tables:
        column = table.autoincrement_column
        if column is None:
            continue
        greatest = f"SELECT max({column.name}) FROM {table.name}"  # noqa: S608 (names of our own)
        sequence = f"pg_get_serial_sequence('{table.name}', '{column.name}')"
        connection.exec_driver_sql(f"SELECT setval({sequence}, coalesce(({greatest}), 1), ({greatest}) IS NOT NULL)")
