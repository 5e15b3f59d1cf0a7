"""The storage engines: how to open a database of each; SQLite's is in sqlite.py.

To add another SQL engine, add an entry to ENGINES; all of tests/store/ then runs on it.
"""

import time
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from dataclasses import replace
from typing import Any

from sqlalchemy import URL, Engine, create_engine, event, make_url
from sqlalchemy.exc import InvalidatePoolError

from service.store.database.repository import PATIENCE_S, Database
from service.store.database.sqlite import open_sqlite

MAX_UNCHECKED_S = 0.2
"""Seconds for which an idle connection is trusted without a check: no PostgreSQL restarts in less."""

MAX_STATEMENT_S = 30
"""Seconds after which PostgreSQL cancels a statement of a process that has visitors waiting."""


def open_database(url: str, patience_s: float | None = None, keys: Sequence[str] = ()) -> Database:
    """Open the database of a DATABASE_URL.

    patience_s: seconds a write may wait for a lock of another program while visitors wait; None: no visitor waits.
    keys: encryption keys for secrets, newest first.
    Raises: ValueError for an unsupported engine.
    """
    parsed = make_url(url)
    opener = ENGINES.get(parsed.get_backend_name())
    if opener is None:
        known = " or ".join(f"{name}://" for name in ENGINES)
        raise ValueError(f"DATABASE_URL: unknown engine {parsed.get_backend_name()!r}: write {known}")
    return replace(opener(parsed, patience_s), keys=tuple(keys))


def _open_postgresql(url: URL, patience_s: float | None) -> Database:
    from sqlalchemy.dialects import postgresql  # noqa: PLC0415 (with all its drivers 3 MB, on SQLite for nothing)

    engine = create_engine(
        url.set(drivername="postgresql+psycopg"),
        pool_size=4,
        max_overflow=24,
        pool_timeout=patience_s or PATIENCE_S,
        use_native_hstore=False,  # no column has that type; looking it up takes a query at the start
        hide_parameters=True,
        connect_args={"connect_timeout": 5, "application_name": "lead-capture"},
    )
    _check_rested(engine)
    if patience_s:
        _limit_waits(engine, patience_s)
    return Database(
        writing=engine,
        reading=engine,
        connect_writer=engine.connect,
        turn=nullcontext(),
        close=engine.dispose,
        insert=postgresql.insert,
        path=None,
        has_round_trips=True,
        locks_rows=True,
        patience_s=patience_s or PATIENCE_S,
        clear_log=lambda: True,  # its log is the server's own
        announce="NOTIFY lead_capture",
    )


def _check_rested(engine: Engine) -> None:
    """Check an idle connection before it is used again, unless it was just in use: each check is a round trip."""

    @event.listens_for(engine, "checkin")
    def rest(_connection: Any, record: Any) -> None:
        record.info["rests_since"] = time.monotonic()

    @event.listens_for(engine, "checkout")
    def check(connection: Any, record: Any, _proxy: Any) -> None:
        since = record.info.get("rests_since")
        if since is None or time.monotonic() - since < MAX_UNCHECKED_S:
            return
        try:
            engine.dialect.do_ping(connection)
        except engine.dialect.loaded_dbapi.Error as error:
            raise InvalidatePoolError from error  # the pool opens new connections and tries again


def _limit_waits(engine: Engine, patience_s: float) -> None:
    """Have PostgreSQL cancel what waits or runs for too long; set at each connect, as poolers take no options."""

    @event.listens_for(engine, "connect")
    def limit(connection: Any, _record: Any) -> None:
        with connection.cursor() as cursor:
            cursor.execute(f"SET lock_timeout = '{patience_s:g}s'")
            cursor.execute(f"SET statement_timeout = '{MAX_STATEMENT_S}s'")
        connection.commit()


ENGINES: dict[str, Callable[[URL, float | None], Database]] = {"sqlite": open_sqlite, "postgresql": _open_postgresql}
