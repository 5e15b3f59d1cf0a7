"""Bringing the database to the newest schema, one process at a time."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, inspect, text

from service.store.database.engines import Database

SCRIPTS = Path(__file__).parent.parent / "migrations"
_GUARD = 7142000
"""The advisory lock under which one host migrates and the others wait."""


def migrate(database: Database) -> None:
    """Apply what is missing; does nothing on a database that is up to date."""
    with database.turn(), database.writing.connect() as connection, _alone(connection):
        upgrade(connection, "head")


def upgrade(connection: Connection, revision: str) -> None:
    """Apply migrations up to `revision` within the connection's transaction."""
    from alembic import command  # noqa: PLC0415 (heavy, and only needed here)
    from alembic.config import Config  # noqa: PLC0415

    config = Config()
    config.set_main_option("script_location", str(SCRIPTS))
    config.attributes["connection"] = connection
    command.upgrade(config, revision)


@contextmanager
def _alone(connection: Connection) -> Iterator[None]:
    with connection.begin():
        if connection.dialect.name == "postgresql":
            connection.execute(text(f"SELECT pg_advisory_xact_lock({_GUARD})"))
        yield


def schema_of(connection: Connection) -> str | None:
    """The revision that a database is on, or None before its first migration."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    found: Any = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
    return None if found is None else str(found)
