"""multipart/form-data: the answers, and a note of each file. Files themselves are not kept."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from werkzeug.http import parse_options_header

from service.capture.nesting import Pair, collect, dotted
from service.capture.refusals import Empty, Unreadable
from service.capture.texts import choose_charset, clean, decode

_ESCAPES = {"%22": '"', "%0D": " ", "%0A": " "}  # all that browsers escape in names (HTML, 4.10.21.8)


@dataclass(frozen=True, slots=True)
class File:
    """A file that came along: what it was, not what was in it."""

    field: str
    filename: str
    content_type: str
    size_bytes: int


@dataclass(frozen=True, slots=True)
class _Part:
    name: bytes
    content: bytes
    filename: bytes | None  # None: an answer; b"": a file input left empty
    content_type: str


def read_multipart(body: bytes, boundary: str, declared: str) -> tuple[list[Pair], list[File]]:
    """Return the pairs and the files of a multipart body.

    boundary: as the header gives it; "" takes it from the body's first line.
    Raises: Unreadable when there is no part in it, Empty when it ends where the first would be.
    """
    mark = boundary.encode("utf-8", "replace") or _first_boundary(body)
    parts = list(_split(body, mark))
    if not parts and body.strip() == b"--" + mark + b"--":
        raise Empty
    if not parts:
        raise Unreadable("The form broke off on its way. Please go back and send it again.")
    answers = [part for part in parts if part.filename is None]
    texts = [text for part in answers for text in (part.name, part.content)]
    codec = choose_charset(texts, declared or _own_charset(answers))
    pairs = [(_name(part.name, codec), clean(_text(part, codec))) for part in answers]
    return pairs, [_file(part, codec) for part in parts if part.filename]


def looks_multipart(body: bytes) -> bool:
    """Tell whether a body of another type is a multipart one all the same."""
    return body.startswith(b"--") and b"content-disposition:" in body[:1000].lower()


def _split(body: bytes, boundary: bytes) -> Iterator[_Part]:
    newline = b"\r\n" if b"\r\n" in body else b"\n"
    sections = (newline + body).split(newline + b"--" + boundary)
    for section in sections[1:]:
        if section.startswith(b"--"):
            return
        # A part without headers begins with the blank line itself.
        head, blank, content = section.lstrip(b" \t").partition(newline * 2)
        part = _read_part(head, content) if blank else None
        if part is not None:
            yield part


def _read_part(head: bytes, content: bytes) -> _Part | None:
    """A part with a name, or None. Latin-1 keeps each byte as it is until the charset is known."""
    headers = dict(_read_headers(head.decode("latin-1")))
    _, options = parse_options_header(headers.get("content-disposition", ""))
    name, filename = options.get("name"), options.get("filename")
    if name is None:
        return None
    return _Part(_raw(name), content, None if filename is None else _raw(filename), headers.get("content-type", ""))


def _read_headers(head: str) -> Iterator[tuple[str, str]]:
    for line in head.splitlines():
        name, _, value = line.partition(":")
        yield name.strip().lower(), value.strip()


def _raw(text: str) -> bytes:
    """The bytes again; only a `filename*` was decoded to more than Latin-1."""
    try:
        return text.encode("latin-1")
    except UnicodeEncodeError:
        return text.encode("utf-8", "replace")


def _first_boundary(body: bytes) -> bytes:
    line, _, _ = body.partition(b"\n")
    boundary = line.rstrip(b"\r ").removeprefix(b"--")
    if not boundary:
        raise Unreadable
    return boundary


def _own_charset(parts: list[_Part]) -> str:
    return next((part.content.decode("latin-1") for part in parts if part.name == b"_charset_"), "")


def _text(part: _Part, codec: str) -> str:
    _, options = parse_options_header(part.content_type)
    charset = options.get("charset", "")
    return decode(part.content, charset) if charset else part.content.decode(codec, "replace")


def _name(raw: bytes, codec: str) -> str:
    return dotted(_unescape(raw.decode(codec, "replace")))


def _unescape(text: str) -> str:
    if "%" in text:
        for escape, character in _ESCAPES.items():
            text = text.replace(escape, character)
    return text


def _file(part: _Part, codec: str) -> File:
    filename = clean(_unescape((part.filename or b"").decode(codec, "replace"))).replace("\n", " ")
    kind, _, _ = part.content_type.partition(";")
    return File(_name(part.name, codec), filename, clean(kind).lower(), len(part.content))


def file_remarks(files: Sequence[File]) -> dict[str, str | list[str]]:
    """Say what was attached, by the name of its field. What was in a file is not kept."""
    return collect((file.field, _describe(file)) for file in files)


def _describe(file: File) -> str:
    kind = f", {file.content_type}" if file.content_type else ""
    return f"file: {file.filename}{kind}, {file.size_bytes} bytes (content not kept)"
