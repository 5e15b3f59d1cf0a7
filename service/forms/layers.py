"""Which key wins: a form's over [defaults], a route's over its form's, tables key by key."""

from collections.abc import Mapping
from typing import Any

RIVALS = {"stage_id": ("board", "stage"), "board": ("stage_id",), "stage": ("stage_id",)}
"""Two ways of naming a stage: the more particular table chooses one, the other's is forgotten."""

WHOLE = ("value", "due_date", "utm")
"""Tables that say one thing: the more particular one is taken as it is, never mixed with another."""

DEFAULT_ACCOUNT = "default"
"""The account of the NEXUDUS_ settings, which a form has that names none."""

STAGE_KEYS = ("stage_id", "board", "stage")

IDS_OF_ACCOUNT = frozenset(
    (*STAGE_KEYS, "opportunity_type_id", "responsible_id", "team_id", "referrer_id", "agent_id", "extra", "custom")
)
"""Keys of a form whose values mean something in one Nexudus account only: in another one the same number is another
company's record. `extra` may hold such numbers, too."""

CONTACT_IDS_OF_ACCOUNT = frozenset(("business_id", "country_id", "time_zone_id", "extra", "custom"))
"""The same of the table `contact`."""


def overlay(base: Mapping[str, Any], top: Mapping[str, Any]) -> dict[str, Any]:
    """The form that `base` becomes where `top` speaks over it."""
    forgotten = {rival for key in top for rival in (*RIVALS.get(key, ()), *({key} & {*WHOLE}))}
    return merge({key: value for key, value in base.items() if key not in forgotten}, top)


def merge(base: Mapping[str, Any], top: Mapping[str, Any]) -> dict[str, Any]:
    """Both tables in one, tables within them likewise; elsewhere `top` wins."""
    merged = dict(base)
    for key, value in top.items():
        below = merged.get(key)
        merged[key] = merge(below, value) if isinstance(below, Mapping) and isinstance(value, Mapping) else value
    return merged


def make_variant(form: Mapping[str, Any], route: Mapping[str, Any]) -> dict[str, Any]:
    """The form that a route makes of `form`: its keys applied, without `when` and without routes.

    Where the route leads to another account, what the form says in ids of its own account is left out.
    """
    plain = {key: value for key, value in form.items() if key != "routes"}
    base = without_ids(plain) if leaves_account(form, route) else plain
    return overlay(base, {key: value for key, value in route.items() if key not in {"when", "routes"}})


def leaves_account(form: Mapping[str, Any], route: Mapping[str, Any]) -> bool:
    """Whether a route leads to another Nexudus account than its form."""
    return "account" in route and _account_of(route) != _account_of(form)


def without_ids(form: Mapping[str, Any]) -> dict[str, Any]:
    """The form without the keys that only its own Nexudus account understands."""
    kept = {key: value for key, value in form.items() if key not in IDS_OF_ACCOUNT}
    if isinstance(contact := form.get("contact"), Mapping):
        kept["contact"] = {key: value for key, value in contact.items() if key not in CONTACT_IDS_OF_ACCOUNT}
    return kept


def _account_of(keys: Mapping[str, Any]) -> Any:
    name = keys.get("account", DEFAULT_ACCOUNT)
    return name.strip() if isinstance(name, str) else name
