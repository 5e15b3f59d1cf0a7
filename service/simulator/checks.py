"""Checks of values in a body. Each returns the message of the flaw, or "".

The vendor publishes no list of its messages; only "is a required field" has been seen.
"""

import re
from collections.abc import Callable, Collection
from typing import Any

from service.simulator.entities import ENUMS
from service.simulator.exchange import Flaw, Record, read_instant
from service.simulator.world import World

REQUIRED = "is a required field"
EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")

Check = Callable[[Any], str]


def text(value: Any) -> str:
    """Check a text."""
    return "" if isinstance(value, str) else "must be text"


def email(value: Any) -> str:
    """Check an e-mail address of the form a@b.c."""
    return "" if isinstance(value, str) and EMAIL.fullmatch(value) else "is not a valid email address"


def whole(value: Any) -> str:
    """Check a whole number; digits as text are rejected."""
    return "" if is_whole(value) else "must be a whole number"


def decimal(value: Any) -> str:
    """Check a number."""
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    return "" if is_number else "must be a number"


def flag(value: Any) -> str:
    """Check a boolean."""
    return "" if isinstance(value, bool) else "must be true or false"


def instant(value: Any) -> str:
    """Check a date with time."""
    return "" if isinstance(value, str) and read_instant(value) else "is not a valid date"


def one_of(enum: str) -> Check:
    """Return the check for a number of the enumeration."""
    return lambda value: "" if is_whole(value) and value in ENUMS[enum] else "is not a valid value"


def is_whole(value: object) -> bool:
    """Return whether it is a whole number, and not a boolean."""
    return isinstance(value, int) and not isinstance(value, bool)


def find_flaws(body: Record, required: Collection[str], checks: dict[str, Check]) -> list[Flaw]:
    """Return required fields that are absent, and fields that fail their check; null and "" count as absent."""
    flaws = []
    for name in dict.fromkeys((*required, *checks)):
        value = body.get(name)
        absent = value is None or value == ""
        if absent and name in required:
            flaws.append(Flaw(name, REQUIRED, value))
        elif not absent and name in checks and (message := checks[name](value)):
            flaws.append(Flaw(name, message, value))
    return flaws


def find_dangling(world: World, body: Record, relations: dict[str, str], required: Collection[str] = ()) -> list[Flaw]:
    """Return relations to missing records. The flaw names the relation, and an unknown id counts as absent."""
    flaws = []
    for relation, kind in relations.items():
        ident = body.get(f"{relation}Id")
        if ident is None and relation not in required:
            continue
        if world.row(kind, ident) is None:
            flaws.append(Flaw(relation, REQUIRED, ident))
    return flaws
