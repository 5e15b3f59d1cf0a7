"""`lead-capture alerts`: what is wrong now, and whether a message would reach anybody."""

import argparse

from service import clock
from service.cli.lines import printable
from service.cli.main import Failed
from service.cli.opened import House, open_house, unanswered
from service.store import StoreUnavailable
from service.watch import channels
from service.watch.words import span

SUMMARY = "tell what is wrong now; with --test, send a message to each of ALERT_URLS"
EXAMPLE = "lead-capture alerts --test"

TEST = channels.Message(
    "Lead Capture: a test",
    "If you can read this, alerts of Lead Capture will reach you here. Nothing is wrong.",
    "info",
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """--test."""
    parser.add_argument("--test", action="store_true", help="send a test message to each address of ALERT_URLS")


def run(arguments: argparse.Namespace) -> int:
    """What is wrong: 1, nothing: 0. With --test, 1 when the message did not get through everywhere."""
    house = open_house(alerts=True)
    try:
        return _test(house) if arguments.test else _list(house)
    except StoreUnavailable as error:
        raise Failed(unanswered(error)) from error


def _list(house: House) -> int:
    now = clock.now()
    with house.store.read() as tx:
        concerns = tx.concerns.open()
    for concern in concerns:
        told = f"told {concern.told} times" if concern.told > 1 else ("told" if concern.told else "not told")
        print(f"{concern.cause}  since {concern.since:%Y-%m-%d %H:%M} UTC ({span(now - concern.since)}), {told}")
        print(f"    {printable(concern.sentence)}")
    if not concerns:
        print("nothing is wrong")
    return 1 if concerns else 0


def _test(house: House) -> int:
    addresses = house.settings.alert_urls
    if not addresses:
        raise Failed("ALERT_URLS is not set, so nobody is told: write Apprise addresses such as mailto://...")
    outcomes = channels.send(addresses, TEST)
    for number, outcome in enumerate(outcomes, 1):
        print(f"address {number} of {len(addresses)}: {outcome}")
    return 0 if all(outcome == channels.SENT for outcome in outcomes) else 1
