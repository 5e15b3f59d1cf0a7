"""Threads of a worker that read announced leads; separate, so that a slow platform delays no delivery."""

import threading
from collections.abc import Sequence
from datetime import datetime, timedelta

import structlog

from service import clock
from service.background import Intervals, start_periodic_job
from service.fetching.connection import PlatformConnection
from service.fetching.settlement import fetch_lead, settle_bug
from service.forms.senders import table_name
from service.lead import Outcome
from service.setup.current import FOLLOW_RETRY_S, may_follow
from service.store import ConnectionKey, Fetch, FetchResult, Identity, LeaseLost, Store, StoreUnavailable, Transaction

log = structlog.get_logger()

THREADS_PER_PLATFORM = 3
"""Threads for each platform: a hanging call holds up neither its platform's other leads nor other platforms."""

LEASE_S = 240.0
"""Seconds for which a claimed lead is out of other workers' reach; no fetch takes that long.

Leases of ended processes of this host are freed at once.
"""

POLL_INTERVAL_S = 2.0

MISSING_FOR = timedelta(hours=1)
"""Time that leads wait for a connection that the set-up no longer has."""

MISSING_INTERVALS = Intervals(every_s=60.0, first_s=60.0)

_NOT_CONFIGURED = FetchResult(Outcome.REJECTED, 0, None, "the set-up no longer has its form or sender")
_NOT_WANTED = FetchResult(Outcome.UNAVAILABLE, 0, None, "no longer wanted: taken back, discarded or already here")
_NO_DATABASE = FetchResult(Outcome.UNAVAILABLE, 0, None, "the database was unavailable")


class Fetcher:
    """Claims announced leads and reads them, in threads for each platform."""

    def __init__(
        self, store: Store, connections: Sequence[PlatformConnection], identity: Identity, stop: threading.Event
    ) -> None:
        """connections: only those of announcing platforms are served. identity: of this process."""
        self._store = store
        self._connections = _announcing(connections)
        self._identity = identity
        self._stop = stop
        self._wakes: dict[str, threading.Event] = {}
        self._threads: list[threading.Thread] = []
        self._leases_freed_at = float("-inf")

    def start(self) -> None:
        """Start the threads of platforms that have none yet."""
        for sender in sorted({each.sender for each in self._connections.values()} - self._wakes.keys()):
            wake = threading.Event()
            self._wakes = {**self._wakes, sender: wake}  # another thread may be waking the others

            def step(_now: datetime, sender: str = sender) -> float | None:
                return 0.0 if self._fetch_next(sender) else None

            self._threads += [
                start_periodic_job(f"fetch-{sender}-{number}", step, Intervals(POLL_INTERVAL_S), self._stop, wake)
                for number in range(THREADS_PER_PLATFORM)
            ]

    def follow(self, connections: Sequence[PlatformConnection]) -> None:
        """Use other connections from now on; a fetch in progress keeps its own."""
        self._connections = _announcing(connections)
        self.start()

    def wake(self) -> None:
        """Look for due leads now."""
        for wake in self._wakes.values():
            wake.set()

    def join(self, within_s: float) -> None:
        """Wait for fetches in progress after `stop` was set; one that takes longer is repeated by another process."""
        self.wake()
        deadline = clock.monotonic() + within_s
        for thread in self._threads:
            thread.join(max(0.0, deadline - clock.monotonic()))

    def _fetch_next(self, sender: str) -> bool:
        """Read one due lead; return whether there was one."""
        fetch = self._claim(sender)
        if fetch is not None:
            self._wakes[sender].set()  # more may be due, for the other threads
            self._fetch(fetch)
        return fetch is not None

    def _claim(self, sender: str) -> Fetch | None:
        if clock.monotonic() - self._leases_freed_at > POLL_INTERVAL_S:
            self._leases_freed_at = clock.monotonic()
            self._store.write(lambda tx: tx.platforms.free_fetch_leases(self._identity.is_gone))
        now = clock.now()
        with self._store.read() as tx:
            if not tx.platforms.has_due_fetch([sender], now):
                return None
        name = self._identity.name
        claimed = self._store.write(lambda tx: tx.platforms.claim_fetches(name, now, LEASE_S, 1, [sender]))
        return claimed[0] if claimed else None

    def _fetch(self, fetch: Fetch) -> None:
        lead_id = fetch.notice.lead_id
        connection = self._connections.get(fetch.link.whole)
        try:
            if connection is None:  # see settle_missing
                self._wait_for_setup(fetch)
            else:
                self._fetch_over(connection, fetch)
        except LeaseLost:
            log.warning("lease_lost", lead=lead_id)
            self._store.write(lambda tx: tx.platforms.end_fetch(fetch, _NOT_WANTED))
        except StoreUnavailable as error:
            log.error("store_unavailable", lead=lead_id, error=str(error))
            self._requeue(fetch)

    def _wait_for_setup(self, fetch: Fetch) -> None:
        now, tries = clock.now(), fetch.notice.tries
        may_come = may_follow(fetch.notice.announced_at, now)
        due = now + (timedelta(seconds=FOLLOW_RETRY_S) if may_come else MISSING_FOR)
        problem = missing_problem(fetch.link)
        self._store.write(lambda tx: tx.platforms.postpone_fetch(fetch, due, tries, problem, _NOT_CONFIGURED))

    def _fetch_over(self, connection: PlatformConnection, fetch: Fetch) -> None:
        try:
            fetch_lead(fetch, connection, self._store)
        except (LeaseLost, StoreUnavailable):
            raise
        except Exception:  # a bug of this service must not hold up other leads
            log.exception("fetch_failed", lead=fetch.notice.lead_id)
            settle_bug(fetch, connection, self._store)

    def _requeue(self, fetch: Fetch) -> None:
        """Release the lead once the database is back: no other worker may fetch it while we hold the lease."""
        tries = fetch.notice.tries
        while not self._stop.wait(POLL_INTERVAL_S):
            try:
                self._store.write(lambda tx: tx.platforms.postpone_fetch(fetch, clock.now(), tries, "", _NO_DATABASE))
            except StoreUnavailable:
                continue
            except LeaseLost:
                log.warning("lease_lost", lead=fetch.notice.lead_id)
            return


