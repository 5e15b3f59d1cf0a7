"""Process 2: delivers leads, fetches leads that platforms announced, monitors and tidies up, until it is stopped."""

import signal
import threading
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

import structlog

from service import clock, logs, maintenance
from service.alerts import channel_tests
from service.alerts.answer_links import AnswerLinks
from service.alerts.monitor import Monitor, MonitorConfig
from service.alerts.sending import DigestTime
from service.background import (
    REQUEST_INTERVALS,
    RequestJob,
    StopEvent,
    is_gone,
    sleeper,
    start_periodic_job,
    worker_name,
)
from service.delivery.context import AccountContext, on_startup
from service.delivery.loop import STOP_S, Worker, WorkerConfig
from service.delivery.setup_check import looks
from service.delivery.setup_check.account_trial import AccountTrial
from service.delivery.setup_check.job import SetupCheckJob, resolve_for_removed
from service.delivery.setup_check.looks import LookJob
from service.fetching.connection import PlatformConnection, make_connections
from service.fetching.fetcher import MISSING_INTERVALS, Fetcher, reconnect, settle_missing
from service.fetching.pull import PullJob
from service.forms import Form, Setup
from service.lead import Receipt, Submission
from service.maintenance import DailyCounter, OutcomeCounter, erase_due, index_batch, retention_rules
from service.nexudus_accounts import account_contexts, accounts, trial_client
from service.operations.key_rotation import encrypt_plain_tokens
from service.operations.visits import read_visits
from service.reconciliation import job as reconcile_job
from service.reconciliation.account_reader import account_reader
from service.reconciliation.discrepancies import platform_comparer
from service.reconciliation.job import ReconcileJob
from service.settings import Settings
from service.setup.current import CurrentSetup, on_hangup
from service.setup.watcher import SetupWatcher
from service.store import TEST_MESSAGE, TRY_ACCOUNT, Identity, Store
from service.tracing.start import open_error_reports, open_tracer
from service.version import VERSION
from service.weekly import job as weekly
from service.weekly.job import WeeklyReports

if TYPE_CHECKING:
    from service.tracing.spans import Tracer

log = structlog.get_logger()


def run(settings: Settings, current: CurrentSetup, store: Store) -> None:
    """Work in this process until SIGTERM or SIGINT; at a SIGHUP read the set-up again."""
    stop = StopEvent()
    if number := encrypt_plain_tokens(store):
        log.info("tokens_encrypted", number=number)
    if reports := open_error_reports(settings, "worker"):
        logs.report_to(reports)
    jobs = WorkerJobs(settings, current.get(), store, stop, open_tracer(settings, "worker"))
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: jobs.stop())
    on_hangup(current.request, jobs.stop)
    jobs.start()
    SetupWatcher(current, store, "worker", jobs.follow).start(stop)
    jobs.run()


class WorkerJobs:
    """All jobs of one worker, each in threads of its own, so that a hanging one delays no other."""

    def __init__(
        self, settings: Settings, setup: Setup, store: Store, stop: StopEvent, tracer: "Tracer | None" = None
    ) -> None:
        self._settings, self._setup, self._store, self._stop = settings, setup, store, stop
        self._tracer = tracer
        identity = Identity(worker_name(), is_gone)
        self._identity = identity
        self._contexts = account_contexts(settings, setup, store, stop, tracer=tracer)
        connections = make_connections(setup.forms, settings.platform_urls, store, identity)
        self._connections = connections
        self._fetcher = Fetcher(store, connections, identity, stop)
        self._pulls = PullJob(store, connections, stop)
        config = WorkerConfig(settings.delivery_threads, settings.lease_s, VERSION)
        self._worker = Worker(store, self._contexts, config, stop, self._fetcher.wake)
        self._monitor = make_monitor(settings, setup, store, stop)
        self._weekly = WeeklyReports(store, setup.forms, settings.zone, settings.public_url, stop)
        self._account_jobs = AccountJobs(settings, store, stop)
        self._stopped_at = clock.monotonic()

    def start(self) -> None:
        """Start all but the deliveries. Raises: StoreUnavailable."""
        self._settle()
        self._fetcher.start()
        self._pulls.start()
        start_periodic_job("missing-connections", self._settle_missing, MISSING_INTERVALS, self._stop)
        start_periodic_job("weekly-reports", self._weekly.step, weekly.INTERVALS, self._stop)
        start_maintenance(self._settings, lambda: self._setup, self._store, self._stop)
        self._answer_pages()
        self._account_jobs.follow(self._setup, self._contexts)

    def _answer_pages(self) -> None:
        """Start the jobs that answer pages of the dashboard."""
        send_test = channel_tests.make_test_sender(self._store, self._settings.alert_urls, self._stop)
        trial = AccountTrial(
            self._store,
            lambda account: trial_client(account, self._settings, self._store, self._stop),
            lambda name: self._contexts[name].nexudus if name in self._contexts else None,
            lambda: self._setup.forms.values(),  # noqa: PLW0108 (of the set-up in force at that moment)
        )
        for kind, handle in ((TEST_MESSAGE, send_test), (TRY_ACCOUNT, trial.answer)):
            job = RequestJob(self._store, kind, handle, is_gone)
            start_periodic_job(f"requests: {kind}", job.step, REQUEST_INTERVALS, self._stop)

    def run(self) -> None:
        """Deliver until stopped, then let the others finish: all of them within STOP_S together."""
        monitoring = threading.Thread(target=self._monitor.run, name="monitor", daemon=True)
        monitoring.start()
        self._worker.run()
        self._fetcher.join(self._left_s())
        monitoring.join(self._left_s())

    def _left_s(self) -> float:
        return max(0.0, self._stopped_at + STOP_S - clock.monotonic())

    def stop(self) -> None:
        """End run(); safe in a signal handler."""
        self._stopped_at = clock.monotonic()
        self._worker.stop()

    def follow(self, setup: Setup) -> None:
        """Use another version of the set-up from now on; work in progress ends with the one that it began with.

        Raises: StoreUnavailable; then call it again.
        """
        settings, store = self._settings, self._store
        before = self._setup, self._contexts
        contexts = account_contexts(settings, setup, store, self._stop, before, self._tracer)
        self._connections = make_connections(setup.forms, settings.platform_urls, store, self._identity)
        self._setup, self._contexts = setup, contexts
        self._worker.follow(contexts)
        self._fetcher.follow(self._connections)
        self._pulls.follow(self._connections)
        self._monitor.follow(setup.forms)
        self._weekly.follow(setup.forms)
        self._settle()
        self._account_jobs.follow(setup, contexts)

    def _settle(self) -> None:
        """Clean up in the store after the previous version of the set-up."""
        for account, context in self._contexts.items():
            on_startup(account, context)
        reconnect(self._store, self._connections)

    def _settle_missing(self, now: datetime) -> None:
        settle_missing(self._store, self._connections, now)


