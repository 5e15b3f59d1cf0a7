"""Group commit: waiting jobs are committed together, and each caller learns the result of its own."""

import multiprocessing
import shutil
import sqlite3
import threading
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import Connection

from service.lead import Lead
from service.store import Arrival, Store, StoreUnavailable, Transaction
from tests.builders import a_lead
from tests.store.actions import at_once, count, enqueue, keep


class Mistake(Exception):
    """An error of a job."""


def stumble(_: Transaction) -> Lead:
    """A job that fails."""
    raise Mistake


def fill(store: Store) -> None:
    """Keep leads until the disk is full."""
    for _ in range(1000):
        keep(store, a_lead())


def used_connection(store: Store) -> Connection:
    """Write nothing; returns the connection that it would have been written with."""
    return store._writer.write(lambda connection: connection)


def in_one_batch(store: Store, *jobs: Callable[[Transaction], object]) -> list[object]:
    """Run jobs that all wait while another one is being written; a value or an error of each."""
    began, go_on = threading.Event(), threading.Event()

    def hold_the_turn(_: Transaction) -> None:
        began.set()
        assert go_on.wait(10)

    def run(number: int, job: Callable[[Transaction], object]) -> None:
        try:
            outcomes[number] = store.write(job)
        except (Mistake, StoreUnavailable) as error:
            outcomes[number] = error

    outcomes: list[object] = [None] * len(jobs)
    first = threading.Thread(target=store.write, args=(hold_the_turn,))
    first.start()
    assert began.wait(10)
    waiting = [threading.Thread(target=run, args=(number, job)) for number, job in enumerate(jobs)]
    for thread in waiting:
        thread.start()
    while len(store._writer._queue) < len(jobs):
        threading.Event().wait(0.001)
    go_on.set()
    for thread in [first, *waiting]:
        thread.join()
    return outcomes


def test_a_job_that_fails_does_not_spoil_the_others_of_its_batch(store: Store) -> None:
    leads = [a_lead(), a_lead()]

    outcomes = in_one_batch(
        store,
        lambda tx: tx.leads.keep([Arrival(leads[0])])[0],
        stumble,
        lambda tx: tx.leads.keep([Arrival(leads[1])])[0],
    )

    assert isinstance(outcomes[1], Mistake)
    assert count(store) == 2


def test_jobs_that_wait_are_committed_together(store: Store) -> None:
    connections: list[int] = []

    def note(tx: Transaction) -> None:
        connections.append(id(tx.leads._connection))

    in_one_batch(store, note, note, note)

    assert len(connections) == 3
    assert len(set(connections)) == 1


def test_what_a_job_raises_reaches_its_caller(store: Store) -> None:
    with pytest.raises(Mistake):
        store.write(stumble)


def test_a_job_that_fails_leaves_nothing_behind(store: Store) -> None:
    def keep_and_stumble(tx: Transaction) -> None:
        tx.leads.keep([Arrival(a_lead())])
        raise Mistake

    with pytest.raises(Mistake):
        store.write(keep_and_stumble)

    assert count(store) == 0


def test_many_threads_write_and_every_lead_is_there(store: Store) -> None:
    at_once(*[lambda: [keep(store, a_lead()) for _ in range(5)]] * 8)

    assert count(store) == 40


def test_a_store_works_on_after_a_failure(store: Store) -> None:
    with pytest.raises(Mistake):
        store.write(stumble)

    assert not keep(store, a_lead()).repeat


def test_a_full_disk_is_an_outage_and_keeps_nothing(tmp_path: Path) -> None:
    store = Store(f"sqlite:///{tmp_path / 'leads.db'}")
    store.migrate()
    with store._database.writing.connect() as connection:
        connection.exec_driver_sql("PRAGMA max_page_count = 1")

    with pytest.raises(StoreUnavailable):
        fill(store)

    kept = count(store)
    with pytest.raises(StoreUnavailable):
        keep(store, a_lead())
    assert count(store) == kept
    store.close()


