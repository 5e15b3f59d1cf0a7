"""What this worker did for one account since it last added its counts to the totals in the store."""

import threading
from collections import defaultdict
from collections.abc import Iterable, Mapping

from service.lead import Outcome, Step
from service.store import DeliveryCountKey, Store, StoreUnavailable

OPPORTUNITY_BOUNDS_S = (1, 2, 5, 10, 30, 60, 300, 900, 3600, 14400, 86400)
"""Bounds of the times from a lead's arrival to its opportunity, in seconds."""

CALL, THROTTLED, DELIVERED, DELIVERED_S = "call", "throttled", "delivered", "delivered_s"
"""Names of counters: "call STEP OUTCOME", "throttled", "delivered BOUND", and the sum of the delivery times."""

INFINITE = "+Inf"


class DeliveryCounts:
    """Counts of one account. The threads of a worker share it."""

    def __init__(self, account: str) -> None:
        self._account = account
        self._guard = threading.Lock()
        self._counts: defaultdict[DeliveryCountKey, float] = defaultdict(float)

    def add_call(self, step: Step, outcome: Outcome) -> None:
        """Count one call that a lead needed."""
        self._add(f"{CALL} {step.value} {outcome.value}")

    def add_throttled(self) -> None:
        """Count one call that Nexudus throttled, whatever it was for."""
        self._add(THROTTLED)

    def add_delivered(self, form: str, duration_s: float) -> None:
        """Count one lead delivered. duration_s: since its arrival."""
        bound = next((str(bound) for bound in OPPORTUNITY_BOUNDS_S if duration_s <= bound), INFINITE)
        self._add(f"{DELIVERED} {bound}", form)
        self._add(DELIVERED_S, form, max(0.0, duration_s))

    def _add(self, what: str, form: str = "", number: float = 1) -> None:
        with self._guard:
            self._counts[DeliveryCountKey(self._account, form, what)] += number

    def take(self) -> Mapping[DeliveryCountKey, float]:
        """Return the counts and reset them."""
        with self._guard:
            counts, self._counts = self._counts, defaultdict(float)
        return counts

    def put_back(self, counts: Mapping[DeliveryCountKey, float]) -> None:
        """Add back counts that could not be written to the store."""
        with self._guard:
            _add_all(self._counts, counts)


def save_counts(several: Iterable[DeliveryCounts], store: Store) -> None:
    """Add counts to the totals in the store.

    Raises: StoreUnavailable; then they are kept for the next time.
    """
    taken = [(counts, counts.take()) for counts in several]
    sums: defaultdict[DeliveryCountKey, float] = defaultdict(float)
    for _, numbers in taken:  # an account may occur twice, with the contexts before and after a reload
        _add_all(sums, numbers)
    if not sums:
        return
    try:
        store.write(lambda tx: tx.delivery_totals.add(sums))
    except StoreUnavailable:
        for counts, numbers in taken:
            counts.put_back(numbers)
        raise


def _add_all(sums: defaultdict[DeliveryCountKey, float], numbers: Mapping[DeliveryCountKey, float]) -> None:
    for key, number in numbers.items():
        sums[key] += number
