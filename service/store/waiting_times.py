"""Times from arrival to delivery, kept exactly: the milliseconds of each day and form, sorted and packed.

A quantile of several days sorts only the times that a sample shows to be near it.
"""

import sys
import zlib
from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import timedelta
from itertools import chain
from math import ceil
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

SAMPLED = 256
"""Of so many times one shows where others are."""

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

    Some of the times show between which two values both lie; only the times between these are sorted.
    """
    sample = sorted(chain.from_iterable(times[SAMPLED // 2 :: SAMPLED] for times in parts))
    place, margin = len(sample) * first // max(1, sum(map(len, parts))), 2 + len(sample) // 64
    while True:
        low = sample[place - margin] if place >= margin else 0
        high = sample[place + margin] if place + margin < len(sample) else MAX_MS
        starts = [bisect_left(times, low) for times in parts]
        ends = [bisect_right(times, high) for times in parts]
        before = sum(starts)
        if before <= first and last < sum(ends):
            near = (times[start:end] for times, start, end in zip(parts, starts, ends, strict=True))
            between = sorted(chain.from_iterable(near))
            return between[first - before], between[last - before]
        margin *= 4
