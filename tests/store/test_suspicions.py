"""Quarantined leads in the digest, and submissions known by their keys, on each engine."""

from datetime import datetime, timedelta

import pytest

from service.lead import Reason, Status, Suspicion
from service.store import Arrival, DedupKey, Store
from tests.builders import NOON, a_lead
from tests.store.actions import keep

SOON_AFTER = NOON + timedelta(minutes=5)


def hold(store: Store, problem: str, email: str = "ada@example.com") -> None:
    """A lead that is held for that."""
    keep(store, a_lead(email, status=Status.QUARANTINED, problem=problem))


def suspicions(store: Store) -> dict[str, int]:
    """What was held since noon, by reason."""
    with store.read() as tx:
        return tx.alerts.digest_figures(NOON).suspicions


def test_what_is_held_is_counted_by_its_reason_and_not_by_strangers_words(store: Store) -> None:
    for site in ("https://a.example", "https://b.example"):
        hold(store, str(Suspicion(Reason.FOREIGN_ORIGIN, f"It came from {site}.")))
    hold(store, str(Suspicion(Reason.LINKS, "The message holds 9 links.")))

    assert suspicions(store) == {"foreign_origin": 2, "links": 1}


@pytest.mark.parametrize("reason", Reason)
def test_suspicions_are_counted_by_the_name_of_their_reason(store: Store, reason: Reason) -> None:
    hold(store, str(Suspicion(reason, "Words.")))

    assert suspicions(store) == {reason.value: 1}


@pytest.mark.parametrize("problem", ["", "It came from nowhere.", "Held as spam (tooXfast): of another version"])
def test_what_was_held_before_reasons_had_names_is_counted_as_well(store: Store, problem: str) -> None:
    hold(store, problem)

    assert suspicions(store) == {"": 1}


def test_what_was_released_is_held_no_more(store: Store) -> None:
    lead = a_lead(status=Status.QUARANTINED, problem=str(Suspicion(Reason.LINKS, "Words.")))
    store.keep_and_enqueue([Arrival(lead, [], "ada@example.com")])

    store.write(lambda tx: tx.queue.retry([lead.id], SOON_AFTER))

    assert suspicions(store) == {}


@pytest.mark.parametrize(
    ("kept", "key", "at", "known"),
    [
        (DedupKey("key:contact:1"), "key:contact:1", SOON_AFTER, True),
        (DedupKey("key:contact:1"), "key:contact:2", SOON_AFTER, False),
        (DedupKey("same:contact:1", SOON_AFTER), "same:contact:1", NOON, True),
        (DedupKey("same:contact:1", SOON_AFTER), "same:contact:1", SOON_AFTER, False),
    ],
    ids=["a key", "another key", "the same words", "the same words, too late"],
)
def test_what_came_before_is_known_by_its_keys(
    store: Store, kept: DedupKey, key: str, at: datetime, known: bool
) -> None:
    keep(store, a_lead(), kept)

    with store.read() as tx:
        assert (tx.leads.match(Arrival(a_lead(), [DedupKey("another"), DedupKey(key)]), at) is not None) is known
        assert tx.leads.match(Arrival(a_lead()), at) is None
