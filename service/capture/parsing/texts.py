"""Answers as text: bytes decoded, invisible characters removed, HTML entities read."""

import codecs
import html
import re
from collections.abc import Mapping
from functools import lru_cache
from html.entities import html5

Answer = str | list[str]
"""One text, or several where a field was repeated."""

_FALLBACK = "cp1252"  # the charset of old pages; its five holes become U+FFFD
_ASCII_BASED = (
    *("utf-8", "cp874", "cp932", "cp949", "koi8-r", "koi8-u"),
    *("shift_jis", "euc_jp", "euc_kr", "gb2312", "gbk", "gb18030", "big5"),
    *(f"cp125{n}" for n in range(9)),
    *(f"iso8859-{n}" for n in (*range(2, 12), *range(13, 17))),
)

_DROPPED = {
    *range(0x20),
    *range(0x7F, 0xA0),
    *(0xAD, 0x180E, 0x200B, 0x200E, 0x200F, 0x2060, 0xFEFF),
    *range(0x202A, 0x202F),  # phone numbers copied from a phone's contacts are wrapped in these
    *range(0x2066, 0x206A),
}
_REPAIRS: dict[int, str | None] = {
    **dict.fromkeys(_DROPPED),
    **dict.fromkeys(map(ord, "\xa0\u2007\u202f\x0b\x0c"), " "),
    **dict.fromkeys(map(ord, "\n\r\x85\u2028\u2029"), "\n"),
    **dict.fromkeys(range(0xD800, 0xE000), "\ufffd"),  # lone surrogates, which no database stores
    ord("\t"): "\t",
}
_STRAY_JOINER = re.compile("(?<![^\x00-\x7f])[\u200c\u200d]+|[\u200c\u200d]+(?![^\x00-\x7f\u200c\u200d])")


def clean(text: str) -> str:
    """Return `text` trimmed and without invisible characters.

    NUL, other controls and zero-width characters are dropped, line ends become LF, no-break spaces become spaces.
    Joiners stay between letters that are not Latin, where they belong to the spelling and to emoji.
    """
    if text.isprintable():
        return text.strip()
    text = text.replace("\r\n", "\n").translate(_REPAIRS).strip()
    if "\u200c" in text or "\u200d" in text:
        text = _STRAY_JOINER.sub("", text).strip()
    return text


# -- charsets


def decode(raw: bytes, declared: str = "") -> str:
    """Return the text of `raw`, without a byte order mark. Raises: nothing."""
    if raw.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return raw.decode("utf-16", "replace")
    raw = raw.removeprefix(codecs.BOM_UTF8)
    return raw.decode(choose_charset(raw, declared), "replace")


def choose_charset(sample: bytes, declared: str = "") -> str:
    """Return the codec that reads `sample`: the declared one, else UTF-8, else windows-1252.

    declared: a charset label from a header or a `_charset_` field; unknown ones are ignored.
    """
    if sample.isascii():
        return "utf-8"
    for codec in (_codec_of(declared), "utf-8"):
        try:
            if codec:
                sample.decode(codec)
                return codec
        except UnicodeDecodeError:
            continue
    return _FALLBACK


@lru_cache(maxsize=128)
def _codec_of(label: str) -> str:
    """Return the Python codec of a charset label; "" for unknown ones and for those not based on ASCII."""
    try:
        name = codecs.lookup(label.strip()[:40]).name
    except (LookupError, ValueError):
        return ""
    if name == "iso8859-1":  # browsers mean windows-1252 (WHATWG Encoding, section 4.2)
        return _FALLBACK
    return name if name in _ASCII_BASED else ""


# -- answers


def texts_of(answer: Answer) -> list[str]:
    """Return the texts of an answer, without blanks."""
    if isinstance(answer, str):
        return [answer] if answer else []
    return [text for text in answer if text]


def text_of(answer: Answer) -> str:
    """Return the first text of an answer, "" for none."""
    return answer if isinstance(answer, str) else next(filter(None, answer), "")


def unwrap(texts: list[str]) -> Answer:
    """Return one text as itself, several as a list, none as ""."""
    return texts if len(texts) > 1 else texts[0] if texts else ""


# -- HTML entities
#
# WordPress and similar tools escape answers before they send them on: "Smith &amp; Sons". A value was escaped if each
# of its "&" begins a whole entity and it holds no angle bracket. It is read once only: a person who typed an escape
# meant it, so one of two is left. Of a text that may be about HTML itself, the original is kept beside it.

_ENTITY = re.compile(r"&(?:#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});")
_NOT_PROSE = re.compile(r"[{\[]|(?:[A-Za-z][A-Za-z0-9+.-]{0,20}:/)?/\S*\Z|[?&]\S*=\S*\Z")
"""JSON, which is read as such, and addresses, which attribution takes apart itself."""

_ABOUT_HTML = re.compile(r"&[lg]t;|html", re.IGNORECASE)


def unescape(answers: Mapping[str, Answer]) -> Mapping[str, Answer]:
    """Return the answers as people typed them: `Smith &amp; Sons` is "Smith & Sons" again."""
    escaped = [name for name, answer in answers.items() if "&" in answer or not isinstance(answer, str)]
    typed: dict[str, Answer] = {}
    for name in escaped:
        sent = answers[name]
        answer = unescape_answer(sent)
        if answer != sent:
            typed = typed or dict(answers)
            typed[name] = answer
            if _ABOUT_HTML.search(sent if isinstance(sent, str) else " ".join(sent)):
                typed.setdefault(f"{name} (as sent)", sent)
    return typed or answers


def unescape_answer(answer: Answer) -> Answer:
    """Return one answer as it was typed."""
    if isinstance(answer, str):
        return _unescape(answer) if "&" in answer and ";" in answer else answer
    is_escaped = any("&" in text and ";" in text for text in answer)
    return unwrap([_unescape(text) for text in answer]) if is_escaped else answer


def _unescape(text: str) -> str:
    entities = _ENTITY.findall(text)
    if len(entities) != text.count("&") or "<" in text or ">" in text or _NOT_PROSE.match(text):
        return text
    if not all(entity[1] == "#" or entity[1:] in html5 for entity in entities):
        return text
    return clean(_ENTITY.sub(lambda match: html.unescape(match[0]), text))
