"""`lead-capture backup` and `restore` on SQLite, with real processes where they are the subject."""

import json
import os
import sqlite3
import stat
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from service.forms import Setup
from service.lead import Status
from service.nexudus_accounts import account_contexts
from service.settings import read_settings
from service.simulator.server import Simulator
from service.store import Query, Store
from tests.admin.stored_leads import keep_many
from tests.builders import a_form, a_lead
from tests.cli.conftest import Terminal
from tests.delivery.conftest import Env
from tests.processes import bare_environ

PEOPLE = ("ada@example.com", "grace@example.com", "edith@example.com", "joan@example.com")

LARGE_BYTES = 12_000_000
"""The size of three leads for which a backup needs several steps."""

USE_AND_WAIT = """
import sys
from service.store import Store
store = Store(sys.argv[1])
store.is_ready()
print("open", flush=True)
sys.stdin.readline()
"""

WRITE_ON = """
import sys
from service.store import Store
from tests.admin.stored_leads import keep_many
store = Store(sys.argv[1])
while True:
    keep_many(store, 1)
    print("kept", flush=True)
"""


@contextmanager
def another_process(script: str, path: Path) -> Iterator[subprocess.Popen[str]]:
    """Another process that uses the database, from its first line of output on."""
    command = [sys.executable, "-c", script, f"sqlite:///{path}"]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen(command, env=bare_environ(), text=True, **pipes) as process:  # type: ignore[call-overload]
        assert process.stdout.readline()
        try:
            yield process
        finally:
            process.kill()


def leads_in(path: Path) -> int:
    """How many leads a file holds."""
    with closing(sqlite3.connect(path)) as connection:
        return int(connection.execute("SELECT count(*) FROM leads").fetchone()[0])


def worker_env(path: Path, nexudus: Simulator) -> Env:
    """A worker that starts on the file, wired as in its process."""
    login = {"NEXUDUS_USERNAME": "simulator@leadcapture.example", "NEXUDUS_PASSWORD": "simulator"}
    settings = read_settings({"NEXUDUS_BASE_URL": nexudus.url, "NEXUDUS_LIMITS": "1000/s", **login})
    store = Store(f"sqlite:///{path}")
    contexts = account_contexts(settings, Setup({"contact": a_form()}), store, threading.Event())
    return Env(store, nexudus, contexts["default"])


# -- backup


def test_a_backup_is_one_whole_file_for_its_owner_alone(run: Terminal, sqlite: Store, folder: Path) -> None:
    keep_many(sqlite, 3)

    result = run("backup", "copy.db")

    assert result.code == 0
    assert result.out.startswith("copy.db: 3 leads, ")
    assert leads_in(folder / "copy.db") == 3
    assert stat.S_IMODE((folder / "copy.db").stat().st_mode) == 0o600
    assert [path.name for path in folder.iterdir() if "copy" in path.name] == ["copy.db"]


def test_a_backup_may_have_any_name(run: Terminal, sqlite: Store, folder: Path) -> None:
    keep_many(sqlite, 3)

    assert run("backup", "all leads? 50%.db").code == 0
    assert leads_in(folder / "all leads? 50%.db") == 3


def test_its_figures_can_be_read_by_a_program(run: Terminal, sqlite: Store, folder: Path) -> None:
    keep_many(sqlite, 3)

    shown = json.loads(run("backup", "copy.db", "--json").out)

    assert (shown["leads"], shown["bytes"]) == (3, (folder / "copy.db").stat().st_size)


@pytest.mark.usefixtures("sqlite")
def test_an_existing_file_is_replaced_only_where_that_is_said(run: Terminal, folder: Path) -> None:
    (folder / "copy.db").write_text("last week's")

    refused = run("backup", "copy.db")
    kept = (folder / "copy.db").read_text()
    replaced = run("backup", "copy.db", "--overwrite")

    assert (refused.code, kept) == (1, "last week's")
    assert "copy.db exists: choose another name, or add --overwrite" in refused.err
    assert replaced.code == 0
    assert leads_in(folder / "copy.db") == 0


@pytest.mark.usefixtures("sqlite")
@pytest.mark.parametrize(
    ("target", "problem"),
    [("leads.db", "is the database itself"), (".", "is a folder"), ("none/copy.db", "cannot be written to")],
)
def test_a_backup_goes_to_a_file_of_its_own(run: Terminal, target: str, problem: str) -> None:
    result = run("backup", target, "--overwrite")

    assert result.code == 1
    assert problem in result.err


