"""When a provider is not asked for a while: it answered nothing several times in a row."""

import threading

MOST_FAILURES = 3
PAUSE_S = 30.0


class CircuitBreaker:
    """Lets questions through until some in a row got no answer, then one every PAUSE_S seconds.

    For the threads of one process; each finds out for itself.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._failures = 0
        self._not_before_s = 0.0

    @property
    def is_open(self) -> bool:
        """Whether questions are being left out."""
        return self._failures >= MOST_FAILURES

    def allows(self, now_s: float) -> bool:
        """Whether to ask now; of several who come after the pause, the first finds out for all. now_s: monotonic."""
        with self._lock:
            if not self.is_open:
                return True
            if now_s < self._not_before_s:
                return False
            self._not_before_s = now_s + PAUSE_S
            return True

    def worked(self) -> None:
        """An answer came."""
        with self._lock:
            self._failures = 0

    def failed(self, now_s: float) -> None:
        """None came."""
        with self._lock:
            self._failures += 1
            self._not_before_s = now_s + PAUSE_S
