"""Logging: readable on a terminal, JSON elsewhere. Lines carry lead ids, never personal data."""

import json
import logging
import sys
import traceback
from typing import Any

import structlog

from service import clock

_PROCESSORS: list[Any] = []
"""One list for the life of the process, because loggers keep the list that they found at their first use."""

MAX_VALUE_CHARS = 500
"""Characters of one value in a log line; no sentence of ours is longer."""

_encode = json.JSONEncoder(separators=(",", ":"), default=str).encode


def configure(log_format: str, level: str) -> None:
    """Set up logging of this process. log_format: console, json, or "" to choose by the output."""
    on_terminal = sys.stderr.isatty()
    chosen = log_format or ("console" if on_terminal else "json")
    console = structlog.dev.ConsoleRenderer(colors=on_terminal)
    rendering: list[Any] = [escape_controls, console] if chosen == "console" else [render_json]
    _PROCESSORS[:] = [structlog.processors.add_log_level, stamp, place_exception, cut_values, *rendering]
    structlog.configure(
        processors=_PROCESSORS,
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level.upper()]),
        logger_factory=structlog.WriteLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )


def stamp(_logger: object, _method: str, event: Any) -> Any:
    """Add the time, in UTC."""
    event["timestamp"] = clock.now().replace(tzinfo=None).isoformat(timespec="milliseconds") + "Z"
    return event


def cut_values(_logger: object, _method: str, event: Any) -> Any:
    """Cut long texts, because strangers choose some of them, such as the name of a form that does not exist."""
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
