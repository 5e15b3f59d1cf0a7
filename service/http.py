"""One request to a platform: its time limits, and what a missing answer means. No redirects, no cookies, no log.

Tokens travel in headers, or in the body of a renewal: never in what is raised.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from urllib.parse import urlsplit

import requests
from requests.auth import AuthBase
from urllib3.exceptions import HTTPError

from service import clock
from service.capture.parsing.bodies import read_json
from service.capture.parsing.errors import Unreadable
from service.capture.parsing.shapes import Json
from service.platforms.errors import NotNow

CONNECT_S, READ_S = 5.0, 20.0
"""How long reaching a platform may take, and its whole answer."""

ANSWER_MAX = 10 * 1024 * 1024
"""Bytes of an answer that are read: a page of a hundred leads is far below, an export of TikTok's is below."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back. headers: by lower-case name."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def is_ok(self) -> bool:
        """Whether the platform did what it was asked."""
        return self.status == HTTPStatus.OK

    def json(self) -> Json | None:
        """The object it holds, with numbers as text; None for anything else."""
        try:
            found = read_json(self.body)
        except Unreadable:
            return None
        return found if isinstance(found, Mapping) else None


def ask(
    method: str,
    url: str,
    headers: Mapping[str, str] | None = None,
    query: Mapping[str, str] | str = "",
    body: bytes | None = None,
) -> Answer:
    """Make one request. query: a text goes as it is.

    Raises: NotNow where there is no complete answer.
    """
    try:
        return _exchange(method, url, headers or {}, query, body)
    except (requests.RequestException, HTTPError, OSError):
        said = f"{urlsplit(url).hostname} gave no complete answer"
    # Raised out here without its cause: that one's text holds the URL.
    raise NotNow(said)


def _exchange(
    method: str, url: str, headers: Mapping[str, str], query: Mapping[str, str] | str, body: bytes | None
) -> Answer:
    deadline = clock.monotonic() + READ_S
    with (
        requests.Session() as session,
        session.request(
            method,
            url,
            params=query or None,
            headers={"Accept": "application/json", "User-Agent": "lead-capture-for-nexudus", **headers},
            data=body,
            auth=_HeadersOnly(),
            timeout=(CONNECT_S, READ_S),
            allow_redirects=False,
            stream=True,
        ) as response,
    ):
        names = {name.lower(): value for name, value in response.headers.items()}
        return Answer(response.status_code, names, _read(response, deadline))


class _HeadersOnly(AuthBase):
    """Leaves the request as it is: otherwise a ~/.netrc of the machine would replace our Authorization."""

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        """The headers given are the headers sent."""
        return request


def _read(response: requests.Response, deadline: float) -> bytes:
    content = b""
    # read1 gives what is there: one that trickles must not hold a thread for ever.
    while piece := response.raw.read1(65536, decode_content=True):
        content += piece
        if clock.monotonic() > deadline or len(content) > ANSWER_MAX:
            raise requests.ReadTimeout
    return content
