"""Limits how often one visitor may post to one form, over all web processes of this host."""

import hashlib
import mmap
import struct
from dataclasses import dataclass

_SLOT = struct.Struct("<QII")  # key digest, window, count
_SLOTS = 1 << 16
_PROBES = 4


@dataclass(frozen=True, slots=True)
class SubmitLimit:
    """At most `count` posts of one visitor to one form in each window of `window_s` seconds."""

    count: int
    window_s: int


class Counters:
    """Counters in memory shared by the web processes; created before they fork.

    Fixed windows, no lock: two processes that count one key in the same microsecond may count once, and a key pushed
    out by others starts again. Both err on the side of accepting, and neither delays a request.
    """

    def __init__(self) -> None:
        self._table = mmap.mmap(-1, _SLOTS * _SLOT.size)

    def count(self, key: str, limit: SubmitLimit, now: float) -> float:
        """Count one; return 0.0 when it is allowed, else the seconds until the next window.

        now: unix seconds.
        """
        window = int(now // limit.window_s) & 0xFFFFFFFF
        digest = _digest(key)
        place, seen = self._find(digest, window)
        if seen >= limit.count:
            return limit.window_s - now % limit.window_s
        _SLOT.pack_into(self._table, place, digest, window, seen + 1)
        return 0.0

    def seen(self, key: str, limit: SubmitLimit, now: float) -> int:
        """Return the count in the current window, without counting."""
        return self._find(_digest(key), int(now // limit.window_s) & 0xFFFFFFFF)[1]

    def _find(self, digest: int, window: int) -> tuple[int, int]:
        """The slot of a key and its count; else the first slot unused in this window, else the first."""
        places = [(digest + probe) % _SLOTS * _SLOT.size for probe in range(_PROBES)]
        unused = None
        for place in places:
            owner, slot_window, seen = _SLOT.unpack_from(self._table, place)
            if owner == digest and slot_window == window:
                return place, seen
            if unused is None and slot_window != window:
                unused = place
        return (places[0] if unused is None else unused), 0


class PostCounts(Counters):
    """Counters of posts by visitor, and of texts, which count for a day.

    In one table, the short-lived visitors would soon push the texts out.
    """

    def __init__(self) -> None:
        super().__init__()
        self.texts = Counters()


def _digest(key: str) -> int:
    return int.from_bytes(hashlib.blake2b(key.encode("utf-8", "surrogatepass"), digest_size=8).digest(), "little")
