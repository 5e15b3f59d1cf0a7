"""One worker: claims due deliveries, keeps their leases, and hands each to one of its threads, until stopped."""

import os
import threading
from collections.abc import Callable, Mapping
from contextlib import nullcontext, suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from queue import SimpleQueue

import structlog

from service import clock
from service.background import ShuttingDown, is_gone, jitter, worker_name
from service.delivery.context import AccountContext
from service.delivery.counts import DeliveryCounts, save_counts
from service.delivery.deliver import deliver, requeue
from service.delivery.missing_setup import ACCOUNT, missing_account, wait_for_setup
from service.lead import Delivery, Lead, LeadId, Step
from service.metrics.processes import usage_of
from service.setup.current import FOLLOW_RETRY_S, may_follow
from service.store import LeaseLost, SeenWorker, Store, StoreUnavailable, Transaction, Turns
from service.tracing.context import CURRENT

log = structlog.get_logger()

POLL_INTERVAL_S = 2.0
"""Maximum wait without a ring: rings can be lost, and leases of killed workers expire."""

STOP_S = 8.0
"""Seconds for calls in progress to end after a stop; after that their outcome is unknown."""

FORGET_INTERVAL_S = 3600.0
"""Seconds between deletions of recorded calls that no pace needs any more."""

DAY_S = 86400.0

HEARTBEAT_INTERVAL_S = 15.0
"""Seconds between two records that this worker is at work."""

BLOCKED_POLL_S = 0.2
"""Seconds until the next look for a due lead that is blocked by another one in progress."""


@dataclass(frozen=True, slots=True)
class WorkerConfig:
    """threads: deliveries at a time. lease_s: how long a claim holds without renewal, in seconds. version: ours."""

    threads: int
    lease_s: float
    version: str = ""


