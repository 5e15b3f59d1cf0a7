"""The page Keys: a key is made, shown once, and revoked; nobody is offered what they cannot give."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
import time_machine
from werkzeug.test import TestResponse

from service.actors import Role, Scope
from service.store import ApiKey, Store
from tests.admin.colleagues import colleague
from tests.admin.dashboard import Operator, words
from tests.builders import NOON, two_accounts
from tests.front import sqlite_store


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """One store for all of these tests."""
    with sqlite_store(tmp_path_factory.mktemp("keys")) as opened:
        yield opened


@pytest.fixture(scope="module")
def administrator(store: Store) -> Operator:
    """The administrator of an installation with the accounts default and harbour."""
    return Operator(store, two_accounts(), TIME_ZONE="Europe/Madrid")


@pytest.fixture
def operator(store: Store, administrator: Operator) -> Operator:
    """The same, before there is any key."""
    store.write(lambda tx: [tx.keys.remove(key.id) for key in tx.keys.all()])
    return administrator


def make(operator: Operator, **fields: Any) -> TestResponse:
    """Send the form of the page."""
    return operator.send("/admin/keys", **{"name": "Zapier", "scope": ["read"], "reach": "all", **fields})


def keys(store: Store) -> list[ApiKey]:
    """Every key."""
    with store.read() as tx:
        return tx.keys.all()


def test_a_key_is_made_and_its_token_is_shown_once(operator: Operator, store: Store) -> None:
    made = make(operator, scope=["read", "leads"])
    (token,) = set(re.findall(r"lck_[\w-]+", made.text))

    page = operator.see("/admin/keys")
    answer = operator.client.get("/api/v1/leads", headers={"Authorization": f"Bearer {token}"})

    assert made.headers["Cache-Control"] == "no-store"
    assert answer.status_code == 200
    assert "Zapier Never used" in words(made.text)
    assert "Zapier Last used" in operator.see("/admin/keys")
    assert token not in page
    (key,) = keys(store)
    assert (sorted(key.scopes), key.made_by) == ([Scope.LEADS, Scope.READ], "admin")


def test_a_key_reaches_the_accounts_that_are_chosen_until_the_end_of_a_day(operator: Operator, store: Store) -> None:
    with time_machine.travel(NOON, tick=False):
        make(operator, reach="some", account=["harbour"], last_day="2026-11-24")

    (key,) = keys(store)
    assert (key.accounts, key.expires_at) == (frozenset({"harbour"}), datetime(2026, 11, 24, 23, tzinfo=UTC))


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"name": ""}, "Enter a name of at most"),
        ({"scope": []}, "Choose at least one permission."),
        ({"reach": "some"}, "Choose at least one account."),
        ({"last_day": "2020-01-01"}, "The last day is in the past"),
        ({"last_day": "9999-12-31"}, "The last day is in the past or not a date."),
        ({"last_day": "soon"}, "or not a date."),
    ],
)
def test_a_mistake_is_shown_and_what_was_chosen_stays(
    operator: Operator, store: Store, fields: dict[str, Any], sentence: str
) -> None:
    response = make(operator, **{"name": "The name", "scope": ["setup"], **fields})

    assert response.status_code == 422
    assert sentence in words(response.text)
    assert ('value="The name"' in response.text) == ("name" not in fields)
    assert ('value="setup" checked' in response.text) == ("scope" not in fields)
    assert keys(store) == []


def test_a_name_is_taken_once(operator: Operator, store: Store) -> None:
    make(operator)

    assert make(operator).status_code == 409
    assert len(keys(store)) == 1


def test_a_key_is_revoked(operator: Operator, store: Store) -> None:
    make(operator)
    address = f"/admin/keys/{keys(store)[0].id}/revoke"

    revoked = operator.send(address)

    assert "The key Zapier is revoked. Keys" in operator.arrive(revoked)
    assert keys(store) == []
    assert operator.send(address).status_code == 404


def test_an_installation_with_one_account_is_not_asked_which(sqlite: Store) -> None:
    operator = Operator(sqlite)

    assert "Accounts" not in operator.see("/admin/keys")
    operator.send("/admin/keys", name="n8n", scope=["read"])
    assert [key.accounts for key in keys(sqlite)] == [None]


def test_an_owner_of_one_account_sees_and_gives_nothing_of_another(operator: Operator, store: Store) -> None:
    make(operator, name="everything")
    make(operator, name="theirs", reach="some", account=["default"])
    owner = colleague(store, Role.OWNER, ["harbour"], two_accounts())

    refused = [make(owner, reach="all"), make(owner, reach="some", account=["default"])]
    made = make(owner, reach="some", account=["harbour"])

    assert [response.status_code for response in (*refused, made)] == [403, 403, 200]
    page = owner.see("/admin/keys")
    assert "Zapier" in page
    assert not any(word in page for word in ("everything", "theirs", "default", "also later ones"))
    others = [key.id for key in keys(store) if key.name != "Zapier"]
    assert {owner.send(f"/admin/keys/{key_id}/revoke").status_code for key_id in others} == {404}


def test_keys_are_for_owners(sqlite: Store) -> None:
    person = colleague(sqlite, Role.EDITOR)

    assert person.client.get("/admin/keys").status_code == 403
    assert make(person).status_code == 403
    assert "/admin/keys" not in person.client.get("/admin/leads").text
