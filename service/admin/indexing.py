"""One thread of a worker that files leads under their words, so that they are found: behind everything else."""

import threading
from datetime import timedelta

import structlog

from service import clock
from service.lead import first_lead_id
from service.store import Store, StoreUnavailable

log = structlog.get_logger()

BATCH = 200
"""Leads of one transaction: a hundredth of a second for those who wait to write."""

LAG_S = 30.0
"""The youngest leads wait: other processes may still commit some with smaller ids."""

LOOK_S = 10.0
"""Between two looks when all is filed."""

SHARE = 4
"""Of so many parts of the time one is spent on filing, while there is much to file."""


class Indexer:
    """Files what came, batch by batch; any number of workers may do it at once."""

    def __init__(self, store: Store, stop: threading.Event, lag_s: float = LAG_S) -> None:
        self._store = store
        self._stop = stop
        self._lag_s = lag_s

    def run(self) -> None:
        """File until stopped, whatever happens."""
        pause_s = 1.0
        while not self._stop.wait(pause_s):
            began = clock.monotonic()
            try:
                more = self.step()
            except StoreUnavailable:
                more = False  # the delivery loop tells it
            except Exception:  # a mistake of ours must not cost the worker its life
                log.exception("indexing_stumbled")
                more = False
            pause_s = max(0.02, SHARE * (clock.monotonic() - began)) if more else LOOK_S

    def step(self) -> bool:
        """File one batch; whether there may be more.

        Raises: StoreUnavailable.
        """
        before = first_lead_id(clock.now() - timedelta(seconds=self._lag_s))
        with self._store.read() as tx:
            if not tx.words.is_behind(before):
                return False
        return self._store.write(lambda tx: tx.words.fill(before, BATCH)) == BATCH
