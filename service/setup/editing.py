"""Edits of one set-up document: pure functions from text to text that keep comments, order and every other key.

Each edit names the wanted content of a table; only differences are written anew. The result is parsed again by Python's
own reader and compared with the intended tables, so that an edit is either exact or refused.
"""

import tomllib
from collections.abc import Mapping, Sequence
from copy import deepcopy
from difflib import SequenceMatcher
from typing import Any

import tomlkit
from tomlkit.exceptions import TOMLKitError
from tomlkit.items import AoT, Array, InlineTable, Item, Table

from service.forms.file import with_plain_ends

Keys = Mapping[str, Any]
Place = tuple[str, ...]

FORMS, DEFAULTS = "forms", "defaults"

TABLES_IN_ORDER = frozenset(("routes",))
"""Lists that are written as [[tables]]; any other list is written inline."""

SHORT_TABLES = frozenset(("when", "value", "due_date", "utm", "captcha", "canary"))
"""Tables that are written inline, on the line of their key."""

MAX_LINE_CHARS = 100
"""Maximum characters of a list in one line; a longer one is written one item per line."""


class EditRefused(Exception):
    """The document is written in a way that this edit would not preserve; it has to be changed as text."""


def read_tables(document: str) -> dict[str, Any]:
    """Return the plain tables of a document. Raises: ValueError if it is not TOML."""
    return tomllib.loads(with_plain_ends(document))


def default_keys(document: str) -> dict[str, Any]:
    """Return the keys of [defaults]."""
    table = read_tables(document).get(DEFAULTS, {})
    return table if isinstance(table, dict) else {}


def put_form(document: str, name: str, keys: Keys) -> str:
    """Return the document with exactly these keys in the form's table; a new form comes last.

    Raises: EditRefused; ValueError if the document is not TOML.
    """
    return put_table(document, (FORMS, name), keys)


def remove_form(document: str, name: str) -> str:
    """Return the document without the form. Raises: as put_form; KeyError if there is no such form."""
    wanted = read_tables(document)
    del wanted[FORMS][name]

    place = (FORMS, name)
    edits = (lambda text: _cut(text, place), lambda text: _without_last_form(_cut(text, place)))
    return _first_exact(with_plain_ends(document), wanted, edits)


def put_table(document: str, place: Place, keys: Keys) -> str:
    """Return the document with exactly `keys` in the table at `place`. Raises: as put_form."""
    text = with_plain_ends(document)
    wanted = tomllib.loads(text)
    above = wanted
    for step in place[:-1]:
        above = above.setdefault(step, {})
    is_new = place[-1] not in above
    above[place[-1]] = deepcopy(dict(keys))

    def fit(text: str) -> str:
        whole = tomlkit.parse(text)
        table: Any = whole
        for step in place:
            table = table[step]
        _fit(table, keys)
        return whole.as_string()

    def rewrite(text: str) -> str:
        return _cut(text, place, _write(place, keys) + "\n")

    def append(text: str) -> str:
        return f"{text.rstrip()}\n\n{_write(place, keys)}".lstrip()

    return _first_exact(text, wanted, (append,) if is_new else (fit, rewrite))


def _first_exact(text: str, wanted: Keys, edits: Sequence[Any]) -> str:
    """Return the result of the first edit that yields exactly the wanted tables."""
    for edit in edits:
        try:
            edited: str = edit(text)
            if same(tomllib.loads(edited), wanted):
                return edited
        except (TOMLKitError, ValueError, LookupError, TypeError, AttributeError, AssertionError):
            continue  # a shape that the library cannot change in place
    raise EditRefused


def _cut(text: str, place: Place, instead: str = "") -> str:
    """Return the text without the tables at and below `place`; comments above the next heading stay with that.

    instead: the text that replaces the first of them.
    """
    kept: list[str] = []
    cut: list[str] | None = None
    for line in text.splitlines(keepends=True):
        heading = _heading(line)
        if heading is not None:
            if cut is not None:
                kept += _above_next_heading(cut)
            cut = [] if heading[: len(place)] == place else None
            if cut is not None:
                kept.append(instead)
                instead = ""
                continue
        (kept if cut is None else cut).append(line)
    return "".join(kept)


def _heading(line: str) -> Place | None:
    """Return the place that `[forms.tour]` or `[[forms.tour.routes]]` names; None for any other line."""
    if not line.lstrip().startswith("["):
        return None
    try:
        below: Any = tomllib.loads(line)
    except ValueError:
        return None
    place: list[str] = []
    while isinstance(below, dict) and below:
        ((step, below),) = below.items()
        place.append(step)
        below = below[0] if isinstance(below, list) else below
    return tuple(place)


def _above_next_heading(lines: Sequence[str]) -> list[str]:
    """Return the trailing comments that a blank line separates from the table before them."""
    end = len(lines)
    while end and lines[end - 1].lstrip().startswith("#"):
        end -= 1
    return list(lines[end:]) if end < len(lines) and (not end or not lines[end - 1].strip()) else []


def _without_last_form(text: str) -> str:
    """Return the text with an empty table of forms, after the only form was cut."""
    return f"{text.rstrip()}\n\n[{FORMS}]\n".lstrip()


def same(one: Any, other: Any) -> bool:
    """Return whether two TOML values are the same, including their types: 1 is neither true nor 1.0."""
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        return one.keys() == other.keys() and all(same(one[key], other[key]) for key in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(same, one, other))
    return type(one) is type(other) and bool(one == other)


# -- changing a table in place


