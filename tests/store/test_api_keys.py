"""Keys, second steps and passkeys on both engines: names and codes are taken once, also by two processes at a time."""

from dataclasses import replace
from datetime import timedelta
from functools import partial

from service.actors import Scope
from service.store import ApiKey, Passkey, Store
from tests.builders import NOON
from tests.store.actions import at_once

KEY = ApiKey("1f", "Zapier", frozenset({Scope.READ, Scope.LEADS}), frozenset({"harbour", "default"}), NOON, "admin")


def test_a_key_is_what_it_was_and_its_name_is_taken_once_for_its_accounts(store: Store) -> None:
    others = [replace(KEY, id="2f"), replace(KEY, id="3f", accounts=None), replace(KEY, id="4f", name="Make")]

    first = store.write(lambda tx: tx.keys.add(KEY, "one"))
    added = [store.write(lambda tx, key=key: tx.keys.add(key, key.id)) for key in others]  # type: ignore[misc]

    assert (first, added) == (True, [False, True, True])
    with store.read() as tx:
        assert tx.keys.of_token("one") == KEY
        assert tx.keys.of_token("two") is None
        assert {key.id for key in tx.keys.all()} == {"1f", "3f", "4f"}


def test_of_several_makers_at_once_one_gets_the_name(store: Store) -> None:
    def make(number: int) -> bool:
        return store.write(lambda tx: tx.keys.add(replace(KEY, id=f"{number}f"), str(number)))

    made = at_once(*[partial(make, number) for number in range(6)])

    assert sorted(made) == [False] * 5 + [True]


def test_of_several_requests_with_one_code_one_gets_in(store: Store) -> None:
    def use_step(step: int) -> bool:
        return store.write(lambda tx: tx.second_steps.use_step("ann", step, NOON))

    store.write(lambda tx: tx.second_steps.begin("ann", "A" * 32, NOON))
    assert use_step(100)
    store.write(lambda tx: tx.second_steps.set_recovery_codes("ann", ["a", "b"]))

    of_app = at_once(*[partial(use_step, 101) for _ in range(4)])
    of_paper = at_once(*[partial(store.write, lambda tx: tx.second_steps.use_recovery_code("ann", "a"))] * 4)

    assert (sorted(of_app), sorted(of_paper)) == ([False] * 3 + [True], [False] * 3 + [True])
    assert not use_step(101)
    with store.read() as tx:
        step = tx.second_steps.get("ann")
        assert step is not None
        assert (step.seed, step.used_step, step.confirmed_at) == ("A" * 32, 101, NOON)
        assert tx.second_steps.people() == {"ann"}
        assert tx.second_steps.count_recovery_codes("ann") == 1


def test_a_passkey_is_found_counted_and_gone_with_its_person(store: Store) -> None:
    passkey = Passkey("id", "ann", "key", 4, "The laptop", NOON)
    later = NOON + timedelta(hours=1)

    assert store.write(lambda tx: tx.passkeys.add(passkey))
    assert not store.write(lambda tx: tx.passkeys.add(replace(passkey, person_id="bob")))
    assert store.write(lambda tx: tx.passkeys.use("id", 4, 5, later))
    assert not store.write(lambda tx: tx.passkeys.use("id", 4, 6, later))
    store.write(lambda tx: tx.passkeys.link("https://login.example.com", "7", "ann", NOON))

    with store.read() as tx:
        assert tx.passkeys.of("ann") == [replace(passkey, sign_count=5, used_at=later)]
        assert tx.passkeys.person_of("https://login.example.com", "7") == "ann"
        assert tx.passkeys.is_linked("https://login.example.com", "ann")
    store.write(lambda tx: tx.people.remove("ann"))
    with store.read() as tx:
        assert (tx.passkeys.get("id"), tx.passkeys.person_of("https://login.example.com", "7")) == (None, None)
