"""Bytes made text, and text made clean: what people paste is rarely what they see."""

import codecs
import re
from collections.abc import Sequence
from functools import lru_cache

_FALLBACK = "cp1252"  # what old pages send; its five holes become U+FFFD
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
    **dict.fromkeys(range(0xD800, 0xE000), "\ufffd"),  # halves of a character, which no database takes
    ord("\t"): "\t",
}
_STRAY_JOINER = re.compile("(?<![^\x00-\x7f])[\u200c\u200d]+|[\u200c\u200d]+(?![^\x00-\x7f\u200c\u200d])")


def clean(text: str) -> str:
    """Return `text` trimmed and without what nobody sees.

    NUL, other controls and zero-width characters go, line ends become LF, no-break spaces spaces.
    Joiners stay between letters that are not Latin, where they belong to the spelling and to emoji.
    """
    if text.isprintable():
        return text.strip()
    text = text.replace("\r\n", "\n").translate(_REPAIRS).strip()
    if "\u200c" in text or "\u200d" in text:
        text = _STRAY_JOINER.sub("", text).strip()
    return text


def decode(raw: bytes, declared: str = "") -> str:
    """Return the text of `raw`, without a byte order mark. Raises: nothing."""
    if raw.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return raw.decode("utf-16", "replace")
    raw = raw.removeprefix(codecs.BOM_UTF8)
    return raw.decode(choose_charset([raw], declared), "replace")


def choose_charset(samples: Sequence[bytes], declared: str = "") -> str:
    """Return the codec that reads all `samples`: the declared one, else UTF-8, else windows-1252.

    declared: a charset label as a header or a `_charset_` field gives it; unknown ones are ignored.
    """
    joined = b" ".join(samples)
    if joined.isascii():
        return "utf-8"
    for codec in (_codec_of(declared), "utf-8"):
        if codec and _reads(codec, joined):
            return codec
    return _FALLBACK


@lru_cache(maxsize=128)
def _codec_of(label: str) -> str:
    """The Python codec of a charset label; "" for unknown ones and those that are no superset of ASCII."""
    try:
        name = codecs.lookup(label.strip()[:40]).name
    except (LookupError, ValueError):
        return ""
    if name == "iso8859-1":  # browsers mean windows-1252 (WHATWG Encoding, section 4.2)
        return _FALLBACK
    return name if name in _ASCII_BASED else ""


def _reads(codec: str, raw: bytes) -> bool:
    try:
        raw.decode(codec)
    except UnicodeDecodeError:
        return False
    return True
