"""Who acts: a person at the dashboard, a key at the API or the operator's terminal, and what each may do and see."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Scope(StrEnum):
    """What an actor may do; each includes nothing of another."""

    READ = "read"  # see leads, reports and alerts
    LEADS = "leads"  # retry, release, discard, correct, import and forget leads
    SETUP = "setup"  # forms, connections, costs
    PEOPLE = "people"  # people, keys, and the record of acts


class Role(StrEnum):
    """The roles of people, from the least to the most."""

    VIEWER = "viewer"
    AGENT = "agent"
    EDITOR = "editor"
    OWNER = "owner"

    @property
    def scopes(self) -> frozenset[Scope]:
        """What a person of this role may do."""
        return frozenset(list(Scope)[: list(Role).index(self) + 1])

    @classmethod
    def least_with(cls, scope: Scope) -> "Role":
        """Return the role that may do what the scope covers and nothing beyond."""
        return list(cls)[list(Scope).index(scope)]


@dataclass(frozen=True, slots=True)
class Actor:
    """Whoever asks for something.

    who: as the record of acts names it: an e-mail address, "key NAME", "admin" or "terminal".
    accounts: those whose leads, forms and figures it sees; None for all.
    origin: the address that the request came from; at a terminal, user@host.
    """

    who: str
    scopes: frozenset[Scope]
    accounts: frozenset[str] | None = None
    origin: str = ""

    def may(self, scope: Scope) -> bool:
        """Return whether it may do what the scope covers, in the accounts that it sees."""
        return scope in self.scopes

    def sees(self, account: str) -> bool:
        """Return whether this account exists for it."""
        return self.accounts is None or account in self.accounts

    def sees_all(self, accounts: frozenset[str] | None) -> bool:
        """Return whether each of these accounts exists for it. accounts: None for all, those of later as well.

        A person or a key exists for an actor that sees all of its accounts.
        """
        return self.accounts is None or (accounts is not None and accounts <= self.accounts)


def administrator(origin: str = "") -> Actor:
    """Return who signs in with ADMIN_PASSWORD or calls with ADMIN_TOKEN: may do and sees everything."""
    return Actor("admin", Role.OWNER.scopes, origin=origin)


def terminal(origin: str = "") -> Actor:
    """Return who uses a command: whoever can read the settings may do everything. origin: user and host."""
    return Actor("terminal", Role.OWNER.scopes, origin=origin)


@dataclass(frozen=True, slots=True)
class Person:
    """Someone who may sign in to the dashboard, or who is invited to.

    id: 32 hexadecimal digits. email: folded; it is what signs in. accounts: those that exist for this person, None for
    all, those of later as well. is_invited: no password was chosen yet. disabled_at: since when signing in is refused.
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
        """Return this person as whoever asks for something now."""
        return Actor(self.email, self.role.scopes, self.accounts, origin)
