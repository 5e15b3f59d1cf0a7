"""`lead-capture alerts`: open problems, whether an alert would arrive, and addresses that cannot be read."""

import json
from pathlib import Path

import pytest

from service.store import ActQuery, Store
from tests.alerts.sink import AlertSink
from tests.builders import NOON
from tests.cli.conftest import Terminal

UNREAD = "see https://github.com/caronc/apprise/wiki for the syntax"


def test_that_nothing_is_wrong_is_said(run: Terminal, sqlite: Store) -> None:
    result = run("alerts")

    assert (result.code, result.out) == (0, "nothing is wrong\n")


def test_what_is_wrong_is_listed_and_the_exit_code_says_so(run: Terminal, sqlite: Store) -> None:
    sqlite.write(lambda tx: tx.alerts.report("login:default", "The password is refused: correct it.", NOON))

    result = run("alerts")

    assert result.code == 1
    first, second = result.out.splitlines()
    assert first.startswith("login:default  since 2026-11-24 12:00 UTC (")
    assert first.endswith(", not sent")
    assert second == "    The password is refused: correct it."


def test_a_test_message_goes_to_every_address(run: Terminal, sqlite: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    with AlertSink() as ann, AlertSink() as bob:
        monkeypatch.setenv("ALERT_URLS", f"{ann.address}, {bob.address}")

        result = run("alerts", "--test")

        assert (result.code, result.out) == (0, "address 1 of 2: sent\naddress 2 of 2: sent\n")
        assert ann.titles == bob.titles == ["Lead Capture: a test"]
    with sqlite.read() as tx:
        assert tx.acts.page(ActQuery(act="test"), 2).acts[0].after == {"outcomes": ["sent", "sent"]}


def test_an_address_that_does_not_take_it_is_told_by_its_number(
    run: Terminal, sqlite: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    with AlertSink() as ann, AlertSink() as bob:
        ann.status = 403
        monkeypatch.setenv("ALERT_URLS", f"{ann.address},{bob.address}")

        result = run("alerts", "--test")

    assert (result.code, result.out) == (1, "address 1 of 2: it answered with error 403\naddress 2 of 2: sent\n")


def test_without_addresses_there_is_nothing_to_test(run: Terminal, sqlite: Store) -> None:
    result = run("alerts", "--test")

    assert result.code == 1
    assert result.err.startswith("lead-capture: there is no alert channel, so no alert is sent")


@pytest.mark.parametrize("command", ["alerts", "worker", "up"])
def test_addresses_that_cannot_be_read_are_told_with_all_other_problems_but_never_shown(
    run: Terminal, folder: Path, monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    monkeypatch.setenv("ALERT_URLS", "json://localhost/hush,slak://hush/hush,json://hush")
    monkeypatch.setenv("WEB_THREADS", "none")
    (folder / "forms.toml").write_text("[forms.tour]\nredirct = 'x'")

    result = run(command)

    assert (result.code, result.out) == (1, "")
    lines = [line.removeprefix("lead-capture: ") for line in result.err.splitlines()]
    assert [line.partition(":")[0] for line in lines] == ["WEB_THREADS", "ALERT_URLS", "forms.toml"]
    assert lines[1] == f"ALERT_URLS: Apprise cannot read address 2 of 3: {UNREAD}"
    assert "hush" not in result.err


def test_commands_that_send_no_alerts_do_not_load_apprise(
    run: Terminal, sqlite: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ALERT_URLS", "slak://nobody")

    assert run("leads").code == 0


def test_what_is_wrong_is_told_as_json(run: Terminal, sqlite: Store) -> None:
    sqlite.write(lambda tx: tx.alerts.report("disk", "The disk is nearly full.", NOON))

    result = run("alerts", "--json")

    assert result.code == 1
    assert json.loads(result.out) == [
        {"cause": "disk", "sentence": "The disk is nearly full.", "since": "2026-11-24T12:00:00Z", "notified_count": 0}
    ]
