"""The meaning of a field's name, in any language and spelling.

A name is taken apart (labels.py) and looked up in aliases.json, first whole, then by fewer and fewer of its last words.
A name, number or address found that way is the person's only where the words before it allow it. The parts of a label
come last: "Phone (incl. country code)" means the part before the hint.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from types import MappingProxyType
from typing import NamedTuple

from service.capture.fields.labels import (
    ALIASES,
    BARE_NAMES,
    EXACT,
    FIELD_WORDS,
    HIDDEN_FIELDS,
    LOGINS,
    MAX_NAME_LENGTH,
    NAME_PARTS,
    WEAK,
    LabelWord,
    Owner,
    OwnerKind,
    Parts,
    bare,
    fold,
    is_person_word,
    kind_of,
    owner_of,
    parts_of,
    words_of,
)

__all__ = ["HIDDEN_FIELDS", "NAME_PARTS", "Meaning", "fold", "is_address", "is_anothers", "meaning_of", "mentions"]

LAST_RESORT = 3
"""Distance of a meaning that counts only without a better one."""

_PERSONAL = frozenset(("full_name", "first_name", "last_name", "email", "phone", *NAME_PARTS))
_NAMES = frozenset(("full_name", "first_name", "last_name"))
_PARTS = frozenset(("first_name", "last_name"))
_OTHERS_WORDS = frozenset(
    (OwnerKind.ORGANIZATION, OwnerKind.PLACE, OwnerKind.THING, OwnerKind.CALL, OwnerKind.ANOTHER_PERSON)
)
_OTHERS_FACTS = _OTHERS_WORDS - {OwnerKind.ORGANIZATION}
_FOREIGN_OWNERS: Mapping[str, frozenset[OwnerKind]] = MappingProxyType(
    dict.fromkeys(_PERSONAL, _OTHERS_WORDS | {OwnerKind.UNKNOWN})
    | dict.fromkeys(("message", "subject"), _OTHERS_WORDS)
    | dict.fromkeys(("company", "job_title", "team_size", "move_in_date", "budget", "consent"), _OTHERS_FACTS)
    | {"location": _OTHERS_FACTS - {OwnerKind.PLACE}}
)
"""Meaning -> owners that make an answer someone else's."""

_WISHES = frozenset(("message", "subject", "company", "job_title", "team_size", "budget", "move_in_date"))
_AROUND_FACTS = frozenset((OwnerKind.WRAPPING,))
_AROUND_WISHES = frozenset((OwnerKind.WRAPPING, OwnerKind.PERSON))
"""Kinds of words allowed directly before a meaning: `customer_message` is a message, `user_language` a setting."""

_OTHERS_HINTS = frozenset((OwnerKind.CALL, OwnerKind.ANOTHER_PERSON))
_NOT_GUESSED = frozenset((OwnerKind.PLACE, OwnerKind.THING, OwnerKind.ANOTHER_PERSON))
_NUMBERS = frozenset(("number", "no", "nr", "nummer", "numero", "num", "line"))
_OF = frozenset(
    ("of", "the", "des", "der", "du", "de", "la", "l", "le", "del", "della", "do", "da", "van", "het", "for", "til")
)
_MAX_SHORT_NAME = 3  # words: "assigned to" names an owner, a sentence may only mention an agent
_PREFIXES = ("your", "votre", "ihre", "hidden", "lead", "contact", "form", "field", "attribution", "tracking")
_HANDLES = frozenset(_PREFIXES)
_ADDRESSES = frozenset(("url", "uri", "link", "href"))
_OF_PAGES = frozenset(
    ("page", "document", "embed", "post", "host", "parent", "conversion", "context", "site", "permalink", "origin")
)
"""Words for the page with the form."""

_PRIVATE = frozenset(("personal", "private", "work", "home"))
_MAX_QUESTION_WORDS = 40
_AROUND_CONTROLS = frozenset((OwnerKind.WRAPPING, OwnerKind.SHEET, OwnerKind.PERSON))
_NONCE = re.compile(r"_.*nonce|(.*[^a-z])?(wp|form)?nonce([^a-z].*)?|(.*[^a-z])?(csrf|xsrf)([^a-z].*)?")
_TOOLS_OWN = re.compile(
    r"gform_.*|(?:is_submit|state)_\d+|__?fluent.*|ak_[a-z_]+|wpforms[\[.](?:token|post_id|author|id|submit)\]?"
)
_TOOL_STARTS = frozenset(("gfo", "is_", "sta", "_fl", "__f", "ak_", "wpf"))
_TRAP = re.compile(r"(.*[^a-z])?honey[-_]?pot([-_.](field|\d+))?")


class Meaning(NamedTuple):
    """The meaning of a name.

    target: a key of aliases.json, such as "email"; keys that begin with "_" are control groups.
    distance: 0 for the alias itself, 1 and 2 for looser matches, 3 for a last resort.
    is_bare_name: "name" alone, which is the first or the last name where the other has a field.
    """

    target: str
    distance: int = 0
    is_bare_name: bool = False