class Worker:
    """Claims deliveries and hands them to its threads.

    One loop renews leases and claims; it sleeps until a ring, a finished delivery or the next due time.
    """

    def __init__(
        self,
        store: Store,
        contexts: Mapping[str, AccountContext],
        config: WorkerConfig,
        stop: threading.Event,
        on_ring: Callable[[], None] = lambda: None,
    ) -> None:
        """on_ring: called whenever something may have become due, for other jobs of this process that wait for it."""
        self._store = store
        self._on_ring = on_ring
        self._contexts = contexts
        self._counts: list[DeliveryCounts] = []
        self._add_counts()
        self._config = config
        self._name = worker_name()
        self._work: SimpleQueue[Delivery] = SimpleQueue()
        self._under_way: set[LeadId] = set()
        self._turns = Turns()
        self._guard = threading.Lock()
        self._stop = stop
        self._read_end, self._write_end = os.pipe()
        for end in (self._read_end, self._write_end):
            os.set_blocking(end, False)
        self._freed_at = self._renewed_at = self._forgot_at = self._recorded_at = self._counted_at = float("-inf")
        self._started_at = clock.now()

    def follow(self, contexts: Mapping[str, AccountContext]) -> None:
        """Use other contexts from now on; a delivery in progress keeps its own."""
        self._contexts = contexts
        self._add_counts()

    def stop(self) -> None:
        """Claim nothing more and let run() return; safe in a signal handler and from any thread."""
        self._stop.set()
        self._wake()

    def run(self) -> None:
        """Deliver until stopped; while the database is unavailable, wait for it."""
        for number in range(self._config.threads):
            threading.Thread(target=self._deliver_all, name=f"delivery-{number}", daemon=True).start()
        bell = self._store.bell()
        log.info("worker_started", worker=self._name, threads=self._config.threads)
        while not self._stop.is_set():
            bell.wait(self._turn(), self._read_end)
            self._on_ring()
            self._drain()
        self._finish()
        bell.close()

    def _turn(self) -> float:
        """Renew leases and claim deliveries for the free threads; return the seconds until the next look."""
        try:
            self._maintain()
            room = self._config.threads - len(self._under_way)
            coming_s = self._claim(room) if room > 0 else POLL_INTERVAL_S  # a finished delivery wakes the loop
            return min(coming_s, self._renewal_s()) if self._under_way else coming_s
        except StoreUnavailable as error:
            log.error("store_unavailable", error=str(error))
            return POLL_INTERVAL_S

    def _renewal_s(self) -> float:
        return self._config.lease_s / 3

    def _claim(self, room: int) -> float:
        now = clock.now()

        def claim(tx: Transaction) -> tuple[list[Delivery], datetime | None]:
            claimed = tx.queue.claim(self._name, now, self._config.lease_s, room, self._turns)
            return claimed, tx.queue.next_due(now)

        claimed, coming_at = self._store.write(claim)
        for delivery in claimed:
            with self._guard:
                # After a suspend of the host our own leases have expired; then this claim only renewed one.
                if delivery.lead.id in self._under_way:
                    continue
                self._under_way.add(delivery.lead.id)
            self._work.put(delivery)
        if coming_at is None or len(claimed) == room:
            return POLL_INTERVAL_S
        # A due but unclaimed lead is blocked: its person, or its account on trial, has another one in progress.
        return min(POLL_INTERVAL_S, max(BLOCKED_POLL_S, (coming_at - now).total_seconds()))

    def _maintain(self) -> None:
        at = clock.monotonic()
        if at - self._renewed_at >= self._renewal_s():
            self._renewed_at = at
            self._renew()
        if at - self._recorded_at >= HEARTBEAT_INTERVAL_S:
            self._recorded_at = at
            self._record_worker()
        if at - self._counted_at >= POLL_INTERVAL_S:
            self._counted_at = at
            save_counts(self._counts, self._store)
        if at - self._freed_at > POLL_INTERVAL_S:
            self._freed_at = at
            self._store.write(lambda tx: tx.queue.free_leases(is_gone))
        if at - self._forgot_at > FORGET_INTERVAL_S:
            self._forgot_at = at
            memory_s = max([DAY_S, *(context.pacer.memory_s for context in self._contexts.values())])
            before = clock.now().timestamp() - memory_s - FORGET_INTERVAL_S
            self._store.write(lambda tx: tx.accounts.forget_calls(before))

    def _record_worker(self) -> None:
        seen = SeenWorker(self._name, self._config.version, self._started_at, clock.now())
        if usage := usage_of(os.getpid()):
            seen = replace(seen, cpu_s=usage.cpu_s, memory_bytes=usage.memory_bytes, open_files=usage.open_files)
        self._store.write(lambda tx: tx.workers.record(seen))

    def _add_counts(self) -> None:
        """Counts of replaced contexts are added as well: deliveries in progress still use them."""
        self._counts += [each.counts for each in self._contexts.values() if each.counts not in self._counts]

    def _renew(self) -> None:
        with self._guard:
            held = sorted(self._under_way)
        if held:
            until = clock.now() + timedelta(seconds=self._config.lease_s)
            self._store.write(lambda tx: tx.queue.renew_leases(self._name, held, until))

    def _deliver_all(self) -> None:
        while True:
            delivery = self._work.get()
            try:
                self._deliver(delivery)
            finally:
                with self._guard:
                    self._under_way.discard(delivery.lead.id)
                self._wake()

    def _deliver(self, delivery: Delivery) -> None:
        lead_id = delivery.lead.id
        token = CURRENT.set(delivery.trace)
        try:
            self._deliver_or_requeue(delivery)
        except LeaseLost:
            log.warning("lease_lost", lead=lead_id)
        except StoreUnavailable as error:
            log.error("store_unavailable", lead=lead_id, error=str(error))
        finally:
            CURRENT.reset(token)

    def _deliver_or_requeue(self, delivery: Delivery) -> None:
        account, now = delivery.lead.account, clock.now()
        contexts = self._contexts
        context = contexts.get(account)
        is_known = context is not None and delivery.lead.submission.form in context.forms_of(delivery.lead)
        if not is_known and may_follow(delivery.lead.received_at, now):
            due = now + timedelta(seconds=FOLLOW_RETRY_S)
            self._store.write(lambda tx: tx.queue.postpone(delivery, due, delivery.tries))
            return
        if context is None:
            self._handle_removed_account(delivery, contexts, now)
            return
        try:
            with context.tracer.delivering(delivery) if context.tracer else nullcontext():
                deliver(delivery, context)
        except ShuttingDown:
            self._store.write(lambda tx: tx.queue.postpone(delivery, now, delivery.tries))
        except (LeaseLost, StoreUnavailable):
            raise
        except Exception:  # a bug of this service may delay one lead, but must not end the worker
            log.exception("delivery_error", lead=delivery.lead.id)
            requeue(delivery, context)

    def _handle_removed_account(
        self, delivery: Delivery, contexts: Mapping[str, AccountContext], now: datetime
    ) -> None:
        """Let a lead wait whose account the forms file no longer has, then park it.

        If an operator retries it, it goes to the account that its form and answers name now, unless the removed account
        may already have its opportunity: only a search there would show that.
        """
        account, doubt = delivery.lead.account, delivery.doubt
        problem = missing_account(account)
        named = _account_named_now(delivery.lead, contexts)
        if named in contexts and (doubt is None or doubt.step is not Step.CREATE_OPPORTUNITY):
            if delivery.trigger == "operator":
                log.warning("handed_over", lead=delivery.lead.id, account=account, to=named)
                self._store.write(lambda tx: tx.queue.hand_over(delivery, str(named), now))
                return
            problem = f"{problem}; or send it again as it is: it then goes to {named!r}, which its form names now"
        wait_for_setup(delivery, self._store, ACCOUNT + account, problem, jitter())

    def _finish(self) -> None:
        deadline = clock.monotonic() + STOP_S
        while self._under_way and clock.monotonic() < deadline:
            clock.sleep(0.05)
        with suppress(StoreUnavailable):
            save_counts(self._counts, self._store)
        log.info("worker_stopped", worker=self._name, left=len(self._under_way))

    def _wake(self) -> None:
        try:
            os.write(self._write_end, b"!")
        except BlockingIOError:
            return  # the pipe is full: the loop is awake anyway

    def _drain(self) -> None:
        try:
            while os.read(self._read_end, 4096):
                pass
        except BlockingIOError:
            return


def _account_named_now(lead: Lead, contexts: Mapping[str, AccountContext]) -> str | None:
    form = next((context.forms_of(lead).get(lead.submission.form) for context in contexts.values()), None)
    return None if form is None else form.for_answers(lead.submission).account
