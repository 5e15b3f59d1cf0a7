"""Passkeys of people, and their identities at the provider that signs them in."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Row, delete, select, update

from service.store.database.people_tables import identities, passkeys
from service.store.database.repository import Repository


@dataclass(frozen=True, slots=True)
class Passkey:
    """A passkey. id: as its authenticator named it, in base64url, as is public_key.

    sign_count: of its last use; 0 if the authenticator does not count.
    """

    id: str
    person_id: str
    public_key: str = field(repr=False)
    sign_count: int
    name: str
    added_at: datetime
    used_at: datetime | None = None


class Passkeys(Repository):
    """Passkeys."""

    def add(self, passkey: Passkey) -> bool:
        """Store a new passkey; False if it is already known."""
        row = {column.name: getattr(passkey, column.name) for column in passkeys.columns}
        inserting = self._database.insert(passkeys).values(row).on_conflict_do_nothing()
        return self._execute(inserting.returning(passkeys.c.id)).first() is not None

    def get(self, passkey_id: str) -> Passkey | None:
        """Return a passkey by its id."""
        row = self._execute(select(passkeys).where(passkeys.c.id == passkey_id)).first()
        return None if row is None else _passkey(row)

    def of(self, person_id: str) -> Sequence[Passkey]:
        """Return a person's passkeys, the oldest first."""
        query = select(passkeys).where(passkeys.c.person_id == person_id).order_by(passkeys.c.added_at, passkeys.c.id)
        return [_passkey(row) for row in self._execute(query)]

    def use(self, passkey_id: str, former_count: int, sign_count: int, now: datetime) -> bool:
        """Record a use; False if another use was recorded after its count was read."""
        own = (passkeys.c.id == passkey_id, passkeys.c.sign_count == former_count)
        used = update(passkeys).where(*own).values(sign_count=sign_count, used_at=now)
        return self._execute(used).rowcount == 1

    def remove(self, passkey_id: str, person_id: str) -> bool:
        """Delete a passkey of a person; False if there is none."""
        own = (passkeys.c.id == passkey_id, passkeys.c.person_id == person_id)
        return self._execute(delete(passkeys).where(*own)).rowcount == 1

    def people(self) -> frozenset[str]:
        """Return everyone who has a passkey."""
        return frozenset(self._execute(select(passkeys.c.person_id)).scalars())

    def remove_all(self, person_id: str) -> int:
        """Delete the passkeys of a person; returns how many."""
        return self._execute(delete(passkeys).where(passkeys.c.person_id == person_id)).rowcount

    def unlink(self, person_id: str) -> None:
        """Delete a person's identities at all providers."""
        self._execute(delete(identities).where(identities.c.person_id == person_id))

    # -- at a provider

    def person_of(self, issuer: str, subject: str) -> str | None:
        """Return the id of the person with this identity at a provider; None if it is unknown."""
        query = select(identities.c.person_id).where(identities.c.issuer == issuer, identities.c.subject == subject)
        person_id: str | None = self._execute(query).scalar()
        return person_id

    def is_linked(self, issuer: str, person_id: str) -> bool:
        """Return whether a person has an identity at a provider."""
        query = select(identities.c.subject).where(identities.c.issuer == issuer, identities.c.person_id == person_id)
        return self._execute(query).first() is not None

    def link(self, issuer: str, subject: str, person_id: str, now: datetime) -> None:
        """Record a person's identity at a provider."""
        values = {"issuer": issuer, "subject": subject, "person_id": person_id, "linked_at": now}
        self._execute(self._database.insert(identities).values(values).on_conflict_do_nothing())


def _passkey(row: Row[Any]) -> Passkey:
    return Passkey(row.id, row.person_id, row.public_key, row.sign_count, row.name, row.added_at, row.used_at)
