"""One thread of a worker that counts leads by day for the pictures: behind everything else."""

import threading
from datetime import datetime, timedelta, tzinfo

import structlog

from service import clock
from service.background import Intervals, run_periodically
from service.store import Store

log = structlog.get_logger()

LAG_S = 60.0
"""A day is over so long after midnight: other processes may still commit leads of its last second."""

FRESH_S = 60.0
"""So old the figures of today become before they are counted again."""

REST = 20
"""Of so many parts of the time at most one is spent on counting today again and again, however many leads it has."""

INTERVALS = Intervals(first_s=2.0, every_s=10.0, rest_factor=4)


class Tallier:
    """Counts the days that need it, one by one; any number of workers may do it at once."""

    def __init__(
        self, store: Store, zone: tzinfo, stop: threading.Event, lag_s: float = LAG_S, fresh_s: float = FRESH_S
    ) -> None:
        """zone: whose midnight parts the days."""
        self._store, self._zone, self._stop = store, zone, stop
        self._lag, self._least = timedelta(seconds=lag_s), timedelta(seconds=fresh_s)
        self._fresh = self._least

    def run(self) -> None:
        """Count until stopped, whatever happens."""
        run_periodically("tallying", lambda _: 0.0 if self.step() else None, INTERVALS, self._stop)

    def step(self) -> bool:
        """Count one day; whether there may be more to count.

        Raises: StoreUnavailable.
        """
        now, began = clock.now(), clock.monotonic()
        if not self._has_all_days(now - self._lag):
            return True
        with self._store.read() as tx:
            day = tx.statistics.next_day(now - self._fresh)
            if day is None:
                return False
            counted = tx.statistics.count_day(day)
        self._store.write(lambda tx: tx.statistics.save_counts(counted, now))
        if not day.until:
            self._fresh = max(self._least, timedelta(seconds=REST * (clock.monotonic() - began)))
        return True

    def _has_all_days(self, before: datetime) -> bool:
        """Have every day with leads in the list; False where that was another zone's and must be made anew."""
        with self._store.read() as tx:
            is_ours, missing = (
                tx.statistics.counts_in_zone(self._zone),
                tx.statistics.uncounted_days(self._zone, before),
            )
        if not is_ours:
            log.info("counting_begins_anew")
            self._store.write(lambda tx: tx.statistics.forget_counts())
        elif missing:
            self._store.write(lambda tx: tx.statistics.add_days(missing))
        return is_ours
