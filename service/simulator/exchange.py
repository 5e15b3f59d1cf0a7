"""One call and its answer, in the shapes that the API documents (the envelopes)."""

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
    """The connection is to be cut without an answer."""


@dataclass(slots=True)
class ApiCall:
    """One request as it arrived, and (later) how it ended.

    query: name and value pairs in order. body: the JSON value, or the form's fields as a dict, or
    None. status: None while under way, and for good where the connection was cut.
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
    """What goes back. reason: the words after the status code; "" for the usual ones."""

    status: int = 200
    body: bytes = b""
    content_type: str = JSON
    headers: Mapping[str, str] = field(default_factory=dict)
    reason: str = ""
    saved: bool = False  # something was written


@dataclass(frozen=True, slots=True)
class Flaw:
    """One thing wrong with a body; `name` is the property, or the relation (Country, not CountryId)."""

    name: str
    message: str
    attempted: Any = None


def read_whole_number(text: str) -> int | None:
    """A whole number of up to 18 digits, None for anything else."""
    return int(text) if text.isascii() and text.isdigit() and len(text) <= MAX_DIGITS else None


def encode(value: object) -> bytes:
    """JSON as bytes."""
    return json.dumps(value, separators=(",", ":"), default=str).encode()


def ok(value: object) -> SimulatorResponse:
    """A bare record, or a list envelope."""
    return SimulatorResponse(body=encode(value))


def saved(ident: int, at: str, by: str, message: str = "The record was saved.") -> SimulatorResponse:
    """The answer to a write that succeeded."""
    envelope = _envelope(message, {"Id": ident}, succeeded=True) | {"Status": 200, "UpdatedOn": at, "UpdatedBy": by}
    return SimulatorResponse(body=encode(envelope), saved=True)


def declined(message: str) -> SimulatorResponse:
    """HTTP 200 that is a failure: the business rules said no."""
    return SimulatorResponse(body=encode(_envelope(message, None, succeeded=False) | {"Status": 500}))


def invalid(flaws: Sequence[Flaw]) -> SimulatorResponse:
    """400 with one entry for each flaw."""
    errors = [{"AttemptedValue": f.attempted, "Message": f.message, "PropertyName": f.name} for f in flaws]
    message = f"{flaws[0].name}: {flaws[0].message}"
    return SimulatorResponse(400, encode({"Message": message, "Value": None, "Errors": errors, "WasSuccessful": False}))


def denied() -> SimulatorResponse:
    """401, for a bad token, a missing role and a used-up quota alike: the API does not tell them apart."""
    return SimulatorResponse(401, b"Access Denied", TEXT)


def not_found() -> SimulatorResponse:
    """404: a JSON string."""
    return SimulatorResponse(404, b'"Not found"')


def unsupported(method: str) -> SimulatorResponse:
    """405, for example a PUT with the id in the URL."""
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
    """The present instant as the API writes it: UTC with Z, milliseconds."""
    return text_before(0)


def text_before(days: float) -> str:
    """The instant so many days ago, in the same form."""
    return text_of(datetime.now(UTC) - timedelta(days=days))


def text_of(instant: datetime) -> str:
    """An instant in the same form."""
    return instant.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"


def text_off(text: str, minutes: int) -> str:
    """The wall clock of a zone so many minutes from UTC, with a Z that is not true."""
    instant = read_instant(text)
    return text_of(instant + timedelta(minutes=minutes)) if instant else text


def read_instant(text: str) -> datetime | None:
    """The instant that `text` names, None where it is unreadable. Without a zone it means UTC (our guess)."""
    try:
        instant = datetime.fromisoformat(text.strip())
    except ValueError:
        return None
    return instant if instant.tzinfo else instant.replace(tzinfo=UTC)


def end_of(bound: str) -> datetime | None:
    """The last instant that a `to_` filter includes: one given to the minute takes in that whole minute."""
    instant = read_instant(bound)
    if instant is None or len(bound.strip()) > MINUTE_FORM:
        return instant
    return instant + timedelta(seconds=59, microseconds=999_999)
