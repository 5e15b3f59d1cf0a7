"""Error reports for Sentry, made from the log's error lines. They contain nothing personal.

Only `start.py` imports this module, and only if reports are configured.
"""

import atexit
import re
import sys
from typing import Any

from sentry_sdk import Client
from sentry_sdk.utils import event_from_exception

from service.tracing.context import CURRENT
from service.version import VERSION

CLOSE_S = 2.0
"""Maximum seconds in which an ending process sends its last reports."""

_PLAIN = re.compile(r"[\w./:<>-]{1,64}")
"""Pattern of a tag: strangers choose some tags, and no e-mail address or sentence matches."""

TAGS = ("lead", "job", "sender", "form", "endpoint", "status", "outcome", "kind")
"""Fields of the log line that a report contains: ids and names, no sentences."""


class ErrorReports:
    """A processor of log lines that reports those at the level error, in the background."""

    def __init__(self, dsn: str, process: str) -> None:
        """dsn: the project's address at Sentry. process: web, worker."""
        self._process = process
        # Nothing is collected automatically: no requests, local variables, earlier log lines or environment of the
        # host.
        self._client = Client(
            dsn,
            release=VERSION,
            default_integrations=False,
            auto_enabling_integrations=False,
            include_local_variables=False,
            max_request_body_size="never",
            max_breadcrumbs=0,
            auto_session_tracking=False,
            send_client_reports=False,
        )
        atexit.register(self._client.close, CLOSE_S)

    def __call__(self, _logger: object, _method: str, event: Any) -> Any:
        """Report one line, if it is an error; return it unchanged."""
        if event["level"] in {"error", "critical"}:
            self._client.capture_event(self._report(event))
        return event

    def _report(self, event: Any) -> Any:
        name = event["event"]
        raised = event.get("exc_info")
        error = sys.exc_info()[1] if raised is True else raised
        report: Any = {"message": name}
        if isinstance(error, BaseException):
            report, _ = event_from_exception(error, self._client.options)
            for each in report["exception"]["values"]:
                each.pop("value", None)  # the text of an exception may hold personal data
        kind = type(error).__name__ if error else ""
        report |= {"level": "error", "logger": "lead-capture", "transaction": name, "fingerprint": [name, kind]}
        tags = {tag: str(event[tag]) for tag in TAGS if _PLAIN.fullmatch(str(event.get(tag, "")))}
        report["tags"] = {"event": name, "process": self._process, **tags}
        trace = CURRENT.get()
        if trace.request_id:
            report["tags"]["request_id"] = trace.request_id
        if trace.traceparent:
            _, trace_id, span_id, _ = trace.traceparent.split("-")
            report["contexts"] = {"trace": {"trace_id": trace_id, "span_id": span_id}}
        return report

    def flush(self) -> None:
        """Send all reports made so far."""
        self._client.flush(CLOSE_S)
