"""What can be wrong with a value in a body. Each check gives the words of the flaw, or "".

The vendor publishes no list of its sentences; "is a required field" is the one seen.
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
    """Any text."""
    return "" if isinstance(value, str) else "must be text"


def email(value: Any) -> str:
    """Something of the form a@b.c."""
    return "" if isinstance(value, str) and EMAIL.fullmatch(value) else "is not a valid email address"


def whole(value: Any) -> str:
    """A whole number; text of digits is none."""
    return "" if is_whole(value) else "must be a whole number"


def decimal(value: Any) -> str:
    """Any number."""
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    return "" if is_number else "must be a number"


def flag(value: Any) -> str:
    """True or false."""
    return "" if isinstance(value, bool) else "must be true or false"


def instant(value: Any) -> str:
    """A date and time."""
    return "" if isinstance(value, str) and read_instant(value) else "is not a valid date"


def one_of(enum: str) -> Check:
    """A number that the enum has."""
    return lambda value: "" if is_whole(value) and value in ENUMS[enum] else "is not a valid value"


def is_whole(value: object) -> bool:
    """Whether it is a whole number, not true or false."""
    return isinstance(value, int) and not isinstance(value, bool)


def find_flaws(body: Record, required: Collection[str], checks: dict[str, Check]) -> list[Flaw]:
    """Required fields that are absent, and present ones that fail their check; null and "" are absent."""
    flaws = []
    for name in dict.fromkeys((*required, *checks)):
        value = body.get(name)
        absent = value is None or value == ""
        if absent and name in required:
            flaws.append(Flaw(name, REQUIRED, value))
        elif not absent and name in checks and (words := checks[name](value)):
            flaws.append(Flaw(name, words, value))
    return flaws


def find_dangling(world: World, body: Record, relations: dict[str, str], required: Collection[str] = ()) -> list[Flaw]:
    """Relations that lead nowhere. The flaw bears the relation's name, and an unknown id reads as absent."""
    flaws = []
    for relation, kind in relations.items():
        ident = body.get(f"{relation}Id")
        if ident is None and relation not in required:
            continue
        if world.row(kind, ident) is None:
            flaws.append(Flaw(relation, REQUIRED, ident))
    return flaws
