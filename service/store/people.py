"""People who may sign in to the dashboard: roles and accounts, hashes of passwords, digests of links."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, delete, select, update

from service.actors import Person, Role
from service.store.database.people_tables import people
from service.store.database.repository import Repository
from service.store.passkeys import Passkeys
from service.store.second_steps import SecondSteps


@dataclass(frozen=True, slots=True)
class Credentials:
    """Credentials to compare at a sign-in. password_hash: "" before a password was chosen."""

    person: Person
    password_hash: str


class PersonRecords(Repository):
    """People, a row for each."""

    def add(self, person: Person) -> bool:
        """Store a new person; False if another person has the e-mail address."""
        row = {
            "id": person.id,
            "email": person.email,
            "name": person.name,
            "role": person.role.value,
            "accounts": _account_list(person.accounts),
            "created_at": person.created_at,
        }
        insert = self._database.insert(people).values(**row).on_conflict_do_nothing()
        return self._execute(insert.returning(people.c.id)).first() is not None

    def all(self) -> Sequence[Person]:
        """Return everyone, by e-mail address."""
        return [_person(row) for row in self._execute(select(people).order_by(people.c.email))]

    def lock_all(self) -> Sequence[Person]:
        """Return everyone, locked against changes by other processes until the commit."""
        return [_person(row) for row in self._execute(self._locking(select(people).order_by(people.c.id)))]

    def get(self, person_id: str) -> Person | None:
        """Return a person by id."""
        row = self._execute(select(people).where(people.c.id == person_id)).first()
        return None if row is None else _person(row)

    def credentials(self, email: str) -> Credentials | None:
        """Return the credentials of a person. email: folded."""
        row = self._execute(select(people).where(people.c.email == email)).first()
        return None if row is None else Credentials(_person(row), row.password_hash)

    def credentials_of(self, person_id: str) -> Credentials | None:
        """Return the credentials of a person."""
        row = self._execute(select(people).where(people.c.id == person_id)).first()
        return None if row is None else Credentials(_person(row), row.password_hash)

    def has_passwords(self) -> bool:
        """Return whether anyone could sign in by password."""
        ready = select(people.c.id).where(people.c.password_hash != "", people.c.disabled_at.is_(None)).limit(1)
        return self._execute(ready).first() is not None

    def change(self, person: Person) -> None:
        """Store a changed name, role, accounts and state of a stored person."""
        values = {
            "name": person.name,
            "role": person.role.value,
            "accounts": _account_list(person.accounts),
            "disabled_at": person.disabled_at,
        }
        self._execute(update(people).where(people.c.id == person.id).values(**values))

    def note_sign_in(self, person_id: str, now: datetime) -> None:
        """Record when a person signed in."""
        self._execute(update(people).where(people.c.id == person_id).values(signed_in_at=now))

    def remove(self, person_id: str) -> None:
        """Delete a person with all means of signing in."""
        self._as(SecondSteps).remove(person_id)
        self._as(Passkeys).remove_all(person_id)
        self._as(Passkeys).unlink(person_id)
        self._execute(delete(people).where(people.c.id == person_id))

    # -- links that set a password

    def set_link(self, person_id: str, digest: str, until: datetime) -> None:
        """Give a person the one link that sets a password; an earlier link is invalid from now on."""
        own = update(people).where(people.c.id == person_id)
        self._execute(own.values(link_digest=digest, link_until=until))

    def of_link(self, digest: str, now: datetime) -> Person | None:
        """Return whose password a link sets; None if it was used, replaced or is expired, or the person is disabled."""
        is_good = (people.c.link_digest == digest, people.c.link_until > now, people.c.disabled_at.is_(None))
        row = self._execute(select(people).where(*is_good)).first()
        return None if row is None else _person(row)

    def use_link(self, digest: str, password_hash: str, now: datetime) -> bool:
        """Set the password chosen by a link and end the link; False if another request was quicker."""
        is_good = (people.c.link_digest == digest, people.c.link_until > now, people.c.disabled_at.is_(None))
        values = {"password_hash": password_hash, "link_digest": None, "link_until": None}
        return self._execute(update(people).where(*is_good).values(values)).rowcount == 1

    def set_password(self, person_id: str, password_hash: str) -> None:
        """Set the password that a signed-in person chose, and invalidate any link that could set another."""
        values = {"password_hash": password_hash, "link_digest": None, "link_until": None}
        self._execute(update(people).where(people.c.id == person_id).values(values))


def _account_list(accounts: frozenset[str] | None) -> list[str] | None:
    return None if accounts is None else sorted(accounts)


def _person(row: Row[Any]) -> Person:
    return Person(
        id=row.id,
        email=row.email,
        name=row.name,
        role=Role(row.role),
        accounts=None if row.accounts is None else frozenset(row.accounts),
        created_at=row.created_at,
        signed_in_at=row.signed_in_at,
        disabled_at=row.disabled_at,
        is_invited=not row.password_hash,
    )
