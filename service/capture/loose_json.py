"""JSON as templates, exports and people write it: read where its meaning is certain, else refused with the reason.

The standard library reads what is sound. What it refuses is looked at again: one lead a line, JSON within JSON text,
a comma too many, quotation marks of a person's words, values without quotation marks.
"""

import html
import json
import re

from service.capture.nesting import collect, dotted, flatten
from service.capture.refusals import Unreadable

MAX_MENDED_CHARS = 256 * 1024
"""Characters of a text that is mended: no form is longer, and a batch is not written by a template."""

MAX_LINES = 10_000
"""Lines of one lead each. A call may hold a thousand leads."""

_MAX_TRIES = 10_000  # places of one text that are looked at as the end of a value
_MAX_DEPTH = 50  # levels of a mended text
_MAX_LAYERS = 3  # how often what is JSON already was encoded again

_ESCAPED_WHOLE = re.compile(r"\s*[{\[]\s*(?:\{\s*)?&(?:quot|#0?34);")
_BLANKS = re.compile(r"[\s\ufeff]*")
_COMMAS = re.compile(r"[\s,]*")
_QUOTED = {
    '"': r'"(?:[^"\\]|\\.){0,200}"',
    "'": r"'(?:[^'\\]|\\.){0,200}'",
    "\u201c": "\u201c[^\u201c\u201d]{0,200}\u201d",
    "": r"[A-Za-z_$][\w$-]{0,99}",
}
"""How the names of one object are quoted -> a name."""

_NAME = {quote: re.compile(name + r"\s{0,200}:", re.DOTALL) for quote, name in _QUOTED.items()}
_END = {
    quote: re.compile(
        rf"\s{{0,200}}(?:(?:,\s{{0,200}}){{1,3}}(?:{name}\s{{0,200}}:|\}})|\}}\s{{0,200}}(?:[,\]}}]|\s*\Z))", re.DOTALL
    )
    for quote, name in _QUOTED.items()
}
"""The same -> what shows that a value ends here: the next name, or the end of the object."""

_CLOSING = {'"': '"', "'": "'", "\u201c": "\u201d"}
_STOPS = {quote: re.compile(rf"\\.|{closing}", re.DOTALL) for quote, closing in _CLOSING.items()}
_BARE_STOPS = re.compile(r"[,}]")
_BARE_MEMBER = re.compile(r"[^,\[\]{}\"']+")
_STRUCTURE = re.compile(r"[\"'\u201d](?:\s{0,200}[:}\]]|,[\"'\u201c])|[{\[]\s{0,200}[\"'\u201c]")
_ESCAPE = re.compile(
    r"\\(?:(u[0-9a-fA-F]{4}|[\"\\/bfnrt])|(x[0-9a-fA-F]{2}|U00(?:0[0-9a-fA-F]|10)[0-9a-fA-F]{4})|('))|\\|\""
)
"""JSON's escapes, Python's, an apostrophe's; and what should be escaped and is not."""
_WORDS = {"true": True, "True": True, "false": False, "False": False}
_NOTHING = frozenset(("", "null", "None", "undefined"))


class _Uncertain(Exception):
    """It may mean more than one thing."""


def parse(text: str, layers: int = _MAX_LAYERS) -> object:
    """Return the JSON value of a text; numbers stay the text that they were typed as, so that long ids are exact.

    Several values on a line each make a list; of these a line that cannot be read is kept as text. layers: how often
    the whole may have been encoded again, as one text.
    Raises: Unreadable, with the reason.
    """
    value = _read(text)
    if layers and isinstance(value, str) and value.strip()[:1] in ("{", "[", '"'):
        return parse(value, layers - 1)
    return value


def parse_strictly(text: str) -> object:
    """The same of what is sound JSON only. Raises: Unreadable."""
    try:
        return _load(text)
    except (ValueError, RecursionError):
        raise Unreadable("It is no JSON.") from None


def _read(text: str) -> object:
    try:
        return _load(text)
    except RecursionError:
        raise Unreadable("The JSON is broken: it is nested too deeply.") from None
    except json.JSONDecodeError as error:
        refusal = Unreadable(_reason(text, error))
    for read in (_lines, _unescaped, _mended):
        try:
            return read(text)
        except (ValueError, RecursionError, _Uncertain):
            continue
    raise refusal


