"""People at the dashboard, signed in with their own role and accounts."""

from collections.abc import Collection
from functools import cache
from typing import Any

from service import clock
from service.actors import Person, Role
from service.admin.pages.passwords import hash_password
from service.lead import new_lead_id
from service.store import Store, Transaction
from tests.admin.dashboard import Operator
from tests.front import Front

PASSWORD_OF_ALL = "correct horse battery"


def add_person(
    store: Store,
    role: Role = Role.VIEWER,
    accounts: Collection[str] | None = None,
    email: str = "",
    password: str = PASSWORD_OF_ALL,
) -> Person:
    """Store a person who can sign in.

    email: by default made from the role. password: "" for one who is still invited.
    """
    now = clock.now()
    limited = None if accounts is None else frozenset(accounts)
    person = Person(new_lead_id(now), email or f"{role}@example.com", role.title(), role, limited, now)
    assert store.write(lambda tx: tx.people.add(person))
    if password:
        store.write(lambda tx: tx.people.set_password(person.id, _hash(password)))
    return person


def colleague(
    store: Store,
    role: Role = Role.VIEWER,
    accounts: Collection[str] | None = None,
    *forms: Any,
    front: Front | None = None,
    **settings: str,
) -> Operator:
    """Return the browser of a new person who is signed in. front: the application; None: one of its own."""
    person = add_person(store, role, accounts)
    operator = Operator.at(front) if front else Operator(store, *forms, sign_in=False, **settings)
    assert operator.sign_in(PASSWORD_OF_ALL, person.email).status_code == 303
    return operator


def forget_everyone(store: Store) -> None:
    """Remove all people, and all sessions."""

    def remove(tx: Transaction) -> None:
        for person in tx.people.all():
            tx.sessions.close_all(person.id)
            tx.people.remove(person.id)
        tx.sessions.close_all(None)

    store.write(remove)


@cache
def _hash(password: str) -> str:
    return hash_password(password)
