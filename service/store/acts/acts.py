"""The parts of an act: who did what to which thing, and how it was before and after."""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import Enum, StrEnum
from typing import Any


class Act(StrEnum):
    """The kind of an act."""

    # leads
    RETRY = "retry"
    RELEASE = "release"
    DISCARD = "discard"
    RESTORE = "restore"
    UNDO = "undo"
    CORRECT = "correct"
    ANSWER = "answer"  # a call was recorded
    ERASE = "erase"  # a person's words, in each of their leads
    REATTRIBUTE = "reattribute"
    # files in and out
    IMPORT = "import"
    EXPORT = "export"
    PULL = "pull"  # leads that a platform's webhook did not bring
    # set-up, people, keys, connections: the subject says which
    CREATE = "create"
    CHANGE = "change"
    DELETE = "delete"
    PUBLISH = "publish"
    REVERT = "revert"
    INVITE = "invite"
    ACCEPT = "accept"  # an invitation
    RESET = "reset"  # a password
    DISABLE = "disable"
    ENABLE = "enable"
    REVOKE = "revoke"
    SIGN_IN = "sign in"
    SIGN_OUT = "sign out"
    TEST = "test"  # a test message, a test lead
    ROTATE = "rotate"  # encryption keys
    REPAIR = "repair"  # a delivery recorded that only the CRM showed
    EXCUSE = "excuse"  # a discrepancy


class SubjectKind(StrEnum):
    """The kind of thing that an act was done to."""

    LEAD = "lead"
    FORM = "form"
    SETUP = "setup"
    PERSON = "person"  # of the dashboard; the person of a lead is the lead
    KEY = "key"
    SESSION = "session"
    CONNECTION = "connection"
    COSTS = "costs"
    LEADS = "leads"  # an export, an import: by form, "" for all
    DATABASE = "database"
    VIEW = "view"  # of the list of leads
    ACTS = "acts"  # the record itself


@dataclass(frozen=True, slots=True)
class Subject:
    """One thing: its kind, and a permanent id that does not name a person."""

    kind: SubjectKind
    id: str = ""


Members = Mapping[str, Any]
"""A thing's state: names and values as JSON has them."""


@dataclass(frozen=True, slots=True)
class RecordedAct:
    """An act as stored in the record.

    id: its number, from 1 without gaps. accounts: those that it concerns; None: none in particular, or all. origin: the
    address that it came from. hash: chains the next act to this one. is_erased: its personal words were removed.
    """

    id: int
    at: datetime
    who: str
    act: str
    subject: Subject
    accounts: frozenset[str] | None
    before: Members
    after: Members
    origin: str
    hash: str
    is_erased: bool = False


# -- whose act it is

OfAccounts = str | Collection[str] | None
"""Accounts that an act concerns: one, several, or None: then only people who see all accounts see it."""

ALL_ACCOUNTS = ""
"""Value of `account` for an act that only people who see all accounts may see."""

SEPARATOR = "\x1f"
"""Separates the names of several accounts."""


def account_column(account: OfAccounts) -> str:
    """Return the stored form of the accounts that an act concerns."""
    if account is None:
        return ALL_ACCOUNTS
    return account if isinstance(account, str) else SEPARATOR.join(sorted(account))


def accounts_in(column: str) -> frozenset[str] | None:
    """Parse the stored form of accounts; None for an act that concerns all of them."""
    return None if column == ALL_ACCOUNTS else frozenset(column.split(SEPARATOR))


# -- what is never recorded

HIDDEN = "(hidden)"
"""Replaces a secret."""

_SECRET_NAME = re.compile(
    r"(^|[_.\- ])(passwords?|secrets?|tokens?|totp|credentials?|api_key|app_key|dsn)($|[_.\- ])", re.IGNORECASE
)

_SECRET_PATH = re.compile(r"\.key$")
"""A key of a sender's table, in the path of a change: `webhooks.google-ads.key`."""

_ADDRESS = re.compile(r"\b(?!https?://|mailto:)([a-z][a-z0-9+.-]*://)\S+", re.IGNORECASE)
"""A URL of Apprise or of a database: everything but its scheme may be secret."""

_USERINFO = re.compile(r"\b(https?://)[^\s/@]+@", re.IGNORECASE)


def plain_members(members: Members | None) -> dict[str, Any]:
    """Return members as JSON has them, without secrets: those known by their names, and URLs that contain one."""
    return {str(name): _plain(str(name), value) for name, value in (members or {}).items() if value is not None}


def _plain(name: str, value: Any) -> Any:
    if value is None or isinstance(value, bool):
        return value
    if is_secret(name) and value not in ("", [], ()):
        return HIDDEN
    if isinstance(value, Mapping):
        return _plain_mapping(value)
    if isinstance(value, list | tuple | set | frozenset):
        plain = [_plain("", each) for each in value]
        return sorted(plain) if isinstance(value, set | frozenset) else plain
    return _plain_scalar(value)


def _plain_scalar(value: Any) -> Any:
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, datetime | date):
        return value.isoformat().replace("+00:00", "Z")
    if isinstance(value, int | float):
        return value
    return _USERINFO.sub(r"\1", _ADDRESS.sub(r"\1…", str(value)))


def _plain_mapping(value: Members) -> dict[str, Any]:
    """Return a value whose members have names; in a change `{"key": …, "from": …, "to": …}` the key is the name."""
    of = value.get("key", "")
    named = isinstance(of, str) and (is_secret(of) or _SECRET_PATH.search(of))
    return {
        str(inner): HIDDEN if named and inner in ("from", "to") and each else _plain(str(inner), each)
        for inner, each in value.items()
    }


def is_secret(name: str) -> bool:
    """Return whether a value with this name is secret."""
    return bool(_SECRET_NAME.search(name))
