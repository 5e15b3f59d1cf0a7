"""Secrets that people typed: encrypted, never changed, re-encrypted with the rest."""

import pytest

from service.forms import SetupProblems
from service.forms.file import parse_setup
from service.operations.key_rotation import KeyRotation, rotate_keys
from service.setup.reading import with_secrets
from service.store import SecretEntry, Store
from tests.builders import NOON, SOMEONE
from tests.forms.texts import no_variable

OLD, NEW = "the-old-key-of-this-deployment-00", "the-new-key-of-this-deployment-11"
PASSWORD = "correct horse battery"


def keep(store: Store, text: str = PASSWORD) -> str:
    return store.write(lambda tx: tx.secrets.keep("Nexudus default: password", text, "ann@example.com", NOON))


def read(store: Store, name: str) -> str | None:
    with store.read() as tx:
        return tx.secrets.read(name)


def test_a_secret_is_read_by_its_name_and_stored_encrypted(store: Store) -> None:
    name = keep(store)

    assert name.startswith("nexudus-default-password-")
    assert read(store, name) == PASSWORD
    with store._database.reading.connect() as connection:
        assert PASSWORD not in str([*connection.exec_driver_sql("SELECT value FROM secrets")])
    with store.read() as tx:
        assert tx.secrets.entries() == [SecretEntry(name, "ann@example.com", NOON)]


def test_the_same_secret_typed_again_has_another_name(sqlite: Store) -> None:
    names = {keep(sqlite), keep(sqlite, "newer")}

    assert len(names) == 2
    assert sqlite.write(lambda tx: tx.secrets.forget(names)) == 2
    assert [read(sqlite, name) for name in names] == [None, None]


def test_rotation_includes_them_and_names_those_that_are_lost(sqlite_url: str) -> None:
    old = Store(sqlite_url, [OLD])
    name = keep(old)
    both, new = Store(sqlite_url, [NEW, OLD]), Store(sqlite_url, [NEW])

    assert rotate_keys(new, SOMEONE, NOON) == KeyRotation(unreadable=[f"secret {name}"])
    assert rotate_keys(both, SOMEONE, NOON) == KeyRotation(rotated=1)
    assert read(new, name) == PASSWORD
    assert rotate_keys(old, SOMEONE, NOON, forget_unreadable=True).unreadable == [f"secret {name}"]
    with new.read() as tx:
        assert tx.secrets.entries()[0].is_lost
    for each in (old, both, new):
        each.close()


def test_a_set_up_refers_to_them(sqlite_url: str) -> None:
    store, other = Store(sqlite_url, [OLD]), Store(sqlite_url, [NEW])
    document = f'[accounts.harbour]\nusername = "u"\npassword = "secret:{keep(store)}"\n[forms.tour]\n'.encode()

    setup = parse_setup(document, "forms.toml", with_secrets(no_variable, store))

    assert setup.accounts["harbour"].password == PASSWORD
    with pytest.raises(SetupProblems, match=r"accounts\.harbour\.password: .* ENCRYPTION_KEY"):
        parse_setup(document, "forms.toml", with_secrets(no_variable, other))
    store.close()
    other.close()