class _Match(NamedTuple):
    """The result of a look-up. is_anothers: the name certainly belongs to another person or thing."""

    meaning: Meaning | None = None
    is_anothers: bool = False


_NOTHING = _Match()


def meaning_of(name: str) -> Meaning | None:
    """Return the meaning of a submitted name, None for an unknown one."""
    return _look_up(name).meaning if len(name) <= MAX_NAME_LENGTH else None


def is_anothers(name: str) -> bool:
    """Return whether a submitted name is that of an address or number that is certainly not the person's."""
    return _look_up(name).is_anothers if len(name) <= MAX_NAME_LENGTH else False


@lru_cache(maxsize=1024)
def is_address(name: str) -> bool:
    """Return whether a name only says that its value is an address: `url`, `meta.link`, `hostPageUrl`."""
    words = [word for word in words_of(name) if word.text not in _OF_PAGES]
    around = (OwnerKind.WRAPPING, OwnerKind.SHEET, OwnerKind.CALL)
    if words and words[-1].text in _ADDRESSES:
        words = words[:-1]
    elif "page" not in fold(name):
        return False
    return all(kind_of(word) in around and word.text not in _PRIVATE for word in words)


@lru_cache(maxsize=1024)
def mentions(label: str) -> frozenset[str]:
    """Return the meanings mentioned in a question: "A number to ring, or an e-mail address?" phone and email.

    A mention is less than a meaning: a lone "name" or "to" does not count.
    """
    words = [fold(word) for word in label.split()[:_MAX_QUESTION_WORDS]]
    runs = ["".join(words[start:end]) for start in range(len(words)) for end in range(start + 1, start + 4)]
    return frozenset(ALIASES[run] for run in runs if run in ALIASES and run not in BARE_NAMES)


@lru_cache(maxsize=8192)
def _look_up(name: str) -> _Match:
    exact = _exact(name)
    if exact:
        return _Match(Meaning(exact))
    label = bare(name)
    parts = parts_of(label) if fold(label) not in ALIASES else None
    reading = _read_parts(parts, label) if parts else _read_words(words_of(label), label)
    if reading == _NOTHING and name.lower().startswith("_wpcf7"):
        return _Match(Meaning("_form_control"))
    return reading


def _exact(name: str) -> str:
    """Return the meaning of a name that is matched exactly, also inside a tool's wrapping."""
    lowered = name.lower()
    exact = EXACT.get(lowered, "")
    if not exact and (lowered[-1:] == "]" or "." in lowered):
        around, _, last = lowered.rstrip("]").replace("[", ".").rpartition(".")
        if last in EXACT and all(kind_of(word) in _AROUND_CONTROLS for word in words_of(around)):
            return EXACT[last]
    if exact or not lowered.isascii():
        return exact
    if lowered[:3] in _TOOL_STARTS and _TOOLS_OWN.fullmatch(lowered):
        return "_form_control"
    if "nonce" in lowered or "csrf" in lowered or "xsrf" in lowered:
        return "_form_control" if _NONCE.fullmatch(lowered) else ""
    return "_honeypot" if "honey" in lowered and _TRAP.fullmatch(lowered) else ""


def _read_words(words: Sequence[LabelWord], label: str) -> _Match:
    """Look up the words of a name, the whole of them first."""
    whole = fold(label)
    if whole in ALIASES and not words:  # a sentence
        return _Match(_meaning(whole, 0))
    for tried in _tries(words):
        for start in range(len(tried)):
            tail = "".join(word.text for word in tried[start:])
            if tail in LOGINS and tried[start].step == tried[-1].step:
                # `user_name` beside `user_email` may be a name; `username` never is.
                is_whole = start == 0 and len(tried) > 1
                return _Match(Meaning("full_name", LAST_RESORT) if is_whole else None)
            if tail in ALIASES and not _is_of_two_steps(tail, tried[start:]):
                return _judge(tail, tried[:start], tried[start:])
    if _is_name_of_person(words):
        return _Match(Meaning("full_name", 2))
    compound = _read_compound(whole) if len(words) == 1 else _NOTHING
    return compound if compound.meaning else _Match(None, _belongs_to_another(words))


def _is_name_of_person(words: Sequence[LabelWord]) -> bool:
    """Distinguish "Name of contact" and "Nom du client" from "Name of the event"."""
    if not 1 < len(words) <= _MAX_SHORT_NAME + 1 or words[0].text not in BARE_NAMES or not is_person_word(words[-1]):
        return False
    return all(word.text in _OF for word in words[1:-1])


def _is_of_two_steps(tail: str, words: Sequence[LabelWord]) -> bool:
    """Distinguish a path from the label that it resembles.

    `account_name` is a company's name, `account: {name}` is the owner of the tool's account; "Name, Vorname" asks for
    both names, `name: {vorname}` holds the first.
    """
    if words[0].step == words[-1].step:
        return False
    return tail == "accountname" or (ALIASES[tail] == "full_name" and ALIASES.get(words[-1].text) in _PARTS)


