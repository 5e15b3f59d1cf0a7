"""Times from arrival to delivery, kept exactly: the milliseconds of each day and form, sorted and packed.

A quantile of several days is searched by halving, which looks at a few values of each day and sorts nothing.
"""

import sys
import zlib
from array import array
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import timedelta
from typing import Any

from service.store.counting import ALL, BY_ACCOUNT, names_of

LATE_SENDERS = frozenset({"import"})
"""Senders of leads that had arrived elsewhere before, so that their time to delivery says nothing."""

MAX_MS = 2**32 - 1
"""Longer times, of more than 49 days, count as this."""

_CODE = "I"
"""Four bytes for each time."""

_INSTANT = "q"
"""Eight bytes."""

Times = Sequence[int]
"""Milliseconds, the shortest first."""


class TimesOfDay:
    """Collects the times of a day's leads."""

    def __init__(self) -> None:
        self._times: dict[str, array[int]] = {ALL: array(_CODE), BY_ACCOUNT: array(_CODE)}

    def watching(self, rows: Iterable[Any], counts: Any) -> Iterator[Any]:
        """Pass rows on and collect the times of those for which counts(row) is true."""
        for row in rows:
            if row.delivered_at is not None and row.sender not in LATE_SENDERS and counts(row):
                waited = in_ms(row.delivered_at - row.received_at)
                for form in names_of(row.account, row.form):
                    self._times.setdefault(form, array(_CODE)).append(waited)
            yield row

    def packed(self) -> Mapping[str, bytes]:
        """The times under each name of names_of; ALL and BY_ACCOUNT are there even if no lead was delivered."""
        return {form: pack(sorted(times)) for form, times in self._times.items()}


def in_ms(waited: timedelta) -> int:
    """A time in whole milliseconds, from 0 up to MAX_MS."""
    return min(MAX_MS, max(0, waited // timedelta(milliseconds=1)))


def pack(times: Times) -> bytes:
    """Sorted times as bytes, the same on every machine."""
    packed = array(_CODE, times)
    if sys.byteorder == "big":
        packed.byteswap()
    return zlib.compress(packed.tobytes(), 1)


def unpack(packed: bytes) -> Times:
    """The times that were packed."""
    times = array(_CODE, zlib.decompress(packed))
    if sys.byteorder == "big":
        times.byteswap()
    return times


def pack_instants(instants: Sequence[int]) -> bytes:
    """Sorted instants, in microseconds, as bytes, the same on every machine."""
    packed = array(_INSTANT, instants)
    if sys.byteorder == "big":
        packed.byteswap()
    return zlib.compress(packed.tobytes(), 1)


def unpack_instants(packed: bytes) -> Sequence[int]:
    """The instants that were packed."""
    instants = array(_INSTANT, zlib.decompress(packed))
    if sys.byteorder == "big":
        instants.byteswap()
    return instants


def middle(parts: Sequence[Times]) -> float | None:
    """The seconds that half of all waited at most: the middle time, or the mean of the two in the middle.

    Exact to the half millisecond. None without times.
    """
    parts = [times for times in parts if times]
    number = sum(map(len, parts))
    if not number:
        return None
    lower = _ranked(parts, (number + 1) // 2)
    upper = lower
    if number % 2 == 0 and sum(bisect_right(times, lower) for times in parts) == number // 2:
        places = ((times, bisect_right(times, lower)) for times in parts)
        upper = min(times[place] for times, place in places if place < len(times))
    return (lower + upper) / 2000


def quantile(days: Sequence[Times], part: float) -> float | None:
    """The seconds within which that part of the leads was delivered: the smallest time that at least so many kept.

    Exact to the millisecond. part: above 0, up to 1. None without leads.
    """
    days = [times for times in days if times]
    rank = part * sum(map(len, days))
    if not days:
        return None
    return _ranked(days, rank) / 1000


def _ranked(parts: Sequence[Times], rank: float) -> int:
    """The smallest time that at least so many kept. parts: none is empty."""
    low, high = min(times[0] for times in parts), max(times[-1] for times in parts)
    while low < high:
        between = (low + high) // 2
        if sum(bisect_right(times, between) for times in parts) >= rank:
            high = between
        else:
            low = between + 1
    return low
