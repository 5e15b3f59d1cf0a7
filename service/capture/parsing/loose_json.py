"""JSON as templates, exports and people write it: read where its meaning is certain, else rejected with the reason.

The standard library reads sound JSON. Rejected text is tried again as one lead per line, JSON in a JSON string, or with
superfluous commas, unescaped quotation marks and values without quotation marks.
"""

import html
import json
import re

from service.capture.parsing import Unreadable
from service.capture.parsing.json_mending import Uncertain, mend
from service.capture.parsing.nesting import flatten
from service.capture.parsing.pairs import collect, dotted
from service.capture.parsing.texts import decode

MAX_LINES = 10_000
"""Lines of one text, each with one lead. A call may hold a thousand leads."""

MAX_MEMBERS = 50_000
"""Members of all objects and lists of one text: a thousand leads with fifty answers each."""

_PACKED_WEIGHT = 4
"""How many times a member of JSON inside a string counts, because readers parse it at every level."""

_MAX_LAYERS = 3  # times that JSON may have been encoded again as a string

_MAX_DEPTH = 500
"""Maximum levels of one text.

Before Python 3.14 the decoder itself refuses a thousand; since then, only an overflow of the stack.
"""

_BRACKETS = re.compile(r'[{\[\]}]|"[^"\\]*+(?:\\.[^"\\]*+)*+"?', re.DOTALL)
"""Brackets, and strings, in which a bracket means nothing."""

_TOKENS = re.compile(r',|[{\[]+|"[^"\\]*+(?:\\.[^"\\]*+)*+"?', re.DOTALL)
"""Characters that begin a member, and strings; each character is matched once, whatever the text."""

_OPENING = ("{", "[")

_ESCAPED_WHOLE = re.compile(r"\s*[{\[]\s*(?:\{\s*)?&(?:quot|#0?34);")


def read_json(body: bytes, charset: str = "") -> object:
    """Return the JSON value of a body, as parse does.

    charset: from the content type, "" for none.
    Raises: Unreadable.
    """
    encoding = json.detect_encoding(body)
    try:
        text = decode(body, charset) if encoding.startswith("utf-8") else body.decode(encoding)
    except ValueError:
        raise Unreadable(f"The JSON is broken: it is not {encoding.upper()} text.") from None
    return parse(text)


def parse(text: str, layers: int = _MAX_LAYERS) -> object:
    """Return the JSON value of a text; numbers remain text, so that long ids stay exact.

    Several values, one per line, make a list; an unreadable line among them is kept as text. layers: times that
    the whole may have been encoded again as a JSON string.
    Raises: Unreadable, with the reason.
    """
    value = _read(text)
    if layers and isinstance(value, str) and value.strip()[:1] in ("{", "[", '"'):
        return parse(value, layers - 1)
    return value


def parse_strictly(text: str) -> object:
    """Return the JSON value of a text that is sound JSON. Raises: Unreadable."""
    _check_members(text)
    try:
        return _load(text)
    except (ValueError, RecursionError):
        raise Unreadable("It is not JSON.") from None


def _check_members(text: str) -> None:
    """Raises: Unreadable where there are more than MAX_MEMBERS, before any of them is made."""
    if text.count(",") + text.count("{") + text.count("[") <= MAX_MEMBERS // _PACKED_WEIGHT:  # nearly always
        return
    members = 0
    for match in _TOKENS.finditer(text):
        token = match[0]
        if token[0] != '"':
            members += 1
        elif token[1:2] in _OPENING:
            members += _PACKED_WEIGHT * (token.count(",") + token.count("{"))
        if members > MAX_MEMBERS:
            raise Unreadable(f"The JSON has more than {MAX_MEMBERS:,} values.")


def _read(text: str) -> object:
    _check_members(text)
    try:
        return _load(text)
    except RecursionError:
        raise Unreadable("The JSON is broken: it is nested too deeply.") from None
    except json.JSONDecodeError as error:
        refusal = Unreadable(_reason(text, error))
    for read in (_lines, _unescaped, _mended):
        try:
            return read(text)
        except (ValueError, RecursionError, Uncertain):
            continue
    raise refusal


def _check_depth(text: str) -> None:
    """Raises: RecursionError, as the decoder does, where values are nested too deeply."""
    if text.count("[") + text.count("{") <= _MAX_DEPTH:  # nearly always
        return
    depth = 0
    for match in _BRACKETS.finditer(text):
        depth += {"[": 1, "{": 1, "]": -1, "}": -1}.get(match[0], 0)
        if depth > _MAX_DEPTH:
            raise RecursionError


def _load(text: str) -> object:
    _check_depth(text)
    # strict=False accepts raw line ends, which templates leave in.
    members = _object_of_brackets if ']"' in text else _object
    return json.loads(text, parse_int=str, parse_float=str, parse_constant=str, strict=False, object_pairs_hook=members)


def _object(pairs: list[tuple[str, object]]) -> dict[str, object]:
    """Make an object; a repeated name keeps all its values, those of lists in one list."""
    members = dict(pairs)
    if len(members) == len(pairs):
        return members
    values: dict[str, list[object]] = {}
    for name, value in pairs:
        known = values.setdefault(name, [])
        if value not in ("", None, *known[-1:]):
            known.append(value)
    return {name: _joined(known) if len(known) > 1 else [*known, members[name]][0] for name, known in values.items()}


def _joined(values: list[object]) -> list[object]:
    return [member for value in values for member in (value if isinstance(value, list) else [value])]


def _object_of_brackets(pairs: list[tuple[str, object]]) -> dict[str, object]:
    """Make an object; names such as `services[0]` and `services[1]` become one list, as in a form."""
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
        raise Uncertain
    return [_line(line) for line in lines]


def _line(line: str) -> object:
    try:
        return _load(line)
    except (ValueError, RecursionError):
        return line


def _unescaped(text: str) -> object:
    """Read a text that was escaped for HTML as a whole."""
    if not _ESCAPED_WHOLE.match(text):
        raise Uncertain
    return _load(html.unescape(text))


def _mended(text: str) -> object:
    return mend(text, _object_of_brackets)


def _reason(text: str, error: json.JSONDecodeError) -> str:
    """Return one sentence for the author of the JSON, without any of its content."""
    where = f"at line {error.lineno}, column {error.colno}"
    before, rest = text[max(0, error.pos - 200) : error.pos].rstrip()[-1:], text[error.pos : error.pos + 200].lstrip()
    is_open = error.msg.startswith("Unterminated string") and text.rstrip()[-1:] not in ("}", "]")
    if is_open or error.pos >= len(text.rstrip()):
        return "The JSON is broken: it ends in the middle."
    if error.msg.startswith("Extra data"):
        return f"The JSON is broken: there is text after its end, {where}."
    if rest[:1] in (",", "}", "]") and before in (",", "{", "["):
        return f"The JSON is broken: there is a superfluous comma {where}."
    if error.msg.startswith("Invalid \\"):
        return f"The JSON is broken: a backslash is not escaped {where}."
    if before == '"' or error.msg.startswith("Unterminated string"):
        return f"The JSON is broken: a quotation mark is not escaped, or a comma is missing, {where}."
    return f"The JSON is broken {where}."
