"""Compressed bodies: gzip and deflate, up to the size limit of their route.

Signatures cover the bytes as sent, so they are verified before decompression.
"""

import re
import zlib
from collections.abc import Iterator
from contextlib import suppress

from service.capture.parsing.errors import Unreadable

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
