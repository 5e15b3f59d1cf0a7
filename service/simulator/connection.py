"""Sockets: HTTP/1.1 with keep-alive around a WSGI application, able to cut a connection in the middle.

Werkzeug's development server closes after every answer (and waits 10 ms to do so), which a load
target must not, and it drops headers with an underscore, which `client_id` has.
"""

import io
import os
import socket
import struct
import sys
import threading
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import unquote_to_bytes

from flask import Flask
from werkzeug.wrappers import Response

from service.simulator.exchange import Cut

IDLE_S = 120
MOST_BYTES = 10_000_000
RESET_ON_CLOSE = struct.pack("ii", 1, 0)


class Server(ThreadingHTTPServer):
    """One thread a connection; `close_all` ends those that clients keep open."""

    daemon_threads = True
    request_queue_size = 256

    def __init__(self, address: tuple[str, int], app: Flask) -> None:
        self.app = app
        self._open: set[socket.socket] = set()
        self._open_lock = threading.Lock()
        super().__init__(address, Connection)

    def process_request(self, request: Any, client_address: Any) -> None:
        """Serve a new connection, remembering it."""
        with self._open_lock:
            self._open.add(request)
        super().process_request(request, client_address)

    def close_request(self, request: Any) -> None:
        """Forget a connection that ends."""
        with self._open_lock:
            self._open.discard(request)
        super().close_request(request)

    def close_all(self) -> None:
        """Shut every open connection; their threads then end by themselves."""
        with self._open_lock:
            for still_open in self._open:
                with suppress(OSError):  # the client was quicker
                    still_open.shutdown(socket.SHUT_RDWR)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Print what went wrong in here; a client that went away is no news."""
        if not isinstance(sys.exc_info()[1], OSError):
            super().handle_error(request, client_address)


class Connection(BaseHTTPRequestHandler):
    """One client's connection, request after request."""

    protocol_version = "HTTP/1.1"
    server: Server
    timeout = IDLE_S
    wbufsize = -1  # head and body leave together
    disable_nagle_algorithm = True

    def serve(self) -> None:
        """Answer one request by the application, or cut the connection when that is what it does."""
        length = self.headers.get("Content-Length", "0")
        if not length.isdigit() or int(length) > MOST_BYTES:
            self.send_error(413)
            return
        environ = self._environ(self.rfile.read(int(length)))
        try:
            answered = Response.from_app(self.server.app, environ, buffered=True)
        except Cut:
            self._cut()
            return
        self._send(answered)

    do_GET = do_POST = do_PUT = do_DELETE = do_PATCH = do_HEAD = do_OPTIONS = serve  # noqa: N815 - http.server's names

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - http.server's name
        """Say nothing: the board page and /_sim/state show what arrives."""

    def _send(self, answered: Response) -> None:
        code, _, reason = answered.status.partition(" ")
        self.send_response_only(int(code), reason)
        for name, value in answered.headers:
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(answered.get_data())
        self.wfile.flush()

    def _cut(self) -> None:
        """Close with RST and without a word. Detached, so that nobody says goodbye (FIN) first."""
        self.close_connection = True
        with suppress(OSError):
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET_ON_CLOSE)
            os.close(self.connection.detach())

    def _environ(self, body: bytes) -> dict[str, Any]:
        path, _, query = self.path.partition("?")
        host, port = self.server.server_address[:2]
        environ = {
            "REQUEST_METHOD": self.command,
            "SCRIPT_NAME": "",
            "PATH_INFO": unquote_to_bytes(path).decode("latin-1"),
            "QUERY_STRING": query,
            "CONTENT_TYPE": self.headers.get("Content-Type", ""),
            "CONTENT_LENGTH": str(len(body)),
            "SERVER_NAME": str(host),
            "SERVER_PORT": str(port),
            "SERVER_PROTOCOL": self.request_version,
            "wsgi.version": (1, 0),
            "wsgi.url_scheme": "http",
            "wsgi.input": io.BytesIO(body),
            "wsgi.errors": sys.stderr,
            "wsgi.multithread": True,
            "wsgi.multiprocess": False,
            "wsgi.run_once": False,
        }
        for name, value in self.headers.items():
            environ.setdefault(f"HTTP_{name.upper().replace('-', '_')}", value)
        return environ