def _load(text: str) -> object:
    # strict=False takes the raw line ends that templates leave in.
    members = _object_of_brackets if ']"' in text else _object
    return json.loads(text, parse_int=str, parse_float=str, parse_constant=str, strict=False, object_pairs_hook=members)


def _object(pairs: list[tuple[str, object]]) -> dict[str, object]:
    """An object; a name that it has twice keeps both values."""
    found = dict(pairs)
    if len(found) == len(pairs):
        return found
    values: dict[str, list[object]] = {}
    for name, value in pairs:
        known = values.setdefault(name, [])
        if value not in ("", None, *known[-1:]):
            known.append(value)
    return {name: known if len(known) > 1 else [*known, found[name]][0] for name, known in values.items()}


def _object_of_brackets(pairs: list[tuple[str, object]]) -> dict[str, object]:
    """An object that has names such as `services[0]` and `services[1]`: one list, as a form would have it."""
    if not any(_has_brackets(name) for name, _ in pairs):
        return _object(pairs)
    plain = [(name, value) for name, value in pairs if not _has_brackets(name)]
    listed = collect(pair for name, value in pairs if _has_brackets(name) for pair in flatten(value, dotted(name)))
    return _object([*plain, *listed.items()])


def _has_brackets(name: str) -> bool:
    return name.endswith("]") and "[" in name[1:] and not any(character.isspace() for character in name)


def _lines(text: str) -> list[object]:
    stripped = (line.strip().rstrip(",") for line in text.replace("\x1e", "").split("\n", MAX_LINES))
    lines = [line for line in stripped if line]
    if not 1 < len(lines) <= MAX_LINES or not isinstance(_load(lines[0]), dict):
        raise _Uncertain
    return [_line(line) for line in lines]


def _line(line: str) -> object:
    try:
        return _load(line)
    except (ValueError, RecursionError):
        return line


def _unescaped(text: str) -> object:
    """A whole text that was made HTML."""
    if not _ESCAPED_WHOLE.match(text):
        raise _Uncertain
    return _load(html.unescape(text))


def _mended(text: str) -> object:
    if len(text) > MAX_MENDED_CHARS:
        raise _Uncertain
    return _Mender(text).read()


