"""Precedence of keys: a form's over [defaults], a route's over its form's, tables key by key."""

from collections.abc import Mapping
from typing import Any

from service.forms.form import DEFAULT_ACCOUNT

RIVALS = {
    "stage_id": ("board", "stage"),
    "board": ("stage_id",),
    "stage": ("stage_id",),
    "responsible_id": ("responsible",),
    "responsible": ("responsible_id",),
}
"""The two ways of naming a stage, and an owner: the one used in the upper layer hides the other below."""

UNMERGED = ("value", "due_date", "utm")
"""Tables that make sense only as a whole: the upper layer's replaces the one below."""

STAGE_KEYS = ("stage_id", "board", "stage")

ACCOUNT_KEYS_OF_FORM = frozenset(
    (
        *(*STAGE_KEYS, "opportunity_type_id", "responsible_id", "responsible", "days_off"),
        *("team_id", "referrer_id", "agent_id", "extra", "custom"),
    )
)
"""Keys of a form that are valid in one Nexudus account only: elsewhere the same id is another company's record.

`extra` may contain such ids, too.
"""

ACCOUNT_KEYS_OF_CONTACT = frozenset(("business_id", "country_id", "time_zone_id", "extra", "custom"))
"""Keys of the table `contact` that are valid in one Nexudus account only."""


def overlay(base: Mapping[str, Any], top: Mapping[str, Any]) -> dict[str, Any]:
    """Return the keys of both layers; those of `top` win."""
    hidden = {rival for key in top for rival in (*RIVALS.get(key, ()), *({key} & {*UNMERGED}))}
    return _merge({key: value for key, value in base.items() if key not in hidden}, top)


def _merge(base: Mapping[str, Any], top: Mapping[str, Any]) -> dict[str, Any]:
    merged = dict(base)
    for key, value in top.items():
        below = merged.get(key)
        merged[key] = _merge(below, value) if isinstance(below, Mapping) and isinstance(value, Mapping) else value
    return merged


def make_variant(form: Mapping[str, Any], route: Mapping[str, Any]) -> dict[str, Any]:
    """Return `form` with the keys of a route applied, without `when` and routes.

    If the route leads to another account, the form's keys for its own account are left out.
    """
    base = {key: value for key, value in form.items() if key != "routes"}
    if leaves_account(form, route):
        base = _without_account_keys(base)
    return overlay(base, {key: value for key, value in route.items() if key not in {"when", "routes"}})


def leaves_account(form: Mapping[str, Any], route: Mapping[str, Any]) -> bool:
    """Return whether a route leads to a Nexudus account other than its form's."""
    return "account" in route and _account_of(route) != _account_of(form)


def _without_account_keys(form: Mapping[str, Any]) -> dict[str, Any]:
    keys = {key: value for key, value in form.items() if key not in ACCOUNT_KEYS_OF_FORM}
    if isinstance(contact := form.get("contact"), Mapping):
        keys["contact"] = {key: value for key, value in contact.items() if key not in ACCOUNT_KEYS_OF_CONTACT}
    return keys


def _account_of(keys: Mapping[str, Any]) -> Any:
    name = keys.get("account", DEFAULT_ACCOUNT)
    return name.strip() if isinstance(name, str) else name
