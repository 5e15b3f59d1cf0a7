"""multipart/form-data: the answers, and a note of each file. Files themselves are not kept.

Werkzeug's decoder splits the body. This module finds the charset of names and values, and the boundary where the
header does not give it (docs/decisions/0039).
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from werkzeug.exceptions import RequestEntityTooLarge
from werkzeug.http import parse_options_header
from werkzeug.sansio import multipart as werkzeug

from service.capture.parsing import Empty, Unreadable
from service.capture.parsing.pairs import Pair, collect, dotted
from service.capture.parsing.texts import choose_charset, clean, decode

MAX_PARTS = 5_000
"""Parts of one body: a form of 256 KiB cannot have more."""

MAX_HEADER_BYTES = 8 * 1024
"""Header bytes of one part: the usual limit of servers for a whole request."""

MAX_ALL_HEADER_BYTES = 512 * 1024
"""Header bytes of all parts together. A thousand answers need 100 KiB."""

MAX_HEADERS = 32
"""Header lines of one part; browsers send two."""

_BOUNDARY = b"boundary-of-lead-capture"
_BLANK_LINE = re.compile(rb"\r\n\r\n|\n\n|\r\r")  # the decoder's ends of the headers
_ENCODED = re.compile(r"\b((?:file)?name)\*")  # RFC 2231, which gives the charset with the text
_ESCAPES = {"%22": '"', "%0D": " ", "%0A": " "}  # all that browsers escape in names (HTML, 4.10.21.8)


@dataclass(frozen=True, slots=True)
class File:
    """A description of an attached file, without its content."""

    field: str
    filename: str
    content_type: str
    size_bytes: int


@dataclass(frozen=True, slots=True)
class _Part:
    """One part as sent. A name is bytes until the charset is known, unless RFC 2231 encodes it.

    filename: None for an answer, "" for an empty file input.
    """

    name: str | bytes
    filename: str | bytes | None
    content_type: str
    content: bytes


def read_multipart(body: bytes, boundary: str, declared: str) -> tuple[list[Pair], list[File]]:
    """Return the pairs and the files of a multipart body.

    boundary: from the header; where that has none or a wrong one, it is taken from the body's first line.
    Raises: Unreadable when the body has no parts, or a part that does not belong to a form; Empty when it ends where
    the first part would begin.
    """
    mark = boundary.encode("utf-8", "replace")
    if not mark or b"--" + mark not in body:
        mark = _first_boundary(body)
    parts = list(_split(body, mark))
    if not parts and body.strip() == b"--" + mark + b"--":
        raise Empty
    if not parts:
        raise Unreadable("The form broke off on its way. Please go back and send it again.")
    answers = [part for part in parts if part.filename is None]
    texts = [text for part in answers for text in (part.name, part.content) if isinstance(text, bytes)]
    own = next((part.content.decode("latin-1") for part in answers if part.name == b"_charset_"), "")
    codec = choose_charset(b" ".join(texts), declared or own)
    pairs = [(dotted(_label(part.name, codec)), clean(_text(part, codec))) for part in answers]
    return pairs, [_file(part, codec) for part in parts if part.filename]


def looks_multipart(body: bytes) -> bool:
    """Return whether a body is multipart, whatever its content type."""
    return body.startswith(b"--") and b"content-disposition:" in body[:1000].lower()


def _first_boundary(body: bytes) -> bytes:
    line = re.split(rb"[\r\n]", body.lstrip()[:200], maxsplit=1)[0]
    boundary = line.rstrip(b" \t").removeprefix(b"--")
    if not boundary or not line.startswith(b"--"):
        raise Unreadable("The form is marked as multipart, but its first line is not a boundary.")
    return boundary


def _split(body: bytes, boundary: bytes) -> Iterator[_Part]:
    # The decoder accepts headers in UTF-8 only: read as Latin-1, every byte passes, whatever its charset.
    is_ascii = body.isascii()
    if not is_ascii:
        body, boundary = body.decode("latin-1").encode(), boundary.decode("latin-1").encode()
    # It compiles two patterns for each boundary, and browsers make up a new one for each post, which took longer than
    # everything else. With one shared boundary the compiled patterns are reused.
    shared = boundary if _BOUNDARY in body else _BOUNDARY
    body = b"\n" + body
    for line_end in (b"\n--", b"\r--"):
        body = body.replace(line_end + boundary, line_end + shared)
    try:
        for head, content in _parts(body, shared):
            yield _part(head, content.replace(shared, boundary), is_ascii=is_ascii)
    except RequestEntityTooLarge:
        raise Unreadable(f"The form has more than {MAX_PARTS:,} parts.") from None
    except ValueError:
        raise Unreadable("The form is broken: one of its parts has no name.") from None


def _parts(body: bytes, boundary: bytes) -> Iterator[tuple[werkzeug.Field | werkzeug.File, bytes]]:
    """Raises: Unreadable, ValueError, RequestEntityTooLarge."""
    decoder = werkzeug.MultipartDecoder(boundary, max_parts=MAX_PARTS)
    # One more end closes the last part of a body that broke off; behind a whole body it is ignored.
    decoder.receive_data(body + b"\r\n--" + boundary + b"--\r\n")
    head: werkzeug.Field | werkzeug.File | None = None
    content: list[bytes] = []
    header_bytes = 0
    while True:
        if decoder.state is werkzeug.State.PART:
            header_bytes += _measure_headers(decoder)
            if header_bytes > MAX_ALL_HEADER_BYTES:
                raise Unreadable("The form is broken: it consists mostly of headers.")
        event = decoder.next_event()
        if isinstance(event, werkzeug.NeedData):  # the whole body was given, so this is its end
            return
        if isinstance(event, werkzeug.Field | werkzeug.File):
            head, content = event, []
        elif isinstance(event, werkzeug.Data) and head is not None:
            content.append(event.data)
            if not event.more_data:
                yield head, b"".join(content)


def _measure_headers(decoder: werkzeug.MultipartDecoder) -> int:
    """Return the size of the next part's headers in bytes. Raises: Unreadable where they do not end."""
    blank = _BLANK_LINE.search(decoder.buffer, 0, MAX_HEADER_BYTES)
    if blank is None and len(decoder.buffer) <= MAX_HEADER_BYTES:
        return 0  # the body broke off here
    head = decoder.buffer[: blank.start()] if blank else b""
    if blank is None or max(head.count(b"\n"), head.count(b"\r")) >= MAX_HEADERS:
        raise Unreadable("The form is broken: the headers of one of its parts do not end.")
    if b"\n--" + decoder.boundary in head:
        raise Unreadable("The form is broken: one of its parts has no name.")
    return len(head)


