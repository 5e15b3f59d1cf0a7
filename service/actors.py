"""Actors: a person at the dashboard, a key at the API or the operator's terminal, and their rights."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Scope(StrEnum):
    """A right of an actor; each includes nothing of another."""

    READ = "read"  # see leads, reports and alerts
    LEADS = "leads"  # retry, release, discard, correct, import and forget leads
    SETUP = "setup"  # forms, connections, costs
    PEOPLE = "people"  # people, keys, and the record of acts


class Role(StrEnum):
    """The roles of people, from the least to the most powerful."""

    VIEWER = "viewer"
    AGENT = "agent"
    EDITOR = "editor"
    OWNER = "owner"

    @property
    def scopes(self) -> frozenset[Scope]:
        """The scopes of a person with this role."""
        return frozenset(list(Scope)[: list(Role).index(self) + 1])

    @classmethod
    def least_with(cls, scope: Scope) -> "Role":
        """Return the least role with a scope."""
        return list(cls)[list(Scope).index(scope)]


@dataclass(frozen=True, slots=True)
class Actor:
    """The actor behind a request.

    who: as the record of acts names it: an e-mail address, "key NAME", "admin" or "terminal". accounts: those whose
    leads, forms and figures it sees; None for all. origin: the address of the request; at a terminal, user@host.
    """

    who: str
    scopes: frozenset[Scope]
    accounts: frozenset[str] | None = None
    origin: str = ""

    def may(self, scope: Scope) -> bool:
        """Return whether the actor has a scope, in the accounts that it sees."""
        return scope in self.scopes

    def sees(self, account: str) -> bool:
        """Return whether this account exists for the actor."""
        return self.accounts is None or account in self.accounts

    def sees_all(self, accounts: frozenset[str] | None) -> bool:
        """Return whether each of these accounts exists for the actor. accounts: None for all, including future ones.

        A person or a key exists for an actor that sees all of its accounts.
        """
        return self.accounts is None or (accounts is not None and accounts <= self.accounts)


def administrator(origin: str = "") -> Actor:
    """Return the actor with ADMIN_PASSWORD or ADMIN_TOKEN, which may do and see everything."""
    return Actor("admin", Role.OWNER.scopes, origin=origin)


def terminal(origin: str = "") -> Actor:
    """Return the actor of a command: anyone who can read the settings may do everything. origin: user and host."""
    return Actor("terminal", Role.OWNER.scopes, origin=origin)


@dataclass(frozen=True, slots=True)
class Person:
    """A person who may sign in to the dashboard, or is invited to.

    id: 32 hexadecimal digits. email: folded, for the sign-in. accounts: those that exist for this person, None for all,
    including future ones. is_invited: no password was chosen yet. disabled_at: since when signing in is refused.
    """

    id: str
    email: str
    name: str
    role: Role
    accounts: frozenset[str] | None
    created_at: datetime
    signed_in_at: datetime | None = None
    disabled_at: datetime | None = None
    is_invited: bool = False

    @property
    def is_active(self) -> bool:
        """Whether a session can be opened."""
        return self.disabled_at is None and not self.is_invited

    def actor(self, origin: str = "") -> Actor:
        """Return this person as an actor."""
        return Actor(self.email, self.role.scopes, self.accounts, origin)
