"""One HTTP request: its time limits, and what a missing answer means. No retries, no redirects, no cookies."""

import re
import ssl
import threading
from collections.abc import Mapping
from http.cookiejar import DefaultCookiePolicy
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter
from requests.auth import AuthBase
from urllib3.exceptions import HTTPError, NewConnectionError

from service import clock
from service.nexudus.answers import Answer
from service.nexudus.errors import NexudusError, OutcomeUnknown, Unavailable

BODY_MAX = 16 * 2**20
"""Bytes of an answer that are read; 1,000 full records are well below."""

IDLE_S = 4.0
"""Seconds after which an idle connection is not used again.

A server that closes a kept connection just as we write into it leaves a write in doubt, though nothing
was done. The safe answer is OutcomeUnknown; this makes it rare, because front servers commonly keep a
connection for five seconds or much longer. The price is one handshake after a quiet spell.
"""


_OF_LIMITS = re.compile(r"\brate|limit|quota|throttl", re.IGNORECASE)
"""Names of headers that may state limits; which of them Nexudus sends is not documented."""


class Transport:
    """Sends requests to one host. Threads may share it; each has its own connection."""

    def __init__(self, base_url: str, *, timeout_s: float, connect_timeout_s: float, idle_s: float = IDLE_S) -> None:
        """timeout_s: for the answer; connect_timeout_s: for reaching the host; idle_s: see IDLE_S."""
        self.base_url = base_url.rstrip("/")
        self._host = urlsplit(base_url).hostname or base_url
        self._timeout_s = timeout_s
        self._idle_s = idle_s
        self._connect_timeout_s = connect_timeout_s
        self._local = threading.local()
        self.limit_headers: dict[str, str] = {}  # as the last answers had them

    def send(
        self,
        method: str,
        target: str,
        headers: Mapping[str, str],
        body: bytes | None = None,
        *,
        write: bool,
        timeout_s: float | None = None,
    ) -> Answer:
        """One request, one Answer, whatever its status. `target`: path and query, ready encoded.

        Raises: Unavailable when nothing was sent or a read failed; OutcomeUnknown when a write was cut short.
        """
        limit_s = self._timeout_s if timeout_s is None else min(timeout_s, self._timeout_s)
        try:
            return self._exchange(method, target, headers, body, limit_s)
        except (requests.RequestException, HTTPError) as problem:
            trouble = self._judge(problem, write=write)
        # Raised out here without its cause: that one's text holds the URL, and so the person's e-mail address.
        raise trouble

    def _exchange(
        self, method: str, target: str, headers: Mapping[str, str], body: bytes | None, limit_s: float
    ) -> Answer:
        deadline = clock.monotonic() + limit_s
        with self._session().request(
            method,
            self.base_url + target,
            headers={"Accept": "application/json", **headers},
            data=body,
            timeout=(self._connect_timeout_s, limit_s),
            allow_redirects=False,
            stream=True,
        ) as response:
            content = _read_until(response, deadline)
        self._local.used_at = clock.monotonic()
        self.limit_headers |= {name: text for name, text in response.headers.items() if _OF_LIMITS.search(name)}
        return Answer(
            status=response.status_code,
            body=content,
            content_type=response.headers.get("Content-Type", ""),
            retry_after=response.headers.get("Retry-After", ""),
        )

    def _session(self) -> requests.Session:
        session: requests.Session | None = getattr(self._local, "session", None)
        if session is None:
            session = self._local.session = _new_session()
        elif clock.monotonic() - self._local.used_at > self._idle_s:
            session.close()  # drops its connections; it opens a new one by itself
        self._local.used_at = clock.monotonic()
        return session

    def _judge(self, problem: Exception, *, write: bool) -> NexudusError:
        if _nothing_was_sent(problem):
            return Unavailable(f"{self._host} could not be reached")
        if write:
            return OutcomeUnknown(f"{self._host} gave no complete answer; it may have saved the record")
        return Unavailable(f"{self._host} gave no complete answer")


def _new_session() -> requests.Session:
    session = requests.Session()
    session.auth = _HeadersOnly()
    session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
    session.headers["User-Agent"] = "lead-capture-for-nexudus"
    for scheme in ("http://", "https://"):
        session.mount(scheme, HTTPAdapter(max_retries=0, pool_maxsize=1))
    return session


class _HeadersOnly(AuthBase):
    """Leaves the request as it is: otherwise a ~/.netrc of the machine would replace our Authorization."""

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        """The headers given are the headers sent."""
        return request


def _read_until(response: requests.Response, deadline: float) -> bytes:
    """The whole body, though a server that trickles never runs into the limit between two bytes."""
    content = b""
    # read1 gives what is there; iter_content would wait for a whole piece, however long that takes.
    while piece := response.raw.read1(65536, decode_content=True):
        content += piece
        if clock.monotonic() > deadline or len(content) > BODY_MAX:
            raise requests.ReadTimeout("the answer came too slowly, or was too long")
    return content


def _nothing_was_sent(problem: Exception) -> bool:
    before = (
        requests.ConnectTimeout,
        requests.exceptions.ProxyError,
        requests.exceptions.InvalidURL,
        requests.exceptions.MissingSchema,
        requests.exceptions.InvalidSchema,
    )
    reason = getattr(problem.args[0], "reason", None) if problem.args else None
    if isinstance(problem, before) or isinstance(reason, NewConnectionError):
        return True
    # Other TLS errors can strike in the middle of a write.
    return bool(reason and reason.args and isinstance(reason.args[0], ssl.SSLCertVerificationError))
