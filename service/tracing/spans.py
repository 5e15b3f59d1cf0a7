"""Spans for OpenTelemetry: a lead's way from its request to its opportunity. They contain nothing personal.

Only `start.py` imports this module, and only if spans are configured: OpenTelemetry takes half a second to load.
"""

import atexit
import logging
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from http import HTTPStatus

import structlog
from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import Span, SpanKind, StatusCode, set_span_in_context
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from service import clock
from service.lead import Delivery, Outcome, Step
from service.tracing.context import CURRENT
from service.version import VERSION

log = structlog.get_logger()

SEND_TIMEOUT_S = 5.0
"""Maximum seconds for sending one batch, including retries."""

CLOSE_S = 2.0
"""Maximum seconds in which an ending process sends its last spans."""

COMPLAINT_INTERVAL_S = 60.0
"""Minimum seconds between two log lines that report unsent spans."""

Attributes = Mapping[str, str | int]

LEAD, REQUEST, OUTCOME = "lead_capture.lead", "lead_capture.request_id", "lead_capture.outcome"

_CONTEXT = TraceContextTextMapPropagator()


def _current() -> Context:
    """Return this thread's current span as OpenTelemetry represents it; none if its `traceparent` cannot be read."""
    return _CONTEXT.extract({"traceparent": CURRENT.get().traceparent}, Context())


class Tracer:
    """Makes the spans of one process and sends them in the background; those that cannot be sent are dropped."""

    def __init__(self, endpoint: str, process: str) -> None:
        """endpoint: of OTLP over HTTP, without `/v1/traces`. process: web, worker.

        The standard OTEL_* variables apply: headers, sampling, batch sizes, further attributes.
        """
        logging.getLogger("opentelemetry").handlers[:] = [_Complaints()]
        logging.getLogger("opentelemetry").propagate = False
        resource = Resource.create({"service.name": f"lead-capture-{process}", "service.version": VERSION})
        provider = TracerProvider(resource=resource, shutdown_on_exit=False)
        exporter = OTLPSpanExporter(f"{endpoint}/v1/traces", timeout=SEND_TIMEOUT_S)
        provider.add_span_processor(BatchSpanProcessor(exporter))
        self._provider = provider
        self._tracer = provider.get_tracer("lead-capture", VERSION)
        _close_at_exit(provider)

    @contextmanager
    def answering(self, parent: str) -> Iterator[Callable[[str, int, str], None]]:
        """Make a span for a request that brings leads; leads stored within the block belong to it.

        parent: the caller's `traceparent`, "" for none. Yields a function that records route, status and outcome.
        """
        CURRENT.set(CURRENT.get()._replace(traceparent=parent))
        with self._span("POST", SpanKind.SERVER, {"http.request.method": "POST"}) as span:

            def note(route: str, status: int, outcome: str) -> None:
                span.update_name(f"POST {route}")
                span.set_attributes({"http.route": route, "http.response.status_code": status, OUTCOME: outcome})
                if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
                    span.set_status(StatusCode.ERROR)

            yield note

    @contextmanager
    def delivering(self, delivery: Delivery) -> Iterator[None]:
        """Make a span for one delivery attempt, in the trace of the lead's request."""
        attributes: Attributes = {LEAD: delivery.lead.id, "lead_capture.tries": delivery.tries}
        with self._span("deliver", SpanKind.CONSUMER, attributes):
            yield

    def record_call(self, step: Step, outcome: Outcome, duration_ms: int, status: int | None) -> None:
        """Record a call to Nexudus that has just ended."""
        now_ns = int(clock.now().timestamp() * 1e9)
        attributes = {OUTCOME: outcome.value} | ({"http.response.status_code": status} if status else {})
        span = self._tracer.start_span(
            step.value, _current(), SpanKind.CLIENT, attributes, start_time=now_ns - duration_ms * 1_000_000
        )
        if outcome not in {Outcome.DONE, Outcome.MISSING}:
            span.set_status(StatusCode.ERROR)
        span.end(now_ns)

    @contextmanager
    def _span(self, name: str, kind: SpanKind, attributes: Attributes) -> Iterator[Span]:
        before = CURRENT.get()
        ids = {REQUEST: before.request_id} if before.request_id else {}
        span = self._tracer.start_span(name, _current(), kind, {**attributes, **ids})
        carrier: dict[str, str] = {}
        _CONTEXT.inject(carrier, set_span_in_context(span))
        token = CURRENT.set(before._replace(traceparent=carrier["traceparent"]))
        try:
            yield span
        except Exception as error:
            span.set_status(StatusCode.ERROR, type(error).__name__)  # its text may hold personal data
            raise
        finally:
            CURRENT.reset(token)
            span.end()

    def flush(self) -> None:
        """Send all spans recorded so far."""
        self._provider.force_flush()


def _close_at_exit(provider: TracerProvider) -> None:
    """Send the last spans within the time that a stop may take: shutdown() alone can wait for half a minute."""
    closing, closed = threading.Event(), threading.Event()

    def close() -> None:
        closing.wait()
        provider.shutdown()
        closed.set()

    def wait() -> None:
        closing.set()
        closed.wait(CLOSE_S)

    threading.Thread(target=close, name="spans", daemon=True).start()  # no thread can be started at exit
    atexit.register(wait)


class _Complaints(logging.Handler):
    """Replaces OpenTelemetry's own log lines with a rare one that spans were lost."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self._logged_at = float("-inf")

    def emit(self, record: logging.LogRecord) -> None:  # noqa: ARG002 (it quotes responses)
        """Log that spans were lost, unless that was logged recently."""
        if clock.monotonic() - self._logged_at >= COMPLAINT_INTERVAL_S:
            self._logged_at = clock.monotonic()
            log.warning("spans_not_sent")
