"""API keys for the dashboard, the API and the terminal: created, listed, revoked."""

import re
import secrets
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from service.actors import Actor, Scope
from service.operations.grants import GrantConflict, InvalidRequest, accounts_json, check_accounts, check_scopes
from service.operations.lead_json import instant
from service.store import KEY_USE_INTERVAL, Act, ApiKey, Store, Subject, SubjectKind, Transaction

TOKEN_PREFIX = "lck_"  # noqa: S105 (what every token begins with)
"""Prefix of a key's token, by which scanners for leaked secrets recognise it."""

MAX_KEY_NAME = 100
"""Maximum characters of a key's name."""

KEY_NAME = r"^[^\u0000-\u001f\u007f-\u009f\u2028\u2029]*\S[^\u0000-\u001f\u007f-\u009f\u2028\u2029]*$"
"""Pattern of a name: one line, not empty; it means the same in every language's regular expressions."""


class KeyNameTaken(GrantConflict):
    """Another key for the same accounts has this name."""


@dataclass(frozen=True, slots=True)
class KeyRequest:
    """A key to create. accounts: None for all. expires_at: None for never."""

    name: str
    scopes: frozenset[Scope]
    accounts: frozenset[str] | None = None
    expires_at: datetime | None = None


def make_key(
    store: Store, request: KeyRequest, maker: Actor, accounts: Collection[str], now: datetime
) -> tuple[ApiKey, str]:
    """Create a key; return it with its token, which cannot be shown again.

    accounts: those of the set-up.
    Raises: NotAllowed, InvalidRequest, KeyNameTaken, StoreUnavailable.
    """
    _check(request, maker, accounts, now)
    key = ApiKey(
        secrets.token_hex(8), request.name.strip(), request.scopes, request.accounts, now, maker.who, request.expires_at
    )
    token = TOKEN_PREFIX + secrets.token_urlsafe(32)

    def add(tx: Transaction) -> bool:
        if not tx.keys.add(key, token):
            return False
        tx.acts.record(maker, Act.CREATE, _subject(key), key.accounts, None, _members(key), now)
        return True

    if not store.write(add):
        raise KeyNameTaken(f"there is a key {key.name} for these accounts already: revoke it, or take another name")
    return key, token


def _check(request: KeyRequest, maker: Actor, accounts: Collection[str], now: datetime) -> None:
    check_scopes(request.scopes, maker)
    check_accounts(request.accounts, maker, accounts)
    if len(request.name) > MAX_KEY_NAME or not re.search(KEY_NAME, request.name):
        raise InvalidRequest("name", f"write a name of one line and at most {MAX_KEY_NAME} characters")
    if not request.scopes:
        raise InvalidRequest("scopes", "choose at least one")
    if request.expires_at is not None and request.expires_at <= now:
        raise InvalidRequest("expires_at", "the end must be in the future")


def key_of_token(store: Store, token: str, now: datetime) -> ApiKey | None:
    """Return the key of a token, even if expired, and record the use of a valid one.

    Raises: StoreUnavailable.
    """
    if not token.startswith(TOKEN_PREFIX):
        return None
    with store.read() as tx:
        key = tx.keys.of_token(token)
    if key is not None and not key.is_over(now) and (key.used_at is None or key.used_at <= now - KEY_USE_INTERVAL):
        store.write(lambda tx: tx.keys.note_use(key.id, now))
    return key


def keys_shown_to(store: Store, actor: Actor) -> list[ApiKey]:
    """Return the keys that an actor sees, the newest first.

    Raises: StoreUnavailable.
    """
    with store.read() as tx:
        return [key for key in tx.keys.all() if actor.sees_all(key.accounts)]


def revoke_key(store: Store, key_id: str, actor: Actor, now: datetime) -> ApiKey | None:
    """Revoke a key at once; None if this actor sees no such key.

    Raises: StoreUnavailable.
    """

    def remove(tx: Transaction) -> ApiKey | None:
        key = tx.keys.get(key_id) if key_id.isalnum() else None  # a database may fail on NUL
        if key is None or not actor.sees_all(key.accounts) or not tx.keys.remove(key_id):
            return None
        tx.acts.record(actor, Act.REVOKE, _subject(key), key.accounts, _members(key), None, now)
        return key

    return store.write(remove)


def _subject(key: ApiKey) -> Subject:
    return Subject(SubjectKind.KEY, key.id)


def _members(key: ApiKey) -> dict[str, object]:
    """Return the members of a key that the record of acts stores."""
    shown = key_json(key)
    return {name: shown[name] for name in ("name", "scopes", "accounts", "expires_at")}


def key_json(key: ApiKey) -> dict[str, object]:
    """Return a key as the API and the terminal show it, without anything secret."""
    return {
        "id": key.id,
        "name": key.name,
        "scopes": [scope.value for scope in Scope if scope in key.scopes],
        "accounts": accounts_json(key.accounts),
        "made_at": instant(key.made_at),
        "made_by": key.made_by,
        "expires_at": instant(key.expires_at),
        "used_at": instant(key.used_at),
    }
