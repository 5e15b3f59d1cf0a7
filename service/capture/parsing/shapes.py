"""Values at a path of untrusted JSON: a missing value, or one of another type, is empty, never an error."""

from collections.abc import Mapping

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
    found = value_at(value, *path)
    if isinstance(found, bool):
        return "true" if found else "false"
    return clean(str(found)) if isinstance(found, str | int | float) else ""


def table_at(value: object, *path: str | int) -> Json:
    """Return the object at a path; an empty one for any other value."""
    found = value_at(value, *path)
    return found if isinstance(found, Mapping) else {}


def list_at(value: object, *path: str | int) -> list[object]:
    """Return the list at a path; an empty one for any other value."""
    found = value_at(value, *path)
    return found if isinstance(found, list) else []


def tables_at(value: object, *path: str | int) -> list[Json]:
    """Return the objects in the list at a path, without its other members."""
    return [member for member in list_at(value, *path) if isinstance(member, Mapping)]


def texts_at(value: object, *path: str | int) -> list[str]:
    """Return the texts in the list at a path, or the one text there, without blanks."""
    found = value_at(value, *path)
    members = found if isinstance(found, list) else [found]
    return [text for text in (text_at(member) for member in members) if text]
