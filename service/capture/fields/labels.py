"""Field names taken apart and looked up: the words of a path, the parts of a label, aliases.json and owners.json.

The words in front of a name say who owns the value: `user.first_name` and `billing.email` are the person's,
`fields.3.name` stands in mere wrapping; `product.name`, `fileName`, `organizer.email` and `tracking_phone_number`
belong to another person or thing.
"""

import json
import re
import unicodedata
from collections.abc import Mapping, Sequence
from enum import StrEnum
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple

MAX_NAME_LENGTH = 300
"""Characters of a name; a longer one is prose without a meaning."""

MAX_WORDS = 12
"""Words of a name; a longer one is a sentence, known only as a whole."""

_LETTERS = str.maketrans({"ß": "ss", "ł": "l", "ø": "o", "æ": "ae", "đ": "d", "ı": "i"})
_AROUND = re.compile(
    r"^field:|^q\d+_|^g\d+-"  # Wix, Jotform, Jetpack
    r"|^\d+-\d+/|^srfm-.*-lbl-[\w+=]*-|-yui_\w+(?:-field)?$"  # HubSpot, SureForms, Squarespace
    r"|^ctl\d+\$(?:.*\$)?"  # ASP.NET
    r"|^\(?\d{1,3}[.)]\s+|^\([^()]*\)\s*|<[^<>]*>|\((?:required|optional)\)",  # "1. Name", "(optional) Name", markup
    re.IGNORECASE,
)
_WIX_SUFFIX = re.compile(r"_[0-9a-f]{4}$")
_NUMBER_SUFFIX = re.compile(r"-\d+$")
_BRACKETS = re.compile(r"\]?\[|\]")
_STEP = re.compile(r"\.(?=\S)|::?(?=\S)|\s*>\s*|\$|(?<=[^_])__(?=[^_])")
_WORD = re.compile(r"[^\W_]+")
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_HINT = re.compile(r"(?:\s*[(（]|\s+[\[{])[^()（）\[\]{}]*[)）}\]]?\s*")
_PART = re.compile(r"([.!?;,:](?=\s)\s*|\s[-–—]\s|\n|\s*[/|&+]\s*)")
_ID = re.compile(r"(?=.*\d)(?=.*[a-z])[a-z0-9]{6,}", re.IGNORECASE)
_MIXED = re.compile(r".*\d.*[^\W\d_]")  # the suffix "a1b2" of Wix
_COUNTED = re.compile(r"[^\W\d_]{4,}\d{1,3}")  # "product1", not a random id


class LabelWord(NamedTuple):
    """One word of a name, folded. step: the number of its path segment, from 0. is_id: a tool's number or random id."""

    text: str
    step: int
    is_id: bool = False


class Parts(NamedTuple):
    """The parts of one label: "Email. We never share it." has two, "Name / Nom" has two wordings.

    texts: the first may be explained by the others. hint: the text in brackets. are_wordings: of one thing, separated
    by "/" or "|". are_sentences: separated by full stops, exclamation or question marks only.
    """

    texts: tuple[str, ...]
    hint: str = ""
    are_wordings: bool = False
    are_sentences: bool = False


_ASCII_SIGNS = dict.fromkeys(number for number in range(128) if not chr(number).isalnum())


def fold(name: str) -> str:
    """Return a name reduced to its letters and digits, to compare spellings."""
    return _fold(name) if len(name) <= MAX_NAME_LENGTH else _fold.__wrapped__(name)


@lru_cache(maxsize=8192)
def _fold(name: str) -> str:
    text = unicodedata.normalize("NFKD", name.casefold().translate(_LETTERS))
    if text.isascii():
        return text.translate(_ASCII_SIGNS)
    return "".join(character for character in text if character.isalnum())


def bare(name: str) -> str:
    """Return a name without the additions of form builders: `field:..._a1b2`, `q12_`, `-123`, "(required)", "1. "."""
    if name[:6].lower() == "field:":
        name = _WIX_SUFFIX.sub("", name)
    return _NUMBER_SUFFIX.sub("", _AROUND.sub("", name).strip(" *:"))


def words_of(name: str) -> list[LabelWord]:
    """Return the words of a path, such as `a[b].c`, `a__b`, `productName` or "Product name"; [] for a sentence."""
    if name.endswith("]") and not name.startswith("["):
        name = _BRACKETS.sub(".", name).rstrip(".")
    words: list[LabelWord] = []
    for step, segment in enumerate(_STEP.split(name)):
        if _ID.fullmatch(segment) and not _COUNTED.fullmatch(segment):
            words.append(LabelWord(fold(segment), step, is_id=True))
            continue
        texts = map(fold, _WORD.findall(_CAMEL.sub(" ", segment)))
        words += (LabelWord(text, step, text.isdigit() or bool(_MIXED.match(text))) for text in texts if text)
    return words if len(words) <= MAX_WORDS else []


def parts_of(label: str) -> Parts | None:
    """Return the parts of a label that has hints or several wordings; None for a plain name."""
    hints = [hint.strip(" ()（）[]{}") for hint in _HINT.findall(label)]
    pieces: Sequence[str] = _PART.split(_HINT.sub(" ", label) if hints else label)
    texts = tuple(text for piece in pieces[::2] if (text := piece.strip(" *:?!.,;")))
    if not texts or (len(texts) == 1 and texts[0] == label):
        return None
    signs = {piece.strip()[:1] for piece in pieces[1::2]}
    return Parts(texts, " ".join(hints), bool(signs) and signs <= {"/", "|"}, bool(signs) and signs <= {".", "!", "?"})


_MAX_SHORT_ID = 3  # letters, with a number behind them


