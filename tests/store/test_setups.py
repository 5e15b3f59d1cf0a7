"""Versions of the set-up in the database: numbered without a gap, by one publisher at a time."""

from functools import partial

from service.store import Store
from tests.builders import NOON
from tests.store.actions import at_once


def publish(store: Store, who: str, over: int) -> int:
    """Publish as this person; the number, 0 where someone was quicker."""
    return store.write(lambda tx: tx.setups.publish(f"# {who}\n", "", who, NOON, over)) or 0


def test_of_two_processes_that_publish_over_one_version_one_does(store: Store, database_url: str) -> None:
    other = Store(database_url)
    for over in range(5):
        numbers = at_once(partial(publish, store, "ann", over), partial(publish, other, "bob", over))

        assert sorted(numbers) == [0, over + 1]
        with store.read() as tx:
            newest = tx.setups.newest()
        assert newest is not None
        assert (newest.version, newest.published_by) == (over + 1, ("ann", "bob")[numbers.index(over + 1)])
    other.close()


def test_nothing_is_published_over_a_version_that_never_was(store: Store) -> None:
    assert [publish(store, "ann", over) for over in (7, -1, 0)] == [0, 0, 1]
