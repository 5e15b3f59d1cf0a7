"""A body before all ids are known: for showing, never for sending."""

from collections.abc import Callable
from dataclasses import fields, replace
from typing import TypeVar

from service.nexudus.client import Row
from service.nexudus.coworkers import NewCoworker
from service.nexudus.opportunities import NewOpportunity

UNKNOWN = 0
"""An id that is looked up or made only when the record is sent."""

New = TypeVar("New", NewCoworker, NewOpportunity)


def sketch(compose: Callable[[New], Row], new: New) -> Row:
    """The exact body that `compose` makes, with null in the places of ids that are UNKNOWN.

    Raises: Rejected, as compose.
    """
    open_ids = [each.name for each in fields(new) if each.name.endswith("_id") and getattr(new, each.name) == UNKNOWN]
    one = compose(replace(new, **dict.fromkeys(open_ids, 1)))
    other = compose(replace(new, **dict.fromkeys(open_ids, 2)))
    return {name: value if other[name] == value else None for name, value in one.items()}
