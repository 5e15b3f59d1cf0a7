"""The person's details: addresses and numbers made comparable, never made up."""

import re
from collections.abc import Sequence
from functools import lru_cache

import phonenumbers
from email_validator import SPECIAL_USE_DOMAIN_NAMES, EmailNotValidError, validate_email

from service.lead import Answers, Contact

_YES = frozenset(("on", "1", "true", "yes", "y", "ja", "oui", "sí", "si", "sim", "tak", "accepted", "checked"))
_WORD = "[A-Za-z0-9]+(?:-[A-Za-z0-9]+)*"
_EVERYDAY = re.compile(rf"[A-Za-z0-9_+-]+(?:\.[A-Za-z0-9_+-]+)*@(?:{_WORD}\.)+([A-Za-z]{{2,}})")
_LONGEST_EMAIL = 320  # characters, with "mailto:"; RFC 5321 allows 254 octets
_LONGEST_EVERYDAY = 63  # characters; so short, no part of an address can be too long
_SPECIAL_ENDINGS = frozenset(name.rpartition(".")[2] for name in SPECIAL_USE_DOMAIN_NAMES)
_LONGEST_YES = 12  # characters; more is the consent sentence itself, which some forms send as the value


def read_email(text: str) -> str:
    """Return an e-mail address in lower case, "" when `text` is none. Asks no name server."""
    if "@" not in text or len(text) > _LONGEST_EMAIL:
        return ""
    text = text.removeprefix("mailto:")
    return text.lower() if _is_everyday(text) else _validated(text)


def _is_everyday(text: str) -> bool:
    """Tell the plain address that most people have: the validator, which is slow, would change nothing in it."""
    found = _EVERYDAY.fullmatch(text) if len(text) <= _LONGEST_EVERYDAY else None
    return found is not None and found[1].lower() not in _SPECIAL_ENDINGS


@lru_cache(maxsize=1024)
def _validated(text: str) -> str:
    try:
        found = validate_email(text, check_deliverability=False, test_environment=True)
    except (EmailNotValidError, ValueError):
        return ""
    return found.normalized.lower()


def read_phone(text: str, country: str = "") -> str:
    """Return a number as E.164, or as it was typed where it cannot be read for certain.

    country: ISO 3166 two letters, for numbers without a country code; "" leaves those as typed.
    """
    international = f"+{text[2:]}" if not country and text.startswith("00") else text
    try:
        number = phonenumbers.parse(international, country or None)
    except phonenumbers.NumberParseException:
        return text
    if not phonenumbers.is_possible_number(number):
        return text
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def is_phone(text: str, country: str = "") -> bool:
    """Tell whether `text` is a number that exists in `country`, or anywhere with its country code."""
    try:
        return phonenumbers.is_valid_number(phonenumbers.parse(text, country or None))
    except phonenumbers.NumberParseException:
        return False


def read_contact(fields: Answers, country: str) -> Contact:
    """Return the Contact of canonical fields. First and last name are never cut out of a full name."""
    first, last = line_of(fields.get("first_name", "")), line_of(fields.get("last_name", ""))
    phone = line_of(fields.get("phone", ""))
    return Contact(
        email=read_email(line_of(fields.get("email", ""))),
        full_name=line_of(fields.get("full_name", "")) or f"{first} {last}".strip(),
        first_name=first,
        last_name=last,
        phone=read_phone(phone, country) if phone else "",
        company=line_of(fields.get("company", "")),
    )


def line_of(answer: str | Sequence[str]) -> str:
    """Return an answer as one line."""
    text = answer if isinstance(answer, str) else " ".join(answer)
    return " ".join(text.split())


def says_yes(answer: str | Sequence[str]) -> bool:
    """Tell whether a consent was given: a yes in one of our languages, or the sentence agreed to."""
    answers = [answer] if isinstance(answer, str) else answer
    return any(each.strip().casefold() in _YES or len(each.strip()) > _LONGEST_YES for each in answers)


def person_key(contact: Contact) -> str:
    """Return whose details these are: the folded e-mail, where there is none the phone; "" unknown."""
    return contact.email.casefold() or contact.phone
