"""Backups of PostgreSQL: by its own pg_dump and pg_restore, in their custom format.

A dump is restored into an empty database only, so the former one stays untouched until someone drops it.
"""

import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import URL, Connection, text
from sqlalchemy.exc import SQLAlchemyError

from service.store.backups.inspection import BackupProblem, Contents, check_unused, contents_of, present_tables
from service.store.backups.sqlite_file import publish, temporary_file
from service.store.database.engines import open_database
from service.store.database.faults import as_unavailable
from service.store.database.repository import Database
from service.store.database.schema import known, migrate

MAGIC = b"PGDMP"
"""The first bytes of every dump in the custom format."""

_OWNERS = ("--no-owner", "--no-privileges")
"""The database into which a dump is restored may belong to another role."""

_VERSION = re.compile(r"^COPY \S*alembic_version .*\n([^\n]+)\n", re.MULTILINE)


def back_up(url: URL, target: Path, *, overwrite: bool) -> Contents:
    """Dump one state of the database to `target`, which is replaced only with `overwrite`.

    The contents are counted in that same state.
    Raises: BackupProblem; StoreUnavailable.
    """
    command = f"pg_dump --format=custom {' '.join(_OWNERS)} --file={target.name} {_shown(url)}"
    program = _program("pg_dump", command)
    with temporary_file(target) as copy, _opened(url) as connection:
        connection.execute(text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY"))
        snapshot = connection.execute(text("SELECT pg_export_snapshot()")).scalar_one()
        contents = contents_of(connection)
        with _address(url) as address:
            options = ["--format=custom", *_OWNERS, f"--snapshot={snapshot}", f"--file={copy}", f"--dbname={address}"]
            _run([program, *options])
        _check(copy)
        publish(copy, target, overwrite=overwrite)
    return contents


def restore(source: Path, url: URL) -> Contents:
    """Restore a dump into an empty database, all or nothing, and migrate it.

    Raises: BackupProblem; InUse; StoreUnavailable.
    """
    command = f"pg_restore {' '.join(_OWNERS)} --single-transaction --dbname={_shown(url)} {source}"
    program = _program("pg_restore", command)
    _check(source)
    schema = _schema_in(source, program)
    if schema not in known():
        raise BackupProblem(f"{source} is of schema {schema}, which this version does not know: install a newer one")
    with _opened(url) as connection:
        check_unused(connection)
        if present_tables(connection):
            raise BackupProblem(
                f"the database {url.database} is not empty: create another one (CREATE DATABASE leads_restored OWNER "
                f"{url.username or 'leads'}), name it in DATABASE_URL, and restore into that; this one stays as it is"
            )
    with _address(url) as address:
        _run([program, *_OWNERS, "--exit-on-error", "--single-transaction", f"--dbname={address}", str(source)])
    database = open_database(url.render_as_string(hide_password=False))
    try:
        migrate(database)
        with database.reading.connect() as connection:
            return contents_of(connection)
    except SQLAlchemyError as error:
        raise as_unavailable(error) from error
    finally:
        database.close()


def _check(dump: Path) -> None:
    """Check that a dump is complete by its own table of contents, and that it comes from this service."""
    program = _program("pg_restore", f"pg_restore --list {dump}")
    if not re.search(r" TABLE DATA \S+ leads ", _run([program, "--list", str(dump)])):
        raise BackupProblem(f"{dump} holds no database of Lead Capture")


def _schema_in(dump: Path, program: str) -> str:
    """Return the schema revision in a dump."""
    output = _run([program, "--data-only", "--table=alembic_version", "--file=-", str(dump)])
    match = _VERSION.search(output)
    return match[1] if match else "unknown"


# -- PostgreSQL's programs


def _program(name: str, command: str) -> str:
    """Return the path of a program. command: shown when it is missing, to run where it is installed."""
    path = shutil.which(name)
    if path is None:
        remedy = "install PostgreSQL's client programs (postgresql-client), or run them elsewhere:"
        raise BackupProblem(f"{name} is not installed here: {remedy} {command}")
    return path


def _run(command: Sequence[str]) -> str:
    """Run a program and return its output.

    Raises: BackupProblem with the beginning of its error output.
    """
    result = subprocess.run(command, capture_output=True, text=True, errors="replace", check=False)  # noqa: S603 (no shell, our own words)
    if result.returncode:
        complaint = " ".join(result.stderr.split()) or f"it ended with {result.returncode}"
        raise BackupProblem(f"{Path(command[0]).name} failed: {complaint[:300]}")
    return result.stdout


def _shown(url: URL) -> str:
    """Return a database URL for display: without the password."""
    return url.set(drivername="postgresql", password=None).render_as_string()


@contextmanager
def _address(url: URL) -> Iterator[str]:
    """Yield the URL for PostgreSQL's programs; the password goes into a file, as all users can see arguments."""
    plain = url.set(drivername="postgresql", password=None)
    if url.password is None:
        yield plain.render_as_string()
        return
    with tempfile.TemporaryDirectory() as folder:
        escaped = str(url.password).replace("\\", "\\\\").replace(":", "\\:")
        passwords = Path(folder, "pgpass")
        passwords.touch(mode=0o600)
        passwords.write_text(f"*:*:*:*:{escaped}\n")
        yield plain.update_query_dict({"passfile": str(passwords)}).render_as_string()


@contextmanager
def _opened(url: URL) -> Iterator[Connection]:
    database: Database = open_database(url.render_as_string(hide_password=False))
    try:
        with database.reading.connect() as connection:
            yield connection
    except SQLAlchemyError as error:
        raise as_unavailable(error) from error
    finally:
        database.close()
