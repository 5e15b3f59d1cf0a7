"""Keys of the API: what each opens, what a maker can give, and when a key ends."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine
from werkzeug.test import TestResponse

from service.operations.keys import TOKEN_PREFIX
from service.store import KEY_USE_INTERVAL, Store
from tests.admin.stored_leads import keep_many
from tests.builders import NOON, a_form, in_force
from tests.front import TOKEN, Front, sqlite_store

EVERYTHING = ["read", "leads", "setup", "people"]


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """One store for all of these tests."""
    with sqlite_store(tmp_path_factory.mktemp("keys")) as opened:
        yield opened


@pytest.fixture(scope="module")
def front(store: Store) -> Front:
    """An application with the accounts default and harbour."""
    return Front(store, in_force(a_form(), a_form("berth", account="harbour"), accounts=["harbour"]))


@pytest.fixture(autouse=True)
def empty(store: Store) -> None:
    """No key of another test."""
    store.write(lambda tx: [tx.keys.remove(key.id) for key in tx.keys.all()])


def call(front: Front, path: str, token: str = TOKEN, method: str = "GET", json: Any = None) -> TestResponse:
    """Call the API with a token."""
    headers = {"Authorization": f"Bearer {token}"}
    return front.client.open(f"/api/v1{path}", method=method, headers=headers, json=json)


def make(front: Front, token: str = TOKEN, **members: Any) -> TestResponse:
    """Ask for a key."""
    wanted = {"name": "Zapier", "scopes": ["read"], "accounts": "all", **members}
    return call(front, "/tokens", token, "POST", wanted)


def made(front: Front, token: str = TOKEN, **members: Any) -> str:
    """The token of a new key."""
    response = make(front, token, **members)
    assert response.status_code == 200, response.text
    return str(response.get_json()["token"])


def keys(front: Front, query: str = "", token: str = TOKEN) -> list[dict[str, Any]]:
    """The keys that are listed."""
    listed: list[dict[str, Any]] = call(front, f"/tokens{query}", token).get_json()["tokens"]
    return listed


# -- what it opens


def test_a_key_opens_the_calls_of_its_scopes(front: Front) -> None:
    token = made(front, scopes=["read"])

    refused = call(front, f"/leads/{'0' * 32}/discard", token, "POST")

    assert call(front, "/leads", token).status_code == 200
    assert (refused.status_code, refused.get_json(force=True)["detail"]) == (403, "this needs the scope leads")


@pytest.mark.parametrize(
    ("scope", "method", "path", "statuses"),
    [
        ("read", "GET", "/reports/outcomes", {200}),
        ("read", "POST", f"/leads/{'0' * 32}/retry", {403}),
        ("read", "POST", f"/leads/{'0' * 32}/correct", {403}),
        ("read", "POST", "/forget", {403}),
        ("read", "GET", "/tokens", {403}),
        ("leads", "POST", f"/leads/{'0' * 32}/retry", {404}),
        ("leads", "GET", "/leads", {403}),
        ("leads", "POST", "/tokens", {403}),
        ("people", "GET", "/tokens", {200}),
        ("people", "DELETE", "/tokens/0000", {404}),
        ("people", "GET", f"/leads/{'0' * 32}", {403}),
    ],
)
def test_a_scope_includes_nothing_of_another(
    front: Front, scope: str, method: str, path: str, statuses: set[int]
) -> None:
    token = made(front, scopes=[scope])

    assert call(front, path, token, method).status_code in statuses


def test_the_scope_is_judged_before_the_thing(front: Front) -> None:
    reading = made(front, scopes=["read"])
    key_id = keys(front)[0]["id"]

    there, nowhere = (call(front, f"/tokens/{each}", reading, "DELETE") for each in (key_id, "0000"))

    assert (there.status_code, nowhere.status_code) == (403, 403)


def test_a_key_works_where_no_admin_token_is_set(store: Store, front: Front) -> None:
    token = made(front)

    without = Front(store, ADMIN_TOKEN="")

    assert call(without, "/leads", token).status_code == 200
    assert call(without, "/leads", "").status_code == 401


# -- what its maker can give


@pytest.mark.parametrize(
    ("maker", "wanted"),
    [
        ({"scopes": ["people"]}, {"scopes": ["people", "read"]}),
        ({"scopes": EVERYTHING, "accounts": ["default"]}, {"accounts": "all"}),
        ({"scopes": EVERYTHING, "accounts": ["default"]}, {"accounts": ["harbour"]}),
        ({"scopes": EVERYTHING, "accounts": ["default"]}, {"accounts": ["default", "harbour"]}),
        ({"scopes": EVERYTHING, "accounts": ["default"]}, {"accounts": ["default", "nowhere"]}),
    ],
    ids=["a scope", "all accounts", "another account", "one account more", "an account that does not exist"],
)
def test_a_key_gives_nothing_that_its_maker_lacks(front: Front, maker: dict[str, Any], wanted: dict[str, Any]) -> None:
    token = made(front, name="the maker's", **maker)

    assert make(front, token, **wanted).status_code == 403


def test_a_key_gets_the_accounts_of_its_maker_if_it_names_none(front: Front) -> None:
    maker = made(front, name="the maker's", scopes=EVERYTHING, accounts=["harbour"])

    response = call(front, "/tokens", maker, "POST", {"name": "Make", "scopes": ["read"]})

    (newest, *_) = [each for each in keys(front) if each["name"] == "Make"]
    assert response.status_code == 200
    assert (newest["accounts"], newest["made_by"]) == (["harbour"], "key the maker's")


@pytest.mark.parametrize(
    ("members", "status", "problem"),
    [
        ({"name": " "}, 422, "name"),
        ({"name": "x" * 101}, 422, "name"),
        ({"name": "two\nlines"}, 422, "name"),
        ({"scopes": []}, 422, "scopes"),
        ({"scopes": ["reading"]}, 422, "scopes"),
        ({"accounts": []}, 422, "accounts"),
        ({"accounts": ["nowhere"]}, 404, "accounts"),
        ({"accounts": "default"}, 422, "accounts"),
        ({"expires_at": "2020-01-01"}, 409, "expires_at"),
        ({"expires_at": "soon"}, 422, "expires_at"),
        ({"role": "owner"}, 422, "role"),
    ],
)
def test_a_key_that_cannot_be_is_refused_with_the_member_that_is_wrong(
    front: Front, members: dict[str, Any], status: int, problem: str
) -> None:
    response = make(front, **members)

    assert response.status_code == status
    assert [*response.get_json(force=True)["errors"]["json"]] == [problem]


def test_two_keys_of_the_same_accounts_have_two_names(front: Front) -> None:
    made(front, accounts=["harbour"])
    owner = made(front, name="owner", scopes=EVERYTHING, accounts=["default"])

    assert make(front, accounts=["harbour"]).status_code == 409
    assert make(front, owner, accounts=["default"]).status_code == 200  # the other one is not seen from there


# -- what is shown


def test_a_key_is_listed_without_its_token(front: Front) -> None:
    with time_machine.travel(NOON, tick=False):
        token = made(front, scopes=["leads", "read"], accounts=["harbour"], expires_at="2026-12-01T09:00:00+01:00")
        call(front, "/leads", token)

        response = call(front, "/tokens")

    (key,) = response.get_json()["tokens"]
    assert key.pop("id")
    assert key == {
        "name": "Zapier",
        "scopes": ["read", "leads"],
        "accounts": ["harbour"],
        "made_at": "2026-11-24T12:00:00Z",
        "made_by": "admin",
        "expires_at": "2026-12-01T08:00:00Z",
        "used_at": "2026-11-24T12:00:00Z",
    }
    assert token not in response.text


def test_a_use_is_recorded_at_most_once_a_minute(front: Front) -> None:
    with time_machine.travel(NOON, tick=False):
        token = made(front)
        call(front, "/leads", token)
    with time_machine.travel(NOON + KEY_USE_INTERVAL - timedelta(seconds=1), tick=False):
        call(front, "/leads", token)
        within = keys(front)[0]["used_at"]
    with time_machine.travel(NOON + KEY_USE_INTERVAL, tick=False):
        call(front, "/leads", token)
        later = keys(front)[0]["used_at"]

    assert (within, later) == ("2026-11-24T12:00:00Z", "2026-11-24T12:01:00Z")


def test_a_key_of_other_accounts_does_not_exist_for_an_owner_of_one(front: Front) -> None:
    owner = made(front, name="owner", scopes=EVERYTHING, accounts=["default"])
    for name, accounts in (("all", "all"), ("both", ["default", "harbour"]), ("theirs", ["harbour"])):
        made(front, name=name, accounts=accounts)
    ids = {each["name"]: each["id"] for each in keys(front)}

    listed = {each["name"] for each in keys(front, "", owner)}
    revoked = {name: call(front, f"/tokens/{ids[name]}", owner, "DELETE").status_code for name in ids}

    assert listed == {"owner"}
    assert revoked == {"owner": 200, "all": 404, "both": 404, "theirs": 404}


def test_keys_are_listed_by_the_account_that_they_reach(front: Front) -> None:
    for name, accounts in (("all", "all"), ("ours", ["default"]), ("theirs", ["harbour"])):
        made(front, name=name, accounts=accounts)
    owner = made(front, name="owner", scopes=EVERYTHING, accounts=["default"])

    def names(query: str, token: str = TOKEN) -> set[str]:
        return {each["name"] for each in keys(front, query, token)}

    assert names("?account=harbour") == {"all", "theirs"}
    assert names("?account=harbour", owner) == names("?account=nowhere") == set()
    assert names("?account=", owner) == {"owner", "ours"}


# -- its end


def test_a_revoked_key_opens_nothing(front: Front) -> None:
    response = make(front)
    key_id, token = response.get_json()["id"], response.get_json()["token"]
    assert call(front, "/leads", token).status_code == 200

    revoked = call(front, f"/tokens/{key_id}", method="DELETE")

    assert (revoked.status_code, revoked.get_json()["name"]) == (200, "Zapier")
    assert call(front, "/leads", token).status_code == 401
    assert call(front, f"/tokens/{key_id}", method="DELETE").status_code == 404


def test_an_expired_key_says_so_and_counts_as_no_guess(front: Front) -> None:
    with time_machine.travel(NOON, tick=False):
        token = made(front, expires_at="2026-11-24T12:00:05Z")
        assert call(front, "/leads", token).status_code == 200
    with time_machine.travel(NOON + timedelta(seconds=5), tick=False):
        responses = [call(front, "/leads", token) for _ in range(25)]

    assert {(each.status_code, each.get_json(force=True)["detail"]) for each in responses} == {
        (401, "this key has expired")
    }


def test_an_unknown_token_that_looks_like_a_key_counts_as_a_guess(store: Store) -> None:
    front = Front(store)  # with counters of its own

    statuses = [call(front, "/leads", f"{TOKEN_PREFIX}{number}").status_code for number in range(21)]

    assert statuses == [401] * 20 + [429]


def test_the_database_holds_nothing_that_opens_the_api(store: Store, front: Front, tmp_path: Path) -> None:
    keep_many(store, 1)
    token = made(front)
    copy = tmp_path / "copy.db"

    store.clear_log()
    copy.write_bytes(store._database.path.read_bytes())  # type: ignore[union-attr]

    assert b"Zapier" in copy.read_bytes()
    assert token.encode() not in copy.read_bytes()
