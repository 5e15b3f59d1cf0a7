"""One HTTP request to the CRM, without retries, and the meaning of its response: a value, or one of the errors.

The order of the checks matters: throttling comes with any body, a web page with any other status does not come from the
CRM, refusals come with any other body, and a 200 can be a failure.
"""

import json
import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from email.utils import parsedate_to_datetime
from functools import cached_property
from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit

from service import clock
from service.http import IDLE_S, HttpClient, NoResponse
from service.nexudus.errors import (
    FieldProblem,
    Intercepted,
    NexudusError,
    OutcomeUnknown,
    Refused,
    Rejected,
    Throttled,
    Unavailable,
)
from service.nexudus.values import plain

MAX_RESPONSE_BYTES = 16 * 2**20
"""Maximum bytes of a response that are read; 1,000 full records are well below."""

THROTTLED = frozenset((HTTPStatus.CONFLICT, HTTPStatus.TOO_MANY_REQUESTS))
"""Statuses of a call that was not carried out because there were too many."""

_OF_LIMITS = re.compile(r"\brate|limit|quota|throttl", re.IGNORECASE)
"""Names of headers that may state limits; it is not documented which of them Nexudus sends."""

_WAIT = re.compile(r"wait\s+([\d.]+)\s+second", re.IGNORECASE)
_PROPERTY = re.compile(r"(\w+): (.+)", re.DOTALL)


@dataclass(frozen=True)
class NexudusResponse:
    """One HTTP response. retry_after, content_type: the headers, "" if absent."""

    status: int
    body: bytes
    content_type: str = ""
    retry_after: str = ""

    @property
    def is_page(self) -> bool:
        """Whether it is markup, whatever the header says: some hosts label error pages as JSON, and text as HTML.

        An empty body is a page if the header says so.
        """
        text = self.body.lstrip(b"\xef\xbb\xbf \t\r\n")
        return text[:1] == b"<" or ("html" in self.content_type.lower() and (not text or self._is_marked_up))

    @property
    def _is_marked_up(self) -> bool:
        """Whether there are tags after other text; tags inside JSON come from the CRM."""
        return b"<" in self.body and not _is_json(self)

    @cached_property
    def value(self) -> Any:
        """The JSON value. Raises: ValueError if there is none."""
        return json.loads(self.body)

    @property
    def message(self) -> str:
        """The message of the CRM as plain text; our own sentence if it sent none."""
        if self.is_page:
            return f"something in front of Nexudus refused this request (HTTP {self.status} with a web page)"
        return plain(" ".join(self._sentences())) or f"HTTP {self.status} without a message"

    def _sentences(self) -> Iterator[str]:
        try:
            value = self.value
        except ValueError:
            yield self.body.decode("utf-8", "replace")
            return
        if isinstance(value, str):
            yield value
        if isinstance(value, dict):
            message = str(value.get("Message") or value.get("error_description") or value.get("error") or "")
            yield message
            yield from (p.message for p in _field_problems(value) if p.message not in message)


class Transport:
    """Sends requests to one host. Threads may share it; each has its own connection."""

    def __init__(self, base_url: str, *, timeout_s: float, connect_timeout_s: float, idle_s: float = IDLE_S) -> None:
        """timeout_s: for the whole response; connect_timeout_s: for reaching the host; idle_s: see IDLE_S."""
        self.base_url = base_url.rstrip("/")
        self._host = urlsplit(base_url).hostname or base_url
        self._client = HttpClient(
            timeout_s=timeout_s, connect_timeout_s=connect_timeout_s, max_bytes=MAX_RESPONSE_BYTES, idle_s=idle_s
        )
        self.limit_headers: dict[str, str] = {}  # the latest of each

    def send(
        self,
        method: str,
        target: str,
        headers: Mapping[str, str],
        body: bytes | None = None,
        *,
        write: bool,
        timeout_s: float | None = None,
    ) -> NexudusResponse:
        """Send one request; return its response, whatever the status. target: path and query, encoded.

        Raises: Unavailable if nothing was sent or a read failed; OutcomeUnknown if a write was cut short.
        """
        try:
            response = self._client.send(method, self.base_url + target, headers, body, timeout_s=timeout_s)
        except NoResponse as problem:
            if not problem.was_sent:
                raise Unavailable(f"{self._host} could not be reached") from None
            if write:
                message = f"{self._host} gave no complete answer; it may have saved the record"
                raise OutcomeUnknown(message) from None
            raise Unavailable(f"{self._host} gave no complete answer") from None
        self.limit_headers |= {name: text for name, text in response.headers.items() if _OF_LIMITS.search(name)}
        return NexudusResponse(
            status=response.status,
            body=response.body,
            content_type=response.headers.get("Content-Type", ""),
            retry_after=response.headers.get("Retry-After", ""),
        )


