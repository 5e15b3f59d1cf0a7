"""Why a database cannot keep leads, and what to do: in words for operators, without paths, names and secrets."""

import errno
import re
import sqlite3
from dataclasses import dataclass

from service.store.database.sqlite_file import REPLACED

_MASK = 0xFF
"""SQLite's primary code is the last byte of the extended one."""


@dataclass(frozen=True, slots=True)
class DatabaseFault:
    """What is wrong with the database, and the remedy."""

    problem: str
    remedy: str
    is_temporary: bool = False  # waiting may help

    def __str__(self) -> str:
        """One sentence."""
        return f"{self.problem}: {self.remedy}"


FULL = DatabaseFault("the disk with the leads is full", "free space; leads are taken again by themselves")
READ_ONLY = DatabaseFault(
    "the database may only be read", "give the service's user the right to write to it, to its file and folder"
)
GONE = DatabaseFault(
    "the database file cannot be opened",
    "check DATABASE_URL and the rights to the file and its folder; if it was moved, put it back",
)
SWAPPED = DatabaseFault(
    REPLACED, "stop web and worker, remove the files ending in -wal and -shm, put it there again, then start both"
)
LOCKED = DatabaseFault(
    "another program holds the lock of the database", "end it; leads are taken again by themselves", True
)
DAMAGED = DatabaseFault("the database file is damaged", "stop the service and restore a backup")
NO_DATABASE = DatabaseFault(
    "the file is not a database", "correct DATABASE_URL, or stop the service and restore a backup"
)
STANDBY = DatabaseFault(
    "the database server accepts no writes", "let DATABASE_URL name the primary server, not a standby"
)
ROLE = "the service's role"
"""Stands in remedies for the name of the role, which only operators may see."""

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
        "the disk with the leads cannot be written to", "look whether it is full or broken"
    ),
}

_POSTGRESQL = {
    "53100": FULL,
    "25006": STANDBY,
    "3F000": MAY_NOT_CREATE,
    "55P03": LOCKED,
    "57014": DatabaseFault("the database is too slow", "look what its server is busy with"),
    "53300": DatabaseFault(
        "the database server has no connection left", "raise its max_connections, or end other clients"
    ),
}
"""By SQLSTATE. Source: PostgreSQL's documentation, appendix A."""

_FILES = {
    errno.ENOSPC: FULL,
    errno.EDQUOT: FULL,
    errno.EACCES: READ_ONLY,
    errno.EPERM: READ_ONLY,
    errno.EROFS: READ_ONLY,
    errno.ENOENT: GONE,
}


def fault_of(error: BaseException) -> DatabaseFault | None:
    """Return what an error of the database, or one that it caused, means; None where only its own words say that."""
    for each in (getattr(error, "orig", None), error, error.__cause__ and getattr(error.__cause__, "orig", None)):
        if each is not None and (fault := _fault_of_driver(each)) is not None:
            return fault
    return None if error.__cause__ is None else _fault_of_driver(error.__cause__)


def is_locked(error: BaseException) -> bool:
    """Return whether SQLite waited in vain for the lock of another program."""
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
    """Which right a role lacks: PostgreSQL has one code for all of them."""
    if re.match(r".*\bschema\b", message):
        return MAY_NOT_CREATE
    return NOT_OWNER if "owner" in message else MAY_NOT_WRITE
