"""Counters of the web processes of one host: requests, leads taken and refused.

Under gunicorn each process counts in files of its own, and any process can merge all of them; elsewhere in memory.
"""

import atexit
import os
import threading
from collections import Counter as Tally
from collections import deque
from collections.abc import Callable, Container, Iterator, Mapping, Sequence
from functools import cache, partial
from http import HTTPMethod
from typing import Any

import structlog
from flask import Request
from prometheus_client import CollectorRegistry, Counter, Histogram
from prometheus_client.core import Metric
from prometheus_client.multiprocess import MultiProcessCollector

from service import clock
from service.edge import (
    CALL_REFUSALS,
    ENTRY_ROUTES,
    POST_REFUSALS,
    REFUSED,
    TAKEN,
    TAKEN_OUTCOMES,
    route_of,
)
from service.forms import Form
from service.metrics.exposition import add_zeros
from service.metrics.folder import MetricsFolder

log = structlog.get_logger()

BUCKETS_S = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10)
"""Bounds of the durations of requests, in seconds."""

FLUSH_INTERVAL_S = 0.5
"""Seconds between two counts of answered requests: counting each at once, with cold caches, took 2 % of a form post."""

MAX_PENDING = 100_000
"""Maximum requests that wait to be counted; beyond that, the oldest are forgotten."""

OTHER = "other"
"""Label for a method that HTTP does not define, and for an unknown form or sender."""

METRICS = "lead_capture_metrics"
"""The name of the application's extension that holds its WebMetrics."""

BROWSER = "browser"
"""The sender of form posts."""


AnsweredRequest = tuple[str, str, str, float, Mapping[str, Any] | None, Sequence[str], str]
"""The counted facts of one request.

Method, route, status and seconds; with leads, also the arguments of its route, their outcomes, and the reason for a
refusal. A plain tuple, because every request makes one.
"""


