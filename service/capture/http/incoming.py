"""The current request as plain values, and which kind of response its sender expects."""

from collections.abc import Mapping
from urllib.parse import parse_qs

from flask import request
from werkzeug.exceptions import ClientDisconnected


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


def read_headers() -> dict[str, str]:
    """Return the headers by lower-case name."""
    environ = request.environ
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