def make_monitor(settings: Settings, setup: Setup, store: Store, stop: threading.Event) -> Monitor:
    """Return the job that finds problems and sends alerts, the digest and messages about new leads."""

    def submit(submission: Submission, form: Form) -> Receipt:
        from service.capture.accept import accept  # noqa: PLC0415 (only where test leads are sent)

        return accept(submission, form, store, clock.now())

    daily = settings.digest_at
    digest_at = DigestTime(daily.at, daily.zone) if daily else None
    links = AnswerLinks(settings.public_url, lambda: settings.secret_key or store.secret_key())
    config = MonitorConfig(
        settings.alert_urls, digest_at, setup.forms, public_url=settings.public_url, links=links, zone=settings.zone
    )
    return Monitor(store, config, Identity(worker_name(), is_gone), submit, stop)


def start_maintenance(settings: Settings, setup: Callable[[], Setup], store: Store, stop: threading.Event) -> None:
    """Index new leads for search, count leads for reports, and erase old ones. setup: returns the one in force."""
    counter = DailyCounter(store, settings.zone)

    def index(now: datetime) -> float | None:
        return index_batch(store, now)

    def read(_now: datetime) -> float | None:
        return 0.0 if read_visits(store, setup().forms) else None

    def erase(now: datetime) -> None:
        erase_due(store, list(retention_rules(setup().forms, settings.retention_days)), now, stop)
        store.write(lambda tx: tx.setups.forget_old(now))

    start_periodic_job("indexing", index, maintenance.INDEX_INTERVALS, stop)
    start_periodic_job("daily-counts", counter.step, maintenance.COUNT_INTERVALS, stop)
    start_periodic_job("outcomes", OutcomeCounter(store).step, maintenance.OUTCOME_INTERVALS, stop)
    start_periodic_job("visits", read, maintenance.VISIT_INTERVALS, stop)
    start_periodic_job("retention", erase, maintenance.RETENTION_INTERVALS, stop)


class AccountJobs:
    """Checks the set-up of each account with a login, and compares its leads with Nexudus."""

    def __init__(self, settings: Settings, store: Store, stop: StopEvent) -> None:
        self._settings, self._store, self._stop = settings, store, stop
        self._identity = Identity(f"ledger/{worker_name()}", is_gone)
        self._contexts: Mapping[str, AccountContext] = {}
        self._connections: Sequence[PlatformConnection] = ()
        self._reconciling: dict[str, StopEvent] = {}
        self._checking = stop.part()

    def follow(self, setup: Setup, contexts: Mapping[str, AccountContext]) -> None:
        """Check everything again; compare new accounts, and no longer those that are gone.

        A comparison in progress goes on: it takes long, and the next one uses the new version.
        Raises: StoreUnavailable.
        """
        readable = [each.name for each in accounts(self._settings, setup) if each.has_login]
        store, now = self._store, clock.now()
        store.write(lambda tx: resolve_for_removed(tx, contexts.keys()))
        store.write(lambda tx: reconcile_job.resolve_for_unread(tx, readable, now))
        self._contexts = contexts
        self._connections = make_connections(setup.forms, self._settings.platform_urls, store, self._identity)
        for name in self._reconciling.keys() - set(readable):
            self._reconciling.pop(name).set()
        for name in set(readable) - self._reconciling.keys():
            self._reconciling[name] = self._start_reconciling(name)
        self._checking.set()
        self._checking = self._stop.part()
        for name in readable:
            SetupCheckJob(contexts[name].nexudus, store, setup.forms.values(), name, self._checking).start()
            look = LookJob(contexts[name].nexudus, store, name, self._checking)
            start_periodic_job(f"look-{name}", look.step, looks.INTERVALS, self._checking)

    def _start_reconciling(self, account: str) -> StopEvent:
        stop = self._stop.part()

        def step(now: datetime) -> None:
            reader = account_reader(account, self._contexts[account], sleeper(stop))
            ReconcileJob(reader, platform_comparer(account, self._connections, self._store)).step(now)

        start_periodic_job(f"reconcile-{account}", step, reconcile_job.INTERVALS, stop)
        return stop
