"""Calls and responses in the documented shapes, and times as the CRM writes and reads them.

The simulator plays another computer, so it has a clock of its own.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

Record = dict[str, Any]

MAX_DIGITS = 18
JSON = "application/json; charset=utf-8"
TEXT = "text/plain; charset=utf-8"


class ConnectionCut(ConnectionError):
    """The connection is to be cut without a response."""


@dataclass(slots=True)
class ApiCall:
    """One request as it arrived, and later its result.

    query: name and value pairs in order. body: the JSON value, the form fields as a dict, or None.
    status: None while under way, or if the connection was cut.
    """

    method: str
    path: str
    query: Sequence[tuple[str, str]] = ()
    authorization: str = ""
    client_id: str = ""  # the header of that name
    content_type: str = ""
    body: Any = None
    at: float = 0.0  # unix seconds
    status: int | None = None
    fault: str = ""

    @property
    def writes(self) -> bool:
        """Whether the call may change something."""
        return self.method != "GET"


@dataclass(frozen=True, slots=True)
class SimulatorResponse:
    """A response. reason: the words after the status code; "" for the usual ones."""

    status: int = 200
    body: bytes = b""
    content_type: str = JSON
    headers: Mapping[str, str] = field(default_factory=dict)
    reason: str = ""
    saved: bool = False  # something was written


@dataclass(frozen=True, slots=True)
class Flaw:
    """One problem of a body. name: the property, or the relation (Country, not CountryId)."""

    name: str
    message: str
    attempted: Any = None


def read_whole_number(text: str) -> int | None:
    """Return a whole number of up to 18 digits; None for anything else."""
    return int(text) if text.isascii() and text.isdigit() and len(text) <= MAX_DIGITS else None


def encode(value: object) -> bytes:
    """Return JSON as bytes."""
    return json.dumps(value, separators=(",", ":"), default=str).encode()


def ok(value: object) -> SimulatorResponse:
    """Return a response with a bare record, or a list envelope."""
    return SimulatorResponse(body=encode(value))


def saved(ident: int, at: str, by: str, message: str = "The record was saved.") -> SimulatorResponse:
    """Return the response to a successful write."""
    envelope = _envelope(message, {"Id": ident}, succeeded=True) | {"Status": 200, "UpdatedOn": at, "UpdatedBy": by}
    return SimulatorResponse(body=encode(envelope), saved=True)


def declined(message: str) -> SimulatorResponse:
    """Return an HTTP 200 that reports a failure of a business rule."""
    return SimulatorResponse(body=encode(_envelope(message, None, succeeded=False) | {"Status": 500}))


def invalid(flaws: Sequence[Flaw]) -> SimulatorResponse:
    """Return 400 with one entry for each flaw."""
    errors = [{"AttemptedValue": f.attempted, "Message": f.message, "PropertyName": f.name} for f in flaws]
    message = f"{flaws[0].name}: {flaws[0].message}"
    return SimulatorResponse(400, encode({"Message": message, "Value": None, "Errors": errors, "WasSuccessful": False}))


def denied() -> SimulatorResponse:
    """Return 401, which means a bad token, a missing role or a used-up quota: the API does not distinguish them."""
    return SimulatorResponse(401, b"Access Denied", TEXT)


def not_found() -> SimulatorResponse:
    """Return 404 with a JSON string."""
    return SimulatorResponse(404, b'"Not found"')


def unsupported(method: str) -> SimulatorResponse:
    """Return 405, for example for a PUT with the id in the URL."""
    return SimulatorResponse(
        405, encode({"Message": f"The requested resource does not support http method '{method}'."})
    )


def _envelope(message: str, value: object, *, succeeded: bool) -> Record:
    return {
        "Message": message,
        "Value": value,
        "OpenInDialog": False,
        "OpenInWindow": False,
        "RedirectURL": None,
        "JavaScript": None,
        "UpdatedOn": None,
        "UpdatedBy": None,
        "Errors": None,
        "WasSuccessful": succeeded,
    }


MINUTE_FORM = len("2026-01-31T09:30")


def now_text() -> str:
    """Return the present time as the API writes it: UTC with Z, milliseconds."""
    return text_before(0)


def text_before(days: float) -> str:
    """Return the time `days` ago as the API writes it."""
    return text_of(datetime.now(UTC) - timedelta(days=days))


def text_of(instant: datetime) -> str:
    """Return an instant as the API writes it."""
    return instant.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"


def text_off(text: str, minutes: int) -> str:
    """Return the local time of a zone `minutes` from UTC, with a false Z."""
    instant = read_instant(text)
    return text_of(instant + timedelta(minutes=minutes)) if instant else text


def read_instant(text: str) -> datetime | None:
    """Return the instant of a text; None if unreadable. Without a zone it counts as UTC (our guess)."""
    try:
        instant = datetime.fromisoformat(text.strip())
    except ValueError:
        return None
    return instant if instant.tzinfo else instant.replace(tzinfo=UTC)


def end_of(bound: str) -> datetime | None:
    """Return the last instant of a `to_` filter; a bound without seconds includes its whole minute."""
    instant = read_instant(bound)
    if instant is None or len(bound.strip()) > MINUTE_FORM:
        return instant
    return instant + timedelta(seconds=59, microseconds=999_999)
