"""When a booking is, as people say it."""

from datetime import UTC, datetime, tzinfo
from zoneinfo import ZoneInfo

from service.capture.fields.instants import read_instant


def local_time(start: str, zone: str) -> str:
    """A time in ISO 8601 by the clock of an IANA zone, such as "2026-11-25 15:00 (Europe/Paris)".

    In UTC where nobody knows the zone; "" where it is no time.
    """
    seconds = read_instant(start)
    if seconds is None:
        return ""
    found = _zone(zone)
    try:
        shown = datetime.fromtimestamp(seconds, found or UTC)
    except (ValueError, OverflowError, OSError):
        return ""
    return f"{shown:%Y-%m-%d %H:%M} ({zone if found else 'UTC'})"


def _zone(name: str) -> tzinfo | None:
    try:
        return ZoneInfo(name) if name else None
    except (ValueError, KeyError, OSError):  # unknown, or no name of a zone at all
        return None
