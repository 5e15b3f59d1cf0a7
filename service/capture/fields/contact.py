"""The person's details: addresses and numbers normalised, never invented."""

import re
from collections.abc import Iterator, Mapping, MutableMapping, Sequence
from functools import lru_cache
from typing import NamedTuple
from urllib.parse import unquote

from email_validator import SPECIAL_USE_DOMAIN_NAMES, EmailNotValidError, validate_email

from service.capture.fields.names import meaning_of
from service.capture.fields.phones import Phone, read_phone
from service.capture.parsing.texts import clean
from service.lead import Answers, Contact

AS_TYPED = "email (as typed)"
"""The extra with the whole content of an e-mail field that held more than the address."""

_YES = frozenset(("on", "1", "true", "yes", "y", "ja", "oui", "sí", "si", "sim", "tak", "accepted", "checked"))
_WORD = "[A-Za-z0-9]+(?:-[A-Za-z0-9]+)*"
_EVERYDAY = re.compile(rf"[A-Za-z0-9_+-]+(?:\.[A-Za-z0-9_+-]+)*@(?:{_WORD}\.)+([A-Za-z]{{2,}})")
_MAX_MAILBOX = 1000  # characters, including names, "mailto:" and subject; RFC 5321 allows addresses of 254 octets
_MAX_EVERYDAY = 63  # characters; in a text this short no part of an address is too long
_SPECIAL_ENDINGS = frozenset(name.rpartition(".")[2] for name in SPECIAL_USE_DOMAIN_NAMES)
_MAX_YES = 12  # characters; a longer text is the consent sentence itself, which some forms send as the value

_HALF_WIDTH: Mapping[int, int | str] = {
    **{wide: wide - 0xFEE0 for wide in range(0xFF01, 0xFF5F)},
    0x3000: " ",
    0x3002: ".",
    0xFE6B: "@",
}
_SCHEME = re.compile(r"\b(?:mailto|smtp|e-?mail)\s*:\s*", re.IGNORECASE)
_HEADERS = re.compile(r"(@[^\s?<>@]+)\?[^<>\"')|]*")
_IN_ANGLES = re.compile(r"<([^<>@]*@[^<>]*)(?:>|$)")
_IN_BRACKETS = re.compile(r"[(\[{]([^()\[\]{}@]*@[^()\[\]{}]*)[)\]}]")
_COMMENT = re.compile(r"\([^()@]*\)")
_BETWEEN = re.compile(r"[\s,;|]+")
_AROUND = "\"'`´<>()[]{}\u2018\u2019\u201a\u201b\u201c\u201d\u201e\u201f\u2039\u203a\u00ab\u00bb"
_BEFORE, _BEHIND = _AROUND + ",;:", _AROUND + ".,;:!?\u2026"
_Answers = MutableMapping[str, str | list[str]]
_NAME_PARTS = ("full_name", "first_name", "last_name")


class Mailbox(NamedTuple):
    """An e-mail address as people paste it. name: the text before `<address>`. is_all: nothing else was typed."""

    address: str = ""
    name: str = ""
    is_all: bool = True


def read_email(text: str) -> str:
    """Return an e-mail address in lower case, "" when `text` has none. Makes no DNS query.

    The decoration of mail programs and links is removed; of several addresses the first valid one counts.
    """
    return text.lower() if _is_everyday(text) else read_mailbox(text).address


def read_mailbox(text: str) -> Mailbox:
    """Return the address in `text` and the name beside it; an address within prose does not count."""
    if len(text) > _MAX_MAILBOX or not ("@" in text or "\uff20" in text or "\ufe6b" in text or "%40" in text):
        return Mailbox()
    return Mailbox(text.lower()) if _is_everyday(text) else _mailbox(text)


def _is_everyday(text: str) -> bool:
    """Return whether this is a plain address, as most people have: the slow validator would not change it."""
    return len(text) <= _MAX_EVERYDAY and _cached_is_everyday(text)


@lru_cache(maxsize=1024)
def _cached_is_everyday(text: str) -> bool:
    match = _EVERYDAY.fullmatch(text)
    return match is not None and match[1].lower() not in _SPECIAL_ENDINGS


