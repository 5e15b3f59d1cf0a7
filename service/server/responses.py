"""Responses on their way to clients that may be slow to take them, and the server's own refusals."""

import select
from collections.abc import Mapping
from http import HTTPStatus
from socket import socket

from service import clock
from service.edge import DEFAULTS
from service.server.limits import ServerLimits

SEND_BYTES = 64 * 1024
"""Bytes of a response that are collected before the first are sent: most responses are smaller."""

CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"

RETRY_AFTER_S = 5
"""Retry-After, in seconds, for a request that arrives while the process has too many."""

SENTENCES: Mapping[HTTPStatus, str] = {
    HTTPStatus.BAD_REQUEST: "This is not a valid HTTP request.",
    HTTPStatus.REQUEST_TIMEOUT: "The request did not arrive in time.",
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "The body is too large.",
    HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE: "The headers are too large.",
    HTTPStatus.SERVICE_UNAVAILABLE: "The server has too many requests. Please send it again.",
}

_SAFE = "".join(f"{name}: {value}\r\n" for name, value in DEFAULTS)


def refusal(status: HTTPStatus) -> bytes:
    """Return the whole response to a request that no thread works on. status: a key of SENTENCES."""
    body = SENTENCES[status] + "\n"
    retry_after = f"Retry-After: {RETRY_AFTER_S}\r\n" if status is HTTPStatus.SERVICE_UNAVAILABLE else ""
    head = (
        f"HTTP/1.1 {status.value} {status.phrase}\r\nConnection: close\r\n{retry_after}"
        f"Content-Type: text/plain; charset=utf-8\r\nContent-Length: {len(body)}\r\n{_SAFE}\r\n"
    )
    return (head + body).encode()


class SlowReader(TimeoutError):
    """The client did not take a response in time."""


class PendingResponse:
    """Replaces the client's socket while gunicorn writes a response.

    A thread waits here only while more than `pending_bytes` are left; the rest is sent by the loop.
    """

    def __init__(self, client: socket, limits: ServerLimits) -> None:
        """client: a non-blocking socket."""
        self._client, self._limits = client, limits
        self._pending = bytearray()
        self._sent_bytes = 0
        self._waited_s = 0.0
        self.is_broken = False
        self.is_late = False

    def __len__(self) -> int:
        """Return the number of bytes not yet sent."""
        return len(self._pending)

    def sendall(self, content: bytes) -> None:
        """Take a part of the response. Raises: OSError if the client is gone or too slow."""
        self._pending += content
        if len(self._pending) >= SEND_BYTES:
            self.send()
        while len(self._pending) > self._limits.pending_bytes:
            self._wait()
            self.send()

    def send(self) -> bool:
        """Send what the client takes without waiting; return whether nothing is left. Raises: OSError."""
        try:
            while self._pending:
                sent = self._client.send(self._pending)
                if self._waited_s:  # bytes that the kernel took at once say nothing about the client
                    self._sent_bytes += sent
                del self._pending[:sent]
        except BlockingIOError:
            return False
        except OSError:
            self.is_broken = True
            raise
        return True

    def _wait(self) -> None:
        """Wait until the client takes more. Raises: SlowReader."""
        allowed_s = self._limits.response_s + self._sent_bytes / self._limits.response_bytes_per_s
        poller = select.poll()
        poller.register(self._client, select.POLLOUT)
        began = clock.monotonic()
        poller.poll(max(0.0, allowed_s - self._waited_s) * 1000)
        self._waited_s += clock.monotonic() - began
        if self._waited_s >= allowed_s:
            self.is_broken = self.is_late = True
            raise SlowReader

    # gunicorn calls these when it answers with an error of its own, or when one ends a response that has begun.

    def gettimeout(self) -> float:
        """Return 0: it does not block."""
        return 0.0

    def shutdown(self, how: int) -> None:
        """Refuse. Raises: OSError, so that gunicorn does not wait for the client to close."""
        raise OSError(how)

    def close(self) -> None:
        """Do nothing: the loop closes the socket."""
