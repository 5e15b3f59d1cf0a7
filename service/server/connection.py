"""One client's connection, and the connections that wait for their clients."""

from enum import Enum, auto
from socket import socket
from typing import Any

from service.rate_limit import network_of
from service.server.limits import SMALL_BYTES, ServerLimits
from service.server.request_buffer import BufferedRequest, RequestBuffer
from service.server.responses import PendingResponse


class Phase(Enum):
    """What a connection is waiting for."""

    READING = auto()
    WORKING = auto()  # a thread
    WRITING = auto()
    CLOSING = auto()
    CLOSED = auto()


class ClientConnection:
    """One connection. The loop calls its methods, except those of `sock` and `request` during WORKING."""

    def __init__(self, cfg: Any, client: socket, peer: Any, server: Any, limits: ServerLimits) -> None:
        """peer, server: the addresses as the socket gives them."""
        client.setblocking(False)
        self.cfg, self.socket, self.client, self.server = cfg, client, peer, server
        self.limits = limits
        self.buffer = RequestBuffer(cfg, peer)
        self.sock = PendingResponse(client, limits)  # gunicorn's name for where it writes
        self.request: BufferedRequest | None = None
        self.phase = Phase.READING
        self.deadline = 0.0
        self.is_used = False  # has had a response
        self.keeps = False  # open for another request after this one
        self.accounted_bytes = 0
        is_limited = limits.per_address is not None and isinstance(peer, tuple)  # a Unix socket has no address
        self.host = network_of(str(peer[0])) if is_limited else ""
        """The connection's host for limits: an IPv4 address or an IPv6 /64; "" without one."""

    @property
    def held_bytes(self) -> int:
        """Bytes of memory for what was received or waits to be sent."""
        working = 0 if self.request is None else self.request.size
        return len(self.buffer.received) + working + len(self.sock)

    def take_request(self) -> Any:
        """Return gunicorn's request for the thread that works on it. Raises: errors that gunicorn answers."""
        if self.request is None:
            raise RuntimeError("no request was handed over")
        return self.request.open()

    def receive(self, size: int) -> bytes | None:
        """Return the next bytes; b"" at the end of the connection, None if there are none yet."""
        try:
            return self.socket.recv(size)
        except BlockingIOError:
            return None
        except OSError:  # reset
            return b""


class WaitingConnections:
    """Connections that wait for their client, in the order in which they began to wait."""

    def __init__(self) -> None:
        self._all: dict[ClientConnection, None] = {}
        self._by_host: dict[str, dict[ClientConnection, None]] = {}

    def __len__(self) -> int:
        """Return the number of connections."""
        return len(self._all)

    def add(self, connection: ClientConnection) -> None:
        """Add a connection as the newest."""
        self._all[connection] = None
        if connection.host:
            self._by_host.setdefault(connection.host, {})[connection] = None

    def discard(self, connection: ClientConnection) -> None:
        """Remove a connection, if it is waiting."""
        self._all.pop(connection, None)
        of_host = self._by_host.get(connection.host)
        if of_host is not None:
            of_host.pop(connection, None)
            if not of_host:
                del self._by_host[connection.host]

    def count_of(self, host: str) -> int:
        """Return the number of this host's connections."""
        return len(self._by_host.get(host, ()))

    def oldest(self, host: str = "") -> ClientConnection | None:
        """Return the connection that has waited longest, of this host or of all."""
        return next(iter(self._by_host[host] if host else self._all), None)

    def largest(self) -> ClientConnection | None:
        """Return the connection that holds most memory, if more than SMALL_BYTES."""
        largest = max(self._all, key=lambda connection: connection.held_bytes, default=None)
        return largest if largest is not None and largest.held_bytes > SMALL_BYTES else None

    def overdue(self, now: float) -> list[ClientConnection]:
        """Return the connections whose deadline has passed."""
        return [connection for connection in self._all if connection.deadline <= now]

    def all(self) -> list[ClientConnection]:
        """Return all connections."""
        return list(self._all)
