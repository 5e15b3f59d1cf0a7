"""The simulator as a process, or in a thread for tests, on HTTP/1.1 sockets that it can cut in the middle.

Werkzeug's development server closes after every response (and waits 10 ms to do so), which a load target must not, and
it drops headers with an underscore, such as `client_id`.
"""

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
    """A server with one thread for each connection; `close_all` ends the open ones."""

    daemon_threads = True
    request_queue_size = 256

    def __init__(self, address: tuple[str, int], app: Flask) -> None:
        self.app = app
        self._open: set[socket.socket] = set()
        self._open_lock = threading.Lock()
        if ":" in address[0]:
            self.address_family = socket.AF_INET6
        super().__init__(address, Connection)

    def process_request(self, request: Any, client_address: Any) -> None:
        """Register and serve a new connection."""
        with self._open_lock:
            self._open.add(request)
        super().process_request(request, client_address)

    def close_request(self, request: Any) -> None:
        """Unregister a connection that ends."""
        with self._open_lock:
            self._open.discard(request)
        super().close_request(request)

    def close_all(self) -> None:
        """Shut every open connection, which ends its thread."""
        with self._open_lock:
            for still_open in self._open:
                with suppress(OSError):  # the client has closed it
                    still_open.shutdown(socket.SHUT_RDWR)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Print errors of the simulator; a client that disconnects is not one."""
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
        """Answer one request, or cut the connection where the application says so."""
        length = self.headers.get("Content-Length", "0")
        if not length.isdigit() or int(length) > MAX_BODY_BYTES:
            self.send_error(413)
            return
        environ = self._environ(self.rfile.read(int(length)))
        try:
            response = Response.from_app(self.server.app, environ, buffered=True)
        except ConnectionCut:
            self._cut()
            return
        self._send(response)

    do_GET = do_POST = do_PUT = do_DELETE = do_PATCH = do_HEAD = do_OPTIONS = serve  # noqa: N815 - http.server's names

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - http.server's name
        """Log nothing: the board page and /_sim/state show the calls."""

    def _send(self, response: Response) -> None:
        code, _, reason = response.status.partition(" ")
        self.send_response_only(int(code), reason)
        for name, value in response.headers:
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(response.get_data())
        self.wfile.flush()

    def _cut(self) -> None:
        """Close with RST, detached so that no FIN is sent before."""
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


POLL_INTERVAL_S = 0.01
"""Seconds between two checks for a stop: tests start and stop thousands of simulators."""


def serve(port: int, host: str = "127.0.0.1") -> None:
    """Run a simulator until SIGTERM or Ctrl-C; port 0 takes a free one. Raises: OSError if the port is taken."""
    world = World()
    server = Server((host, port), create_app(world))
    if threading.current_thread() is threading.main_thread():
        for number in (signal.SIGTERM, signal.SIGINT):  # SIGINT is ignored when a shell starts us in the background
            signal.signal(number, signal.default_int_handler)
    try:
        server.serve_forever(POLL_INTERVAL_S)
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

    The keyword arguments are those of `settings`; `reset` restores them.
    """

    def __init__(self, *, port: int = 0, **settings: Any) -> None:
        self.world = World(change(SimulatorSettings(), settings))
        self._server = Server(("127.0.0.1", port), create_app(self.world))
        self._thread = threading.Thread(target=self._server.serve_forever, args=(POLL_INTERVAL_S,), daemon=True)

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
        """Close the port and every connection, also of calls that hang."""
        self.world.closing.set()
        self._server.shutdown()
        self._thread.join()
        self._server.close_all()
        self._server.server_close()

    def reset(self) -> None:
        """Start anew: no records, calls, faults or tokens, and the first settings."""
        self.world.reset()

    def faults(self, script: Sequence[Mapping[str, Any]]) -> None:
        """Replace the scripted faults (keys: faults.py). Raises: ControlProblems."""
        wanted = read_script([dict(fault) for fault in script])
        with self.world.lock:
            self.world.script = wanted

    def settings(self, **wanted: Any) -> None:
        """Change settings (names: settings.py). Raises: ControlProblems."""
        self.world.change_settings(wanted)

    def revoke_tokens(self) -> None:
        """End all access tokens; refresh tokens stay valid."""
        with self.world.lock:
            self.world.tokens.revoke()

    def add_coworker(self, email: str, full_name: str = "Known Person", business_id: int = 55, **fields: Any) -> Record:
        """Add a customer without checks. fields: by wire name; TariffId and TariffName make a member."""
        defaults = {"FullName": full_name, "Email": email, "CountryId": 1, "SimpleTimeZoneId": 2, "CoworkerType": 1}
        places = {"Businesses": [business_id], "InvoicingBusinessId": business_id}
        with self.world.lock:
            record = coworkers.add(self.world, defaults | places | fields)
            return dict(record)

    def add_opportunities(self, count: int, stage_id: int = 1001, days_old: float = 0) -> None:
        """Add empty opportunities to a stage, created `days_old` ago, unchecked."""
        with self.world.lock:
            opportunities.add_bare(self.world, count, stage_id, days_old)

    def add_custom_field(self, name: str, **wanted: Any) -> int:
        """Add a custom field, by default required; return its Id (keys: custom_fields.py). Raises: ControlProblems."""
        with self.world.lock:
            return int(custom_fields.add(self.world, {"name": name, **wanted})["Id"])

    def change_opportunity(self, ident: int, **wanted: Any) -> None:
        """Move, win, lose or delete an opportunity (keys: control.py). Raises: ControlProblems."""
        with self.world.lock:
            handle(self.world, ident, wanted)

    def coworkers_of(self, email: str) -> list[Record]:
        """Return every customer with this e-mail address, ignoring case, oldest first."""
        with self.world.lock:
            return [dict(record) for record in self.world.tables["Coworker"].having("Email", email)]

    def opportunities_of(self, email: str) -> list[Record]:
        """Return every opportunity of the customers with this e-mail address, oldest first."""
        with self.world.lock:
            table = self.world.tables["CrmOpportunity"]
            idents = [record["Id"] for record in self.world.tables["Coworker"].having("Email", email)]
            records = [dict(record) for ident in idents for record in table.having("CoworkerId", ident)]
        return sorted(records, key=lambda record: int(record["Id"]))

    def opportunities(self) -> list[Record]:
        """Return every opportunity, oldest first."""
        with self.world.lock:
            return [dict(record) for record in self.world.tables["CrmOpportunity"].rows.values()]

    def side_effects(self) -> list[str]:
        """Return the side effects of the real system: e-mails, deletions, invoices."""
        with self.world.lock:
            return [str(effect["what"]) for effect in self.world.side_effects]

    def calls(self, method: str | None = None, path: str | None = None) -> list[ApiCall]:
        """Return the last 20,000 calls, filtered by method and exact path if given."""
        with self.world.lock:
            arrived = list(self.world.calls)
        return [call for call in arrived if method in (None, call.method) and path in (None, call.path)]

    def wait_for_calls(
        self, count: int, method: str | None = None, path: str | None = None, within_s: float = 60
    ) -> list[ApiCall]:
        """Wait for `count` calls and return them. Raises: TimeoutError."""
        ends = time.monotonic() + within_s
        while len(arrived := self.calls(method, path)) < count:
            if time.monotonic() > ends:
                raise TimeoutError(f"{len(arrived)} of {count} calls arrived within {within_s} s")
            time.sleep(0.01)
        return arrived
