"""Whether leads can be kept now: by the last writes of this process, and by a probe every few seconds."""

import shutil
import threading
import time
from collections.abc import Callable
from pathlib import Path

from service.store.database.faults import LOCKED
from service.store.database.writer import StoreUnavailable

PROBE = "probe"
"""The flag that a probe writes."""

PROBE_INTERVAL_S = 5.0
"""Seconds for which the last outcome holds, so that the processes of a deployment agree soon."""

LOCKED_INTERVAL_S = 2.0
"""The same for a lock, whose next probe may take seconds. After any other failure each call probes."""

LEAD_BYTES = 65536
"""More than a lead and its indexes need: where room is short, a small write may still fit when no lead does."""

SHORT_OF_ROOM_BYTES = 64 << 20


class Readiness:
    """What one process knows of its database's readiness; any thread may ask."""

    def __init__(self, path: Path | None) -> None:
        """path: of the SQLite file, whose disk may be nearly full."""
        self._path = path
        self._guard = threading.Lock()
        self._known_at = float("-inf")
        self._failure: StoreUnavailable | None = None

    def record_failure(self, failure: StoreUnavailable) -> None:
        """Record that a write failed just now."""
        self._failure, self._known_at = failure, time.monotonic()

    def find_fault(self, probe: Callable[[str], None]) -> str:
        """Return what is wrong and what to do; "" for nothing. probe: writes a text of any length."""
        with self._guard:  # one probe at a time: the others wait for its outcome
            if time.monotonic() - self._known_at >= self._interval_s():
                self._probe(probe)
            failure = self._failure
        return "" if failure is None else str(failure.fault or "the database does not answer: check its server and log")

    def _interval_s(self) -> float:
        if self._failure is None:
            return PROBE_INTERVAL_S
        return LOCKED_INTERVAL_S if self._failure.fault is LOCKED else 0.0

    def _probe(self, probe: Callable[[str], None]) -> None:
        try:
            if self._is_short_of_room():
                probe("x" * LEAD_BYTES)
            probe("")
        except StoreUnavailable as failure:
            self.record_failure(failure)
        else:
            self._failure, self._known_at = None, time.monotonic()

    def _is_short_of_room(self) -> bool:
        """After a failure in any case: the disk's own figures do not say what quotas and reserves leave to us."""
        if self._failure is not None or self._path is None:
            return self._failure is not None
        try:
            return shutil.disk_usage(self._path.parent).free < SHORT_OF_ROOM_BYTES
        except OSError:
            return True