def test_where_there_is_no_database_none_is_made(run: Terminal, folder: Path) -> None:
    result = run("backup", "copy.db")

    assert result.code == 1
    assert "there is no database" in result.err
    assert list(folder.iterdir()) == []


def test_a_damaged_database_makes_no_backup(run: Terminal, sqlite: Store, folder: Path) -> None:
    keep_many(sqlite, 200)
    sqlite.close()
    with (folder / "leads.db").open("r+b") as file:
        file.seek(40 * 4096)
        file.write(b"\xff" * 3 * 4096)

    result = run("backup", "copy.db")

    assert result.code == 1
    assert "no backup was made: it is damaged" in result.err
    assert not (folder / "copy.db").exists()


def test_a_backup_ends_though_leads_arrive_all_the_time(run: Terminal, sqlite: Store, folder: Path) -> None:
    keep_many(sqlite, 3)
    with sqlite._database.writing.begin() as connection:
        connection.exec_driver_sql("UPDATE leads SET raw = zeroblob(?)", (LARGE_BYTES,))

    with another_process(WRITE_ON, folder / "leads.db") as writer:
        result = run("backup", "copy.db")
        assert writer.stdout is not None
        assert writer.stdout.readline() == "kept\n"

    assert result.code == 0
    assert leads_in(folder / "copy.db") >= 3


# -- restore


def test_what_was_delivered_since_the_backup_is_not_delivered_again(
    run: Terminal, sqlite: Store, folder: Path, nexudus: Simulator
) -> None:
    before = worker_env(folder / "leads.db", nexudus)
    leads = [before.owes(a_lead(email)) for email in PEOPLE]
    run("backup", "copy.db")
    before.deliver_until_quiet()
    before.store.close()
    sqlite.close()

    restored = run("restore", "copy.db")
    after = worker_env(folder / "leads.db", nexudus)
    waiting = after.store.write(lambda tx: tx.queue.backlog())[0]
    after.deliver_until_quiet()

    assert (restored.code, waiting) == (0, len(PEOPLE))
    assert {after.kept(lead).opportunity_id for lead in leads} == {each["Id"] for each in nexudus.opportunities()}
    assert len(nexudus.opportunities()) == len(PEOPLE)
    after.store.close()


