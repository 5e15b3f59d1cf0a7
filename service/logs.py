"""Log lines: for people on a terminal, JSON elsewhere; a lead's id, never the person."""

import json
import logging
import sys
import traceback
from typing import Any

import structlog

from service import clock

_PROCESSORS: list[Any] = []
"""One list for the life of the process: loggers that were used already keep the one that they found."""

_encode = json.JSONEncoder(separators=(",", ":"), default=str).encode


def configure(log_format: str, level: str) -> None:
    """Set up logging of this process. log_format: console, json, or "" for what suits the output."""
    on_terminal = sys.stderr.isatty()
    chosen = log_format or ("console" if on_terminal else "json")
    renderer: Any = structlog.dev.ConsoleRenderer(colors=on_terminal) if chosen == "console" else render_json
    _PROCESSORS[:] = [structlog.processors.add_log_level, stamp, place_exception, renderer]
    structlog.configure(
        processors=_PROCESSORS,
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level.upper()]),
        logger_factory=structlog.WriteLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )


def stamp(_logger: object, _method: str, event: Any) -> Any:
    """When it happened, in UTC."""
    event["timestamp"] = clock.now().replace(tzinfo=None).isoformat(timespec="milliseconds") + "Z"
    return event


def render_json(_logger: object, _method: str, event: Any) -> str:
    """One compact line. One encoder for all lines: taking leads logs each of them."""
    return _encode(event)


def place_exception(_logger: object, _method: str, event: Any) -> Any:
    """Say what was raised and where, without its text: an error's words can hold a person's."""
    raised = event.pop("exc_info", None)
    error = sys.exc_info()[1] if raised is True else raised
    if isinstance(error, BaseException):
        event["error"] = type(error).__name__
        frames = traceback.extract_tb(error.__traceback__)[-6:]
        event["where"] = " < ".join(
            f"{frame.filename.rpartition('/service/')[2]}:{frame.lineno}" for frame in frames[::-1]
        )
    return event
