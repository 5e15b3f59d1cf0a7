"""One thread of a worker that files leads under their words, so that they are found: behind everything else."""

import threading
from datetime import timedelta

from service import clock
from service.background import Rests, keep_at
from service.lead import first_lead_id
from service.store import Store

BATCH = 200
"""Leads of one transaction: a hundredth of a second for those who wait to write."""

LAG_S = 30.0
"""The youngest leads wait: other processes may still commit some with smaller ids."""

RESTS = Rests(first_s=1.0, look_s=10.0)


class Indexer:
    """Files what came, batch by batch; any number of workers may do it at once."""

    def __init__(self, store: Store, stop: threading.Event, lag_s: float = LAG_S) -> None:
        self._store = store
        self._stop = stop
        self._lag_s = lag_s

    def run(self) -> None:
        """File until stopped, whatever happens."""
        keep_at("indexing", self.step, RESTS, self._stop)

    def step(self) -> bool:
        """File one batch; whether there may be more.

        Raises: StoreUnavailable.
        """
        before = first_lead_id(clock.now() - timedelta(seconds=self._lag_s))
        with self._store.read() as tx:
            if not tx.search.is_index_behind(before):
                return False
        return self._store.write(lambda tx: tx.search.fill_index(before, BATCH)) == BATCH
