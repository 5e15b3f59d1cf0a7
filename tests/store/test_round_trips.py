"""Taking leads on PostgreSQL: what is sent together, so that a form post waits three times for the server."""

import re
import tempfile
import time
from collections.abc import Callable, Iterator
from itertools import pairwise
from typing import Any

import pytest
from sqlalchemy import Connection

from service.lead import Lead
from service.store import Arrival, DedupKey, Store, StoreUnavailable
from service.store.database.columns import run_in_driver, sent_together
from service.store.database.engines import MAX_UNCHECKED_S
from tests.builders import a_lead
from tests.store.actions import claim, count, enqueue, stored_lead


@pytest.fixture
def postgresql_store(bare_postgresql: str) -> Iterator[Store]:
    """A migrated store on PostgreSQL."""
    store = Store(bare_postgresql)
    store.migrate()
    yield store
    store.close()


def arrival(lead: Lead, key: str) -> Arrival:
    """A lead with one key, as a form post brings it."""
    return Arrival(lead, (DedupKey(key),), person=lead.id)


def round_trips(store: Store, job: Callable[[], object]) -> int:
    """How many times the connection that writes waits for the server while the job runs."""
    driver: Any = store._writer.write(lambda connection: connection.connection.dbapi_connection)
    with tempfile.TemporaryFile("w+") as log:
        driver.pgconn.trace(log.fileno())
        try:
            job()
        finally:
            driver.pgconn.untrace()
        log.seek(0)
        senders = re.findall(r"^[^\t\n]+\t([FB])\t", log.read(), re.MULTILINE)
    return sum((earlier, later) == ("F", "B") for earlier, later in pairwise(senders))


def test_a_new_lead_waits_three_times_for_the_server(postgresql_store: Store) -> None:
    """For the beginning of the transaction, for everything that is written, and for the commit."""
    store = postgresql_store

    def job() -> None:
        assert not store.keep_and_enqueue([arrival(a_lead(), "new")])[0].repeat

    assert round_trips(store, job) == 3
    assert len(claim(store)) == 1


def test_of_leads_kept_at_once_only_the_repeat_is_one(store: Store) -> None:
    first, second, third = a_lead(), a_lead(), a_lead()
    store.keep_and_enqueue([arrival(first, "known")])
    receipts = store.keep_and_enqueue([arrival(second, "a"), arrival(a_lead(), "known"), arrival(third, "b")])
    assert [receipt.lead_id for receipt in receipts] == [second.id, first.id, third.id]
    assert [receipt.repeat for receipt in receipts] == [False, True, False]
    assert stored_lead(store, first).repeats == 1
    assert count(store) == len(claim(store)) == 3


def test_an_error_among_what_is_sent_together_keeps_nothing(store: Store) -> None:
    lead = enqueue(store)
    with pytest.raises(StoreUnavailable):
        store.keep_and_enqueue([arrival(lead, "same number")])
    assert not store.keep_and_enqueue([arrival(a_lead(), "same number")])[0].repeat, "its key was not taken"
    assert count(store) == 2


def test_an_error_among_what_is_sent_together_is_raised_as_any_other(store: Store) -> None:
    def job(connection: Connection) -> None:
        with sent_together(connection):
            run_in_driver(connection, "SELECT 1")
            run_in_driver(connection, "SELECT no_such_column")

    with pytest.raises(StoreUnavailable, match=r"ProgrammingError|OperationalError"):
        store._writer.write(job)


def test_a_connection_that_was_cut_while_it_rested_is_replaced(postgresql_store: Store) -> None:
    store = postgresql_store
    connection = store._database.writing.connect()
    own = run_in_driver(connection, "SELECT pg_backend_pid()").fetchone()[0]
    enqueue(store)  # over a second connection, which rests from now on
    others = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> %s"
    run_in_driver(connection, others, [own])
    time.sleep(MAX_UNCHECKED_S)
    store.keep_and_enqueue([arrival(a_lead(), "after the cut")])
    connection.close()
    assert count(store) == 2
