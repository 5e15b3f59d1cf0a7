"""Submitted values: their text, their comparable form, and UTM values repaired or dropped, never refused.

The cleaning steps and their order are those of the attribution rules, section 1.4.
"""

import math
import re
import unicodedata
from functools import lru_cache
from typing import NamedTuple
from urllib.parse import unquote

MAX_LENGTH = 255
"""Maximum characters of a UTM value; our own limit, as Nexudus publishes none."""

_MAX_READ = 2048  # characters looked at
_MAX_CACHED = 64  # characters; links of one campaign carry the same few values again and again
_MAX_INTEGER_BITS = 4096  # Python refuses to print far longer integers

_JOINTS = re.compile(r"[\s_+-]+")


@lru_cache(maxsize=4096)
def label(text: str) -> str:
    """Return `text` in lower case with one "-" for each run of space, "_", "+" and "-", none at the ends.

    Pass texts of bounded length only: results are cached.
    """
    return _JOINTS.sub("-", text.lower()).strip("-")


def text_of(value: object) -> str:
    """Return the text of a submitted text or number, "" for any other type.

    A whole float reads like the integer, because JSON writers differ in which they send.
    """
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return ""
    if isinstance(value, int):
        return str(value) if value.bit_length() <= _MAX_INTEGER_BITS else ""
    if isinstance(value, float) and math.isfinite(value):
        return str(int(value)) if value.is_integer() else repr(value)
    return ""


