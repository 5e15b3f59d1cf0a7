"""Starts what a process sends to OpenTelemetry and Sentry, once it has been forked; loads neither where none is set."""

from typing import TYPE_CHECKING

from service import logs
from service.settings import Settings

if TYPE_CHECKING:
    from service.tracing.spans import Tracer


def open_tracer(settings: Settings, process: str) -> "Tracer | None":
    """Return what makes the spans of this process, where they are wanted. process: web, worker."""
    if not settings.otel_exporter_otlp_endpoint:
        return None
    from service.tracing.spans import Tracer  # noqa: PLC0415 (an extra)

    return Tracer(settings.otel_exporter_otlp_endpoint, process)


def report_errors(settings: Settings, process: str) -> None:
    """Report errors that are logged from now on, where that is wanted. To be called after the log is configured."""
    if settings.sentry_dsn:
        from service.tracing.errors import ErrorReports  # noqa: PLC0415 (an extra)

        logs.report_to(ErrorReports(settings.sentry_dsn, process))
