"""Pairs of name and value: urlencoded bodies, the `name=value` lines of enctype=text/plain, and pairs made answers."""

import io
import re
from collections.abc import Iterable, Iterator
from functools import lru_cache
from urllib.parse import unquote_to_bytes

from service.capture.fields.names import meaning_of
from service.capture.parsing import Unreadable
from service.capture.parsing.nesting import DIGITS, with_lists
from service.capture.parsing.texts import Answer, choose_charset, clean, decode

Pair = tuple[str, str]
"""One name with one value."""

MAX_PAIRS = 20_000
"""Pairs of one body. Some tools send label, type and value of each answer as pairs, and lists as one pair a member."""

_MAX_CACHED_NAME = 64  # characters; strangers must not fill our memory
_MAX_NAME = 100  # characters of a line before "="; more is prose, not a name

_SPACES = (b" ", b"+", b"%20")
_ENTITY = re.compile(rb"#(?:\d{1,6}|x[0-9a-fA-F]{1,5});|(?:amp|lt|gt|quot|apos|nbsp);(?![^=]*=)")
_BARE_NAME = re.compile(rb"[a-z_$][\w.\[\]$-]*")  # a name without a value; prose behind "&" looks different
_NAMED = re.compile(rb"[^\s=?/&][^=?/]{0,99}=")
_LINK = re.compile(rb"https?://[^\s&?]*\?")
_TAGGED_EMAIL = re.compile(rb"[^\s@+]+(?:\+[^\s@+]*)+@[^\s@+]+")  # a browser would have escaped the "@" too
_E164 = re.compile(rb"\+[1-9]\d{6,14}")
_DIALLED = re.compile(rb"\+\d[\d+()./-]{4,40}")


def read_urlencoded(body: bytes, declared: str) -> list[Pair]:
    """Return the pairs of an urlencoded body, including a body in which nothing was escaped.

    declared: charset in the header, "" for none.
    Raises: Unreadable for more than MAX_PAIRS pairs, which are not split.
    """
    body = body.strip()
    if body.count(b"&") >= MAX_PAIRS:
        raise _too_many()
    split = _split(body)
    # Browsers leave none of these in a body.
    is_unescaped = b" " in body or b"=+" in body or b"&amp;" in body or (b"@" in body and b"+" in body)
    if is_unescaped or b"" in [pair[1] for pair in split]:  # or a name without a value
        split = _split(b"&".join(_escape(body.split(b"&"))))
    parts = [part for name, _, value in split for part in (name, value)]
    joined = b"\0".join(parts)  # unescaped and decoded in one go, which takes half the time
    if b"%" in joined:
        joined = unquote_to_bytes(joined)
    is_exact = joined.count(b"\0") < len(parts)  # else an answer holds an escaped NUL
    raw = joined.split(b"\0") if is_exact else list(map(unquote_to_bytes, parts))
    if not declared and b"_charset_" in raw:  # a browser's hidden field (HTML, 4.10.18.5)
        fields = dict(zip(raw[-2::-2], raw[::-2], strict=True))  # the first one counts
        declared = fields.get(b"_charset_", b"").decode("latin-1")
    codec = choose_charset(joined, declared)
    if is_exact and codec == "utf-8":
        texts = joined.decode().split("\0")
    else:
        texts = [part.decode(codec, "replace") for part in raw]
    return [(dotted(name), clean(value)) for name, value in zip(texts[::2], texts[1::2], strict=False) if name or value]


def is_one_line_of_pairs(body: bytes) -> bool:
    """Return whether text is unescaped form encoding rather than a browser's lines of one pair each."""
    first = body.strip().partition(b"\n")[0]
    before_links = _LINK.split(first, maxsplit=1)[0]  # a link has its own "&"
    return len([piece for piece in before_links.split(b"&", MAX_PAIRS) if _NAMED.match(piece)]) > 1


def read_lines(body: bytes, declared: str) -> Iterator[Pair]:
    """Yield the pairs of `name=value` lines; a line without a name continues the answer before it.

    Raises: Unreadable after MAX_PAIRS pairs.
    """
    name, lines, left = "", list[str](), MAX_PAIRS
    for line in io.StringIO(clean(decode(body, declared)), newline="\n"):
        before, equals, after = line.removesuffix("\n").partition("=")
        if equals and len(before) <= _MAX_NAME and not before[:1].isspace():
            if name:
                yield name, clean("\n".join(lines))
            if not left:
                raise _too_many()
            left -= 1
            name, lines = dotted(before), [after]
        else:
            lines.append(before + equals + after)
    if name:
        yield name, clean("\n".join(lines))


def _too_many() -> Unreadable:
    return Unreadable(f"The form has more than {MAX_PAIRS:,} answers, which no form has.")


def _split(body: bytes) -> list[tuple[bytes, bytes, bytes]]:
    return [pair.partition(b"=") for pair in body.replace(b"+", b" ").split(b"&") if pair]


def _escape(pieces: list[bytes]) -> Iterator[bytes]:
    """Yield the pairs with "&" and "+" escaped where they are certainly part of a value."""
    pair: list[bytes] = []
    for piece in pieces:
        if pair and _goes_on(piece, pair[-1], is_value=b"=" in pair[0]):
            pair.append(piece)
            continue
        if pair:
            yield _escape_plus(b"%26".join(pair))
        pair = [piece.removeprefix(b"amp;")]  # a separator escaped for HTML
    yield _escape_plus(b"%26".join(pair))


def _goes_on(piece: bytes, before: bytes, *, is_value: bool) -> bool:
    """Return whether a piece behind "&" belongs to the value before it, as in "Smith & Sons" or "AT&T"."""
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
    is_plain = b" " in value  # the value was not encoded at all
    if is_plain or (_TAGGED_EMAIL.fullmatch(value) and _means(name, "email")):
        value = value.replace(b"+", b"%2B")
    elif _E164.fullmatch(value) or (_DIALLED.fullmatch(value) and _means(name, "phone")):
        value = value.replace(b"+", b"%2B", 1)
    return name + equals + value


def _means(name: bytes, target: str) -> bool:
    meaning = meaning_of(dotted(unquote_to_bytes(name).decode("utf-8", "replace")))
    return meaning is not None and meaning.target == target


# -- answers


def collect(pairs: Iterable[Pair]) -> dict[str, Answer]:
    """Gather pairs by name; repeated and numbered names become lists. Blanks give way to any other value."""
    answers: dict[str, Answer] = {}
    for name, value in pairs:
        known = answers.get(name)
        if not known:
            answers[name] = value
        elif not value:
            continue
        elif isinstance(known, list):
            known.append(value)
        else:
            answers[name] = [known, value]
    if "." in "".join(answers) and any("." in name and name[-1] in DIGITS for name in answers):
        return with_lists(answers)
    return answers


def dotted(name: str) -> str:
    """Return a submitted name with dots for brackets: `tags[]` -> "tags", `a[b][c]` -> "a.b.c"."""
    return _cached_dotted(name) if len(name) <= _MAX_CACHED_NAME else _dotted(name)


def _dotted(name: str) -> str:
    name = clean(name)
    if not name.endswith("]"):
        return name or "unnamed"
    head, bracket, rest = name.partition("[")
    if not bracket or not head:
        return name
    return ".".join(part for part in (head, *rest[:-1].split("][")) if part)


_cached_dotted = lru_cache(maxsize=4096)(_dotted)
