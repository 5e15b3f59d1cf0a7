"""Converts a form's keys to the texts of its page, and typed texts back to keys.

A key whose text was not touched keeps its value exactly, in whatever way it was written.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any

from service.admin.pages.form_editing.keys import FIELDS, FormField
from service.admin.pages.form_editing.questions import (
    OF,
    QuestionRow,
    read_questions,
    read_rows,
    row_numbers,
    show_questions,
)
from service.admin.pages.form_editing.target import TARGET_KEYS, read_target, show_target
from service.admin.pages.form_editing.widgets import LISTS, NO_NAMES, TOML, KeyWidget, Untypable
from service.admin.pages.stored_sentences import translated

ROUTE_FIELDS = ("redirect", "notify")
"""Keys of a route with inputs of their own; its other keys are typed as TOML."""


@dataclass(frozen=True, slots=True)
class TypedForm:
    """The typed values. keys: of the form's table. problems: input -> sentence; with any, the keys are incomplete."""

    keys: dict[str, Any]
    problems: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class RouteRow:
    """One route as typed.

    target: as show_target. more: its other keys as TOML. of: number of the route that it was drawn from, "" for none.
    """

    when: str = ""
    account: str = ""
    target: Mapping[str, str] = field(default_factory=dict)
    texts: Mapping[str, str] = field(default_factory=dict)
    more: str = ""
    of: str = ""


def show_field(field_of_form: FormField, keys: Mapping[str, Any]) -> tuple[KeyWidget, str]:
    """Return the widget of a key and its text, "" where the key is not there."""
    value = field_of_form.value_in(keys)
    widget = field_of_form.widget_for(value)
    return widget, "" if value is None else widget.show(value)


def show_form(keys: Mapping[str, Any]) -> dict[str, str]:
    """Return the text of every input but those of questions and routes."""
    texts = {each.name: show_field(each, keys)[1] for each in FIELDS}
    return {**texts, "account": str(keys.get("account", "")), **show_target(keys)}


def with_names(form: Mapping[str, str], before: Mapping[str, Any]) -> dict[str, str]:
    """Return what was typed, with the text of each list whose names were ticked in boxes.

    The text is empty where the ticks are those of the default and the key was not there: then it stays away.
    """
    texts = dict(form)
    for each in FIELDS:
        usual = form.get(f"{each.name}.usual")
        if usual is None:
            continue
        ticked = [name.partition(":")[2] for name in form if name.startswith(f"{each.name}:")]
        ticked += [name.strip() for name in re.split(r"[,\n]", form.get(f"{each.name}.more", "")) if name.strip()]
        is_usual = each.value_in(before) is None and set(ticked) == set(usual.splitlines()) - {NO_NAMES}
        texts[each.name] = "" if is_usual else "\n".join(ticked) or NO_NAMES
    return texts


def read_form(form: Mapping[str, str], before: Mapping[str, Any]) -> TypedForm:
    """Return the keys with the typed values. before: the keys from which the page was drawn."""
    form = with_names(form, before)
    keys = deepcopy(dict(before))
    problems: dict[str, str] = {}
    for each in FIELDS:
        _read_key(each, form, before, keys, problems)
    _replace(keys, TARGET_KEYS, read_target(form, before))
    if "account" in form and form["account"].strip() != str(before.get("account", "")):
        _set(keys, ("account",), form["account"].strip() or None)
    if "rows" in form:  # the page was whole
        _read_list("questions", keys, problems, lambda: read_questions(read_rows(form), before.get("questions")))
        _read_list("routes", keys, problems, lambda: _read_routes(form, before.get("routes") or []))
    return TypedForm(keys, problems)


def _read_key(
    each: FormField, form: Mapping[str, str], before: Mapping[str, Any], keys: dict[str, Any], problems: dict[str, str]
) -> None:
    widget, shown = show_field(each, before)
    text = form.get(each.name)
    if text is None or _same_text(text, shown):
        return
    try:
        _set(keys, each.path, widget.read(text) if text.strip() else None)
    except Untypable as error:
        problems[each.name] = translated(str(error))


def _read_list(name: str, keys: dict[str, Any], problems: dict[str, str], read: Any) -> None:
    try:
        _set(keys, (name,), read() or None)
    except Untypable as error:
        problems[name] = translated(str(error))


def _same_text(text: str, shown: str) -> bool:
    """Whether a text is the one that was shown: browsers end lines with CR LF, and cut the first."""
    return text.replace("\r\n", "\n").strip() == shown.strip()