class _Mender:
    """Reads one text from left to right. Where a value could end in two places the first counts that a name follows."""

    def __init__(self, text: str) -> None:
        self._text = text.rstrip(" \t\r\n\0;,=")
        self._at = 0
        self._tries = 0
        self._odd = 0

    def read(self) -> object:
        """The value. Raises: _Uncertain."""
        self._skip(_BLANKS)
        if self._next() not in ("{", "["):
            raise _Uncertain
        value = self._object(0) if self._next() == "{" else self._list(0)
        if self._at < len(self._text) or self._odd > 1:
            # Two texts with an odd mark each may be one text that was cut in two.
            raise _Uncertain
        return value

    def _next(self) -> str:
        return self._text[self._at : self._at + 1]

    def _skip(self, pattern: re.Pattern[str]) -> None:
        found = pattern.match(self._text, self._at)
        self._at = found.end() if found else self._at

    def _object(self, depth: int) -> object:
        self._enter(depth)
        pairs: list[tuple[str, object]] = []
        quote = None
        while True:
            self._skip(_COMMAS)
            if self._next() == "}":
                self._at += 1
                return _object_of_brackets(pairs)
            quote = self._quote() if quote is None else quote
            name = self._name(quote)
            pairs.append((name, self._member(quote, depth)))
            self._skip(_BLANKS)
            if self._next() not in (",", "}"):
                raise _Uncertain

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
                members.append(_word(self._take(_BARE_MEMBER)))
            self._skip(_BLANKS)
            if self._next() not in (",", "]"):
                raise _Uncertain

    def _enter(self, depth: int) -> None:
        if depth > _MAX_DEPTH:
            raise _Uncertain
        self._at += 1

    def _quote(self) -> str:
        return self._next() if self._next() in _CLOSING else ""

    def _name(self, quote: str) -> str:
        name = self._take(_NAME[quote])[:-1].rstrip()
        return _unescape(name[1:-1]) if quote else name

    def _take(self, pattern: re.Pattern[str]) -> str:
        found = pattern.match(self._text, self._at)
        if not found:
            raise _Uncertain
        self._at = found.end()
        return found[0]

    def _member(self, quote: str, depth: int) -> object:
        self._skip(_BLANKS)
        first = self._next()
        if first == "{":
            return self._object(depth + 1)
        if first == "[":
            return self._list(depth + 1)
        if first in _CLOSING:
            return self._words(first, _END[quote])
        return self._bare(_END[quote])

    def _words(self, mark: str, end: re.Pattern[str]) -> str:
        """A text that may hold its own quotation marks: it ends where a name follows, or the object ends."""
        start = self._at + 1
        within = 0
        for found in _STOPS[mark].finditer(self._text, start):
            if found[0] != _CLOSING[mark]:
                continue
            if self._ends(end, found.end()):
                self._at = found.end()
                self._odd += within % 2
                return _unescape(
                    _words(self._text[start : found.start()]) if within else self._text[start : found.start()]
                )
            within += 1
        raise _Uncertain

    def _bare(self, end: re.Pattern[str]) -> object:
        """A value without quotation marks, a phone number for instance; nothing at all is an empty one."""
        for found in _BARE_STOPS.finditer(self._text, self._at):
            if self._ends(end, found.start()):
                text = self._text[self._at : found.start()]
                if any(character in text for character in "\"'{}[]"):
                    break
                self._at = found.start()
                return _word(text)
        raise _Uncertain

    def _plain_text(self, mark: str) -> str:
        start = self._at + 1
        for found in _STOPS[mark].finditer(self._text, start):
            if found[0] == _CLOSING[mark]:
                self._at = found.end()
                return _unescape(self._text[start : found.start()])
        raise _Uncertain

    def _ends(self, end: re.Pattern[str], place: int) -> bool:
        self._tries += 1
        if self._tries > _MAX_TRIES:
            raise _Uncertain
        return end.match(self._text, place) is not None


def _words(text: str) -> str:
    """A text with quotation marks of its own. Raises: _Uncertain where it may be an object that broke."""
    if _STRUCTURE.search(text):
        raise _Uncertain
    return text


def _word(text: str) -> object:
    word = text.strip()
    return None if word in _NOTHING else _WORDS.get(word, word)


def _unescape(text: str) -> str:
    """A JSON string's text; a backslash that escapes nothing is one that somebody typed."""
    sound = _ESCAPE.sub(_sound_escape, text)
    return str(json.loads(f'"{sound}"', strict=False))


def _sound_escape(found: re.Match[str]) -> str:
    standard, code, apostrophe = found.groups()
    if standard:
        return found[0]
    if code:
        return json.dumps(chr(int(code[1:], 16)))[1:-1]
    return apostrophe or ("\\\\" if found[0] == "\\" else '\\"')


def _reason(text: str, error: json.JSONDecodeError) -> str:
    """One sentence for whoever wrote the JSON; nothing of what is in it."""
    where = f"at line {error.lineno}, column {error.colno}"
    before, rest = text[max(0, error.pos - 200) : error.pos].rstrip()[-1:], text[error.pos : error.pos + 200].lstrip()
    is_open = error.msg.startswith("Unterminated string") and text.rstrip()[-1:] not in ("}", "]")
    if is_open or error.pos >= len(text.rstrip()):
        return "The JSON is broken: it ends in the middle."
    if error.msg.startswith("Extra data"):
        return f"The JSON is broken: there is more behind its end, {where}."
    if rest[:1] in (",", "}", "]") and before in (",", "{", "["):
        return f"The JSON is broken: there is a comma too many {where}."
    if error.msg.startswith("Invalid \\"):
        return f"The JSON is broken: a backslash is not escaped {where}."
    if before == '"' or error.msg.startswith("Unterminated string"):
        return f"The JSON is broken: a quotation mark is not escaped, or a comma is missing, {where}."
    return f"The JSON is broken {where}."
