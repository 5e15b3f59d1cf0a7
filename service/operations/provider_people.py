"""People whom an identity provider signs in: who is admitted, and with which role."""

import secrets
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from service.actors import Person, Role
from service.oidc import ProvenIdentity
from service.operations.people import MAX_PERSON_NAME, fold_email, members_of, record_act, record_change
from service.store import Act, Store, Transaction

ROLES_WORTH = list(Role)
"""Roles from the least to the most powerful."""


class NotAdmitted(Exception):
    """The provider knows the person, but this installation has no reason to admit them; the sentence is for the log."""


@dataclass(frozen=True, slots=True)
class ProviderRules:
    """domains: of addresses that are admitted without an invitation. role_claim: "" if only owners give roles."""

    domains: tuple[str, ...] = ()
    role_claim: str = ""


@dataclass(frozen=True, slots=True)
class GivenRole:
    """The role that a claim gives. accounts: None for all."""

    role: Role
    accounts: frozenset[str] | None


def given_role(claims: Mapping[str, Any], name: str, accounts: Collection[str]) -> GivenRole | None:
    """Return the highest role that a claim gives, with its accounts; None if it gives none.

    name: of the claim; with dots, a member of a member. Values: "agent", "agent:harbour", or a list of such values.
    accounts: those of the set-up; a value with any other gives nothing.
    """
    value: Any = claims
    for part in [name] if name in claims else name.split("."):
        value = value.get(part) if isinstance(value, Mapping) else None
    given: dict[Role, set[str | None]] = {}
    for each in value if isinstance(value, list) else [value]:
        role, _, account = str(each).partition(":")
        if role in ROLES_WORTH and (not account or account in accounts):
            given.setdefault(Role(role), set()).add(account or None)
    if not name or not given:
        return None
    highest = max(given, key=ROLES_WORTH.index)
    of_role = given[highest]
    return GivenRole(highest, None if None in of_role else frozenset(filter(None, of_role)))


def admit(
    store: Store,
    identity: ProvenIdentity,
    rules: ProviderRules,
    accounts: Collection[str],
    origin: str,
    now: datetime,
) -> Person:
    """Return the person who signs in, with the role that the claim gives now; a new one if a rule admits them.

    accounts: those of the set-up. A person is recognised by the provider's own id, the first time by the e-mail
    address.
    Raises: NotAdmitted, StoreUnavailable.
    """
    given = given_role(identity.claims, rules.role_claim, accounts)

    def find(tx: Transaction) -> Person | str:
        person = _known(tx, identity, now)
        if isinstance(person, str):
            return person
        if person is None:
            return _new(tx, identity, rules, given, accounts, origin, now)
        if person.disabled_at is not None:
            return "this person is disabled"
        return _with_role(tx, person, given, origin, now)

    person = store.write(find)
    if isinstance(person, str):
        raise NotAdmitted(person)
    return person


def _known(tx: Transaction, identity: ProvenIdentity, now: datetime) -> Person | str | None:
    """Return the person, linked from now on; None for a stranger, or why they are not the owner of the address."""
    person_id = tx.passkeys.person_of(identity.issuer, identity.subject)
    if person_id is not None:
        return tx.people.get(person_id)
    credentials = tx.people.credentials(fold_email(identity.email)) if identity.email else None
    if credentials is None:
        return None
    if tx.passkeys.is_linked(identity.issuer, credentials.person.id):
        return "the address belongs to someone else at the provider now"
    tx.passkeys.link(identity.issuer, identity.subject, credentials.person.id, now)
    return credentials.person


def _new(
    tx: Transaction,
    identity: ProvenIdentity,
    rules: ProviderRules,
    given: GivenRole | None,
    accounts: Collection[str],
    origin: str,
    now: datetime,
) -> Person | str:
    """Return a new person from an admitted domain; one without a role sees the only account, or is not admitted."""
    email = fold_email(identity.email)
    if email.rpartition("@")[2] not in rules.domains:
        return "this address was not invited, and its domain is not among OIDC_DOMAINS"
    if given is None and (rules.role_claim or len(accounts) > 1):
        return "no claim gives a role, or there are several accounts to choose from"
    given = given or GivenRole(Role.VIEWER, frozenset(accounts))
    name = "".join(filter(str.isprintable, identity.name))[:MAX_PERSON_NAME]
    person = Person(secrets.token_hex(16), email, name, given.role, given.accounts, now, is_invited=True)
    tx.people.add(person)
    tx.passkeys.link(identity.issuer, identity.subject, person.id, now)
    record_act(tx, person.actor(origin), Act.CREATE, person, None, members_of(person), now)
    return person


def _with_role(tx: Transaction, person: Person, given: GivenRole | None, origin: str, now: datetime) -> Person:
    """Return the person with the role that the claim gives; it overrides an owner's choice."""
    if given is None or (given.role, given.accounts) == (person.role, person.accounts):
        return person
    changed = replace(person, role=given.role, accounts=given.accounts)
    tx.people.change(changed)
    record_change(tx, changed.actor(origin), person, changed, now)
    return changed
