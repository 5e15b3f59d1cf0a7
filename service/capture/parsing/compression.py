"""Bodies that come compressed: gzip and deflate, each within the bytes that its route takes.

Signatures are over the bytes as sent, so what proves a sender is looked at before this.
"""

import re
import zlib
from collections.abc import Iterator

from service.capture.parsing.errors import Unreadable

_GZIP, _ZSTD = b"\x1f\x8b", b"\x28\xb5\x2f\xfd"
_GZIP_WINDOW, _ZLIB_WINDOW, _RAW_WINDOW = 31, 15, -15  # what zlib calls its formats
_MAX_LAYERS = 3  # how often a body may have been compressed: by the sender, by its library, by a proxy
_MAX_MEMBERS = 100  # gzip files in one body; each is copied for the next
_READ = frozenset(("", "gzip", "x-gzip", "deflate", "identity"))
_CODING = re.compile(r"[a-z0-9-]{1,20}")
_BINARY = re.compile(rb"[\x00-\x08\x0e-\x1f]")


def is_compressed(body: bytes, coding: str) -> bool:
    """Tell whether a body has to be decompressed; gzip also where nothing says so. coding: the Content-Encoding."""
    return bool(coding) or body.startswith((_GZIP, _ZSTD))


def decompress(body: bytes, coding: str, most: int) -> bytes:
    """Return what was compressed; a body that is plain text all the same, as proxies leave it, as it is.

    coding: the Content-Encoding, "" for none. most: bytes that it may unpack to.
    Raises: Unreadable, with the reason.
    """
    codings = [each.strip().lower() for each in coding.split(",")]
    for _ in range(_MAX_LAYERS):
        if body.startswith(_GZIP):
            body = _unpack(body, _GZIP_WINDOW, most)
        elif "deflate" in codings and not _is_text(body):
            codings.remove("deflate")
            body = _unpack_deflate(body, most)
    _check_unread(body, codings)
    return body


def _check_unread(body: bytes, codings: list[str]) -> None:
    unread = "zstd" if body.startswith(_ZSTD) else next((each for each in codings if each not in _READ), "")
    if unread and not _is_text(body):
        name = unread if _CODING.fullmatch(unread) else "something"
        raise Unreadable(
            f"The body is compressed with {name}, which is not read here: send it uncompressed, or with gzip."
        )


def _unpack_deflate(body: bytes, most: int) -> bytes:
    """In the format of zlib, as the standard wants it, or without it, as some senders have it."""
    try:
        return _unpack(body, _ZLIB_WINDOW, most)
    except zlib.error:
        return _unpack_raw(body, most)


def _unpack_raw(body: bytes, most: int) -> bytes:
    try:
        return _unpack(body, _RAW_WINDOW, most)
    except zlib.error:
        raise Unreadable("The body is said to be compressed with deflate, and is not.") from None


def _unpack(body: bytes, window: int, most: int) -> bytes:
    """Raises: Unreadable; zlib.error for what is no deflate at all."""
    try:
        return b"".join(_members(body, window, most))
    except zlib.error:
        if window != _GZIP_WINDOW:
            raise
        raise Unreadable("The body is compressed with gzip and broken.") from None


def _members(body: bytes, window: int, most: int) -> Iterator[bytes]:
    """Each member of a gzip file; deflate has one. No more is unpacked than is taken."""
    left = most
    for _ in range(_MAX_MEMBERS):
        unpacker = zlib.decompressobj(window)
        part = unpacker.decompress(body, left + 1)
        left -= len(part)
        if left < 0:
            raise Unreadable(f"The body unpacks to more than {most // 1024:,} KiB.")
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
