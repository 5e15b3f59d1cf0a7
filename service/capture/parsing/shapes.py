"""Reading JSON of strangers: what is not there, or is of another kind, is empty, never an error."""

from collections.abc import Mapping

from service.capture.parsing.texts import clean

Json = Mapping[str, object]
"""A JSON object as read_json gives it: numbers are text."""


def value_at(value: object, *path: str | int) -> object:
    """What lies at a path of keys and list positions; None where there is nothing."""
    for step in path:
        if isinstance(step, str) and isinstance(value, Mapping):
            value = value.get(step)
        elif isinstance(step, int) and isinstance(value, list) and -len(value) <= step < len(value):
            value = value[step]
        else:
            return None
    return value


def text_at(value: object, *path: str | int) -> str:
    """The text there, clean; "" for anything that is no text, number or boolean."""
    found = value_at(value, *path)
    if isinstance(found, bool):
        return "true" if found else "false"
    return clean(str(found)) if isinstance(found, str | int | float) else ""


def table_at(value: object, *path: str | int) -> Json:
    """The object there; an empty one for anything else."""
    found = value_at(value, *path)
    return found if isinstance(found, Mapping) else {}


def list_at(value: object, *path: str | int) -> list[object]:
    """The list there; an empty one for anything else."""
    found = value_at(value, *path)
    return found if isinstance(found, list) else []


def tables_at(value: object, *path: str | int) -> list[Json]:
    """The objects in the list there; members of another kind are left out."""
    return [member for member in list_at(value, *path) if isinstance(member, Mapping)]


def texts_at(value: object, *path: str | int) -> list[str]:
    """The texts in the list there, or the one text there, without blanks."""
    found = value_at(value, *path)
    members = found if isinstance(found, list) else [found]
    return [text for text in (text_at(member) for member in members) if text]
