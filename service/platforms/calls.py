"""A call to an ad platform's API: its time limits, and the error for a missing response.

Tokens travel in headers, or in the body of a renewal: never in what is raised.
"""

from collections.abc import Mapping
from contextlib import closing
from urllib.parse import urlsplit

from service.capture.parsing.bodies import read_json
from service.capture.parsing.errors import Unreadable
from service.capture.parsing.shapes import Json
from service.http import HttpClient, HttpResponse, NoResponse
from service.platforms.errors import NotNow

CONNECT_TIMEOUT_S, TIMEOUT_S = 5.0, 20.0
"""Seconds for reaching a platform, and for its whole response."""

MAX_RESPONSE_BYTES = 10 * 1024 * 1024
"""A page of a hundred leads and a TikTok export are well below."""


class PlatformResponse(HttpResponse):
    """An ad platform's response."""

    def json(self) -> Json | None:
        """Return the JSON object in the body, with numbers as text; None for anything else."""
        try:
            value = read_json(self.body)
        except Unreadable:
            return None
        return value if isinstance(value, Mapping) else None


def call(
    method: str,
    url: str,
    headers: Mapping[str, str] | None = None,
    query: Mapping[str, str] | str = "",
    body: bytes | None = None,
) -> PlatformResponse:
    """Make one request. query: a string is appended as it is.

    Raises: NotNow when there is no complete response.
    """
    client = HttpClient(timeout_s=TIMEOUT_S, connect_timeout_s=CONNECT_TIMEOUT_S, max_bytes=MAX_RESPONSE_BYTES)
    with closing(client):
        try:
            response = client.send(method, url, headers or {}, body, query=query)
        except NoResponse:
            raise NotNow(f"{urlsplit(url).hostname} gave no complete answer") from None
    return PlatformResponse(response.status, response.headers, response.body)
