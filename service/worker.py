"""Process 2: delivers leads, fetches what platforms announced, monitors and tidies up, until it is stopped."""

import signal
import threading
import uuid
from collections.abc import Mapping
from datetime import UTC, datetime

import structlog

from service import clock, maintenance
from service.alerts.monitor import Monitor, MonitorConfig
from service.alerts.sending import DigestTime
from service.background import is_gone, jitter, sleeper, start_periodic_job, worker_name
from service.delivery.behaviour import Behaviours
from service.delivery.context import AccountContext, DatabaseTokenStore, on_startup
from service.delivery.loop import STOP_S, Worker, WorkerConfig
from service.delivery.pacing import Pacer
from service.delivery.setup_check.job import SetupCheckJob, resolve_for_removed
from service.delivery.targets import StageSafety, Targets
from service.fetching.connection import make_connections
from service.fetching.fetcher import MISSING_INTERVALS, Fetcher, reconnect, settle_missing
from service.fetching.pull import PullJob
from service.forms import Account, Form, Setup
from service.lead import LeadId, Receipt, Submission
from service.maintenance import DailyCounter, erase_due, index_batch, retention_rules
from service.nexudus.client import Nexudus
from service.nexudus.tokens import Login
from service.operations.key_rotation import encrypt_plain_tokens
from service.reconciliation import job as reconcile_job
from service.reconciliation.account_reader import account_reader
from service.reconciliation.discrepancies import platform_comparer
from service.reconciliation.job import ReconcileJob
from service.settings import Settings
from service.store import Identity, Pace, Store, Tenant
from service.version import VERSION

log = structlog.get_logger()


def run(settings: Settings, setup: Setup, store: Store) -> None:
    """Work in this process until SIGTERM or SIGINT."""
    stop = threading.Event()
    if number := encrypt_plain_tokens(store):
        log.info("tokens_encrypted", number=number)
    contexts = account_contexts(settings, setup, store, stop)
    for account, context in contexts.items():
        on_startup(account, context)
    fetcher = start_fetching(settings, setup, store, stop)
    worker = Worker(
        store, contexts, WorkerConfig(settings.delivery_threads, settings.lease_s, VERSION), stop, fetcher.wake
    )
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: worker.stop())
    monitoring = threading.Thread(target=monitor(settings, setup, store, stop).run, name="monitor", daemon=True)
    monitoring.start()
    start_maintenance(settings, setup, store, stop)
    start_account_jobs(settings, setup, store, contexts, stop)
    worker.run()
    fetcher.join(STOP_S)
    monitoring.join(STOP_S)


# -- the jobs beside the deliveries, each in threads of its own, so that one that hangs delays no other


def start_fetching(settings: Settings, setup: Setup, store: Store, stop: threading.Event) -> Fetcher:
    """Fetch announced leads, and look for leads that platforms failed to announce."""
    identity = Identity(worker_name(), is_gone)
    connections = make_connections(setup.forms, settings.platform_urls, store, identity)
    reconnect(store, connections)
    fetcher = Fetcher(store, connections, identity, stop)
    fetcher.start()
    start_periodic_job(
        "missing-connections", lambda now: settle_missing(store, connections, now), MISSING_INTERVALS, stop
    )
    if connections:
        PullJob(store, connections, stop).start()
    return fetcher


def monitor(settings: Settings, setup: Setup, store: Store, stop: threading.Event) -> Monitor:
    """Return the job that finds what is wrong and sends alerts, the digest and messages about new leads."""

    def submit(submission: Submission, form: Form) -> Receipt:
        from service.capture.accept import accept  # noqa: PLC0415 (only where test leads are sent

        return accept(submission, form, store, clock.now())

    daily = settings.digest_at
    digest_at = DigestTime(daily.at, daily.zone) if daily else None
    config = MonitorConfig(settings.alert_urls, digest_at, setup.forms, public_url=settings.public_url)
    return Monitor(store, config, Identity(worker_name(), is_gone), submit, stop)


