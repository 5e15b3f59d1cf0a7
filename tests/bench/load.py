"""Loads of form posts, light enough to run beside the measured server: some visitors for a while, or many at once."""

import selectors
import socket
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import urlencode

POSTS_A_CONNECTION = 20
"""Posts of one connection.

Visitors come and go, and connections that last for the whole run would stay with one process.
"""


@dataclass(frozen=True, slots=True)
class Load:
    """The measurements of a load, in seconds."""

    per_second: float
    p50_s: float
    p99_s: float
    failed: int


def form_post(number: int, tag: str) -> bytes:
    """One ordinary form post as a page's script sends it, no two the same."""
    body = urlencode(
        {
            "name": f"Ada Lovelace {number}",
            "email": f"ada.{tag}.{number}@example.com",
            "phone": "+44 20 7946 0142",
            "company": "Engines Ltd",
            "team_size": "6-10",
            "location": "Leeds",
            "message": f"We need a private office for eight people, enquiry {number}.",
            "consent": "on",
            "lc_landing_url": "https://www.example.com/leeds?utm_source=google&utm_medium=cpc&utm_campaign=leeds-offices&gclid=Cj0KCQiA",
            "lc_page_url": "https://www.example.com/contact",
            "lc_referrer": "https://www.google.com/",
            "lc_key": f"{tag}-{number}",
        }
    ).encode()
    head = (
        "POST /f/contact HTTP/1.1\r\nHost: localhost\r\nAccept: application/json\r\n"
        "User-Agent: Mozilla/5.0\r\nOrigin: https://www.example.com\r\n"
        f"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


class _Client:
    """One visitor: sends, waits for the whole answer, sends the next."""

    def __init__(self, port: int, address: str = "") -> None:
        """address: its own, of the loopback network; "" for any."""
        self.socket = socket.create_connection(("127.0.0.1", port), 10, (address, 0) if address else None)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.received = b""
        self.sent_at = 0.0
        self.left = POSTS_A_CONNECTION

    def send(self, request: bytes) -> None:
        self.received = b""
        self.left -= 1
        self.sent_at = time.perf_counter()
        self.socket.sendall(request)

    def answer(self) -> bytes | None:
        """Return the whole response once it has arrived."""
        try:
            piece = self.socket.recv(65536)
        except ConnectionError:
            piece = b""
        self.received += piece
        head, blank, body = self.received.partition(b"\r\n\r\n")
        if not piece or (blank and len(body) >= _length(head)):
            return self.received
        return None


def _length(head: bytes) -> int:
    for line in head.lower().split(b"\r\n"):
        if line.startswith(b"content-length:"):
            return int(line.partition(b":")[2])
    return 0


def post_for(
    port: int, seconds: float, clients: int, tag: str, request: Callable[[int, str], bytes] = form_post
) -> Load:
    """Post from `clients` visitors at once for some seconds. request: of a number and the tag, no two the same."""
    ready = selectors.DefaultSelector()
    number = failed = 0
    waits: list[float] = []
    for _ in range(clients):
        client = _Client(port)
        ready.register(client.socket, selectors.EVENT_READ, client)
        client.send(request(number, tag))
        number += 1
    began = time.perf_counter()
    while time.perf_counter() - began < seconds:
        for key, _ in ready.select(1):
            client = key.data
            answer = client.answer()
            if answer is None:
                continue
            waits.append(time.perf_counter() - client.sent_at)
            failed += not answer.startswith(b"HTTP/1.1 200")
            if client.left <= 0 or b"onnection: close" in answer or not answer:
                ready.unregister(client.socket)
                client.socket.close()
                client = _Client(port)
                ready.register(client.socket, selectors.EVENT_READ, client)
            client.send(request(number, tag))
            number += 1
    took = time.perf_counter() - began
    for key in list(ready.get_map().values()):
        key.data.socket.close()
    cuts = statistics.quantiles(waits, n=100)
    return Load(len(waits) / took, cuts[49], cuts[98], failed)


@dataclass(frozen=True, slots=True)
class Burst:
    """The measurements of a burst, in seconds from its beginning, when every client sends."""

    answered: int
    p50_s: float
    p99_s: float
    last_s: float


def burst(port: int, clients: int, tag: str, patience_s: float = 60) -> Burst:
    """Post once from each of so many visitors at the same moment, each with an address of its own."""
    visitors = [_Client(port, f"127.1.{number // 250}.{number % 250 + 1}") for number in range(clients)]
    requests = [form_post(number, tag) for number in range(clients)]
    ready = selectors.DefaultSelector()
    waits: list[float] = []
    began = time.perf_counter()
    for visitor, request in zip(visitors, requests, strict=True):
        visitor.send(request)
        ready.register(visitor.socket, selectors.EVENT_READ, visitor)
    while ready.get_map() and time.perf_counter() - began < patience_s:
        for key, _ in ready.select(1):
            answer = key.data.answer()
            if answer is None:
                continue
            if answer.startswith(b"HTTP/1.1 200"):
                waits.append(time.perf_counter() - began)
            ready.unregister(key.data.socket)
    for visitor in visitors:
        visitor.socket.close()
    cuts = statistics.quantiles(waits or [patience_s] * 2, n=100)
    return Burst(len(waits), cuts[49], cuts[98], max(waits, default=patience_s))
