"""Process 2: claim what is owed, deliver it; fetch what was announced; until told to stop."""

import os
import random
import signal
import threading
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from queue import SimpleQueue

import structlog

from service import clock
from service.bookkeeping import keep_books
from service.chores.indexing import Indexer
from service.chores.retention import keep_erasing
from service.chores.tallying import Tallier
from service.collect.collector import Collector, begin_anew
from service.collect.collector import Identity as Reading
from service.collect.line import Addresses
from service.collect.lines import make_lines
from service.collect.rounds import Rounds as ReadingRounds
from service.delivery.deliver import deliver, give_back
from service.delivery.desk import Desk
from service.delivery.identity import is_gone, worker_name
from service.delivery.keeper import StoreKeeper
from service.delivery.pacing import Pacer
from service.delivery.preflight import Rounds, end_for_gone
from service.delivery.targets import Targets
from service.delivery.vetting import Vetting
from service.forms import Account, Form, Setup
from service.lead import Delivery, LeadId, Receipt, Submission
from service.nexudus.client import Nexudus
from service.nexudus.tokens import Login
from service.settings import Settings
from service.store import LeaseLost, Pace, Store, StoreUnavailable, Transaction, Turns
from service.watch.digest import Hour
from service.watch.watcher import Identity, Orders, Watcher

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
class Told:
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
        desks: Mapping[str, Desk],
        told: Told,
        stop: threading.Event,
        on_ring: Callable[[], None] = lambda: None,
    ) -> None:
        """on_ring: called whenever something may have fallen due, for others who wait for it in this process."""
        self._store = store
        self._on_ring = on_ring
        self._desks = desks
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
            claimed = tx.claims.claim(self._name, now, self._told.lease_s, room, self._turns)
            return claimed, tx.claims.coming(now)

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
            self._store.write(lambda tx: tx.outbox.free(is_gone))
        if at - self._forgot_at > FORGET_S:
            self._forgot_at = at
            memory_s = max([DAY_S, *(desk.pacer.memory_s for desk in self._desks.values())])
            before = clock.now().timestamp() - memory_s - FORGET_S
            self._store.write(lambda tx: tx.accounts.forget_calls(before))

    def _renew(self) -> None:
        with self._guard:
            held = sorted(self._in_hand)
        if held:
            until = clock.now() + timedelta(seconds=self._told.lease_s)
            self._store.write(lambda tx: tx.outbox.renew(self._name, held, until))

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
        desk = self._desks.get(account)
        if desk is None:
            problem = f"the forms file has no account {account!r} any more: put it back, then retry"
            self._store.write(lambda tx: tx.outbox.park(delivery, problem))
            return
        try:
            deliver(delivery, desk)
        except Stopping:
            self._store.write(lambda tx: tx.outbox.postpone(delivery, now, delivery.tries))
        except (LeaseLost, StoreUnavailable):
            raise
        except Exception:  # a mistake of ours must cost one lead a delay, not the worker its life
            log.exception("delivery_stumbled", lead=delivery.lead.id)
            give_back(delivery, desk)

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


# -- wiring


def run(settings: Settings, setup: Setup, store: Store) -> None:
    """Work in this process until SIGTERM or SIGINT."""
    stop = threading.Event()
    work_at = desks(settings, setup, store, stop)
    for account in work_at:
        # The forms file may name other stages now.
        store.write(lambda tx, account=account: tx.holds.lift_all(account, "stage:"))  # type: ignore[misc]
    collector = collect(settings, setup, store, stop)
    worker = Worker(store, work_at, Told(settings.delivery_threads, settings.lease_s), stop, collector.nudge)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: worker.stop())
    watching = threading.Thread(target=watcher(settings, setup, store, stop).run, name="watch", daemon=True)
    watching.start()
    threading.Thread(target=Indexer(store, stop).run, name="index", daemon=True).start()
    zone = settings.digest_at.zone if settings.digest_at else UTC
    threading.Thread(target=Tallier(store, zone, stop).run, name="tally", daemon=True).start()
    erasing = (store, setup.forms, settings.retention_days, stop)
    threading.Thread(target=keep_erasing, args=erasing, name="retention", daemon=True).start()
    go_rounds(settings, setup, store, work_at, stop)
    worker.run()
    collector.join(STOP_S)
    watching.join(STOP_S)


