"""Leads are indexed for search in the background."""

from datetime import timedelta

from service import clock
from service.maintenance import INDEX_BATCH_SIZE, index_batch
from service.store import Arrival, Store
from tests.builders import a_lead


def keep_some(store: Store, number: int, age_s: float = 60) -> None:
    """Store leads received a minute ago."""
    at = clock.now() - timedelta(seconds=age_s)
    store.keep_and_enqueue([Arrival(a_lead(f"p{n}@x.example", at), person=str(n)) for n in range(number)])


def test_it_indexes_batch_by_batch_until_all_is_indexed(sqlite: Store) -> None:
    keep_some(sqlite, INDEX_BATCH_SIZE + 10)

    assert [index_batch(sqlite, clock.now()) for _ in range(3)] == [0.0, None, None]
    with sqlite.read() as tx:
        assert not tx.search.is_index_behind("g")


def test_the_youngest_leads_wait(sqlite: Store) -> None:
    keep_some(sqlite, 3, age_s=1)

    assert index_batch(sqlite, clock.now()) is None
    with sqlite.read() as tx:
        assert tx.search.is_index_behind("g")
