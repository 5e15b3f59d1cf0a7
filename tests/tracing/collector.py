"""A stand-in for an OpenTelemetry collector (OTLP over HTTP) and for Sentry, in a thread."""

import gzip
import json
import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span, Status


@dataclass(frozen=True)
class SentSpan:
    """One span as it arrived. kind: SERVER, CONSUMER, CLIENT."""

    service: str
    name: str
    kind: str
    trace: str
    id: str
    parent: str
    attributes: Mapping[str, Any]
    is_error: bool
    duration_ms: float


class Collector:
    """Keeps everything that is sent to it."""

    def __init__(self) -> None:
        """Listen on a port of this machine."""
        self.bodies: list[bytes] = []
        self.paths: list[str] = []
        self.status = 200
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        self._thread.start()

    @property
    def url(self) -> str:
        """For OTEL_EXPORTER_OTLP_ENDPOINT."""
        return f"http://127.0.0.1:{self._server.server_port}"

    @property
    def dsn(self) -> str:
        """For SENTRY_DSN."""
        return f"http://a-public-key@127.0.0.1:{self._server.server_port}/42"

    def spans(self) -> list[SentSpan]:
        """All spans that arrived."""
        return [
            _span(span, {each.key: each.value.string_value for each in of_process.resource.attributes}["service.name"])
            for path, body in zip(self.paths, self.bodies, strict=True)
            if path == "/v1/traces"
            for of_process in ExportTraceServiceRequest.FromString(body).resource_spans
            for scope in of_process.scope_spans
            for span in scope.spans
        ]

    def reports(self) -> list[dict[str, Any]]:
        """All error reports that arrived."""
        envelopes = [
            body.split(b"\n") for path, body in zip(self.paths, self.bodies, strict=True) if path == "/api/42/envelope/"
        ]
        items = [pair for lines in envelopes for pair in zip(lines[1::2], lines[2::2], strict=False)]
        return [json.loads(item) for head, item in items if json.loads(head)["type"] == "event"]

    def wait_for(self, number: int, what: str = "spans") -> None:
        """Wait until so many spans or reports have arrived."""
        deadline = time.monotonic() + 10
        while len(getattr(self, what)()) < number:
            assert time.monotonic() < deadline, (number, self.paths, self.spans())
            time.sleep(0.01)

    def close(self) -> None:
        """Listen no longer."""
        self._server.shutdown()
        self._server.server_close()


def _span(span: Span, service: str) -> SentSpan:
    return SentSpan(
        service,
        span.name,
        Span.SpanKind.Name(span.kind).removeprefix("SPAN_KIND_"),
        span.trace_id.hex(),
        span.span_id.hex(),
        span.parent_span_id.hex(),
        {each.key: each.value.string_value or each.value.int_value for each in span.attributes},
        span.status.code == Status.STATUS_CODE_ERROR,
        (span.end_time_unix_nano - span.start_time_unix_nano) / 1e6,
    )


def _handler(collector: Collector) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            """Keep a body."""
            body = self.rfile.read(int(self.headers["Content-Length"]))
            if self.headers.get("Content-Encoding") == "gzip":
                body = gzip.decompress(body)
            if collector.status == 200:
                collector.bodies.append(body)
                collector.paths.append(self.path)
            with suppress(OSError):
                self.send_response(collector.status)
                self.send_header("Content-Length", "0")
                self.end_headers()

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 (http.server's name)
            """Write no log line."""

    return Handler
