"""Limits on the calls of one caller, counted over all web processes of this host; and what counts as one caller."""

import hashlib
import mmap
import secrets
import struct
from dataclasses import dataclass
from ipaddress import IPv6Address, ip_address

_SLOT = struct.Struct("<QII")  # key digest, end of the window in Unix seconds, count
_SLOTS = 1 << 16
_PROBES = 4
_MAX_COUNT = (1 << 32) - 1

HOME_BITS = (32, 64)
"""Prefix lengths, IPv4 and IPv6, of one caller's network: one IPv6 connection has 2^64 addresses."""

PROVIDER_BITS = (24, 48)
"""Prefix lengths of a wider network: what one customer of a provider can get with little effort."""


@dataclass(frozen=True, slots=True)
class WindowLimit:
    """At most `count` of one key in each window of `window_s` seconds."""

    count: int
    window_s: int


class Counters:
    """Counters in memory shared by the web processes; created before they fork.

    Fixed windows, no lock: two processes that count one key in the same microsecond may count once, and a key displaced
    by others starts again. Both err on the side of accepting, and neither delays a request. The table never grows; if
    it is full, the key with the lowest count is displaced, so that thousands of addresses that call once displace each
    other, and none that is being limited. Digests are keyed, so that no caller can choose which key to displace.
    """

    def __init__(self) -> None:
        self._table = mmap.mmap(-1, _SLOTS * _SLOT.size)
        self._key = secrets.token_bytes(16)

    def count(self, key: str, limit: WindowLimit, now: float, weight: int = 1) -> float:
        """Count one call; return 0.0 if it is allowed, else the seconds until the next window.

        now: Unix seconds. weight: how many it counts for; the last one allowed may exceed the limit.
        """
        end = _end(limit, now)
        digest = self._digest(key)
        place, seen = self._find(digest, end, now)
        if seen >= limit.count:
            return end - now
        _SLOT.pack_into(self._table, place, digest, end, min(seen + weight, _MAX_COUNT))
        return 0.0

    def seen(self, key: str, limit: WindowLimit, now: float) -> int:
        """Return the count in the current window, without counting."""
        return self._find(self._digest(key), _end(limit, now), now)[1]

    def wait_s(self, key: str, limit: WindowLimit, now: float) -> float:
        """Return the seconds until the next window if the limit is reached, else 0.0, without counting."""
        return 0.0 if self.seen(key, limit, now) < limit.count else _end(limit, now) - now

    def pseudonym(self, text: str) -> str:
        """Return a pseudonym of a text that lasts until the service restarts, and cannot be traced back to it."""
        return f"{self._digest(text):016x}"

    def _find(self, digest: int, end: int, now: float) -> tuple[int, int]:
        """Return a key's slot and count; else a slot whose window is over, else the one with the lowest count."""
        free, lowest = None, (_MAX_COUNT + 1, 0, 0)
        for probe in range(_PROBES):
            place = (digest + probe) % _SLOTS * _SLOT.size
            owner, slot_end, seen = _SLOT.unpack_from(self._table, place)
            if owner == digest and slot_end == end:
                return place, seen
            if free is None and slot_end <= now:
                free = place
            lowest = min(lowest, (seen, slot_end, place))
        return (lowest[-1] if free is None else free), 0

    def _digest(self, key: str) -> int:
        text = key.encode("utf-8", "surrogatepass")
        return int.from_bytes(hashlib.blake2b(text, digest_size=8, key=self._key).digest(), "little")


class PostCounts(Counters):
    """Counters of posts by visitor, and separate tables for other counts.

    texts: for a day; short-lived visitors would soon displace them. calls: unproven calls of webhooks. guesses: wrong
    passwords and tokens.
    """

    def __init__(self) -> None:
        super().__init__()
        self.texts, self.calls, self.guesses = Counters(), Counters(), Counters()


def _end(limit: WindowLimit, now: float) -> int:
    return (int(now // limit.window_s) + 1) * limit.window_s


def network_of(address: str, bits: tuple[int, int] = HOME_BITS) -> str:
    """Return the network that an IP address counts as; any other text as it is.

    An IPv4 address inside IPv6 counts as IPv4. bits: of an IPv4 and an IPv6 network.
    """
    if ":" not in address and bits == HOME_BITS:  # nearly always
        return address
    try:
        known = ip_address(address.partition("%")[0])  # without the zone of a link-local address
    except ValueError:
        return address
    if isinstance(known, IPv6Address):
        known = known.ipv4_mapped or known
    kept = bits[isinstance(known, IPv6Address)]
    dropped = known.max_prefixlen - kept
    network = type(known)(int(known) >> dropped << dropped)
    return f"{network}/{kept}" if dropped else str(network)
