"""The web processes' watch over the workers: only they can notice that there is none, and send the alerts meanwhile."""

import threading
from collections.abc import Sequence
from datetime import datetime, timedelta

import structlog

from service.alerts import channels
from service.alerts.channels import Send
from service.alerts.conditions import Condition
from service.alerts.sending import DUTY_S, AlertSender
from service.alerts.wording import waiting_leads
from service.background import Intervals, start_periodic_job
from service.store import Identity, Store, Transaction

log = structlog.get_logger()

ABSENT_AFTER = timedelta(minutes=2)
"""Time without a worker after which waiting leads are reported; a running worker is seen every few seconds."""

INTERVALS = Intervals(every_s=10.0, first_s=10.0)

CAUSE = "worker"


def find_absent_worker(tx: Transaction, watched_since: datetime, now: datetime) -> Condition | None:
    """Return the condition that leads wait and no worker has been seen for two minutes; None if all is well.

    watched_since: nothing is known of the time before.
    """
    seen_at = tx.workers.last_seen()
    if now - max(seen_at or watched_since, watched_since) < ABSENT_AFTER:
        return None
    waiting, oldest = tx.workers.waiting()
    if oldest is None:
        return None
    known = "was ever seen" if seen_at is None else f"has been seen since {seen_at:%Y-%m-%d %H:%M} UTC"
    head = f"No worker {known}: leads are stored, but not sent. Start `lead-capture worker`, or read its log."
    return Condition(CAUSE, head, waiting_leads(waiting, max(now - oldest, timedelta())))


class WorkerWatch:
    """The watch of one web process. Of all of them, the one that takes the monitor's duty sends."""

    def __init__(
        self,
        store: Store,
        addresses: Sequence[str],
        identity: Identity,
        stop: threading.Event,
        send: Send = channels.send,
    ) -> None:
        self._store = store
        self._identity = identity
        self._sender = AlertSender(store, addresses, None, stop, send)
        self._stop = stop
        self._watched_since: datetime | None = None
        self._looked_at: datetime | None = None
        self._is_absent = False

    def start(self) -> None:
        """Watch in a thread of its own until stopped."""
        start_periodic_job("worker-watch", self.step, INTERVALS, self._stop)

    def step(self, now: datetime) -> None:
        """Look once; report that no worker works, and send what is due in its place.

        Raises: StoreUnavailable.
        """
        watched_since = self._watched_until(now)
        with self._store.read() as tx:
            condition = find_absent_worker(tx, watched_since, now)
        if condition is not None:
            self._report(condition, now)
        elif self._is_absent:
            log.warning("worker_seen")
            self._store.write(lambda tx: tx.alerts.release_monitor(self._identity.name))  # a worker sends the end
        self._is_absent = condition is not None

    def _watched_until(self, now: datetime) -> datetime:
        """Return since when this process has looked without a gap: in a gap, the workers may have been cut off, too."""
        gap = None if self._looked_at is None else now - self._looked_at
        if self._watched_since is None or gap is None or gap > ABSENT_AFTER / 2:
            self._watched_since = now
        self._looked_at = now
        return self._watched_since

    def _report(self, condition: Condition, now: datetime) -> None:
        if not self._is_absent:
            log.error("worker_absent", sentence=condition.sentence)
        me = self._identity

        def report(tx: Transaction) -> bool:
            if not any(alert.cause == CAUSE for alert in tx.alerts.open()):
                tx.alerts.report(CAUSE, condition.sentence, now)
            else:
                tx.alerts.reword(CAUSE, condition.sentence)
            return tx.alerts.claim_monitor(me.name, now, DUTY_S, me.is_gone)

        if self._store.write(report):
            self._sender.send_due(now)