def _part(head: werkzeug.Field | werkzeug.File, content: bytes, *, is_ascii: bool) -> _Part:
    filename = head.filename if isinstance(head, werkzeug.File) else None
    encoded = _ENCODED.findall(head.headers.get("content-disposition", "").lower())
    return _Part(
        name=_raw(head.name or "", "name" in encoded),
        filename=None if filename is None else _raw(filename, "filename" in encoded),
        content_type=head.headers.get("content-type", ""),
        content=content if is_ascii else content.decode().encode("latin-1"),
    )


def _raw(text: str, is_encoded: bool) -> str | bytes:
    return text if is_encoded else text.encode("latin-1", "replace")


def _text(part: _Part, codec: str) -> str:
    _, options = parse_options_header(part.content_type) if part.content_type else ("", {})
    charset = options.get("charset", "")
    return decode(part.content, charset) if charset else part.content.decode(codec, "replace")


def _label(name: str | bytes, codec: str) -> str:
    """Return a name without a browser's escapes."""
    text = name if isinstance(name, str) else name.decode(codec, "replace")
    if "%" in text:
        for escape, character in _ESCAPES.items():
            text = text.replace(escape, character)
    return text


def _file(part: _Part, codec: str) -> File:
    filename = clean(_label(part.filename or b"", codec)).replace("\n", " ")
    kind, _, _ = part.content_type.partition(";")
    return File(dotted(_label(part.name, codec)), filename, clean(kind).lower(), len(part.content))


def file_remarks(files: Sequence[File]) -> dict[str, str | list[str]]:
    """Describe the attached files by the name of their field."""
    return collect((file.field, _describe(file)) for file in files)


def _describe(file: File) -> str:
    kind = f", {file.content_type}" if file.content_type else ""
    return f"file: {file.filename}{kind}, {file.size_bytes} bytes (content not kept)"
