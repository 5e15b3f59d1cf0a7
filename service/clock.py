"""The only module that reads the clock or sleeps."""

import time
from datetime import UTC, datetime


def now() -> datetime:
    """Return the present instant, aware, in UTC."""
    return datetime.now(UTC)


def monotonic() -> float:
    """Return seconds on a clock that never jumps: for durations, never for instants."""
    return time.monotonic()


def sleep(seconds: float) -> None:
    """Wait `seconds` (>= 0)."""
    time.sleep(seconds)


def check_aware(instant: datetime) -> datetime:
    """Return `instant` unchanged.

    Raises: ValueError if it has no time zone, because a naive time is off by hours in some zone.
    """
    if instant.tzinfo is None:
        raise ValueError(f"naive instant {instant!r}: give it a time zone")
    return instant
