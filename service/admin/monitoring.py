"""/healthz, /readyz and /metrics: what monitoring reads."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass

from flask import Blueprint, Response, jsonify
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4
from prometheus_client.registry import Collector

from service import clock
from service.lead import Status
from service.store import NO_CREDENTIALS, Store, StoreUnavailable
from service.version import VERSION


def blueprint(store: Store) -> Blueprint:
    """The three routes, without authentication."""
    routes = Blueprint("monitoring", __name__)
    registry = CollectorRegistry()
    registry.register(StoreMetrics(store))

    @routes.get("/healthz")
    def alive() -> Response:
        """The process is up; its version follows."""
        return Response(f"ok {VERSION}\n", content_type="text/plain; charset=utf-8")

    @routes.get("/readyz")
    def ready() -> Response:
        """Whether leads can be stored, and the state of delivery."""
        try:
            if problem := store.schema_problem():
                return _unavailable(problem)
            if fault := store.find_fault():
                return _unavailable(fault)
            seen_at, seen_s = worker_seen(store)
            return jsonify(
                {
                    "status": "ready",
                    "delivery": asdict(delivery_state(store)),
                    "worker_seen_at": seen_at,
                    "worker_seen_s": seen_s,
                    "concerns": open_alerts(store),
                }
            )
        except StoreUnavailable as error:
            return _unavailable(str(error.fault or "the database does not answer"))

    @routes.get("/metrics")
    def metrics() -> Response:
        """Prometheus, text format 0.0.4."""
        return Response(generate_latest(registry), content_type=CONTENT_TYPE_PLAIN_0_0_4)

    return routes


def _unavailable(problem: str) -> Response:
    response = jsonify({"status": "unavailable", "problem": problem})
    response.status_code = 503
    response.headers["Retry-After"] = "5"
    return response


@dataclass(frozen=True, slots=True)
class DeliveryState:
    """The leads that wait, the age of the oldest, and the paused accounts: until when and why."""

    waiting: int
    oldest_waiting_s: int | None
    paused: Mapping[str, Mapping[str, str | None]]


def delivery_state(store: Store) -> DeliveryState:
    """The state of delivery now."""
    now = clock.now()
    with store.read() as tx:
        waiting, oldest = tx.queue.backlog()
        pauses: dict[str, dict[str, str | None]] = {
            pause.account: {"until": pause.until.isoformat(), "reason": pause.reason}
            for pause in tx.accounts.pauses(now)
        }
        lacking = [pause.account for pause in tx.accounts.call_pauses() if pause.call == NO_CREDENTIALS]
    for account in lacking:  # until a start with credentials, whatever other pause there is
        pauses[account] = {"until": None, "reason": "no credentials are set"}
    return DeliveryState(waiting, None if oldest is None else round((now - oldest).total_seconds()), pauses)


def worker_seen(store: Store) -> tuple[str | None, int | None]:
    """When a worker was last seen at work, and how many seconds ago; None if never. One that works, every 15 s."""
    with store.read() as tx:
        seen_at = tx.workers.last_seen()
    if seen_at is None:
        return None, None
    return seen_at.isoformat(), max(0, round((clock.now() - seen_at).total_seconds()))


def open_alerts(store: Store) -> list[dict[str, str]]:
    """The current problems; without their sentences, because this is public."""
    with store.read() as tx:
        return [{"cause": alert.cause, "since": alert.since.isoformat()} for alert in tx.alerts.open()]


class StoreMetrics(Collector):
    """Metrics read from the store at each scrape: correct over all processes and restarts."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def collect(self) -> Iterator[Metric]:
        """Leads by status, waiting deliveries and their age, pauses, alerts by kind; nothing personal."""
        build = GaugeMetricFamily("lead_capture_build_info", "1; the version is a label", labels=["version"])
        build.add_metric([VERSION], 1)
        yield build
        up = GaugeMetricFamily("lead_capture_store_up", "1 when the database answers")
        try:
            with self._store.read() as tx:
                counts = tx.leads.count_by_status()
                kinds = Counter(alert.kind for alert in tx.alerts.open())
            state = delivery_state(self._store)
            _, seen_s = worker_seen(self._store)
        except StoreUnavailable:
            up.add_metric([], 0)
            yield up
            return
        up.add_metric([], 1)
        yield up
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


def _gauge(name: str, meaning: str, value: float) -> Metric:
    family = GaugeMetricFamily(name, meaning)
    family.add_metric([], value)
    return family
