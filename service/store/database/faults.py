"""Why a database cannot store leads, and what to do, in words for operators: no paths, names or secrets."""

import errno
import re
import shutil
import sqlite3
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy.exc import DBAPIError, SQLAlchemyError, StatementError

from service.store.database.sqlite import REPLACED

_MASK = 0xFF
"""SQLite's primary result code is the last byte of the extended one."""


@dataclass(frozen=True, slots=True)
class DatabaseFault:
    """What is wrong with the database, and the remedy."""

    problem: str
    remedy: str
    is_temporary: bool = False  # whether it may pass by itself

    def __str__(self) -> str:
        return f"{self.problem}: {self.remedy}"


FULL = DatabaseFault("the disk with the leads is full", "free some space; leads are then accepted again")
READ_ONLY = DatabaseFault(
    "the database is read-only", "give the service's user write access to the file and its folder"
)
GONE = DatabaseFault(
    "the database file cannot be opened",
    "check DATABASE_URL and access to the file and its folder; if it was moved, put it back",
)
SWAPPED = DatabaseFault(
    REPLACED, "stop web and worker, remove the files ending in -wal and -shm, put it there again, then start both"
)
LOCKED = DatabaseFault(
    "another program holds a lock on the database", "end that program; leads are then accepted again", True
)
DAMAGED = DatabaseFault("the database file is damaged", "stop the service and restore a backup")
NO_DATABASE = DatabaseFault(
    "the file is not a database", "correct DATABASE_URL, or stop the service and restore a backup"
)
STANDBY = DatabaseFault(
    "the database server accepts no writes", "let DATABASE_URL name the primary server, not a standby"
)
ROLE = "the service's role"
"""Placeholder in remedies for the name of the role, which only operators may see."""

MAY_NOT_CREATE = DatabaseFault(
    "the database user may not create tables",
    f"as the owner of the database, run GRANT CREATE, USAGE ON SCHEMA public TO {ROLE};",
)
NOT_OWNER = DatabaseFault(
    "the database user does not own the tables", "run `lead-capture migrate` as the role that owns them"
)
MAY_NOT_WRITE = DatabaseFault(
    "the database user may not change the tables",
    f"as their owner, run GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {ROLE}; "
    f"GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO {ROLE};",
)

_SQLITE = {
    sqlite3.SQLITE_FULL: FULL,
    sqlite3.SQLITE_READONLY: READ_ONLY,
    sqlite3.SQLITE_PERM: READ_ONLY,
    sqlite3.SQLITE_CANTOPEN: GONE,
    sqlite3.SQLITE_BUSY: LOCKED,
    sqlite3.SQLITE_LOCKED: LOCKED,
    sqlite3.SQLITE_CORRUPT: DAMAGED,
    sqlite3.SQLITE_NOTADB: NO_DATABASE,
    sqlite3.SQLITE_IOERR: DatabaseFault(
        "the disk with the leads cannot be written to", "check whether it is full or broken"
    ),
}

_POSTGRESQL = {
    "53100": FULL,
    "25006": STANDBY,
    "3F000": MAY_NOT_CREATE,
    "55P03": LOCKED,
    "57014": DatabaseFault("the database is too slow", "find out what its server is busy with"),
    "53300": DatabaseFault(
        "the database server has no connections left", "raise its max_connections, or stop other clients"
    ),
}
"""SQLSTATE -> the fault. Source: PostgreSQL's documentation, appendix A."""

_FILES = {
    errno.ENOSPC: FULL,
    errno.EDQUOT: FULL,
    errno.EACCES: READ_ONLY,
    errno.EPERM: READ_ONLY,
    errno.EROFS: READ_ONLY,
    errno.ENOENT: GONE,
}


def fault_of(error: BaseException) -> DatabaseFault | None:
    """Return what an error, or its cause, means; None if only the driver's own message says."""
    for each in (getattr(error, "orig", None), error, error.__cause__ and getattr(error.__cause__, "orig", None)):
        if each is not None and (fault := _fault_of_driver(each)) is not None:
            return fault
    return None if error.__cause__ is None else _fault_of_driver(error.__cause__)


