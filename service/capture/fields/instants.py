"""Times as senders write them. A time without a zone is not used: it may be hours off."""

import re
from datetime import datetime

_SECONDS = re.compile(r"\d{9,10}(?:\.\d+)?")
_MILLISECONDS = re.compile(r"\d{12,13}")
_BARE_ZONE = re.compile(r"([+-]\d{2})(\d{2})$")


def read_instant(text: str) -> float | None:
    """Return unix seconds of an ISO 8601 time with its zone, or of unix seconds or milliseconds as text.

    None for anything else, and for a time without a zone. Raises: nothing.
    """
    if not text.isascii():
        return None
    if _SECONDS.fullmatch(text):
        return float(text)
    if _MILLISECONDS.fullmatch(text):
        return int(text) / 1000
    try:
        instant = datetime.fromisoformat(_BARE_ZONE.sub(r"\1:\2", text.strip()))
        return instant.timestamp() if instant.tzinfo else None
    except (ValueError, OverflowError):
        return None
