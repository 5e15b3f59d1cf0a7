"""`lead-capture migrate`."""

import sqlite3
from pathlib import Path

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
        assert sum(tx.leads.count_by_status().values()) == 3


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


def test_a_newer_schema_is_left_alone(run: Terminal, sqlite: Store, folder: Path) -> None:
    connection = sqlite3.connect(folder / "leads.db")
    connection.execute("UPDATE alembic_version SET version_num = '9999'")
    connection.commit()
    connection.close()

    assert run("migrate").code == 0
    assert run("leads").code == 0


@pytest.mark.parametrize("name", ["sub/folder/leads.db"])
def test_a_folder_that_is_missing_is_made(
    run: Terminal, folder: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setenv("DATABASE_URL", f"sqlite:///{folder / name}")

    assert run("migrate").code == 0
    assert (folder / name).exists()
