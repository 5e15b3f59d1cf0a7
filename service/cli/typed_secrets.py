"""`lead-capture secrets`: the names of secrets typed in the dashboard; a lost one is typed again.

It reads neither the forms file nor the set-up, which cannot be read as long as a secret is missing.
"""

import argparse
import json
import sys
from dataclasses import asdict
from getpass import getpass
from typing import TYPE_CHECKING

from service import clock
from service.cli.commands import COMMANDS, Failed
from service.cli.installation import opened_store
from service.cli.terminal import operator, print_json
from service.settings import read_settings

if TYPE_CHECKING:
    from service.store import Store, Transaction


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """List | set NAME."""
    actions = parser.add_subparsers(metavar="ACTION", required=True)
    listing = actions.add_parser("list", help="names, never texts", epilog="example: lead-capture secrets list")
    setting = actions.add_parser(
        "set", help="type one that is missing or lost", epilog=f"example: {COMMANDS['secrets'].example}"
    )
    setting.add_argument("name", metavar="NAME", help='as the set-up writes it behind "secret:"')
    for action, run_action in ((listing, list_secrets), (setting, set_secret)):
        action.add_argument("--json", action="store_true", help="the outcome as JSON")
        action.set_defaults(command=run_action)


def run(arguments: argparse.Namespace) -> int:
    """Run the action."""
    with opened_store(read_settings()) as store:
        return int(arguments.command(store, arguments))


def list_secrets(store: "Store", arguments: argparse.Namespace) -> int:
    """Print who typed each secret, and when."""
    with store.read() as tx:
        entries = tx.secrets.entries()
    if arguments.json:
        print_json([{**asdict(each), "made_at": f"{each.made_at:%Y-%m-%dT%H:%M:%SZ}"} for each in entries])
        return 0
    for each in entries:
        lost = "  LOST: enter it again with `lead-capture secrets set NAME`" if each.is_lost else ""
        print(f"{each.name}  typed by {each.made_by} on {each.made_at:%Y-%m-%d}{lost}")
    if not entries:
        print("there are no secrets")
    return 0


def set_secret(store: "Store", arguments: argparse.Namespace) -> int:
    """Read a secret from the terminal, or from the standard input, and store it.

    Raises: Failed if there is one of that name: a secret never changes.
    """
    text = getpass("the secret: ") if sys.stdin.isatty() else sys.stdin.readline().rstrip("\r\n")
    if not text:
        raise Failed("the secret is empty: type it, or write it to the standard input")
    name = arguments.name.removeprefix("secret:")
    if not store.write(lambda tx: _type_again(tx, name, text)):
        raise Failed(f"there is a secret {name}: to change it, type the new one in the dashboard, under Connections")
    print(json.dumps({"name": name}) if arguments.json else f"stored the secret {name}")
    return 0


def _type_again(tx: "Transaction", name: str, text: str) -> bool:
    from service.store import Act, Subject, SubjectKind

    actor, now = operator(), clock.now()
    is_stored = tx.secrets.type_again(name, text, actor.who, now)
    if is_stored:
        subject = Subject(SubjectKind.CONNECTION, f"secret:{name}")
        tx.acts.record(actor, Act.CHANGE, subject, None, None, {"typed again": True}, now)
    return is_stored
