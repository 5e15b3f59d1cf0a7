"""A request as the server hands it over, made plain values."""

from flask import request
from werkzeug.exceptions import ClientDisconnected


def read_body(most: int) -> tuple[bytes, bool]:
    """What arrived, at most one byte more than `most`, which tells that there is more; and whether that is all."""
    body = b""
    announced = request.content_length
    enough = most + 1 if announced is None else min(announced, most + 1)
    stream = request.stream
    try:
        while len(body) < enough and (part := stream.read(enough - len(body))):
            body += part
    except (ClientDisconnected, OSError):
        return body, False
    # Not every server tells that the visitor is gone: gunicorn's stream just ends.
    return body, announced is None or len(body) == enough


def read_headers() -> dict[str, str]:
    """The headers by lower-case name."""
    environ = request.environ
    headers = {name[5:].replace("_", "-").lower(): environ[name] for name in environ if name.startswith("HTTP_")}
    headers["content-type"] = environ.get("CONTENT_TYPE", "")
    return headers
