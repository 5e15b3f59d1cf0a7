"""One worker: claims what is owed, keeps its leases, and hands each Delivery to one of its threads, until stopped."""

import os
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from queue import SimpleQueue

import structlog

from service import clock
from service.delivery.context import AccountContext
from service.delivery.deliver import deliver, requeue
from service.delivery.identity import is_gone, worker_name
from service.lead import Delivery, LeadId, Step, Submission
from service.store import LeaseLost, Store, StoreUnavailable, Transaction, Turns

log = structlog.get_logger()

LOOK_S = 2.0
"""The longest wait before looking by itself: rings can be lost, and leases of killed workers run out."""

STOP_S = 8.0
"""How long calls under way may take to end after a stop; later they count as outcome unknown."""

FORGET_S = 3600.0
"""How often the calls that no pace looks back to are dropped from the store."""

DAY_S = 86400.0

BLOCKED_S = 0.2
"""How soon to look again for a lead whose person is being served by another worker."""


class Stopping(Exception):
    """The worker is being stopped while a call waits for its turn."""


@dataclass(frozen=True, slots=True)
class WorkerConfig:
    """The worker's figures, as plain values."""

    threads: int
    lease_s: float


class Worker:
    """Claims Deliveries and hands them to its threads.

    One loop looks after leases and claims; it sleeps until a ring, a finished delivery or the next due time.
    """

    def __init__(
        self,
        store: Store,
        contexts: Mapping[str, AccountContext],
        told: WorkerConfig,
        stop: threading.Event,
        on_ring: Callable[[], None] = lambda: None,
    ) -> None:
        """on_ring: called whenever something may have fallen due, for others who wait for it in this process."""
        self._store = store
        self._on_ring = on_ring
        self._contexts = contexts
        self._told = told
        self._name = worker_name()
        self._work: SimpleQueue[Delivery] = SimpleQueue()
        self._in_hand: set[LeadId] = set()
        self._turns = Turns()
        self._guard = threading.Lock()
        self._stop = stop
        self._read_end, self._write_end = os.pipe()
        for end in (self._read_end, self._write_end):
            os.set_blocking(end, False)
        self._tidied_at = self._renewed_at = self._forgot_at = float("-inf")

    def stop(self) -> None:
        """Claim nothing more and let run() return; safe in a signal handler and from any thread."""
        self._stop.set()
        self._nudge()

    def run(self) -> None:
        """Deliver until stopped. A database that is away is waited for."""
        for number in range(self._told.threads):
            threading.Thread(target=self._deliver_all, name=f"delivery-{number}", daemon=True).start()
        bell = self._store.bell()
        log.info("worker_started", worker=self._name, threads=self._told.threads)
        while not self._stop.is_set():
            bell.wait(self._turn(), self._read_end)
            self._on_ring()
            self._drain()
        self._finish()
        bell.close()

    def _turn(self) -> float:
        """Look after the leases and claim what there is room for; seconds until the next look."""
        try:
            self._tidy()
            room = self._told.threads - len(self._in_hand)
            coming_s = self._claim(room) if room > 0 else LOOK_S  # a finished delivery nudges
            return min(coming_s, self._renewal_s()) if self._in_hand else coming_s
        except StoreUnavailable as error:
            log.error("store_unavailable", error=str(error))
            return LOOK_S

    def _renewal_s(self) -> float:
        return self._told.lease_s / 3

    def _claim(self, room: int) -> float:
        now = clock.now()

        def claim(tx: Transaction) -> tuple[list[Delivery], datetime | None]:
            claimed = tx.queue.claim(self._name, now, self._told.lease_s, room, self._turns)
            return claimed, tx.queue.next_due(now)

        claimed, coming_at = self._store.write(claim)
        for delivery in claimed:
            with self._guard:
                # A host that slept wakes with its own leases run out: then this only renewed one.
                if delivery.lead.id in self._in_hand:
                    continue
                self._in_hand.add(delivery.lead.id)
            self._work.put(delivery)
        if coming_at is None or len(claimed) == room:
            return LOOK_S
        # What is due but was not claimed belongs to a person, or an account on trial, that somebody is busy with.
        return min(LOOK_S, max(BLOCKED_S, (coming_at - now).total_seconds()))

    def _tidy(self) -> None:
        at = clock.monotonic()
        if at - self._renewed_at >= self._renewal_s():
            self._renewed_at = at
            self._renew()
        if at - self._tidied_at > LOOK_S:
            self._tidied_at = at
            self._store.write(lambda tx: tx.queue.free_leases(is_gone))
        if at - self._forgot_at > FORGET_S:
            self._forgot_at = at
            memory_s = max([DAY_S, *(context.pacer.memory_s for context in self._contexts.values())])
            before = clock.now().timestamp() - memory_s - FORGET_S
            self._store.write(lambda tx: tx.accounts.forget_calls(before))

    def _renew(self) -> None:
        with self._guard:
            held = sorted(self._in_hand)
        if held:
            until = clock.now() + timedelta(seconds=self._told.lease_s)
            self._store.write(lambda tx: tx.queue.renew_leases(self._name, held, until))

    def _deliver_all(self) -> None:
        while True:
            delivery = self._work.get()
            try:
                self._deliver(delivery)
            finally:
                with self._guard:
                    self._in_hand.discard(delivery.lead.id)
                self._nudge()

    def _deliver(self, delivery: Delivery) -> None:
        lead_id = delivery.lead.id
        try:
            self._deliver_or_return(delivery)
        except LeaseLost:
            log.warning("lease_lost", lead=lead_id)
        except StoreUnavailable as error:
            log.error("store_unavailable", lead=lead_id, error=str(error))

    def _deliver_or_return(self, delivery: Delivery) -> None:
        account, now = delivery.lead.account, clock.now()
        context = self._contexts.get(account)
        if context is None:
            self._place(delivery, now)
            return
        try:
            deliver(delivery, context)
        except Stopping:
            self._store.write(lambda tx: tx.queue.postpone(delivery, now, delivery.tries))
        except (LeaseLost, StoreUnavailable):
            raise
        except Exception:  # a mistake of ours must cost one lead a delay, not the worker its life
            log.exception("delivery_stumbled", lead=delivery.lead.id)
            requeue(delivery, context)

    def _place(self, delivery: Delivery, now: datetime) -> None:
        """A lead of an account that is gone waits for a person, who may have renamed it or taken it out by mistake.

        Once an operator retries it, the account that its form and answers name now gets it; not where the gone account
        may have its opportunity already, for only a search there would show it.
        """
        account, doubt = delivery.lead.account, delivery.doubt
        problem = f"the forms file has no account {account!r} any more: put it back, then retry"
        named = self._account_named_now(delivery.lead.submission)
        if named in self._contexts and (doubt is None or doubt.step is not Step.CREATE_OPPORTUNITY):
            if delivery.trigger == "operator":
                log.warning("handed_over", lead=delivery.lead.id, account=account, to=named)
                self._store.write(lambda tx: tx.queue.hand_over(delivery, str(named), now))
                return
            problem = f"{problem}; or retry as it is, then it goes to {named!r}, which its form names now"
        self._store.write(lambda tx: tx.queue.park(delivery, problem))

    def _account_named_now(self, submission: Submission) -> str | None:
        form = next((context.forms.get(submission.form) for context in self._contexts.values()), None)
        return None if form is None else form.for_answers(submission).account

    def _finish(self) -> None:
        deadline = clock.monotonic() + STOP_S
        while self._in_hand and clock.monotonic() < deadline:
            clock.sleep(0.05)
        log.info("worker_stopped", worker=self._name, left=len(self._in_hand))

    def _nudge(self) -> None:
        try:
            os.write(self._write_end, b"!")
        except BlockingIOError:
            return  # full: it is awake anyway

    def _drain(self) -> None:
        try:
            while os.read(self._read_end, 4096):
                pass
        except BlockingIOError:
            return
