"""Finds the end of a request in bytes that arrive in pieces.

The only question here is "is it whole yet?". The meaning of a request is decided by gunicorn's parser alone, which gets
exactly the bytes counted here, with the request line in ASCII; if it wants fewer or more, the connection ends.
"""

import re

from service.server.limits import MAX_BODY_BYTES, MAX_CHUNK_OVERHEAD_BYTES, MAX_HEAD_BYTES

_LINE_END = b"\r\n"
_HEAD_END = b"\r\n\r\n"
_MAX_ASCII = 0x7F
_CHUNK_SIZE = re.compile(rb"([0-9A-Fa-f]{1,16})[ \t]*(?:;.*)?", re.DOTALL)


MAX_LINE_BYTES = 8190
"""Maximum bytes of one line between the chunks, as in gunicorn."""


class Malformed(Exception):
    """These bytes cannot become a request: gunicorn must refuse them now, without waiting for more."""


class HeadTooLarge(Exception):
    """The head does not end within MAX_HEAD_BYTES."""


class BodyTooLarge(Exception):
    """A chunked body is larger than MAX_BODY_BYTES, or cut into too many pieces."""


class HeadScan:
    """Finds the end of the head."""

    def __init__(self) -> None:
        self._searched = 0

    def end(self, received: bytearray) -> int | None:
        """Return the length of the head, including its empty line; None while that has not arrived.

        received: all bytes so far; never fewer than in the last call.
        Raises: Malformed, HeadTooLarge.
        """
        start = 2 if received.startswith(_LINE_END) else 0  # gunicorn ignores one empty line before a request
        if received.startswith(_LINE_END, start) and start:
            raise Malformed
        head_end = received.find(_HEAD_END, max(start, self._searched - len(_HEAD_END) + 1), MAX_HEAD_BYTES)
        until = min(len(received), MAX_HEAD_BYTES) if head_end < 0 else head_end
        self._check_line_ends(received, until)
        if head_end >= 0:
            return head_end + len(_HEAD_END)
        if len(received) >= MAX_HEAD_BYTES:
            raise HeadTooLarge
        self._searched = len(received)
        return None

    def _check_line_ends(self, received: bytearray, until: int) -> None:
        """Raise Malformed at a line feed alone, where gunicorn stops reading, too."""
        start = self._searched
        if start and received[start - 1] == _LINE_END[0]:
            start -= 1
        if received.count(b"\n", start, until) != received.count(_LINE_END, start, until):
            raise Malformed


def in_ascii(head: bytes) -> bytes:
    """Return a head with the non-ASCII bytes after the method of its request line percent-encoded.

    Scripts that forget to encode the address of a page send such bytes, and gunicorn refuses them as the standard
    demands: the enquiry would be lost. They are part of no separator, so the request ends where it ended before.
    """
    end = head.find(_LINE_END, len(_LINE_END))
    line = head if end < 0 else head[:end]
    method, _, _ = line.partition(b" ")
    if line.isascii() or not method.isascii():  # "%80GET" would be a method
        return head
    return b"".join(b"%%%02X" % byte if byte > _MAX_ASCII else b"%c" % byte for byte in line) + head[len(line) :]


class ChunkScan:
    """Finds the end of a chunked body (RFC 9112, section 7.1)."""

    def __init__(self) -> None:
        self._at = 0
        self._contents = 0
        self._chunk_end: int | None = None
        self._in_trailers = False

    def end(self, received: bytearray) -> int | None:
        """Return the length of the body as sent; None while it is not whole.

        received: all bytes of the body so far; never fewer than in the last call.
        Raises: Malformed, BodyTooLarge.
        """
        while self._skip_chunk(received):
            line = self._next_line(received)
            if line is None:
                return None
            if not self._in_trailers:
                self._begin_chunk(line)
            elif not line:
                return self._at
        return None

    def _skip_chunk(self, received: bytearray) -> bool:
        """Skip the contents of the present chunk; return whether they have all arrived."""
        if self._chunk_end is not None:
            if len(received) < self._chunk_end + len(_LINE_END):
                return False
            if not received.startswith(_LINE_END, self._chunk_end):
                raise Malformed
            self._at, self._chunk_end = self._chunk_end + len(_LINE_END), None
        return True

    def _next_line(self, received: bytearray) -> bytes | None:
        line_end = received.find(_LINE_END, self._at)
        end = len(received) if line_end < 0 else line_end
        if end - self._contents > MAX_CHUNK_OVERHEAD_BYTES:
            raise BodyTooLarge
        if end - self._at > MAX_LINE_BYTES or received.find(b"\n", self._at, end) >= 0:
            raise Malformed
        if line_end < 0:
            return None
        line = bytes(received[self._at : line_end])
        self._at = line_end + len(_LINE_END)
        return line

    def _begin_chunk(self, line: bytes) -> None:
        size_line = _CHUNK_SIZE.fullmatch(line)
        if size_line is None:
            raise Malformed
        size = int(size_line[1], 16)
        self._contents += size
        if self._contents > MAX_BODY_BYTES:
            raise BodyTooLarge
        if size:
            self._chunk_end = self._at + size
        else:
            self._in_trailers = True
