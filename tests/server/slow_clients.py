"""A crowd of slow clients: unfinished heads, dripping bodies, silent connections."""

import resource
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from http.client import HTTPConnection

HEAD = b"POST /f/contact HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Long: "
BODY = (
    b"POST /f/contact HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/x-www-form-urlencoded\r\n"
    b"Content-Length: 200000\r\n\r\nemail=" + b"a" * 60_000  # beyond what Caddy keeps back
)
CROWD = {"heads": (64, HEAD), "bodies": (64, BODY), "idle": (1000, b"")}


@contextmanager
def slow_clients(port: int, kinds: list[str]) -> Iterator[None]:
    """All of these kinds at once; each goes on sending a byte twice a second, and comes back when it is turned away."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(4096, hard), hard))
    beginnings = [begin for kind in kinds for number, begin in [CROWD[kind]] for _ in range(number)]
    clients = [(_connection(port, begin), begin) for begin in beginnings]
    done, settled = threading.Event(), threading.Event()

    def drip() -> None:
        while not done.wait(0.5):
            for place, (client, begin) in enumerate(clients):
                try:
                    if begin:
                        client.send(b"a")
                except OSError:
                    client.close()
                    with suppress(OSError):
                        clients[place] = (_connection(port, begin), begin)
            settled.set()

    dripping = threading.Thread(target=drip)
    dripping.start()
    settled.wait(10)
    try:
        yield
    finally:
        done.set()
        dripping.join()
        for client, _ in clients:
            client.close()


def _connection(port: int, begin: bytes) -> socket.socket:
    client = socket.create_connection(("127.0.0.1", port), timeout=5)
    client.sendall(begin)
    return client


def health_s(port: int) -> float:
    """Seconds until /healthz has answered."""
    began = time.monotonic()
    assert _status(port, "GET", "/healthz", None, {}) == 200
    return time.monotonic() - began


def post_lead(port: int, number: int) -> int:
    """The status of a real post."""
    headers = {"Accept": "application/json", "Content-Type": "application/x-www-form-urlencoded"}
    return _status(port, "POST", "/f/contact", f"email=ann{number}@example.com&name=Ann", headers)


def _status(port: int, method: str, path: str, body: str | None, headers: dict[str, str]) -> int:
    connection = HTTPConnection("127.0.0.1", port, timeout=10)
    with closing(connection):
        connection.request(method, path, body, headers)
        return connection.getresponse().status
