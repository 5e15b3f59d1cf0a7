"""Rival answers to one question, such as two e-mail addresses: which one counts, and where the others are kept.

And names in parts: the meaning of a bare "name" field, and the full name composed of its parts.
"""

import re
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

from service.capture.fields.contact import read_email
from service.capture.fields.names import NAME_PARTS, Meaning
from service.capture.parsing.texts import Answer, text_of, texts_of, unwrap

_FIRST_ONLY = frozenset(("email", "phone", "landing_page", "page_url", "referrer", "external_id", "form_name"))
_JOINED_BY = {"full_name": " ", "first_name": " ", "last_name": " ", "company": ", ", "message": "\n"}
_LEFT_BLANK = frozenset(("phone", "company"))
_ADDRESSES = frozenset(("landing_page", "page_url", "referrer"))
_PERSON_NAMES = frozenset(("full_name", "first_name", "last_name"))
_NO_ANSWERS = frozenset(("undefined", "null", "none", "(not set)", "xxxxx"))
_LEFT_OPEN = frozenset(("n/a", "-", "--", "–", "—"))
"""Words typed instead of an answer, such as "n/a"; kept as an extra."""

_QUOTES = MappingProxyType({'"': '"', "'": "'", "“": "”", "„": "“", "«": "»", "‘": "’", '\\"': '\\"', "\\'": "\\'"})
OPENING_QUOTES = frozenset(opened[0] for opened in _QUOTES)
_APOSTROPHE = re.compile(r"(?<=\w)'(?=\w)")


_FLAGS = ("success", "ok", "status", "result")
_DONE = frozenset(("true", "1", "yes", "ok", "success", "succeeded", "sent", "mail_sent", "submitted", "200"))
_NOTICE = re.compile(
    r"\s*(?:<(?:p|div|span|h\d|strong|b)\b|thank|thanks|your (?:message|enquiry|inquiry|request|submission) (?:has|was)"
    r"|form (?:was )?submitted|we(?:'ll| will) (?:be in touch|get back)|success|vielen dank|danke|merci|gracias|grazie"
    r"|obrigad[oa]|bedankt|dank u|dank je|dziękuj|tack|tak for|takk|kiitos)",
    re.IGNORECASE,
)
"""Beginnings of a tool's reply to its visitor, which some tools send along with the answers."""


class Claim(NamedTuple):
    """One submitted answer with the meaning of its name."""

    meaning: Meaning
    name: str
    answer: Answer


class Resolution(NamedTuple):
    """The answer that counts, "" for none, with its submitted name; rest: the other answers by submitted name."""

    answer: Answer
    name: str
    rest: dict[str, Answer]


def resolve(target: str, claims: Sequence[Claim]) -> Resolution:
    """Choose among claims to one meaning; the nearest name with a usable answer wins.

    An invalid e-mail address wins only where there is no valid one, so that it can be reported.
    """
    ranked = sorted(claims, key=lambda claim: claim.meaning.distance)
    winner = next((claim for claim in ranked if any(counts(target, text) for text in texts_of(claim.answer))), None)
    if winner is None and target == "email":
        winner = next((claim for claim in ranked if _without_placeholders(claim)), None)
    texts: list[str] = []
    if winner:
        texts = [text for text in texts_of(winner.answer) if counts(target, text)] or _without_placeholders(winner)
        texts = texts[:1] if target in _FIRST_ONLY else texts
    rest = {claim.name: answer for claim in ranked if (answer := _further_texts(claim, texts))}
    answer = _JOINED_BY[target].join(texts) if target in _JOINED_BY else unwrap(texts)
    return Resolution(answer, winner.name if winner else ranked[0].name, rest)


def _without_placeholders(claim: Claim) -> list[str]:
    return [text for text in texts_of(claim.answer) if not is_placeholder(text)]


def _further_texts(claim: Claim, texts: Sequence[str]) -> Answer:
    """Return the texts of a claim that `texts` lack. A placeholder in brackets may be a person's words, so it stays."""
    known = {text.casefold() for text in texts}
    further = (text for text in texts_of(claim.answer) if text.casefold() not in known)
    return unwrap([text for text in further if text[0] in "[%" or not is_placeholder(text)])


def counts(target: str, text: str) -> bool:
    """Return whether a text can be an answer of this meaning."""
    if not text or is_placeholder(text):
        return False
    if target == "email":
        return bool(read_email(text))
    if target in _PERSON_NAMES:
        # Shops send the number of an order as its name: "#1001".
        is_empty = text.lower() in _LEFT_OPEN or (" " in text and all(map(is_placeholder, text.split())))
        return "@" not in text and text[0] != "#" and not is_empty
    if target in _LEFT_BLANK:
        return text.lower() not in _LEFT_OPEN
    # "page" may be a number and "landing_page" a title: an address has a slash or a query.
    return target not in _ADDRESSES or "/" in text or "?" in text


def unquote(answer: Answer) -> Answer:
    """Return an answer without quotation marks around it, which templates add; those within a text stay."""
    if isinstance(answer, str):
        return _unquoted(answer) if answer[:1] in OPENING_QUOTES else answer
    return [_unquoted(text) if text[:1] in OPENING_QUOTES else text for text in answer]


def _unquoted(text: str) -> str:
    opened, closed = (text[:2], text[-2:]) if text[0] == "\\" else (text[:1], text[-1:])
    within = text[len(opened) : -len(opened)]
    if closed != _QUOTES.get(opened) or len(text) < len(opened + closed):
        return text
    apart = _APOSTROPHE.sub("", within) if opened == "'" else within
    return text if opened[-1] in apart or closed[-1] in apart else within.strip()


