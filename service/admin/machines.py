"""What machines ask: alive, ready, figures."""

from collections import Counter
from collections.abc import Iterator

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
    """/healthz, /readyz and /metrics."""
    routes = Blueprint("machines", __name__)
    registry = CollectorRegistry()
    registry.register(Figures(store))

    @routes.get("/healthz")
    def alive() -> Response:
        """The process answers; its version follows."""
        return Response(f"ok {VERSION}\n", content_type="text/plain; charset=utf-8")

    @routes.get("/readyz")
    def ready() -> Response:
        """Whether leads can be kept, and how delivery stands."""
        try:
            if not store.is_ready():
                return _unready("the database is on an older schema: run `lead-capture migrate`")
            return jsonify({"status": "ready", "delivery": delivery_state(store), "concerns": open_concerns(store)})
        except StoreUnavailable:
            return _unready("the database does not answer")

    @routes.get("/metrics")
    def metrics() -> Response:
        """Prometheus, text format 0.0.4."""
        return Response(generate_latest(registry), content_type=CONTENT_TYPE_PLAIN_0_0_4)

    return routes


def _unready(why: str) -> Response:
    answer = jsonify({"status": "unavailable", "problem": why})
    answer.status_code = 503
    answer.headers["Retry-After"] = "5"
    return answer


def delivery_state(store: Store) -> dict[str, object]:
    """How many leads wait, since when, and which accounts rest and why."""
    now = clock.now()
    with store.read() as tx:
        waiting, oldest = tx.queue.backlog()
        pauses: dict[str, dict[str, str | None]] = {
            pause.account: {"until": pause.until.isoformat(), "reason": pause.reason}
            for pause in tx.accounts.pauses(now)
        }
        lacking = [hold.account for hold in tx.queue.call_pauses() if hold.call == NO_CREDENTIALS]
    for account in lacking:  # until a start with some, whatever else it rests for
        pauses[account] = {"until": None, "reason": "no credentials are set"}
    return {
        "waiting": waiting,
        "oldest_waiting_s": None if oldest is None else round((now - oldest).total_seconds()),
        "paused": pauses,
    }


def open_concerns(store: Store) -> list[dict[str, str]]:
    """What is wrong now and since when; the sentences are for the operator, anybody may read this."""
    with store.read() as tx:
        return [{"cause": concern.cause, "since": concern.since.isoformat()} for concern in tx.alerts.open()]


class Figures(Collector):
    """Read from the store at each scrape: right over all processes and restarts."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def collect(self) -> Iterator[Metric]:
        """Leads by status, the debt to Nexudus and its age, pauses, concerns by kind; nothing personal."""
        build = GaugeMetricFamily("lead_capture_build_info", "1; the version is a label", labels=["version"])
        build.add_metric([VERSION], 1)
        yield build
        up = GaugeMetricFamily("lead_capture_store_up", "1 when the database answers")
        try:
            with self._store.read() as tx:
                counts = tx.leads.count_by_status()
                kinds = Counter(concern.kind for concern in tx.alerts.open())
            state = delivery_state(self._store)
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
        yield _gauge("lead_capture_deliveries_waiting", "leads owed to Nexudus", state["waiting"])
        yield _gauge("lead_capture_oldest_waiting_seconds", "age of the longest owed lead", state["oldest_waiting_s"])
        paused = state["paused"]
        yield _gauge(
            "lead_capture_accounts_paused", "accounts that rest", len(paused) if isinstance(paused, dict) else 0
        )
        concerns = GaugeMetricFamily("lead_capture_concerns", "what somebody must look at", labels=["kind"])
        for kind, number in sorted(kinds.items()):
            concerns.add_metric([kind], number)
        yield concerns


def _gauge(name: str, meaning: str, value: object) -> Metric:
    family = GaugeMetricFamily(name, meaning)
    family.add_metric([], float(value) if isinstance(value, int | float) else 0.0)
    return family
