"""Scripted faults: which calls fail, how, and how often."""

import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from service.simulator.exchange import JSON, TEXT, ApiCall, Flaw, SimulatorResponse, denied, encode, invalid, not_found
from service.simulator.settings import (
    ControlProblems,
    InvalidValue,
    read_count,
    read_flag,
    read_seconds,
    read_text,
    throttled,
)

STATUSES = range(200, 600)
HTML = "text/html; charset=utf-8"
BLOCKED = (
    "<!DOCTYPE html><html><head><title>ERROR: The request could not be satisfied</title></head>"
    "<body><h1>403 ERROR</h1><p>Request blocked.</p></body></html>"
)
"""The page of a firewall, as one public program received it."""


@dataclass(slots=True)
class Fault:
    """One scripted fault, with the number of times it was used.

    method: "*": any. path: a prefix, or a regular expression that matches from the start.
    times: uses in all; None: unlimited. per_email: uses for each e-mail address.
    email: a regular expression found in the address that the call concerns, ignoring case.
    after_save: the call is carried out first, and its response lost.
    hang_s: seconds until the connection is cut. reset: it is cut at once.
    firewall: a page of something in front (403 unless `status` is given).
    Otherwise the response has `status`, `body` (text, or a value sent as JSON) and `headers`.
    """

    method: str = "*"
    path: re.Pattern[str] = re.compile("")
    times: int | None = 1
    after_save: bool = False
    status: int = 200
    hang_s: float | None = None
    reset: bool = False
    firewall: bool = False
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)
    email: re.Pattern[str] | None = None
    per_email: int | None = None
    used: int = 0
    used_for: Counter[str] = field(default_factory=Counter)

    @property
    def label(self) -> str:
        """Name for the log: "hang", "reset" or the status, with "+saved"."""
        kind = "hang" if self.hang_s is not None else "reset" if self.reset else str(self.status)
        kind = f"firewall {kind}" if self.firewall else kind
        return kind + ("+saved" if self.after_save else "")

    def takes(self, call: ApiCall, email: str) -> bool:
        """Return whether this call meets the fault; if so, it is counted."""
        if self.method not in ("*", call.method) or not self.path.match(call.path):
            return False
        if self.email and not self.email.search(email):
            return False
        if self.times is not None and self.used >= self.times:
            return False
        if self.per_email is not None and self.used_for[email] >= self.per_email:
            return False
        self.used += 1
        self.used_for[email] += 1
        return True

    def answer(self) -> SimulatorResponse:
        """Return the response of the fault."""
        if self.firewall:
            return SimulatorResponse(self.status, BLOCKED.encode(), HTML, {"Server": "CloudFront", **self.headers})
        if self.body is None:
            response = _default_response(self.status)
            return replace(response, headers={**response.headers, **self.headers})
        if not isinstance(self.body, str):
            return SimulatorResponse(self.status, encode(self.body), JSON, self.headers)
        looks_like_a_page = self.body.lstrip().startswith("<")
        return SimulatorResponse(self.status, self.body.encode(), HTML if looks_like_a_page else TEXT, self.headers)


def _default_response(status: int) -> SimulatorResponse:
    """Return the known response of the API with this status."""
    match status:
        case 400:
            return invalid([Flaw("Team", "is a required field")])
        case 401 | 403:
            return replace(denied(), status=status)
        case 404:
            return not_found()
        case 409 | 429:
            return throttled(status, 1)
        case 500:
            return SimulatorResponse(status, encode({"Message": "An error has occurred."}))
    return SimulatorResponse(status, b"", TEXT)


class Script:
    """The faults in order; a call meets the first that takes it. The caller holds the lock."""

    def __init__(self, faults: Sequence[Fault] = ()) -> None:
        self.faults = list(faults)

    def next_for(self, call: ApiCall, email: str) -> Fault | None:
        """Return the fault that this call meets, or None."""
        return next((fault for fault in self.faults if fault.takes(call, email)), None)


def read_script(wanted: object) -> Script:
    """Read a script from the JSON of the control call.

    Raises: ControlProblems, naming each wrong fault by its number (from 0).
    """
    if not isinstance(wanted, list):
        raise ControlProblems(["faults: a list is needed"])
    faults, sentences = [], []
    for number, raw in enumerate(wanted):
        try:
            faults.append(_read_fault(raw))
        except ValueError as error:
            sentences.append(f"fault {number}: {error}")
    if sentences:
        raise ControlProblems(sentences)
    return Script(faults)


def _read_fault(raw: object) -> Fault:
    if not isinstance(raw, dict):
        raise InvalidValue(raw, "an object")
    unknown = [key for key in raw if key not in READERS]
    if unknown:
        raise ValueError(f"unknown key {', '.join(map(repr, unknown))}: choose from {', '.join(READERS)}")
    values = {}
    for key, value in raw.items():
        try:
            values[key] = READERS[key](value)
        except ValueError as error:
            raise ValueError(f"{key}: {error}") from error
    if not {"status", "hang_s", "reset", "firewall", "body"} & set(values):
        raise ValueError("say what happens: status, hang_s, reset, firewall or body")
    if values.get("firewall"):
        values.setdefault("status", 403)
    if "per_email" in values:
        values.setdefault("times", None)
    return Fault(**values)


def _pattern(value: object) -> re.Pattern[str]:
    try:
        return re.compile(read_text(value))
    except re.error as error:
        raise ValueError(f"{value!r} is not a regular expression: {error}") from error


def _email_pattern(value: object) -> re.Pattern[str]:
    return re.compile(_pattern(value).pattern, re.IGNORECASE)


def _status(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value not in STATUSES:
        raise InvalidValue(value, "a status from 200 to 599")
    return value


def _headers(value: object) -> dict[str, str]:
    if not isinstance(value, dict) or not all(isinstance(text, str) for text in value.values()):
        raise InvalidValue(value, "an object of texts")
    return value


READERS: dict[str, Callable[[Any], Any]] = {
    "method": lambda value: read_text(value).upper(),
    "path": _pattern,
    "times": read_count,
    "after_save": read_flag,
    "status": _status,
    "hang_s": read_seconds,
    "reset": read_flag,
    "firewall": read_flag,
    "body": lambda value: value,
    "headers": _headers,
    "email": _email_pattern,
    "per_email": read_count,
}
