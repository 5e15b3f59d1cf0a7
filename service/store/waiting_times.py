"""Times from arrival to delivery, kept exactly: the milliseconds of each day and form, sorted and packed.

A quantile of several days is looked up in each of them, without putting them together.
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
"""Senders of leads that had arrived elsewhere before, so that their time to delivery says nothing."""

MAX_MS = 2**32 - 1
"""Longer times, of more than 49 days, count as this."""

TIME, INSTANT = "I", "q"
"""Four bytes for each time in milliseconds, eight for an instant in microseconds."""

LONG = 64
"""Looking a value up among so many times takes less time than sorting them."""

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
        """The times under each name of names_of; ALL and BY_ACCOUNT are there even if no lead was delivered."""
        return {form: pack(sorted(times)) for form, times in self._times.items()}


def in_ms(waited: timedelta) -> int:
    """A time in whole milliseconds, from 0 up to MAX_MS."""
    return min(MAX_MS, max(0, waited // timedelta(milliseconds=1)))


def pack(times: Times) -> bytes:
    """Sorted times as bytes, the same on every machine."""
    return zlib.compress(as_bytes(TIME, times), 1)


def unpack(packed: bytes) -> Times:
    """The times that were packed."""
    return from_bytes(TIME, zlib.decompress(packed))


def as_bytes(code: str, numbers: Iterable[int]) -> bytes:
    """Whole numbers as bytes, the same on every machine. code: TIME or INSTANT."""
    values = array(code, numbers)
    if sys.byteorder == "big":
        values.byteswap()
    return values.tobytes()


def from_bytes(code: str, contents: bytes) -> "array[int]":
    """The numbers that were made bytes."""
    values = array(code, contents)
    if sys.byteorder == "big":
        values.byteswap()
    return values


def middle(parts: Sequence[Times]) -> float | None:
    """The seconds that half of all waited at most: the middle time, or the mean of the two in the middle.

    Exact to the half millisecond. None without times.
    """
    number = sum(map(len, parts))
    if not number:
        return None
    return sum(ranked(parts, (number - 1) // 2, number // 2)) / 2000


def quantile(days: Sequence[Times], part: float) -> float | None:
    """The seconds within which that part of the leads was delivered: the smallest time that at least so many kept.

    Exact to the millisecond. part: above 0, up to 1. None without leads.
    """
    days = [times for times in days if times]
    if not days:
        return None
    place = ceil(part * sum(map(len, days))) - 1
    return ranked(days, place, place)[0] / 1000


def ranked(parts: Sequence[Times], first: int, last: int) -> tuple[int, int]:
    """The times that `first` and `last` others come before, of all together; the two places are neighbours, or one.

    How many times lie below a value is known at once, as they are sorted: halving finds the value.
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
    """The parts, the short ones as a single one."""
    long = [times for times in parts if len(times) >= LONG]
    short = sorted(chain.from_iterable(times for times in parts if len(times) < LONG))
    return [*long, short] if short else long
