"""The bell between web and worker: rung after a commit that made something due, so nobody polls in haste.

A ring may be lost (a worker that just starts, a full pipe): whoever waits also wakes by itself.
"""

import contextlib
import errno
import os
import select
import stat
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path
from typing import Protocol


class Bell(Protocol):
    """Waits for a ring, or until `also` (a readable file, to stop by) has something to say."""

    def wait(self, timeout_s: float, also: int) -> None:
        """Return at a ring, at something readable in `also`, or after timeout_s seconds."""

    def close(self) -> None:
        """Let go of everything."""


def wait_for(files: Iterable[int], timeout_s: float) -> set[int]:
    """Those of some file descriptors that can be read, once one can or the time is up. Of any number: poll."""
    waiting = select.poll()
    for file in files:
        waiting.register(file, select.POLLIN)
    return {file for file, _ in waiting.poll(max(0.0, timeout_s) * 1000)}


class PipeBell:
    """A named pipe beside the SQLite file. One ring wakes one waiting worker: one is enough for one lead."""

    def __init__(self, path: Path) -> None:
        _make_pipe(path)
        # Read and write: a pipe that always has a writer never reports its end.
        self._pipe = os.open(path, os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)

    def wait(self, timeout_s: float, also: int) -> None:
        """See Bell."""
        if self._pipe in wait_for([self._pipe, also], timeout_s):
            with contextlib.suppress(BlockingIOError):
                os.read(self._pipe, 64)

    def close(self) -> None:
        """See Bell."""
        os.close(self._pipe)


@lru_cache(maxsize=8)
def pipe_of(database: Path) -> Path:
    """The pipe that belongs to a SQLite file."""
    return database.with_name(database.name + "-bell")


def ring(database: Path) -> None:
    """Wake a worker of this SQLite file, if one listens.

    Never raises: the commit is done, and a worker that heard nothing looks by itself soon.
    """
    with contextlib.suppress(OSError):  # nobody listens, no right to, full: rung often enough
        pipe = os.open(pipe_of(database), os.O_WRONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        try:
            os.write(pipe, b"!")
        finally:
            os.close(pipe)


def _make_pipe(path: Path) -> None:
    with contextlib.suppress(FileExistsError):
        os.mkfifo(path, 0o600)
    if not stat.S_ISFIFO(path.stat().st_mode):
        raise OSError(errno.EEXIST, "is in the way: the worker needs this name for its pipe", str(path))
