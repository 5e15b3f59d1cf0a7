"""`lead-capture people`: someone is invited, changed and removed."""

import json
import os

import pytest

from service.cli.installation import record_simulator
from service.operations.invitations import link_digest
from service.store import Store
from tests.builders import NOON
from tests.cli.conftest import Terminal


def test_a_person_is_invited_changed_and_removed(run: Terminal, sqlite: Store) -> None:
    invited = run("people", "add", "Ann@example.com", "--role", "agent", "--account", "default", "--name", "Ann Lee")
    link, sentence = invited.out.splitlines()
    with sqlite.read() as tx:
        assert tx.people.of_link(link_digest(link.rpartition("/")[2]), NOON)

    assert sentence == "Pass this link on to ann@example.com. It sets the password, once, within 7 days."
    assert run("people", "list").out == "ann@example.com: agent; default; invited\n"
    assert run("people", "role", "ann@example.com", "--role", "owner", "--all-accounts").out == (
        "ann@example.com: owner; all accounts; invited\n"
    )
    assert run("people", "disable", "ANN@example.com").out == "ann@example.com: owner; all accounts; disabled\n"
    assert run("people", "enable", "ann@example.com").code == 0
    assert run("people", "reset", "ann@example.com").out.startswith("http://localhost:8000/admin/invitation/")
    assert run("people", "remove", "ann@example.com").out == "removed ann@example.com: owner; all accounts; invited\n"
    assert run("people", "list").out == "there are no people: admin signs in with ADMIN_PASSWORD\n"


def test_a_link_leads_to_the_running_service_or_says_what_to_set(
    run: Terminal, sqlite: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    record_simulator(os.environ["DATABASE_URL"], "", "http://localhost:8461")
    here = run("people", "add", "ann@example.com", "--role", "agent")
    monkeypatch.setenv("PUBLIC_URL", "https://leads.example.com")
    public = run("people", "reset", "ann@example.com")

    assert here.out.startswith("http://localhost:8461/admin/invitation/")
    assert "set PUBLIC_URL" in here.err
    assert public.out.startswith("https://leads.example.com/admin/invitation/")
    assert not public.err


def test_as_json(run: Terminal, sqlite: Store) -> None:
    made = json.loads(run("people", "add", "ann@example.com", "--role", "viewer", "--json").out)
    (listed,) = json.loads(run("people", "list", "--json").out)
    changed = json.loads(run("people", "role", "ann@example.com", "--account", "default", "--json").out)

    assert listed["id"] == made["id"] == changed["id"]
    assert (listed["accounts"], changed["accounts"], changed["role"]) == ("all", ["default"], "viewer")
    with sqlite.read() as tx:
        assert tx.people.get(made["id"])


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("add", "ann", "--role", "viewer"), "write an e-mail address"),
        (("add", "x@example.com", "--role", "viewer", "--account", "nowhere"), "there is no account nowhere"),
        (("add", "bob@example.com", "--role", "viewer"), "another person has this address"),
        (("role", "bob@example.com"), "specify what to change: --role, --account or --all-accounts"),
        (("remove", "eve@example.com"), "there is no eve@example.com: see `lead-capture people list`"),
    ],
)
def test_what_cannot_be_done_is_said(run: Terminal, sqlite: Store, words: tuple[str, ...], sentence: str) -> None:
    run("people", "add", "bob@example.com", "--role", "viewer")

    result = run("people", *words)

    assert (result.code, result.err) == (1, f"lead-capture: {sentence}\n")
