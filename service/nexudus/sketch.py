"""A body before all ids are known: for showing, never for sending."""

from collections.abc import Callable, Iterable
from dataclasses import fields, replace
from typing import Any, TypeVar

from service.nexudus.coworkers import NewCoworker
from service.nexudus.opportunities import NewOpportunity
from service.nexudus.rows import Row

UNKNOWN = 0
"""An id that is looked up or made only when the record is sent."""

New = TypeVar("New", NewCoworker, NewOpportunity)


def sketch(compose: Callable[[New], Row], new: New) -> Row:
    """The exact body that `compose` makes, with null in the places of ids that are UNKNOWN.

    Raises: Rejected, as compose.
    """
    open_ids = [each.name for each in fields(new) if each.name.endswith("_id") and getattr(new, each.name) == UNKNOWN]
    one, other = (compose(_filled(new, open_ids, number)) for number in (1, 2))
    return {name: value if other[name] == value else None for name, value in one.items()}


def _filled(new: New, names: Iterable[str], number: int) -> New:
    changes: dict[str, Any] = dict.fromkeys(names, number)
    return replace(new, **changes)
