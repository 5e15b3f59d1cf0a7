"""Sums over blocks of leads, cached by a process for its next report.

The count of a block never changes: a block that is counted again gets another version. So a sum is identified by its
blocks and their versions, and is never out of date.
"""

from collections import OrderedDict
from collections.abc import Hashable
from threading import Lock
from typing import Any

MAX_BYTES = 12_000_000
"""Approximate memory for all cached sums of a process."""


class BlockSums:
    """A cache of sums by key; the least recently used are dropped first. Thread-safe."""

    def __init__(self, max_bytes: int = MAX_BYTES) -> None:
        """max_bytes: the size of all sums together."""
        self._max_bytes, self._bytes = max_bytes, 0
        self._sums: OrderedDict[Hashable, tuple[Any, int]] = OrderedDict()
        self._lock = Lock()

    def find(self, key: Hashable) -> Any:
        """Return the sum under this key, which must not be changed; None if it is not cached."""
        with self._lock:
            known = self._sums.get(key)
            if known is None:
                return None
            self._sums.move_to_end(key)
            return known[0]

    def keep(self, key: Hashable, value: object, size: int) -> None:
        """Cache a sum. size: its approximate bytes."""
        with self._lock:
            if size <= self._max_bytes and key not in self._sums:
                self._sums[key] = value, size
                self._bytes += size
            while self._bytes > self._max_bytes:
                _, (_, gone) = self._sums.popitem(last=False)
                self._bytes -= gone