def _fit(table: Any, wanted: Keys) -> None:
    """Give a table the wanted content; keys that are right already are not touched."""
    is_inline = isinstance(table, InlineTable)
    for key in [key for key in table if key not in wanted]:
        table.remove(key)
    for key, value in wanted.items():
        if key not in table:
            table.append(key, _item(key, value, is_inline=is_inline))
            continue
        item = table[key]
        if same(_plain(item), value):
            continue
        if isinstance(value, Mapping) and isinstance(_plain(item), Mapping):
            _fit(item, value)
        elif isinstance(item, AoT) and _is_of_tables(value):
            _fit_tables(item, value)
        elif isinstance(item, Array) and isinstance(value, list) and _fit_list(item, value):
            continue
        else:
            table[key] = _item(key, value, is_inline=is_inline or not isinstance(item, Table | AoT))


def _fit_tables(tables: AoT, wanted: Sequence[Keys]) -> None:
    """Change [[tables]] one by one: those that stay, in the same order, keep their comments."""
    for step, start, end, new_start, new_end in _steps([_plain(each) for each in tables], wanted):
        if step == "equal":
            continue
        shared = min(end - start, new_end - new_start)
        for offset in range(shared):
            _fit(tables[start + offset], wanted[new_start + offset])
        for number in reversed(range(start + shared, end)):
            del tables[number]
        for number in range(new_start + shared, new_end):
            tables.insert(start + number - new_start, _table(wanted[number]))


def _fit_list(array: Array, wanted: Sequence[Any]) -> bool:
    """Change a list item by item; False, with its meaning unchanged, if that is not possible."""
    for step, start, end, new_start, new_end in _steps([_plain(each) for each in array], wanted):
        if step == "equal":
            continue
        shared = min(end - start, new_end - new_start)
        for offset in range(shared):
            item, value = array[start + offset], wanted[new_start + offset]
            if isinstance(item, InlineTable) and isinstance(value, Mapping):
                _fit(item, value)
            else:
                array[start + offset] = _item("", value, is_inline=True)
        for number in reversed(range(start + shared, end)):
            del array[number]
        for number in range(new_start + shared, new_end):
            array.insert(start + number - new_start, _item("", wanted[number], is_inline=True))
    try:
        return same(tomllib.loads(f"list = {array.as_string()}")["list"], list(wanted))
    except ValueError:
        return False


def _steps(before: Sequence[Any], after: Sequence[Any]) -> Sequence[tuple[str, int, int, int, int]]:
    """Return the steps from one list to the other, from the end, so that earlier positions stay valid."""
    return SequenceMatcher(None, [*map(repr, before)], [*map(repr, after)], autojunk=False).get_opcodes()[::-1]


def _plain(item: Any) -> Any:
    return item.unwrap() if hasattr(item, "unwrap") else item


# -- writing what is new


def _write(place: Place, keys: Keys) -> str:
    """Return a table with its heading."""
    table = _table(keys)
    for step in reversed(place[1:]):
        above = tomlkit.table(is_super_table=True)
        above.append(step, table)
        table = above
    whole = tomlkit.document()
    whole.append(place[0], table)
    return whole.as_string()


def _table(keys: Keys) -> Table:
    """Return a table; its subtables come last, as TOML requires."""
    table = tomlkit.table()
    for key, value in sorted(keys.items(), key=lambda pair: _has_heading(*pair)):
        table.append(key, _item(key, value, is_inline=False))
    return table


def _has_heading(key: str, value: Any) -> bool:
    return (isinstance(value, Mapping) and key not in SHORT_TABLES) or (key in TABLES_IN_ORDER and _is_of_tables(value))


def _is_of_tables(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(each, Mapping) for each in value)


def _item(key: str, value: Any, *, is_inline: bool) -> Item:
    if isinstance(value, Mapping):
        return _inline(value) if is_inline or key in SHORT_TABLES else _table(value)
    if not is_inline and key in TABLES_IN_ORDER and _is_of_tables(value):
        tables = tomlkit.aot()
        for each in value:
            tables.append(_table(each))
        return tables
    if isinstance(value, list):
        array = tomlkit.array()
        for each in value:
            array.append(_item("", each, is_inline=True))
        array.multiline(len(array.as_string()) > MAX_LINE_CHARS and not is_inline)
        return array
    item: Item = tomlkit.item(value)
    return item


def _inline(keys: Keys) -> InlineTable:
    table = tomlkit.inline_table()
    for key, value in keys.items():
        table.append(key, _item("", value, is_inline=True))
    return table


# -- single values as people type them


def write_value(value: Any) -> str:
    """Return a value as TOML, as it may follow `key = `."""
    return _item("", value, is_inline=True).as_string()


def write_rows(table: Keys) -> str:
    """Return a table as rows of `key = value`, one per line."""
    whole = tomlkit.document()
    for key, value in table.items():
        whole.append(key, _item("", value, is_inline=True))
    return whole.as_string().rstrip("\n")


def write_tables(tables: Keys) -> str:
    """Return a whole document with these tables."""
    whole = tomlkit.document()
    for key, value in tables.items():
        whole.append(key, _item(key, value, is_inline=False))
    return whole.as_string()


def read_value(text: str) -> Any:
    """Parse typed TOML: a value, or the rows of a table. Raises: ValueError."""
    plain = with_plain_ends(text).strip()
    try:
        return tomllib.loads(f"value = {plain}\n")["value"]
    except ValueError:
        return tomllib.loads(plain + "\n")
