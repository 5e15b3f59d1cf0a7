"""What the store says while no lead can be kept, that it never keeps one where nobody finds it, and how it returns."""

import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from functools import partial
from pathlib import Path

import psycopg
import pytest

from service.store import Store, StoreUnavailable
from service.store.database.faults import LOCKED_INTERVAL_S, PROBE_INTERVAL_S
from tests.builders import a_lead
from tests.processes import SLOWEST_MACHINE
from tests.store.actions import at_once, count, keep
from tests.store.test_writer import fill

WORKER = """
import sys
from service.store import Store
store = Store(sys.argv[1])
print("waits", flush=True)
store.write(lambda tx: tx.flags.set("done", "yes"))
print("done", flush=True)
"""

PATIENCE_S = 0.6
TRIES_S = 1.0 * SLOWEST_MACHINE
"""What the last try of a waiting job may take beyond its patience."""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """The SQLite file of `waiting`."""
    return tmp_path / "leads.db"


@pytest.fixture
def waiting(file: Path) -> Iterator[Store]:
    """A store that waits for the locks of others for a moment only, as web processes do."""
    store = Store(f"sqlite:///{file}", patience_s=PATIENCE_S)
    store.migrate()
    yield store
    store.close()


def refuses(store: Store) -> str:
    """Why a lead is not kept."""
    with pytest.raises(StoreUnavailable) as raised:
        keep(store, a_lead())
    return str(raised.value.fault)


def expire(store: Store) -> None:
    """Let the last outcome be older than it may be."""
    store._readiness._known_at -= max(PROBE_INTERVAL_S, LOCKED_INTERVAL_S)


# -- the file is moved


def test_a_lead_never_goes_into_a_file_that_was_moved(waiting: Store, file: Path) -> None:
    keep(waiting, a_lead())
    moved = file.rename(file.with_name("moved.db"))

    problem = refuses(waiting)

    assert problem.startswith("the database file cannot be opened: ")
    assert not file.exists()  # an empty one would look like a new installation
    with closing(sqlite3.connect(moved)) as connection:
        assert connection.execute("SELECT count(*) FROM leads").fetchone() == (1,)


def test_readers_do_not_show_what_lies_in_a_file_that_was_moved(waiting: Store, file: Path) -> None:
    assert count(waiting) == 0
    file.rename(file.with_name("moved.db"))

    with pytest.raises(StoreUnavailable):
        count(waiting)


def test_a_file_that_is_back_is_used_again(waiting: Store, file: Path) -> None:
    moved = file.rename(file.with_name("moved.db"))
    refuses(waiting)
    expire(waiting)
    assert "if it was moved, put it back" in waiting.find_fault()

    moved.rename(file)

    keep(waiting, a_lead())
    assert (waiting.find_fault(), count(waiting)) == ("", 1)


def put_another_in_its_place(file: Path) -> Path:
    """Restore a backup as one should not: while the service runs. Returns where the old file is now."""
    other = Store(f"sqlite:///{file.with_name('other.db')}")
    other.migrate()
    other.close()
    old = file.rename(file.with_name("old.db"))
    file.with_name("other.db").rename(file)
    return old


