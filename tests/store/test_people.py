"""People in the store, on every engine: an address once, a link once, however many processes try."""

import dataclasses
from functools import partial

from service.actors import Person, Role
from service.store import Store, Transaction
from tests.builders import NOON
from tests.store.actions import at_once

ANN = Person("1" * 32, "ann@example.com", "Ann Lee", Role.AGENT, frozenset({"harbour", "default"}), NOON)


def test_a_person_comes_back_as_stored_and_as_changed(store: Store) -> None:
    changed = dataclasses.replace(ANN, name="A", role=Role.OWNER, accounts=None, disabled_at=NOON, is_invited=True)
    store.write(lambda tx: tx.people.add(ANN))
    with store.read() as tx:
        stored = tx.people.get(ANN.id)

    store.write(lambda tx: tx.people.change(changed))

    with store.read() as tx:
        assert (stored, tx.people.all()) == (dataclasses.replace(ANN, is_invited=True), [changed])
        assert (tx.people.get("2" * 32), tx.people.credentials("bob@example.com")) == (None, None)


def test_an_address_is_given_once(store: Store) -> None:
    ids = [str(number) * 32 for number in range(4)]

    def add(person_id: str) -> bool:
        return store.write(lambda tx: tx.people.add(dataclasses.replace(ANN, id=person_id)))

    added = at_once(*(partial(add, each) for each in ids))

    assert sorted(added) == [False, False, False, True]


def test_a_link_is_used_once(store: Store) -> None:
    store.write(lambda tx: tx.people.add(ANN))
    store.write(lambda tx: tx.people.set_link(ANN.id, "digest", NOON.replace(year=2099)))

    def use(password_hash: str) -> bool:
        return store.write(lambda tx: tx.people.use_link("digest", password_hash, NOON))

    used = at_once(*(partial(use, each) for each in "abcd"))

    with store.read() as tx:
        credentials = tx.people.credentials_of(ANN.id)
    assert sorted(used) == [False, False, False, True]
    assert credentials
    assert credentials.password_hash == "abcd"[used.index(True)]


def test_sessions_are_listed_and_ended_by_person(store: Store) -> None:
    before = NOON.replace(year=2000)

    def open_and_end(tx: Transaction) -> tuple[int, bool]:
        for digest, person_id in (("a", ANN.id), ("b", ANN.id), ("c", None), ("d", "2" * 32)):
            tx.sessions.open(digest, "mark", NOON, person_id, "Firefox, Linux")
        return tx.sessions.close_all(ANN.id, but="b"), tx.sessions.close("c", ANN.id)

    ended = store.write(open_and_end)

    with store.read() as tx:
        left = {each.digest for whose in (ANN.id, None, "2" * 32) for each in tx.sessions.of(whose, before, before)}
    assert (ended, left) == ((1, False), {"b", "c", "d"})
