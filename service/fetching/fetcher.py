"""Threads of a worker that read what platforms announced. Their own: a slow platform delays no delivery."""

import threading
from collections.abc import Sequence

import structlog

from service import clock
from service.fetching.connection import PlatformConnection
from service.fetching.settlement import collect, stumbled
from service.lead import Outcome
from service.store import ConnectionKey, Fetch, FetchResult, Identity, LeaseLost, Store, StoreUnavailable

log = structlog.get_logger()

THREADS = 3
"""For each platform: one that hangs keeps the others of its platform going, and the other platforms."""

LEASE_S = 240.0
"""How long a notice is out of others' reach; no read takes so long. Those of a dead process of this host are free."""

LOOK_S = 2.0
"""The longest wait before looking by itself."""

NO_LINE = FetchResult(Outcome.REJECTED, 0, None, "the forms file does not have its form or sender any more")


class Fetcher:
    """Claims notices and reads them, in threads for each platform."""

    def __init__(
        self, store: Store, lines: Sequence[PlatformConnection], identity: Identity, stop: threading.Event
    ) -> None:
        self._store = store
        self._lines = {line.link: line for line in lines if line.announces}
        self._identity = identity
        self._stop = stop
        self._bells: list[threading.Event] = []
        self._threads: list[threading.Thread] = []
        self._freed_at = float("-inf")

    def start(self) -> None:
        """Begin, with connections that were broken, too: the forms file may hold new tokens."""
        for sender in sorted({line.sender for line in self._lines.values()}):
            bell = threading.Event()
            self._bells.append(bell)
            for number in range(THREADS):
                name = f"collect-{sender}-{number}"
                self._threads.append(threading.Thread(target=self._run, args=(sender, bell), name=name, daemon=True))
        for thread in self._threads:
            thread.start()

    def nudge(self) -> None:
        """Something may have fallen due."""
        for bell in self._bells:
            bell.set()

    def join(self, within_s: float) -> None:
        """After `stop` was set: let reads under way end; what has not by then is read again later."""
        self.nudge()
        deadline = clock.monotonic() + within_s
        for thread in self._threads:
            thread.join(max(0.0, deadline - clock.monotonic()))

    def _run(self, sender: str, bell: threading.Event) -> None:
        while not self._stop.is_set():
            try:
                if self._step(sender, bell):
                    continue
            except StoreUnavailable as error:
                log.error("store_unavailable", error=str(error))
            except Exception:  # a mistake of ours must not end the thread
                log.exception("collect_stumbled", sender=sender)
            bell.wait(LOOK_S)
            if not self._stop.is_set():  # all are to hear that it ends
                bell.clear()

    def _step(self, sender: str, bell: threading.Event) -> bool:
        """Read one lead; False where none is due."""
        fetch = self._claim(sender)
        if fetch is not None:
            bell.set()  # there may be more, for the others
            self._collect(fetch)
        return fetch is not None

    def _claim(self, sender: str) -> Fetch | None:
        now = clock.now()
        self._free()
        with self._store.read() as tx:
            if not tx.platforms.has_due_fetch([sender], now):
                return None
        name = self._identity.name
        claimed = self._store.write(lambda tx: tx.platforms.claim_fetches(name, now, LEASE_S, 1, [sender]))
        return claimed[0] if claimed else None

    def _free(self) -> None:
        at = clock.monotonic()
        if at - self._freed_at > LOOK_S:
            self._freed_at = at
            self._store.write(lambda tx: tx.platforms.free_fetch_leases(self._identity.is_gone))

    def _collect(self, fetch: Fetch) -> None:
        lead_id = fetch.notice.lead_id
        line = self._lines.get(fetch.link.whole)
        try:
            if line is None:
                self._store.write(lambda tx: tx.platforms.park_fetch(fetch, lost(fetch.link), NO_LINE))
            else:
                self._collect_or_stumble(fetch, line)
        except LeaseLost:
            log.warning("lease_lost", lead=lead_id)
            nothing = FetchResult(
                Outcome.UNAVAILABLE, 0, None, "not wanted any more: taken back, discarded or here already"
            )
            self._store.write(lambda tx: tx.platforms.end_fetch(fetch, nothing))
        except StoreUnavailable as error:
            log.error("store_unavailable", lead=lead_id, error=str(error))
            self._give_back(fetch)

    def _give_back(self, fetch: Fetch) -> None:
        """Once the database is there again, let the notice be read anew: nobody else may, while we hold it."""
        nothing = FetchResult(Outcome.UNAVAILABLE, 0, None, "the database was away")
        tries = fetch.notice.tries
        while not self._stop.wait(LOOK_S):
            try:
                self._store.write(lambda tx: tx.platforms.postpone_fetch(fetch, clock.now(), tries, "", nothing))
            except StoreUnavailable:
                continue
            except LeaseLost:
                log.warning("lease_lost", lead=fetch.notice.lead_id)
            return

    def _collect_or_stumble(self, fetch: Fetch, line: PlatformConnection) -> None:
        try:
            collect(fetch, line, self._store)
        except (LeaseLost, StoreUnavailable):
            raise
        except Exception:
            log.exception("fetch_stumbled", lead=fetch.notice.lead_id)
            stumbled(fetch, line, self._store)


def reconnect(store: Store, lines: Sequence[PlatformConnection]) -> None:
    """At a start: the forms file may hold other tokens, and may have lost forms.

    Raises: StoreUnavailable.
    """
    now = clock.now()
    links = {line.link for line in lines}
    announcing = {line.link for line in lines if line.announces}
    store.write(lambda tx: tx.platforms.probe_now(None, now))
    store.write(lambda tx: tx.platforms.keep_only(links, now))
    store.write(lambda tx: tx.platforms.park_unconfigured(announcing, lost))


def lost(link: ConnectionKey) -> str:
    """Why leads of a connection that is set up no more are parked."""
    section = f"[forms.{link.form}.webhooks.{link.sender}]"
    return f"The forms file has no {section} any more, so it cannot be fetched: put it back, start again, then retry."
