"""Running the simulator: as a process of its own, or in a thread for a test."""

import io
import os
import signal
import socket
import struct
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self
from urllib.parse import unquote_to_bytes

from flask import Flask
from werkzeug.wrappers import Response

from service.simulator import coworkers, custom_fields, opportunities
from service.simulator.app import create_app
from service.simulator.control import handle
from service.simulator.exchange import ApiCall, ConnectionCut, Record
from service.simulator.faults import read_script
from service.simulator.settings import SimulatorSettings, change
from service.simulator.world import World

IDLE_S = 120
MAX_BODY_BYTES = 10_000_000
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
        if not length.isdigit() or int(length) > MAX_BODY_BYTES:
            self.send_error(413)
            return
        environ = self._environ(self.rfile.read(int(length)))
        try:
            answered = Response.from_app(self.server.app, environ, buffered=True)
        except ConnectionCut:
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


POLL_S = 0.01
"""Seconds between two looks at whether to stop: tests start and stop thousands of simulators."""


def serve(port: int, host: str = "127.0.0.1") -> None:
    """Run a simulator until SIGTERM or Ctrl-C; port 0 takes a free one.

    Raises: OSError when the port is taken.
    """
    world = World()
    server = Server((host, port), create_app(world))
    if threading.current_thread() is threading.main_thread():
        for number in (signal.SIGTERM, signal.SIGINT):  # the second is deaf where a shell starts us in the background
            signal.signal(number, signal.default_int_handler)
    try:
        server.serve_forever(POLL_S)
    except KeyboardInterrupt:
        return
    finally:
        world.closing.set()
        server.close_all()
        server.server_close()


class Simulator:
    """A simulator in a thread, on a free port of 127.0.0.1 (or the one given).

        with Simulator(limits="10/s") as sim:
            requests.post(f"{sim.url}/api/token", ...)

    Its keyword arguments are those of `settings`; `reset` comes back to them.
    """

    def __init__(self, *, port: int = 0, **settings: Any) -> None:
        self.world = World(change(SimulatorSettings(), settings))
        self._server = Server(("127.0.0.1", port), create_app(self.world))
        self._thread = threading.Thread(target=self._server.serve_forever, args=(POLL_S,), daemon=True)

    @property
    def url(self) -> str:
        """Scheme, host and port."""
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def stop(self) -> None:
        """Close the port and every open connection; calls that hang are let go."""
        self.world.closing.set()
        self._server.shutdown()
        self._thread.join()
        self._server.close_all()
        self._server.server_close()

    def reset(self) -> None:
        """Begin again: no records, calls, faults or tokens, and the first settings."""
        self.world.reset()

    def faults(self, script: Sequence[Mapping[str, Any]]) -> None:
        """Replace the script of misbehaviour (keys: faults.py). Raises: Problems."""
        wanted = read_script([dict(fault) for fault in script])
        with self.world.lock:
            self.world.script = wanted

    def settings(self, **wanted: Any) -> None:
        """Change how it behaves (names: settings.py). Raises: Problems."""
        self.world.change_settings(wanted)

    def revoke_tokens(self) -> None:
        """End all access tokens before their time; refresh tokens stay good."""
        with self.world.lock:
            self.world.tokens.revoke()

    def add_coworker(self, email: str, full_name: str = "Known Person", business_id: int = 55, **fields: Any) -> Record:
        """Put a customer there, as if made in the admin pages; `fields` by their wire names. Unchecked.

        CreatedOn: since when; TariffId and TariffName make it a member.
        """
        known = {"FullName": full_name, "Email": email, "CountryId": 1, "SimpleTimeZoneId": 2, "CoworkerType": 1}
        places = {"Businesses": [business_id], "InvoicingBusinessId": business_id}
        with self.world.lock:
            record = coworkers.add(self.world, known | places | fields)
            return dict(record)

    def add_opportunities(self, count: int, stage_id: int = 1001, days_old: float = 0) -> None:
        """Put so many opportunities of nobody in a stage, as if made in the admin pages so long ago. Unchecked."""
        with self.world.lock:
            opportunities.add_bare(self.world, count, stage_id, days_old)

    def add_custom_field(self, name: str, **wanted: Any) -> int:
        """Add one, as in the admin pages, required unless said otherwise; its Id (keys: custom_fields.py).

        Raises: Problems.
        """
        with self.world.lock:
            return int(custom_fields.add(self.world, {"name": name, **wanted})["Id"])

    def change_opportunity(self, ident: int, **wanted: Any) -> None:
        """Move, win, lose or delete one, as people do in the admin pages (keys: control.py). Raises: Problems."""
        with self.world.lock:
            handle(self.world, ident, wanted)

    def coworkers_of(self, email: str) -> list[Record]:
        """Every customer with this e-mail (any case), oldest first."""
        with self.world.lock:
            return [dict(record) for record in self.world.tables["Coworker"].having("Email", email)]

    def opportunities_of(self, email: str) -> list[Record]:
        """Every opportunity of the customers with this e-mail, oldest first."""
        with self.world.lock:
            table = self.world.tables["CrmOpportunity"]
            idents = [record["Id"] for record in self.world.tables["Coworker"].having("Email", email)]
            found = [dict(record) for ident in idents for record in table.having("CoworkerId", ident)]
        return sorted(found, key=lambda record: int(record["Id"]))

    def opportunities(self) -> list[Record]:
        """Every opportunity, oldest first."""
        with self.world.lock:
            return [dict(record) for record in self.world.tables["CrmOpportunity"].rows.values()]

    def side_effects(self) -> list[str]:
        """What the real system would have done besides: e-mails, deletions, invoices."""
        with self.world.lock:
            return [str(effect["what"]) for effect in self.world.side_effects]

    def calls(self, method: str | None = None, path: str | None = None) -> list[ApiCall]:
        """The calls that arrived (the last 20,000), those with this method and exactly this path if given."""
        with self.world.lock:
            arrived = list(self.world.calls)
        return [call for call in arrived if method in (None, call.method) and path in (None, call.path)]

    def wait_for_calls(
        self, count: int, method: str | None = None, path: str | None = None, within_s: float = 10
    ) -> list[ApiCall]:
        """Those calls, as soon as there are so many. Raises: TimeoutError."""
        ends = time.monotonic() + within_s
        while len(arrived := self.calls(method, path)) < count:
            if time.monotonic() > ends:
                raise TimeoutError(f"{len(arrived)} of {count} calls arrived within {within_s} s")
            time.sleep(0.01)
        return arrived
