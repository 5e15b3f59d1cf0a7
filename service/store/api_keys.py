"""Keys of the API: named tokens with their scopes, accounts, expiry and last use."""

import hashlib
import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, or_, select, update

from service.actors import Actor, Scope
from service.store.database.people_tables import api_keys
from service.store.database.repository import Repository

KEY_USE_INTERVAL = timedelta(minutes=1)
"""Minimum time between two recorded uses of a key: not every call writes."""

ALL_ACCOUNTS = "all"


@dataclass(frozen=True, slots=True)
class ApiKey:
    """A key. accounts: those it gives access to, None for all. made_by: as Actor.who. expires_at: None for never."""

    id: str
    name: str
    scopes: frozenset[Scope]
    accounts: frozenset[str] | None
    made_at: datetime
    made_by: str
    expires_at: datetime | None = None
    used_at: datetime | None = None

    def actor(self, origin: str) -> Actor:
        """Return the actor for a call with this key. origin: the caller's address."""
        return Actor(f"key {self.name}", self.scopes, self.accounts, origin)

    def is_over(self, now: datetime) -> bool:
        """Return whether the key has expired."""
        return self.expires_at is not None and self.expires_at <= now


class ApiKeys(Repository):
    """Keys of the API, looked up by the digest of their token."""

    def add(self, key: ApiKey, token: str) -> bool:
        """Store a new key; False if a key for the same accounts has that name."""
        values = {
            "id": key.id,
            "digest": _digest(token),
            "name": key.name,
            "scopes": " ".join(scope for scope in Scope if scope in key.scopes),
            "accounts": ALL_ACCOUNTS if key.accounts is None else json.dumps(sorted(key.accounts)),
            "made_at": key.made_at,
            "made_by": key.made_by,
            "expires_at": key.expires_at,
        }
        inserting = self._database.insert(api_keys).values(values).on_conflict_do_nothing()
        return self._execute(inserting.returning(api_keys.c.id)).first() is not None

    def of_token(self, token: str) -> ApiKey | None:
        """Return the key of a token, even if it has expired."""
        return self._one(api_keys.c.digest == _digest(token))

    def get(self, key_id: str) -> ApiKey | None:
        """Return a key by its id."""
        return self._one(api_keys.c.id == key_id)

    def all(self) -> list[ApiKey]:
        """Return every key, the newest first."""
        query = select(api_keys).order_by(api_keys.c.made_at.desc(), api_keys.c.id)
        return [_key(row) for row in self._execute(query)]

    def remove(self, key_id: str) -> bool:
        """Delete a key; its token stops working at once. False if there is none."""
        return self._execute(delete(api_keys).where(api_keys.c.id == key_id)).rowcount > 0

    def note_use(self, key_id: str, now: datetime) -> None:
        """Record a use of a key, at most one in each KEY_USE_INTERVAL."""
        stale = or_(api_keys.c.used_at.is_(None), api_keys.c.used_at <= now - KEY_USE_INTERVAL)
        self._execute(update(api_keys).where(api_keys.c.id == key_id, stale).values(used_at=now))

    def _one(self, condition: Any) -> ApiKey | None:
        row = self._execute(select(api_keys).where(condition)).first()
        return None if row is None else _key(row)


def _key(row: Any) -> ApiKey:
    return ApiKey(
        id=row.id,
        name=row.name,
        scopes=frozenset(map(Scope, row.scopes.split())),
        accounts=None if row.accounts == ALL_ACCOUNTS else frozenset(json.loads(row.accounts)),
        made_at=row.made_at,
        made_by=row.made_by,
        expires_at=row.expires_at,
        used_at=row.used_at,
    )


def _digest(token: str) -> str:
    """Return the SHA-256 of a token. Tokens are long and random, so a slow hash would add nothing."""
    return hashlib.sha256(token.encode()).hexdigest()
