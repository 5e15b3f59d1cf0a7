"""Log lines of one process, however often its logs are set up."""

import json
from contextlib import suppress
from pathlib import Path

import pytest
import structlog
import time_machine
from structlog.testing import capture_logs

from service import logs
from tests.builders import NOON


def test_a_logger_that_was_used_before_follows_what_is_set_up_later() -> None:
    logs.configure("json", "info")
    log = structlog.get_logger()
    log.info("once")
    logs.configure("json", "info")

    with capture_logs() as lines:
        log.info("twice")

    assert [line["event"] for line in lines] == ["twice"]


HOSTILE = "\x1b[2J\x9b1m\x07\u202eevil"


@pytest.mark.parametrize("ending", ["", "\r\n\u2028"])
def test_what_strangers_wrote_gives_a_terminal_no_orders(ending: str, capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure("console", "info")

    structlog.get_logger().warning("webhook_refused", form=HOSTILE + ending, names=[HOSTILE])

    (line,) = capsys.readouterr().err.splitlines()
    assert line.isprintable()
    assert r"\x1b[2J\x9b1m\x07\u202eevil" in line


def test_in_json_control_characters_are_escaped_too(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure("json", "info")

    structlog.get_logger().warning("webhook_refused", form=HOSTILE)

    (line,) = capsys.readouterr().err.splitlines()
    assert line.isprintable()
    assert json.loads(line)["form"] == HOSTILE


@pytest.mark.parametrize("log_format", ["console", "json"])
def test_a_long_value_is_cut(log_format: str, capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure(log_format, "info")

    structlog.get_logger().warning("webhook_refused", form="f" * 3000, sender="json")

    line = capsys.readouterr().err
    assert len(line) < logs.MAX_VALUE_CHARS + 250
    assert "f… (3000 characters)" in line.encode().decode("unicode_escape" if log_format == "json" else "utf-8")
    assert "json" in line


def test_strangers_cannot_fill_the_disk_with_lines(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure("json", "info")
    log = structlog.get_logger()
    with time_machine.travel(NOON, tick=False) as clock:
        for _ in range(300):
            log.warning("webhook_refused")
        log.info("lead_kept")
        clock.shift(60)
        log.warning("webhook_refused")
        log.warning("webhook_refused")

    lines = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    assert [line["event"] for line in lines].count("webhook_refused") == logs.MAX_LINES_PER_MINUTE + 2
    assert lines[logs.MAX_LINES_PER_MINUTE]["event"] == "lead_kept"
    assert [line.get("unlogged") for line in lines[-2:]] == [300 - logs.MAX_LINES_PER_MINUTE, None]


@pytest.mark.parametrize("log_format", ["console", "json"])
@pytest.mark.usefixtures("log_of_the_test")
def test_a_full_disk_costs_the_line_and_nothing_else(log_format: str, monkeypatch: pytest.MonkeyPatch) -> None:
    is_over = False

    with suppress(OSError), Path("/dev/full").open("w", buffering=1) as full:  # closing it fails, too
        monkeypatch.setattr("sys.stderr", full)
        logs.configure(log_format, "info")
        structlog.get_logger().error("store_unavailable", error="the disk is full")
        is_over = True

    assert is_over
