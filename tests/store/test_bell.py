"""The bell that wakes a worker when something falls due."""

import os
import threading
import time
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path

import pytest

from service.lead import Status
from service.store import Arrival, QueuedDelivery, Store, Transaction
from service.store.database.bell import Bell, PipeBell, pipe_of, ring
from tests.builders import NOON, a_lead
from tests.store.actions import enqueue, keep

LONG_S = 10.0


@pytest.fixture
def quiet() -> Iterator[int]:
    """A readable file that has nothing to say."""
    read_end, write_end = os.pipe()
    yield read_end
    os.close(read_end)
    os.close(write_end)


@pytest.fixture
def bell(store: Store, quiet: int) -> Iterator[Bell]:
    """An ear that listens already."""
    with closing(store.bell()) as ear:
        ear.wait(0, quiet)
        yield ear


def waited_s(bell: Bell, also: int, at_most_s: float) -> float:
    """How long the bell was waited for."""
    began = time.monotonic()
    bell.wait(at_most_s, also)
    return time.monotonic() - began


def test_an_enqueued_delivery_rings_for_a_waiting_worker(store: Store, bell: Bell, quiet: int) -> None:
    rung_at: list[float] = []

    def listen() -> None:
        bell.wait(LONG_S, quiet)
        rung_at.append(time.monotonic())

    ear = threading.Thread(target=listen)
    ear.start()

    enqueue(store)
    committed_at = time.monotonic()
    ear.join()

    assert rung_at[0] - committed_at < 0.1


def test_a_ring_before_the_wait_is_not_lost(store: Store, bell: Bell, quiet: int) -> None:
    store.keep_and_enqueue([Arrival(a_lead(), [], "ada@example.com")])

    assert waited_s(bell, quiet, LONG_S) < 0.1


def test_a_ring_before_the_very_first_wait_is_not_lost(store: Store, quiet: int) -> None:
    with closing(store.bell()) as ear:
        enqueue(store)

        assert waited_s(ear, quiet, LONG_S) < 0.5  # PostgreSQL connects first


def test_a_ring_from_another_process_is_heard(bell: Bell, database_url: str, quiet: int) -> None:
    with closing(Store(database_url)) as other:
        enqueue(other)

    assert waited_s(bell, quiet, LONG_S) < 0.1


def test_a_retry_rings_too(store: Store, bell: Bell, quiet: int) -> None:
    lead = a_lead(status=Status.PARKED)
    store.keep_and_enqueue([Arrival(lead, [], "ada@example.com")])

    store.write(lambda tx: tx.queue.retry([lead.id], NOON))

    assert waited_s(bell, quiet, LONG_S) < 0.1


def test_nothing_rings_when_nothing_is_enqueued(store: Store, bell: Bell, quiet: int) -> None:
    keep(store, a_lead())
    store.keep_and_enqueue([Arrival(a_lead(status=Status.QUARANTINED), [], "ada@example.com")])

    assert waited_s(bell, quiet, 0.15) >= 0.15


def test_a_delivery_that_was_not_committed_does_not_ring(store: Store, bell: Bell, quiet: int) -> None:
    lead = a_lead()

    def enqueue_and_fail(tx: Transaction) -> float:
        tx.queue.enqueue([QueuedDelivery(lead.id, lead.account, "ada", NOON)])
        return 1 / 0

    with pytest.raises(ZeroDivisionError):
        store.write(enqueue_and_fail)

    assert waited_s(bell, quiet, 0.15) >= 0.15


def test_one_ring_ends_one_wait(store: Store, bell: Bell, quiet: int) -> None:
    enqueue(store)
    bell.wait(LONG_S, quiet)

    assert waited_s(bell, quiet, 0.15) >= 0.15


def test_a_wait_can_be_ended_by_another_file(bell: Bell) -> None:
    read_end, write_end = os.pipe()
    os.write(write_end, b"!")

    assert waited_s(bell, read_end, LONG_S) < 0.1

    os.close(read_end)
    os.close(write_end)


def test_a_pipe_full_of_unheard_rings_blocks_no_writer(tmp_path: Path) -> None:
    path = pipe_of(tmp_path / "leads.db")
    with closing(PipeBell(path)):
        pipe = os.open(path, os.O_WRONLY | os.O_NONBLOCK)
        with suppress(BlockingIOError):
            while os.write(pipe, b"!" * 4096):
                continue
        os.close(pipe)

        ring(str(path))


def test_who_copies_the_files_of_a_database_does_not_wait_at_the_pipe(tmp_path: Path) -> None:
    store = Store(f"sqlite:///{tmp_path / 'leads.db'}")
    store.migrate()

    with closing(store.bell()):
        assert all(file.is_file() for file in tmp_path.glob("leads.db*"))
    store.close()


def test_an_unheard_ring_is_no_error(tmp_path: Path) -> None:
    path = pipe_of(tmp_path / "leads.db")
    ring(str(path))
    path.mkdir()

    ring(str(path))


def test_a_file_in_the_way_of_the_pipe_is_reported_when_a_worker_starts(tmp_path: Path) -> None:
    pipe_of(tmp_path / "leads.db").write_text("mine")

    with pytest.raises(OSError, match="in the way"):
        PipeBell(pipe_of(tmp_path / "leads.db"))


def test_an_ear_outlives_a_database_that_is_away(store: Store, quiet: int, postgresql: str) -> None:
    with closing(Store("postgresql://nobody@127.0.0.1:1/none").bell()) as ear:
        assert waited_s(ear, quiet, 0.05) >= 0.05
