"""The outermost layer of the web process: each request gets an id, which its log lines bear, and is counted."""

import random
import re
from collections.abc import Callable, Iterable
from typing import Any

from service import clock
from service.lead import TraceContext
from service.metrics.web import WebMetrics
from service.tracing.context import CURRENT

HEADER = "X-Request-Id"

_ID = re.compile(r"[0-9A-Za-z._-]{8,64}")
"""An id that a reverse proxy may give: long enough to be one, and nothing that could be an address or a sentence."""

WsgiApp = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


class Edge:
    """A WSGI application around another one."""

    def __init__(self, app: WsgiApp, metrics: WebMetrics, *, trusts_ids: bool) -> None:
        """trusts_ids: a request's own id is kept, because a reverse proxy has set it."""
        self._app = app
        self._metrics = metrics
        self._trusts_ids = trusts_ids

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        """Answer one request."""
        began = clock.monotonic()
        request_id = self._id_of(environ)
        status, request = "500", None

        def start(status_line: str, headers: list[tuple[str, str]], *more: Any) -> Any:
            nonlocal status, request
            status = status_line[:3]
            request = environ.get("werkzeug.request")  # Flask removes it when the response has begun
            headers.append((HEADER, request_id))
            return start_response(status_line, headers, *more)

        token = CURRENT.set(TraceContext(request_id))
        try:
            return self._app(environ, start)
        finally:
            CURRENT.reset(token)
            self._metrics.count(environ, request, status, clock.monotonic() - began)

    def _id_of(self, environ: dict[str, Any]) -> str:
        given = environ.get("HTTP_X_REQUEST_ID", "") if self._trusts_ids else ""
        return given if _ID.fullmatch(given) else f"{random.getrandbits(64):016x}"