def collect(settings: Settings, setup: Setup, store: Store, stop: threading.Event) -> Collector:
    """Begin to read what platforms announced, in threads beside the deliveries."""
    lines = make_lines(setup.forms, addresses(settings), store, worker_name())
    begin_anew(store, lines)
    collector = Collector(store, lines, Reading(worker_name(), is_gone), stop)
    collector.start()
    if lines:
        threading.Thread(target=ReadingRounds(store, lines, stop).run, name="collect-rounds", daemon=True).start()
    return collector


def addresses(settings: Settings) -> Addresses:
    """Where the platforms answer."""
    told = (settings.meta_graph_url, settings.linkedin_api_url, settings.linkedin_oauth_url, settings.tiktok_api_url)
    return Addresses(*(url.rstrip("/") for url in told))


def watcher(settings: Settings, setup: Setup, store: Store, stop: threading.Event) -> Watcher:
    """Who looks after everything else, and tells people."""

    def submit(submission: Submission, form: Form) -> Receipt:
        from service.capture.intake import accept  # noqa: PLC0415 (only where test leads are sent)

        return accept(submission, form, store, clock.now())

    daily = settings.digest_at
    hour = None if daily is None else Hour(daily.at, daily.zone)
    orders = Orders(settings.alert_urls, hour, setup.forms, public_url=settings.public_url)
    return Watcher(store, orders, Identity(worker_name(), is_gone), submit, stop)


def go_rounds(
    settings: Settings, setup: Setup, store: Store, work_at: Mapping[str, Desk], stop: threading.Event
) -> None:
    """Check set-up and books of each account now and then, in threads of its own: one that hangs delays no other."""
    store.write(lambda tx: end_for_gone(tx, work_at.keys()))
    can = {each.name: work_at[each.name] for each in accounts(settings, setup) if each.username or each.token}
    for name, desk in can.items():
        rounds = Rounds(desk.nexudus, store, setup.forms.values(), name, stop)
        threading.Thread(target=rounds.run, name=f"rounds-{name}", daemon=True).start()
    keep_books(can, make_lines(setup.forms, addresses(settings), store, f"ledger/{worker_name()}"), store, stop)


def desks(settings: Settings, setup: Setup, store: Store, stop: threading.Event) -> dict[str, Desk]:
    """A desk for each account, "default" first."""
    client_id = settings.nexudus_client_id or store.once("client_id", lambda: str(uuid.uuid4()))
    return {
        account.name: _desk(account, settings, setup, store, client_id, stop) for account in accounts(settings, setup)
    }


def accounts(settings: Settings, setup: Setup) -> list[Account]:
    """The account of the NEXUDUS_* settings, and those of the forms file."""
    default = Account(
        "default",
        settings.nexudus_base_url,
        settings.nexudus_username,
        settings.nexudus_password,
        settings.nexudus_totp_secret,
        settings.nexudus_token,
    )
    return [default, *setup.accounts.values()]


def _desk(
    account: Account, settings: Settings, setup: Setup, store: Store, client_id: str, stop: threading.Event
) -> Desk:
    def sleep(seconds: float) -> None:
        if stop.wait(seconds):
            raise Stopping

    paces = [Pace(limit.count, limit.window_s, limit.writes_only) for limit in settings.nexudus_limits]
    pacer = Pacer(account.name, paces, store, lambda: clock.now().timestamp(), sleep)
    nexudus = Nexudus(
        account.base_url,
        Login(account.username, account.password, account.totp_secret, account.token),
        StoreKeeper(store, account.name, worker_name()),
        client_id,
        timeout_s=settings.nexudus_timeout_s,
        before_call=pacer.before_call,
    )
    return Desk(
        nexudus=nexudus,
        pacer=pacer,
        targets=Targets(),
        vetting=Vetting(),
        store=store,
        forms=setup.forms,
        schedule_s=settings.retry_schedule_s,
        timeout_s=settings.nexudus_timeout_s,
        jitter=lambda: random.uniform(0.8, 1.2),  # noqa: S311 (spreads retries, guards nothing)
    )
