"""Phone numbers as words: found by how they begin, with the country, or by how they end, as people know them."""

import re

_NUMBER = re.compile(r"[+(]?[\d][\d\s().\-/]*")
_NO_DIGIT = re.compile(r"\D")

ENDING = "~"
"""Stands before the digits in reverse order: how a number ends is how that begins."""

FEWEST = 4
"""Digits that make a phone number worth looking for."""


def phone_words(phone: str) -> list[str]:
    """The words of a number; none of what has no digits."""
    digits = _NO_DIGIT.sub("", phone)
    return [digits, ENDING + digits[::-1]] if digits else []


def asked_number(text: str) -> str:
    """The digits of a text that is a phone number as a whole, else ""."""
    digits = _NO_DIGIT.sub("", text)
    return digits if _NUMBER.fullmatch(text.strip()) and len(digits) >= FEWEST else ""


def beginnings(digits: str) -> list[str]:
    """How the words begin of numbers that begin or end with these digits; a leading 0 or 00 is no part of them."""
    bare = digits.lstrip("0") or digits
    return [bare, ENDING + bare[::-1]]
