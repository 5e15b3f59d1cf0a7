"""The outermost layer of the web application: adds to each request before a route sees it, and to its response.

A request gets an id, which its log lines carry, and one version of the set-up, which it keeps to its end; before any
version could be read, only monitoring is answered. A response gets the id, and headers that make browsers careful:
pages, JSON, scripts and errors alike, including those that Flask answers itself. Then the request is counted, with the
outcomes of leads that its route noted.

One middleware, because a few list operations for each response cost less than Flask's hooks.
"""

import random
import re
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, Protocol

from service import clock
from service.forms import Setup
from service.lead import TraceContext
from service.tracing.context import CURRENT

if TYPE_CHECKING:
    from service.tracing.spans import Tracer

Environ = dict[str, Any]
WsgiApp = Callable[[Environ, Callable[..., Any]], Iterable[bytes]]

# -- keys of a request's WSGI environment

SETUP = "lead_capture.setup"
"""The version of the set-up that the request is answered with."""

TAKEN, REFUSED = "lead_capture.taken", "lead_capture.refused"
"""The outcomes of the leads that it brought; why its leads were refused."""

REPEAT = "repeat"
"""Outcome of a repeated lead; for any other it is the status: pending, quarantined, parked ..."""


TAKEN_OUTCOMES = ("pending", REPEAT, "quarantined", "parked", "test", "announced")
"""Possible outcomes of a lead that arrives."""

POST_REFUSALS = (
    *("invalid", "captcha_missing", "captcha_failed", "empty", "unreadable", "unsupported_type", "too_large"),
    *("too_many", "unavailable", "method_not_allowed", "form_not_found"),
)
"""Reasons to refuse a form post."""

CALL_REFUSALS = (
    *("unauthorized", "forbidden", "too_many_requests", "bad_request", "request_entity_too_large"),
    *("unavailable", "method_not_allowed", "form_not_found", "not_found"),
)
"""Reasons to refuse a webhook call."""


def note_taken(environ: Environ, outcomes: Iterable[str]) -> None:
    """Note the outcomes of leads that were stored."""
    environ.setdefault(TAKEN, []).extend(outcomes)


def note_refused(environ: Environ, reason: str) -> None:
    """Note that nothing was stored. reason: of POST_REFUSALS or CALL_REFUSALS, never a stranger's words."""
    environ[REFUSED] = reason.lower()


def outcome_in(environ: Environ) -> str:
    """Return the result of a request: the outcomes of its leads, each once, or why they were refused."""
    return " ".join(dict.fromkeys(environ.get(TAKEN, ()))) or str(environ.get(REFUSED, ""))


# -- routes

ENTRY_ROUTES = ("/f/", "/webhooks/")
"""Beginnings of routes that take leads."""

MONITORING = ("/healthz", "/metrics")
"""Paths that are answered without a set-up."""

UNMATCHED = "unmatched"
"""The route of requests that match none: their paths are strangers' words."""


def route_of(request: Any) -> str:
    """Return the pattern of the route that Flask's request matched. request: None if it was not routed."""
    rule = None if request is None else request.url_rule
    return UNMATCHED if rule is None else str(rule.rule)


def _brings_leads(environ: Environ) -> bool:
    return bool(environ["REQUEST_METHOD"] == "POST" and environ["PATH_INFO"].startswith(ENTRY_ROUTES))


# -- headers of a response

ID_HEADER = "X-Request-Id"

POLICY = "Content-Security-Policy"

NOTHING = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
"""Content-Security-Policy of responses other than pages: if a browser shows one, nothing is loaded, sent or framed."""

DEFAULTS = (
    (POLICY, NOTHING),
    ("X-Content-Type-Options", "nosniff"),
    # Other sites learn only the host of a page's address: the rest may hold a visitor's answers.
    ("Referrer-Policy", "strict-origin-when-cross-origin"),
    ("Cross-Origin-Opener-Policy", "same-origin"),
    ("Permissions-Policy", "camera=(), geolocation=(), microphone=(), payment=(), usb=()"),
    ("Cache-Control", "no-store"),
)
"""Added unless a view has set them: a page with styles or scripts has a policy of its own."""

