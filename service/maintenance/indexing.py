"""One thread of a worker that files leads under their words, so that they are found: behind everything else."""

import threading
from datetime import timedelta

from service import clock
from service.background import Intervals, run_periodically
from service.lead import first_lead_id
from service.store import Store

BATCH = 200
"""Leads of one transaction: a hundredth of a second for those who wait to write."""

LAG_S = 30.0
"""The youngest leads wait: other processes may still commit some with smaller ids."""

INTERVALS = Intervals(first_s=1.0, every_s=10.0, rest_factor=4)


class Indexer:
    """Files what came, batch by batch; any number of workers may do it at once."""

    def __init__(self, store: Store, stop: threading.Event, lag_s: float = LAG_S) -> None:
        self._store = store
        self._stop = stop
        self._lag_s = lag_s

    def run(self) -> None:
        """File until stopped, whatever happens."""
        run_periodically("indexing", lambda _: 0.0 if self.step() else None, INTERVALS, self._stop)

    def step(self) -> bool:
        """File one batch; whether there may be more.

        Raises: StoreUnavailable.
        """
        before = first_lead_id(clock.now() - timedelta(seconds=self._lag_s))
        with self._store.read() as tx:
            if not tx.search.is_index_behind(before):
                return False
        return self._store.write(lambda tx: tx.search.fill_index(before, BATCH)) == BATCH
