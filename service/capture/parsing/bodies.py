"""What a stranger's request holds: bytes in, names and values out.

Any of the five ways that pages post is read, also under a wrong or missing content type.
"""

import json
import re
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import unquote_to_bytes

from werkzeug.http import parse_options_header

from service.capture.parsing.errors import Empty, Unreadable, Unsupported
from service.capture.parsing.loose_json import parse, parse_strictly
from service.capture.parsing.multipart import File, looks_multipart, read_multipart
from service.capture.parsing.nesting import collect, dotted, flatten
from service.capture.parsing.pairs import is_one_line_of_pairs, read_lines, read_urlencoded
from service.capture.parsing.texts import decode

_BLANK = b" \t\r\n\x0b\x0c\x00"
_BEFORE_JSON = _BLANK + b"\xef\xbb\xbf"
_URLENCODED = "application/x-www-form-urlencoded"
_PLAIN = ("text/plain", "")
_NO_FORM = ("image/", "audio/", "video/", "font/", "model/", "text/html", "text/xml", "text/css")
_NO_FORM_APPLICATIONS = ("application/xml", "application/pdf", "application/zip", "application/gzip")
_LONGEST_START = 1000  # bytes that are looked at to see what a body is
_JSON_START = re.compile(rb"""[{\[]|"\s*(?:[{\[]|\\")""")  # also of JSON that was encoded again, as a text
_FORM_START = re.compile(rb"[\w.\[\]%-]{1,100}=")
_ENCODED_JSON = (b"%7b", b"%5b")


@dataclass(frozen=True, slots=True)
class RequestBody:
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


def read_body(body: bytes, content_type: str) -> RequestBody:
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


def _read(body: bytes, kind: str, charset: str, boundary: str) -> RequestBody:
    start = body[:_LONGEST_START].lstrip(_BEFORE_JSON)
    is_form_type = kind == _URLENCODED or not (kind.startswith(_NO_FORM) or kind in _NO_FORM_APPLICATIONS)
    if _JSON_START.match(start):
        return _read_json(body, charset) if is_form_type else _read_typed_wrongly(body, charset)
    if not is_form_type and not (kind == "text/html" and _FORM_START.match(start) and b"<" not in body):
        raise Unsupported
    if (boundary and kind.startswith("multipart/")) or (start.startswith(b"--") and _is_multipart(body, kind)):
        pairs, files = read_multipart(body, boundary, charset)
        return RequestBody(collect(pairs), tuple(files))
    if _is_json(kind) and (b"=" not in body or start.startswith(b'"')):
        return _read_json(body, charset)
    if start[:3].lower() in _ENCODED_JSON:
        return _read_json(unquote_to_bytes(body.strip().rstrip(b"=").replace(b"+", b" ")), charset)
    return _read_pairs(body, _PLAIN[0] if kind == "text/html" else kind, charset)


def _is_multipart(body: bytes, kind: str) -> bool:
    return kind.startswith("multipart/") or looks_multipart(body)


def _read_typed_wrongly(body: bytes, charset: str) -> RequestBody:
    """JSON that is declared as HTML, or as a picture. Only what is sound is believed: pages begin with braces, too."""
    try:
        parse_strictly(decode(body, charset))
        return _read_json(body, charset)
    except Unreadable:
        raise Unsupported from None


def _is_json(kind: str) -> bool:
    return kind.endswith(("/json", "+json"))


def _read_pairs(body: bytes, kind: str, charset: str) -> RequestBody:
    is_form = b"=" in body and b"\0" not in body
    is_known = kind == _URLENCODED or kind in _PLAIN or _is_json(kind)
    if not is_known and not (is_form and body.isascii()):
        raise Unsupported
    if not is_form:
        raise Unreadable("That was no form: it holds no names and values.")
    # Urlencoded text holds neither spaces nor line ends, lines are seldom without.
    in_lines = kind in _PLAIN and any(byte in body.strip() for byte in b"\n ") and not is_one_line_of_pairs(body)
    return RequestBody(collect(read_lines(body, charset) if in_lines else read_urlencoded(body, charset)))


def read_json(body: bytes, charset: str = "") -> object:
    """Return the JSON value of a body, as loose_json.parse does.

    charset: as the content type declares it, "" for none.
    Raises: Unreadable.
    """
    encoding = json.detect_encoding(body)
    try:
        text = decode(body, charset) if encoding.startswith("utf-8") else body.decode(encoding)
    except ValueError:
        raise Unreadable(f"The JSON is broken: it is no {encoding.upper()} text.") from None
    return parse(text)


def _read_json(body: bytes, charset: str) -> RequestBody:
    found = read_json(body, charset)
    if isinstance(found, dict):
        return RequestBody(collect(flatten(found)), is_json=True, value=found)
    if isinstance(found, list) and any(isinstance(member, dict) for member in found):
        return _read_list(found)
    raise Unreadable('The JSON must be an object of names and values, such as {"email": "ann@example.com"}.')


def _read_list(members: list[object]) -> RequestBody:
    """A list: jQuery's name-and-value pairs, or objects, of which the first is the enquiry.

    Further objects are kept as answers under their number, so that nothing is lost.
    """
    if all(isinstance(member, dict) and member.keys() == {"name", "value"} for member in members):
        named = [{dotted(str(member["name"])): member["value"]} for member in members if isinstance(member, dict)]
        return RequestBody(collect(pair for member in named for pair in flatten(member)), is_json=True, value=members)
    first, *others = members if isinstance(members[0], dict) else [{}, *members]
    pairs = [*flatten(first), *(pair for n, other in enumerate(others, 2) for pair in flatten(other, f"item {n}"))]
    notes = (f"one request brought {len(members)} items: the first was read, the others are kept beside it",)
    return RequestBody(collect(pairs), notes=notes if others else (), is_json=True, value=members)
