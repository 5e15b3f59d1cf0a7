"""Requests to the CRM's host, and the error for a missing response. No retries."""

import re
from collections.abc import Mapping
from urllib.parse import urlsplit

from service.http import IDLE_S, HttpClient, NoResponse
from service.nexudus.errors import OutcomeUnknown, Unavailable
from service.nexudus.responses import NexudusResponse

MAX_RESPONSE_BYTES = 16 * 2**20
"""Largest response that is read; 1,000 full records are well below."""

_OF_LIMITS = re.compile(r"\brate|limit|quota|throttl", re.IGNORECASE)
"""Names of headers that may state limits; it is not documented which of them Nexudus sends."""


class Transport:
    """Sends requests to one host. Threads may share it; each has its own connection."""

    def __init__(self, base_url: str, *, timeout_s: float, connect_timeout_s: float, idle_s: float = IDLE_S) -> None:
        """timeout_s: for the whole response; connect_timeout_s: for reaching the host; idle_s: see IDLE_S."""
        self.base_url = base_url.rstrip("/")
        self._host = urlsplit(base_url).hostname or base_url
        self._client = HttpClient(
            timeout_s=timeout_s, connect_timeout_s=connect_timeout_s, max_bytes=MAX_RESPONSE_BYTES, idle_s=idle_s
        )
        self.limit_headers: dict[str, str] = {}  # the latest of each

    def send(
        self,
        method: str,
        target: str,
        headers: Mapping[str, str],
        body: bytes | None = None,
        *,
        write: bool,
        timeout_s: float | None = None,
    ) -> NexudusResponse:
        """Send one request; return its response, whatever the status. target: path and query, encoded.

        Raises: Unavailable if nothing was sent or a read failed; OutcomeUnknown if a write was cut short.
        """
        try:
            response = self._client.send(method, self.base_url + target, headers, body, timeout_s=timeout_s)
        except NoResponse as problem:
            if not problem.was_sent:
                raise Unavailable(f"{self._host} could not be reached") from None
            if write:
                said = f"{self._host} gave no complete answer; it may have saved the record"
                raise OutcomeUnknown(said) from None
            raise Unavailable(f"{self._host} gave no complete answer") from None
        self.limit_headers |= {name: text for name, text in response.headers.items() if _OF_LIMITS.search(name)}
        return NexudusResponse(
            status=response.status,
            body=response.body,
            content_type=response.headers.get("Content-Type", ""),
            retry_after=response.headers.get("Retry-After", ""),
        )
