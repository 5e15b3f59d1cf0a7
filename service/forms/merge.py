"""Which key wins: a form's over [defaults], a route's over its form's, tables key by key."""

from collections.abc import Mapping
from typing import Any

RIVALS = {"stage_id": ("board", "stage"), "board": ("stage_id",), "stage": ("stage_id",)}
"""Two ways of naming a stage: the more particular table chooses one, the other's is forgotten."""

WHOLE = ("value", "due_date", "utm")
"""Tables that say one thing: the more particular one is taken as it is, never mixed with another."""


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
    """The form that a route makes of `form`: its keys applied, without `when` and without routes."""
    plain = {key: value for key, value in form.items() if key != "routes"}
    return overlay(plain, {key: value for key, value in route.items() if key not in {"when", "routes"}})
