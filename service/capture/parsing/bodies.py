"""The body of a request: bytes in, names and values out.

Reads urlencoded, multipart, text/plain and JSON bodies, also under a wrong or missing content type; unpacks gzip and
deflate.
"""

import re
import zlib
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import unquote_to_bytes

from werkzeug.http import parse_options_header

from service.capture.parsing import Empty, Unreadable, Unsupported
from service.capture.parsing.loose_json import parse_strictly, read_json
from service.capture.parsing.multipart import File, looks_multipart, read_multipart
from service.capture.parsing.nesting import flatten
from service.capture.parsing.pairs import collect, dotted, is_one_line_of_pairs, read_lines, read_urlencoded
from service.capture.parsing.texts import decode

# -- compressed bodies: gzip and deflate, up to the size limit of their route
#
# Signatures cover the bytes as sent, so they are verified before decompression.


_GZIP, _ZSTD = b"\x1f\x8b", b"\x28\xb5\x2f\xfd"
_GZIP_WINDOW, _ZLIB_WINDOW, _RAW_WINDOW = 31, 15, -15  # zlib's names of its formats
_MAX_LAYERS = 3  # by the sender, by its library, by a proxy
_MAX_MEMBERS = 100  # gzip files in one body; each is copied for the next
_READ = frozenset(("", "gzip", "x-gzip", "deflate", "identity"))
_CODING = re.compile(r"[a-z0-9-]{1,20}")
_BINARY = re.compile(rb"[\x00-\x08\x0e-\x1f]")


def decompress(body: bytes, coding: str, max_bytes: int) -> bytes:
    """Return the decompressed body; a body that is plain text in spite of its header, as proxies leave it, unchanged.

    coding: the Content-Encoding, "" for none. max_bytes: limit of the decompressed size.
    Raises: Unreadable, with the reason.
    """
    codings = [each.strip().lower() for each in coding.split(",")]
    for _ in range(_MAX_LAYERS):
        if body.startswith(_GZIP):
            body = _unpack(body, _GZIP_WINDOW, max_bytes)
        elif "deflate" in codings and not _is_text(body):
            codings.remove("deflate")
            body = _unpack_deflate(body, max_bytes)
    _check_unread(body, codings)
    return body


def _check_unread(body: bytes, codings: list[str]) -> None:
    unread = "zstd" if body.startswith(_ZSTD) else next((each for each in codings if each not in _READ), "")
    if unread and not _is_text(body):
        name = unread if _CODING.fullmatch(unread) else "something"
        raise Unreadable(
            f"The body is compressed with {name}, which is not supported: send it uncompressed, or with gzip."
        )


def _unpack_deflate(body: bytes, max_bytes: int) -> bytes:
    """Unpack deflate in zlib's format, as the standard demands, or raw, as some senders write it."""
    for window in (_ZLIB_WINDOW, _RAW_WINDOW):
        with suppress(zlib.error):
            return _unpack(body, window, max_bytes)
    raise Unreadable("The header says that the body is compressed with deflate, but it is not.")


def _unpack(body: bytes, window: int, max_bytes: int) -> bytes:
    """Raises: Unreadable; zlib.error for anything but deflate."""
    try:
        return b"".join(_members(body, window, max_bytes))
    except zlib.error:
        if window != _GZIP_WINDOW:
            raise
        raise Unreadable("The body is compressed with gzip, but broken.") from None


def _members(body: bytes, window: int, max_bytes: int) -> Iterator[bytes]:
    """Yield each member of a gzip file; deflate has one. Unpacking stops at the size limit."""
    left = max_bytes
    for _ in range(_MAX_MEMBERS):
        unpacker = zlib.decompressobj(window)
        part = unpacker.decompress(body, left + 1)
        left -= len(part)
        if left < 0:
            raise Unreadable(f"The body unpacks to more than {max_bytes // 1024:,} KiB.")
        if not unpacker.eof:
            raise Unreadable("The compressed body ends in the middle.")
        yield part
        body = unpacker.unused_data
        if window != _GZIP_WINDOW or not body.startswith(_GZIP):
            return
    raise Unreadable(f"The body is compressed in more than {_MAX_MEMBERS} pieces.")


def _is_text(body: bytes) -> bool:
    if _BINARY.search(body):
        return False
    try:
        body.decode()
    except UnicodeDecodeError:
        return False
    return True


# -- formats


_BLANK = b" \t\r\n\x0b\x0c\x00"
_BEFORE_JSON = _BLANK + b"\xef\xbb\xbf"
_URLENCODED = "application/x-www-form-urlencoded"
_MAGIC_NUMBERS = (b"\x1f\x8b", b"\x28\xb5\x2f\xfd")  # gzip, Zstandard
_PLAIN = ("text/plain", "")
_OTHER_TYPES = ("image/", "audio/", "video/", "font/", "model/", "text/html", "text/xml", "text/css")
_OTHER_APPLICATIONS = ("application/xml", "application/pdf", "application/zip", "application/gzip")
_MAX_START = 1000  # bytes inspected to recognise the format
_JSON_START = re.compile(rb"""[{\[]|"\s*(?:[{\[]|\\")""")  # also JSON encoded again as a JSON string
_FORM_START = re.compile(rb"[\w.\[\]%-]{1,100}=")
_ENCODED_JSON = (b"%7b", b"%5b")
_BRACKETED_NAME = re.compile(rb"[\[{][\w .-]{1,100}[\]}][\w.\[\]%-]{0,100}=")  # such as [email]=, of hand-written forms


