"""Tokens and typed secrets: encrypted in their rows under a list of keys, re-encrypted row by row.

The newest key encrypts, any decrypts. Encrypted texts are Fernet tokens (AES-128-CBC with HMAC-SHA256, so that changes
show) behind a prefix. The keys are derived by HKDF-SHA256, so that any long random text can be one.

Nothing else in the database gives access to anything: passwords and session tokens are stored as hashes.
Without a key of the operator the key is the deployment's own secret_key, which is in the database, too.
"""

import base64
import secrets
from collections.abc import Collection, Mapping, Sequence
from enum import Enum
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

from sqlalchemy import ColumnElement, Table, and_, select, update

from service.store.database.people_tables import second_steps
from service.store.database.repository import Repository
from service.store.database.setup_tables import secrets as typed_secrets
from service.store.database.tables import accounts, connections
from service.store.deployment import Flags

if TYPE_CHECKING:
    from cryptography.fernet import Fernet

# -- keys

PREFIX = "enc:v1:"
"""Prefix of an encrypted text; a text without it was stored before there was encryption."""

_PURPOSE = b"lead-capture: secrets in the database"


class UnreadableSecret(Exception):
    """None of the keys decrypts a text of the database. The message says what to do and reveals nothing secret."""

    def __init__(self) -> None:
        super().__init__(
            "the tokens in the database were encrypted with another key: put the earlier ENCRYPTION_KEY or SECRET_KEY "
            "into ENCRYPTION_KEY (several: separated by commas, newest first) and restart; if it is lost, run "
            "`lead-capture rotate-keys --forget-unreadable`, the service signs in again, and secrets are typed again"
        )


class Keyring:
    """Encryption keys, newest first; their length is not checked here."""

    def __init__(self, keys: Sequence[str]) -> None:
        self._keys = tuple(keys)

    def encrypt(self, text: str) -> str:
        """Encrypt under the newest key.

        Raises: IndexError without any key.
        """
        return PREFIX + _fernet(self._keys[0]).encrypt(text.encode()).decode()

    def decrypt(self, text: str) -> str:
        """Decrypt with whichever key fits; a text without the prefix is returned as it is.

        Raises: UnreadableSecret.
        """
        if not text.startswith(PREFIX):
            return text
        for key in self._keys:
            plain = _decrypt(key, text)
            if plain is not None:
                return plain
        raise UnreadableSecret

    def is_current(self, text: str) -> bool:
        """Return whether the text is encrypted under the newest key."""
        return text.startswith(PREFIX) and _decrypt(self._keys[0], text) is not None


def _decrypt(key: str, text: str) -> str | None:
    from cryptography.fernet import InvalidToken  # noqa: PLC0415 (12 MB, and no web process decrypts)

    try:
        return _fernet(key).decrypt(text.removeprefix(PREFIX)).decode()
    except InvalidToken:
        return None


@lru_cache(maxsize=16)
def _fernet(key: str) -> "Fernet":
    from cryptography.fernet import Fernet  # noqa: PLC0415
    from cryptography.hazmat.primitives.hashes import SHA256  # noqa: PLC0415
    from cryptography.hazmat.primitives.kdf.hkdf import HKDF  # noqa: PLC0415

    derived = HKDF(SHA256(), length=32, salt=None, info=_PURPOSE).derive(key.encode("utf-8", "surrogateescape"))
    return Fernet(base64.urlsafe_b64encode(derived))


# -- tokens

SECRET_KEY_FLAG = "secret_key"  # noqa: S105 (the name of a value)
"""Flag with the generated key that is used where SECRET_KEY is not set."""


class SecretName(NamedTuple):
    """A secret that was typed in the dashboard."""

    name: str


class SeedOwner(NamedTuple):
    """A person whose authenticator app makes codes for the second step."""

    person_id: str


SecretOwner = str | tuple[str, str, str] | SecretName | SeedOwner
"""Owner of tokens: a Nexudus account's name, a connection (form, sender, place), a typed secret, or a person."""


class RotationResult(Enum):
    """The result for one row: it has the newest key now, had it before, or is unreadable; NONE: it has no tokens."""

    ROTATED, CURRENT, UNREADABLE, NONE = "rotated", "current", "unreadable", "none"


def new_secret_key() -> str:
    """Return a new key of 256 bits."""
    return secrets.token_hex(32)