@lru_cache(maxsize=1024)
def _mailbox(text: str) -> Mailbox:
    plain = clean(text.translate(_HALF_WIDTH))
    bare = _SCHEME.sub(" ", plain)
    if len(bare) < len(plain):
        plain = unquote(plain)
        bare = _HEADERS.sub(r"\1 ", unquote(bare))
    name, addresses = _split(bare.strip())
    address = next(filter(None, map(_validated, addresses)), "")
    if not address:
        return Mailbox()
    rest = plain.casefold()
    for known in (*(each.casefold() for each in addresses if _validated(each) == address), name.casefold()):
        rest = rest.replace(known, " ") if known else rest
    return Mailbox(address, name, is_all=not any(map(str.isalnum, _SCHEME.sub("", rest))))


def _split(text: str) -> tuple[str, list[str]]:
    """Return the display name and possible addresses. Without brackets each word must look like an address.

    "ann lee@example.com" is not an address of Lee's.
    """
    marked = _IN_ANGLES.search(text)
    words = [] if marked else list(_words(_COMMENT.sub(" ", text)))
    if words and all("@" in word for word in words):
        return "", words
    marked = marked or _IN_BRACKETS.search(text)
    if marked is None:
        return "", []
    addresses = [word for inside in (_IN_ANGLES.findall(text) or [marked[1]]) for word in _one_address(inside)]
    return _display_name(text[: marked.start()]), addresses


def _words(text: str) -> Iterator[str]:
    stripped = (word.lstrip(_BEFORE).rstrip(_BEHIND) for word in _BETWEEN.split(text))
    return (word for word in stripped if any(map(str.isalnum, word)))


def _one_address(inside: str) -> list[str]:
    words = list(_words(inside))
    return words if all("@" in word for word in words) else []


def _display_name(text: str) -> str:
    """Return the name in front of an address, "" where that is another address or the field's own label."""
    name = " ".join(text.replace("\\", "").strip(_AROUND + " ,;:").split())
    is_name = any(map(str.isalpha, name)) and not set("@<>:=") & set(name) and meaning_of(name) is None
    return name if is_name else ""


@lru_cache(maxsize=1024)
def _validated(text: str) -> str:
    if _is_everyday(text):
        return text.lower()
    try:
        address = validate_email(text, check_deliverability=False, test_environment=True)
    except (EmailNotValidError, ValueError):
        return ""
    return address.normalized.lower()


def read_contact(fields: Answers, country: str) -> Contact:
    """Return the Contact in canonical fields. A full name is never split into first and last name."""
    first, last = line_of(fields.get("first_name", "")), line_of(fields.get("last_name", ""))
    typed = line_of(fields.get("phone", ""))
    phone = read_phone(typed, country) if typed else Phone("")
    return Contact(
        email=read_email(line_of(fields.get("email", ""))),
        full_name=line_of(fields.get("full_name", "")) or f"{first} {last}".strip(),
        first_name=first,
        last_name=last,
        phone=phone.number,
        company=line_of(fields.get("company", "")),
        extension=phone.extension,
    )


def settle_contact(fields: _Answers, extras: _Answers, country: str) -> Contact:
    """Return the Contact in canonical fields, and reduce the field `email` to the address.

    The rest of that field is kept: the name before `<address>` is used where no name was given,
    and where more is left the whole text becomes an extra.
    """
    typed = line_of(fields.get("email", ""))
    mailbox = read_mailbox(typed)
    if mailbox.address:
        fields["email"] = mailbox.address
        if mailbox.name and not any(fields.get(part) for part in _NAME_PARTS):
            fields["full_name"] = mailbox.name
        if not mailbox.is_all or mailbox.name not in ("", line_of(fields.get("full_name", ""))):
            extras[AS_TYPED] = typed
    return read_contact(fields, country)


def line_of(answer: str | Sequence[str]) -> str:
    """Return an answer as one line."""
    if not answer:
        return ""
    text = answer if isinstance(answer, str) else " ".join(answer)
    return " ".join(text.split())


def says_yes(answer: str | Sequence[str]) -> bool:
    """Return whether consent was given: a yes in one of the supported languages, or the sentence agreed to."""
    answers = [answer] if isinstance(answer, str) else answer
    return any(each.strip().casefold() in _YES or len(each.strip()) > _MAX_YES for each in answers)