@dataclass(frozen=True, slots=True)
class RequestBody:
    """The content of one request.

    answers: name -> value, or a list where the name was repeated; nested names joined with dots.
    files: the attached files, without their content. notes: remarks for the operator.
    value: the JSON value of a JSON body; numbers are text.
    """

    answers: dict[str, str | list[str]]
    files: tuple[File, ...] = ()
    notes: tuple[str, ...] = ()
    is_json: bool = False
    value: object = None


def read_body(body: bytes, content_type: str) -> RequestBody:
    """Read the bytes of a request.

    Raises: Unreadable, Empty or Unsupported, whatever the bytes.
    """
    if not body.strip(_BLANK):
        raise Empty
    kind, charset, boundary = _read_type(content_type)
    content = _read(body, kind, charset, boundary)
    if not content.files and not any(content.answers.values()):
        raise Empty
    return content


def is_compressed(body: bytes, coding: str) -> bool:
    """Return whether a body must be decompressed; gzip is recognised without a header. coding: the Content-Encoding."""
    return bool(coding) or body.startswith(_MAGIC_NUMBERS)


@lru_cache(maxsize=256)
def _read_type(content_type: str) -> tuple[str, str, str]:
    """Return the type in lower case, its charset and its boundary."""
    kind, options = parse_options_header(content_type)
    return kind.strip().lower(), options.get("charset", ""), options.get("boundary", "")


def _read(body: bytes, kind: str, charset: str, boundary: str) -> RequestBody:
    start = body[:_MAX_START].lstrip(_BEFORE_JSON)
    is_form_type = kind == _URLENCODED or not (kind.startswith(_OTHER_TYPES) or kind in _OTHER_APPLICATIONS)
    if _JSON_START.match(start) and not _BRACKETED_NAME.match(start):
        return _read_json(body, charset) if is_form_type else _read_typed_wrongly(body, charset)
    if not is_form_type and not (kind == "text/html" and _FORM_START.match(start) and b"<" not in body):
        raise Unsupported
    is_multipart = kind.startswith("multipart/")
    if (boundary and is_multipart) or (start.startswith(b"--") and (is_multipart or looks_multipart(body))):
        pairs, files = read_multipart(body, boundary, charset)
        return RequestBody(collect(pairs), tuple(files))
    if _is_json(kind) and (b"=" not in body or start.startswith(b'"')):
        return _read_json(body, charset)
    if start[:3].lower() in _ENCODED_JSON:
        encoded = body.strip().rstrip(b"=")
        try:
            return _read_json(unquote_to_bytes(encoded.replace(b"+", b" ")), charset)
        except Unreadable:
            if b"=" not in encoded:
                raise  # otherwise the first name begins with a bracket
    return _read_pairs(body, _PLAIN[0] if kind == "text/html" else kind, charset)


def _read_typed_wrongly(body: bytes, charset: str) -> RequestBody:
    """Read JSON declared as HTML or as a picture. Only sound JSON counts, because pages may begin with braces, too."""
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
        raise Unreadable("This is not a form: it has no names and values.")
    # Urlencoded text has neither spaces nor line ends; lines of pairs nearly always have.
    in_lines = kind in _PLAIN and any(byte in body.strip() for byte in b"\n ") and not is_one_line_of_pairs(body)
    return RequestBody(collect(read_lines(body, charset) if in_lines else read_urlencoded(body, charset)))


def _read_json(body: bytes, charset: str) -> RequestBody:
    value = read_json(body, charset)
    if isinstance(value, dict):
        return RequestBody(collect(flatten(value)), is_json=True, value=value)
    if isinstance(value, list) and any(isinstance(member, dict) for member in value):
        return _read_list(value)
    raise Unreadable('The JSON must be an object of names and values, such as {"email": "ann@example.com"}.')


def _read_list(members: list[object]) -> RequestBody:
    """Read a list: jQuery's name-and-value pairs, or objects. The first object is the enquiry.

    Further objects are kept as answers under their number, so that nothing is lost.
    """
    if all(isinstance(member, dict) and member.keys() == {"name", "value"} for member in members):
        named = [{dotted(str(member["name"])): member["value"]} for member in members if isinstance(member, dict)]
        return RequestBody(collect(pair for member in named for pair in flatten(member)), is_json=True, value=members)
    first, *others = members if isinstance(members[0], dict) else [{}, *members]
    pairs = [*flatten(first), *(pair for n, other in enumerate(others, 2) for pair in flatten(other, f"item {n}"))]
    notes = (f"one request brought {len(members)} items: the first was read, the others are kept beside it",)
    return RequestBody(collect(pairs), notes=notes if others else (), is_json=True, value=members)
