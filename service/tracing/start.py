"""Opens what a process sends to OpenTelemetry and Sentry, once it has been forked; loads neither where none is set."""

from typing import TYPE_CHECKING

from service.settings import Settings

if TYPE_CHECKING:
    from service.tracing.errors import ErrorReports
    from service.tracing.spans import Tracer


def open_tracer(settings: Settings, process: str) -> "Tracer | None":
    """Return what makes the spans of this process, where they are wanted. process: web, worker."""
    if not settings.otel_exporter_otlp_endpoint:
        return None
    from service.tracing.spans import Tracer  # noqa: PLC0415 (an extra)

    return Tracer(settings.otel_exporter_otlp_endpoint, process)


def open_error_reports(settings: Settings, process: str) -> "ErrorReports | None":
    """Return the processor of log lines that reports their errors, where that is wanted. process: web, worker."""
    if not settings.sentry_dsn:
        return None
    from service.tracing.errors import ErrorReports  # noqa: PLC0415 (an extra)

    return ErrorReports(settings.sentry_dsn, process)
