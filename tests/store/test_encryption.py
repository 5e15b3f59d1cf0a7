"""Tokens are encrypted in the database, under keys that can be changed while every process works."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from service.operations.key_rotation import KeyRotation, encrypt_plain_tokens, rotate_keys
from service.store import ConnectionKey, Store, Transaction, UnreadableSecret
from service.store.database.tables import accounts, connections
from tests.builders import NOON, SOMEONE
from tests.store.actions import at_once

OLD, NEW = "the-old-key-of-this-deployment-00", "the-new-key-of-this-deployment-11"
LINKEDIN = ConnectionKey("tour", "linkedin")
NEXUDUS_TOKENS = {"access_token": "nexudus-access", "refresh_token": "nexudus-refresh", "refused": ""}
LINKEDIN_TOKENS = {
    "of": "digest",
    "access_token": "linkedin-access",
    "refresh_token": "linkedin-refresh",
    "ends_at": None,
}


@contextmanager
def opened(url: str, *keys: str) -> Iterator[Store]:
    """The database as a process with these keys sees it."""
    store = Store(url, keys)
    yield store
    store.close()


@pytest.fixture
def url(store: Store, database_url: str) -> str:
    """A migrated database without tokens."""
    return database_url


def save_tokens(store: Store) -> None:
    store.write(lambda tx: tx.accounts.save_tokens("default", NEXUDUS_TOKENS))
    store.write(lambda tx: tx.platforms.save_tokens(LINKEDIN, LINKEDIN_TOKENS))


def leave_plain_tokens(store: Store) -> None:
    """Save tokens as earlier versions did."""
    with store._database.writing.begin() as connection:
        connection.execute(accounts.insert().values(name="default", tokens=NEXUDUS_TOKENS))
        row = {"form": LINKEDIN.form, "sender": LINKEDIN.sender, "place": "", "tokens": LINKEDIN_TOKENS}
        connection.execute(connections.insert().values(row))


def tokens_in(store: Store) -> tuple[Any, Any]:
    with store.read() as tx:
        return tx.accounts.tokens("default"), tx.platforms.tokens(LINKEDIN)


def stored_in(store: Store) -> str:
    """All tokens as they stand in the tables."""
    with store._database.reading.connect() as connection:
        rows = [*connection.exec_driver_sql("SELECT tokens FROM accounts")]
        return str([*rows, *connection.exec_driver_sql("SELECT tokens FROM connections")])


def holds_secrets(stored: str) -> bool:
    return any(secret in stored for secret in ("nexudus-", "linkedin-", "digest"))


@pytest.mark.parametrize("keys", [(), (NEW,)], ids=["key in the database", "own key"])
def test_a_copy_of_the_tables_of_tokens_shows_none(url: str, keys: tuple[str, ...]) -> None:
    with opened(url, *keys) as store:
        save_tokens(store)

        assert not holds_secrets(stored_in(store))
        assert tokens_in(store) == (NEXUDUS_TOKENS, LINKEDIN_TOKENS)


def test_every_process_with_the_key_reads_them(url: str) -> None:
    with opened(url, NEW) as first, opened(url, "another-key-that-is-newer-still-22", NEW) as second:
        save_tokens(first)

        assert tokens_in(second) == (NEXUDUS_TOKENS, LINKEDIN_TOKENS)


def test_tokens_of_an_earlier_version_are_read_and_then_encrypted(url: str) -> None:
    with opened(url, NEW) as store:
        leave_plain_tokens(store)
        assert tokens_in(store) == (NEXUDUS_TOKENS, LINKEDIN_TOKENS)

        assert encrypt_plain_tokens(store) == 2

        assert not holds_secrets(stored_in(store))
        assert tokens_in(store) == (NEXUDUS_TOKENS, LINKEDIN_TOKENS)
        assert encrypt_plain_tokens(store) == 0


def test_without_its_key_a_token_is_no_token_and_the_sentence_says_what_to_do(url: str) -> None:
    with opened(url, OLD) as store:
        save_tokens(store)

    with opened(url, NEW) as store, pytest.raises(UnreadableSecret, match="ENCRYPTION_KEY"):
        tokens_in(store)


def test_a_refused_login_is_known_without_the_key(url: str) -> None:
    with opened(url, OLD) as store:
        store.write(lambda tx: tx.accounts.save_tokens("default", {**NEXUDUS_TOKENS, "refused": "login: no"}))

    with opened(url, NEW) as store, store.read() as tx:
        assert tx.accounts.is_login_refused("default")


def test_a_changed_text_is_noticed(url: str) -> None:
    with opened(url, OLD) as store:
        save_tokens(store)
        forged = stored_in(store).count("enc:v1:")
        with store._database.writing.begin() as connection:
            connection.exec_driver_sql("UPDATE accounts SET tokens = REPLACE(tokens, 'enc:v1:gA', 'enc:v1:gB')")

        assert forged > 0
        with pytest.raises(UnreadableSecret), store.read() as tx:
            tx.accounts.tokens("default")


def test_rotation_needs_the_old_key_once_and_then_no_more(url: str) -> None:
    with opened(url, OLD) as store:
        save_tokens(store)
    with opened(url, NEW, OLD) as store:
        assert rotate_keys(store, SOMEONE, NOON) == KeyRotation(rotated=2)
        assert rotate_keys(store, SOMEONE, NOON) == KeyRotation(current=2)

    with opened(url, NEW) as store:
        assert tokens_in(store) == (NEXUDUS_TOKENS, LINKEDIN_TOKENS)
    with opened(url, OLD) as store, pytest.raises(UnreadableSecret):
        tokens_in(store)


def test_the_first_own_key_replaces_that_of_the_database(url: str) -> None:
    with opened(url) as store:
        save_tokens(store)

    with opened(url, NEW) as store:
        assert tokens_in(store) == (NEXUDUS_TOKENS, LINKEDIN_TOKENS)
        assert rotate_keys(store, SOMEONE, NOON).rotated == 2

    with opened(url) as store, pytest.raises(UnreadableSecret):
        tokens_in(store)


def test_tokens_whose_key_is_lost_are_named_and_only_forgotten_on_demand(url: str) -> None:
    with opened(url, OLD) as store:
        save_tokens(store)
    owners = ["Nexudus account default", "linkedin of the form tour"]
    with opened(url, NEW) as store:
        assert rotate_keys(store, SOMEONE, NOON) == KeyRotation(unreadable=owners)
        assert stored_in(store).count("enc:v1:") == 5

        assert rotate_keys(store, SOMEONE, NOON, forget_unreadable=True) == KeyRotation(unreadable=owners)

        assert tokens_in(store) == (None, None)


def test_no_rotation_loses_the_newest_token(url: str) -> None:
    with opened(url, OLD) as store:
        save_tokens(store)
    done = threading.Event()

    with opened(url, OLD) as worker, opened(url, NEW, OLD) as first, opened(url, NEW, OLD) as second:

        def renew() -> int:
            """A worker that still has only the old key gets a token, and another."""
            for number in range(60):
                tokens = {"access_token": f"token {number}"}
                worker.write(lambda tx, tokens=tokens: tx.accounts.save_tokens("default", tokens))  # type: ignore[misc]
            done.set()
            return 0

        def rotate(store: Store) -> int:
            number = 0
            while not done.is_set():
                number += rotate_keys(store, SOMEONE, NOON).rotated
            return number + rotate_keys(store, SOMEONE, NOON).rotated

        results = at_once(renew, lambda: rotate(first), lambda: rotate(second))

        assert sum(results) > 1
        with opened(url, NEW) as last, last.read() as tx:
            assert tx.accounts.tokens("default") == {"access_token": "token 59"}


def test_tokens_that_are_being_rotated_cannot_be_renewed_until_they_are(url: str) -> None:
    with opened(url, OLD) as worker, opened(url, NEW, OLD) as store:
        save_tokens(worker)
        renewing = threading.Thread(
            target=lambda: worker.write(lambda tx: tx.accounts.save_tokens("default", {"access_token": "newest"}))
        )

        def rotate(tx: Transaction) -> bool:
            tx.encryption._lock_tokens("default")
            renewing.start()
            renewing.join(0.3)
            tx.encryption.rotate("default")
            return renewing.is_alive()

        assert store.write(rotate)
        renewing.join()
        assert tokens_in(store)[0] == {"access_token": "newest"}
