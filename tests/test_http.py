"""Outgoing HTTP: a complete response in time, or an error that says whether the request was sent and hides the URL."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from service.http import HttpClient, NoResponse
from service.version import VERSION

SECRET = "token-of-the-test"


class Handler(BaseHTTPRequestHandler):
    """Answers by the path: with a redirect, or so many bytes."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        """Answer."""
        size = self.path.partition("?")[0].strip("/")
        body = b"x" * int(size) if size.isdecimal() else b""
        self.send_response(200 if size.isdecimal() else 302)
        self.send_header("Location", "/1")
        self.send_header("Content-Length", str(len(body)))
        self.send_header("X-Request", f"{self.path} {self.headers['Authorization']} {self.headers['Cookie']}")
        self.send_header("Set-Cookie", "session=1")
        self.send_header("X-Agent", self.headers["User-Agent"])
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """Quietly."""


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    """The address of a server."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()


@pytest.fixture
def client() -> HttpClient:
    return HttpClient(timeout_s=2, connect_timeout_s=1, max_bytes=100)


def test_a_response_has_its_status_headers_and_body(client: HttpClient, address: str) -> None:
    response = client.send("GET", f"{address}/5", {"Authorization": "A"}, query={"page": "1 2"})

    assert (response.is_ok, response.body, response.headers["x-request"]) == (True, b"xxxxx", "/5?page=1+2 A None")


def test_every_request_names_the_program_and_its_version(client: HttpClient, address: str) -> None:
    assert client.send("GET", f"{address}/5", {}).headers["x-agent"] == f"nexudus-lead-capture/{VERSION}"


def test_cookies_are_not_kept_and_redirects_not_followed(client: HttpClient, address: str) -> None:
    client.send("GET", f"{address}/5", {})

    response = client.send("GET", f"{address}/away", {})

    assert (response.status, response.headers["X-Request"]) == (302, "/away None None")


def test_a_response_that_is_too_long_is_none(client: HttpClient, address: str) -> None:
    with pytest.raises(NoResponse) as caught:
        client.send("GET", f"{address}/101?{SECRET}", {})

    assert caught.value.was_sent
    assert (SECRET in str(caught.value), caught.value.__context__) == (False, None)


def test_a_server_that_is_not_there_was_sent_nothing(client: HttpClient) -> None:
    with pytest.raises(NoResponse) as caught:
        client.send("GET", f"http://127.0.0.1:1/{SECRET}", {})

    assert not caught.value.was_sent
    assert (SECRET in str(caught.value), caught.value.__context__) == (False, None)
