"""Secrets that people typed in the dashboard: encrypted, referred to by name, never changed and never shown again.

A replaced secret gets another name. So a version of the set-up means the same forever, in every process: a version that
is restored has its own secrets again, and no process works with half a change.
"""

import re
import secrets as random_numbers
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, exists, func, literal, select, update

from service.store.database.repository import Repository
from service.store.database.setup_tables import alert_channels, secrets, setups
from service.store.encryption import EncryptedTokens

TEXT = "text"
"""The only value of a secret's row."""

MAX_PURPOSE_CHARS = 60

KEEP_UNUSED = timedelta(hours=2)
"""Time after which a secret that was typed but never used is deleted."""


@dataclass(frozen=True, slots=True)
class SecretEntry:
    """The facts about a secret that may be shown. is_lost: given up after its key was lost."""

    name: str
    made_by: str
    made_at: datetime
    is_lost: bool = False


class TypedSecrets(Repository):
    """Secrets by name."""

    def keep(self, purpose: str, text: str, who: str, now: datetime) -> str:
        """Store a secret; returns its name, which begins with the purpose: "default-password-1f3a9c"."""
        slug = re.sub(r"[^a-z0-9]+", "-", purpose.lower()).strip("-")[:MAX_PURPOSE_CHARS]
        name = f"{slug or 'secret'}-{random_numbers.token_hex(3)}"
        tokens = self._as(EncryptedTokens).encrypt({TEXT: text}, (TEXT,))
        self._execute(secrets.insert().values(name=name, tokens=tokens, made_by=who, made_at=now))
        return name

    def type_again(self, name: str, text: str, who: str, now: datetime) -> bool:
        """Store a lost secret again under its name; False if there is one under that name."""
        tokens = self._as(EncryptedTokens).encrypt({TEXT: text}, (TEXT,))
        row = {"tokens": tokens, "made_by": who, "made_at": now}
        insert = self._database.insert(secrets).values(name=name, **row).on_conflict_do_nothing()
        if self._execute(insert.returning(secrets.c.name)).first() is not None:
            return True
        lost = update(secrets).where(secrets.c.name == name, secrets.c.tokens.is_(None))
        return self._execute(lost.values(row)).rowcount > 0

    def read(self, name: str) -> str | None:
        """Return a secret; None if there is none of that name.

        Raises: UnreadableSecret.
        """
        tokens = self._execute(select(secrets.c.tokens).where(secrets.c.name == name)).scalar()
        return None if tokens is None else str(self._as(EncryptedTokens).decrypt(tokens)[TEXT])

    def entries(self) -> list[SecretEntry]:
        """Return every secret, without its text, by name."""
        query = select(secrets.c.name, secrets.c.made_by, secrets.c.made_at, secrets.c.tokens.is_(None))
        return [SecretEntry(*row) for row in self._execute(query.order_by(secrets.c.name))]

    def forget(self, names: Collection[str]) -> int:
        """Delete secrets; returns how many there were."""
        return self._execute(delete(secrets).where(secrets.c.name.in_(names))).rowcount

    def forget_unused(self, purpose: str, now: datetime) -> int:
        """Delete secrets of a purpose that no version of the set-up and no channel refers to; returns how many.

        purpose: prefix of their names. Recently typed secrets stay, as they may still be used.
        """
        reference = literal("%secret:").concat(secrets.c.name).concat("%")
        is_used = exists().where(setups.c.toml.like(reference)) | exists().where(
            alert_channels.c.secret == secrets.c.name
        )
        named = func.substr(secrets.c.name, 1, len(purpose)) == purpose
        unused = delete(secrets).where(named, secrets.c.made_at < now - KEEP_UNUSED, ~is_used)
        return self._execute(unused).rowcount