def number_of(value: object) -> float | None:
    """Return a finite number as a float; None for booleans, texts and numbers out of range."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        number = float(value)
    except OverflowError:
        return None
    return number if math.isfinite(number) else None


def values_of(value: object) -> tuple[object, ...]:
    """Return the values of one field: the items of a repeated field, else the value alone."""
    return tuple(value) if isinstance(value, list | tuple) else (value,)


# -- placeholders

_EMPTY_WORDS = frozenset(
    (
        *("null", "undefined", "none", "(none)", "nan", "n/a", "-", "(not set)", "not set"),
        *("(not provided)", "(direct)", "direct", "$direct", "[object object]"),
        "xxxxx",  # Typeform's word for a hidden field that nothing filled
    )
)
_TAG = r"(?:utm|mtm|pk|lc|query|get|url|hidden)[ _.:-]?[a-z _.-]*"
_WORD = "source|medium|campaign|content|term|keyword|creative|placement|referrer"
_AD = r"(?:ad|ad[ _.-]?set|ad[ _.-]?group|campaign)[ _.-]?(?:name|id)"
_CLICK_ID = r"[a-z]*cl(?:ick|k)?[ _.-]?id"
_PAGE = r"(?:page[ _.-]?url|landing[ _.-]?page)"
_NAME = f"(?:{_TAG}|{_WORD}|{_AD}|{_CLICK_ID}|{_PAGE})"
_UNFILLED = re.compile(rf"\[\[{_NAME}\]\]|\[{_NAME}\]|%{_NAME}%|\${_NAME}|__{_NAME}__")
_OPENING = ("[", "%", "$", "__")


def is_placeholder(text: str) -> bool:
    """Return whether a text, given in lower case, is a placeholder as a whole: "null", "[utm_source]", "%campaign%".

    A word in such brackets that is not the name of a known field ("[brand]", "%balle%") is a value.
    """
    return text in _EMPTY_WORDS or (text.startswith(_OPENING) and _UNFILLED.fullmatch(text) is not None)


# -- cleaning

_PLAIN = re.compile(r"[A-Za-z0-9]+(?:[ _.|/-][A-Za-z0-9]+)*")
_ESCAPE = re.compile(r"%[0-9A-Fa-f]{2}")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")
_LINE_SPACE = str.maketrans("\t\r\n", "   ")
_INVISIBLE = frozenset({"Cc", "Cf", "Cs"})  # Cs: lone surrogates cannot be written as UTF-8
_MARKUP = re.compile(r"<[A-Za-z!/]")
_SCRIPTS = ("javascript:", "vbscript:", "data:")
MACRO = (
    r"\$?\{\{[^{}]*\}\}|\$?\{[^{}]*\}"  # Meta, ValueTrack
    r"|__[A-Z0-9]+(?:_[A-Z0-9]+)*__"  # TikTok
    r"|%%[A-Za-z0-9_]+%%|\*\|[^|]*\|\*"  # newsletter tools
)
"""Expression for a macro that an ad platform or a newsletter tool should have filled in."""

# The search for an address starts only where its name can begin: trying every letter takes quadratic time.
_EMAIL = r"(?<![A-Za-z0-9._%+-])[A-Za-z0-9._%+-]+@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+"
_PHONE = r"\+\d{8,15}"
_UNWANTED = re.compile(f"(?P<macro>{MACRO})|(?P<pii>{_EMAIL}|{_PHONE})")
_PERSONAL = re.compile(f"{_EMAIL}|{_PHONE}")
_LEFTOVERS = " _-|:/.,+"
_FORMULA_START = "=+-@ "
_ENDS = " /,;"  # a source or medium never ends in these
_QUOTES = "\"'\u201c\u201d\u201e\u00ab\u00bb\u2018\u2019"


class Cleaned(NamedTuple):
    """A value after cleaning, "" when it is unusable; codes name the repairs."""

    text: str
    codes: frozenset[str] = frozenset()


def clean(value: object, *, lower: bool = False) -> Cleaned:
    """Make one submitted value fit to store.

    lower: for source and medium, which are compared; the others keep their case.
    Returns at most 255 characters without control characters, markup, macros, e-mail addresses
    or phone numbers. Codes: macro, pii, markup, truncated, placeholder. Raises: nothing.
    """
    text = text_of(value)
    return _cached(text, lower) if len(text) <= _MAX_CACHED else _clean(text, lower)


def _clean(text: str, lower: bool) -> Cleaned:
    if len(text) <= MAX_LENGTH and _PLAIN.fullmatch(text) and not is_placeholder(text.lower()):
        return Cleaned(text.lower() if lower else text)  # the everyday value, which no step would change
    return _repair(text, lower=lower) if text else Cleaned("")


_cached = lru_cache(maxsize=4096)(_clean)


def _repair(text: str, *, lower: bool) -> Cleaned:
    codes = {"truncated"} if len(text) > _MAX_READ else set()
    text = _visible(_percent_decoded(text[:_MAX_READ]))
    if _MARKUP.search(text) or "".join(text.split()).lower().startswith(_SCRIPTS):
        return Cleaned("", frozenset(codes | {"markup"}))
    if "<" in text or ">" in text:
        codes.add("markup")
        text = text.replace("<", "").replace(">", "")
    text = unicodedata.normalize("NFC", _without_unwanted(text, codes))  # a letter may have met its accent
    if lower:  # before the cut, because "İ" grows in lower case, and into an ASCII letter at that
        text = _without_personal(unicodedata.normalize("NFC", text.lower()), codes)
    text = _one_line(_unquoted(text, _ENDS if lower else ""))
    if is_placeholder(text.lower()):
        return Cleaned("", frozenset(codes | {"placeholder"}))
    if len(text) > MAX_LENGTH:
        codes.add("truncated")
        text = text[:MAX_LENGTH].strip()
    return Cleaned(text, frozenset(codes))


def _percent_decoded(text: str) -> str:
    """Undo percent-encoding that a form or a second encoding left, as long as it is sound."""
    for _ in range(2):
        if not _ESCAPE.search(text):
            break
        try:
            decoded = unquote(text, errors="strict")
        except UnicodeDecodeError:
            break
        if _CONTROL.search(decoded):
            break
        text = decoded
    return text


def _visible(text: str) -> str:
    """Compose characters, drop invisible ones and write the rest on one line."""
    text = text.translate(_LINE_SPACE)
    if not (text.isascii() and text.isprintable()):
        text = "".join(character for character in text if unicodedata.category(character) not in _INVISIBLE)
        text = unicodedata.normalize("NFC", text)  # last: characters that an invisible one kept apart compose too
    return _one_line(text)


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _without_unwanted(text: str, codes: set[str]) -> str:
    """Drop unexpanded macros, e-mail addresses and phone numbers in one pass.

    The pass may join up new personal data ("jane@{x}example.org"), which is dropped as well.
    """
    kept, rest = [], text
    while match := _UNWANTED.search(rest):
        codes.add(str(match.lastgroup))
        kept.append(rest[: match.start()])
        rest = rest[match.end() :]  # cut off, so that an address may begin right behind a macro
    if not kept:
        return text
    return _without_personal("".join((*kept, rest)), codes).strip(_LEFTOVERS)


def _without_personal(text: str, codes: set[str]) -> str:
    while "@" in text or "+" in text:
        text, removed = _PERSONAL.subn("", text)
        if not removed:
            break
        codes.add("pii")
    return text


def _unquoted(text: str, ends: str) -> str:
    """Strip formula signs in front and `ends` behind, then quotation marks, then both once more inside them."""
    text = _bare(text, ends)
    is_quoted = len(text) > 1 and text[0] in _QUOTES and text[-1] in _QUOTES
    return _bare(text[1:-1], ends) if is_quoted else text


def _bare(text: str, ends: str) -> str:
    text = text.lstrip(_FORMULA_START)
    return text.rstrip(ends) if ends else text
