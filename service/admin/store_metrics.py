"""Metrics read from the store at each scrape: right over all hosts, processes and restarts, the same at every host."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from datetime import timedelta

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric

from service import clock
from service.admin.delivery_state import delivery_state, find_problem, worker_seen
from service.delivery.counts import CALL, DELIVERED, DELIVERED_S, INFINITE, OPPORTUNITY_BOUNDS_S, THROTTLED
from service.lead import Outcome, Status, Step
from service.metrics.exposition import add_zeros
from service.store import DeliveryCountKey, SeenWorker, Store, StoreUnavailable

_ANY_CALL = {
    Outcome.DONE,
    Outcome.THROTTLED,
    Outcome.UNAVAILABLE,
    Outcome.INTERCEPTED,
    Outcome.REJECTED,
    Outcome.REFUSED,
}
_OUTCOMES = {
    Step.FIND_COWORKER: {*_ANY_CALL, Outcome.MISSING},
    Step.CREATE_COWORKER: {*_ANY_CALL, Outcome.UNKNOWN},
    Step.FIND_OPPORTUNITY: {*_ANY_CALL, Outcome.MISSING},
    Step.CREATE_OPPORTUNITY: {*_ANY_CALL, Outcome.UNKNOWN},
}
POSSIBLE_CALLS = tuple(
    {"step": step.value, "outcome": outcome.value} for step, outcomes in _OUTCOMES.items() for outcome in outcomes
)
"""Labels of the calls that a delivery may make."""

WORKER_AT_WORK = timedelta(minutes=2)
"""Time after which a worker that was not seen counts as gone; its metrics are left out."""


def store_metrics(store: Store, accounts: Iterable[str]) -> Iterator[Metric]:
    """Return all metrics; if the database does not answer, only that. accounts: of the set-up."""
    try:
        is_ready, families = not find_problem(store), [*state_families(store), *total_families(store, accounts)]
    except StoreUnavailable:
        is_ready, families = False, []
    yield _gauge("lead_capture_ready", "1 when leads can be stored, as /readyz says", int(is_ready))
    yield _gauge("lead_capture_store_up", "1 when the database answers", 1 if families else 0)
    yield from families


# -- the present state


def state_families(store: Store) -> Iterator[Metric]:
    """Leads by status, waiting deliveries and their age, pauses, alerts by kind, workers.

    Raises: StoreUnavailable.
    """
    with store.read() as tx:
        tx.statistics.fix_moment()
        counts = tx.statistics.leads_by_status()
        kinds = Counter(alert.kind for alert in tx.alerts.open())
        workers = [each for each in tx.workers.all() if clock.now() - each.seen_at <= WORKER_AT_WORK]
    state, (_, seen_s) = delivery_state(store), worker_seen(store)
    leads = GaugeMetricFamily("lead_capture_leads", "leads in the store", labels=["status"])
    for status in Status:
        leads.add_metric([status.value], counts.get(status.value, 0))
    yield leads
    yield _gauge("lead_capture_deliveries_waiting", "leads that wait to be delivered to Nexudus", state.waiting)
    age_s = state.oldest_waiting_s
    yield _gauge("lead_capture_oldest_waiting_seconds", "age of the oldest waiting lead", age_s or 0)
    if seen_s is not None:
        yield _gauge("lead_capture_worker_seen_seconds", "seconds since a worker was last seen at work", seen_s)
    yield _gauge("lead_capture_accounts_paused", "accounts that are paused", len(state.paused))
    alerts = GaugeMetricFamily("lead_capture_concerns", "open alerts", labels=["kind"])
    for kind, number in sorted(kinds.items()):
        alerts.add_metric([kind], number)
    yield alerts
    yield from worker_families(workers)


def worker_families(workers: list[SeenWorker]) -> Iterator[Metric]:
    """The usage of each worker at work, as of the moment when it was last seen."""
    yield _gauge("lead_capture_workers", "workers at work", len(workers))
    labels = ["worker"]
    cpu = CounterMetricFamily("lead_capture_worker_cpu_seconds", "processor time of a worker", labels=labels)
    memory = GaugeMetricFamily("lead_capture_worker_memory_bytes", "resident memory of a worker", labels=labels)
    files = GaugeMetricFamily("lead_capture_worker_open_fds", "open file descriptors of a worker", labels=labels)
    start = GaugeMetricFamily(
        "lead_capture_worker_start_time_seconds", "when a worker started, in unix seconds", labels=labels
    )
    for worker in workers:
        label = [_short(worker.name)]
        start.add_metric(label, worker.started_at.timestamp())
        if worker.cpu_s is not None and worker.memory_bytes is not None and worker.open_files is not None:
            cpu.add_metric(label, worker.cpu_s)
            memory.add_metric(label, worker.memory_bytes)
            files.add_metric(label, worker.open_files)
    yield from (cpu, memory, files, start)


def _short(worker: str) -> str:
    """Return the host and process id in a worker's name."""
    host, *_, process_id, _ = worker.split("/") if worker.count("/") > 1 else (*worker.split("/"), "")
    return f"{host}/{process_id}"


# -- totals of all workers


def total_families(store: Store, accounts: Iterable[str]) -> Iterator[Metric]:
    """Calls to Nexudus, throttles, times from arrival to opportunity.

    accounts: whose calls begin at 0.
    Raises: StoreUnavailable.
    """
    with store.read() as tx:
        totals = tx.delivery_totals.all()
    calls = CounterMetricFamily(
        "lead_capture_nexudus_calls", "calls that leads needed", labels=["step", "outcome", "account"]
    )
    throttled = CounterMetricFamily(
        "lead_capture_nexudus_throttled", "calls of any kind that Nexudus throttled", labels=["account"]
    )
    for key, total in totals.items():
        kind, *words = key.what.split()
        if kind == CALL:
            calls.add_metric([*words, key.account], total)
        elif kind == THROTTLED:
            throttled.add_metric([key.account], total)
    for account in accounts:
        add_zeros(throttled, [{"account": account}])
        add_zeros(calls, [{**words, "account": account} for words in POSSIBLE_CALLS])
    yield from (calls, throttled, _opportunity_seconds(totals))


def _opportunity_seconds(totals: Mapping[DeliveryCountKey, float]) -> Metric:
    family = HistogramMetricFamily(
        "lead_capture_opportunity_seconds",
        "time from a lead's arrival to its opportunity in Nexudus",
        labels=["account", "form"],
    )
    for account, form in sorted({(key.account, key.form) for key in totals if key.what == DELIVERED_S}):
        buckets, number = [], 0.0
        for bound in (*map(str, OPPORTUNITY_BOUNDS_S), INFINITE):
            number += totals.get(DeliveryCountKey(account, form, f"{DELIVERED} {bound}"), 0.0)
            buckets.append((bound, number))
        family.add_metric([account, form], buckets, totals[DeliveryCountKey(account, form, DELIVERED_S)])
    return family


def _gauge(name: str, meaning: str, value: float) -> Metric:
    return GaugeMetricFamily(name, meaning, value)
