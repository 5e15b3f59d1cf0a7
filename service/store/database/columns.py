"""Column types, and rows ready for the driver.

SQLAlchemy compiles, converts and wraps each statement anew; on the path that takes leads this was a third of the time.
Only the statements of that path go to the driver directly; everything else is written with SQLAlchemy.
"""

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    Dialect,
    Integer,
    Table,
    Text,
    TypeDecorator,
    literal_column,
)
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)

Names = tuple[str, ...]
Values = tuple[Any, ...]

MAX_VALUES = 900
"""Maximum number of values in one statement: some builds of SQLite accept fewer than a thousand."""

EMPTY: ColumnElement[str] = literal_column("''")
"""An empty text as a literal: with a parameter, SQLite does not see that an index of non-empty texts will do."""

_to_json = json.JSONEncoder(separators=(",", ":")).encode


def to_micros(instant: datetime) -> int:
    """Return the microseconds since 1970 of an aware instant.

    Raises: TypeError for a naive one.
    """
    return (instant - _EPOCH) // _MICROSECOND


def from_micros(micros: int) -> datetime:
    """Return the aware instant, in UTC, of microseconds since 1970."""
    return _EPOCH + timedelta(microseconds=micros)


def _encode(value: Any) -> str:
    """Encode a value as compact ASCII, empty ones without the encoder: a lead has several, and set-up takes longest."""
    if value or not isinstance(value, dict | list):
        return _to_json(value)
    return "{}" if isinstance(value, dict) else "[]"


class UtcDateTime(TypeDecorator[datetime]):
    """An aware instant as microseconds since 1970: exact, sortable, the same on every engine."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> int | None:  # noqa: ARG002 (SQLAlchemy's signature)
        """Refuse naive instants, by the subtraction in to_micros."""
        return None if value is None else to_micros(value)

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:  # noqa: ARG002 (SQLAlchemy's signature)
        """Return UTC."""
        return None if value is None else from_micros(int(value))


class Json(TypeDecorator[Any]):
    """A JSON value as text. PostgreSQL's own type would refuse the NUL and surrogates that strangers send."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> str | None:  # noqa: ARG002 (SQLAlchemy's signature)
        """Write compact ASCII: a lone surrogate in a stranger's JSON cannot break the driver."""
        return None if value is None else _encode(value)

    def process_result_value(self, value: Any, dialect: Dialect) -> Any:  # noqa: ARG002 (SQLAlchemy's signature)
        """Return plain dicts, lists and strings."""
        return None if value is None else json.loads(value)


class _InOneDialect(FunctionElement[str]):
    """A text that one database needs written differently to use the right index."""

    inherit_cache = True
    type = Text()
    dialect: str
    written: str


@compiles(_InOneDialect)
def _compile(element: Any, compiler: Any, **options: Any) -> str:
    text = f"{compiler.process(element.clauses, **options)}"
    return element.written.format(text) if compiler.dialect.name == element.dialect else text


class as_lead_id(_InOneDialect):  # noqa: N801 (a function, in SQL)
    """An id from the index of words, as a lead's id: PostgreSQL seeks only with the collation of the index."""

    inherit_cache = True
    dialect = "postgresql"
    written = '({} COLLATE "default")'


class compared(_InOneDialect):  # noqa: N801 (a function, in SQL)
    """A column for comparison only: without statistics, SQLite would seek by it instead of walking an order."""

    inherit_cache = True
    dialect = "sqlite"
    written = "+{}"


class same_id(FunctionElement[Any]):  # noqa: N801 (a function, in SQL)
    """Compare two ids. SQLite then looks into an index of another column and the id, instead of the row."""

    inherit_cache = True
    type = Integer()  # as Boolean, SQLite would get "= 1" behind it, and use no index


@compiles(same_id)
def _compile_same(element: Any, compiler: Any, **options: Any) -> str:
    own, other = (compiler.process(clause, **options) for clause in element.clauses)
    return f"({own} >= {other} AND {own} <= {other})" if compiler.dialect.name == "sqlite" else f"{own} = {other}"


