"""Rows for the statements that taking leads depends on, ready for the driver.

SQLAlchemy compiles and converts for every row what never changes here; on this path alone that
was a third of the time of taking a lead. Everything else is written with SQLAlchemy.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any

from sqlalchemy import Connection, CursorResult, Table

from service.store.tables import Instant, Json, to_micros

_encode = json.JSONEncoder(separators=(",", ":")).encode


def insert_rows(connection: Connection, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert whole rows, each with a value for every column of `table` that the first one names."""
    names = tuple(rows[0])
    converted = [tuple(_convert(table, names, row)) for row in rows]
    connection.exec_driver_sql(_insert_sql(table, names, 1, connection.dialect.paramstyle), converted)


def insert_or_ask(
    connection: Connection, table: Table, rows: Sequence[Mapping[str, Any]], ending: str, *more: Any
) -> CursorResult[Any]:
    """Insert rows in one statement that ends in `ending` (ON CONFLICT ..., RETURNING ...); `more`: its values."""
    names = tuple(rows[0])
    style = connection.dialect.paramstyle
    sql = f"{_insert_sql(table, names, len(rows), style)} {ending.replace('?', _mark(style))}"
    values = [value for row in rows for value in _convert(table, names, row)]
    return connection.exec_driver_sql(sql, (*values, *more))


def _convert(table: Table, names: Iterable[str], row: Mapping[str, Any]) -> list[Any]:
    """Instants and JSON as the columns' types would write them."""
    kinds = _kinds(table)
    return [
        value if value is None or name not in kinds else kinds[name](value)
        for name, value in ((name, row[name]) for name in names)
    ]


@lru_cache
def _kinds(table: Table) -> Mapping[str, Any]:
    instants = {column.name: to_micros for column in table.columns if isinstance(column.type, Instant)}
    return {**instants, **{column.name: _encode for column in table.columns if isinstance(column.type, Json)}}


@lru_cache(maxsize=64)
def _insert_sql(table: Table, names: tuple[str, ...], number: int, style: str) -> str:
    group = f"({', '.join([_mark(style)] * len(names))})"
    return f"INSERT INTO {table.name} ({', '.join(names)}) VALUES {', '.join([group] * number)}"  # noqa: S608 (names of our own)


def _mark(style: str) -> str:
    return "?" if style == "qmark" else "%s"
