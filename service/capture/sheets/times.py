"""When a row was submitted, as far as a file tells: spreadsheets drop zones and seconds, and turn days and months."""

import re
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta

from service.capture.fields.instants import read_instant

Span = tuple[float, float]
"""The first and the last second, since 1970, that a time may mean."""

_EASTMOST, _WESTMOST = timedelta(hours=14), timedelta(hours=12)
_DAY = timedelta(days=1)
_NUMBERS = re.compile(
    r"(\d{1,2})[./-](\d{1,2})[./-](\d{4}|\d{2})(?:[ ,T]+(\d{1,2}):(\d\d)(?::(\d\d)(?:\.\d+)?)?\s*([ap]m)?)?",
    re.IGNORECASE,
)


def spans_of(text: str) -> tuple[Span, ...]:
    """What a time may mean: one moment, or with its zone left out each moment at which it was so late somewhere.

    Of `03/04/2026` both readings. Empty where it is no time. Raises: nothing.
    """
    exact = read_instant(text)
    if exact is not None:
        return ((exact, exact),)
    return tuple(
        ((told - _EASTMOST).timestamp(), (told + _WESTMOST + (timedelta() if has_clock else _DAY)).timestamp())
        for told, has_clock in _readings(text.strip())
    )


def _readings(text: str) -> Iterator[tuple[datetime, bool]]:
    """As if it were UTC, and whether it says more than the day."""
    with suppress(ValueError, OverflowError):
        told = datetime.fromisoformat(text).replace(tzinfo=UTC)
        if _is_sane(told):
            yield told, ":" in text
        return
    found = _NUMBERS.fullmatch(text)
    if not found:
        return
    one, other, year = (int(found[place]) for place in (1, 2, 3))
    hour = int(found[4] or 0) % (12 if found[7] else 24) + (12 if (found[7] or "").lower() == "pm" else 0)
    for day, month in dict.fromkeys(((one, other), (other, one))):
        with suppress(ValueError):
            told = datetime(year if year > 99 else 2000 + year, month, day, hour, int(found[5] or 0), tzinfo=UTC)  # noqa: PLR2004
            if _is_sane(told):
                yield told, bool(found[4])


def _is_sane(told: datetime) -> bool:
    """Whether it can be a submission's: far from the ends of the calendar, where no zone can be added."""
    return 1970 < told.year < 3000  # noqa: PLR2004
