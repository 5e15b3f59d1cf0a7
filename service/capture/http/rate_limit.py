"""How often one visitor may post to one form, counted over all web processes of this host."""

import hashlib
import mmap
import struct
from dataclasses import dataclass

_SLOT = struct.Struct("<QII")  # who (a digest), which window, how many
_SLOTS = 1 << 16
_PROBES = 4


@dataclass(frozen=True, slots=True)
class SubmitLimit:
    """At most `count` posts of one visitor to one form in each window of `window_s` seconds."""

    count: int
    window_s: int


class Counters:
    """A table of counters in memory that the web processes share: made before they fork.

    Fixed windows, no lock: two processes that count one visitor in the same microsecond may count
    once, and a visitor pushed out by others begins again. Both let a post through rather than
    refuse one, and neither can hold up a request.
    """

    def __init__(self) -> None:
        self._table = mmap.mmap(-1, _SLOTS * _SLOT.size)

    def count(self, who: str, limit: SubmitLimit, now: float) -> float:
        """Count one post; 0.0 when it is allowed, else the seconds until the next window.

        now: unix seconds.
        """
        window = int(now // limit.window_s) & 0xFFFFFFFF
        digest = _digest(who)
        place, seen = self._find(digest, window)
        if seen >= limit.count:
            return limit.window_s - now % limit.window_s
        _SLOT.pack_into(self._table, place, digest, window, seen + 1)
        return 0.0

    def seen(self, who: str, limit: SubmitLimit, now: float) -> int:
        """How often this window was counted, without counting."""
        return self._find(_digest(who), int(now // limit.window_s) & 0xFFFFFFFF)[1]

    def _find(self, digest: int, window: int) -> tuple[int, int]:
        """The visitor's slot and count; else the first slot that nobody uses in this window, else the first."""
        places = [(digest + probe) % _SLOTS * _SLOT.size for probe in range(_PROBES)]
        free = None
        for place in places:
            who, when, seen = _SLOT.unpack_from(self._table, place)
            if who == digest and when == window:
                return place, seen
            if free is None and when != window:
                free = place
        return (places[0] if free is None else free), 0


class PostCounts(Counters):
    """The counters of visitors; and those of texts, which count for a day and have a table of their own.

    In one table, what counts for a minute would soon push them out.
    """

    def __init__(self) -> None:
        super().__init__()
        self.texts = Counters()


def _digest(who: str) -> int:
    return int.from_bytes(hashlib.blake2b(who.encode("utf-8", "surrogatepass"), digest_size=8).digest(), "little")
