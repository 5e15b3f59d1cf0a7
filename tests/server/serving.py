"""The worker of the web server in a thread of this process, with a small application and clients that misbehave."""

import json
import os
import selectors
import socket
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs

from gunicorn.config import Config
from gunicorn.glogging import Logger

from service.server.limits import ServerLimits
from service.server.worker import buffering_worker

EXPRESS = "/healthz"


@dataclass
class Echo:
    """An application that describes each request, and waits, fails or sends much, as its path says."""

    gate: threading.Event = field(default_factory=threading.Event)
    entered: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(0))
    seen: list[str] = field(default_factory=list)

    def __call__(self, environ: dict[str, Any], start: Callable[..., object]) -> Iterable[bytes]:
        path, body = environ["PATH_INFO"], environ["wsgi.input"].read()
        self.seen.append(path)
        if path == "/wait":
            self.entered.release()
            self.gate.wait(20)
        query = parse_qs(environ["QUERY_STRING"])
        if path == "/stream":
            start("200 OK", [("Content-Type", "text/csv")])
            return (b"x" * 65536 for _ in range(int(query["parts"][0])))
        if path == "/large":
            content = b"x" * int(query["bytes"][0])
        else:
            announced = environ.get("CONTENT_LENGTH", "")
            content = json.dumps([environ["REQUEST_METHOD"], path, len(body), body[:40].decode(), announced]).encode()
        start("200 OK", [("Content-Type", "text/plain"), ("Content-Length", str(len(content)))])
        return [content]


@dataclass
class Served:
    """A running worker. worker: for its counts."""

    port: int
    worker: Any
    app: Echo
    _open: ExitStack

    def client(self, sent: bytes = b"", *, small_window: bool = False) -> socket.socket:
        """A connection on which these bytes have been sent; closed with the worker."""
        client = socket.socket()
        self._open.callback(client.close)
        if small_window:
            client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        client.settimeout(10)
        client.connect(("127.0.0.1", self.port))
        client.sendall(sent)
        return client

    def exchange(self, sent: bytes) -> bytes:
        """Return everything received on a connection that the server closes."""
        return rest_of(self.client(sent))

    def health_s(self) -> float:
        """Seconds until /healthz has answered."""
        began = time.monotonic()
        assert self.exchange(closing(f"GET {EXPRESS}")).startswith(b"HTTP/1.1 200")
        return time.monotonic() - began

    def stop(self) -> None:
        """Stop the worker as SIGTERM does."""
        self.worker.handle_exit(None, None)


@contextmanager
def serving(limits: ServerLimits | None = None, *, threads: int = 2, connections: int = 1500) -> Iterator[Served]:
    """A worker that serves an Echo on a free port until the block ends."""
    limits = limits or ServerLimits(express_paths=frozenset({EXPRESS}))
    cfg = Config()
    for name, value in {"threads": threads, "worker_connections": connections, "keepalive": 5}.items():
        cfg.set(name, value)
    cfg.set("graceful_timeout", 6)
    cfg.set("loglevel", "critical")
    app = Echo()
    with socket.create_server(("127.0.0.1", 0), backlog=2048) as listener, ExitStack() as clients:
        worker = buffering_worker(limits)(1, os.getppid(), [listener], None, 30, cfg, Logger(cfg))
        worker.wsgi = app
        worker.tpool, worker.poller = worker.get_thread_pool(), selectors.DefaultSelector()
        worker.method_queue.init()
        loop = threading.Thread(target=worker.run)
        port = listener.getsockname()[1]
        loop.start()
        served = Served(port, worker, app, clients)
        try:
            yield served
        finally:
            clients.close()
            app.gate.set()
            served.stop()
            loop.join(10)
            worker.tmp.close()
            assert not loop.is_alive()


def closing(line: str, *headers: str) -> bytes:
    """A request without a body, after which the server closes."""
    return "\r\n".join([f"{line} HTTP/1.1", "Host: localhost", "Connection: close", *headers, "", ""]).encode()


def post(body: bytes, path: str = "/post", *headers: str) -> bytes:
    """A post, after which the server closes."""
    return closing(f"POST {path}", f"Content-Length: {len(body)}", *headers) + body


def rest_of(client: socket.socket) -> bytes:
    """All until the server closes; a reset ends it too."""
    received = b""
    try:
        while piece := client.recv(65536):
            received += piece
    except ConnectionResetError:
        pass
    return received


def one_response(client: socket.socket) -> bytes:
    """One response with a Content-Length, on a connection that stays open."""
    received = b""
    while b"\r\n\r\n" not in received:
        piece = client.recv(1)
        assert piece, received
        received += piece
    head = received.lower()
    length = int(head.partition(b"content-length:")[2].split(b"\r\n")[0]) if b"content-length:" in head else 0
    while length > 0:
        piece = client.recv(length)
        assert piece, received
        received, length = received + piece, length - len(piece)
    return received
