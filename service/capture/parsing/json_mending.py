"""Broken JSON mended where its meaning is certain, as templates, word processors and other languages write it."""

import json
import re
from collections.abc import Callable

MAX_MENDED_CHARS = 256 * 1024
"""Maximum characters of a text to mend: no form is longer, and templates do not write batches."""

_MAX_TRIES = 10_000  # positions of one text that are tried as the end of a value
_MAX_DEPTH = 50  # levels of a mended text

_BLANKS = re.compile(r"[\s\ufeff]*")
_COMMAS = re.compile(r"[\s,]*")
_QUOTED = {
    '"': r'"(?:[^"\\]|\\.){0,200}"',
    "'": r"'(?:[^'\\]|\\.){0,200}'",
    "\u201c": "\u201c[^\u201c\u201d]{0,200}\u201d",
    "": r"[A-Za-z_$][\w$-]{0,99}",
}
"""Quotation mark of an object's names -> expression for a name."""

_NAME = {quote: re.compile(name + r"\s{0,200}:", re.DOTALL) for quote, name in _QUOTED.items()}
_END = {
    quote: re.compile(
        rf"\s{{0,200}}(?:(?:,\s{{0,200}}){{1,3}}(?:{name}\s{{0,200}}:|\}})|\}}\s{{0,200}}(?:[,\]}}]|\s*\Z))", re.DOTALL
    )
    for quote, name in _QUOTED.items()
}
"""Quotation mark of an object's names -> expression for the end of a value: the next name, or the object's end."""

_CLOSING = {'"': '"', "'": "'", "\u201c": "\u201d"}
_STOPS = {quote: re.compile(rf"\\.|{closing}", re.DOTALL) for quote, closing in _CLOSING.items()}
_BARE_STOPS = re.compile(r"[,}]")
_BARE_MEMBER = re.compile(r"[^,\[\]{}\"']+")
_STRUCTURE = re.compile(r"[\"'\u201d](?:\s{0,200}[:}\]]|,[\"'\u201c])|[{\[]\s{0,200}[\"'\u201c]")
_ESCAPE = re.compile(
    r"\\(?:(u[0-9a-fA-F]{4}|[\"\\/bfnrt])|(x[0-9a-fA-F]{2}|U00(?:0[0-9a-fA-F]|10)[0-9a-fA-F]{4})|('))|\\|\""
)
"""Escapes of JSON, of Python, of an apostrophe; and unescaped characters that need one."""
_LITERALS = {"true": True, "True": True, "false": False, "False": False}
_NULLS = frozenset(("", "null", "None", "undefined"))


class Uncertain(Exception):
    """The text is ambiguous."""


def mend(text: str, members: Callable[[list[tuple[str, object]]], object]) -> object:
    """Return the value of an object or a list. members: makes an object from its pairs.

    Raises: Uncertain; ValueError for an escape that is not a character.
    """
    if len(text) > MAX_MENDED_CHARS:
        raise Uncertain
    return _Mender(text, members).read()


