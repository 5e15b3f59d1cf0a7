"""SQLite: the file, the queue of its writers, the engine.

A file is opened only if it exists, and abandoned once it was moved or replaced. SQLite goes on writing into a file that
was renamed or deleted: leads would be acknowledged and lost. And it would apply the write-ahead log of the old file to
a new one in its place.
"""

import fcntl
import os
import sqlite3
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any
from urllib.parse import quote

from sqlalchemy import URL, Connection, Engine, PoolProxiedConnection, create_engine, event
from sqlalchemy.dialects import sqlite
from sqlalchemy.exc import DisconnectionError

from service.store.database.bell import pipe_of
from service.store.database.repository import PATIENCE_S, Database

LOCK_SLICE_S = 0.25
"""Seconds SQLite waits for a lock of another program before the next of our writers tries."""

WAL_PAGES = 8000
"""Pages (32 MB) of the write-ahead log between two checkpoints: pages touched by many leads are written back once."""

CLEARING_TRIES = 8
"""Attempts to empty the log, each of which waits up to LOCK_SLICE_S for readers."""

# -- the file

PRIVATE = 0o600
"""Mode of the database and the files beside it: they hold personal data and tokens."""

COMPANIONS = ("-wal", "-shm", "-turn")
"""Suffixes of the files beside a database: SQLite's own, the queue of writers."""

REPLACED = "the database file was replaced while the service runs"

_FILE = "file"
"""Key in the pool's record of a connection: the identity of its open file."""

_Identity = tuple[int, int]
"""A file's device and inode."""


class SqliteFile:
    """A path, the file that this process opened there, and its write-ahead log."""

    def __init__(self, path: Path) -> None:
        self._path = str(path)
        self._url = f"file:{quote(self._path)}?mode=rw"  # never creates one: an empty file would hide that ours is gone
        real_path = os.path.realpath(path)  # where SQLite keeps them
        self._log, self._index = f"{real_path}-wal", f"{real_path}-shm"
        self._known: _Identity | None = None
        self._known_log: _Identity | None = None

    def create(self) -> None:
        """Create the file if there is none; errors show when it is used."""
        with suppress(OSError):
            os.close(os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, PRIVATE))

    def make_private(self) -> None:
        """Make the present files readable for their owner alone; files of another owner are left as they are.

        SQLite gives new companions the mode of the database.
        """
        for path in (*(self._path + suffix for suffix in ("", *COMPANIONS)), str(pipe_of(Path(self._path)))):
            with suppress(OSError):
                mode = os.stat(path).st_mode  # noqa: PTH116
                if (stat.S_ISREG(mode) or stat.S_ISFIFO(mode)) and stat.S_IMODE(mode) != PRIVATE:
                    os.chmod(path, PRIVATE)  # noqa: PTH101

    def connector(self, timeout_s: float, *, writes: bool) -> Callable[[], sqlite3.Connection]:
        """Return a function that opens the file for an engine.

        timeout_s: how long a statement waits for the lock of another program. writes: it is used in the writers' turn.
        It raises sqlite3.OperationalError, also while a file newly put there must not be used yet.
        """

        def connect() -> sqlite3.Connection:
            identity = _identity(self._path)
            if self._known not in (None, identity) and identity is not None:
                self._part_from_old_log(writes=writes)
            connection = sqlite3.connect(self._url, uri=True, timeout=timeout_s, check_same_thread=False)
            self._known = identity
            return connection

        return connect

    def watch(self, engine: Engine, *, writes: bool) -> None:
        """Make an engine hand out only connections to the file now at the path; others are closed."""

        @event.listens_for(engine, "connect")
        def remember(_connection: Any, record: Any) -> None:
            record.info[_FILE] = self._known
            self._known_log = _identity(self._log)

        @event.listens_for(engine, "checkout")
        def check(connection: Any, record: Any, _proxy: Any) -> None:
            if record.info[_FILE] != _identity(self._path):
                if writes:
                    self._fold_log(connection)
                raise DisconnectionError("the database file was moved or replaced")
            if self._known_log is None:  # a new database gets its log with its first transaction
                self._known_log = _identity(self._log)

    def is_open_in(self, connection: Connection) -> bool:
        """Return whether the file that an earlier connection has open is the one now at the path."""
        return bool(connection.info[_FILE] == _identity(self._path))

    def _fold_log(self, connection: sqlite3.Connection) -> None:
        """Write the rest of the log into the old file, which is then complete; SQLite does not do so at the close."""
        if self._has_old_log():
            with suppress(sqlite3.Error):
                connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def _part_from_old_log(self, *, writes: bool) -> None:
        """Delete the log of the old file once it is empty; another process may have done so before.

        Raises: sqlite3.OperationalError.
        """
        if not self._has_old_log():
            return
        if not writes or os.stat(self._log).st_size:  # noqa: PTH116
            raise sqlite3.OperationalError(REPLACED)
        for file in (self._log, self._index):
            with suppress(FileNotFoundError):
                os.unlink(file)  # noqa: PTH108

    def _has_old_log(self) -> bool:
        return self._known_log is not None and _identity(self._log) == self._known_log


def _identity(path: str) -> _Identity | None:
    """Return the identity of the file at a path; None if there is none. Called once in each transaction."""
    try:
        status = os.stat(path)  # noqa: PTH116 (half the time of Path.stat)
    except OSError:
        return None
    return status.st_dev, status.st_ino


# -- writers


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
        """Wait for the turn and keep it until the block ends."""
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
        """Yield the connection, or a new one while it is in use; its transaction must end within the block."""
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


# -- the engine


def sqlite_path(url: URL) -> Path | None:
    """Return the file of a SQLite URL; None for another engine."""
    return _path_of(url) if url.get_backend_name() == "sqlite" else None


def _path_of(url: URL) -> Path:
    return Path(url.database or "lead-capture.db").absolute()


def open_sqlite(url: URL, patience_s: float | None) -> Database:
    """Open the database of a SQLite URL; patience_s: see open_database."""
    path = _path_of(url)
    path.parent.mkdir(parents=True, exist_ok=True)
    located = url.set(database=str(path))
    file = SqliteFile(path)
    file.create()
    file.make_private()
    patience_s = patience_s or PATIENCE_S
    # All our writers take turns, so only other programs hold a lock: see Writer for how long it waits.
    writing = _sqlite_engine(located, file, writes=True, pool_size=1, temporary="MEMORY", timeout_s=LOCK_SLICE_S)
    # Counting a backlog sorts all of it: beyond a few megabytes on disk, however long it is.
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
        has_round_trips=False,
        locks_rows=False,
        patience_s=patience_s,
        clear_log=clear_log,
        announce=None,
    )


def _truncate_log(engine: Engine) -> bool:
    """Try once to empty the log; fails while a reader needs it. Writers wait meanwhile, at most LOCK_SLICE_S."""
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
            "secure_delete=ON",  # erased data is overwritten; only some builds of SQLite do so by default
        ):
            connection.execute(f"PRAGMA {pragma}")

    file.watch(engine, writes=writes)  # after the pragmas, which open the write-ahead log

    def start(connection: PoolProxiedConnection) -> None:
        driver: Any = connection.dbapi_connection
        driver.execute("BEGIN IMMEDIATE" if writes else "BEGIN")

    # An event would do as well, but with one SQLAlchemy looks for listeners at every statement and commit.
    engine.dialect.do_begin = start  # type: ignore[assignment]
    return engine
