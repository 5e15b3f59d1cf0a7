"""The storage engines: how to connect, how writers queue, how SQL differs.

To add another SQL engine, add an entry to ENGINES; all of tests/store/ then runs on it.
"""

import fcntl
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, PoolProxiedConnection, create_engine, event, make_url
from sqlalchemy.dialects import postgresql, sqlite

from service.store.database.sqlite_file import SqliteFile

PATIENCE_S = 20.0
"""Seconds for which a process without visitors waits for a lock of another program."""

LOCK_SLICE_S = 0.25
"""Seconds for which SQLite waits for a lock that another program holds, until the next of our writers tries."""

MAX_STATEMENT_S = 30
"""Seconds after which PostgreSQL ends a statement of a process that has visitors waiting."""

WAL_PAGES = 8000
"""Pages (32 MB) of the write-ahead log between two checkpoints: pages that many leads touch are written back once."""

CLEARING_TRIES = 8
"""Tries to empty the log, each of which waits LOCK_SLICE_S for readers."""


@dataclass(frozen=True, slots=True)
class Database:
    """One database, ready for use by one process.

    writing: for the single writer, which takes its connection from connect_writer. reading: for everything else. turn:
    enter it before a write transaction. close: closes every connection. insert: the dialect's INSERT, with ON CONFLICT.
    path: the SQLite file, else None. patience_s: see open_database.
    """

    writing: Engine
    reading: Engine
    connect_writer: Callable[[], AbstractContextManager[Connection]]
    turn: AbstractContextManager[None]
    close: Callable[[], None]
    insert: Callable[..., Any]
    path: Path | None
    locks_rows: bool  # several processes may write at once, so that rows are locked; else all writers queue
    patience_s: float
    clear_log: Callable[[], bool]  # see Store.clear_log
    announce: str | None  # SQL that wakes the workers at the commit; without it the bell is rung after it
    keys: tuple[str, ...] = field(default=(), repr=False)  # of the operator, for secrets, newest first


