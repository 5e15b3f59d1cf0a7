"""How a value of the set-up is shown in an input, and how typed text becomes a value again.

The schema of the forms file judges the values; a widget only gives them their type. A value that a widget could not
return unchanged, such as an answer with a line break, is shown as TOML instead.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from service.setup.editing import read_value, same, write_rows, write_value
from service.setup.withholding import REFERENCES

YES, NO = "yes", "no"
BETWEEN = " | "
"""Separator of the items of a list on one line."""

NO_NAMES = "-"
"""The text of an empty list of names: without any text the key is left out, and its default applies."""


class Untypable(ValueError):
    """The typed text cannot be a value; the message says why, in English, as the schema does."""


@dataclass(frozen=True, slots=True)
class KeyWidget:
    """One way to type a value. look: the macro that draws it. show, read: from value to text and back.

    read is never given an empty text: that leaves the key out.
    """

    look: str
    show: Callable[[Any], str]
    read: Callable[[str], Any]

    def shows(self, value: Any) -> bool:
        """Return whether the value survives being shown and read."""
        try:
            text = self.show(value)
            return bool(text) and same(self.read(text), value)
        except (ValueError, TypeError, AttributeError, KeyError):
            return False


# -- one value


def _show_text(value: Any) -> str:
    if not isinstance(value, str):
        raise Untypable
    return value


def _show_number(value: Any) -> str:
    if isinstance(value, str) and value.startswith(REFERENCES):
        return value
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise Untypable
    return repr(value)


def read_number(text: str) -> Any:
    """Read a number; anything else stays text, which the schema refuses with a sentence."""
    typed = text.strip()
    if re.fullmatch(r"-?[0-9]{1,18}", typed):
        return int(typed)
    return float(typed) if re.fullmatch(r"-?[0-9]{1,15}\.[0-9]{1,9}", typed) else typed


def _show_name_or_number(value: Any) -> str:
    return _show_text(value) if isinstance(value, str) else _show_number(value)


def _read_flag(text: str) -> Any:
    return {YES: True, NO: False}.get(text, text)


def _show_flag(value: Any) -> str:
    return {True: YES, False: NO}[value] if isinstance(value, bool) else _show_text(value)


# -- lists, one item a line


def _lines(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if line.strip()]


def _show_lines(value: Any) -> str:
    items = [value] if isinstance(value, str) else value
    if not isinstance(items, list) or not all(isinstance(each, str) for each in items):
        raise Untypable
    return "\n".join(items)


def _show_names(value: Any) -> str:
    return _show_lines(value) or NO_NAMES


def _read_names(text: str) -> list[str]:
    return [] if text.strip() == NO_NAMES else _lines(text)


# -- tables, one row a line


def _show_pairs(show: Callable[[Any], str]) -> Callable[[Any], str]:
    def show_table(value: Any) -> str:
        if not isinstance(value, Mapping):
            raise Untypable
        return "\n".join(f"{name} = {show(below)}" for name, below in value.items())

    return show_table


def _read_pairs(read: Callable[[str], Any]) -> Callable[[str], dict[str, Any]]:
    def read_table(text: str) -> dict[str, Any]:
        rows = {}
        for line in _lines(text):
            name, sign, below = line.partition("=")
            if not sign or not name.strip() or not below.strip():
                raise Untypable(f"{line!r} is not a row: write a name, then =, then the value")
            rows[name.strip()] = read(below.strip())
        return rows

    return read_table


def _show_one_or_more(value: Any) -> str:
    return value if isinstance(value, str) else BETWEEN.join(value)


def _read_one_or_more(text: str) -> Any:
    items = [each.strip() for each in text.split(BETWEEN.strip()) if each.strip()]
    return items[0] if len(items) == 1 else items


# -- anything


def _show_toml(value: Any) -> str:
    return write_rows(value) if isinstance(value, Mapping) and value else write_value(value)


def _read_toml(text: str) -> Any:
    try:
        return read_value(text)
    except ValueError as error:
        raise Untypable(f"is not TOML: {error}") from None


TEXT = KeyWidget("text", _show_text, str.strip)
LONG = KeyWidget("area", _show_text, lambda text: text.replace("\r\n", "\n").strip())
NUMBER = KeyWidget("number", _show_number, read_number)
NUMBER_CHOICE = KeyWidget("choice", _show_number, read_number)
NAME_OR_ID = KeyWidget("text", _show_name_or_number, read_number)
FLAG = KeyWidget("flag", _show_flag, _read_flag)
LINES = KeyWidget("area", _show_lines, _lines)
NAMES = KeyWidget("names", _show_names, _read_names)
PAIRS = KeyWidget("area", _show_pairs(_show_text), _read_pairs(str))
NUMBERS = KeyWidget("area", _show_pairs(_show_number), _read_pairs(read_number))
LISTS = KeyWidget("area", _show_pairs(_show_one_or_more), _read_pairs(_read_one_or_more))
DAYS = KeyWidget(
    "area", _show_pairs(BETWEEN.join), _read_pairs(lambda text: [each.strip() for each in text.split("|")])
)
TOML = KeyWidget("toml", _show_toml, _read_toml)


def choice(look: str = "choice") -> KeyWidget:
    """Return a widget for one of a few words, which its FormField lists."""
    return KeyWidget(look, _show_text, str.strip)
