"""Invitations of people, and links that set a first or a new password: each works once, for a limited time."""

import hashlib
import re
import secrets
from collections.abc import Callable, Collection
from dataclasses import replace
from datetime import datetime, timedelta

from service.actors import Actor, Person
from service.operations.grants import GrantConflict, InvalidRequest, check_accounts, check_scopes
from service.operations.people import (
    EMAIL,
    MAX_EMAIL,
    EmailTaken,
    PersonRequest,
    check_name,
    fold_email,
    members_of,
    record_act,
    visible_person,
)
from service.store import Act, Store, Transaction

INVITATION_TIME, RESET_TIME = timedelta(days=7), timedelta(days=1)
"""Validity of a link that sets the first password, and of one that sets a new one."""


class PersonDisabled(GrantConflict):
    """A disabled person gets no link; the sentence says what to do first."""


def invite(
    store: Store, request: PersonRequest, actor: Actor, accounts: Collection[str], now: datetime
) -> tuple[Person, str]:
    """Store a person; return it with the token of the link that sets the first password, which is not shown again.

    accounts: those of the set-up.
    Raises: NotAllowed, InvalidRequest, EmailTaken, StoreUnavailable.
    """
    check_scopes(request.role.scopes, actor)
    check_accounts(request.accounts, actor, accounts)
    email, name = fold_email(request.email), request.name.strip()
    if len(email) > MAX_EMAIL or not re.search(EMAIL, email):
        raise InvalidRequest("email", "write an e-mail address")
    check_name(name)
    person = Person(secrets.token_hex(16), email, name, request.role, request.accounts, now, is_invited=True)
    token = secrets.token_urlsafe(32)

    def add(tx: Transaction) -> bool:
        if not tx.people.add(person):
            return False
        tx.people.set_link(person.id, link_digest(token), now + INVITATION_TIME)
        record_act(tx, actor, Act.INVITE, person, None, members_of(person), now)
        return True

    if not store.write(add):
        raise EmailTaken("another person has this address")
    return person, token


def link_digest(token: str) -> str:
    """Return the digest of a link's token, which is stored instead of it."""
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()


def link_address(public_url: str, token: str) -> str:
    """Return the address of the page behind a link."""
    return f"{public_url}/admin/invitation/{token}"


def new_link(store: Store, person_id: str, actor: Actor, now: datetime) -> tuple[Person, str] | None:
    """Give a person another link that sets a password and end an earlier one; None if the actor sees no such person.

    The present password works until the link is used.
    Raises: NotAllowed, PersonDisabled, StoreUnavailable.
    """
    token = secrets.token_urlsafe(32)

    def set_link(tx: Transaction) -> Person | None:
        person = visible_person(tx, person_id, actor)
        if person is None:
            return None
        check_scopes(person.role.scopes, actor)  # anyone with the link can become this person
        if person.disabled_at is not None:
            raise PersonDisabled("this person is disabled: enable them first")
        act, time = (Act.INVITE, INVITATION_TIME) if person.is_invited else (Act.RESET, RESET_TIME)
        tx.people.set_link(person.id, link_digest(token), now + time)
        record_act(tx, actor, act, person, None, {"email": person.email}, now)
        return person

    person = store.write(set_link)
    return None if person is None else (person, token)


def person_of_link(store: Store, token: str, now: datetime) -> Person | None:
    """Return whose password a link sets; None if it is used, replaced, expired or made up.

    Raises: StoreUnavailable.
    """
    with store.read() as tx:
        return tx.people.of_link(link_digest(token), now)


def use_link(store: Store, token: str, hash_password: Callable[[], str], origin: str, now: datetime) -> Person | None:
    """Set the password that a person chose by a link, and end all earlier sessions; None if the link is invalid.

    Raises: StoreUnavailable.
    """
    person = person_of_link(store, token, now)
    if person is None:
        return None
    password_hash = hash_password()

    def use(tx: Transaction) -> Person | None:
        if not tx.people.use_link(link_digest(token), password_hash, now):
            return None
        tx.sessions.close_all(person.id)
        act = Act.ACCEPT if person.is_invited else Act.CHANGE
        after = {"email": person.email} if person.is_invited else {"signs in with": "another password"}
        record_act(tx, person.actor(origin), act, person, None, after, now)
        return replace(person, is_invited=False)

    return store.write(use)
