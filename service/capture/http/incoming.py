"""The current request as plain values, the kind of response that its sender expects, and which page may read it."""

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qs

from flask import request
from werkzeug.datastructures import Headers
from werkzeug.exceptions import ClientDisconnected

from service.capture.http.sites import host_of, is_below
from service.forms import Form


def read_body(max_bytes: int) -> tuple[bytes, bool]:
    """Return the body, cut one byte after `max_bytes`, and whether that is all the sender announced."""
    body = b""
    announced = request.content_length
    wanted = max_bytes + 1 if announced is None else min(announced, max_bytes + 1)
    stream = request.stream
    try:
        while len(body) < wanted and (part := stream.read(wanted - len(body))):
            body += part
    except (ClientDisconnected, OSError):
        return body, False
    # Not every server reports that the visitor is gone: gunicorn's stream just ends.
    return body, announced is None or len(body) == wanted


def read_headers(environ: Mapping[str, Any]) -> dict[str, str]:
    """Return the headers of a WSGI environment by lower-case name."""
    headers = {name[5:].replace("_", "-").lower(): environ[name] for name in environ if name.startswith("HTTP_")}
    headers["content-type"] = environ.get("CONTENT_TYPE", "")
    return headers


def wants_json(headers: Mapping[str, str], content_type: str, query: str) -> bool:
    """Return whether a script waits for the response rather than a person with a page.

    headers: by lower-case name. query: of the endpoint, without its "?".
    """
    media_type = content_type.partition(";")[0].strip().lower()
    return (
        "application/json" in headers.get("accept", "").lower()
        or bool(headers.get("x-requested-with"))
        or media_type.endswith(("/json", "+json"))
        or headers.get("sec-fetch-mode", "").lower() in {"cors", "no-cors"}
        or (bool(query) and "json" in parse_qs(query).get("format", ()))
    )


def is_beacon(headers: Mapping[str, str], content_type: str) -> bool:
    """Return whether the response goes unread, so that the sender cannot correct anything."""
    mode = headers.get("sec-fetch-mode", "").lower()
    if mode:
        return mode == "no-cors"
    # Browsers without Sec-Fetch-Mode (Safari before 16.4) still show a beacon by its type; a page's own text/plain
    # form asks for HTML.
    is_plain = content_type.partition(";")[0].strip().lower() == "text/plain"
    return is_plain and "sec-fetch-mode" not in headers and "text/html" not in headers.get("accept", "")


# -- CORS, by the Fetch standard

_METHODS = "POST, OPTIONS"
_ALLOWED_HEADERS = ("content-type", "accept", "x-requested-with", "idempotency-key")
_FORBIDDEN_HEADERS = frozenset(("cookie", "cookie2", "set-cookie", "host", "origin", "referer", "authorization"))
_HEADER_NAME = re.compile(r"[a-z0-9-]{1,64}")
_MAX_REQUESTED_HEADERS = 20
_PREFLIGHT_MAX_AGE_S = 7200  # Chromium's upper limit


def origin_allowed(origin: str, form: Form) -> bool:
    """Return whether a page of this Origin may post; hosts are compared, "www." is ignored.

    `allowed_origins` name single sites, `own_domains` all below them too. No Origin and "null" are allowed: servers
    send none, sandboxed pages and old browsers the other.
    """
    if not form.allowed_origins or origin in {"", "null"}:
        return True
    host = host_of(origin)
    if not host:
        return False
    is_named = any(host_of(allowed) == host for allowed in form.allowed_origins)
    return is_named or is_below(host, map(host_of, form.attribution.own_domains))


def cors_headers(origin: str, form: Form | None) -> dict[str, str]:
    """Return the headers that let a page's script read a response, errors included. form: None for an unknown one."""
    if not origin or (form is not None and not origin_allowed(origin, form)):
        return {"Vary": "Origin"}
    # The Origin and not "*": beacons come with credentials, for which browsers refuse "*".
    return {
        "Vary": "Origin",
        "Access-Control-Allow-Origin": origin,
        "Access-Control-Allow-Credentials": "true",
    }


def preflight_headers(headers: Mapping[str, str] | Headers, form: Form) -> dict[str, str]:
    """Return the response headers to a preflight (OPTIONS) request with these headers."""
    cors = cors_headers(headers.get("origin", ""), form)
    if "Access-Control-Allow-Origin" not in cors:
        return cors
    requested = headers.get("access-control-request-headers", "").lower().split(",")[:_MAX_REQUESTED_HEADERS]
    allowed = dict.fromkeys((*_ALLOWED_HEADERS, *(name.strip() for name in requested)))
    return {
        **cors,
        "Access-Control-Allow-Methods": _METHODS,
        "Access-Control-Allow-Headers": ", ".join(name for name in allowed if _is_safe_header(name)),
        "Access-Control-Max-Age": str(_PREFLIGHT_MAX_AGE_S),
    }


def _is_safe_header(name: str) -> bool:
    is_allowed = name not in _FORBIDDEN_HEADERS and not name.startswith(("sec-", "proxy-"))
    return is_allowed and bool(_HEADER_NAME.fullmatch(name))
