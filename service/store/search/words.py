"""The words by which a lead is found: folded, without accents, as people type them.

What is kept of a lead in `lead_words` is exactly `words_of` it, so that it can be taken out again.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

ANSWER_WORDS = 16
"""Words that are kept of one answer: a long message is found by how it begins."""

ALL_WORDS = 64
"""Words that are kept of one lead, beside its contact."""

LONGEST = 80
"""Characters of one word."""

_PART = re.compile(r"[^\W_]+")
_DOMAIN = re.compile(r"[^\W_][\w-]*(\.[\w-]+)+")
_ASIDE = frozenset({"email", "full_name", "first_name", "last_name", "phone", "company", "consent"})
"""Answers that are read from the contact instead, or that tell leads not apart."""

ID_TAIL = 12
"""The end of an id tells leads apart, and is what pages show of it."""


def fold(text: str) -> str:
    """Lower case, without accents, marks and width: "Müller" and "MULLER" are one."""
    if text.isascii():
        return text.lower()
    spread = unicodedata.normalize("NFKD", text.casefold())
    return "".join(letter for letter in spread if not unicodedata.combining(letter))


def parts(text: str) -> list[str]:
    """The words of a text: e-mail addresses and domains stay whole, all else is split at what is no letter or digit."""
    found: list[str] = []
    for chunk in fold(text).split():
        bare = chunk.strip("<>()[]\"'.,;:!?")
        if "@" in bare or _DOMAIN.fullmatch(bare):
            found.append(bare[:LONGEST])
        else:
            found += (word[:LONGEST] for word in _PART.findall(chunk))
    return found


def facet(name: str, value: str) -> str:
    """The word of what leads are filtered by; no text holds it."""
    return f"={name}:{value}"[:LONGEST]


def words_of(row: Any) -> set[str]:
    """All words of a row of leads."""
    return {
        *_names(row),
        *_answers(row),
        row.id[-ID_TAIL:],
        facet("sender", row.sender),
        facet("channel", row.channel),
        *(str(number) for number in (row.coworker_id, row.opportunity_id) if number),
    }


def _names(row: Any) -> Iterator[str]:
    emails = {row.email, *_former(row.corrections or (), "email")}
    for email in filter(None, map(fold, emails)):
        local, _, domain = email.partition("@")
        yield email[:LONGEST]
        yield domain[:LONGEST] or email[:LONGEST]
        yield from _PART.findall(local)[1:]  # the first is how the whole begins
    for text in (row.full_name, row.first_name, row.last_name, row.company):
        yield from parts(text)
    yield from phone_words(row.phone)


def _answers(row: Any) -> Iterable[str]:
    found: dict[str, None] = {}
    for text in (row.utm_source, row.utm_medium, row.utm_campaign, row.external_id, row.form_name):
        found |= dict.fromkeys(parts(text))
    for answers in (row.fields, row.extras, *_changes(row.corrections or ())):
        for text in _texts(answers):
            found |= dict.fromkeys(parts(text)[:ANSWER_WORDS])
    return list(found)[:ALL_WORDS]


def _texts(answers: Mapping[str, str | Sequence[str]]) -> Iterator[str]:
    for name, answer in answers.items():
        if name not in _ASIDE:
            yield answer if isinstance(answer, str) else " ".join(map(str, answer))


def _changes(corrections: Iterable[Mapping[str, Any]]) -> Iterator[Mapping[str, Any]]:
    """What answers were before they changed, and what came too late to be sent: all that was said can be found."""
    for one in corrections:
        yield one.get("was", {})
        if not one.get("applied", True):
            yield one.get("became", {})


def _former(corrections: Iterable[Mapping[str, Any]], name: str) -> Iterator[str]:
    """What an answer was before it changed, or would have become: the person is found by it, too."""
    for answers in _changes(corrections):
        if isinstance(answer := answers.get(name, ""), str):
            yield answer


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
