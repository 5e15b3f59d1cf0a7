"""Rows for the statements that taking leads depends on, ready for the driver.

SQLAlchemy compiles and converts for every row what never changes here; on this path alone that
was a third of the time of taking a lead. Everything else is written with SQLAlchemy.
"""

import json
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any

from sqlalchemy import Connection, CursorResult, Table

from service.store.tables import Instant, Json, to_micros

_encode = json.JSONEncoder(separators=(",", ":")).encode


def insert_rows(connection: Connection, table: Table, rows: Sequence[dict[str, Any]]) -> None:
    """Insert whole rows, each with the columns of the first one in its order; they are converted in place."""
    sql = _insert_sql(table, tuple(rows[0]), 1, connection.dialect.paramstyle)
    connection.exec_driver_sql(sql, [tuple(_converted(table, row).values()) for row in rows])


def insert_or_ask(
    connection: Connection, table: Table, rows: Sequence[dict[str, Any]], ending: str, *more: Any
) -> CursorResult[Any]:
    """Insert rows in one statement that ends in `ending` (ON CONFLICT ..., RETURNING ...); `more`: its values."""
    style = connection.dialect.paramstyle
    sql = f"{_insert_sql(table, tuple(rows[0]), len(rows), style)} {ending.replace('?', _mark(style))}"
    values = [value for row in rows for value in _converted(table, row).values()]
    return connection.exec_driver_sql(sql, (*values, *more))


def _converted(table: Table, row: dict[str, Any]) -> dict[str, Any]:
    """The row with instants and JSON as the columns' types would write them."""
    for name, write in _writers(table):
        value = row.get(name)
        if value is not None:
            row[name] = write(value)
    return row


@lru_cache
def _writers(table: Table) -> Sequence[tuple[str, Callable[[Any], Any]]]:
    """The columns whose values the driver does not take as they are, each with what writes them."""
    writers: dict[type[Any], Callable[[Any], Any]] = {Instant: to_micros, Json: _encode}
    return [(column.name, writers[type(column.type)]) for column in table.columns if type(column.type) in writers]


@lru_cache(maxsize=64)
def _insert_sql(table: Table, names: tuple[str, ...], number: int, style: str) -> str:
    group = f"({', '.join([_mark(style)] * len(names))})"
    return f"INSERT INTO {table.name} ({', '.join(names)}) VALUES {', '.join([group] * number)}"  # noqa: S608 (names of our own)


def _mark(style: str) -> str:
    return "?" if style == "qmark" else "%s"
