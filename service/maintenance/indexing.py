"""Indexing new leads for search, after they were stored, so that accepting a lead does not wait for it."""

from datetime import datetime, timedelta

from service.background import Intervals
from service.lead import first_lead_id
from service.store import Store

BATCH_SIZE = 200
"""Leads indexed in one transaction, which keeps other writers waiting for a hundredth of a second."""

LAG_S = 30.0
"""Minimum age of the leads that are indexed: other processes may still commit leads with smaller ids."""

INTERVALS = Intervals(first_s=1.0, every_s=10.0, rest_factor=4)


def index_batch(store: Store, now: datetime) -> float | None:
    """Index one batch of leads; return 0 when there may be more.

    Raises: StoreUnavailable.
    """
    before = first_lead_id(now - timedelta(seconds=LAG_S))
    with store.read() as tx:
        if not tx.search.is_index_behind(before):
            return None
    indexed = store.write(lambda tx: tx.search.fill_index(before, BATCH_SIZE))
    return 0.0 if indexed == BATCH_SIZE else None
