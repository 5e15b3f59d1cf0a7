"""Times from arrival to delivery, exact: the milliseconds of each day and form, sorted and packed.

A quantile of several days is looked up in each of them, without merging them.
"""

import sys
import zlib
from array import array
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import timedelta
from itertools import chain, repeat
from math import ceil
from typing import Any

from service.store.counting import ALL, BY_ACCOUNT, names_of

LATE_SENDERS = frozenset({"import"})
"""Senders of leads that had arrived elsewhere before, so that their time to delivery is meaningless."""

MAX_MS = 2**32 - 1
"""Maximum time that is stored, some 49 days; longer times count as this."""

TIME, INSTANT = "I", "q"
"""Array type codes: four bytes for a time in milliseconds, eight for an instant in microseconds."""

LONG = 64
"""Number of times from which a look-up is faster than sorting them."""

Times = Sequence[int]
"""Milliseconds, the shortest first."""


class TimesOfDay:
    """Collects the times of a day's leads."""

    def __init__(self) -> None:
        self._times: dict[str, array[int]] = {ALL: array(TIME), BY_ACCOUNT: array(TIME)}

    def watching(self, rows: Iterable[Any], counts: Any) -> Iterator[Any]:
        """Pass rows on and collect the times of those for which counts(row) is true."""
        for row in rows:
            if row.delivered_at is not None and row.sender not in LATE_SENDERS and counts(row):
                waited = in_ms(row.delivered_at - row.received_at)
                for form in names_of(row.account, row.form):
                    self._times.setdefault(form, array(TIME)).append(waited)
            yield row

    def packed(self) -> Mapping[str, bytes]:
        """Return the packed times under each name of names_of; ALL and BY_ACCOUNT are there even without deliveries."""
        return {form: pack(sorted(times)) for form, times in self._times.items()}


def in_ms(waited: timedelta) -> int:
    """Return a time in whole milliseconds, from 0 up to MAX_MS."""
    return min(MAX_MS, max(0, waited // timedelta(milliseconds=1)))


def pack(times: Times) -> bytes:
    """Return sorted times as bytes, the same on every machine."""
    return zlib.compress(as_bytes(TIME, times), 1)


def unpack(packed: bytes) -> Times:
    """Return the times in packed bytes."""
    return from_bytes(TIME, zlib.decompress(packed))


def as_bytes(code: str, numbers: Iterable[int]) -> bytes:
    """Return whole numbers as bytes, the same on every machine. code: TIME or INSTANT."""
    values = array(code, numbers)
    if sys.byteorder == "big":
        values.byteswap()
    return values.tobytes()


def from_bytes(code: str, contents: bytes) -> "array[int]":
    """Return the numbers in bytes made by `as_bytes`."""
    values = array(code, contents)
    if sys.byteorder == "big":
        values.byteswap()
    return values


def middle(parts: Sequence[Times]) -> float | None:
    """Return the median in seconds: the middle time, or the mean of the two in the middle.

    Exact to half a millisecond. None without times.
    """
    number = sum(map(len, parts))
    if not number:
        return None
    return sum(ranked(parts, (number - 1) // 2, number // 2)) / 2000


def quantile(days: Sequence[Times], part: float) -> float | None:
    """Return the quantile in seconds: the smallest time within which that part of the leads was delivered.

    Exact to the millisecond. part: above 0, up to 1. None without leads.
    """
    days = [times for times in days if times]
    if not days:
        return None
    place = ceil(part * sum(map(len, days))) - 1
    return ranked(days, place, place)[0] / 1000


def ranked(parts: Sequence[Times], first: int, last: int) -> tuple[int, int]:
    """Return the times at the ranks `first` and `last` (from 0) of all parts together; the ranks are equal or adjacent.

    The number of times below a value is quickly known, as they are sorted: bisection finds the value.
    """
    parts = joined(parts)
    low, high = min(times[0] for times in parts), max(times[-1] for times in parts)
    starts, ends = [0] * len(parts), list(map(len, parts))
    while low < high:
        middle = (low + high) // 2
        places = list(map(bisect_right, parts, repeat(middle), starts, ends))
        if sum(places) > first:
            high, ends = middle, places
        else:
            low, starts = middle + 1, places
    if sum(map(bisect_right, parts, repeat(low))) > last:
        return low, low
    return low, min(times[place] for times in parts if (place := bisect_right(times, low)) < len(times))


def joined(parts: Sequence[Times]) -> list[Times]:
    """Return the parts with the short ones merged into one."""
    long = [times for times in parts if len(times) >= LONG]
    short = sorted(chain.from_iterable(times for times in parts if len(times) < LONG))
    return [*long, short] if short else long