def _set(keys: dict[str, Any], path: Sequence[str], value: Any) -> None:
    """Set a key, or remove it with None; a table that would be empty is removed as well."""
    if len(path) == 1:
        if value is None:
            keys.pop(path[0], None)
        else:
            keys[path[0]] = value
        return
    below = keys.get(path[0])
    table = dict(below) if isinstance(below, Mapping) else {}
    _set(table, path[1:], value)
    if table:
        keys[path[0]] = table
    else:
        keys.pop(path[0], None)


def _replace(keys: dict[str, Any], names: Sequence[str], values: Mapping[str, Any]) -> None:
    for name in names:
        if name not in values:
            keys.pop(name, None)
    keys |= values


# -- routes


def show_routes(value: Any) -> list[RouteRow]:
    """Return the rows of the key `routes`."""
    return [_show_route(each, number) for number, each in enumerate(value)] if isinstance(value, list) else []


def _show_route(route: Mapping[str, Any], number: int) -> RouteRow:
    when = route.get("when", {})
    texts = {each.name: show_field(each, route)[1] for each in _ROUTE_FIELDS}
    more = {key: value for key, value in route.items() if key not in _ROUTE_OWN}
    return RouteRow(
        _when_widget(when).show(when) if when else "",
        str(route.get("account", "")),
        show_target(route),
        texts,
        TOML.show(more) if more else "",
        str(number),
    )


def _when_widget(when: Any) -> KeyWidget:
    return LISTS if not when or LISTS.shows(when) else TOML


def _read_routes(form: Mapping[str, str], before: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return the routes that were typed, in their order. Raises: Untypable."""
    routes = []
    for typed in _typed_routes(form):
        of = typed.get(OF, "")
        routes.append(_read_route(typed, before[int(of)] if of.isdecimal() and int(of) < len(before) else {}))
    return routes


def _typed_routes(form: Mapping[str, str]) -> Iterator[dict[str, str]]:
    for number in row_numbers("route", form):
        prefix = f"route.{number}."
        yield {name.removeprefix(prefix): text for name, text in form.items() if name.startswith(prefix)}


def _read_route(typed: Mapping[str, str], before: Mapping[str, Any]) -> dict[str, Any]:
    shown = _show_route(before, 0)
    when = before.get("when", {})
    route: dict[str, Any] = {"when": when}
    if not _same_text(typed.get("when", ""), shown.when):
        route["when"] = _when_widget(when).read(typed["when"]) if typed.get("when", "").strip() else {}
    route |= read_target(typed, before)
    _set(route, ("account",), typed.get("account", shown.account).strip() or None)
    for each in _ROUTE_FIELDS:
        text = typed.get(each.name, "")
        if _same_text(text, shown.texts[each.name]):
            _set(route, each.path, each.value_in(before))
        elif text.strip():
            _set(route, each.path, each.widget_for(each.value_in(before)).read(text))
    more = typed.get("more", "")
    if _same_text(more, shown.more):
        return {**route, **{key: value for key, value in before.items() if key not in _ROUTE_OWN}}
    rows = TOML.read(more) if more.strip() else {}
    if not isinstance(rows, Mapping):
        raise Untypable(f"{more.strip()!r} is not a row: write a name, then =, then the value")
    return {**route, **rows}


_ROUTE_FIELDS = tuple(each for each in FIELDS if each.name in ROUTE_FIELDS)
_ROUTE_OWN = frozenset(("when", "account", *TARGET_KEYS, *ROUTE_FIELDS))


def rows_of(form: Mapping[str, str]) -> tuple[list[QuestionRow], list[RouteRow]]:
    """Return the rows as they were typed, for a page that is shown again."""
    routes = [
        RouteRow(
            typed.get("when", ""),
            typed.get("account", ""),
            {name: typed.get(name, "") for name in ("stage", "type", "owner", "owners")},
            {name: typed.get(name, "") for name in ROUTE_FIELDS},
            typed.get("more", ""),
            typed.get(OF, ""),
        )
        for typed in _typed_routes(form)
    ]
    return read_rows(form), routes


def rows_of_keys(keys: Mapping[str, Any]) -> tuple[list[QuestionRow], list[RouteRow]]:
    """Return the rows of a form's keys."""
    return show_questions(keys.get("questions")), show_routes(keys.get("routes"))
