"""One call and its answer, in the shapes that the API documents (the envelopes)."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

Record = dict[str, Any]

MOST_DIGITS = 18
JSON = "application/json; charset=utf-8"
TEXT = "text/plain; charset=utf-8"


class Cut(ConnectionError):
    """The connection is to be cut without an answer."""


@dataclass(slots=True)
class Call:
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
class Answer:
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


def read_whole(text: str) -> int | None:
    """A whole number of up to 18 digits, None for anything else."""
    return int(text) if text.isascii() and text.isdigit() and len(text) <= MOST_DIGITS else None


def encode(value: object) -> bytes:
    """JSON as bytes."""
    return json.dumps(value, separators=(",", ":"), default=str).encode()


def found(value: object) -> Answer:
    """A bare record, or a list envelope."""
    return Answer(body=encode(value))


def saved(ident: int, at: str, by: str, message: str = "The record was saved.") -> Answer:
    """The answer to a write that succeeded."""
    envelope = _envelope(message, {"Id": ident}, succeeded=True) | {"Status": 200, "UpdatedOn": at, "UpdatedBy": by}
    return Answer(body=encode(envelope), saved=True)


def declined(message: str) -> Answer:
    """HTTP 200 that is a failure: the business rules said no."""
    return Answer(body=encode(_envelope(message, None, succeeded=False) | {"Status": 500}))


def invalid(flaws: Sequence[Flaw]) -> Answer:
    """400 with one entry for each flaw."""
    errors = [{"AttemptedValue": f.attempted, "Message": f.message, "PropertyName": f.name} for f in flaws]
    message = f"{flaws[0].name}: {flaws[0].message}"
    return Answer(400, encode({"Message": message, "Value": None, "Errors": errors, "WasSuccessful": False}))


def denied() -> Answer:
    """401, for a bad token, a missing role and a used-up quota alike: the API does not tell them apart."""
    return Answer(401, b"Access Denied", TEXT)


def missing() -> Answer:
    """404: a JSON string."""
    return Answer(404, b'"Not found"')


def unsupported(method: str) -> Answer:
    """405, for example a PUT with the id in the URL."""
    return Answer(405, encode({"Message": f"The requested resource does not support http method '{method}'."}))


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