TRANSPORT = ("Strict-Transport-Security", "max-age=31536000")
"""For a year; not for subdomains, which may belong to someone else, and not on any preload list."""

# -- the middleware

EDGE = "lead_capture_edge"
"""Name of the application's extension that is its Edge."""

_ID = re.compile(r"[0-9A-Za-z._-]{8,64}")
"""Pattern of an id that a reverse proxy may give: long enough, and nothing that could be an address or a sentence."""

_ADDRESS_AND_PORT = re.compile(r"(?:(\d+(?:\.\d+){3})|\[([0-9a-fA-F:.]+)\])(?::\d+)?")


class _State(Protocol):
    @property
    def setup(self) -> Setup: ...


class SetupInForce(Protocol):
    """Holds the version of the set-up in force: service.setup.CurrentSetup, on a higher floor."""

    @property
    def state(self) -> _State:
        """The whole version."""


Count = Callable[[Environ, Any, str, float], None]
"""Counts one answered request: environment, Flask's request (None if it was not routed), status, seconds."""


class Edge:
    """The WSGI application between the server and Flask's."""

    def __init__(
        self,
        app: WsgiApp,
        forms: WsgiApp,
        current: SetupInForce,
        count: Count,
        unavailable: WsgiApp,
        *,
        is_https: bool,
        trusts_ids: bool,
    ) -> None:
        """forms: the application for addresses of forms, which pages of other sites call.

        unavailable: answers while no version of the set-up could be read yet, as then any form may exist.

        is_https: visitors use HTTPS.
        trusts_ids: keep a request's own id and trace, because a reverse proxy has set them.
        """
        self._app = app
        self._forms = forms
        self._current = current
        self._count = count
        self._unavailable = unavailable
        self._headers = (*DEFAULTS, *([TRANSPORT] if is_https else []))
        self._names = frozenset(name for name, _ in self._headers)
        self._trusts_ids = trusts_ids
        self._tracer: Tracer | None = None

    def trace(self, tracer: "Tracer") -> None:
        """Make a span of each request that brings leads from now on."""
        self._tracer = tracer

    def __call__(self, environ: Environ, start_response: Callable[..., Any]) -> Iterable[bytes]:
        """Answer one request."""
        began = clock.monotonic()
        request_id = self._id_of(environ)
        setup = environ[SETUP] = self._current.state.setup
        app = self._forms if environ["PATH_INFO"].lstrip("/").startswith("f/") else self._app
        if not setup.is_read and environ["PATH_INFO"] not in MONITORING:
            app = self._unavailable
        status, request = "500", None

        def start(status_line: str, headers: list[tuple[str, str]], *more: Any) -> Any:
            nonlocal status, request
            status = status_line[:3]
            request = environ.get("werkzeug.request")  # Flask removes it once the response has begun
            present = dict(headers)
            if self._names.isdisjoint(present):  # as for a form post
                headers += self._headers
            else:
                headers += [header for header in self._headers if header[0] not in present]
            headers.append((ID_HEADER, request_id))
            return start_response(status_line, headers, *more)

        token = CURRENT.set(TraceContext(request_id))
        try:
            if self._tracer is None or not _brings_leads(environ):
                return app(environ, start)
            parent = environ.get("HTTP_TRACEPARENT", "") if self._trusts_ids else ""
            with self._tracer.answering(parent) as note:
                response = app(environ, start)
                note(route_of(request), int(status), outcome_in(environ))
                return response
        finally:
            CURRENT.reset(token)
            self._count(environ, request, status, clock.monotonic() - began)

    def _id_of(self, environ: Environ) -> str:
        given = environ.get("HTTP_X_REQUEST_ID", "") if self._trusts_ids else ""
        return given if _ID.fullmatch(given) else f"{random.getrandbits(64):016x}"


def without_port(app: WsgiApp) -> WsgiApp:
    """Strip the port that some proxies, such as Azure's, add to a caller's address: limits count by address."""

    def call(environ: Environ, start_response: Callable[..., Any]) -> Iterable[bytes]:
        address = environ.get("REMOTE_ADDR", "")
        if ":" in address and (match := _ADDRESS_AND_PORT.fullmatch(address)):
            environ["REMOTE_ADDR"] = match[1] or match[2]
        return app(environ, start_response)

    return call
