"""A form post stored as a newcomer would: a connection for each request, one durable INSERT. No SQLAlchemy, no pool.

The minimal Flask and FastAPI applications share it; the second runs in an environment without our dependencies. On
SQLite it gets what tutorials leave out, the write-ahead log and half a minute of patience: without them it is slower
and fails.
"""

import os
import sqlite3
import uuid
from collections.abc import Mapping
from contextlib import closing
from typing import Any

import psycopg

SQLITE = "sqlite:///"


def prepare(url: str) -> None:
    """Create the table."""
    with closing(_connect(url)) as connection, connection:
        if url.startswith(SQLITE):
            connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("CREATE TABLE posts (id TEXT PRIMARY KEY, email TEXT, name TEXT, message TEXT, body TEXT)")


def keep(form: Mapping[str, Any]) -> str:
    """Keep a post and return its id."""
    url = os.environ["BENCH_DATABASE"]
    row = (uuid.uuid4().hex, form.get("email"), form.get("name"), form.get("message"), str(dict(form)))
    places = ", ".join("?" if url.startswith(SQLITE) else "%s" for _ in row)
    with closing(_connect(url)) as connection, connection:
        connection.execute(f"INSERT INTO posts VALUES ({places})", row)  # noqa: S608 (places only)
    return row[0]


def _connect(url: str) -> Any:
    if not url.startswith(SQLITE):
        return psycopg.connect(url)
    connection = sqlite3.connect(url.removeprefix(SQLITE), timeout=30)
    connection.execute("PRAGMA synchronous=FULL")
    return connection
