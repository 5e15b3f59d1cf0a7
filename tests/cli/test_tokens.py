"""`lead-capture tokens`: a key is made, listed and revoked."""

import json

import pytest

from service.store import Store
from tests.cli.conftest import Terminal


def test_a_key_is_made_listed_and_revoked(run: Terminal, sqlite: Store) -> None:
    made = run("tokens", "create", "Zapier", "--scope", "read", "--scope", "leads", "--until", "2027-06-30", "--json")
    key = json.loads(made.out)
    with sqlite.read() as tx:
        stored = tx.keys.of_token(key["token"])

    listed = run("tokens", "list")
    revoked = run("tokens", "revoke", key["id"])

    assert stored is not None
    assert (stored.id, stored.made_by, stored.accounts) == (key["id"], "terminal", None)
    words = "read, leads; all accounts; never used; until 2027-06-30T00:00:00Z; made by terminal"
    assert listed.out == f"{key['id']}  Zapier: {words}\n"
    assert revoked.out == "revoked the key Zapier\n"
    assert run("tokens", "list").out == "there are no keys\n"
    assert acts(sqlite) == [("create", "Zapier"), ("revoke", "Zapier")]


def acts(store: Store) -> list[tuple[str, str]]:
    """What the record of acts says of keys: each act, and the key's name."""
    with store._database.reading.connect() as connection:
        rows = connection.exec_driver_sql("SELECT act, before, after FROM acts WHERE who = 'terminal' ORDER BY id")
        return [(act, {**json.loads(before), **json.loads(after)}["name"]) for act, before, after in rows]


def test_the_token_is_printed_once_and_alone_on_its_line(run: Terminal, sqlite: Store) -> None:
    token, note = run("tokens", "create", "n8n", "--scope", "read", "--account", "default").out.splitlines()

    (key,) = json.loads(run("tokens", "list", "--json").out)
    assert (key["accounts"], note) == (["default"], f"This is the token of the key {key['id']}; it is not shown again.")
    with sqlite.read() as tx:
        assert tx.keys.of_token(token) is not None


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("create", "x", "--scope", "read", "--account", "nowhere"), "there is no account nowhere"),
        (("create", "x", "--scope", "read", "--until", "2020-01-01"), "the end must be in the future"),
        (("revoke", "0000"), "there is no key 0000: see `lead-capture tokens list`"),
    ],
)
def test_what_cannot_be_done_is_said(run: Terminal, sqlite: Store, words: tuple[str, ...], sentence: str) -> None:
    result = run("tokens", *words)

    assert (result.code, result.err) == (1, f"lead-capture: {sentence}\n")
