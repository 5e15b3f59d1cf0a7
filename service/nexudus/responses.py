"""What an answer of the CRM means: a value, or one of the errors. No input or output.

The order of the questions matters: throttling comes with bodies of any kind, a web page with any other
status is no word of the CRM, refusals come with bodies of any other kind, and a 200 can be a failure.
"""

import json
import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from email.utils import parsedate_to_datetime
from functools import cached_property
from http import HTTPStatus
from typing import Any

from service import clock
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

_WAIT = re.compile(r"wait\s+([\d.]+)\s+second", re.IGNORECASE)
_PROPERTY = re.compile(r"(\w+): (.+)", re.DOTALL)


@dataclass(frozen=True)
class NexudusResponse:
    """One HTTP answer. retry_after and content_type are the headers, "" when absent."""

    status: int
    body: bytes
    content_type: str = ""
    retry_after: str = ""

    @property
    def is_page(self) -> bool:
        """Markup, whatever the header says: some hosts send an error page labelled as JSON, and plain words as HTML.

        An empty answer is a page where its label says so.
        """
        text = self.body.lstrip(b"\xef\xbb\xbf \t\r\n")
        return text[:1] == b"<" or ("html" in self.content_type.lower() and (not text or self._is_marked_up))

    @property
    def _is_marked_up(self) -> bool:
        """Whether tags stand behind other text; those inside JSON are the CRM's."""
        return b"<" in self.body and not _is_json(self)

    @cached_property
    def value(self) -> Any:
        """The JSON value.

        Raises: ValueError when there is none.
        """
        return json.loads(self.body)

    @property
    def said(self) -> str:
        """What the CRM said, in plain words; a sentence of ours where it said nothing."""
        if self.is_page:
            return f"something in front of Nexudus refused this request (HTTP {self.status} with a web page)"
        return plain(" ".join(self._sentences())) or f"HTTP {self.status} without a word"

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


def meaning(answer: NexudusResponse, *, write: bool) -> Any:
    """The JSON value of a good answer: a record, a list, or the wrapper of a write.

    Raises: Throttled 409 and 429; Intercepted for other web pages; Refused 401 and 403; Rejected other 4xx and a 200
    that says it failed; OutcomeUnknown (a write) or Unavailable (a read) for 5xx, redirects and what is no JSON.
    A read that ends in 404 is Unavailable with that status: a wrong address must not condemn any data.
    """
    if answer.status in (HTTPStatus.CONFLICT, HTTPStatus.TOO_MANY_REQUESTS):
        raise Throttled(answer.said, answer.status, retry_after_s=_retry_after_s(answer))
    if answer.is_page:
        raise intercepted(answer, is_write=write)
    if answer.status in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN):
        raise Refused(answer.said, answer.status, kind="role" if answer.status == HTTPStatus.FORBIDDEN else "denied")
    if _is_doubtful(answer, write=write):
        raise doubt(answer.said, answer.status, write=write)
    if answer.status >= HTTPStatus.BAD_REQUEST:
        raise Rejected(answer.said, answer.status, fields=_told_problems(answer))
    if _is_failure(answer.value):
        raise Rejected(answer.said, answer.status, fields=_field_problems(answer.value))
    return answer.value


def doubt(said: str, status: int | None, *, write: bool) -> NexudusError:
    """The error for an answer that decides nothing."""
    return OutcomeUnknown(said, status) if write else Unavailable(said, status)


def intercepted(answer: NexudusResponse, *, is_write: bool = False, is_general: bool = False) -> Intercepted:
    """The error for a web page. A server error says that the CRM is away, whoever asks for what."""
    is_general = is_general or answer.status >= HTTPStatus.INTERNAL_SERVER_ERROR
    return Intercepted(answer.said, answer.status, is_write=is_write, is_general=is_general)


def new_id(value: Any) -> int:
    """The id of the record that a write made: `Value.Id`, the only part of the wrapper to rely on.

    Raises: OutcomeUnknown when it is not there: something was saved, but what?
    """
    inner = value.get("Value") if isinstance(value, dict) and value.get("WasSuccessful") is True else None
    made = inner.get("Id") if isinstance(inner, dict) else None
    if not isinstance(made, int) or isinstance(made, bool) or made <= 0:
        raise OutcomeUnknown("the answer to a write names no record", 200)
    return made


def _is_doubtful(answer: NexudusResponse, *, write: bool) -> bool:
    """Whether the answer decides nothing: about a redirect or a time-out nobody knows who gave it."""
    if answer.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return True
    if answer.status == HTTPStatus.NOT_FOUND:
        return not write
    if answer.status >= HTTPStatus.MULTIPLE_CHOICES:
        return answer.status < HTTPStatus.BAD_REQUEST or answer.status == HTTPStatus.REQUEST_TIMEOUT
    return not _is_json(answer)


def _is_json(answer: NexudusResponse) -> bool:
    try:
        return answer.value is not None
    except ValueError:
        return False


def _is_failure(value: Any) -> bool:
    """A wrapper is known by WasSuccessful, never by Value: an opportunity has a money field of that name."""
    if not isinstance(value, dict) or "WasSuccessful" not in value:
        return False
    return value["WasSuccessful"] is not True or bool(value.get("Errors"))


def _told_problems(answer: NexudusResponse) -> tuple[FieldProblem, ...]:
    try:
        return _field_problems(answer.value)
    except ValueError:
        return ()


def _field_problems(value: Any) -> tuple[FieldProblem, ...]:
    """From `Errors`; where it is empty, from a Message of the form "Property: text"."""
    if not isinstance(value, dict):
        return ()
    errors = value.get("Errors")
    found = tuple(_field_problem(e) for e in errors if isinstance(e, dict)) if isinstance(errors, list) else ()
    told = _PROPERTY.fullmatch(str(value.get("Message") or ""))
    if not found and told:
        return (FieldProblem(plain(told[1]), plain(told[2])),)
    return found


def _field_problem(error: dict[str, Any]) -> FieldProblem:
    attempted = error.get("AttemptedValue")
    return FieldProblem(
        name=plain(str(error.get("PropertyName") or "")),
        message=plain(str(error.get("Message") or "")),
        attempted="" if attempted is None else plain(str(attempted)),
    )


def _retry_after_s(answer: NexudusResponse) -> float | None:
    """Retry-After in seconds or as a date, else "Wait N seconds" in the body, else None."""
    told = answer.retry_after.strip()
    seconds = _number(told)
    if seconds is None and told:
        seconds = _seconds_until(told)
    if seconds is None:
        asked = _WAIT.search(answer.body[:1000].decode("utf-8", "replace"))
        seconds = _number(asked[1]) if asked else None
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
    except (ValueError, TypeError):  # no date, or one without a zone
        return None
