"""Backups of SQLite: a copy by SQLite's own backup, page by page from one snapshot, checked before it gets its name."""

import os
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy import URL, create_engine
from sqlalchemy.pool import NullPool

from service.store.backups.inspection import BackupProblem, Contents, ShowProgress, contents_of, locked_file
from service.store.database.engines import open_database
from service.store.database.schema import head, known, migrate, schema_problem

PAGES_OF_A_STEP = 2000
"""Pages (8 MB) copied between two reports of progress."""

MAGIC = b"SQLite format 3\0"
"""The first bytes of every SQLite file."""


@dataclass(frozen=True, slots=True)
class Restored:
    """A restored database. kept: path of the former database; None if there was none."""

    contents: Contents
    kept: Path | None


def back_up(path: Path, target: Path, show: ShowProgress, *, overwrite: bool) -> Contents:
    """Copy the database at `path` to `target`, which is replaced only with `overwrite`.

    Raises: BackupProblem.
    """
    if target.exists() and path.samefile(target):
        raise BackupProblem(f"{target} is the database itself: choose another name")
    with temporary_file(target) as copy:
        _copy(path, copy, show)
        contents = _checked(copy, show)
        publish(copy, target, overwrite=overwrite)
    return contents


def restore(source: Path, path: Path, now: datetime, show: ShowProgress) -> Restored:
    """Replace the database at `path` by a copy of the backup `source`; the former one is kept beside it.

    The copy is checked and migrated first; nothing is changed before all that has succeeded. If `path` is a link, the
    file that it points to is replaced.
    Raises: BackupProblem; InUse.
    """
    path = path.resolve()
    if path.exists() and source.samefile(path):
        raise BackupProblem(f"{source} is the database itself: name a backup")
    with temporary_file(path) as copy:
        _copy(source, copy, show)
        contents = _checked(copy, show)
        _migrate(copy)
        _fold_log(path)
        with locked_file(path):
            kept = _put_in_place(copy, path, now)
    return Restored(contents, kept)


# -- copying


def _copy(source: Path, copy: Path, show: ShowProgress) -> None:
    """Copy one state of the database; a read transaction stays open meanwhile, for which no writer has to wait.

    Without it, every commit of another process would make SQLite start over.
    """

    def report(_status: int, remaining: int, total: int) -> None:
        show((1 - remaining / total) * 0.9 if total else 0.9, "copying")

    try:
        with (
            closing(sqlite3.connect(f"{source.absolute().as_uri()}?mode=rw", uri=True, isolation_level=None)) as live,
            closing(sqlite3.connect(copy, isolation_level=None)) as target,
        ):
            live.execute("BEGIN")
            live.execute("SELECT count(*) FROM sqlite_schema").fetchone()
            live.backup(target, pages=PAGES_OF_A_STEP, progress=report)
            live.execute("ROLLBACK")
            target.execute("PRAGMA journal_mode=DELETE")  # one file, without a log beside it
    except sqlite3.Error as error:
        raise BackupProblem(f"{source} cannot be copied ({error})") from error


def _checked(copy: Path, show: ShowProgress) -> Contents:
    """Check the copy's integrity and schema, and count its contents."""
    show(0.9, "checking")
    try:
        with closing(sqlite3.connect(copy)) as connection:
            faults = [row[0] for row in connection.execute("PRAGMA integrity_check(5)")]
    except sqlite3.Error as error:
        faults = [str(error)]
    if faults != ["ok"]:
        raise BackupProblem(f"it is damaged ({'; '.join(faults)})")
    engine = create_engine(URL.create("sqlite", database=str(copy)), poolclass=NullPool)  # whatever its name
    with engine.connect() as connection:
        contents = contents_of(connection)
        problem = schema_problem(connection, head())
    if problem and contents.schema not in known():
        raise BackupProblem(problem)
    return contents


def _migrate(copy: Path) -> None:
    database = open_database(f"sqlite:///{copy}")
    try:
        migrate(database)
    finally:
        database.close()
        for rest in ("-turn", "-wal", "-shm"):
            copy.with_name(copy.name + rest).unlink(missing_ok=True)


# -- files


@contextmanager
def temporary_file(beside: Path) -> Iterator[Path]:
    """Yield a new file in the same folder, private to its owner, deleted at the end unless it was renamed.

    Raises: BackupProblem without room or the right to write.
    """
    try:
        number, name = tempfile.mkstemp(prefix=f".{beside.name}.", suffix=".incomplete", dir=beside.absolute().parent)
        os.close(number)
    except OSError as error:
        raise BackupProblem(f"{beside.absolute().parent} cannot be written to ({error.strerror})") from error
    path = Path(name)
    try:
        yield path
    finally:
        for each in (path, *(path.with_name(path.name + rest) for rest in ("-journal", "-wal", "-shm"))):
            with suppress(OSError):
                each.unlink()


def publish(complete: Path, target: Path, *, overwrite: bool) -> None:
    """Give a complete file its name, atomically and on disk; an existing file is replaced only with `overwrite`.

    Raises: BackupProblem.
    """
    sync(complete)
    if overwrite:
        complete.replace(target)
    else:
        try:
            target.hardlink_to(complete)  # unlike a rename it fails if the name is taken
        except FileExistsError as error:
            raise BackupProblem(f"{target} exists: choose another name, or add --overwrite") from error
    sync(target.absolute().parent)


def sync(path: Path) -> None:
    """Wait until a file, or the names in a folder, are on disk."""
    number = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(number)
    finally:
        os.close(number)


def _fold_log(path: Path) -> None:
    """Write the log of the former database back into its file, if the file is unused and undamaged."""
    if path.exists():
        with suppress(sqlite3.Error), closing(sqlite3.connect(path)) as connection:
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def _put_in_place(copy: Path, path: Path, now: datetime) -> Path | None:
    """Rename the copy to the database's path. A process that starts now sees one of the two files, never none."""
    sync(copy)
    kept = None
    if path.exists():
        former = path.stat()
        with suppress(PermissionError):  # restored by root: the service must be able to open it
            os.chown(copy, former.st_uid, former.st_gid)
        kept = path.with_name(f"{path.name}.before-restore-{now:%Y%m%dT%H%M%S}")
        for rest in ("-wal", "-shm"):  # log pages that a damaged file could not take back belong to it
            with suppress(FileNotFoundError):
                path.with_name(path.name + rest).rename(kept.with_name(kept.name + rest))
        kept.hardlink_to(path)
    copy.replace(path)
    sync(path.absolute().parent)
    return kept
