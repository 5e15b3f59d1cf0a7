"""Leads are filed under their words behind everything else."""

import threading
from datetime import timedelta

from service import clock
from service.maintenance.indexing import BATCH, Indexer
from service.store import Arrival, Store
from tests.builders import a_lead


def keep_some(store: Store, number: int, age_s: float = 60) -> None:
    """Leads of a minute ago."""
    at = clock.now() - timedelta(seconds=age_s)
    store.keep_all([Arrival(a_lead(f"p{n}@x.example", at), person=str(n)) for n in range(number)])


def test_it_files_batch_by_batch_until_all_is_filed(kept: Store) -> None:
    keep_some(kept, BATCH + 10)
    indexer = Indexer(kept, threading.Event())

    assert [indexer.step() for _ in range(3)] == [True, False, False]
    with kept.read() as tx:
        assert not tx.search.is_index_behind("g")


def test_the_youngest_wait(kept: Store) -> None:
    keep_some(kept, 3, age_s=1)

    assert not Indexer(kept, threading.Event()).step()
    with kept.read() as tx:
        assert tx.search.is_index_behind("g")


def test_it_stops_when_the_worker_does(kept: Store) -> None:
    stop = threading.Event()
    running = threading.Thread(target=Indexer(kept, stop).run)
    running.start()

    stop.set()
    running.join(5)

    assert not running.is_alive()
