"""Administration of the dashboard's people, for its pages, the API and the terminal.

Actors cannot give a role or an account that they lack or change their own rights, and nobody can remove the last way
in. People for accounts that an actor does not see do not exist for that actor.
"""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from service.actors import Actor, Person, Role, Scope
from service.operations.grants import (
    GrantConflict,
    InvalidRequest,
    NotAllowed,
    accounts_json,
    check_accounts,
    check_scopes,
)
from service.operations.lead_json import instant
from service.store import PASSWORD_FLAG, Act, Store, Subject, SubjectKind, Transaction

MAX_EMAIL, MAX_PERSON_NAME = 254, 100
"""Maximum characters of an address and of a name."""

EMAIL = (
    r"^[^\s@<>\"',;:()\[\]\\\u0000-\u001f]{1,64}@[^\s@<>\"',;:()\[\]\\\u0000-\u001f]+"
    r"\.[^\s@.<>\"',;:()\[\]\\\u0000-\u001f]{2,}$"
)
"""Rough pattern of an address: it is used to sign in, and nothing is sent to it."""

PERSON_NAME = r"^[^\u0000-\u001f\u007f-\u009f\u2028-\u202e\u2066-\u2069]*$"
"""Pattern of a name: one line, possibly empty, without characters that change the direction of text; as KEY_NAME."""

PERSONAL = ("email", "name")
"""Members of a person that the record of acts can erase."""


class LastWayIn(GrantConflict):
    """Afterwards nobody could manage people any more."""


class EmailTaken(GrantConflict):
    """Another person, whom the actor may not see, has this address."""


@dataclass(frozen=True, slots=True)
class PersonRequest:
    """A person to invite. accounts: None for all."""

    email: str
    name: str
    role: Role
    accounts: frozenset[str] | None = None


@dataclass(frozen=True, slots=True)
class PersonChange:
    """Values to change; None leaves one as it is. accounts: a tuple with the new value, which may be None for all."""

    name: str | None = None
    role: Role | None = None
    accounts: tuple[frozenset[str] | None] | None = None
    disabled: bool | None = None


def fold_email(address: str) -> str:
    """Return an e-mail address as it is stored and compared; without NUL, which PostgreSQL does not accept."""
    return address.replace("\x00", "").strip().casefold()


def people_shown_to(store: Store, actor: Actor) -> list[Person]:
    """Return the people that an actor sees, by address.

    Raises: StoreUnavailable.
    """
    with store.read() as tx:
        return [person for person in tx.people.all() if actor.sees_all(person.accounts)]


def find_person(store: Store, person_id: str, actor: Actor) -> Person | None:
    """Return a person by id; None if this actor sees no such person.

    Raises: StoreUnavailable.
    """
    with store.read() as tx:
        return visible_person(tx, person_id, actor)


def visible_person(tx: Transaction, person_id: str, actor: Actor) -> Person | None:
    """Return a person by id within a transaction; None if this actor sees no such person."""
    is_id = person_id.isascii() and person_id.isalnum()  # on other characters, such as NUL, a database may fail
    person = tx.people.get(person_id) if is_id else None
    return person if person is not None and actor.sees_all(person.accounts) else None


def check_name(name: str) -> None:
    """Raise InvalidRequest unless the name is short and one line."""
    if len(name) > MAX_PERSON_NAME or not re.search(PERSON_NAME, name):
        raise InvalidRequest("name", f"write a name of one line and at most {MAX_PERSON_NAME} characters")


# -- changing


def change_person(
    store: Store,
    person_id: str,
    change: PersonChange,
    actor: Actor,
    accounts: Collection[str],
    now: datetime,
    *,
    has_password: bool,
) -> Person | None:
    """Change a person; None if this actor sees no such person. Disabling ends the person's sessions at once.

    accounts: those of the set-up. has_password: whether ADMIN_PASSWORD is set.
    Raises: NotAllowed, LastWayIn, InvalidRequest, StoreUnavailable.
    """

    def apply(tx: Transaction) -> Person | None:
        everyone = tx.people.lock_all()
        person = visible_person(tx, person_id, actor)
        if person is None:
            return None
        changed = _changed(person, change, now)
        _check_change(person, changed, actor, accounts)
        if not has_password and not tx.flags.get(PASSWORD_FLAG):
            _check_way_in(person, changed, everyone)
        if changed != person:
            tx.people.change(changed)
            if not changed.is_active:
                tx.sessions.close_all(person.id)
            record_change(tx, actor, person, changed, now)
        return changed

    return store.write(apply)


