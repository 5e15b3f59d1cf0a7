"""`lead-capture alerts`: the open alerts, and whether a message would arrive."""

import argparse
import json
from typing import Any

from service import clock
from service.alerts import channels
from service.alerts.channel_tests import TEST
from service.alerts.wording import span
from service.cli.commands import Failed
from service.cli.installation import Installation, open_installation
from service.cli.terminal import operator, print_json, printable
from service.store import Act, Alert, Subject, SubjectKind, UnreadableSecret


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """--test and --json."""
    parser.add_argument(
        "--test",
        action="store_true",
        help="send a test message to each address of ALERT_URLS and of the dashboard",
    )
    parser.add_argument("--json", action="store_true", help="a list: open alerts, or the outcome for each address")


def run(arguments: argparse.Namespace) -> int:
    """List the open alerts, or test the channels; 1 if there is an alert, or a test message did not arrive."""
    with open_installation(alerts=True) as installation:
        act = _test if arguments.test else _list
        return act(installation, as_json=arguments.json)


def _list(installation: Installation, *, as_json: bool) -> int:
    now = clock.now()
    with installation.store.read() as tx:
        alerts = tx.alerts.open()
    if as_json:
        print_json([_as_row(alert) for alert in alerts])
        return 1 if alerts else 0
    for alert in alerts:
        number = alert.notified_count
        times = f"sent {number} times" if number > 1 else ("sent" if number else "not sent")
        print(f"{alert.cause}  since {alert.since:%Y-%m-%d %H:%M} UTC ({span(now - alert.since)}), {times}")
        print(f"    {printable(alert.sentence)}")
    if not alerts:
        print("nothing is wrong")
    return 1 if alerts else 0


def _as_row(alert: Alert) -> dict[str, Any]:
    since = f"{alert.since:%Y-%m-%dT%H:%M:%SZ}"
    return {"cause": alert.cause, "sentence": alert.sentence, "since": since, "notified_count": alert.notified_count}


def _typed_addresses(installation: Installation) -> list[str]:
    """Return the addresses of the channels that were added in the dashboard.

    Raises: Failed.
    """
    try:
        with installation.store.read() as tx:
            addresses = [tx.channels.address(entry.id) for entry in tx.channels.all()]
    except UnreadableSecret as error:
        raise Failed(str(error)) from error
    return [address for address in addresses if address]


def _test(installation: Installation, *, as_json: bool) -> int:
    addresses = [*installation.settings.alert_urls, *_typed_addresses(installation)]
    if not addresses:
        raise Failed(
            "there is no alert channel, so no alert is sent: write Apprise addresses such as mailto://... into "
            "ALERT_URLS, or add one in the dashboard, under Connections"
        )
    outcomes = channels.send(addresses, TEST)
    subject, after = Subject(SubjectKind.CONNECTION, "alerts"), {"outcomes": list(outcomes)}
    installation.store.write(lambda tx: tx.acts.record(operator(), Act.TEST, subject, None, None, after, clock.now()))
    if as_json:
        print(json.dumps([{"address": number, "outcome": outcome} for number, outcome in enumerate(outcomes, 1)]))
    else:
        for number, outcome in enumerate(outcomes, 1):
            print(f"address {number} of {len(addresses)}: {outcome}")
    return 0 if all(outcome == channels.SENT for outcome in outcomes) else 1
