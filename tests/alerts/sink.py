"""A receiver of alerts: a webhook to which Apprise's json:// posts."""

import json
import threading
from collections.abc import Sequence
from http import HTTPStatus
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit

from service.alerts.channels import SENT, Message


class AlertSink:
    """Keeps the messages that it receives, and answers with `status`."""

    def __init__(self) -> None:
        self.received: list[dict[str, Any]] = []
        self.status = 200
        self.hangs = threading.Event()
        self.reached = threading.Event()
        self.closed = threading.Event()
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            """One alert."""

            def do_POST(self) -> None:
                """Receive it."""
                receiver.reached.set()
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                if receiver.hangs.is_set():
                    self.wfile.write(b"HTTP/1.1 200 OK\r\n")
                    while not receiver.closed.wait(0.5):  # drips: no time limit between two bytes ends it
                        self.wfile.write(b"X-Drip: 1\r\n")
                    return
                receiver.received.append(body)
                self.send_response(receiver.status)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_: Any) -> None:
                """Quietly."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.address = f"json://127.0.0.1:{self._server.server_address[1]}/secret-path"
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()

    @property
    def titles(self) -> list[str]:
        """The titles of the messages received."""
        return [message["title"] for message in self.received]

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.closed.set()
        self._server.shutdown()
        self._server.server_close()


def send_here(addresses: Sequence[str], message: Message, _stop: threading.Event) -> list[str]:
    """Send what Apprise would send, from this process, in milliseconds; for tests that are not about Apprise."""
    return [_post(address, message) for address in addresses]


def _post(address: str, message: Message) -> str:
    url = urlsplit(address)
    connection = HTTPConnection(url.netloc, timeout=5)
    body = json.dumps({"title": message.title, "message": message.body, "type": message.tone})
    try:
        connection.request("POST", url.path, body)
        status = connection.getresponse().status
    except OSError:
        return "it could not be reached, or refused it"
    finally:
        connection.close()
    return SENT if status == HTTPStatus.OK else f"it answered with error {status}"
