"""Bodies that are lists of pairs: urlencoded, and the `name=value` lines of enctype=text/plain."""

import re
from collections.abc import Iterator
from urllib.parse import unquote_to_bytes

from service.capture.fields.names import meaning_of
from service.capture.parsing.nesting import Pair, dotted
from service.capture.parsing.texts import choose_charset, clean, decode

_LONGEST_NAME = 100  # characters of a line before "=" that may still be a name and not prose

_SPACES = (b" ", b"+", b"%20")
_ENTITY = re.compile(rb"#(?:\d{1,6}|x[0-9a-fA-F]{1,5});|(?:amp|lt|gt|quot|apos|nbsp);(?![^=]*=)")
_BARE_NAME = re.compile(rb"[a-z_$][\w.\[\]$-]*")  # one without a value; what people write behind "&" looks otherwise
_NAMED = re.compile(rb"[^\s=?/&][^=?/]{0,99}=")
_LINK = re.compile(rb"https?://[^\s&?]*\?")
_TAGGED_EMAIL = re.compile(rb"[^\s@+]+(?:\+[^\s@+]*)+@[^\s@+]+")  # browsers would have escaped the "@" as well
_E164 = re.compile(rb"\+[1-9]\d{6,14}")
_DIALLED = re.compile(rb"\+\d[\d+()./-]{4,40}")


def read_urlencoded(body: bytes, declared: str) -> list[Pair]:
    """Return the pairs of an urlencoded body, also of one whose sender escaped nothing.

    declared: charset of the header, "" for none.
    """
    body = body.strip()
    split = _split(body)
    is_unescaped = b" " in body or b"=+" in body or b"&amp;" in body or (b"@" in body and b"+" in body)
    if is_unescaped or b"" in [pair[1] for pair in split]:  # or a name without a value
        split = _split(b"&".join(_escape(body.split(b"&"))))
    raw = [
        (unquote_to_bytes(name) if b"%" in name else name, unquote_to_bytes(value) if b"%" in value else value)
        for name, _, value in split
    ]
    declared = declared or (_own_charset(raw) if b"_charset_" in body else "")
    codec = choose_charset([part for pair in raw for part in pair], declared)
    return [
        (dotted(name.decode(codec, "replace")), clean(value.decode(codec, "replace")))
        for name, value in raw
        if name or value
    ]


def is_one_line_of_pairs(body: bytes) -> bool:
    """Tell whether text is form encoding that nobody escaped, and not a browser's lines of one pair each."""
    first = body.strip().partition(b"\n")[0]
    before_links = _LINK.split(first, maxsplit=1)[0]  # what is behind "&" in a link is the link's
    return len([piece for piece in before_links.split(b"&") if _NAMED.match(piece)]) > 1


def read_lines(body: bytes, declared: str) -> Iterator[Pair]:
    """Yield the pairs of `name=value` lines; a line without a name continues the answer before it."""
    name, lines = "", list[str]()
    for line in clean(decode(body, declared)).split("\n"):
        before, equals, after = line.partition("=")
        if equals and len(before) <= _LONGEST_NAME and not before[:1].isspace():
            if name:
                yield name, clean("\n".join(lines))
            name, lines = dotted(before), [after]
        else:
            lines.append(line)
    if name:
        yield name, clean("\n".join(lines))


def _split(body: bytes) -> list[tuple[bytes, bytes, bytes]]:
    return [pair.partition(b"=") for pair in body.replace(b"+", b" ").split(b"&") if pair]


def _escape(pieces: list[bytes]) -> Iterator[bytes]:
    """Pairs with those of their & and + escaped that are a person's: where it is certain, else as they came."""
    pair: list[bytes] = []
    for piece in pieces:
        if pair and _goes_on(piece, pair[-1], is_value=b"=" in pair[0]):
            pair.append(piece)
            continue
        if pair:
            yield _escape_plus(b"%26".join(pair))
        pair = [piece.removeprefix(b"amp;")]  # a separator that was made HTML
    yield _escape_plus(b"%26".join(pair))


def _goes_on(piece: bytes, before: bytes, *, is_value: bool) -> bool:
    """Tell whether a piece behind "&" belongs to the value before it, as in "Smith & Sons" or "AT&T"."""
    if not is_value or not piece:
        return False
    if _ENTITY.match(piece):
        return True
    if b"=" in piece:
        return False
    return before.endswith(_SPACES) or not _BARE_NAME.fullmatch(piece.removeprefix(b"amp;"))


def _escape_plus(pair: bytes) -> bytes:
    name, equals, value = pair.partition(b"=")
    if b"+" not in value:
        return pair
    is_plain = b" " in value  # this value was not encoded at all
    if is_plain or (_TAGGED_EMAIL.fullmatch(value) and _means(name, "email")):
        value = value.replace(b"+", b"%2B")
    elif _E164.fullmatch(value) or (_DIALLED.fullmatch(value) and _means(name, "phone")):
        value = value.replace(b"+", b"%2B", 1)
    return name + equals + value


def _means(name: bytes, target: str) -> bool:
    meaning = meaning_of(dotted(unquote_to_bytes(name).decode("utf-8", "replace")))
    return meaning is not None and meaning.target == target


def _own_charset(raw: list[tuple[bytes, bytes]]) -> str:
    """What the browser says in a hidden field `_charset_` (HTML, 4.10.18.5)."""
    return next((value.decode("latin-1") for name, value in raw if name == b"_charset_"), "")
