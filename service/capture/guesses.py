"""An address or a number found where no field was named for it. A guess is always marked as one."""

import re
from collections.abc import Iterator

from service.capture.contact import read_email
from service.capture.phones import is_phone
from service.lead import Answers

_LONGEST_EMAIL = 254  # RFC 5321, errata 1690
_FEWEST_DIGITS, _MOST_DIGITS = 7, 15
_DIGITS = re.compile(r"[0-9]")
_NUMBER = re.compile(r"[0-9+(][0-9 ()+./\-]{6,30}")
_DATE = re.compile(r"\d{4}([-./ ])\d{1,2}\1\d{1,2}|\d{1,2}([-./ ])\d{1,2}\2(\d{2}|\d{4})")
_RANGE = re.compile(r"[1-9]\d*[ .]*-[ .]*\d+")


def guess_email(answers: Answers) -> str:
    """Return the name of the one answer that is an e-mail address, "" when there is none or more."""
    found = {name: read_email(text) for name, text in _texts(answers) if "@" in text and len(text) <= _LONGEST_EMAIL}
    return _only({name: email for name, email in found.items() if email})


def guess_phone(answers: Answers, country: str) -> str:
    """Return the name of the one answer that is a phone number: 7 to 15 digits, no date, no range."""
    return _only({name: text for name, text in _texts(answers) if _looks_dialled(text, country)})


def _only(found: dict[str, str]) -> str:
    return next(iter(found)) if len(set(found.values())) == 1 else ""


def _texts(answers: Answers) -> Iterator[tuple[str, str]]:
    return ((name, answer) for name, answer in answers.items() if isinstance(answer, str))


def _looks_dialled(text: str, country: str) -> bool:
    if not _NUMBER.fullmatch(text) or _DATE.fullmatch(text) or _RANGE.fullmatch(text):
        return False
    if not _FEWEST_DIGITS <= len(_DIGITS.findall(text)) <= _MOST_DIGITS:
        return False
    # Digits alone may be an order number or a time stamp: those must exist as a number.
    return text[0] in "+0(" or not text.isdigit() or is_phone(text, country)
