"""gunicorn's own log lines through our logging: in the same format, at the same level, without personal data."""

import logging

import structlog
from gunicorn.glogging import Logger

log = structlog.get_logger()

_QUOTING = ("Error handling request", "Invalid request from ip")
"""Beginnings of lines that go on with an address or a stranger's words."""


class StructuredHandler(logging.Handler):
    """Logs each record as the event "gunicorn"."""

    def emit(self, record: logging.LogRecord) -> None:
        """Log one record. gunicorn's routine, such as "Booting worker", is logged at level debug."""
        message = record.getMessage()
        message = next((start for start in _QUOTING if message.startswith(start)), message)
        more = {"exc_info": record.exc_info[1]} if record.exc_info else {}
        if record.levelno >= logging.ERROR:
            log.error("gunicorn", message=message, **more)
        elif record.levelno == logging.WARNING:
            log.warning("gunicorn", message=message, **more)
        else:
            log.debug("gunicorn", message=message, **more)


class StructuredLogger(Logger):  # type: ignore[misc] # gunicorn is untyped
    """gunicorn's `logger_class`. An access log, if configured, stays gunicorn's."""

    def setup(self, cfg: object) -> None:
        """Set up as gunicorn does, then replace the handlers of its error log."""
        super().setup(cfg)
        for logger in (self.error_log, logging.getLogger("gunicorn")):
            logger.handlers[:] = [StructuredHandler()]
