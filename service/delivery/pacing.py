"""The rate limit of the calls to one account, shared by all processes through the store."""

import threading
from collections.abc import Callable, Sequence
from dataclasses import replace

from service.store import Pace, Store, Transaction

PATIENCE_S = 10.0
"""Longest wait of a call for its turn, in seconds; for a longer one the delivery is postponed."""

MARGIN = 0.02
"""Share by which our windows are longer than those of Nexudus, because calls arrive there a little unevenly."""

MIN_MARGIN_S = 0.15
"""Minimum seconds by which our windows are longer: a call that has to connect first arrives 0.1 s after its turn."""


def widened(window_s: float) -> float:
    """Return the length in seconds of our window for one of Nexudus."""
    return window_s + max(window_s * MARGIN, MIN_MARGIN_S)


SPARE = 0.5
"""Share of the pace for calls that can wait; the rest is reserved for deliveries."""


class OutOfPace(Exception):
    """The pace allows no call for `wait_s` seconds."""

    def __init__(self, wait_s: float) -> None:
        super().__init__(f"the pace allows no call for {wait_s:.0f} s")
        self.wait_s = wait_s


class Pacer:
    """Lets calls to one account through at the allowed pace, whichever process makes them."""

    def __init__(
        self,
        account: str,
        paces: Sequence[Pace],
        store: Store,
        unix_now: Callable[[], float],
        sleep: Callable[[float], None],
    ) -> None:
        self._account = account
        self._paces = [Pace(pace.count, widened(pace.window_s), pace.writes_only) for pace in paces]
        self._spare = [replace(pace, count=max(1, round(pace.count * SPARE))) for pace in self._paces]
        self._store = store
        self._unix_now = unix_now
        self._sleep = sleep
        self._prepaid = threading.local()

    def pass_one(self, *, is_write: bool) -> None:
        """Wait for the turn of one call, and count it.

        Raises: OutOfPace if the turn is more than PATIENCE_S away.
        """

        def reserve(tx: Transaction) -> tuple[float, float]:
            now = self._unix_now()  # not earlier: the write may have waited a while for its turn
            wait_s = tx.accounts.reserve(
                self._account, is_write=is_write, now=now, paces=self._paces, patience_s=PATIENCE_S
            )
            return wait_s, now + wait_s

        wait_s, at = self._store.write(reserve)
        if wait_s > PATIENCE_S:
            raise OutOfPace(wait_s)
        left_s = at - self._unix_now()
        if left_s > 0:
            self._sleep(left_s)

    @property
    def memory_s(self) -> float:
        """Seconds for which a call counts."""
        return max((pace.window_s for pace in self._paces), default=0.0)

    def prepay(self, *, is_write: bool) -> None:
        """Wait now for the turn of this thread's next call, so that its Attempt begins after the wait."""
        self.pass_one(is_write=is_write)
        self._prepaid.call = True

    def prepay_spare(self) -> float:
        """Take the turn for this thread's next read, if the spare share of the pace allows it at once.

        Returns 0 if so; else the seconds to wait before calling this method again, with nothing counted.
        """

        def reserve(tx: Transaction) -> float:
            now = self._unix_now()
            return tx.accounts.reserve(self._account, is_write=False, now=now, paces=self._spare, patience_s=0)

        wait_s = self._store.write(reserve)
        self._prepaid.call = wait_s <= 0
        return wait_s

    def before_call(self, method: str, _path: str) -> None:
        """Hook of the client: every call that is not prepaid waits for its turn here."""
        if getattr(self._prepaid, "call", False):
            self._prepaid.call = False
            return
        self.pass_one(is_write=method not in ("GET", "HEAD"))
