"""The calls of /people, as programs see them."""

from typing import Any

import pytest
from werkzeug.test import TestResponse

from service.operations.invitations import link_digest
from service.store import Store
from tests.builders import NOON, two_accounts
from tests.front import TOKEN, Front

ANN = {"email": "Ann@example.com", "name": "Ann Lee", "role": "agent", "accounts": ["harbour"]}


@pytest.fixture
def front(sqlite: Store) -> Front:
    """An application with the accounts default and harbour."""
    return Front(sqlite, two_accounts())


def call(front: Front, path: str, method: str = "GET", json: Any = None, token: str = TOKEN) -> TestResponse:
    """Call the API."""
    return front.client.open(f"/api/v1{path}", method=method, json=json, headers={"Authorization": f"Bearer {token}"})


def key(front: Front, *scopes: str, accounts: object = "all") -> str:
    """The token of a key."""
    wanted = {"name": "a key", "scopes": scopes, "accounts": accounts}
    return str(call(front, "/tokens", "POST", wanted).get_json()["token"])


def test_a_person_is_invited_shown_changed_and_removed(front: Front, sqlite: Store) -> None:
    made = call(front, "/people", "POST", ANN).get_json()
    path = f"/people/{made['id']}"
    address, _, token = made["invitation_url"].rpartition("/")
    with sqlite.read() as tx:
        stored = tx.people.of_link(link_digest(token), NOON)

    shown = call(front, path).get_json()
    changed = call(front, path, "PATCH", {"disabled": True, "role": "viewer", "accounts": "all", "name": "A"})
    removed = call(front, path, "DELETE")

    assert stored
    assert address == "http://localhost:8000/admin/invitation"
    assert {**shown, "created_at": "", "id": ""} == {
        "id": "",
        "email": "ann@example.com",
        "name": "Ann Lee",
        "role": "agent",
        "accounts": ["harbour"],
        "disabled": False,
        "invited": True,
        "created_at": "",
        "signed_in_at": None,
    }
    assert changed.get_json() == {**shown, "disabled": True, "role": "viewer", "accounts": "all", "name": "A"}
    assert removed.status_code == 200
    assert call(front, "/people").get_json() == {"people": []}
    assert call(front, path).status_code == 404


def test_a_new_link_replaces_the_first(front: Front, sqlite: Store) -> None:
    made = call(front, "/people", "POST", ANN).get_json()

    again = call(front, f"/people/{made['id']}/reset", "POST").get_json()

    tokens = [each["invitation_url"].rpartition("/")[2] for each in (made, again)]
    with sqlite.read() as tx:
        assert [bool(tx.people.of_link(link_digest(token), NOON)) for token in tokens] == [False, True]


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"role": "emperor"}, 422),
        ({"email": "ann"}, 422),
        ({"email": "a\u0000@example.com"}, 422),
        ({"name": "x" * 101}, 422),
        ({"accounts": []}, 422),
        ({"accounts": ["nowhere"]}, 404),
        ({"accounts": "everything"}, 422),
        ({"password": "mine"}, 422),
        ({"email": "bob@example.com"}, 409),
    ],
)
def test_what_is_wrong_is_said(front: Front, change: dict[str, Any], status: int) -> None:
    call(front, "/people", "POST", {**ANN, "email": "bob@example.com"})

    response = call(front, "/people", "POST", {**ANN, **change})

    assert (response.status_code, response.mimetype) == (status, "application/problem+json")
    assert response.get_json(force=True)["detail"]


@pytest.mark.parametrize(
    ("method", "path", "json"),
    [
        ("GET", "", None),
        ("POST", "", ANN),
        ("GET", "/ID", None),
        ("PATCH", "/ID", {"role": "viewer"}),
        ("DELETE", "/ID", None),
        ("POST", "/ID/reset", None),
    ],
)
def test_a_key_without_the_scope_and_one_of_another_account(front: Front, method: str, path: str, json: Any) -> None:
    person = call(front, "/people", "POST", ANN).get_json()["id"]
    call(front, "/people", "POST", {**ANN, "email": "bob@example.com", "accounts": "all"})
    path = f"/people{path}".replace("ID", person)
    reader, other = key(front, "read"), key(front, "read", "leads", "setup", "people", accounts=["default"])

    refused, hidden = (call(front, path, method, json, token) for token in (reader, other))

    assert refused.status_code == call(front, "/people/nobody", token=reader).status_code == 403
    assert (hidden.status_code, "ann@" in hidden.text.casefold()) == (
        200 if path == "/people" and method == "GET" else 403 if path == "/people" else 404,
        False,
    )
    assert "bob" not in hidden.text


def test_the_list_takes_an_account(front: Front) -> None:
    for name, accounts in (("all", "all"), ("both", ["default", "harbour"]), ("one", ["default"])):
        call(front, "/people", "POST", {**ANN, "email": f"{name}@example.com", "accounts": accounts})

    def emails(account: str, token: str = TOKEN) -> list[str]:
        people = call(front, f"/people?account={account}", token=token).get_json()["people"]
        return [each["email"].partition("@")[0] for each in people]

    assert (emails(""), emails("harbour"), emails("nowhere")) == (["all", "both", "one"], ["all", "both"], [])
    assert emails("harbour", key(front, "people", accounts=["default"])) == []


def test_the_last_way_in_is_a_conflict(sqlite: Store) -> None:
    front = Front(sqlite, ADMIN_PASSWORD="")
    person = call(front, "/people", "POST", {**ANN, "role": "owner", "accounts": "all"}).get_json()["id"]
    sqlite.write(lambda tx: tx.people.set_password(person, "hash"))

    response = call(front, f"/people/{person}", "PATCH", {"role": "viewer"})

    assert response.status_code == 409
    assert "the last owner" in response.get_json(force=True)["detail"]


@pytest.mark.parametrize("person_id", ["\u00e9", "a%00b", "-", "0" * 32])
def test_what_is_no_id_is_not_there(front: Front, person_id: str) -> None:
    assert call(front, f"/people/{person_id}").status_code == 404