def test_with_reconcile_it_is_recorded_before_any_worker_starts(
    run: Terminal, sqlite: Store, folder: Path, nexudus: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NEXUDUS_BASE_URL", nexudus.url)
    monkeypatch.setenv("NEXUDUS_USERNAME", "simulator@leadcapture.example")
    monkeypatch.setenv("NEXUDUS_PASSWORD", "simulator")
    before = worker_env(folder / "leads.db", nexudus)
    lead = before.owes(a_lead())
    run("backup", "copy.db")
    before.deliver_until_quiet()
    before.store.close()
    sqlite.close()

    result = run("restore", "copy.db", "--reconcile")

    assert f"{lead.id}: recorded as delivered" in result.out
    assert result.code == 0
    store = Store(f"sqlite:///{folder / 'leads.db'}")
    with store.read() as tx:
        assert [each.status for each in tx.search.leads(Query(), 10)] == [Status.DELIVERED]
    store.close()


def test_the_former_database_is_kept_beside_it(run: Terminal, sqlite: Store, folder: Path) -> None:
    keep_many(sqlite, 3)
    run("backup", "copy.db")
    keep_many(sqlite, 2)
    sqlite.close()

    result = run("restore", "copy.db")

    [kept] = folder.glob("leads.db.before-restore-*")
    assert f"the former database is kept as {kept}" in result.out
    assert (leads_in(folder / "leads.db"), leads_in(kept)) == (3, 5)


def test_what_was_restored_can_be_read_by_a_program(run: Terminal, sqlite: Store, folder: Path) -> None:
    keep_many(sqlite, 3)
    run("backup", "copy.db")
    sqlite.close()

    shown = json.loads(run("restore", "copy.db", "--json").out)

    [kept] = folder.glob("leads.db.before-restore-*")
    assert (shown["leads"], shown["kept"]) == (3, str(kept))


def test_a_damaged_database_can_be_replaced(run: Terminal, sqlite: Store, folder: Path) -> None:
    keep_many(sqlite, 3)
    run("backup", "copy.db")
    sqlite.close()
    (folder / "leads.db").write_bytes(b"\xff" * 8192)

    assert run("restore", "copy.db").code == 0
    assert leads_in(folder / "leads.db") == 3


def test_what_was_restored_belongs_to_whom_the_database_belonged(run: Terminal, sqlite: Store, folder: Path) -> None:
    run("backup", "copy.db")
    sqlite.close()
    database = folder / "leads.db"
    if os.geteuid() == 0:
        os.chown(database, 12345, 12345)
    before = database.stat()

    assert run("restore", "copy.db").code == 0
    after = database.stat()
    assert (after.st_uid, after.st_gid, stat.S_IMODE(after.st_mode)) == (before.st_uid, before.st_gid, 0o600)


def test_a_database_behind_a_link_is_replaced_where_it_lies(run: Terminal, sqlite: Store, folder: Path) -> None:
    keep_many(sqlite, 3)
    run("backup", "copy.db")
    keep_many(sqlite, 2)
    sqlite.close()
    (folder / "disk").mkdir()
    (folder / "leads.db").rename(folder / "disk" / "leads.db")
    (folder / "leads.db").symlink_to(folder / "disk" / "leads.db")

    assert run("restore", "copy.db").code == 0
    assert (folder / "leads.db").is_symlink()
    assert leads_in(folder / "disk" / "leads.db") == 3


def test_a_lost_database_can_be_replaced(run: Terminal, sqlite: Store, folder: Path) -> None:
    keep_many(sqlite, 3)
    run("backup", "copy.db")
    sqlite.close()
    for rest in folder.glob("leads.db*"):
        rest.unlink()

    assert run("restore", "copy.db").code == 0
    assert leads_in(folder / "leads.db") == 3


def test_while_a_process_uses_the_database_nothing_is_restored(run: Terminal, sqlite: Store, folder: Path) -> None:
    keep_many(sqlite, 3)
    run("backup", "copy.db")
    keep_many(sqlite, 1)
    sqlite.close()

    with another_process(USE_AND_WAIT, folder / "leads.db"):
        result = run("restore", "copy.db")

    assert result.code == 1
    assert "leads.db is in use: stop the web process, the worker and other commands first" in result.err
    assert leads_in(folder / "leads.db") == 4


@pytest.mark.usefixtures("sqlite")
@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (None, "cannot be read"),
        (b"my diary", "is not a backup"),
        (b"SQLite format 3\0 and no more", "cannot be copied"),
        (b"PGDMP and so on", "is a backup of PostgreSQL, and DATABASE_URL names SQLite"),
    ],
    ids=["nothing", "a diary", "a piece", "PostgreSQL's"],
)
def test_what_is_no_backup_is_not_restored(run: Terminal, folder: Path, content: bytes | None, problem: str) -> None:
    if content is not None:
        (folder / "copy.db").write_bytes(content)

    result = run("restore", "copy.db")

    assert result.code == 1
    assert f"nothing was restored: {'' if problem == 'cannot be copied' else 'copy.db '}" in result.err
    assert problem in result.err


def test_another_programs_database_is_not_restored(run: Terminal, folder: Path) -> None:
    with closing(sqlite3.connect(folder / "copy.db")) as connection:
        connection.execute("CREATE TABLE diary (day TEXT)")

    result = run("restore", "copy.db")

    assert "it holds no database of Lead Capture" in result.err
    assert not (folder / "leads.db").exists()


def test_a_backup_of_a_newer_version_is_not_restored(run: Terminal, sqlite: Store, folder: Path) -> None:
    run("backup", "copy.db")
    with closing(sqlite3.connect(folder / "copy.db", isolation_level=None)) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
        connection.execute("DELETE FROM deployment")
    sqlite.close()

    result = run("restore", "copy.db")

    assert result.code == 1
    assert "the database is on schema 9999" in result.err


def test_an_older_backup_is_migrated(run: Terminal, sqlite: Store, folder: Path) -> None:
    from service.store.database.engines import open_database  # noqa: PLC0415
    from service.store.database.schema import migrate  # noqa: PLC0415

    database = open_database(f"sqlite:///{folder / 'copy.db'}")
    migrate(database, "0008")
    database.close()
    sqlite.close()

    assert run("restore", "copy.db").code == 0
    store = Store(f"sqlite:///{folder / 'leads.db'}")
    assert store.is_ready()
    store.close()
