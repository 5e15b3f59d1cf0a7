"""Log lines of one process, however often its logs are set up."""

import structlog
from structlog.testing import capture_logs

from service import logs


def test_a_logger_that_was_used_before_follows_what_is_set_up_later() -> None:
    logs.configure("json", "info")
    log = structlog.get_logger()
    log.info("once")
    logs.configure("json", "info")

    with capture_logs() as lines:
        log.info("twice")

    assert [line["event"] for line in lines] == ["twice"]
