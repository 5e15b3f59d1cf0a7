"""gunicorn's threaded worker, with a loop that reads requests and sends responses for its threads.

In gunicorn's own worker a thread belongs to a connection from its first byte on, so a few slow clients stop it. Here
the loop waits for the clients: a thread gets a whole request, and hands back its response.
"""

import errno
import resource
import selectors
from collections import Counter
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from http import HTTPStatus
from socket import SHUT_WR, socket
from typing import Any

import structlog
from gunicorn.http.errors import NoMoreData
from gunicorn.workers.gthread import ThreadWorker

from service import clock
from service.server.connection import ClientConnection, Phase, WaitingConnections
from service.server.limits import CAUSES, ServerLimits
from service.server.request_buffer import RequestRefused, RequestStage
from service.server.responses import CONTINUE, refusal

log = structlog.get_logger()

RECEIVE_BYTES = 64 * 1024
"""Bytes read at once from one connection, before the others have their turn."""

OTHER_FILES = 200
"""File descriptors that a web process needs besides its connections."""

LOG_INTERVAL_S = 60
"""Minimum seconds between two log lines that count refused requests and dropped connections."""

SWEEP_INTERVAL_S = 0.25
"""Minimum seconds between two checks of the deadlines; gunicorn's loop turns at least once a second."""

STOP_IDLE_S = 2
"""Seconds for which a stopping process waits for requests that may be on their way."""

STOP_MARGIN_S = 3
"""Seconds before gunicorn's kill at which a stopping process gives up on its clients."""

_NO_DESCRIPTORS = {errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM}
_NO_CONNECTION = {errno.EAGAIN, errno.EWOULDBLOCK, errno.ECONNABORTED, errno.EPROTO}


def buffering_worker(limits: ServerLimits) -> type["BufferingWorker"]:
    """Return gunicorn's `worker_class` with these limits."""
    return type("BufferingWorker", (BufferingWorker,), {"limits": limits})


