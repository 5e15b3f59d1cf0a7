"""What the name of a field means: people call their fields what they like, in any language.

A name is folded (case, accents and punctuation go) and looked up in aliases.json, first whole,
then by its last path segments, then without words such as "your" in front.
"""

import json
import re
import unicodedata
from collections.abc import Iterator, Mapping
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple

HIDDEN_FIELDS = ("lc_landing_url", "lc_page_url", "lc_referrer", "lc_first", "lc_last", "lc_key")
"""What attribution.js writes into forms; each means itself."""

_LONGEST_NAME = 300  # characters; a longer one is prose and means nothing to us
_LETTERS = str.maketrans({"ß": "ss", "ł": "l", "ø": "o", "æ": "ae", "đ": "d", "ı": "i"})
_NOISE = re.compile(r"\((?:required|optional)\)|^field:|^q\d+_", re.IGNORECASE)
_SUFFIX = re.compile(r"-\d+$")
_WIX_SUFFIX = re.compile(r"_[0-9a-f]{4}$")
_PREFIXES = ("your", "votre", "ihre", "hidden", "lead", "contact", "form", "field", "attribution", "tracking")
_BARE_NAMES = frozenset(
    (
        *("name", "nom", "nombre", "nome", "naam", "navn", "namn", "nimi", "jmeno", "nume"),
        # Asked in a conversation, where "and your last name?" may come next.
        *("whatisyourname", "whatsyourname", "whatshouldwecallyou", "wieheissensie", "wieheisstdu", "wieistihrname"),
        *("commentvousappelezvous", "quelestvotrenom", "comotellamas", "cualestunombre", "cometichiami"),
        *("qualeiltuonome", "comotechamas", "qualeoseunome", "hoeheetje", "watisjenaam", "jakmasznaimie"),
        *("hvadhedderdu", "vadheterdu"),
    )
)
_LAST_RESORT = frozenset(("_replyto", "replyto", "reply_to"))


class Meaning(NamedTuple):
    """What a name stands for.

    target: a key of aliases.json, such as "email"; keys that begin with "_" are control groups.
    distance: 0 for the alias itself, then 1 and 2 the further it was fetched; 3 for a last resort.
    is_bare_name: "name" alone, which is the first or the last name where the other has a field.
    """

    target: str
    distance: int = 0
    is_bare_name: bool = False


def fold(name: str) -> str:
    """Return a name reduced to its letters and digits, comparable across spellings."""
    return _fold(name) if len(name) <= _LONGEST_NAME else _fold.__wrapped__(name)


@lru_cache(maxsize=8192)
def _fold(name: str) -> str:
    text = unicodedata.normalize("NFKD", name.casefold().translate(_LETTERS))
    return "".join(character for character in text if character.isalnum())


def meaning_of(name: str) -> Meaning | None:
    """Return what a submitted name means, None when nobody knows."""
    return _look_up(name) if len(name) <= _LONGEST_NAME else None


@lru_cache(maxsize=8192)
def _look_up(name: str) -> Meaning | None:
    exact = _EXACT.get(name.lower())
    if exact:
        return Meaning(exact)
    for distance, folded in _spellings(name):
        target = _ALIASES.get(folded)
        if target:
            last_resort = name.lower() in _LAST_RESORT
            return Meaning(target, 3 if last_resort else distance, folded in _BARE_NAMES)
    return Meaning("_form_control") if name.lower().startswith("_wpcf7") else None


def _spellings(name: str) -> Iterator[tuple[int, str]]:
    """The folded forms of a name worth looking up, the surest first, each with its distance."""
    segments = _strip_noise(name).split(".")
    whole = fold("".join(segments))
    tails = [whole]
    if len(segments) > 1:
        tails += [fold(_strip_noise(segments[-1])), fold("".join(segments[-2:]))]
    yield from ((min(position, 1), tail) for position, tail in enumerate(tails))
    for tail in tails:
        yield from ((2, shorter) for shorter in _without_prefixes(tail))


def _without_prefixes(folded: str) -> Iterator[str]:
    shorter = True
    while shorter:
        prefix = next((prefix for prefix in _PREFIXES if folded.startswith(prefix)), "")
        shorter = bool(prefix) and len(folded) > len(prefix)
        folded = folded[len(prefix) :]
        if shorter:
            yield folded


def _strip_noise(name: str) -> str:
    """Drop what form builders add to a name: `field:..._a1b2`, `q12_`, `-123`, "(required)"."""
    if name.lower().startswith("field:"):
        name = _WIX_SUFFIX.sub("", name)
    return _SUFFIX.sub("", _NOISE.sub("", name).strip(" *:"))


def _load_aliases() -> dict[str, list[str]]:
    text = Path(__file__).with_name("aliases.json").read_text("utf-8")
    aliases: dict[str, list[str]] = json.loads(text)
    return aliases


_GROUPS = _load_aliases()
_EXACT: Mapping[str, str] = MappingProxyType(
    {alias.lower(): group for group, aliases in _GROUPS.items() if group.startswith("_") for alias in aliases}
    | {name: name for name in HIDDEN_FIELDS}
)
_ALIASES: Mapping[str, str] = MappingProxyType(
    {
        fold(_strip_noise(alias)): target
        for target, aliases in reversed(_GROUPS.items())  # of two that claim a spelling, the first listed has it
        if not target.startswith("_")
        for alias in (target, *aliases)
    }
)
