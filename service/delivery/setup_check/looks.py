"""Looks at a Nexudus account, requested by pages of the dashboard: what can be chosen there goes into the store."""

import threading
from datetime import datetime

import structlog

from service import clock
from service.background import Intervals, sleeper
from service.delivery.pacing import OutOfPace
from service.delivery.setup_check.inventory import read_inventory
from service.nexudus.client import Nexudus
from service.nexudus.errors import NexudusError
from service.store import Store

log = structlog.get_logger()

INTERVALS = Intervals(every_s=1.0)
"""A person waits for the look."""


class LookJob:
    """Takes the looks at one account."""

    def __init__(self, nexudus: Nexudus, store: Store, account: str, stop: threading.Event) -> None:
        """nexudus: a client that keeps the account's pace."""
        self._nexudus, self._store, self._account = nexudus, store, account
        self._sleep = sleeper(stop)
        self._is_new = True

    def step(self, now: datetime) -> None:
        """Take the requested look, if there is one. Raises: ShuttingDown, StoreUnavailable."""
        account, base_url = self._account, self._nexudus.base_url
        if self._is_new:  # the account may be at another Nexudus than before
            self._store.write(lambda tx: tx.crm.renew_look(account, base_url, now))
            self._is_new = False
        with self._store.read() as tx:
            if not tx.crm.is_look_requested(account):
                return
        if not self._store.write(lambda tx: tx.crm.claim_look(account, now)):
            return
        try:
            contents = read_inventory(self._nexudus, account, self._sleep).as_row()
        except (NexudusError, OutOfPace) as error:
            problem = getattr(error, "message", "") or "the agreed number of calls has been made"
            log.warning("look_failed", account=account, why=problem)
            self._store.write(lambda tx: tx.crm.fail_look(account, problem))
            return
        ended_at = clock.now()
        self._store.write(lambda tx: tx.crm.save_look(account, base_url, contents, ended_at))