class FileTurn:
    """A fair queue of all processes of this host: flock hands the file over in order of arrival.

    SQLite waits for its own lock by sleeping and trying again, which starves whole processes under load. The kernel
    frees the lock of a killed process.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file: int | None = None
        self._pid = 0

    def __enter__(self) -> None:
        """Wait for the turn, keep it until the block ends."""
        fcntl.flock(self._handle(), fcntl.LOCK_EX)

    def __exit__(self, *_: object) -> None:
        """Hand the turn over."""
        fcntl.flock(self._handle(), fcntl.LOCK_UN)

    def close(self) -> None:
        """Close the file."""
        if self._file is not None and self._pid == os.getpid():
            os.close(self._file)
        self._file = None

    def _handle(self) -> int:
        # A forked child shares its parent's open file, and with it the lock: it needs its own.
        if self._file is None or self._pid != os.getpid():
            self._file = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            self._pid = os.getpid()
        return self._file


class KeptConnection:
    """Keeps the writer's connection from one transaction to the next.

    Not after an error, not into a forked child, and not once the file was moved or replaced.

    Taking a connection from the pool and returning it costs a twentieth of a form post. Only for a file: a server may
    have closed the connection meanwhile, and the pool checks that.
    """

    def __init__(self, engine: Engine, file: SqliteFile) -> None:
        self._engine = engine
        self._file = file
        self._idle: Connection | None = None
        self._pid = os.getpid()

    @contextmanager
    def connect(self) -> Iterator[Connection]:
        """Yield the connection, or a new one while it is in use; its transaction must have ended with the block."""
        connection, self._idle = self._idle, None
        if self._pid != os.getpid():
            self._engine.dispose(close=False)
            connection, self._pid = None, os.getpid()
        elif connection is not None and not self._file.is_open_in(connection):
            connection.close()  # into the pool, which closes it for good
            connection = None
        connection = connection or self._engine.connect()
        try:
            yield connection
        except BaseException:
            connection.close()
            raise
        self._idle = connection

    def close(self) -> None:
        """Close the connection unless it is in use."""
        connection, self._idle = self._idle, None
        if connection is not None:
            connection.close()


def open_database(url: str, patience_s: float | None = None, keys: Sequence[str] = ()) -> Database:
    """Open the database of a DATABASE_URL.

    patience_s: how long a write may wait for a lock of another program, where visitors wait; None: for no visitor.
    keys: those that encrypt secrets in it, newest first.
    Raises: ValueError for an unsupported engine.
    """
    parsed = make_url(url)
    opener = ENGINES.get(parsed.get_backend_name())
    if opener is None:
        known = " or ".join(f"{name}://" for name in ENGINES)
        raise ValueError(f"DATABASE_URL: unknown engine {parsed.get_backend_name()!r}: write {known}")
    return replace(opener(parsed, patience_s), keys=tuple(keys))


def sqlite_path(url: URL) -> Path | None:
    """Return the file of a SQLite URL, None for another engine."""
    is_sqlite = url.get_backend_name() == "sqlite"
    return Path(url.database or "lead-capture.db").absolute() if is_sqlite else None


def _open_sqlite(url: URL, patience_s: float | None) -> Database:
    path = Path(url.database or "lead-capture.db").absolute()
    path.parent.mkdir(parents=True, exist_ok=True)
    located = url.set(database=str(path))
    file = SqliteFile(path)
    file.create()
    file.make_private()
    patience_s = patience_s or PATIENCE_S
    # All our writers take turns, so that only other programs hold a lock: see Writer for how long it waits.
    writing = _sqlite_engine(located, file, writes=True, pool_size=1, temporary="MEMORY", timeout_s=LOCK_SLICE_S)
    # Counting a backlog sorts all of it: on disk beyond a few megabytes, however long it is.
    reading = _sqlite_engine(located, file, writes=False, pool_size=8, temporary="FILE", timeout_s=patience_s)
    turn = FileTurn(path.with_name(path.name + "-turn"))
    kept = KeptConnection(writing, file)

    def clear_log() -> bool:
        return any(_truncate_log(writing) for _ in range(CLEARING_TRIES))

    def close() -> None:
        kept.close()
        writing.dispose()
        reading.dispose()
        turn.close()

    return Database(
        writing=writing,
        reading=reading,
        connect_writer=kept.connect,
        turn=turn,
        close=close,
        insert=sqlite.insert,
        path=path,
        locks_rows=False,
        patience_s=patience_s,
        clear_log=clear_log,
        announce=None,
    )


def _truncate_log(engine: Engine) -> bool:
    """Try it once; it fails while a reader still needs the log. Writers wait meanwhile, at most LOCK_SLICE_S."""
    with engine.connect() as connection:
        driver: Any = connection.connection.dbapi_connection  # outside a transaction
        is_busy, *_ = driver.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    return not is_busy


def _sqlite_engine(
    url: URL, file: SqliteFile, *, writes: bool, pool_size: int, temporary: str, timeout_s: float
) -> Engine:
    engine = create_engine(
        url,
        pool_size=pool_size,
        max_overflow=24,
        hide_parameters=True,  # errors are logged, personal data is not
        creator=file.connector(timeout_s, writes=writes),
    )

    @event.listens_for(engine, "connect")
    def prepare(connection: Any, _record: Any) -> None:
        connection.isolation_level = None  # transactions begin where we say so, not where sqlite3 guesses
        for pragma in (
            "journal_mode=WAL",
            "synchronous=FULL",
            "foreign_keys=ON",
            f"temp_store={temporary}",
            f"wal_autocheckpoint={WAL_PAGES}",
            "secure_delete=ON",  # what is erased is overwritten; only some builds of SQLite do so by themselves
        ):
            connection.execute(f"PRAGMA {pragma}")

    file.watch(engine, writes=writes)  # after the pragmas, which open the write-ahead log

    def start(connection: PoolProxiedConnection) -> None:
        driver: Any = connection.dbapi_connection
        driver.execute("BEGIN IMMEDIATE" if writes else "BEGIN")

    # An event would do as well, but with one SQLAlchemy looks for listeners at every statement and commit.
    engine.dialect.do_begin = start  # type: ignore[assignment]
    return engine


def _open_postgresql(url: URL, patience_s: float | None) -> Database:
    engine = create_engine(
        url.set(drivername="postgresql+psycopg"),
        pool_size=4,
        max_overflow=24,
        pool_pre_ping=True,
        pool_timeout=patience_s or PATIENCE_S,
        hide_parameters=True,
        connect_args={"connect_timeout": 5, "application_name": "lead-capture"},
    )
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
        locks_rows=True,
        patience_s=patience_s or PATIENCE_S,
        clear_log=lambda: True,  # its log is the server's own
        announce="NOTIFY lead_capture",
    )


def _limit_waits(engine: Engine, patience_s: float) -> None:
    """Let PostgreSQL end what waits or runs for too long; set at each connect, as poolers take no options."""

    @event.listens_for(engine, "connect")
    def limit(connection: Any, _record: Any) -> None:
        with connection.cursor() as cursor:
            cursor.execute(f"SET lock_timeout = '{patience_s:g}s'")
            cursor.execute(f"SET statement_timeout = '{MAX_STATEMENT_S}s'")
        connection.commit()


ENGINES: dict[str, Callable[[URL, float | None], Database]] = {"sqlite": _open_sqlite, "postgresql": _open_postgresql}
