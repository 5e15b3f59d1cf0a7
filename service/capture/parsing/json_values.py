"""Values at a path of untrusted JSON, and times as senders write them: a missing value is empty, never an error."""

import re
from collections.abc import Mapping
from datetime import datetime

from service.capture.parsing.texts import clean

Json = Mapping[str, object]
"""A JSON object as read_json gives it: numbers are text."""


def value_at(value: object, *path: str | int) -> object:
    """Return the value at a path of keys and list positions; None where there is none."""
    for step in path:
        if isinstance(step, str) and isinstance(value, Mapping):
            value = value.get(step)
        elif isinstance(step, int) and isinstance(value, list) and -len(value) <= step < len(value):
            value = value[step]
        else:
            return None
    return value


def text_at(value: object, *path: str | int) -> str:
    """Return the cleaned text at a path; "" for anything but text, numbers and booleans."""
    value = value_at(value, *path)
    if isinstance(value, bool):
        return "true" if value else "false"
    return clean(str(value)) if isinstance(value, str | int | float) else ""


def table_at(value: object, *path: str | int) -> Json:
    """Return the object at a path; an empty one for any other value."""
    value = value_at(value, *path)
    return value if isinstance(value, Mapping) else {}


def list_at(value: object, *path: str | int) -> list[object]:
    """Return the list at a path; an empty one for any other value."""
    value = value_at(value, *path)
    return value if isinstance(value, list) else []


def tables_at(value: object, *path: str | int) -> list[Json]:
    """Return the objects in the list at a path, without its other members."""
    return [member for member in list_at(value, *path) if isinstance(member, Mapping)]


def texts_at(value: object, *path: str | int) -> list[str]:
    """Return the texts in the list at a path, or the one text there, without blanks."""
    value = value_at(value, *path)
    members = value if isinstance(value, list) else [value]
    return [text for text in (text_at(member) for member in members) if text]


_SECONDS = re.compile(r"\d{9,10}(?:\.\d+)?")
_MILLISECONDS = re.compile(r"\d{12,13}")
_BARE_ZONE = re.compile(r"([+-]\d{2})(\d{2})$")


def read_instant(text: str) -> float | None:
    """Return unix seconds of an ISO 8601 time with its zone, or of unix seconds or milliseconds as text.

    None for anything else, and for a time without a zone. Raises: nothing.
    """
    if not text.isascii():
        return None
    if _SECONDS.fullmatch(text):
        return float(text)
    if _MILLISECONDS.fullmatch(text):
        return int(text) / 1000
    try:
        instant = datetime.fromisoformat(_BARE_ZONE.sub(r"\1:\2", text.strip()))
        return instant.timestamp() if instant.tzinfo else None
    except (ValueError, OverflowError):
        return None