def value_of(response: NexudusResponse, *, write: bool) -> Any:
    """Return the JSON value of a good response: a record, a list, or the wrapper of a write.

    Raises: Throttled for 409 and 429; Intercepted for other web pages; Refused for 401 and 403; Rejected for other 4xx
    and a 200 that reports a failure; OutcomeUnknown (a write) or Unavailable (a read) for 5xx, redirects and bodies
    that are not JSON. A read that ends in 404 is Unavailable with that status: a wrong address says nothing about data.
    """
    if response.status in THROTTLED:
        raise Throttled(response.message, response.status, retry_after_s=_retry_after_s(response))
    if response.is_page:
        raise intercepted(response, is_write=write)
    if response.status in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN):
        raise Refused(
            response.message, response.status, kind="role" if response.status == HTTPStatus.FORBIDDEN else "denied"
        )
    if _is_doubtful(response, write=write):
        raise undecided(response.message, response.status, write=write)
    if response.status >= HTTPStatus.BAD_REQUEST:
        raise Rejected(response.message, response.status, fields=_problems_of(response))
    if _is_failure(response.value):
        raise Rejected(response.message, response.status, fields=_field_problems(response.value))
    return response.value


def undecided(message: str, status: int | None, *, write: bool) -> NexudusError:
    """Return the error for a response that decides nothing."""
    return OutcomeUnknown(message, status) if write else Unavailable(message, status)


def intercepted(response: NexudusResponse, *, is_write: bool = False, is_general: bool = False) -> Intercepted:
    """Return the error for a web page. A server error means that the CRM is away, whatever the request."""
    is_general = is_general or response.status >= HTTPStatus.INTERNAL_SERVER_ERROR
    return Intercepted(response.message, response.status, is_write=is_write, is_general=is_general)


def new_id(value: Any) -> int:
    """Return the id of the record that a write created: `Value.Id`, the only reliable part of the wrapper.

    Raises: OutcomeUnknown if it is missing: something was saved, but it is not known what.
    """
    inner = value.get("Value") if isinstance(value, dict) and value.get("WasSuccessful") is True else None
    record_id = inner.get("Id") if isinstance(inner, dict) else None
    if not isinstance(record_id, int) or isinstance(record_id, bool) or record_id <= 0:
        raise OutcomeUnknown("the answer to a write names no record", 200)
    return record_id


def _is_doubtful(response: NexudusResponse, *, write: bool) -> bool:
    """Return whether the response decides nothing; a redirect or a time-out may come from any server on the way."""
    if response.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return True
    if response.status == HTTPStatus.NOT_FOUND:
        return not write
    if response.status >= HTTPStatus.MULTIPLE_CHOICES:
        return response.status < HTTPStatus.BAD_REQUEST or response.status == HTTPStatus.REQUEST_TIMEOUT
    return not _is_json(response)


def _is_json(response: NexudusResponse) -> bool:
    try:
        return response.value is not None
    except ValueError:
        return False


def _is_failure(value: Any) -> bool:
    """Return whether a wrapper reports a failure. WasSuccessful marks a wrapper; opportunities have a Value, too."""
    if not isinstance(value, dict) or "WasSuccessful" not in value:
        return False
    return value["WasSuccessful"] is not True or bool(value.get("Errors"))


def _problems_of(response: NexudusResponse) -> tuple[FieldProblem, ...]:
    try:
        return _field_problems(response.value)
    except ValueError:
        return ()


def _field_problems(value: Any) -> tuple[FieldProblem, ...]:
    """Read the problems from `Errors`; if it is empty, from a Message of the form "Property: text"."""
    if not isinstance(value, dict):
        return ()
    errors = value.get("Errors")
    problems = tuple(_field_problem(e) for e in errors if isinstance(e, dict)) if isinstance(errors, list) else ()
    match = _PROPERTY.fullmatch(str(value.get("Message") or ""))
    if not problems and match:
        return (FieldProblem(plain(match[1]), plain(match[2])),)
    return problems


def _field_problem(error: dict[str, Any]) -> FieldProblem:
    attempted = error.get("AttemptedValue")
    return FieldProblem(
        name=plain(str(error.get("PropertyName") or "")),
        message=plain(str(error.get("Message") or "")),
        attempted="" if attempted is None else plain(str(attempted)),
    )


def _retry_after_s(response: NexudusResponse) -> float | None:
    """Read Retry-After in seconds or as a date, else "Wait N seconds" in the body, else None."""
    header = response.retry_after.strip()
    seconds = _number(header)
    if seconds is None and header:
        seconds = _seconds_until(header)
    if seconds is None:
        match = _WAIT.search(response.body[:1000].decode("utf-8", "replace"))
        seconds = _number(match[1]) if match else None
    return seconds


def _number(text: str) -> float | None:
    try:
        number = float(text)
    except ValueError:
        return None
    return number if math.isfinite(number) and number >= 0 else None


def _seconds_until(http_date: str) -> float | None:
    try:
        at: datetime = parsedate_to_datetime(http_date)
        return max(0.0, (at - clock.now()).total_seconds())
    except (ValueError, TypeError):  # not a date, or one without a zone
        return None
