"""What all processes agree on about one Nexudus account."""

from datetime import datetime, timedelta

from service.store import Pause, Store
from tests.builders import NOON
from tests.store.actions import at_once

SOON_AFTER = NOON + timedelta(minutes=1)
LATER = NOON + timedelta(minutes=5)


def lock(store: Store, holder: str, now: datetime = NOON) -> bool:
    """Try to take the right to sign in, for a minute."""
    return store.write(lambda tx: tx.accounts.try_lock("default", holder, now, 60, lambda _: False))


def pauses(store: Store, now: datetime = NOON) -> list[Pause]:
    """The pauses that hold."""
    with store.read() as tx:
        return tx.accounts.pauses(now)


def test_tokens_are_kept_for_all(store: Store, database_url: str) -> None:
    store.write(lambda tx: tx.accounts.save_tokens("default", {"access_token": "a"}))
    store.write(lambda tx: tx.accounts.save_tokens("default", {"access_token": "b"}))

    other = Store(database_url)
    with other.read() as tx:
        assert tx.accounts.tokens("default") == {"access_token": "b"}
        assert tx.accounts.tokens("harbour") is None
    other.close()


def test_one_of_many_gets_the_lock(store: Store) -> None:
    got = at_once(*[lambda n=n: lock(store, f"worker {n}") for n in range(4)])

    assert sorted(got) == [False, False, False, True]


def test_a_lock_that_is_given_back_is_free_at_once(store: Store) -> None:
    lock(store, "one")

    store.write(lambda tx: tx.accounts.unlock("default", "one"))

    assert lock(store, "two")


def test_a_process_cannot_release_the_lock_of_another(store: Store) -> None:
    lock(store, "one")

    store.write(lambda tx: tx.accounts.unlock("default", "two"))

    assert not lock(store, "three")


def test_the_lock_of_a_killed_process_runs_out(store: Store) -> None:
    lock(store, "one")

    assert not lock(store, "two", SOON_AFTER)
    assert lock(store, "two", SOON_AFTER + timedelta(microseconds=1))


def test_a_refused_login_is_known_until_its_tokens_are_forgotten(store: Store) -> None:
    store.write(lambda tx: tx.accounts.save_tokens("default", {"refused": "login: wrong password"}))
    assert store.write(lambda tx: tx.accounts.is_login_refused("default"))

    store.write(lambda tx: tx.accounts.forget_tokens("default"))

    assert not store.write(lambda tx: tx.accounts.is_login_refused("default"))


def test_a_pause_holds_until_its_end(store: Store) -> None:
    store.write(lambda tx: tx.accounts.pause("default", SOON_AFTER, "throttled"))

    assert pauses(store) == [Pause("default", SOON_AFTER, "throttled", 1)]
    assert pauses(store, SOON_AFTER) == []


def test_a_shorter_pause_does_not_end_a_longer_one(store: Store) -> None:
    store.write(lambda tx: tx.accounts.pause("default", LATER, "refused"))
    store.write(lambda tx: tx.accounts.pause("default", SOON_AFTER, "throttled"))

    assert pauses(store) == [Pause("default", LATER, "refused", 1)]


def test_pauses_in_a_row_are_counted(store: Store) -> None:
    store.write(lambda tx: tx.accounts.pause("default", SOON_AFTER, "throttled"))
    store.write(lambda tx: tx.accounts.pause("default", LATER, "throttled"))

    assert store.write(lambda tx: tx.accounts.pause_streak("default")) == 2


def test_a_pause_for_our_own_pace_is_no_fault(store: Store) -> None:
    store.write(lambda tx: tx.accounts.pause("default", SOON_AFTER, "pace", is_fault=False))

    assert store.write(lambda tx: tx.accounts.pause_streak("default")) == 0
    assert store.write(lambda tx: tx.accounts.on_trial(SOON_AFTER)) == []


def test_an_account_is_on_trial_from_the_end_of_its_pause_until_it_worked(store: Store) -> None:
    store.write(lambda tx: tx.accounts.pause("default", SOON_AFTER, "throttled"))
    assert store.write(lambda tx: tx.accounts.on_trial(NOON)) == []
    assert [pause.account for pause in store.write(lambda tx: tx.accounts.on_trial(SOON_AFTER))] == ["default"]

    store.write(lambda tx: tx.accounts.record_success("default", SOON_AFTER))

    assert store.write(lambda tx: tx.accounts.on_trial(LATER)) == []
    assert store.write(lambda tx: tx.accounts.pause_streak("default")) == 0


def test_a_call_that_began_before_the_pause_does_not_end_it(store: Store) -> None:
    store.write(lambda tx: tx.accounts.pause("default", SOON_AFTER, "throttled"))

    store.write(lambda tx: tx.accounts.record_success("default", NOON))

    assert len(pauses(store)) == 1


def test_an_operator_ends_a_pause_at_once(store: Store) -> None:
    store.write(lambda tx: tx.accounts.pause("default", LATER, "refused"))

    store.write(lambda tx: tx.accounts.resume("default"))

    assert pauses(store) == []
    assert store.write(lambda tx: tx.accounts.on_trial(LATER)) == []


def test_an_operator_ends_a_pause_of_our_own_pace_too(store: Store) -> None:
    store.write(lambda tx: tx.accounts.pause("default", LATER, "pace", is_fault=False))

    store.write(lambda tx: tx.accounts.resume("default"))

    assert pauses(store) == []
