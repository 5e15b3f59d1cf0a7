"""Outgoing HTTP: one request, one complete response in time. No retries, redirects, cookies or logging.

The first request loads the library: most web processes make none, and it takes 4 MB.
"""

import ssl
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING

from service import clock
from service.version import USER_AGENT

if TYPE_CHECKING:
    import requests

IDLE_S = 4.0
"""Seconds after which an idle connection is not used again.

A server that closes a kept connection just as we write into it leaves a write in doubt, though nothing
was done. The safe outcome is "unknown"; this makes it rare, because front servers commonly keep a
connection for five seconds or much longer. The price is one handshake after a quiet spell.
"""


@dataclass(frozen=True)
class HttpResponse:
    """A complete response. headers: looked up in any case."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def is_ok(self) -> bool:
        """Whether the status is 200."""
        return self.status == HTTPStatus.OK


class NoResponse(Exception):
    """No complete response arrived. was_sent: the request may have reached the server.

    It carries neither the URL nor its cause, because both can hold tokens and e-mail addresses.
    """

    def __init__(self, *, was_sent: bool) -> None:
        super().__init__("no complete response")
        self.was_sent = was_sent


class HttpClient:
    """Sends requests. Threads may share it; each has its own connections, which are reused for IDLE_S seconds."""

    def __init__(self, *, timeout_s: float, connect_timeout_s: float, max_bytes: int, idle_s: float = IDLE_S) -> None:
        """timeout_s: for the whole response; connect_timeout_s: for reaching the host; max_bytes: of a body."""
        self._timeout_s = timeout_s
        self._connect_timeout_s = connect_timeout_s
        self._max_bytes = max_bytes
        self._idle_s = idle_s
        self._local = threading.local()

    def send(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str],
        body: bytes | None = None,
        *,
        query: Mapping[str, str] | str = "",
        timeout_s: float | None = None,
    ) -> HttpResponse:
        """Make one request. query: a string is appended as it is; timeout_s: a shorter limit for this request.

        Raises: NoResponse.
        """
        limit_s = self._timeout_s if timeout_s is None else min(timeout_s, self._timeout_s)
        try:
            return self._exchange(method, url, headers, body, query, limit_s)
        except Exception as error:
            if not _is_failure(error):
                raise
            was_sent = not _nothing_was_sent(error)
        # Raised outside of the except block, so that the cause is dropped.
        raise NoResponse(was_sent=was_sent)

    def _exchange(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str],
        body: bytes | None,
        query: Mapping[str, str] | str,
        limit_s: float,
    ) -> HttpResponse:
        deadline = clock.monotonic() + limit_s
        with self._session().request(
            method,
            url,
            params=query or None,
            headers={"Accept": "application/json", **headers},
            data=body,
            timeout=(self._connect_timeout_s, limit_s),
            allow_redirects=False,
            stream=True,
        ) as response:
            content = self._read(response, deadline)
        self._local.used_at = clock.monotonic()
        return HttpResponse(response.status_code, response.headers, content)

    def _read(self, response: "requests.Response", deadline: float) -> bytes:
        """Read the whole body; a server that trickles would never exceed the timeout between two bytes."""
        content = b""
        # read1 returns what is there; iter_content would wait for a whole chunk, however long that takes.
        while chunk := response.raw.read1(65536, decode_content=True):
            content += chunk
            if clock.monotonic() > deadline or len(content) > self._max_bytes:
                raise TimeoutError("the response came too slowly, or was too long")
        return content

    def _session(self) -> "requests.Session":
        session: requests.Session | None = getattr(self._local, "session", None)
        if session is None:
            session = self._local.session = _new_session()
        elif clock.monotonic() - self._local.used_at > self._idle_s:
            session.close()  # drops its connections; it opens new ones when needed
        self._local.used_at = clock.monotonic()
        return session


def _new_session() -> "requests.Session":
    from http.cookiejar import DefaultCookiePolicy  # noqa: PLC0415 (see above)

    import requests  # noqa: PLC0415
    from requests.adapters import HTTPAdapter  # noqa: PLC0415

    session = requests.Session()
    session.auth = _leave_alone
    session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
    session.headers["User-Agent"] = USER_AGENT
    for scheme in ("http://", "https://"):
        session.mount(scheme, HTTPAdapter(max_retries=0, pool_maxsize=1))
    return session


def _leave_alone(request: "requests.PreparedRequest") -> "requests.PreparedRequest":
    """Change nothing; without any `auth`, the machine's ~/.netrc would replace our Authorization header."""
    return request


def _is_failure(error: Exception) -> bool:
    """Return whether an error comes from the network or the response, not from a bug of ours."""
    from urllib3.exceptions import HTTPError  # noqa: PLC0415

    return isinstance(error, OSError | HTTPError)  # requests' own errors are OSErrors


def _nothing_was_sent(error: Exception) -> bool:
    from requests import exceptions  # noqa: PLC0415
    from urllib3.exceptions import NewConnectionError  # noqa: PLC0415

    reason = getattr(error.args[0], "reason", None) if error.args else None
    not_sent = (
        exceptions.ConnectTimeout,
        exceptions.ProxyError,
        exceptions.InvalidURL,
        exceptions.MissingSchema,
        exceptions.InvalidSchema,
    )
    if isinstance(error, not_sent) or isinstance(reason, NewConnectionError):
        return True
    # Other TLS errors can strike in the middle of a write.
    return bool(reason and reason.args and isinstance(reason.args[0], ssl.SSLCertVerificationError))
