"""Logging: readable on a terminal, JSON elsewhere. Lines carry lead ids, never personal data."""

import json
import logging
import sys
import traceback
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from typing import Any, TextIO, cast

import structlog
from structlog.exceptions import DropEvent

from service import clock
from service.tracing.context import CURRENT

_PROCESSORS: list[Any] = []
"""One list for the life of the process, because loggers keep the list of their first use."""

MAX_VALUE_CHARS = 500
"""Maximum characters of one value in a log line; no sentence of ours is longer."""

_encode = json.JSONEncoder(separators=(",", ":"), default=str).encode


def configure(log_format: str, level: str) -> None:
    """Set up logging of this process. log_format: console, json, or "" to choose by the output."""
    on_terminal = sys.stderr.isatty()
    chosen = log_format or ("console" if on_terminal else "json")
    console = structlog.dev.ConsoleRenderer(colors=on_terminal)
    rendering: list[Any] = [escape_controls, console] if chosen == "console" else [render_json]
    _PROCESSORS[:] = [
        LineLimit(),
        structlog.processors.add_log_level,
        stamp,
        add_request_id,
        place_exception,
        cut_values,
        *rendering,
    ]
    structlog.configure(
        processors=_PROCESSORS,
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level.upper()]),
        logger_factory=structlog.WriteLoggerFactory(cast("TextIO", LossyStream(sys.stderr))),
        cache_logger_on_first_use=True,
    )


class LossyStream:
    """A stream that drops lines that cannot be written: a full disk may cost log lines, but no lead and no worker."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> None:
        """Write the text, or drop it."""
        with suppress(OSError):
            self._stream.write(text)

    def flush(self) -> None:
        """Pass on the stream's buffer, as far as possible."""
        with suppress(OSError):
            self._stream.flush()


def report_to(report: Callable[[object, str, Any], Any]) -> None:
    """Also pass every line to a processor that returns it unchanged, until configure() is called again."""
    _PROCESSORS.insert(_PROCESSORS.index(place_exception), report)  # the exception is still whole there


MAX_LINES_PER_MINUTE = 60
"""Maximum lines a minute of one of BY_STRANGERS, per process."""

BY_STRANGERS = frozenset(
    (
        *(
            "webhook_refused",
            "webhook_not_understood",
            "unreadable_bodies_refused",
            "lead_not_kept",
            "refusal_not_noted",
        ),
        *("sign_in_refused", "sign_in_limited", "token_refused", "request_failed"),
    )
)
"""Events that a stranger can cause at will, without a lead being stored."""


class LineLimit:
    """Drops surplus lines of a stranger's events; the next line of the kind says how many (`unlogged`)."""

    def __init__(self) -> None:
        self._minute = 0
        self._lines: Counter[str] = Counter()
        self._unlogged: Counter[str] = Counter()

    def __call__(self, _logger: object, _method: str, event: Any) -> Any:
        """Return the event, or drop it. Unlocked: two threads may let one line too many pass."""
        name = event["event"]
        if name not in BY_STRANGERS:
            return event
        minute = int(clock.now().timestamp() // 60)
        if minute != self._minute:
            self._minute = minute
            self._lines.clear()
        self._lines[name] += 1
        if self._lines[name] > MAX_LINES_PER_MINUTE:
            self._unlogged[name] += 1
            raise DropEvent
        if unlogged := self._unlogged.pop(name, 0):
            event["unlogged"] = unlogged
        return event


def stamp(_logger: object, _method: str, event: Any) -> Any:
    """Add the time, in UTC."""
    event["timestamp"] = clock.now().replace(tzinfo=None).isoformat(timespec="milliseconds") + "Z"
    return event


def cut_values(_logger: object, _method: str, event: Any) -> Any:
    """Cut long texts, because strangers choose some of them, such as the name of a nonexistent form."""
    for name, value in event.items():
        if isinstance(value, str) and len(value) > MAX_VALUE_CHARS:
            event[name] = f"{value[:MAX_VALUE_CHARS]}… ({len(value)} characters)"
    return event


def escape_controls(_logger: object, _method: str, event: Any) -> Any:
    """Write control characters as \\x1b and the like: a terminal would obey them. In JSON they are escaped anyway."""
    for name, value in event.items():
        if isinstance(value, str) and not value.isprintable():
            event[name] = "".join(
                sign if sign.isprintable() else sign.encode("unicode_escape").decode() for sign in value
            )
    return event


def add_request_id(_logger: object, _method: str, event: Any) -> Any:
    """Add the id of the request that this thread answers, or that brought the lead it delivers."""
    if request_id := CURRENT.get().request_id:
        event["request_id"] = request_id
    return event


def render_json(_logger: object, _method: str, event: Any) -> str:
    """Return one compact line, by an encoder made once: every lead that is accepted is logged."""
    return _encode(event)


def place_exception(_logger: object, _method: str, event: Any) -> Any:
    """Add the class of an exception and where it was raised, without its text, which may hold personal data."""
    raised = event.pop("exc_info", None)
    error = sys.exc_info()[1] if raised is True else raised
    if isinstance(error, BaseException):
        event["error"] = type(error).__name__
        frames = traceback.extract_tb(error.__traceback__)[-6:]
        event["where"] = " < ".join(
            f"{frame.filename.rpartition('/service/')[2]}:{frame.lineno}" for frame in frames[::-1]
        )
    return event
