"""Limits of time and memory for the clients of the web server."""

from dataclasses import dataclass

MAX_HEAD_BYTES = 64 * 1024
"""Maximum bytes of a request's head: its first line and its headers."""

MAX_BODY_BYTES = 5 * 1024 * 1024
"""Maximum bytes of a body, read before the application is called: the largest that any of its routes accepts."""

MAX_CHUNK_OVERHEAD_BYTES = 256 * 1024
"""Maximum bytes of a chunked body besides its contents: sizes, line ends and trailers."""

SMALL_BYTES = 16 * 1024
"""A connection that holds no more than this is never dropped for lack of memory."""


CAUSES = (
    *("address_limit", "connection_limit", "memory_limit", "queue_full"),
    *("head_timeout", "body_timeout", "response_timeout"),
    *("bad_request", "request_header_fields_too_large", "request_entity_too_large"),
)
"""Causes of dropping a connection, or refusing a request, before a route sees it."""


@dataclass(frozen=True, slots=True)
class ServerLimits:
    """Limits of one web process; every duration is a total in seconds, however the bytes arrive.

    head_s: from the connection, or from the first byte on a kept one, to the end of the head.
    body_s: from the end of the head to the end of the body.
    idle_s: between a response and the next request on a kept connection.
    response_s: until the client has taken the response; one of more than `pending_bytes` gets another second for each
        `response_bytes_per_s` taken.
    closing_s: time for which bytes on a connection that is being closed are discarded.
    per_address: connections of one address (of one /64 in IPv6) that may wait for their client; None for no limit,
        because all come from a proxy.
    waiting_requests: whole requests that may wait for a thread; the next one is answered with 503.
    held_bytes: memory for bytes received and not yet processed.
    pending_bytes: of a response, kept in memory for a client that is slow to take it.
    express_paths: requests for these go to a thread of their own.
    """

    head_s: float = 10
    body_s: float = 30
    idle_s: float = 5
    response_s: float = 30
    response_bytes_per_s: int = 16 * 1024
    closing_s: float = 5
    per_address: int | None = 64
    waiting_requests: int = 1000
    held_bytes: int = 64 * 1024 * 1024
    pending_bytes: int = 1024 * 1024
    express_paths: frozenset[str] = frozenset()