class EncryptedTokens(Repository):
    """Tokens as JSON objects in which only the secret values are encrypted.

    So the rest, such as a refused login, is read without a key; and a process of an earlier version, which takes an
    encrypted token for a plain one, is refused once and signs in again.
    """

    def encrypt(self, tokens: Mapping[str, Any], names: Collection[str]) -> dict[str, Any]:
        """Return the tokens with the values of these names encrypted; empty values and values other than text stay."""
        keyring = self._keyring(make=True)
        return {
            name: keyring.encrypt(value) if name in names and isinstance(value, str) and value else value
            for name, value in tokens.items()
        }

    def decrypt(self, tokens: Mapping[str, Any]) -> dict[str, Any]:
        """Return the tokens with every encrypted value decrypted.

        Raises: UnreadableSecret.
        """
        if not any(_is_encrypted(value) for value in tokens.values()):
            return dict(tokens)
        keyring = self._keyring()
        return {name: keyring.decrypt(value) if _is_encrypted(value) else value for name, value in tokens.items()}

    # -- newer keys

    def owners(self, *, only_plain: bool = False) -> list[SecretOwner]:
        """Return every owner of tokens; only_plain: only owners with a token that is not encrypted."""
        of_accounts = select(accounts.c.name, accounts.c.tokens).where(accounts.c.tokens.is_not(None))
        key = (connections.c.form, connections.c.sender, connections.c.place)
        of_connections = select(*key, connections.c.tokens).where(connections.c.tokens.is_not(None))
        of_people = select(typed_secrets.c.name, typed_secrets.c.tokens).where(typed_secrets.c.tokens.is_not(None))
        of_apps = select(second_steps.c.person_id, second_steps.c.tokens).where(second_steps.c.tokens.is_not(None))
        rows: list[tuple[SecretOwner, Mapping[str, Any]]] = [
            *((row.name, row.tokens) for row in self._execute(of_accounts)),
            *(((row.form, row.sender, row.place), row.tokens) for row in self._execute(of_connections)),
            *((SecretName(row.name), row.tokens) for row in self._execute(of_people)),
            *((SeedOwner(row.person_id), row.tokens) for row in self._execute(of_apps)),
        ]
        return [owner for owner, tokens in rows if not only_plain or _has_plain(owner, tokens)]

    def rotate(self, owner: SecretOwner) -> RotationResult:
        """Encrypt one owner's tokens, as they are at this moment, under the newest key.

        The row stays locked until the commit, so that no process can renew the tokens in between.
        """
        tokens = self._lock_tokens(owner)
        if tokens is None:
            return RotationResult.NONE
        keyring = self._keyring(make=True)
        stale = [name for name in _secret_names(owner, tokens) if not keyring.is_current(tokens[name])]
        if not stale:
            return RotationResult.CURRENT
        try:
            renewed = {name: keyring.encrypt(keyring.decrypt(tokens[name])) for name in stale}
        except UnreadableSecret:
            return RotationResult.UNREADABLE
        self._save(owner, {**tokens, **renewed})
        return RotationResult.ROTATED

    def forget_unreadable(self, owner: SecretOwner) -> None:
        """Delete one owner's tokens unless they can be decrypted by now; the next call then signs in again."""
        try:
            self.decrypt(self._lock_tokens(owner) or {})
        except UnreadableSecret:
            self._save(owner, None)

    def _lock_tokens(self, owner: SecretOwner) -> Mapping[str, Any] | None:
        table, row = _row_of(owner)
        tokens: Mapping[str, Any] | None = self._execute(self._locking(select(table.c.tokens).where(row))).scalar()
        return tokens

    def _save(self, owner: SecretOwner, tokens: Mapping[str, Any] | None) -> None:
        table, row = _row_of(owner)
        self._execute(update(table).where(row).values(tokens=tokens))

    def _keyring(self, *, make: bool = False) -> Keyring:
        """Return the operator's keys, then the database's own. make: create the latter if there is no other."""
        keys, flags = self._database.keys, self._as(Flags)
        own = flags.once(SECRET_KEY_FLAG, new_secret_key) if make and not keys else flags.get(SECRET_KEY_FLAG)
        return Keyring([*keys, *([own] if own else [])])


def _is_encrypted(value: object) -> bool:
    return isinstance(value, str) and value.startswith(PREFIX)


def _row_of(owner: SecretOwner) -> tuple[Table, ColumnElement[bool]]:
    if isinstance(owner, str):
        return accounts, accounts.c.name == owner
    if isinstance(owner, SecretName):
        return typed_secrets, typed_secrets.c.name == owner.name
    if isinstance(owner, SeedOwner):
        return second_steps, second_steps.c.person_id == owner.person_id
    form, sender, place = owner
    own = and_(connections.c.form == form, connections.c.sender == sender, connections.c.place == place)
    return connections, own


ACCOUNT_SECRETS = ("access_token", "refresh_token")
"""The values of an account's tokens that are encrypted."""


def connection_secrets(tokens: Mapping[str, Any]) -> list[str]:
    """Return the names of a connection's encrypted values: every text.

    One of them is the digest of the tokens from which they were renewed. A process of an earlier version, which cannot
    read it, takes them for tokens of another consent and uses those of the forms file.
    """
    return [name for name, value in tokens.items() if isinstance(value, str)]


def _secret_names(owner: SecretOwner, tokens: Mapping[str, Any]) -> list[str]:
    """Return the names of the secrets that are present."""
    names = ACCOUNT_SECRETS if isinstance(owner, str) else connection_secrets(tokens)
    return [name for name in names if tokens.get(name)]


def _has_plain(owner: SecretOwner, tokens: Mapping[str, Any]) -> bool:
    return not all(_is_encrypted(tokens[name]) for name in _secret_names(owner, tokens))