def _tries(words: Sequence[LabelWord]) -> Iterator[Sequence[LabelWord]]:
    """Yield the words unchanged, then without numbers, then without words that only mark a field."""
    yield words
    named = [word for word in words if not word.is_id]
    if len(named) < len(words):
        yield named
    inner = [word for word in named if word.text != "value"]
    if len(inner) < len(named) and named[-1].text != "value":  # Formstack's `Name: {value: {first}}`
        yield inner
    while len(named) > 1 and named[-1].text in FIELD_WORDS:
        named = named[:-1]
        yield named
    if named and named[-1].text[-1:].isdigit():
        yield [*named[:-1], named[-1]._replace(text=named[-1].text.rstrip("0123456789"))]


def _judge(tail: str, before: Sequence[LabelWord], words: Sequence[LabelWord]) -> _Match:
    """Return the meaning of an alias with these words before it."""
    meaning = _meaning(tail, _distance(before, words))
    target, owner = meaning.target, owner_of(before)
    beside = [word for word in before if word.step == words[0].step]
    if target in _PERSONAL:
        return _judge_personal(meaning, owner, is_named=len(words) > 1 and is_person_word(words[0]))
    around = _AROUND_WISHES if target in _WISHES else _AROUND_FACTS
    if not all(word.text in _HANDLES or kind_of(word) in around for word in beside):
        return _NOTHING
    if owner.kind in _FOREIGN_OWNERS.get(target, ()) or (owner.is_sheet and tail == "description"):
        return _Match(None, is_anothers=True)
    return _Match(meaning)


def _judge_personal(meaning: Meaning, owner: Owner, *, is_named: bool) -> _Match:
    """Decide whether a personal value is the person's. is_named: the alias itself says so: `company.contact_name`."""
    if meaning.is_bare_name and owner.kind is OwnerKind.ORGANIZATION:
        return _Match(meaning._replace(target="company", is_bare_name=False))
    is_sheets = owner.is_sheet and meaning.is_bare_name
    if is_named and owner.kind is not OwnerKind.ANOTHER_PERSON:
        return _Match(meaning)
    if is_sheets or owner.kind in _FOREIGN_OWNERS[meaning.target]:
        return _Match(None, is_anothers=is_sheets or owner.kind in _NOT_GUESSED)
    return _Match(meaning)


def _distance(before: Sequence[LabelWord], words: Sequence[LabelWord]) -> int:
    if not before:
        return 0
    return 2 if any(word.step == words[0].step for word in before) else 1


def _meaning(tail: str, distance: int) -> Meaning:
    is_weak = tail in WEAK
    return Meaning(ALIASES[tail], LAST_RESORT if is_weak else distance, tail in BARE_NAMES)


def _read_compound(folded: str) -> _Match:
    """Read one word made of two, such as "votreemail"."""
    prefix = next((each for each in _PREFIXES if folded.startswith(each)), "")
    rest = folded[len(prefix) :]
    if not prefix or not rest:
        return _NOTHING
    if rest not in ALIASES:
        return _read_compound(rest)
    return _judge(rest, [LabelWord(prefix, 0)], [LabelWord(rest, 0)])


def _belongs_to_another(words: Sequence[LabelWord]) -> bool:
    """Return whether a short name is that of an `owner` or of a `tracking_number`."""
    if len(words) > _MAX_SHORT_NAME:
        return False
    is_number = len(words) > 1 and words[-1].text in _NUMBERS and owner_of(words[:-1]).kind in _NOT_GUESSED
    return is_number or any(kind_of(word) is OwnerKind.ANOTHER_PERSON for word in words)


def _read_parts(parts: Parts, label: str) -> _Match:
    """Return the meaning of the part before a hint, or of the one known wording; none for several meanings."""
    refined = ALIASES.get(fold(parts.hint) + fold(parts.texts[0])) if parts.hint else None
    if refined:
        return _Match(Meaning(refined, 2))
    readings = [_read_words(words_of(text), text) for text in parts.texts]
    known = {reading.meaning.target: reading.meaning for reading in reversed(readings) if reading.meaning}
    if len(known) > 1:
        return _Match(Meaning("full_name", 2)) if known.keys() <= _NAMES else _NOTHING
    if not known or readings[0].is_anothers:
        return readings[0]
    (meaning,) = known.values()
    if not (readings[0].meaning or _later_part_counts(parts, meaning, label)) or _names_another_owner(
        parts.hint, meaning
    ):
        return _NOTHING
    return _Match(meaning._replace(distance=max(meaning.distance, 2)))


def _later_part_counts(parts: Parts, meaning: Meaning, label: str) -> bool:
    """Return whether a later part counts: another wording, or a question behind a greeting ("Great! Your email?")."""
    if parts.are_wordings:
        return not _read_words(words_of(label), label).is_anothers
    return parts.are_sentences and meaning.distance == 0 and len(words_of(parts.texts[-1])) > 1


def _names_another_owner(hint: str, meaning: Meaning) -> bool:
    """Return whether a hint of few words names another owner: "Name (pet)", "City (by IP)", "Phone (emergency)"."""
    words = words_of(hint)
    refused = _OTHERS_WORDS if meaning.target in _NAMES else _OTHERS_HINTS
    return len(words) <= _MAX_SHORT_NAME and owner_of(words).kind in refused