def _announcing(connections: Sequence[PlatformConnection]) -> dict[ConnectionKey, PlatformConnection]:
    return {each.link: each for each in connections if each.platform.announces}


def reconnect(store: Store, connections: Sequence[PlatformConnection]) -> None:
    """Try broken connections again: the set-up may have changed.

    Raises: StoreUnavailable.
    """
    now = clock.now()
    store.write(lambda tx: tx.platforms.probe_now(None, now))
    settle_missing(store, connections, now)


# -- connections that the set-up no longer has: it may be a mistake


def settle_missing(store: Store, connections: Sequence[PlatformConnection], now: datetime) -> None:
    """Let the leads of each connection missing from the set-up wait; park them after an hour.

    Such a connection is forgotten once no lead waits for it.
    Raises: StoreUnavailable.
    """
    links = {each.link for each in connections}
    announcing = {each.link for each in connections if each.platform.announces}

    def settle(tx: Transaction) -> None:
        missing = tx.platforms.awaited() - announcing
        for link in sorted(missing):
            since = tx.platforms.mark_missing(link, missing_reason(link), now, now + 2 * MISSING_FOR)
            if now - since >= MISSING_FOR:
                tx.platforms.park_all(link, missing_problem(link))
                missing.remove(link)
        tx.platforms.keep_only(links | missing, now)
        for link in links - missing:
            if tx.platforms.health(link).reason == missing_reason(link):
                tx.platforms.record_success_everywhere(link, now)  # it is back

    store.write(settle)


def missing_reason(link: ConnectionKey) -> str:
    """Return the sentence of the alert while leads wait for a connection missing from the set-up."""
    section = table_name(link.form, link.sender)
    return (
        f"The set-up no longer has {section}: if that is a mistake, put it back. Leads that "
        "the platform announced wait for it for an hour, then they are parked."
    )


def missing_problem(link: ConnectionKey) -> str:
    """Return why leads of a connection that is no longer set up are parked."""
    section = table_name(link.form, link.sender)
    return f"It cannot be fetched, because the set-up no longer has {section}: put it back, then send the lead again."
