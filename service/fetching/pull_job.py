"""Now and then, by itself: is every platform still connected, does anything end soon, was anything missed."""

import threading
from collections.abc import Sequence
from datetime import datetime

import structlog

from service import clock
from service.fetching.connection import PlatformConnection
from service.fetching.pull import OVERLAP, pull
from service.fetching.settlement import judge
from service.forms.senders import can_read
from service.platforms.errors import PlatformError
from service.platforms.registry import PLATFORMS
from service.store import Store, StoreUnavailable

log = structlog.get_logger()

CHECK_S = 24 * 3600.0
"""How often a connection is checked of which no lead tells that it works."""

LOOK_S = 20.0
"""Between two looks at what is due."""


class PullJob:
    """One thread: a worker's part of these rounds. Whose turn it is, the store knows."""

    def __init__(
        self, store: Store, lines: Sequence[PlatformConnection], stop: threading.Event, look_s: float = LOOK_S
    ) -> None:
        self._store = store
        self._lines = lines
        self._stop = stop
        self._look_s = look_s

    def run(self) -> None:
        """Go rounds until stopped, whatever happens."""
        while not self._stop.wait(self._look_s):
            for line in self._lines:
                self._go(line)

    def _go(self, line: PlatformConnection) -> None:
        if self._stop.is_set() or not can_read(line.table):
            return  # nobody asked for reads; a lead that needs one will say so
        try:
            self.step(line, clock.now())
        except StoreUnavailable as error:
            log.error("store_unavailable", error=str(error))
        except Exception:  # a mistake of ours must not end the rounds
            log.exception("rounds_stumbled", sender=line.sender, form=line.form.name)

    def step(self, line: PlatformConnection, now: datetime) -> None:
        """Do for one line what is due.

        Raises: StoreUnavailable.
        """
        health_due = self._store.write(lambda tx: tx.platforms.claim_check(line.link, now, CHECK_S))
        if health_due or self._may_be_mended(line, now):
            self._check(line, now)
        every_s = PLATFORMS[line.sender].pull_interval_s
        if every_s is not None and self._store.write(lambda tx: tx.platforms.claim_pull(line.link, now, every_s)):
            self._pull(line, now)

    def _may_be_mended(self, line: PlatformConnection, now: datetime) -> bool:
        """Whether it is broken, its rest is over, and no announced lead is there to find out."""
        with self._store.read() as tx:
            health = tx.platforms.health(line.link)
            waiting = any(link.whole == line.link for link, _, _ in tx.platforms.fetch_backlog())
        return health.reason != "" and not waiting and (health.paused_until is None or health.paused_until <= now)

    def _check(self, line: PlatformConnection, now: datetime) -> None:
        try:
            ends_at = line.reader.check(now)
        except PlatformError as error:
            log.warning("check_failed", sender=line.sender, form=line.form.name, status=error.status)
            self._note(error, line, now)
            return
        self._store.write(lambda tx: tx.platforms.set_expiry(line.link, ends_at))
        self._store.write(lambda tx: tx.platforms.record_success(line.link, now))

    def _note(self, error: PlatformError, line: PlatformConnection, now: datetime) -> None:
        self._store.write(lambda tx: judge(tx, line.link, error, line, now, 1.0))

    def _pull(self, line: PlatformConnection, now: datetime) -> None:
        with self._store.read() as tx:
            since = tx.platforms.health(line.link).pulled_until or now
        if not pull(line, self._store, since - OVERLAP, now).broken:
            self._store.write(lambda tx: tx.platforms.set_pulled_until(line.link, now))
