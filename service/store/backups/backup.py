"""Backups of either engine: made while the service runs, checked, restored."""

from datetime import datetime
from pathlib import Path

from sqlalchemy import make_url

from service.store.backups import dump, sqlite_file
from service.store.backups.inspection import BackupProblem, Contents, ShowProgress, no_progress
from service.store.backups.sqlite_file import Restored
from service.store.database.sqlite import sqlite_path


def back_up(url: str, target: Path, *, overwrite: bool = False, show: ShowProgress = no_progress) -> Contents:
    """Write a checked copy of the database to `target`, readable by its owner alone; the service may run.

    The file gets its name when it is complete. overwrite: replace an existing file.
    Raises: BackupProblem; StoreUnavailable.
    """
    parsed = make_url(url)
    path = sqlite_path(parsed)
    if target.is_dir():
        raise BackupProblem(f"{target} is a folder: name a file in it")
    if target.exists() and not overwrite:
        raise BackupProblem(f"{target} exists: choose another name, or add --overwrite")
    if path is None:
        return dump.back_up(parsed, target, overwrite=overwrite)
    if not path.exists():
        raise BackupProblem(f"there is no database {path}: check DATABASE_URL")
    return sqlite_file.back_up(path, target, show, overwrite=overwrite)


def restore(url: str, source: Path, now: datetime, show: ShowProgress = no_progress) -> Restored:
    """Replace the database by a backup, migrated to the newest schema; no process may use the database.

    The former database is kept: a file beside the new one; PostgreSQL restores a dump only into an empty database.
    Raises: BackupProblem, after which nothing is changed; InUse; StoreUnavailable.
    """
    parsed = make_url(url)
    path, magic = sqlite_path(parsed), _magic(source)
    if path is not None and magic.startswith(sqlite_file.MAGIC):
        return sqlite_file.restore(source, path, now, show)
    if path is None and magic.startswith(dump.MAGIC):
        return Restored(dump.restore(source, parsed), None)
    if magic.startswith((sqlite_file.MAGIC, dump.MAGIC)):
        other, own = ("PostgreSQL", "SQLite") if path is not None else ("SQLite", "PostgreSQL")
        raise BackupProblem(
            f"{source} is a backup of {other}, and DATABASE_URL names {own}: restore it to {other}, "
            "then `lead-capture copy-to` brings it here"
        )
    raise BackupProblem(f"{source} is not a backup: name a file that `lead-capture backup` wrote")


def _magic(source: Path) -> bytes:
    try:
        with source.open("rb") as file:
            return file.read(len(sqlite_file.MAGIC))
    except OSError as error:
        raise BackupProblem(f"{source} cannot be read ({error.strerror})") from error
