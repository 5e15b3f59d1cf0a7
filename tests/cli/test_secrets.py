"""`lead-capture secrets`: names only; a lost one is typed again, and the service starts again."""

import io
import json
from pathlib import Path

import pytest

from service.store import Store
from tests.builders import NOON
from tests.cli.conftest import Terminal

OLD, NEW = "the-old-key-of-this-deployment-00", "the-new-key-of-this-deployment-11"


@pytest.fixture
def name(run: Terminal, sqlite: Store, folder: Path) -> str:
    """A secret under the old key, which the set-up needs."""
    store = Store(f"sqlite:///{folder / 'leads.db'}", [OLD])
    kept = store.write(lambda tx: tx.secrets.keep("password", "hush", "ann@example.com", NOON))
    document = f'[forms.contact]\n[accounts.default]\nusername = "u"\npassword = "secret:{kept}"\n'
    store.write(lambda tx: tx.setups.publish(document, "", "ann@example.com", NOON, 0))
    store.close()
    return kept


def test_names_are_listed_and_texts_are_not(run: Terminal, name: str) -> None:
    result = run("secrets", "list")

    assert result.out == f"{name}  typed by ann@example.com on {NOON:%Y-%m-%d}\n"


def test_a_lost_secret_is_typed_again_without_the_set_up(
    run: Terminal, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ENCRYPTION_KEY", NEW)
    before = run("leads", "list")
    doctor = run("doctor")
    run("rotate-keys", "--forget-unreadable")
    (listed,) = json.loads(run("secrets", "list", "--json").out)
    monkeypatch.setattr("sys.stdin", io.StringIO("hush again\n"))

    result = run("secrets", "set", name)

    assert (before.code, "ENCRYPTION_KEY" in before.err) == (1, True)
    assert "put the earlier ENCRYPTION_KEY" in doctor.out
    assert listed["is_lost"]
    assert (result.code, result.out) == (0, f"stored the secret {name}\n")
    assert run("leads", "list").code == 0
    (act,) = json.loads(run("acts", "--search", "typed again", "--json").out)
    assert (act["who"], act["subject"], "hush" in str(act)) == ("terminal", f"secret:{name}", False)


def test_a_secret_never_changes(run: Terminal, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("other\n"))

    result = run("secrets", "set", name)

    assert result.code == 1
    assert "there is a secret" in result.err
