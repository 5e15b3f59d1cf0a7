"""Headers that make browsers careful with every response: pages, JSON, scripts and errors alike.

A middleware, because a few list operations for each response cost less than Flask's hooks, and because it also reaches
the errors that Flask answers itself. What a view sets stays: a page with styles or scripts has a policy of its own.
"""

from collections.abc import Callable, Iterable
from typing import Any

POLICY = "Content-Security-Policy"

NOTHING = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
"""The policy of what is no page: nothing is loaded, sent or framed, should a browser show it as one."""

DEFAULTS = (
    (POLICY, NOTHING),
    ("X-Content-Type-Options", "nosniff"),
    # Of a page's address, other sites learn the host only: the rest may hold a visitor's answers.
    ("Referrer-Policy", "strict-origin-when-cross-origin"),
    ("Cross-Origin-Opener-Policy", "same-origin"),
    ("Permissions-Policy", "camera=(), geolocation=(), microphone=(), payment=(), usb=()"),
    ("Cache-Control", "no-store"),
)

TRANSPORT = ("Strict-Transport-Security", "max-age=31536000")
"""For a year; not of subdomains, which may be another's, and not on any preload list."""

Application = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


class SecurityHeaders:
    """Adds to each response of a WSGI application the headers that it lacks. is_https: whether visitors use HTTPS."""

    def __init__(self, application: Application, *, is_https: bool) -> None:
        self._application = application
        self._headers = (*DEFAULTS, *([TRANSPORT] if is_https else []))
        self._names = frozenset(name for name, _ in self._headers)

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        """Answer one request."""

        def start(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Any:
            present = dict(headers)
            if self._names.isdisjoint(present):  # as for a form post
                headers += self._headers
            else:
                headers += [header for header in self._headers if header[0] not in present]
            return start_response(status, headers, exc_info)

        return self._application(environ, start)
