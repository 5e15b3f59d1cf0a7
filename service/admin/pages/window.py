"""What the pages are given."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, tzinfo
from typing import Any

from service.forms import Form
from service.lead import Lead
from service.operations.leads import TIME_LIMIT_S
from service.store import Alert, Store

MADE_PASSWORD = "admin_password"  # noqa: S105 (the name of a value)
"""The value of the deployment with the hash of a password that was made for the operator."""


@dataclass(frozen=True, slots=True)
class Link:
    """Somewhere else to look. note: what to know before following it."""

    text: str
    address: str
    note: str = ""


def _unlimited(_who: str) -> float:
    return 0.0


def _no_link(_lead: Lead) -> Link | None:
    return None


def _sentence(concern: Alert) -> str:
    return concern.kind


def _knows(_form: str, _source: str) -> bool:
    return True


def _no_preview(_form: str, _asked: Mapping[str, Any]) -> dict[str, Any] | None:
    return None


@dataclass(frozen=True, slots=True)
class Window:
    """What the pages need of other rooms, as plain values and functions.

    password: the operator's, "" where one was made or none is set. secret_key: "" for the one in the database.
    try_sign_in: counts a try of somebody; 0.0 when it is allowed, else the seconds to wait.
    crm_link: where to see a delivered lead. title_of: what a concern is called. patience_s: how long one request works
    on many leads.
    knows_source: whether the rules know a utm_source of a form. defaults: which of them give a lead source only because
    one must be given, and what that means. preview: what a submission to a form would become.
    """

    store: Store
    forms: Mapping[str, Form]
    public_url: str = ""
    password: str = field(default="", repr=False)
    secret_key: str = field(default="", repr=False)
    zone: tzinfo = UTC
    try_sign_in: Callable[[str], float] = _unlimited
    crm_link: Callable[[Lead], Link | None] = _no_link
    title_of: Callable[[Alert], str] = _sentence
    patience_s: float = TIME_LIMIT_S
    knows_source: Callable[[str, str], bool] = _knows
    defaults: Mapping[str, str] = field(default_factory=dict)
    preview: Callable[[str, Mapping[str, Any]], dict[str, Any] | None] = _no_preview
