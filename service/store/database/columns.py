"""Column types, and rows ready for the driver."""

import json
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any

from sqlalchemy import BigInteger, Connection, Dialect, Table, Text, TypeDecorator

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def to_micros(instant: datetime) -> int:
    """Microseconds since 1970 of an aware instant.

    Raises: TypeError when it is naive.
    """
    return (instant - _EPOCH) // _MICROSECOND


def from_micros(micros: int) -> datetime:
    """The aware instant, in UTC, of microseconds since 1970."""
    return _EPOCH + timedelta(microseconds=micros)


class UtcDateTime(TypeDecorator[datetime]):
    """An aware instant as microseconds since 1970: exact, sortable, the same on every engine."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> int | None:  # noqa: ARG002 (SQLAlchemy's signature)
        """Refuses naive instants by the subtraction in to_micros."""
        return None if value is None else to_micros(value)

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:  # noqa: ARG002 (SQLAlchemy's signature)
        """Gives back UTC."""
        return None if value is None else from_micros(int(value))


class Json(TypeDecorator[Any]):
    """A JSON value as text. PostgreSQL's own type would refuse the NUL and surrogates that strangers send."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> str | None:  # noqa: ARG002 (SQLAlchemy's signature)
        """Compact, and ASCII: a lone surrogate in a stranger's JSON cannot break the driver."""
        return None if value is None else json.dumps(value, separators=(",", ":"))

    def process_result_value(self, value: Any, dialect: Dialect) -> Any:  # noqa: ARG002 (SQLAlchemy's signature)
        """Plain dicts, lists and strings."""
        return None if value is None else json.loads(value)


Names = tuple[str, ...]
Values = tuple[Any, ...]

MOST_VALUES = 900
"""Of one statement: some builds of SQLite take no thousand."""

_COUNTED = {"preserve_rowcount": True}

_encode = json.JSONEncoder(separators=(",", ":")).encode


def insert_rows(connection: Connection, table: Table, rows: Sequence[dict[str, Any]], ending: str = "") -> None:
    """Insert whole rows, each with the columns of the first one in its order; they are converted in place.

    ending: of the statement, such as ON CONFLICT DO NOTHING.
    """
    names = tuple(rows[0])
    insert_values(connection, table, names, [values_of(table, row) for row in rows], ending)


def insert_values(
    connection: Connection, table: Table, names: Names, rows: Sequence[Values], ending: str = "", *more: Any
) -> int:
    """Insert rows that are ready for the driver, as few statements as may be; how many went in or were changed.

    ending: of each statement (ON CONFLICT ...); `more`: its values.
    """
    style, together, number = connection.dialect.paramstyle, MOST_VALUES // len(names), 0
    for start in range(0, len(rows), together):
        some = rows[start : start + together]
        values = [value for row in some for value in row]
        sql = _insert_sql(table, names, len(some), ending, style)
        number += connection.exec_driver_sql(sql, (*values, *more), execution_options=_COUNTED).rowcount
    return number


def values_of(table: Table, row: dict[str, Any]) -> Values:
    """The values of a row with instants and JSON as the columns' types would write them; it is converted in place."""
    for name, write in _writers(table):
        value = row.get(name)
        if value is not None:
            row[name] = write(value)
    return tuple(row.values())


@lru_cache
def _writers(table: Table) -> Sequence[tuple[str, Callable[[Any], Any]]]:
    """The columns whose values the driver does not take as they are, each with what writes them."""
    writers: dict[type[Any], Callable[[Any], Any]] = {UtcDateTime: to_micros, Json: _encode}
    return [(column.name, writers[type(column.type)]) for column in table.columns if type(column.type) in writers]


@lru_cache(maxsize=512)
def _insert_sql(table: Table, names: Names, number: int, ending: str, style: str) -> str:
    mark = "?" if style == "qmark" else "%s"
    group = f"({', '.join([mark] * len(names))})"
    groups = ", ".join([group] * number)
    return f"INSERT INTO {table.name} ({', '.join(names)}) VALUES {groups} {ending.replace('?', mark)}"  # noqa: S608 (names of our own)
