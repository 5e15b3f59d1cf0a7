"""`lead-capture rotate-keys`: what was re-encrypted, and what no key decrypts."""

import json
from pathlib import Path

import pytest

from service.store import Store
from tests.cli.conftest import Terminal

OLD, NEW = "the-old-key-of-this-deployment-00", "the-new-key-of-this-deployment-11"


@pytest.fixture
def signed_in(run: Terminal, sqlite: Store, folder: Path) -> Terminal:
    """An installation with a token under the old key."""
    store = Store(f"sqlite:///{folder / 'leads.db'}", [OLD])
    store.write(lambda tx: tx.accounts.save_tokens("default", {"access_token": "a", "refresh_token": "b"}))
    store.close()
    return run


def test_it_counts_what_it_re_encrypted(signed_in: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ENCRYPTION_KEY", f"{NEW}, {OLD}")

    first, second = signed_in("rotate-keys"), signed_in("rotate-keys", "--json")

    assert (first.code, first.out) == (0, "1 re-encrypted, 0 under the newest key already\n")
    assert (second.code, json.loads(second.out)) == (0, {"rotated": 0, "current": 1, "unreadable": []})


def test_without_the_old_key_it_says_which_setting_is_missing(
    signed_in: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ENCRYPTION_KEY", NEW)

    result = signed_in("rotate-keys")

    assert result.code == 1
    assert "Nexudus account default: no key decrypts its tokens: put the earlier ENCRYPTION_KEY" in result.out


def test_what_is_lost_is_forgotten_on_demand(signed_in: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ENCRYPTION_KEY", NEW)

    result = signed_in("rotate-keys", "--forget-unreadable")

    assert (result.code, "forgotten; the service signs in again" in result.out) == (0, True)
    assert signed_in("rotate-keys").out == "0 re-encrypted, 0 under the newest key already\n"
