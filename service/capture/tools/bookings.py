"""Bookings: when they are, as people say it; and those that are moved, which stay one lead."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, tzinfo
from zoneinfo import ZoneInfo

from service.capture.enquiries import Answered, Enquiry
from service.capture.instants import read_instant


def link(booking: Enquiry, earlier_id: str) -> Iterator[Enquiry]:
    """A booking, together with the one that it replaces; earlier_id: "" where it replaces none.

    Under the earlier id first: where that is known, this is its repeat and no second lead. Where it
    is not, because the tool did not reach us then, the lead is kept all the same. Then under its own
    id, so that it is recognised when it is moved once more. The key holds the two together.
    """
    if not earlier_id or not booking.external_id:
        yield booking
        return
    held = replace(booking, answers=[*booking.answers, Answered("lc_key", booking.external_id)])
    yield replace(held, external_id=earlier_id)
    yield held


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
