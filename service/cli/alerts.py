"""`lead-capture alerts`: what is wrong now, and whether a message would reach anybody."""

import argparse
import json
from typing import Any

from service import clock
from service.alerts import channels
from service.alerts.words import span
from service.cli.installation import Installation, database_problem, open_installation
from service.cli.lines import printable
from service.cli.main import Failed
from service.store import Alert, StoreUnavailable

TEST = channels.Message(
    "Lead Capture: a test",
    "If you can read this, alerts of Lead Capture will reach you here. Nothing is wrong.",
    "info",
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """--test and --json."""
    parser.add_argument("--test", action="store_true", help="send a test message to each address of ALERT_URLS")
    parser.add_argument("--json", action="store_true", help="a list: what is wrong, or how each address took the test")


def run(arguments: argparse.Namespace) -> int:
    """What is wrong: 1, nothing: 0. With --test, 1 when the message did not get through everywhere."""
    installation = open_installation(alerts=True)
    try:
        act = _test if arguments.test else _list
        return act(installation, as_json=arguments.json)
    except StoreUnavailable as error:
        raise Failed(database_problem(error)) from error


def _list(installation: Installation, *, as_json: bool) -> int:
    now = clock.now()
    with installation.store.read() as tx:
        concerns = tx.alerts.open()
    if as_json:
        print(json.dumps([_as_row(concern) for concern in concerns], indent=2, ensure_ascii=False))
        return 1 if concerns else 0
    for concern in concerns:
        told = (
            f"told {concern.notified_count} times"
            if concern.notified_count > 1
            else ("told" if concern.notified_count else "not told")
        )
        print(f"{concern.cause}  since {concern.since:%Y-%m-%d %H:%M} UTC ({span(now - concern.since)}), {told}")
        print(f"    {printable(concern.sentence)}")
    if not concerns:
        print("nothing is wrong")
    return 1 if concerns else 0


def _as_row(concern: Alert) -> dict[str, Any]:
    since = f"{concern.since:%Y-%m-%dT%H:%M:%SZ}"
    return {"cause": concern.cause, "sentence": concern.sentence, "since": since, "told": concern.notified_count}


def _test(installation: Installation, *, as_json: bool) -> int:
    addresses = installation.settings.alert_urls
    if not addresses:
        raise Failed("ALERT_URLS is not set, so nobody is told: write Apprise addresses such as mailto://...")
    outcomes = channels.send(addresses, TEST)
    if as_json:
        print(json.dumps([{"address": number, "outcome": outcome} for number, outcome in enumerate(outcomes, 1)]))
    else:
        for number, outcome in enumerate(outcomes, 1):
            print(f"address {number} of {len(addresses)}: {outcome}")
    return 0 if all(outcome == channels.SENT for outcome in outcomes) else 1
