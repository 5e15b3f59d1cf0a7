"""Opens a process's connections to OpenTelemetry and Sentry, after the fork; loads neither unless it is configured."""

from typing import TYPE_CHECKING

from service.settings import Settings

if TYPE_CHECKING:
    from service.tracing.errors import ErrorReports
    from service.tracing.spans import Tracer


def open_tracer(settings: Settings, process: str) -> "Tracer | None":
    """Return the tracer of this process, None if spans are not configured. process: web, worker."""
    if not settings.otel_exporter_otlp_endpoint:
        return None
    from service.tracing.spans import Tracer  # noqa: PLC0415 (an extra)

    return Tracer(settings.otel_exporter_otlp_endpoint, process)


def open_error_reports(settings: Settings, process: str) -> "ErrorReports | None":
    """Return the log processor that reports errors, None if reports are not configured. process: web, worker."""
    if not settings.sentry_dsn:
        return None
    from service.tracing.errors import ErrorReports  # noqa: PLC0415 (an extra)

    return ErrorReports(settings.sentry_dsn, process)
