"""The pace towards one account, held over all processes by the store."""

import threading
from collections.abc import Callable, Sequence
from dataclasses import replace

from service.store import Pace, Store, Transaction

PATIENCE_S = 10.0
"""How long a call waits in place for its turn; longer, and its Delivery is given back."""

MARGIN = 0.02
"""Share by which our windows are longer than Nexudus's: calls reach it a little unevenly."""

LEAST_MARGIN_S = 0.15
"""The same for short windows: a first call that has to connect arrives a tenth of a second after its turn."""


def widened(window_s: float) -> float:
    """The seconds that we take for a window of Nexudus's."""
    return window_s + max(window_s * MARGIN, LEAST_MARGIN_S)


SPARE = 0.5
"""Share of the pace that calls may use which can wait: the rest is always left for deliveries."""


class OutOfPace(Exception):
    """The pace allows no call for `wait_s` seconds."""

    def __init__(self, wait_s: float) -> None:
        super().__init__(f"the pace allows no call for {wait_s:.0f} s")
        self.wait_s = wait_s


class Pacer:
    """Lets the calls to one account pass at the pace that is allowed, whoever makes them."""

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

        Raises: OutOfPace when the turn is further away than PATIENCE_S.
        """

        def reserve(tx: Transaction) -> tuple[float, float]:
            now = self._unix_now()  # here, not before: the turn to write may have been a while in coming
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
        """For how many seconds a call counts."""
        return max((pace.window_s for pace in self._paces), default=0.0)

    def prepay(self, *, is_write: bool) -> None:
        """Pass one call now that this thread makes next, so that its Attempt begins after the wait."""
        self.pass_one(is_write=is_write)
        self._prepaid.call = True

    def prepay_spare(self) -> float:
        """Pass one read that this thread makes next, if what others leave of the pace allows it at once.

        Returns 0 when it does; else how many seconds to wait before asking again: nothing was counted then.
        """

        def reserve(tx: Transaction) -> float:
            now = self._unix_now()
            return tx.accounts.reserve(self._account, is_write=False, now=now, paces=self._spare, patience_s=0)

        wait_s = self._store.write(reserve)
        self._prepaid.call = wait_s <= 0
        return wait_s

    def before_call(self, method: str, _path: str) -> None:
        """The client's hook: every call but a prepaid one takes its turn here."""
        if getattr(self._prepaid, "call", False):
            self._prepaid.call = False
            return
        self.pass_one(is_write=method not in ("GET", "HEAD"))