class BufferingWorker(ThreadWorker):
    """Overrides what happens to a connection; threads, signals and the call of the application stay gunicorn's."""

    limits = ServerLimits()
    worker_connections: int

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.cfg.set("sendfile", False)  # it would need the socket itself
        self.cfg.set("http_parser", "python")  # the tested one, whatever else is installed
        self.waiting = WaitingConnections()
        self.refused = Counter(dict.fromkeys(CAUSES, 0))
        self._express = ThreadPoolExecutor(max_workers=1)
        self._working = self._held_bytes = 0
        self._is_stopping = False
        self._sweep_at = self._log_at = clock.monotonic()
        self._logged: Counter[str] = Counter()

    @classmethod
    def check_config(cls, cfg: Any, log: Any) -> None:
        """Raise ValueError for TLS and the PROXY protocol, which the loop does not speak."""
        super().check_config(cfg, log)
        if cfg.is_ssl or cfg.proxy_protocol != "off":
            raise ValueError("this server speaks plain HTTP/1: TLS and the PROXY protocol belong to a reverse proxy")

    def init_process(self) -> None:
        """Allow as many file descriptors as there may be connections, then run."""
        wanted = self.worker_connections + OTHER_FILES
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        if 0 <= soft < wanted:
            allowed = wanted if hard < 0 else min(wanted, hard)
            resource.setrlimit(resource.RLIMIT_NOFILE, (allowed, hard))
            self.worker_connections = max(self.cfg.threads, allowed - OTHER_FILES)
        super().init_process()

    # -- a connection begins

    def accept(self, listener: socket) -> None:
        """Accept a connection; if there are too many, the one that has waited longest is dropped."""
        try:
            client, peer = listener.accept()
        except OSError as error:
            if error.errno in _NO_DESCRIPTORS:
                self._make_room()
            elif error.errno not in _NO_CONNECTION:
                raise
            return
        connection = ClientConnection(self.cfg, client, peer, listener.getsockname(), self.limits)
        self.nr_conns += 1
        if connection.host and self.waiting.count_of(connection.host) >= (self.limits.per_address or 0):
            self._drop(self.waiting.oldest(connection.host), "address_limit")
        if self.nr_conns >= self.worker_connections:
            self._make_room()
        self._begin(connection)

    def _begin(self, connection: ClientConnection) -> None:
        """Begin with a request that arrived with its connection, as most do; it is not registered with the selector."""
        piece = connection.receive(RECEIVE_BYTES)
        if piece:
            self._add(connection, piece)
        elif piece is not None:
            self._close(connection)
        if connection.phase is Phase.READING:
            in_body = connection.buffer.stage is RequestStage.BODY
            self._wait(connection, Phase.READING, self.limits.body_s if in_body else self.limits.head_s)

    def _make_room(self) -> None:
        """Drop the connection that has waited longest."""
        self._drop(self.waiting.oldest(), "connection_limit")

    def _wait(self, connection: ClientConnection, phase: Phase, within_s: float) -> None:
        """Leave the next move to the client."""
        connection.phase = phase
        connection.deadline = clock.monotonic() + within_s
        self.waiting.add(connection)
        event, callback = {
            Phase.READING: (selectors.EVENT_READ, self.on_readable),
            Phase.WRITING: (selectors.EVENT_WRITE, self.on_writable),
            Phase.CLOSING: (selectors.EVENT_READ, self.on_remainder),
        }[phase]
        self.poller.register(connection.socket, event, partial(callback, connection))

    def _stop_waiting(self, connection: ClientConnection) -> None:
        self.waiting.discard(connection)
        with suppress(KeyError, ValueError):  # it was not waiting
            self.poller.unregister(connection.socket)

    def _account(self, connection: ClientConnection) -> None:
        held_bytes = connection.held_bytes
        self._held_bytes += held_bytes - connection.accounted_bytes
        connection.accounted_bytes = held_bytes

    # -- a request arrives

    def on_readable(self, connection: ClientConnection, _socket: socket) -> None:
        """Take what has arrived."""
        if connection.phase is not Phase.READING:  # dropped in this very turn
            return
        piece = connection.receive(RECEIVE_BYTES)
        if piece:
            self._add(connection, piece)
        elif piece is not None:
            self._end_of_input(connection)

    def _end_of_input(self, connection: ClientConnection) -> None:
        if connection.buffer.end():
            self._begin_work(connection)
        else:
            self._close(connection)

    def _add(self, connection: ClientConnection, piece: bytes) -> None:
        """Add received bytes to the request."""
        before = connection.buffer.stage
        try:
            connection.buffer.add(piece)
        except RequestRefused as refused:
            self._refuse(connection, refused.status, refused.status.name.lower())
            return
        self._account(connection)
        if connection.buffer.stage is RequestStage.READY:
            self._begin_work(connection)
            return
        if connection.buffer.stage is not before:
            self._begin_stage(connection)
        if self._held_bytes > self.limits.held_bytes:
            self._drop(self.waiting.largest(), "memory_limit")

    def _begin_stage(self, connection: ClientConnection) -> None:
        if connection.buffer.stage is RequestStage.BODY:
            connection.deadline = clock.monotonic() + self.limits.body_s
        elif connection.is_used:  # a new one has had its time for the head since it was accepted
            connection.deadline = clock.monotonic() + self.limits.head_s
        if connection.buffer.take_continue():
            with suppress(OSError):  # a client that is gone is noticed when it is read
                connection.socket.send(CONTINUE)

    def _begin_work(self, connection: ClientConnection) -> None:
        """Hand the request to a thread."""
        is_express = connection.buffer.path in self.limits.express_paths
        if self._working >= self.limits.waiting_requests and not is_express:
            self._refuse(connection, HTTPStatus.SERVICE_UNAVAILABLE, "queue_full")
            return
        self._stop_waiting(connection)
        connection.phase = Phase.WORKING
        connection.request = connection.buffer.take()
        connection.keeps = False
        self._account(connection)
        self._working += 1
        work = (self._express if is_express else self.tpool).submit(self.handle, connection)
        work.add_done_callback(lambda done: self.method_queue.defer(self.finish_request, connection, done))

    # -- a thread works on it

    def handle(self, connection: ClientConnection) -> None:
        """Call the application and send what the client takes at once. Runs in a thread."""
        request = None
        try:
            request = connection.take_request()
            connection.keeps = bool(self.handle_request(request, connection))
        except (StopIteration, NoMoreData):
            pass  # the response broke off, and gunicorn has logged why; or the body did
        except OSError as error:
            if not connection.sock.is_broken:  # not the client's doing
                log.error("response_failed", exc_info=error)
        except Exception as error:  # noqa: BLE001 (gunicorn answers what it refuses and logs all else)
            self.handle_error(request, connection.sock, connection.client, error)
        with suppress(OSError):
            connection.sock.send()

    def finish_request(self, connection: ClientConnection, _work: "Future[None]") -> None:
        """Send what is left of the response, then see what follows. Runs in the loop."""
        self._working -= 1
        connection.request = None
        self._account(connection)
        if connection.sock.is_broken:
            if connection.sock.is_late:
                self.refused["response_timeout"] += 1
            self._close(connection)
        elif len(connection.sock):
            self._wait(connection, Phase.WRITING, self.limits.response_s)
        else:
            self._end_response(connection)

    def on_writable(self, connection: ClientConnection, _socket: socket) -> None:
        """Send more of the response."""
        if connection.phase is not Phase.WRITING:
            return
        try:
            is_sent = connection.sock.send()
        except OSError:
            self._close(connection)
            return
        self._account(connection)
        if is_sent:
            self._stop_waiting(connection)
            self._end_response(connection)

    def _end_response(self, connection: ClientConnection) -> None:
        if not connection.keeps:
            self._close_gently(connection)
            return
        connection.is_used = True
        self._wait(connection, Phase.READING, STOP_IDLE_S if self._is_stopping else self.limits.idle_s)
        if connection.buffer.received:  # sent without waiting for this response
            self._add(connection, b"")

    # -- a connection ends

    def _refuse(self, connection: ClientConnection, status: HTTPStatus, cause: str) -> None:
        """Answer in place of the application, and close."""
        self.refused[cause] += 1
        connection.buffer.received.clear()
        self._send_refusal(connection, status)
        self._close_slowly(connection)

    def _drop(self, connection: ClientConnection | None, cause: str) -> None:
        """Close at once, to make room; a request that had begun gets an answer if it can be sent at once."""
        if connection is None:
            return
        self.refused[cause] += 1
        if connection.phase is Phase.READING and connection.buffer.stage is not RequestStage.NOTHING:
            self._send_refusal(connection, HTTPStatus.SERVICE_UNAVAILABLE)
        self._close(connection)

    def _send_refusal(self, connection: ClientConnection, status: HTTPStatus) -> None:
        with suppress(OSError):
            connection.socket.send(refusal(status))

    def _close_gently(self, connection: ClientConnection) -> None:
        """Close after a response. Unread bytes would make the kernel discard it, so they are read first."""
        if connection.buffer.received or connection.receive(1):
            self._close_slowly(connection)
        else:
            self._close(connection)

    def _close_slowly(self, connection: ClientConnection) -> None:
        """Announce that nothing follows, and discard what still arrives (RFC 9112, section 9.6)."""
        self._stop_waiting(connection)
        with suppress(OSError):
            connection.socket.shutdown(SHUT_WR)
        connection.buffer.received.clear()
        self._account(connection)
        self._wait(connection, Phase.CLOSING, 0 if self._is_stopping else self.limits.closing_s)

    def on_remainder(self, connection: ClientConnection, _socket: socket) -> None:
        """Discard what arrives."""
        if connection.phase is Phase.CLOSING and connection.receive(RECEIVE_BYTES) == b"":
            self._close(connection)

    def _close(self, connection: ClientConnection) -> None:
        self._stop_waiting(connection)
        connection.phase = Phase.CLOSED
        connection.socket.close()
        self.nr_conns -= 1
        self._held_bytes -= connection.accounted_bytes

    # -- deadlines

    def murder_keepalived(self, force: bool = False) -> None:
        """Check the deadlines; gunicorn calls this at each turn of its loop. force: close all, at the end."""
        now = clock.monotonic()
        if force:
            for connection in self.waiting.all():
                self._close(connection)
        elif now >= self._sweep_at:
            self._sweep_at = now + SWEEP_INTERVAL_S
            if not self.alive and not self._is_stopping:
                self._begin_stop(now)
            for connection in self.waiting.overdue(now):
                self._expire(connection)
            self._log_refused(now)

    def _begin_stop(self, now: float) -> None:
        """Give requests that have begun their time to end, and wait only briefly for others."""
        self._is_stopping = True
        for connection in self.waiting.all():
            has_begun = connection.phase is Phase.WRITING or connection.buffer.stage is not RequestStage.NOTHING
            patience_s = self.cfg.graceful_timeout - STOP_MARGIN_S if has_begun else STOP_IDLE_S
            connection.deadline = min(connection.deadline, now + patience_s)

    def _expire(self, connection: ClientConnection) -> None:
        if connection.phase is Phase.WRITING:
            self.refused["response_timeout"] += 1
        elif connection.phase is Phase.READING and connection.buffer.stage is not RequestStage.NOTHING:
            self._refuse(connection, HTTPStatus.REQUEST_TIMEOUT, f"{connection.buffer.stage.name.lower()}_timeout")
            return
        self._close(connection)

    def _log_refused(self, now: float) -> None:
        """Log the counts since the last line, so that a flood does not fill the log."""
        if self.refused != self._logged and now >= self._log_at:
            self._log_at = now + LOG_INTERVAL_S
            log.warning("connections_refused", **(self.refused - self._logged))
            self._logged = self.refused.copy()