def is_a_reply(answers: Mapping[str, Answer]) -> bool:
    """Return whether the answers are a tool's response to its visitor's browser, with the visitor's words in it."""
    return any(flag in answers and text_of(answers[flag]).lower() in _DONE for flag in _FLAGS)


def without_notices(answer: Answer) -> tuple[Answer, Answer]:
    """Return an answer without a tool's replies, and those replies."""
    texts = texts_of(answer)
    own = [text for text in texts if not _NOTICE.match(text)]
    return unwrap(own), unwrap([text for text in texts if text not in own])


def is_placeholder(text: str) -> bool:
    """Return whether a text is a placeholder that a script or template left behind."""
    ends = text[:1] + text[-1:]
    if ends in ("[]", "%%", "{}"):
        return len(text) > 1 and (ends != "{}" or (text.startswith("{{") and text.endswith("}}")))
    return text.lower() in _NO_ANSWERS


# -- names in parts


if TYPE_CHECKING:
    from service.capture.fields.layout import Fields

_NAMES = frozenset(("first_name", "last_name"))
PARTIAL_NAMES = _NAMES | {*NAME_PARTS}
"""Meanings that are part of a name."""

_SURNAMES = frozenset(("null", "none", "nan", "nil"))
"""Placeholders of scripts that are also surnames."""


def settle_bare_names(claims: dict[str, list[Claim]], fields: "Fields") -> None:
    """Give answers to a bare "name" the meaning that they have beside other names.

    Beside "prénom" a "nom" is the last name, beside "apellidos" a "nombre" the first; alone it is the full name.
    It is also the full name where it repeats the other field: "Ann Lee" beside the first name "Ann".
    """
    if "full_name" not in claims:
        return
    if claims.keys() >= _NAMES:
        _set_nicknames_aside(claims, fields)
    has_first = "first_name" in claims or "initials" in claims
    has_last = "last_name" in claims or "second_last_name" in claims
    if has_first != has_last and "full_name" in claims:
        part, beside = ("last_name", "first_name") if has_first else ("first_name", "last_name")
        known = text_of(claims[beside][0].answer) if beside in claims else ""
        names = claims.pop("full_name")
        bare = [claim for claim in names if claim.meaning.is_bare_name and not _repeats(claim, known)]
        whole = [claim for claim in names if claim not in bare]
        claims.update((target, rivals) for target, rivals in (("full_name", whole), (part, bare)) if rivals)


def _set_nicknames_aside(claims: dict[str, list[Claim]], fields: "Fields") -> None:
    """Keep single words beside an answered first and last name as extras: they are nicknames."""
    if not all(text_of(claims[part][0].answer) for part in _NAMES):
        return
    names = claims["full_name"]
    if all(claim.meaning.is_bare_name and " " not in text_of(claim.answer) for claim in names):
        for claim in claims.pop("full_name"):
            fields.add_extra(claim.name, claim.answer)


def _repeats(claim: Claim, part: str) -> bool:
    text, known = text_of(claim.answer).casefold(), part.casefold()
    return bool(known) and (text.startswith((f"{known} ", f"{known},")) or text.endswith(f" {known}"))


def settle_names(claims: Mapping[str, Sequence[Claim]], fields: "Fields") -> None:
    """Compose the full name from its parts; parts that do not fit are kept as extras."""
    known = fields.known
    if "last_name" in claims and "last_name" not in known and "first_name" in known:
        claim = _surname_like_a_placeholder(claims, fields.text("first_name"))
        if claim:
            known["last_name"], fields.submitted_as["last_name"] = claim.answer, claim.name
    if known.keys().isdisjoint(NAME_PARTS):
        return
    _join_parts(known)
    for part in NAME_PARTS:
        if part in known:
            fields.add_extra(fields.submitted_as[part], known.pop(part))


def _join_parts(known: dict[str, Answer]) -> None:
    """Join parts in the order of a name: initials or first name, middle names, particle, surnames, suffix."""
    if "first_name" not in known and "initials" in known:
        known["first_name"] = known.pop("initials")
    if "last_name" in known or "second_last_name" in known:
        known["last_name"] = _joined(known, "name_particle", "last_name", "second_last_name")
    if "full_name" not in known and ("first_name" in known or "last_name" in known):
        known["full_name"] = _joined(known, "first_name", "middle_name", "last_name", "name_suffix", keeps=_NAMES)
    elif "name_suffix" in known and "full_name" in known:
        known["full_name"] = _joined(known, "full_name", "name_suffix")


def _joined(known: dict[str, Answer], *targets: str, keeps: frozenset[str] = frozenset()) -> str:
    texts = [" ".join(texts_of(known.get(target, ""))) for target in targets]
    for target in targets:
        if target not in keeps:
            known.pop(target, None)
    return " ".join(filter(None, texts))


def _surname_like_a_placeholder(claims: Mapping[str, Sequence[Claim]], first_name: str) -> Claim | None:
    """Return the claim of a person called Null, None or Nan; None where a script wrote that for a missing value.

    A script wrote it where other answers are the same, or where it is in lower case beside a first name that is not.
    """
    for claim in claims.get("last_name", ()):
        text = claim.answer if isinstance(claim.answer, str) else ""
        if text.lower() not in _SURNAMES or (text.islower() and not first_name.islower()):
            continue
        others = (other for rivals in claims.values() for other in rivals if other is not claim)
        if not any(text in texts_of(other.answer) for other in others):
            return claim
    return None
