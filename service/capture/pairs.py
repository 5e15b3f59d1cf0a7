"""Bodies that are lists of pairs: urlencoded, and the `name=value` lines of enctype=text/plain."""

from collections.abc import Iterator
from urllib.parse import unquote_to_bytes

from service.capture.nesting import Pair, dotted
from service.capture.texts import choose_charset, clean, decode

_LONGEST_NAME = 100  # characters of a line before "=" that may still be a name and not prose


def read_urlencoded(body: bytes, declared: str) -> list[Pair]:
    """Return the pairs of an urlencoded body. `declared`: charset of the header, "" for none."""
    split = [pair.partition(b"=") for pair in body.strip().replace(b"+", b" ").split(b"&") if pair]
    raw = [(_unescape(name), _unescape(value)) for name, _, value in split]
    codec = choose_charset([part for pair in raw for part in pair], declared or _own_charset(raw))
    return [
        (dotted(name.decode(codec, "replace")), clean(value.decode(codec, "replace")))
        for name, value in raw
        if name or value
    ]


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


def _unescape(raw: bytes) -> bytes:
    return unquote_to_bytes(raw) if b"%" in raw else raw


def _own_charset(raw: list[tuple[bytes, bytes]]) -> str:
    """What the browser says in a hidden field `_charset_` (HTML, 4.10.18.5)."""
    return next((value.decode("latin-1") for name, value in raw if name == b"_charset_"), "")