def _changed(person: Person, change: PersonChange, now: datetime) -> Person:
    disabled_at = person.disabled_at
    if change.disabled is not None:
        disabled_at = (disabled_at or now) if change.disabled else None
    return replace(
        person,
        name=person.name if change.name is None else change.name.strip(),
        role=change.role or person.role,
        accounts=person.accounts if change.accounts is None else change.accounts[0],
        disabled_at=disabled_at,
    )


def _check_change(person: Person, changed: Person, actor: Actor, accounts: Collection[str]) -> None:
    check_name(changed.name)
    if person.email == actor.who and replace(changed, name=person.name) != person:
        raise NotAllowed("you cannot change your own role, accounts or state: ask another owner")
    is_enabled = person.disabled_at is not None and changed.disabled_at is None
    check_scopes(changed.role.scopes - (frozenset() if is_enabled else person.role.scopes), actor)
    if changed.accounts != person.accounts:
        check_accounts(changed.accounts, actor, accounts, person.accounts)


def _check_way_in(person: Person, changed: Person | None, everyone: Collection[Person]) -> None:
    """Raise LastWayIn if, without a password of the administrator, nobody could manage all people."""

    def leads_in(each: Person) -> bool:
        return each.is_active and each.accounts is None and Scope.PEOPLE in each.role.scopes

    others = (each for each in everyone if each.id != person.id)
    if leads_in(person) and not (changed and leads_in(changed)) and not any(map(leads_in, others)):
        raise LastWayIn("this is the last owner of all accounts: make another one first, or set ADMIN_PASSWORD")


def remove_person(store: Store, person_id: str, actor: Actor, now: datetime, *, has_password: bool) -> Person | None:
    """Remove a person and end the sessions at once; None if this actor sees no such person.

    The person's acts stay in the record.
    Raises: NotAllowed, LastWayIn, StoreUnavailable.
    """

    def remove(tx: Transaction) -> Person | None:
        everyone = tx.people.lock_all()
        person = visible_person(tx, person_id, actor)
        if person is None:
            return None
        if person.email == actor.who:
            raise NotAllowed("you cannot remove yourself: ask another owner")
        if not has_password and not tx.flags.get(PASSWORD_FLAG):
            _check_way_in(person, None, everyone)
        tx.people.remove(person.id)
        tx.sessions.close_all(person.id)
        record_act(tx, actor, Act.DELETE, person, members_of(person), None, now)
        return person

    return store.write(remove)


def end_sessions(store: Store, person_id: str, actor: Actor, now: datetime) -> Person | None:
    """End every session of a person; None if this actor sees no such person.

    Raises: StoreUnavailable.
    """

    def end(tx: Transaction) -> Person | None:
        person = visible_person(tx, person_id, actor)
        if person is not None and (number := tx.sessions.close_all(person.id)):
            record_act(tx, actor, Act.SIGN_OUT, person, {"sessions": number}, {"sessions": 0}, now)
        return person

    return store.write(end)


# -- the record of acts, and what is shown


def record_change(tx: Transaction, actor: Actor, person: Person, changed: Person, now: datetime) -> None:
    """Record the changes, for people who see both the former and the present accounts."""
    before, after = members_of(person), members_of(changed)
    differing = [name for name in before if before[name] != after[name]]
    act = Act.CHANGE
    if differing == ["disabled"]:
        act = Act.DISABLE if changed.disabled_at else Act.ENABLE
    of_both = (person.accounts, changed.accounts)
    accounts = None if None in of_both else frozenset().union(*filter(None, of_both))
    record_act(
        tx,
        actor,
        act,
        replace(changed, accounts=accounts),
        {name: before[name] for name in differing},
        {name: after[name] for name in differing},
        now,
    )


def record_act(
    tx: Transaction,
    actor: Actor,
    act: Act,
    person: Person,
    before: Mapping[str, object] | None,
    after: Mapping[str, object] | None,
    now: datetime,
) -> None:
    """Record an act on a person, in the transaction that does it."""
    subject = Subject(SubjectKind.PERSON, person.id)
    tx.acts.record(actor, act, subject, person.accounts, before, after, now, personal=PERSONAL)


def members_of(person: Person) -> dict[str, object]:
    """Return the members of a person that the record of acts stores."""
    shown = person_json(person)
    return {name: shown[name] for name in ("email", "name", "role", "accounts", "disabled")}


def person_json(person: Person) -> dict[str, object]:
    """Return a person as the API and the terminal show it, without anything secret."""
    return {
        "id": person.id,
        "email": person.email,
        "name": person.name,
        "role": person.role.value,
        "accounts": accounts_json(person.accounts),
        "disabled": person.disabled_at is not None,
        "invited": person.is_invited,
        "created_at": instant(person.created_at),
        "signed_in_at": instant(person.signed_in_at),
    }
