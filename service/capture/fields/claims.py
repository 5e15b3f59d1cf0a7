"""Several answers may claim to be the e-mail address or the name: which one is, and what becomes of the rest."""

import re
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import NamedTuple

from service.capture.fields.contact import read_email
from service.capture.fields.names import Meaning
from service.capture.parsing.texts import Answer, text_of, texts_of, unwrap

_FIRST_ONLY = frozenset(("email", "phone", "landing_page", "page_url", "referrer", "external_id", "form_name"))
_JOINED_BY = {"full_name": " ", "first_name": " ", "last_name": " ", "company": ", ", "message": "\n"}
_LEFT_BLANK = frozenset(("phone", "company"))
_ADDRESSES = frozenset(("landing_page", "page_url", "referrer"))
_PERSON_NAMES = frozenset(("full_name", "first_name", "last_name"))
_NO_ANSWERS = frozenset(("undefined", "null", "none", "(not set)", "xxxxx"))
_LEFT_OPEN = frozenset(("n/a", "-", "--", "–", "—"))
"""What people type where they have nothing to say; it stays an extra."""

_QUOTES = MappingProxyType({'"': '"', "'": "'", "“": "”", "„": "“", "«": "»", "‘": "’", '\\"': '\\"', "\\'": "\\'"})
_OPENING = frozenset(opened[0] for opened in _QUOTES)
_APOSTROPHE = re.compile(r"(?<=\w)'(?=\w)")


_FLAGS = ("success", "ok", "status", "result")
_DONE = frozenset(("true", "1", "yes", "ok", "success", "succeeded", "sent", "mail_sent", "submitted", "200"))
_NOTICE = re.compile(
    r"\s*(?:<(?:p|div|span|h\d|strong|b)\b|thank|thanks|your (?:message|enquiry|inquiry|request|submission) (?:has|was)"
    r"|form (?:was )?submitted|we(?:'ll| will) (?:be in touch|get back)|success|vielen dank|danke|merci|gracias|grazie"
    r"|obrigad[oa]|bedankt|dank u|dank je|dziękuj|tack|tak for|takk|kiitos)",
    re.IGNORECASE,
)
"""How the texts begin by which a tool answers its visitor, sent along with what the visitor said."""


class Claim(NamedTuple):
    """One submitted answer and what its name says that it is."""

    meaning: Meaning
    name: str
    answer: Answer


class Resolution(NamedTuple):
    """answer: "" when no claim counts. name: under which it, or the emptiness, was submitted.

    rest: what else was said, by submitted name.
    """

    answer: Answer
    name: str
    rest: dict[str, Answer]


def resolve(target: str, claims: Sequence[Claim]) -> Resolution:
    """Choose among claims to one meaning; the nearest name with a usable answer wins.

    An e-mail address that is none wins only where there is no valid one, so that it can be told.
    """
    if len(claims) == 1 and isinstance(claims[0].answer, str) and _counts(target, claims[0].answer):
        return Resolution(claims[0].answer, claims[0].name, {})  # nearly always
    ranked = sorted(claims, key=lambda claim: claim.meaning.distance)
    winner = next((claim for claim in ranked if _usable(target, claim)), None)
    if winner is None:
        winner = next((claim for claim in ranked if target == "email" and _present(claim)), None)
    said = _said(target, winner) if winner else []
    rest = ((claim.name, _unsaid(claim, said)) for claim in ranked)
    name = winner.name if winner else ranked[0].name
    return Resolution(_answer(target, said), name, {name: answer for name, answer in rest if answer})


def unquote(answer: Answer) -> Answer:
    """Return an answer without the quotation marks that a template put around it; those within a text stay."""
    if isinstance(answer, str):
        return _unquoted(answer) if answer[:1] in _OPENING else answer
    return [_unquoted(text) if text[:1] in _OPENING else text for text in answer]


def _unquoted(text: str) -> str:
    opened, closed = (text[:2], text[-2:]) if text[0] == "\\" else (text[:1], text[-1:])
    within = text[len(opened) : -len(opened)]
    if closed != _QUOTES.get(opened) or len(text) < len(opened + closed):
        return text
    apart = _APOSTROPHE.sub("", within) if opened == "'" else within
    return text if opened[-1] in apart or closed[-1] in apart else within.strip()


def is_a_reply(answers: Mapping[str, Answer]) -> bool:
    """Tell whether answers are what a tool told its visitor's browser, with the visitor's own words within."""
    return any(flag in answers and text_of(answers[flag]).lower() in _DONE for flag in _FLAGS)


def without_notices(answer: Answer) -> tuple[Answer, Answer]:
    """Part the person's words from the tool's."""
    texts = texts_of(answer)
    said = [text for text in texts if not _NOTICE.match(text)]
    return unwrap(said), unwrap([text for text in texts if text not in said])


def is_placeholder(text: str) -> bool:
    """Tell whether a value stands for no value: what scripts and templates leave behind."""
    ends = text[:1] + text[-1:]
    if ends in ("[]", "%%", "{}"):
        return len(text) > 1 and (ends != "{}" or (text.startswith("{{") and text.endswith("}}")))
    return text.lower() in _NO_ANSWERS


def _usable(target: str, claim: Claim) -> bool:
    return any(_counts(target, text) for text in texts_of(claim.answer))


def _counts(target: str, text: str) -> bool:
    if not text or is_placeholder(text):
        return False
    if target == "email":
        return bool(read_email(text))
    if target in _PERSON_NAMES:
        # A shop calls its orders by name, too: "#1001".
        return "@" not in text and text[0] != "#" and not (text.lower() in _LEFT_OPEN or _is_nobody(text))
    if target in _LEFT_BLANK:
        return text.lower() not in _LEFT_OPEN
    # "page" may be a number and "landing_page" a title: an address has a slash or a query.
    return target not in _ADDRESSES or "/" in text or "?" in text


def _is_nobody(text: str) -> bool:
    """Whether it is made of placeholders only: "undefined undefined"."""
    return " " in text and all(map(is_placeholder, text.split()))


def _present(claim: Claim) -> list[str]:
    return [text for text in texts_of(claim.answer) if not is_placeholder(text)]


def _said(target: str, winner: Claim) -> list[str]:
    usable = [text for text in texts_of(winner.answer) if _counts(target, text)] or _present(winner)
    return usable[:1] if target in _FIRST_ONLY else usable


def _answer(target: str, said: list[str]) -> Answer:
    return _JOINED_BY[target].join(said) if target in _JOINED_BY else unwrap(said)


def _unsaid(claim: Claim, said: Sequence[str]) -> Answer:
    """What a claim adds to the chosen answer. Brackets may hold a person's words, so they stay."""
    known = {text.casefold() for text in said}
    return unwrap([text for text in texts_of(claim.answer) if text.casefold() not in known and not _is_litter(text)])


def _is_litter(text: str) -> bool:
    return is_placeholder(text) and text[0] not in "[%"