class WebMetrics:
    """The counters of this process."""

    def __init__(
        self,
        forms: Callable[[], Mapping[str, Form]],
        senders: Container[str],
        folder: MetricsFolder | None = None,
    ) -> None:
        """forms, senders: the names that can become labels; forms can change.

        folder: of the counts of all processes of this host; None if this process counts alone.
        """
        self._forms, self._senders, self._folder = forms, senders, folder
        self._registry = CollectorRegistry()
        counter = partial(Counter, registry=self._registry)
        self._taken = counter(
            "lead_capture_leads_taken",
            "leads that arrived at this host, by what became of them",
            ["outcome", "form", "sender"],
        )
        self._refused = counter(
            "lead_capture_refused",
            "form posts and webhook calls of which nothing was kept",
            ["reason", "form", "sender"],
        )
        self._requests = counter("lead_capture_requests", "requests answered", ["method", "route", "status"])
        self._durations = Histogram(
            "lead_capture_request_seconds",
            "time from the whole request to its response",
            ["method", "route"],
            buckets=BUCKETS_S,
            registry=self._registry,
        )
        self._connections = counter(
            "lead_capture_connections_refused",
            "connections and requests that the web server ended before a route saw them",
            ["cause"],
        )
        self._server_counts: Mapping[str, int] = {}
        self._counted: Tally[str] = Tally()
        self._duration_of = cache(self._durations.labels)
        self._pending: deque[AnsweredRequest] = deque(maxlen=MAX_PENDING)
        self._is_pending = threading.Event()
        self._flushing = threading.Lock()

    def start(self) -> None:
        """Start counting in this process's own files, if there is a folder for them; called after the fork."""
        if self._folder is not None and self._has_room:
            threading.Thread(target=self._flush_often, name="metrics", daemon=True).start()
            atexit.register(self._flush)

    @property
    def _has_room(self) -> bool:
        return self._folder is None or self._folder.has_room

    @property
    def parent_id(self) -> int | None:
        """The parent of the processes that count here; None if this process counts alone."""
        return None if self._folder is None else self._folder.parent_id

    def process_ids(self) -> Sequence[int]:
        """The processes that count here."""
        return [os.getpid()] if self._folder is None else self._folder.process_ids()

    def follow(self, server_counts: Mapping[str, int]) -> None:
        """Include the requests that this server refuses.

        server_counts: its counts by cause, to which it keeps adding.
        """
        self._server_counts = server_counts

    # -- a request is answered

    def count(self, environ: dict[str, Any], request: Request | None, status: str, duration_s: float) -> None:
        """Count one answered request. request: as routed; None if it was not. status: three digits."""
        if not self._has_room:
            return
        route = route_of(request)
        taken, refused = environ.get(TAKEN, ()), environ.get(REFUSED, "")
        arguments = request.view_args if request is not None and (taken or refused) else None
        self._pending.append((environ["REQUEST_METHOD"], route, status, duration_s, arguments, taken, refused))
        if not self._is_pending.is_set():
            self._is_pending.set()

    # -- counted

    def _flush_often(self) -> None:
        while True:
            self._is_pending.wait()
            clock.sleep(FLUSH_INTERVAL_S)
            self._is_pending.clear()
            try:
                self._flush()
            except Exception:  # a bug in counting must not stop it for good
                log.exception("metrics_failed")

    def _flush(self) -> None:
        if not self._has_room:
            return
        with self._flushing:
            requests: Tally[tuple[str, str, str]] = Tally()
            while self._pending:
                method, route, status, duration_s, arguments, taken, refused = self._pending.popleft()
                method = method if method in HTTPMethod.__members__ else OTHER
                requests[method, route, status] += 1
                self._duration_of(method, route).observe(duration_s)
                if arguments is not None and route.startswith(ENTRY_ROUTES):
                    self._count_leads(arguments, taken, refused)
            for labels, number in requests.items():
                self._requests.labels(*labels).inc(number)
            for cause, number in dict(self._server_counts).items():
                self._connections.labels(cause).inc(number - self._counted[cause])
                self._counted[cause] = number

    def _count_leads(self, arguments: Mapping[str, Any], taken: Sequence[str], refused: str) -> None:
        form = arguments.get("form") or arguments.get("name", "")
        sender = arguments.get("sender", BROWSER)
        form = form if form in self._forms() else OTHER
        sender = sender if sender == BROWSER or sender in self._senders else OTHER
        for outcome in taken:
            self._taken.labels(outcome, form, sender).inc()
        if refused:
            self._refused.labels(refused, form, sender).inc()

    # -- read

    def collect(self) -> Iterator[Metric]:
        """Return the counts of all web processes of this host, with private labels."""
        self._flush()
        for family in self._families():
            if family.name == "lead_capture_leads_taken":
                add_zeros(family, self._possible_outcomes())
            elif family.name == "lead_capture_refused":
                add_zeros(family, self._possible_refusals())
            yield family

    def _possible_outcomes(self) -> Iterator[dict[str, str]]:
        for form, sender in self._entries():
            yield from ({"outcome": outcome, "form": form, "sender": sender} for outcome in TAKEN_OUTCOMES)

    def _possible_refusals(self) -> Iterator[dict[str, str]]:
        for form, sender in (*self._entries(), (OTHER, BROWSER), (OTHER, OTHER)):
            reasons = POST_REFUSALS if sender == BROWSER else CALL_REFUSALS
            yield from ({"reason": reason, "form": form, "sender": sender} for reason in reasons)

    def _entries(self) -> Iterator[tuple[str, str]]:
        """Yield each form with each of its senders."""
        for name, form in self._forms().items():
            yield from ((name, sender) for sender in (BROWSER, *form.webhooks))

    def _families(self) -> Iterator[Metric]:
        if self._folder is None:
            yield from self._registry.collect()
            return
        with self._folder.reading():
            merged = {each.name: each for each in MultiProcessCollector(None, str(self._folder.path)).collect()}
        for family in self._registry.collect():  # the files lack labels of which nothing was counted
            yield merged.get(family.name, Metric(family.name, family.documentation, family.type))