def is_locked(error: BaseException) -> bool:
    """Return whether SQLite timed out waiting for the lock of another program."""
    return isinstance(getattr(error, "orig", None), sqlite3.Error) and fault_of(error) is LOCKED


def _fault_of_driver(error: BaseException) -> DatabaseFault | None:
    if isinstance(error, sqlite3.Error):
        if str(error) == REPLACED:
            return SWAPPED
        return _SQLITE.get(getattr(error, "sqlite_errorcode", 0) & _MASK)
    if isinstance(error, OSError):
        return _FILES.get(error.errno or 0)
    state = getattr(error, "sqlstate", None) or ""
    return _refused(str(error)) if state == "42501" else _POSTGRESQL.get(state)


def _refused(message: str) -> DatabaseFault:
    """Return which right a role lacks: PostgreSQL has one code for all of them."""
    if re.match(r".*\bschema\b", message):
        return MAY_NOT_CREATE
    return NOT_OWNER if "owner" in message else MAY_NOT_WRITE


class StoreUnavailable(Exception):
    """The database could not commit: nothing was acknowledged, try again."""

    @property
    def fault(self) -> DatabaseFault | None:
        """What is wrong, and the remedy; None if only the driver's message (the cause) says."""
        return fault_of(self)


def as_unavailable(error: BaseException) -> BaseException:
    """Convert failures of database and disk to StoreUnavailable; return other errors, such as bugs, unchanged."""
    if isinstance(error, StatementError) and not isinstance(error, DBAPIError):
        return error.orig or error  # a value that cannot be written, like a naive datetime: a retry does not help
    if isinstance(error, (SQLAlchemyError, OSError)):
        unavailable = StoreUnavailable(str(fault_of(error) or type(error).__name__))
        unavailable.__cause__ = error
        return unavailable
    return error


# -- whether leads can be kept now: by the last writes of this process, and by a probe every few seconds

PROBE = "probe"
"""The flag that a probe writes."""

PROBE_INTERVAL_S = 5.0
"""Seconds for which the last outcome holds: short, so that all processes of a deployment soon agree."""

LOCKED_INTERVAL_S = 2.0
"""Seconds for which the outcome `locked` holds: its probe may take seconds. After other failures each call probes."""

LEAD_BYTES = 65536
"""More than a lead and its indexes need. With little room left, a small write may fit where no lead does."""

SHORT_OF_ROOM_BYTES = 64 << 20


class Readiness:
    """Whether this process's database can store leads now. Thread-safe."""

    def __init__(self, path: Path | None) -> None:
        """path: of the SQLite file, whose disk may be nearly full; None for a server."""
        self._path = path
        self._guard = threading.Lock()
        self._known_at = float("-inf")
        self._failure: StoreUnavailable | None = None

    def record_failure(self, failure: StoreUnavailable) -> None:
        """Record that a write failed just now."""
        self._failure, self._known_at = failure, time.monotonic()

    def find_fault(self, probe: Callable[[str], None]) -> str:
        """Return what is wrong and what to do; "" if nothing. probe: writes a text of any length."""
        with self._guard:  # one probe at a time: the others wait for its outcome
            if time.monotonic() - self._known_at >= self._interval_s():
                self._probe(probe)
            failure = self._failure
        return "" if failure is None else str(failure.fault or "the database does not answer: check its server and log")

    def _interval_s(self) -> float:
        if self._failure is None:
            return PROBE_INTERVAL_S
        return LOCKED_INTERVAL_S if self._failure.fault is LOCKED else 0.0

    def _probe(self, probe: Callable[[str], None]) -> None:
        try:
            if self._is_short_of_room():
                probe("x" * LEAD_BYTES)
            probe("")
        except StoreUnavailable as failure:
            self.record_failure(failure)
        else:
            self._failure, self._known_at = None, time.monotonic()

    def _is_short_of_room(self) -> bool:
        """Return whether room may be short; always after a failure, as the disk's figures hide quotas and reserves."""
        if self._failure is not None or self._path is None:
            return self._failure is not None
        try:
            return shutil.disk_usage(self._path.parent).free < SHORT_OF_ROOM_BYTES
        except OSError:
            return True