def run_in_driver(connection: Connection, sql: str, values: Sequence[Any] = ()) -> Any:
    """Run a statement by the driver alone, in the connection's transaction; returns its cursor.

    Raises: the errors that SQLAlchemy would; their texts quote no values.
    """
    if not connection.in_transaction():
        connection.begin()
    driver: Any = connection.connection.dbapi_connection
    with _errors_of(connection, sql):
        return driver.execute(sql, values)


@contextmanager
def sent_together(connection: Connection) -> Iterator[None]:
    """Send the driver's statements in the block at once, and wait for all of their results at its end.

    Rows and counts can be read only after the block, which raises an error of any statement. SQLite, which needs no
    round trip, runs each at once.
    """
    driver: Any = connection.connection.dbapi_connection
    if connection.dialect.name != "postgresql":
        yield
        return
    with _errors_of(connection, "several statements"), driver.pipeline():
        yield


@contextmanager
def _errors_of(connection: Connection, sql: str) -> Iterator[None]:
    """Raise the driver's errors as SQLAlchemy does."""
    dialect = connection.dialect
    try:
        yield
    except dialect.loaded_dbapi.Error as error:
        raise DBAPIError.instance(
            sql, None, error, dialect.loaded_dbapi.Error, hide_parameters=True, dialect=dialect
        ) from error


def load_rows(connection: Connection, table: Table, rows: Sequence[dict[str, Any]]) -> None:
    """Insert thousands of rows like insert_rows: PostgreSQL copies them in half the time."""
    if connection.dialect.name != "postgresql":
        insert_rows(connection, table, rows)
        return
    if not connection.in_transaction():
        connection.begin()
    driver: Any = connection.connection.dbapi_connection
    sql = f"COPY {table.name} ({', '.join(rows[0])}) FROM STDIN"
    with _errors_of(connection, sql), driver.cursor() as cursor, cursor.copy(sql) as copy:
        for row in rows:
            copy.write_row(values_of(table, row))


def insert_rows(connection: Connection, table: Table, rows: Sequence[dict[str, Any]], ending: str = "") -> None:
    """Insert rows of physical column names, all with the columns of the first, in its order; converts them in place.

    ending: end of the statement, such as ON CONFLICT DO NOTHING.
    """
    insert_values(connection, table, tuple(rows[0]), [values_of(table, row) for row in rows], ending)


def insert_values(
    connection: Connection, table: Table, names: Names, rows: Sequence[Values], ending: str = "", *more: Any
) -> list[Any]:
    """Insert rows that are ready for the driver in as few statements as possible; returns the statements' cursors.

    ending: end of each statement (ON CONFLICT ...); `more`: its values.
    """
    style, batch_size, cursors = connection.dialect.paramstyle, MAX_VALUES // len(names), []
    for start in range(0, len(rows), batch_size):
        batch = rows[start : start + batch_size]
        values = [value for row in batch for value in row]
        sql = _insert_sql(table, names, len(batch), ending, style)
        cursors.append(run_in_driver(connection, sql, (*values, *more)))
    return cursors


def rows_written(cursors: Sequence[Any]) -> int:
    """Return how many rows these statements have written."""
    return sum(cursor.rowcount for cursor in cursors)


def values_of(table: Table, row: dict[str, Any]) -> Values:
    """Return a row's values as the column types would write them; converts the row in place."""
    for name, write in _writers(table):
        value = row.get(name)
        if value is not None:
            row[name] = write(value)
    return tuple(row.values())


@lru_cache
def _writers(table: Table) -> Sequence[tuple[str, Callable[[Any], Any]]]:
    """Return the columns whose values need conversion for the driver, each with its conversion."""
    writers: dict[type[Any], Callable[[Any], Any]] = {UtcDateTime: to_micros, Json: _encode}
    return [(column.name, writers[type(column.type)]) for column in table.columns if type(column.type) in writers]


@lru_cache(maxsize=512)
def _insert_sql(table: Table, names: Names, number: int, ending: str, style: str) -> str:
    mark = "?" if style == "qmark" else "%s"
    group = f"({', '.join([mark] * len(names))})"
    groups = ", ".join([group] * number)
    return f"INSERT INTO {table.name} ({', '.join(names)}) VALUES {groups} {ending.replace('?', mark)}"  # noqa: S608 (names of our own)