def test_a_file_that_is_no_database_is_an_outage(tmp_path: Path) -> None:
    (tmp_path / "leads.db").write_bytes(b"not a database at all" * 100)
    store = Store(f"sqlite:///{tmp_path / 'leads.db'}")

    with pytest.raises(StoreUnavailable):
        keep(store, a_lead())
    with pytest.raises(StoreUnavailable), store.read() as tx:
        tx.statistics.leads_by_status()
    store.close()


def test_a_directory_that_is_gone_is_an_outage(tmp_path: Path) -> None:
    store = Store(f"sqlite:///{tmp_path / 'there' / 'leads.db'}")
    shutil.rmtree(tmp_path / "there")

    with pytest.raises(StoreUnavailable):
        keep(store, a_lead())

    assert not store._writer._queue
    store.close()


def test_a_database_that_was_not_migrated_is_an_outage(tmp_path: Path) -> None:
    store = Store(f"sqlite:///{tmp_path / 'leads.db'}")

    with pytest.raises(StoreUnavailable):
        keep(store, a_lead())
    assert not store.is_ready()
    store.close()


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_a_database_that_was_closed_is_an_outage_and_comes_back(
    store: Store, database_url: str, postgresql: str
) -> None:
    name = database_url.partition("?")[0].rpartition("/")[2]
    keep(store, a_lead())

    with psycopg.connect(postgresql, autocommit=True) as admin:
        admin.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS false")
        admin.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [name])
        with pytest.raises(StoreUnavailable):
            keep(store, a_lead())
        admin.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS true")

    keep(store, a_lead())
    assert count(store) == 2


def test_an_outage_is_reported_to_all_that_wait_without_each_trying(tmp_path: Path) -> None:
    store = Store(f"sqlite:///{tmp_path / 'leads.db'}")
    tried: list[int] = []

    def fail(tx: Transaction) -> None:
        tried.append(1)
        tx.statistics.leads_by_status()  # not migrated: there is no such table

    outcomes = in_one_batch(store, fail, fail, fail)

    assert [type(outcome) for outcome in outcomes] == [StoreUnavailable] * 3
    assert len(tried) == 2  # the first of the batch, and once alone
    store.close()


def test_a_bell_that_cannot_be_rung_undoes_nothing(tmp_path: Path) -> None:
    path = tmp_path / "leads.db"
    store = Store(f"sqlite:///{path}")
    store.migrate()
    path.with_name(".leads.db-bell").mkdir()

    enqueue(store)

    assert count(store) == 1
    store.close()


def test_every_commit_is_flushed_to_the_disk(tmp_path: Path) -> None:
    store = Store(f"sqlite:///{tmp_path / 'leads.db'}")

    with store._database.writing.connect() as connection:
        settings = [connection.exec_driver_sql(f"PRAGMA {name}").scalar() for name in ("synchronous", "journal_mode")]

    assert settings == [2, "wal"]
    store.close()


def test_one_connection_serves_all_commits_until_one_fails(tmp_path: Path) -> None:
    store = Store(f"sqlite:///{tmp_path / 'leads.db'}")
    store.migrate()

    first, second = used_connection(store), used_connection(store)
    with pytest.raises(Mistake):
        store.write(stumble)
    third = used_connection(store)

    assert first is second
    assert third is not first
    store.close()


def test_a_forked_child_opens_its_own_connection(tmp_path: Path) -> None:
    store = Store(f"sqlite:///{tmp_path / 'leads.db'}")
    store.migrate()
    parents = used_connection(store).connection.dbapi_connection

    def keep_in_child() -> None:
        keep(store, a_lead())
        assert used_connection(store).connection.dbapi_connection is not parents

    child = multiprocessing.get_context("fork").Process(target=keep_in_child)
    child.start()
    child.join(20)
    keep(store, a_lead())

    assert child.exitcode == 0
    assert count(store) == 2
    store.close()


def test_readers_see_what_is_committed_during_a_write(tmp_path: Path) -> None:
    store = Store(f"sqlite:///{tmp_path / 'leads.db'}")
    store.migrate()
    keep(store, a_lead())
    writer = sqlite3.connect(tmp_path / "leads.db", isolation_level=None)
    writer.execute("BEGIN IMMEDIATE")

    assert count(store) == 1

    writer.close()
    store.close()
