"""The file of a SQLite database: opened only where it lies, and left alone once it was moved or replaced.

SQLite goes on writing into a file that was renamed or deleted: leads would be acknowledged that nobody finds again. And
it would apply the write-ahead log of the old file to a new one that was put in its place.
"""

import os
import sqlite3
import stat
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import quote

from sqlalchemy import Connection, Engine, event
from sqlalchemy.exc import DisconnectionError

PRIVATE = 0o600
"""Mode of the database and of the files beside it: they hold people, and tokens."""

COMPANIONS = ("-wal", "-shm", "-turn", "-bell")
"""Suffixes of the files beside a database: SQLite's own, the queue of writers, the pipe of the bell."""

REPLACED = "the database file was replaced while the service runs"

_FILE = "file"
"""Key of the pool's record of a connection: which file it has open."""

_Identity = tuple[int, int]
"""A file's device and inode."""


class SqliteFile:
    """One path, and the file that this process found there, with its write-ahead log."""

    def __init__(self, path: Path) -> None:
        self._path = str(path)
        self._url = f"file:{quote(self._path)}?mode=rw"  # never makes a file: an empty one would hide that ours is gone
        real_path = os.path.realpath(path)  # where SQLite keeps them
        self._log, self._index = f"{real_path}-wal", f"{real_path}-shm"
        self._known: _Identity | None = None
        self._known_log: _Identity | None = None

    def create(self) -> None:
        """Create the file, where there is none; an error shows when it is used."""
        with suppress(OSError):
            os.close(os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, PRIVATE))

    def make_private(self) -> None:
        """Let nobody but the owner read the files that are there; those of another owner stay as they are.

        SQLite gives new companions the mode of the database.
        """
        for suffix in ("", *COMPANIONS):
            with suppress(OSError):
                mode = os.stat(self._path + suffix).st_mode  # noqa: PTH116
                if (stat.S_ISREG(mode) or stat.S_ISFIFO(mode)) and stat.S_IMODE(mode) != PRIVATE:
                    os.chmod(self._path + suffix, PRIVATE)  # noqa: PTH101

    def connector(self, timeout_s: float, *, writes: bool) -> Callable[[], sqlite3.Connection]:
        """Return what opens the file for an engine.

        timeout_s: how long a statement waits for the lock of another program. writes: it is used in the writers' turn.
        The opener raises sqlite3.OperationalError, also while a file that was put there must not be used yet.
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
        """Let an engine give out only connections to the file that lies at the path now; others are closed."""

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
            if self._known_log is None:  # of a new database, which gets one with its first transaction
                self._known_log = _identity(self._log)

    def is_open_in(self, connection: Connection) -> bool:
        """Return whether a connection, taken earlier, has the file open that lies at the path now."""
        return bool(connection.info[_FILE] == _identity(self._path))

    def _fold_log(self, connection: sqlite3.Connection) -> None:
        """Write what is still in the log into the old file, which is then whole; SQLite does not do so at the close."""
        if self._has_old_log():
            with suppress(sqlite3.Error):
                connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def _part_from_old_log(self, *, writes: bool) -> None:
        """Delete the log of the old file, once it is empty; other processes may have done so before.

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
    """Return which file lies at a path; None for none. Called once in each transaction."""
    try:
        status = os.stat(path)  # noqa: PTH116 (half the time of Path.stat)
    except OSError:
        return None
    return status.st_dev, status.st_ino