def start_maintenance(settings: Settings, setup: Setup, store: Store, stop: threading.Event) -> None:
    """Index new leads for search, count leads by day, and erase old ones."""
    counter = DailyCounter(store, settings.digest_at.zone if settings.digest_at else UTC)
    rules = list(retention_rules(setup.forms, settings.retention_days))

    def index(now: datetime) -> float | None:
        return index_batch(store, now)

    def erase(now: datetime) -> None:
        erase_due(store, rules, now, stop)

    start_periodic_job("indexing", index, maintenance.INDEX_INTERVALS, stop)
    start_periodic_job("daily-counts", counter.step, maintenance.COUNT_INTERVALS, stop)
    start_periodic_job("retention", erase, maintenance.RETENTION_INTERVALS, stop)


def start_account_jobs(
    settings: Settings, setup: Setup, store: Store, contexts: Mapping[str, AccountContext], stop: threading.Event
) -> None:
    """Check the set-up of each account with a login, and compare its leads with Nexudus."""
    readable = {each.name: contexts[each.name] for each in accounts(settings, setup) if each.has_login}
    store.write(lambda tx: resolve_for_removed(tx, contexts.keys()))
    store.write(lambda tx: reconcile_job.resolve_for_unread(tx, readable, clock.now()))
    identity = Identity(f"ledger/{worker_name()}", is_gone)
    connections = make_connections(setup.forms, settings.platform_urls, store, identity)
    for name, context in readable.items():
        SetupCheckJob(context.nexudus, store, setup.forms.values(), name, stop).start()
        reader = account_reader(name, context, sleeper(stop))
        job = ReconcileJob(reader, platform_comparer(name, connections, store))
        start_periodic_job(f"reconcile-{name}", job.step, reconcile_job.INTERVALS, stop)


# -- accounts


def account_contexts(
    settings: Settings, setup: Setup, store: Store, stop: threading.Event
) -> dict[str, AccountContext]:
    """Return the context of each account, "default" first."""
    client_id = settings.nexudus_client_id or store.once("client_id", lambda: str(uuid.uuid4()))
    with store.read() as tx:
        newest = tx.leads.newest_id()
    return {
        account.name: _context(account, settings, setup, store, client_id, newest, stop)
        for account in accounts(settings, setup)
    }


def accounts(settings: Settings, setup: Setup) -> list[Account]:
    """Return the account of the NEXUDUS_* settings, and those of the forms file."""
    default = Account(
        "default",
        settings.nexudus_base_url,
        settings.nexudus_username,
        settings.nexudus_password,
        settings.nexudus_totp_secret,
        settings.nexudus_token,
        settings.nexudus_app_key,
        settings.nexudus_app_secret,
        settings.nexudus_app_token,
    )
    return [default, *setup.accounts.values()]


def _context(
    account: Account,
    settings: Settings,
    setup: Setup,
    store: Store,
    client_id: str,
    newest: LeadId,
    stop: threading.Event,
) -> AccountContext:
    paces = [Pace(limit.count, limit.window_s, limit.writes_only) for limit in settings.nexudus_limits]
    pacer = Pacer(account.name, paces, store, lambda: clock.now().timestamp(), sleeper(stop))
    login = Login(
        account.username,
        account.password,
        account.totp_secret,
        account.token,
        account.app_key,
        account.app_secret,
        account.app_token,
    )
    nexudus = Nexudus(
        account.base_url,
        login,
        DatabaseTokenStore(store, account.name, worker_name()),
        client_id,
        timeout_s=settings.nexudus_timeout_s,
        before_call=pacer.before_call,
    )
    return AccountContext(
        nexudus=nexudus,
        pacer=pacer,
        targets=Targets(),
        stage_safety=StageSafety(),
        store=store,
        behaviours=Behaviours(store, Tenant(account.name, nexudus.base_url)),
        forms=setup.forms,
        schedule_s=settings.retry_schedule_s,
        timeout_s=settings.nexudus_timeout_s,
        jitter=jitter,
        stored_at_start=newest,
        started_at=clock.now(),
    )
