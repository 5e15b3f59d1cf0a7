"""/healthz, /readyz and /metrics, for monitoring."""

import hmac
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from flask import Blueprint, Response, jsonify, request
from prometheus_client.core import GaugeMetricFamily, Metric

from service.admin.delivery_state import delivery_state, find_problem, worker_seen
from service.admin.store_metrics import store_metrics
from service.metrics.exposition import CONTENT_TYPE, render, usage_families
from service.metrics.processes import web_usage
from service.metrics.web import WebMetrics
from service.store import Store, StoreUnavailable
from service.version import VERSION


def blueprint(store: Store, web_metrics: WebMetrics, token: str, accounts: Callable[[], Iterable[str]]) -> Blueprint:
    """The three routes.

    token: required by /metrics, "" for none; its holder also sees forms, accounts and workers. accounts: of the
    set-up.
    """
    routes = Blueprint("monitoring", __name__)

    @routes.get("/healthz")
    def alive() -> Response:
        """The process is up; its version follows."""
        return Response(f"ok {VERSION}\n", content_type="text/plain; charset=utf-8")

    @routes.get("/readyz")
    def ready() -> Response:
        """Whether leads can be stored, and the state of delivery."""
        try:
            if problem := find_problem(store):
                return _unavailable(problem)
            return jsonify({"status": "ready", **delivery_summary(store, shows_names=_has_token(token))})
        except StoreUnavailable as error:
            return _unavailable(str(error.fault or "the database does not answer"))

    @routes.get("/metrics")
    def metrics() -> Response:
        """Prometheus, text format 0.0.4."""
        if token and not _has_token(token):
            response = Response("/metrics needs the bearer token METRICS_TOKEN\n", 401, content_type="text/plain")
            response.headers["WWW-Authenticate"] = "Bearer"
            return response
        families = _families(store, web_metrics, accounts())
        return Response(render(families, shows_names=bool(token)), content_type=CONTENT_TYPE)

    return routes


def _has_token(token: str) -> bool:
    """Whether the request carries the token; False where none is set."""
    scheme, _, given = request.headers.get("Authorization", "").partition(" ")
    return bool(token) and scheme.lower() == "bearer" and hmac.compare_digest(given.strip().encode(), token.encode())


def _unavailable(problem: str) -> Response:
    response = jsonify({"status": "unavailable", "problem": problem})
    response.status_code = 503
    response.headers["Retry-After"] = "5"
    return response


def delivery_summary(store: Store, *, shows_names: bool) -> dict[str, Any]:
    """The state of delivery, for /readyz. shows_names: with the account of each pause and the full cause of each alert.

    Raises: StoreUnavailable.
    """
    state, (seen_at, seen_s) = delivery_state(store), worker_seen(store)
    pauses = [{**({"account": name} if shows_names else {}), **pause} for name, pause in state.paused.items()]
    delivery = {"waiting": state.waiting, "oldest_waiting_s": state.oldest_waiting_s, "paused": pauses}
    with store.read() as tx:
        alerts = tx.alerts.open()
    concerns = [{"kind": alert.kind, "since": alert.since.isoformat()} for alert in alerts]
    if shows_names:
        for concern, alert in zip(concerns, alerts, strict=True):
            concern["cause"] = alert.cause
    return {"delivery": delivery, "worker_seen_at": seen_at, "worker_seen_s": seen_s, "concerns": concerns}


def _families(store: Store, web_metrics: WebMetrics, accounts: Iterable[str]) -> Iterator[Metric]:
    build = GaugeMetricFamily("lead_capture_build_info", "1; the version is a label", labels=["version"])
    build.add_metric([VERSION], 1)
    yield build
    yield from web_metrics.collect()
    if usage := web_usage(web_metrics.parent_id, web_metrics.process_ids()):
        yield from usage_families(usage)
    yield from store_metrics(store, accounts)
