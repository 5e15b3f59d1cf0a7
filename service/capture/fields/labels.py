"""Names of fields taken apart: the words of a path, the parts of a label, without what tools put around them."""

import re
import unicodedata
from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

MAX_NAME_LENGTH = 300
"""Characters of a name; a longer one is prose and means nothing to us."""

MAX_WORDS = 12
"""Words of a name that are looked at; a longer one is a sentence, known only as a whole."""

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
_MIXED = re.compile(r".*\d.*[^\W\d_]")  # the "a1b2" that Wix puts behind
_COUNTED = re.compile(r"[^\W\d_]{4,}\d{1,3}")  # "product1", which is no random id


class LabelWord(NamedTuple):
    """One word of a name, folded. step: the number of its path segment, from 0. is_id: a tool's number or random id."""

    text: str
    step: int
    is_id: bool = False


class Parts(NamedTuple):
    """What stands in one label: "Email. We never share it." has two parts, "Name / Nom" two wordings.

    texts: the first is what the others may explain. hint: what stood in brackets. are_wordings: of one thing, parted by
    "/" or "|". are_sentences: parted by full stops and their like only.
    """

    texts: tuple[str, ...]
    hint: str = ""
    are_wordings: bool = False
    are_sentences: bool = False


def fold(name: str) -> str:
    """Return a name reduced to its letters and digits, comparable across spellings."""
    return _fold(name) if len(name) <= MAX_NAME_LENGTH else _fold.__wrapped__(name)


@lru_cache(maxsize=8192)
def _fold(name: str) -> str:
    text = unicodedata.normalize("NFKD", name.casefold().translate(_LETTERS))
    return "".join(character for character in text if character.isalnum())


def bare(name: str) -> str:
    """Drop what form builders add to a name: `field:..._a1b2`, `q12_`, `g52-`, `-123`, "(required)", "1. "."""
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
