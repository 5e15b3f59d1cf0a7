"""The bell between web and worker: rung after a commit that made something due, so that workers need not poll often.

A ring may be lost (a worker that has just started, a full pipe), so a waiting worker also wakes on its own.
"""

import contextlib
import errno
import os
import select
import stat
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from sqlalchemy import Connection, Engine, text

from service.store.database.repository import Database
from service.store.database.walls import beyond_walls

if TYPE_CHECKING:
    import psycopg

CHANNEL = "lead_capture"
"""PostgreSQL's channel of NOTIFY."""

WAKE = "wake"
"""Key in a connection's `info`, set once its transaction made something due: after the commit the bell is rung."""


def wake(connection: Connection, database: Database) -> None:
    """Wake the workers of all hosts once the transaction is committed, because something is due."""
    connection.info[WAKE] = True
    if database.announce:
        connection.execute(beyond_walls(text(database.announce)))


class Bell(Protocol):
    """Waits for a ring, or until `also` (a file descriptor, for stopping) is readable."""

    def wait(self, timeout_s: float, also: int) -> None:
        """Return at a ring, when `also` is readable, or after timeout_s seconds."""

    def close(self) -> None:
        """Release everything."""


def wait_for(files: Iterable[int], timeout_s: float) -> set[int]:
    """Return the file descriptors that are readable, once one is or the time is up; poll() takes any number of them."""
    waiting = select.poll()
    for file in files:
        waiting.register(file, select.POLLIN)
    return {file for file, _ in waiting.poll(max(0.0, timeout_s) * 1000)}


class PipeBell:
    """A named pipe beside the SQLite file. One ring wakes one waiting worker, which is enough for one lead."""

    def __init__(self, path: Path) -> None:
        _make_pipe(path)
        # Read and write: a pipe that always has a writer never reports its end.
        self._pipe = os.open(path, os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)

    def wait(self, timeout_s: float, also: int) -> None:
        """Return at a ring, when `also` is readable, or after timeout_s seconds."""
        if self._pipe in wait_for([self._pipe, also], timeout_s):
            with contextlib.suppress(BlockingIOError):
                os.read(self._pipe, 64)

    def close(self) -> None:
        """Close the pipe."""
        os.close(self._pipe)


def pipe_of(database: Path) -> Path:
    """Return the path of the pipe that belongs to a SQLite file.

    Hidden, as a program that copies or reads `leads.db*` would wait at a pipe forever.
    """
    return database.with_name(f".{database.name}-bell")


def ring(path: str) -> None:
    """Wake a worker that listens to the pipe at this path, if there is one.

    Never raises: the commit is done, and a worker that misses the ring polls soon.
    """
    with contextlib.suppress(OSError):  # no listener, no permission, or full, which means rung often enough
        pipe = os.open(path, os.O_WRONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        try:
            os.write(pipe, b"!")
        finally:
            os.close(pipe)


def _make_pipe(path: Path) -> None:
    with contextlib.suppress(FileExistsError):
        os.mkfifo(path, 0o600)
    if not stat.S_ISFIFO(path.stat().st_mode):
        raise OSError(errno.EEXIST, "is in the way: the worker needs this name for its pipe", str(path))


class NotifyBell:
    """PostgreSQL's LISTEN, on a connection of its own that is opened again when it breaks."""

    def __init__(self, engine: Engine) -> None:
        import psycopg  # noqa: PLC0415 (SQLite does without)

        self._psycopg = psycopg
        self._url = engine.url.set(drivername="postgresql").render_as_string(hide_password=False)
        self._connection: psycopg.Connection | None = None

    def wait(self, timeout_s: float, also: int) -> None:
        """Wait as Bell does; returns at once if it has only now begun to listen, as earlier rings were not received.

        While the database is away this is a plain wait.
        """
        try:
            if self._connection is None:
                self._connection = self._psycopg.connect(self._url, autocommit=True, connect_timeout=5)
                self._connection.execute(f"LISTEN {CHANNEL}")
                return
            listening = [self._connection.fileno()]
        except self._psycopg.Error:
            self.close()
            listening = []
        readable = wait_for([*listening, also], timeout_s)
        if self._connection is not None and listening[0] in readable:
            self._drain(self._connection)

    def _drain(self, connection: "psycopg.Connection") -> None:
        try:
            for _ in connection.notifies(timeout=0):
                pass
        except self._psycopg.Error:
            self.close()

    def close(self) -> None:
        """Close the connection."""
        if self._connection is not None:
            with contextlib.suppress(self._psycopg.Error):
                self._connection.close()
            self._connection = None
