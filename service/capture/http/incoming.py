"""The current request as plain values, the kind of response that its sender expects, and which page may read it.

And answers in the query of an address.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlencode

from flask import request
from werkzeug.datastructures import Headers

from service.capture.fields.enquiries import Enquiry, Item, NamedAnswer
from service.capture.fields.evidence import host_of, is_below
from service.capture.fields.layout import CLICK_IDS, UTM_KEYS
from service.capture.fields.names import fold, meaning_of
from service.capture.parsing.texts import clean
from service.capture.tools.sender import WebhookCall
from service.edge import SETUP, Environ, WsgiApp
from service.forms import Form, Setup
from service.lead import CANONICAL_FIELDS


def setup_of_request() -> Setup:
    """Return the set-up by which this request is answered, even if another takes effect meanwhile."""
    setup: Setup = request.environ[SETUP]
    return setup


def read_body(max_bytes: int) -> tuple[bytes, bool]:
    """Return the body, cut one byte after `max_bytes`, and whether it is all that the sender announced.

    A body that announces more is not read: zeros replace it, which show that it is too large.
    """
    body = b""
    announced = request.content_length
    if announced is not None and announced > max_bytes:
        return bytes(max_bytes + 1), False
    wanted = max_bytes + 1 if announced is None else announced
    # Nothing is read beyond an announced length, so that the server's own stream needs no guard around it.
    stream = request.stream if announced is None else request.environ["wsgi.input"]
    try:
        while len(body) < wanted and (part := stream.read(wanted - len(body))):
            body += part
    except OSError:
        return body, False
    # Not every server reports that the visitor has disconnected: gunicorn's stream just ends.
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
    """Return whether the sender ignores the response, and so cannot correct anything."""
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


def readable_by_pages(app: WsgiApp) -> WsgiApp:
    """Return the application with CORS headers on responses to addresses of forms.

    On a 405, a 500 or a redirect as well: without them a page's script sees nothing but a network error.
    """

    def call(environ: Environ, start_response: Callable[..., Any]) -> Iterable[bytes]:
        def start(status: str, headers: list[tuple[str, str]], *more: Any) -> Any:
            form = environ[SETUP].forms.get(environ["PATH_INFO"].lstrip("/").removeprefix("f/").rstrip("/"))
            return start_response(status, _with_cors(headers, environ.get("HTTP_ORIGIN", ""), form), *more)

        return app(environ, start)

    return call


def _with_cors(headers: list[tuple[str, str]], origin: str, form: Form | None) -> list[tuple[str, str]]:
    """Return a response's headers with those for CORS, which a preflight has already; it may vary by language, too."""
    cors = cors_headers(origin, form)
    given = [value for name, value in headers if name == "Vary"]
    if given:
        cors["Vary"] = ", ".join(dict.fromkeys((*given, cors["Vary"])))
    return [*(header for header in headers if header[0] not in cors), *cors.items()]


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


# -- answers in the query of an address: HTTP nodes of many automations send GET by default, some tools nothing else


FORM_ENCODING = "application/x-www-form-urlencoded"

_NO_ANSWERS = frozenset(
    (
        *("token", "key", "secret", "apikey", "accesstoken", "auth", "authorization", "password", "signature", "sig"),
        *("hubmode", "hubtopic", "hubchallenge", "hubverifytoken", "challenge", "challengecode", "validationtoken"),
        *("crctoken", "verificationtoken", "applicationid", "lang", "format"),
    )
)
"""Folded names of secrets, of handshakes, and of parameters that control the response."""

_EMPTY_BODIES = (b"", b"{}", b"[]", b"[{}]", b"null", b'""')


def answers_in(query: str) -> list[tuple[str, str]]:
    """Return the names and values of a query (without "?") that may be answers: neither proofs nor campaign tags."""
    pairs = parse_qsl(query, keep_blank_values=True, errors="replace")
    return [(name, value) for name, value in pairs if _is_answer(name)] if query else []


def _is_answer(name: str) -> bool:
    target = _target_of(name)
    return fold(name) not in _NO_ANSWERS and target not in UTM_KEYS and target not in CLICK_IDS


def holds_nothing(body: bytes) -> bool:
    """Return whether a body is empty, as tools send it without content."""
    return b"".join(body.split()) in _EMPTY_BODIES


def as_body(call: WebhookCall, pairs: Sequence[tuple[str, str]]) -> WebhookCall:
    """Return the call with the answers in its query as its body."""
    headers = {**call.headers, "content-type": FORM_ENCODING}
    return replace(call, body=urlencode(pairs).encode(), headers=headers)


def with_answers(item: Item, pairs: Sequence[tuple[str, str]]) -> Item:
    """Return an enquiry with the answers that only its address has, such as `?location=london`.

    Only answers of known meaning count, since an address may hold anything. Where the body answers the same question,
    the address is kept as a remark: `?name=zapier` is not the name of the person who filled in the form.
    """
    if not isinstance(item, Enquiry):
        return item
    known = {each.target or _target_of(each.name) for each in item.answers}
    canonical = [(name, clean(value)) for name, value in pairs if _target_of(name) in CANONICAL_FIELDS]
    more = [NamedAnswer(name, value) for name, value in canonical if _target_of(name) not in known]
    beside = {f"{name} (in the address)": value for name, value in canonical if _target_of(name) in known}
    return replace(item, answers=[*item.answers, *more], details={**item.details, **beside})


def _target_of(name: str) -> str:
    meaning = meaning_of(name)
    return meaning.target if meaning else ""
