"""A captcha provider: a real server that answers as the test says, and keeps the requests."""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self
from urllib.parse import parse_qs

from service.forms import Captcha

PASSED = {"success": True, "challenge_ts": "2026-11-25T12:00:00Z", "hostname": "www.example.com"}


def failed(*codes: str) -> dict[str, Any]:
    """Return a response that rejects a token."""
    return {"success": False, "error-codes": list(codes)}


class Provider:
    """Says `answer` (JSON, or bytes as they are) with `status`, to every question but those about spent tokens.

    spends: whether a token that passed once is a duplicate from then on.
    """

    def __init__(self) -> None:
        self.requests: list[dict[str, str]] = []
        self.answer: dict[str, Any] | bytes = PASSED
        self.status = 200
        self.spends = False
        self.hangs = threading.Event()
        self.trickles = threading.Event()
        self._spent: set[str] = set()
        self._closed = threading.Event()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}/siteverify"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True)

    def captcha(self, provider: str = "turnstile", **more: Any) -> Captcha:
        """The form's captcha settings for this provider."""
        return Captcha(provider, secret="shh", url=self.url, **more)

    def reply(self, question: dict[str, str]) -> bytes:
        """Return the body of the response to one request."""
        self.requests.append(question)
        if self.spends and question["response"] in self._spent:
            return json.dumps(failed("timeout-or-duplicate")).encode()
        self._spent.add(question["response"])
        return self.answer if isinstance(self.answer, bytes) else json.dumps(self.answer).encode()

    def stall(self) -> bool:
        """Whether there is no response at all; returns when the test is over."""
        return self.hangs.is_set() and self._closed.wait(30)

    def pause(self) -> bool:
        """Between two bytes; True when the test is over."""
        return self._closed.wait(0.1)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._closed.set()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


def _handler(provider: Provider) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            answer = provider.reply({name: given[0] for name, given in parse_qs(body, keep_blank_values=True).items()})
            if provider.stall():
                return
            self.send_response(provider.status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            for place in range(len(answer)) if provider.trickles.is_set() else ():
                self.wfile.write(answer[place : place + 1])
                if provider.pause():
                    return
            if not provider.trickles.is_set():
                self.wfile.write(answer)

        def log_message(self, *_: object) -> None:
            """Keep quiet."""

    return Handler
