"""Texts made comparable: labels, and texts out of values of any type."""

import math
import re
from functools import lru_cache

_JOINTS = re.compile(r"[\s_+-]+")
_LONGEST_INTEGER_BITS = 4096  # Python refuses to print far longer ones


@lru_cache(maxsize=4096)
def label(text: str) -> str:
    """Write `text` in lower case with one "-" for each run of space, "_", "+" and "-", none at the ends.

    Call it with texts of bounded length: answers are cached.
    """
    return _JOINTS.sub("-", text.lower()).strip("-")


def text_of(value: object) -> str:
    """Return the text that a submitted value stands for: texts and numbers have one, the rest "".

    A whole float reads like the integer, because JSON writers differ in which they send.
    """
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return ""
    if isinstance(value, int):
        return str(value) if value.bit_length() <= _LONGEST_INTEGER_BITS else ""
    if isinstance(value, float) and math.isfinite(value):
        return str(int(value)) if value.is_integer() else repr(value)
    return ""


def number_of(value: object) -> float | None:
    """Return a finite number as a float; None for booleans, texts and numbers out of range."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        number = float(value)
    except OverflowError:
        return None
    return number if math.isfinite(number) else None


def values_of(value: object) -> tuple[object, ...]:
    """Return the values of one field: the items where the field was repeated, else the value alone."""
    return tuple(value) if isinstance(value, list | tuple) else (value,)