def leads_in(file: Path) -> int:
    with closing(sqlite3.connect(file)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        return int(connection.execute("SELECT count(*) FROM leads").fetchone()[0])


def test_another_file_in_its_place_is_used_and_the_old_one_is_left_whole(waiting: Store, file: Path) -> None:
    second = Store(f"sqlite:///{file}")  # another process, as it were
    for store in (waiting, second, waiting):
        keep(store, a_lead())
    old = put_another_in_its_place(file)

    with pytest.raises(StoreUnavailable):
        count(second)  # nobody has put the log of the old file away yet
    for store in (waiting, second):
        keep(store, a_lead())

    assert (count(waiting), count(second)) == (2, 2)
    second.close()
    assert (leads_in(old), leads_in(file)) == (3, 2)


def test_another_file_is_not_used_while_the_log_of_the_old_one_cannot_be_put_away(waiting: Store, file: Path) -> None:
    keep(waiting, a_lead())
    with closing(sqlite3.connect(file, isolation_level=None)) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM leads").fetchone()
        keep(waiting, a_lead())
        put_another_in_its_place(file)

        assert "was replaced while the service runs: stop web and worker, remove" in refuses(waiting)


# -- another program holds the lock


def test_a_lock_of_another_program_is_an_outage_after_the_patience_of_one_try(waiting: Store, file: Path) -> None:
    with closing(sqlite3.connect(file, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")

        began = time.monotonic()
        problem = refuses(waiting)
        took_s = time.monotonic() - began

        assert problem.startswith("another program holds a lock on the database: ")
        assert PATIENCE_S <= took_s < PATIENCE_S + TRIES_S
        assert count(waiting) == 0  # readers go on


def test_a_lock_that_ends_in_time_costs_no_lead(waiting: Store, file: Path) -> None:
    other = sqlite3.connect(file, isolation_level=None, check_same_thread=False)
    other.execute("BEGIN IMMEDIATE")
    end = threading.Timer(PATIENCE_S / 2, other.close)
    end.start()

    keep(waiting, a_lead())

    end.join()
    assert count(waiting) == 1


def test_many_that_wait_for_a_lock_have_each_the_same_patience(waiting: Store, file: Path) -> None:
    took_s: list[float] = []

    def post(after_s: float) -> None:
        time.sleep(after_s)
        began = time.monotonic()
        refuses(waiting)
        took_s.append(time.monotonic() - began)

    with closing(sqlite3.connect(file, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        at_once(*(partial(post, number / 10) for number in range(6)))

    assert len(took_s) == 6
    assert all(PATIENCE_S <= each < PATIENCE_S + TRIES_S for each in took_s)
    keep(waiting, a_lead())


def test_a_worker_that_waits_longer_does_not_keep_visitors_waiting(waiting: Store, file: Path) -> None:
    with closing(sqlite3.connect(file, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        workers = [
            subprocess.Popen([sys.executable, "-c", WORKER, f"sqlite:///{file}"], stdout=subprocess.PIPE, text=True)
            for _ in range(2)
        ]
        for worker in workers:
            assert worker.stdout is not None
            assert worker.stdout.readline() == "waits\n"
        took_s: list[float] = []

        for _ in range(3):
            began = time.monotonic()
            refuses(waiting)
            took_s.append(time.monotonic() - began)

    assert [worker.communicate(timeout=20)[0] for worker in workers] == ["done\n"] * 2
    assert max(took_s) < PATIENCE_S + TRIES_S


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_a_row_that_another_client_has_locked_is_an_outage_after_the_patience(store: Store, database_url: str) -> None:
    lead = a_lead()
    keep(store, lead)
    impatient = Store(database_url, patience_s=PATIENCE_S)
    with psycopg.connect(database_url) as other:
        other.execute("SELECT id FROM leads FOR UPDATE")

        began = time.monotonic()
        with pytest.raises(StoreUnavailable) as raised:
            impatient.write(lambda tx: tx.leads.erase([lead.id], lead.received_at, []))
        took_s = time.monotonic() - began

    impatient.close()
    assert str(raised.value.fault).startswith("another program holds a lock")
    assert took_s < 2 * PATIENCE_S + TRIES_S


# -- what readiness remembers


def test_a_write_that_failed_makes_the_process_not_ready_at_once(waiting: Store, file: Path) -> None:
    assert waiting.find_fault() == ""
    with closing(sqlite3.connect(file, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        refuses(waiting)

        began = time.monotonic()
        problem = waiting.find_fault()

        assert "another program holds a lock" in problem
        assert time.monotonic() - began < PATIENCE_S  # known: not tried once more

    assert "another program holds a lock" in waiting.find_fault()
    expire(waiting)
    assert waiting.find_fault() == ""


def test_a_process_that_wrote_nothing_finds_it_by_itself(waiting: Store, file: Path) -> None:
    assert waiting.find_fault() == ""
    file.rename(file.with_name("moved.db"))
    assert waiting.find_fault() == ""  # known for a few seconds

    expire(waiting)

    assert "cannot be opened" in waiting.find_fault()


def test_a_small_write_that_fits_does_not_make_a_full_disk_ready(waiting: Store) -> None:
    with waiting._database.writing.connect() as connection:
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
        connection.exec_driver_sql(f"PRAGMA max_page_count = {pages + 4}")
    with pytest.raises(StoreUnavailable):
        fill(waiting)

    assert waiting.find_fault() == "the disk with the leads is full: free some space; leads are then accepted again"
    waiting.write(lambda tx: tx.flags.set("small", "x"))
    assert "the disk with the leads is full" in waiting.find_fault()

    with waiting._database.writing.connect() as connection:
        connection.exec_driver_sql("PRAGMA max_page_count = 100000")
    assert waiting.find_fault() == ""


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_a_server_that_takes_no_writes_is_not_ready(store: Store) -> None:
    assert store.find_fault() == ""
    with store._database.writing.connect() as connection:
        connection.exec_driver_sql("SELECT pg_catalog.set_config('default_transaction_read_only', 'on', false)")
        connection.commit()
    expire(store)

    assert store.find_fault().startswith("the database server accepts no writes: ")


def test_what_is_wrong_is_said_without_paths_and_names(waiting: Store, file: Path) -> None:
    file.rename(file.with_name("moved.db"))

    assert str(file.parent) not in refuses(waiting) + waiting.find_fault()
