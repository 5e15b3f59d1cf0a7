"""One Utm value made fit to store: repaired where possible, else dropped, never refused.

The steps and their order are those of the attribution rules, section 1.4.
"""

import re
import unicodedata
from functools import lru_cache
from typing import NamedTuple
from urllib.parse import unquote

from service.attribution.placeholders import is_placeholder
from service.attribution.words import text_of

LONGEST_VALUE = 255  # characters kept; our limit, Nexudus publishes none
_LONGEST_READ = 2048  # characters looked at
_LONGEST_CACHED = 64  # characters; links of one campaign carry the same few values again and again

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
    r"|%%[A-Za-z0-9_]+%%|\*\|[^|]*\|\*"  # mail senders
)
"""The expression of what an ad platform or a sender of mails should have filled in."""
# An address is looked for only where its name can begin: trying at every letter takes quadratic time.
_EMAIL = r"(?<![A-Za-z0-9._%+-])[A-Za-z0-9._%+-]+@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+"
_PHONE = r"\+\d{8,15}"
_UNWANTED = re.compile(f"(?P<macro>{MACRO})|(?P<pii>{_EMAIL}|{_PHONE})")
_PERSONAL = re.compile(f"{_EMAIL}|{_PHONE}")
_LEFTOVERS = " _-|:/.,+"
_FORMULA_START = "=+-@ "
_ENDS = " /,;"  # what a source or medium never ends in
_QUOTES = "\"'\u201c\u201d\u201e\u00ab\u00bb\u2018\u2019"


class Cleaned(NamedTuple):
    """A value after cleaning, "" when it is unusable; codes say what was repaired or dropped."""

    text: str
    codes: frozenset[str] = frozenset()


_UNUSABLE = Cleaned("")


def clean(value: object, *, lower: bool = False) -> Cleaned:
    """Make one submitted value fit to store.

    lower: for source and medium, which are compared; the others keep their case.
    Returns at most 255 characters without control characters, markup, macros, e-mail addresses
    or phone numbers. Codes: macro, pii, markup, truncated, placeholder. Raises: nothing.
    """
    text = text_of(value)
    return _cached(text, lower) if len(text) <= _LONGEST_CACHED else _clean(text, lower)


def _clean(text: str, lower: bool) -> Cleaned:
    if _is_plain(text):
        return Cleaned(text.lower() if lower else text)
    return _repair(text, lower=lower) if text else _UNUSABLE


_cached = lru_cache(maxsize=4096)(_clean)


def _is_plain(text: str) -> bool:
    """Tell the everyday value, which no step would change."""
    return len(text) <= LONGEST_VALUE and bool(_PLAIN.fullmatch(text)) and not is_placeholder(text.lower())


def _repair(text: str, *, lower: bool) -> Cleaned:
    codes = {"truncated"} if len(text) > _LONGEST_READ else set()
    text = _visible(_percent_decoded(text[:_LONGEST_READ]))
    if _is_markup(text):
        return Cleaned("", frozenset(codes | {"markup"}))
    text = _without_brackets(text, codes)
    text = _without_unwanted(text, codes)
    if lower:  # before the cut, because "İ" grows in lower case, and into an ASCII letter at that
        text = _without_personal(unicodedata.normalize("NFC", text.lower()), codes)
    text = _one_line(_unquoted(text, _ENDS if lower else ""))
    if is_placeholder(text.lower()):
        return Cleaned("", frozenset(codes | {"placeholder"}))
    if len(text) > LONGEST_VALUE:
        codes.add("truncated")
        text = text[:LONGEST_VALUE].strip()
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
        text = unicodedata.normalize("NFC", text)  # last, so that what an invisible one kept apart composes too
    return _one_line(text)


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _is_markup(text: str) -> bool:
    return bool(_MARKUP.search(text)) or "".join(text.split()).lower().startswith(_SCRIPTS)


def _without_brackets(text: str, codes: set[str]) -> str:
    if "<" not in text and ">" not in text:
        return text
    codes.add("markup")
    return text.replace("<", "").replace(">", "")


def _without_unwanted(text: str, codes: set[str]) -> str:
    """Drop unexpanded macros, e-mail addresses and phone numbers in one pass.

    What the pass has joined up may be personal again ("jane@{x}example.org"): that goes as well.
    """
    kept, rest = [], text
    while match := _UNWANTED.search(rest):
        codes.add(str(match.lastgroup))
        kept.append(rest[: match.start()])
        rest = rest[match.end() :]  # cut off, so that an address may begin right behind a macro
    if not kept:
        return text
    return _without_personal("".join((*kept, rest)), codes).strip(_LEFTOVERS)


def _unquoted(text: str, ends: str) -> str:
    """Strip formula marks in front and `ends` behind, quotation marks around, and within those the same again."""
    text = _bare(text, ends)
    is_quoted = len(text) > 1 and text[0] in _QUOTES and text[-1] in _QUOTES
    return _bare(text[1:-1], ends) if is_quoted else text


def _bare(text: str, ends: str) -> str:
    text = text.lstrip(_FORMULA_START)
    return text.rstrip(ends) if ends else text


def _without_personal(text: str, codes: set[str]) -> str:
    while "@" in text or "+" in text:
        text, removed = _PERSONAL.subn("", text)
        if not removed:
            break
        codes.add("pii")
    return text
