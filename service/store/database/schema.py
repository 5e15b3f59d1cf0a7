"""The schema of a database: its revision, whether this program can work with it, and its migration.

During an upgrade, processes of the previous version work on the new schema. So migrations only add: what an older
program reads and writes stays. Each database notes the oldest schema whose programs can use it.
"""

import time
from functools import cache
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, inspect, select, text
from sqlalchemy.exc import OperationalError

from service.store.database.faults import is_locked
from service.store.database.repository import PATIENCE_S, Database
from service.store.database.tables import deployment

MIGRATIONS = Path(__file__).parent.parent / "migrations"

COMPATIBLE_FROM = "0009"
"""The oldest schema whose programs work on the newest one: raise it in a migration that does more than add."""

NOTE = "compatible_from"
"""Name in `deployment` of a database's COMPATIBLE_FROM."""

_MIGRATION_LOCK = 7142000
"""Advisory lock under which one host migrates while the others wait."""


class UnknownSchema(Exception):
    """The database is on a schema that this program does not know and cannot use; the text says what to do."""


def migrate(database: Database, revision: str = "head") -> None:
    """Apply the missing migrations up to `revision`, one process at a time; a newer, compatible schema is left alone.

    Raises: SQLAlchemyError, OSError, UnknownSchema.
    """
    give_up_at = time.monotonic() + PATIENCE_S
    while True:
        try:
            _upgrade(database, revision)
        except OperationalError as error:
            if not is_locked(error) or time.monotonic() > give_up_at:
                raise
        else:
            return


def _upgrade(database: Database, revision: str) -> None:
    from alembic import command  # noqa: PLC0415 (heavy, and only needed here)
    from alembic.config import Config  # noqa: PLC0415

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    with database.turn, database.writing.connect() as connection, connection.begin():
        if database.locks_rows:
            connection.execute(text("SET LOCAL lock_timeout = 0"))
            connection.execute(text("SET LOCAL statement_timeout = 0"))
            connection.execute(text(f"SELECT pg_advisory_xact_lock({_MIGRATION_LOCK})"))
        current = schema_of(connection)
        if current is not None and current not in known():
            _check_newer(connection, current)
            return
        config.attributes["connection"] = connection
        command.upgrade(config, revision)
        if revision == "head":
            note = database.insert(deployment).values(name=NOTE, value=COMPATIBLE_FROM)
            connection.execute(note.on_conflict_do_update(index_elements=["name"], set_={"value": COMPATIBLE_FROM}))


def schema_of(connection: Connection) -> str | None:
    """Return the revision that a database is on, or None before its first migration."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    revision: Any = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
    return None if revision is None else str(revision)


def schema_problem(connection: Connection, newest: str) -> str:
    """Return why a program with this newest schema cannot use the database, and what to do; "" if it can."""
    current = schema_of(connection)
    if current is None or (current != newest and current in known()):
        return "the database is not on the newest schema: run `lead-capture migrate`"
    try:
        if current != newest:
            _check_newer(connection, current)
    except UnknownSchema as error:
        return str(error)
    return ""


@cache
def known() -> frozenset[str]:
    """Return the revisions of this program's migrations."""
    return frozenset(path.name.partition("_")[0] for path in (MIGRATIONS / "versions").glob("[0-9]*.py"))


def head() -> str:
    """Return the newest revision."""
    return max(known())


def _check_newer(connection: Connection, current: str) -> None:
    """Raise UnknownSchema unless the database notes that programs with our schema can use it."""
    newest = head()
    oldest = None
    if inspect(connection).has_table(deployment.name):
        oldest = connection.execute(select(deployment.c.value).where(deployment.c.name == NOTE)).scalar()
    if current < newest or oldest is None or oldest > newest:
        raise UnknownSchema(
            f"the database is on schema {current}, and this version of Lead Capture knows schemas up to {newest}: "
            "install the version that migrated the database, or restore a backup made before that"
        )
