"""Counting leads by day for reports, newest days first."""

from datetime import datetime, timedelta, tzinfo

import structlog

from service import clock
from service.background import Intervals
from service.store import Store

log = structlog.get_logger()

LAG_S = 60.0
"""Seconds after midnight until a day is closed: other processes may still commit leads of its last second."""

MAX_AGE_S = 60.0
"""Age at which the counts of today are renewed, unless counting them takes long."""

TODAY_REST_FACTOR = 20
"""Spend at most 1/20 of the time recounting today, however many leads it has."""

INTERVALS = Intervals(first_s=2.0, every_s=10.0, rest_factor=4)


class DailyCounter:
    """Counts the days that need it, one in each step. zone: the time zone in which days begin."""

    def __init__(self, store: Store, zone: tzinfo) -> None:
        self._store, self._zone = store, zone
        self._max_age = timedelta(seconds=MAX_AGE_S)

    def step(self, now: datetime) -> float | None:
        """Count one day; return 0 when there may be more.

        Raises: StoreUnavailable.
        """
        began = clock.monotonic()
        if not self._lists_all_days(now - timedelta(seconds=LAG_S)):
            return 0.0
        with self._store.read() as tx:
            day = tx.statistics.next_day(now - self._max_age)
            if day is None:
                return None
            counts = tx.statistics.count_day(day)
        self._store.write(lambda tx: tx.statistics.save_counts(counts, now))
        if not day.until:
            self._max_age = timedelta(seconds=max(MAX_AGE_S, TODAY_REST_FACTOR * (clock.monotonic() - began)))
        return 0.0

    def _lists_all_days(self, before: datetime) -> bool:
        """List every day with leads; return False if the list was of another time zone and is started again."""
        with self._store.read() as tx:
            is_in_zone = tx.statistics.counts_in_zone(self._zone)
            missing = tx.statistics.uncounted_days(self._zone, before)
        if not is_in_zone:
            log.info("counting_begins_anew")
            self._store.write(lambda tx: tx.statistics.forget_counts())
        elif missing:
            self._store.write(lambda tx: tx.statistics.add_days(missing))
        return is_in_zone
