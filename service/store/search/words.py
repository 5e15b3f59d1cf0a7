"""The words by which a lead is found: folded, without accents, as people type them.

`lead_words` has exactly the `words_of` a lead, so that they can be removed again. A phone number is found by how it
begins, with the country, or by how it ends, as people know it.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

MAX_ANSWER_WORDS = 16
"""Words indexed of one answer: a long message is found by its beginning."""

MAX_LEAD_WORDS = 64
"""Words indexed of one lead, beside its contact."""

MAX_LENGTH = 80
"""Characters indexed of one word."""

_PART = re.compile(r"[^\W_]+")
_DOMAIN = re.compile(r"[^\W_][\w-]*(\.[\w-]+)+")
_EXCLUDED = frozenset({"email", "full_name", "first_name", "last_name", "phone", "company", "consent"})
"""Answers that are read from the contact instead, or that do not distinguish leads."""

ID_TAIL = 12
"""Characters at the end of an id: they distinguish leads, and pages show them."""


def fold(text: str) -> str:
    """Convert to lower case without accents, marks and width: "Müller" and "MULLER" become one."""
    if text.isascii():
        return text.lower()
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    return "".join(letter for letter in decomposed if not unicodedata.combining(letter))


def parts(text: str) -> list[str]:
    """Return the words of a text: e-mail addresses and domains whole, everything else split at non-alphanumerics."""
    words: list[str] = []
    for chunk in fold(text).split():
        bare = chunk.strip("<>()[]\"'.,;:!?")
        if "@" in bare or _DOMAIN.fullmatch(bare):
            words.append(bare[:MAX_LENGTH])
        else:
            words += (word[:MAX_LENGTH] for word in _PART.findall(chunk))
    return words


def facet(name: str, value: str) -> str:
    """Return the index word of a filter; no text contains it."""
    return f"={name}:{value}"[:MAX_LENGTH]


def words_of(row: Any) -> set[str]:
    """Return all words of a row of leads."""
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
        yield email[:MAX_LENGTH]
        yield domain[:MAX_LENGTH] or email[:MAX_LENGTH]
        yield from _PART.findall(local)[1:]  # the first begins the whole address
    for text in (row.full_name, row.first_name, row.last_name, row.company):
        yield from parts(text)
    yield from phone_words(row.phone)


def _answers(row: Any) -> Iterable[str]:
    words: dict[str, None] = {}
    for text in (row.utm_source, row.utm_medium, row.utm_campaign, row.external_id, row.form_name):
        words |= dict.fromkeys(parts(text))
    for answers in (row.fields, row.extras, *_changes(row.corrections or ())):
        for text in _texts(answers):
            words |= dict.fromkeys(parts(text)[:MAX_ANSWER_WORDS])
    return list(words)[:MAX_LEAD_WORDS]


def _texts(answers: Mapping[str, str | Sequence[str]]) -> Iterator[str]:
    for name, answer in answers.items():
        if name not in _EXCLUDED:
            yield answer if isinstance(answer, str) else " ".join(map(str, answer))


def _changes(corrections: Iterable[Mapping[str, Any]]) -> Iterator[Mapping[str, Any]]:
    """Yield answers before they changed, and those that came too late to be sent: all of them can be found."""
    for one in corrections:
        yield one.get("was", {})
        if not one.get("applied", True):
            yield one.get("became", {})


def _former(corrections: Iterable[Mapping[str, Any]], name: str) -> Iterator[str]:
    """Yield the former and unsent values of an answer: the person is found by them, too."""
    for answers in _changes(corrections):
        if isinstance(answer := answers.get(name, ""), str):
            yield answer


_NUMBER = re.compile(r"[+(]?[\d][\d\s().\-/]*")
_NO_DIGIT = re.compile(r"\D")

ENDING = "~"
"""Precedes the digits in reverse order, so that the end of a number is the beginning of a word."""

MIN_DIGITS = 4
"""Digits from which a text counts as a phone number."""


def phone_words(phone: str) -> list[str]:
    """Return the words of a number; none for a text without digits."""
    digits = _NO_DIGIT.sub("", phone)
    return [digits, ENDING + digits[::-1]] if digits else []


def number_in(text: str) -> str:
    """Return the digits of a text that is nothing but a phone number, else ""."""
    digits = _NO_DIGIT.sub("", text)
    return digits if _NUMBER.fullmatch(text.strip()) and len(digits) >= MIN_DIGITS else ""


def beginnings(digits: str) -> list[str]:
    """Return the beginnings of words of numbers that begin or end with these digits; leading zeros do not count."""
    bare = digits.lstrip("0") or digits
    return [bare, ENDING + bare[::-1]]