class _Mender:
    """Reads one text from left to right. A value ends at the first position that a name or the object's end follows."""

    def __init__(self, text: str, members: Callable[[list[tuple[str, object]]], object]) -> None:
        self._text = text.rstrip(" \t\r\n\0;,=")
        self._members = members
        self._at = 0
        self._tries = 0
        self._odd = 0

    def read(self) -> object:
        """Return the value. Raises: Uncertain."""
        self._skip(_BLANKS)
        if self._next() not in ("{", "["):
            raise Uncertain
        value = self._object(0) if self._next() == "{" else self._list(0)
        if self._at < len(self._text) or self._odd > 1:
            # Two texts with an odd quotation mark each may be one text cut in two.
            raise Uncertain
        return value

    def _next(self) -> str:
        return self._text[self._at : self._at + 1]

    def _skip(self, pattern: re.Pattern[str]) -> None:
        match = pattern.match(self._text, self._at)
        self._at = match.end() if match else self._at

    def _object(self, depth: int) -> object:
        self._enter(depth)
        pairs: list[tuple[str, object]] = []
        quote = None
        while True:
            self._skip(_COMMAS)
            if self._next() == "}":
                self._at += 1
                return self._members(pairs)
            quote = self._quote() if quote is None else quote
            name = self._name(quote)
            pairs.append((name, self._member(quote, depth)))
            self._skip(_BLANKS)
            if self._next() not in (",", "}"):
                raise Uncertain

    def _list(self, depth: int) -> object:
        self._enter(depth)
        members: list[object] = []
        while True:
            self._skip(_COMMAS)
            first = self._next()
            if first == "]":
                self._at += 1
                return members
            if first in _CLOSING:
                members.append(self._plain_text(first))
            elif first in ("{", "["):
                members.append(self._object(depth + 1) if first == "{" else self._list(depth + 1))
            else:
                members.append(_literal(self._take(_BARE_MEMBER)))
            self._skip(_BLANKS)
            if self._next() not in (",", "]"):
                raise Uncertain

    def _enter(self, depth: int) -> None:
        if depth > _MAX_DEPTH:
            raise Uncertain
        self._at += 1

    def _quote(self) -> str:
        return self._next() if self._next() in _CLOSING else ""

    def _name(self, quote: str) -> str:
        name = self._take(_NAME[quote])[:-1].rstrip()
        return _unescape(name[1:-1]) if quote else name

    def _take(self, pattern: re.Pattern[str]) -> str:
        match = pattern.match(self._text, self._at)
        if not match:
            raise Uncertain
        self._at = match.end()
        return match[0]

    def _member(self, quote: str, depth: int) -> object:
        self._skip(_BLANKS)
        first = self._next()
        if first == "{":
            return self._object(depth + 1)
        if first == "[":
            return self._list(depth + 1)
        if first in _CLOSING:
            return self._quoted(first, _END[quote])
        return self._bare(_END[quote])

    def _quoted(self, mark: str, end: re.Pattern[str]) -> str:
        """Read a text that may hold quotation marks of its own: it ends where a name follows, or the object ends."""
        start = self._at + 1
        within = 0
        for match in _STOPS[mark].finditer(self._text, start):
            if match[0] != _CLOSING[mark]:
                continue
            if self._ends(end, match.end()):
                self._at = match.end()
                self._odd += within % 2
                text = self._text[start : match.start()]
                if within and _STRUCTURE.search(text):  # it may be a broken object
                    raise Uncertain
                return _unescape(text)
            within += 1
        raise Uncertain

    def _bare(self, end: re.Pattern[str]) -> object:
        """Read a value without quotation marks, a phone number for instance; it may be missing."""
        for match in _BARE_STOPS.finditer(self._text, self._at):
            if self._ends(end, match.start()):
                text = self._text[self._at : match.start()]
                if any(character in text for character in "\"'{}[]"):
                    break
                self._at = match.start()
                return _literal(text)
        raise Uncertain

    def _plain_text(self, mark: str) -> str:
        start = self._at + 1
        for match in _STOPS[mark].finditer(self._text, start):
            if match[0] == _CLOSING[mark]:
                self._at = match.end()
                return _unescape(self._text[start : match.start()])
        raise Uncertain

    def _ends(self, end: re.Pattern[str], place: int) -> bool:
        self._tries += 1
        if self._tries > _MAX_TRIES:
            raise Uncertain
        return end.match(self._text, place) is not None


def _literal(text: str) -> object:
    word = text.strip()
    return None if word in _NULLS else _LITERALS.get(word, word)


def _unescape(text: str) -> str:
    """Return a JSON string's text; a backslash that escapes nothing was typed."""
    sound = _ESCAPE.sub(_sound_escape, text)
    return str(json.loads(f'"{sound}"', strict=False))


def _sound_escape(match: re.Match[str]) -> str:
    standard, code, apostrophe = match.groups()
    if standard:
        return match[0]
    if code:
        return json.dumps(chr(int(code[1:], 16)))[1:-1]
    return apostrophe or ("\\\\" if match[0] == "\\" else '\\"')