class OwnerKind(StrEnum):
    """Kinds of owner named by a word in front of a name; the values are the keys of owners.json."""

    WRAPPING = "wrapping"  # data, fields, wpforms, primary: no owner
    PERSON = "person"
    SHEET = "sheet"  # form, booking, step: it owns a name behind it, but not an address
    ORGANIZATION = "organization"
    PLACE = "place"
    THING = "thing"
    CALL = "call"  # technical facts of the call: ip, geo, origin
    ANOTHER_PERSON = "another_person"  # owner, agent, organizer, emergency, friend
    UNKNOWN = "unknown"


class Owner(NamedTuple):
    """The owner of a value. is_sheet: the word directly before it is a form or booking, with a name of its own."""

    kind: OwnerKind
    is_sheet: bool = False


def owner_of(words: Sequence[LabelWord]) -> Owner:
    """Return the owner named by the words before a name: the nearest one, or another person anywhere."""
    kinds = [kind_of(word) for word in words]
    if OwnerKind.ANOTHER_PERSON in kinds:
        return Owner(OwnerKind.ANOTHER_PERSON)
    named = [kind for kind, word in zip(kinds, words, strict=True) if not word.is_id]
    is_sheet = bool(named) and named[-1] is OwnerKind.SHEET
    nearest = (kind for kind in reversed(named) if kind not in (OwnerKind.WRAPPING, OwnerKind.SHEET))
    return Owner(next(nearest, OwnerKind.WRAPPING), is_sheet)


def kind_of(word: LabelWord) -> OwnerKind:
    """Return the kind of owner that one word names, with or without a number: `product1` is a thing, `q3` wrapping."""
    kind = OwnerKind.WRAPPING if word.is_id else _KINDS.get(word.text)
    if kind is None:
        stem = word.text.rstrip("0123456789")
        is_short_id = len(stem) < len(word.text) and len(stem) <= _MAX_SHORT_ID
        kind = _KINDS.get(stem, OwnerKind.WRAPPING if is_short_id else OwnerKind.UNKNOWN)
    return kind


def is_person_word(word: LabelWord) -> bool:
    """Return whether a word means the person who asks, such as "customer" or "votre"."""
    return _KINDS.get(word.text) is OwnerKind.PERSON


@lru_cache(maxsize=1024)
def is_mere_wrapping(name: str) -> bool:
    """Return whether a name under this one is the person's, as under `merge_fields` or `customer`."""
    return owner_of(words_of(name)).kind in (OwnerKind.WRAPPING, OwnerKind.PERSON)


_OWNERS: Mapping[str, list[str]] = json.loads(Path(__file__).with_name("owners.json").read_text("utf-8"))
_KINDS = {fold(word): OwnerKind(group) for group, words in _OWNERS.items() for word in words}


HIDDEN_FIELDS = ("lc_landing_url", "lc_page_url", "lc_referrer", "lc_first", "lc_last", "lc_key")
"""Hidden fields that attribution.js adds to forms; each means itself."""

NAME_PARTS = ("initials", "middle_name", "name_particle", "second_last_name", "name_suffix")
"""Parts of a name that some forms ask for in separate fields."""

FIELD_WORDS = frozenset(
    (
        *("value", "field", "input", "text", "box", "please", "bitte", "required", "optional", "mandatory"),
        *("pflichtfeld", "pflicht", "freiwillig", "obligatoire", "facultatif", "obligatorio", "opcional", "verplicht"),
        *("obbligatorio", "facoltativo", "optioneel", "wymagane", "obligatorisk", "valgfri", "pakollinen"),
    )
)
"""Folded words behind a name that only mark it as a field, or as required."""

BARE_NAMES = frozenset(
    (
        *("name", "nom", "nombre", "nombres", "nome", "nomes", "naam", "navn", "namn", "nimi", "jmeno", "nume"),
        # Questions of a conversation, where "and your last name?" may come next.
        *("whatisyourname", "whatsyourname", "whatshouldwecallyou", "wieheissensie", "wieheisstdu", "wieistihrname"),
        *("commentvousappelezvous", "quelestvotrenom", "comotellamas", "cualestunombre", "cometichiami"),
        *("qualeiltuonome", "comotechamas", "qualeoseunome", "hoeheetje", "watisjenaam", "jakmasznaimie"),
        *("hvadhedderdu", "vadheterdu"),
    )
)
"""Folded words for a bare "name": the first or last name if the other one has a field."""

LOGINS = frozenset(("username", "benutzername", "nomutilisateur", "gebruikersnaam", "nomeutente"))
"""Folded words for sign-in names."""

WEAK = frozenset(
    (
        *("replyto", "callbacknumber", "callbackphone", "ruckrufnummer", "numeroderappel"),
        *("textarea", "longtext", "longanswer", "multiline", "paragraph", "paragraphtext", "absatztext"),
        *("description", "details", "notes", "note", "question", "questions", "body"),
    )
)
"""Folded aliases that count only without a better one."""


_GROUPS: dict[str, list[str]] = json.loads(Path(__file__).with_name("aliases.json").read_text("utf-8"))
EXACT: Mapping[str, str] = MappingProxyType(
    {alias.lower(): group for group, aliases in _GROUPS.items() if group.startswith("_") for alias in aliases}
    | {name: name for name in HIDDEN_FIELDS}
    | {"_url": "page_url"}  # Contact Form 7's; "url" alone says too little
)
"""Names that are matched exactly but for case -> meaning."""

ALIASES: Mapping[str, str] = MappingProxyType(
    {
        fold(bare(alias)): target
        for target, aliases in reversed(_GROUPS.items())  # the first listed owns a shared spelling
        if not target.startswith("_")
        for alias in (target, *aliases)
    }
)
"""Folded name -> meaning."""
