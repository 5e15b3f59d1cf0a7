"""Error reports, as Sentry receives them."""

from typing import cast

import pytest
import structlog

from service import logs
from service.lead import TraceContext
from service.settings import read_settings
from service.tracing.context import CURRENT
from service.tracing.start import open_error_reports
from tests.tracing.collector import Collector

pytestmark = pytest.mark.usefixtures("log_of_the_test", "capsys")

PERSON = "ann@example.com"  # far from the lines that are shown around an error
TRACE, SPAN = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"


def reporting(collector: Collector) -> structlog.stdlib.BoundLogger:
    """A log whose errors are reported."""
    logs.configure("json", "info")
    reports = open_error_reports(read_settings({"SENTRY_DSN": collector.dsn}), "worker")
    assert reports is not None
    logs.report_to(reports)
    return cast("structlog.stdlib.BoundLogger", structlog.get_logger())


def fail() -> None:
    """Fail with a person in the sentence and among the local variables."""
    words = PERSON.upper()
    raise ValueError(words)


def fail_at(log: structlog.stdlib.BoundLogger) -> None:
    """Log an error as a worker does."""
    try:
        try:
            fail()
        except ValueError as error:
            raise RuntimeError(PERSON) from error
    except RuntimeError:
        log.exception("delivery_error", lead="7f3c", form=PERSON, problem=PERSON)


def test_an_error_is_reported_with_its_place_and_nothing_personal(collector: Collector) -> None:
    token = CURRENT.set(TraceContext("a-request-id", f"00-{TRACE}-{SPAN}-01"))
    fail_at(reporting(collector))
    CURRENT.reset(token)

    collector.wait_for(1, "reports")
    (report,) = collector.reports()
    errors = report["exception"]["values"]
    assert [each["type"] for each in errors] == ["ValueError", "RuntimeError"]
    assert errors[0]["stacktrace"]["frames"][-1]["function"] == "fail"
    assert report["tags"] == {
        "event": "delivery_error",
        "process": "worker",
        "lead": "7f3c",
        "request_id": "a-request-id",
    }
    assert (report["level"], report["transaction"]) == ("error", "delivery_error")
    assert (report["contexts"]["trace"]["trace_id"], report["contexts"]["trace"]["span_id"]) == (TRACE, SPAN)
    sent = b"".join(collector.bodies).lower()
    assert [word for word in (b"ann", b"is no number", b"vars") if word in sent] == []


def test_an_error_without_an_exception_is_reported_by_its_name(collector: Collector) -> None:
    log = reporting(collector)
    log.warning("webhook_refused", status=401)
    log.info("lead_kept")
    log.error("lead_not_kept", form="contact", sender="json")

    collector.wait_for(1, "reports")
    (report,) = collector.reports()
    assert report["message"] == "lead_not_kept"
    assert report["tags"]["form"] == "contact"


def test_the_log_line_is_as_ever(collector: Collector, capsys: pytest.CaptureFixture[str]) -> None:
    fail_at(reporting(collector))

    assert '"error":"RuntimeError"' in capsys.readouterr().err
