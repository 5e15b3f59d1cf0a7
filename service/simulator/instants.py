"""Time as the CRM writes and reads it. The simulator plays another computer, so it has its own clock."""

from datetime import UTC, datetime, timedelta

MINUTE_FORM = len("2026-01-31T09:30")


def now_text() -> str:
    """The present instant as the API writes it: UTC with Z, milliseconds."""
    return text_before(0)


def text_before(days: float) -> str:
    """The instant so many days ago, in the same form."""
    return text_of(datetime.now(UTC) - timedelta(days=days))


def text_of(instant: datetime) -> str:
    """An instant in the same form."""
    return instant.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"


def read_instant(text: str) -> datetime | None:
    """The instant that `text` names, None where it is unreadable. Without a zone it means UTC (our guess)."""
    try:
        instant = datetime.fromisoformat(text.strip())
    except ValueError:
        return None
    return instant if instant.tzinfo else instant.replace(tzinfo=UTC)


def end_of(bound: str) -> datetime | None:
    """The last instant that a `to_` filter includes: one given to the minute takes in that whole minute."""
    instant = read_instant(bound)
    if instant is None or len(bound.strip()) > MINUTE_FORM:
        return instant
    return instant + timedelta(seconds=59, microseconds=999_999)
