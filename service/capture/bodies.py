"""What a stranger's request holds: bytes in, names and values out.

Any of the five ways that pages post is read, also under a wrong or missing content type.
"""

import json
from dataclasses import dataclass
from functools import lru_cache

from werkzeug.http import parse_options_header

from service.capture.multipart import File, looks_multipart, read_multipart
from service.capture.nesting import collect, flatten
from service.capture.pairs import read_lines, read_urlencoded
from service.capture.refusals import Empty, Unreadable, Unsupported
from service.capture.texts import decode

_BLANK = b" \t\r\n\x0b\x0c\x00"
_BEFORE_JSON = _BLANK + b"\xef\xbb\xbf"
_URLENCODED = "application/x-www-form-urlencoded"
_PLAIN = ("text/plain", "")
_NO_FORM = ("image/", "audio/", "video/", "font/", "model/", "text/html", "text/xml", "text/css")
_NO_FORM_APPLICATIONS = ("application/xml", "application/pdf", "application/zip", "application/gzip")


@dataclass(frozen=True, slots=True)
class Body:
    """One request's content.

    answers: name -> value, or a list where the name was repeated; nested names joined with dots.
    files: what was attached, without its content. notes: remarks for the operator.
    value: the JSON as it came, where it was JSON; numbers are text.
    """

    answers: dict[str, str | list[str]]
    files: tuple[File, ...] = ()
    notes: tuple[str, ...] = ()
    is_json: bool = False
    value: object = None


def read_body(body: bytes, content_type: str) -> Body:
    """Read the bytes of a request.

    Raises: Unreadable, Empty or Unsupported, and for no bytes anything else.
    """
    if not body.strip(_BLANK):
        raise Empty
    kind, charset, boundary = _read_type(content_type)
    found = _read(body, kind, charset, boundary)
    if not found.files and not any(found.answers.values()):
        raise Empty
    return found


@lru_cache(maxsize=256)
def _read_type(content_type: str) -> tuple[str, str, str]:
    """The type in lower case, its charset and its boundary."""
    kind, options = parse_options_header(content_type)
    return kind.strip().lower(), options.get("charset", ""), options.get("boundary", "")


def _read(body: bytes, kind: str, charset: str, boundary: str) -> Body:
    if kind.startswith(_NO_FORM) or kind in _NO_FORM_APPLICATIONS:
        raise Unsupported
    if kind.startswith("multipart/") or looks_multipart(body):
        pairs, files = read_multipart(body, boundary, charset)
        return Body(collect(pairs), tuple(files))
    if body.lstrip(_BEFORE_JSON)[:1] in (b"{", b"["):
        return _read_json(body, charset)
    if _is_json(kind) and b"=" not in body:
        return _read_json(body, charset)
    return _read_pairs(body, kind, charset)


def _is_json(kind: str) -> bool:
    return kind.endswith(("/json", "+json"))


def _read_pairs(body: bytes, kind: str, charset: str) -> Body:
    is_form = b"=" in body and b"\0" not in body
    is_known = kind == _URLENCODED or kind in _PLAIN or _is_json(kind)
    if not is_known and not (is_form and body.isascii()):
        raise Unsupported
    if not is_form:
        raise Unreadable("That was no form: it holds no names and values.")
    # Urlencoded text holds neither spaces nor line ends, lines are seldom without.
    in_lines = kind in _PLAIN and any(byte in body.strip() for byte in b"\n ")
    return Body(collect(read_lines(body, charset) if in_lines else read_urlencoded(body, charset)))


def read_json(body: bytes, charset: str = "") -> object:
    """Return the JSON value of a body; numbers stay the text that they were typed as, so that long ids are exact.

    charset: as the content type declares it, "" for none.
    Raises: Unreadable.
    """
    try:
        encoding = json.detect_encoding(body)
        text = decode(body, charset) if encoding.startswith("utf-8") else body.decode(encoding)
        # strict=False takes the raw line ends that templates leave in.
        return json.loads(text, parse_int=str, parse_float=str, parse_constant=str, strict=False)
    except (ValueError, RecursionError):
        raise Unreadable("The JSON is broken: it could not be read.") from None


def _read_json(body: bytes, charset: str) -> Body:
    found = read_json(body, charset)
    if isinstance(found, dict):
        return Body(collect(flatten(found)), is_json=True, value=found)
    if isinstance(found, list) and any(isinstance(member, dict) for member in found):
        return _read_list(found)
    raise Unreadable('The JSON must be an object of names and values, such as {"email": "ann@example.com"}.')


def _read_list(members: list[object]) -> Body:
    """A list: jQuery's name-and-value pairs, or objects, of which the first is the enquiry.

    Further objects are kept as answers under their number, so that nothing is lost.
    """
    if all(isinstance(member, dict) and member.keys() == {"name", "value"} for member in members):
        named = [{str(member["name"]): member["value"]} for member in members if isinstance(member, dict)]
        return Body(collect(pair for member in named for pair in flatten(member)), is_json=True, value=members)
    first, *others = members if isinstance(members[0], dict) else [{}, *members]
    pairs = [*flatten(first), *(pair for n, other in enumerate(others, 2) for pair in flatten(other, f"item {n}"))]
    notes = (f"one request brought {len(members)} items: the first was read, the others are kept beside it",)
    return Body(collect(pairs), notes=notes if others else (), is_json=True, value=members)
