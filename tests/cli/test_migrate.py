"""`lead-capture migrate`."""

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import psycopg
import pytest

from service.store import SCHEMA, Store
from tests.admin.stored_leads import keep_many
from tests.cli.conftest import Terminal


def test_migrating_twice_is_migrating_once(run: Terminal, folder: Path) -> None:
    first, second = run("migrate"), run("migrate")

    assert (first.code, second.code) == (0, 0)
    assert first.out == second.out == f"the database is on schema {SCHEMA}\n"
    assert (folder / "leads.db").exists()


def test_leads_stay_where_they_are(run: Terminal, sqlite: Store) -> None:
    keep_many(sqlite, 3)

    run("migrate")

    with sqlite.read() as tx:
        assert sum(tx.statistics.leads_by_status().values()) == 3


def test_after_it_leads_can_be_kept(run: Terminal, folder: Path) -> None:
    run("migrate")

    store = Store(f"sqlite:///{folder / 'leads.db'}")
    assert store.is_ready()
    store.close()


def test_a_file_that_is_no_database_is_left_alone(run: Terminal, folder: Path) -> None:
    (folder / "leads.db").write_bytes(b"my diary\n" * 1000)

    result = run("migrate")

    assert result.code == 1
    assert "the file is not a database: correct DATABASE_URL" in result.err
    assert (folder / "leads.db").read_bytes() == b"my diary\n" * 1000


def set_schema_9999(folder: Path, compatible_from: str) -> None:
    """Play a newer program that has migrated the database."""
    with closing(sqlite3.connect(folder / "leads.db", isolation_level=None)) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
        connection.execute("REPLACE INTO deployment (name, value) VALUES ('compatible_from', ?)", [compatible_from])


@pytest.mark.usefixtures("sqlite")
def test_a_newer_schema_that_will_do_is_left_alone(run: Terminal, folder: Path) -> None:
    set_schema_9999(folder, compatible_from=SCHEMA)

    result = run("migrate")

    newer = f"newer than this version's {SCHEMA}, which can use it"
    assert (result.code, result.out) == (0, f"the database is on schema 9999, {newer}\n")
    assert run("leads").code == 0


@pytest.mark.usefixtures("sqlite")
@pytest.mark.parametrize("command", ["migrate", "worker", "leads", "doctor"])
def test_another_newer_schema_is_refused_in_a_sentence(run: Terminal, folder: Path, command: str) -> None:
    set_schema_9999(folder, compatible_from="9999")

    result = run(command)

    assert result.code == 1
    assert f"is on schema 9999, and this version of Lead Capture knows schemas up to {SCHEMA}: install the version" in (
        result.out + result.err
    )


@pytest.mark.parametrize("name", ["sub/folder/leads.db"])
def test_a_folder_that_is_missing_is_made(
    run: Terminal, folder: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setenv("DATABASE_URL", f"sqlite:///{folder / name}")

    assert run("migrate").code == 0
    assert (folder / name).exists()


# -- PostgreSQL: rights, and a server that is not up yet


@pytest.fixture
def role(database_url: str, postgresql: str) -> Iterator[str]:
    """The URL of the same database for a role that may only connect."""
    with psycopg.connect(postgresql, autocommit=True) as admin:
        admin.execute("CREATE ROLE \"le'ads\" LOGIN PASSWORD 'p'")
    yield database_url.replace("postgres:@", "le%27ads:p@")
    with psycopg.connect(database_url, autocommit=True) as admin:
        admin.execute('DROP OWNED BY "le\'ads"')
        admin.execute('DROP ROLE "le\'ads"')


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_a_role_that_may_not_create_tables_learns_the_grant(
    run: Terminal, role: str, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with psycopg.connect(database_url, autocommit=True) as admin:
        admin.execute("DROP SCHEMA public CASCADE; CREATE SCHEMA public")
    monkeypatch.setenv("DATABASE_URL", role)

    result = run("migrate", "--wait", "5m")  # no right comes by itself

    (line,) = result.err.splitlines()
    assert result.code == 1
    assert line.startswith("lead-capture: the database user may not create tables: as the owner of the database, run ")
    assert line.endswith('GRANT CREATE, USAGE ON SCHEMA public TO "le\'ads";')


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_a_worker_that_may_only_read_says_what_to_grant(
    run: Terminal, role: str, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with psycopg.connect(database_url, autocommit=True) as admin:
        admin.execute('GRANT SELECT ON ALL TABLES IN SCHEMA public TO "le\'ads"')
    monkeypatch.setenv("DATABASE_URL", role)

    result = run("worker")

    (line,) = result.err.splitlines()
    assert result.code == 1
    assert line.startswith(
        "lead-capture: the database user may not change the tables: as their owner, run GRANT SELECT,"
    )
    assert 'IN SCHEMA public TO "le\'ads"' in line


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_a_database_that_comes_up_later_is_waited_for(
    run: Terminal, database_url: str, postgresql: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = database_url.partition("?")[0].rpartition("/")[2]
    monkeypatch.setenv("DATABASE_URL", database_url)
    with psycopg.connect(postgresql, autocommit=True) as admin:
        admin.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS false".encode())

    def come_up() -> None:
        with psycopg.connect(postgresql, autocommit=True) as admin:
            admin.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS true".encode())

    later = threading.Timer(1.0, come_up)
    later.start()
    result = run("migrate", "--wait", "30s")
    later.join()

    assert (result.code, result.out) == (0, f"the database is on schema {SCHEMA}\n")
    assert result.err.startswith("lead-capture: waiting, as the database does not answer (")
    assert len(result.err.splitlines()) == 1


def test_a_database_that_does_not_come_up_is_given_up(run: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://leads:geheim@127.0.0.1:1/leads")

    result = run("migrate", "--wait", "1s")

    assert result.code == 1
    assert [line.partition("the database")[0] for line in result.err.splitlines()] == [
        "lead-capture: waiting, as ",
        "lead-capture: ",
    ]
    assert "geheim" not in result.err


def test_a_wait_without_a_unit_is_wrong_usage(run: Terminal) -> None:
    assert run("migrate", "--wait", "300").code == 2
