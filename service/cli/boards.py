"""`lead-capture boards`: what a forms file can name, ready to paste."""

import argparse
import json
import threading
from collections.abc import Iterator
from dataclasses import replace

from service.cli.configuration import NO_CREDENTIALS
from service.cli.installation import Installation, open_installation
from service.cli.main import Failed
from service.cli.progress import Bar
from service.cli.simulated import in_demo
from service.cli.toml_lines import lines_of
from service.delivery.setup_check.inventory import AccountInventory, read_inventory
from service.forms import Account
from service.nexudus.client import Nexudus
from service.nexudus.errors import NexudusError


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """--account and --json."""
    parser.add_argument("--account", default="", metavar="NAME", help="only this one of the forms file's accounts")
    parser.add_argument("--json", action="store_true", help="the same as JSON")


def run(arguments: argparse.Namespace) -> int:
    """Print them; 1 where an account could not be read."""
    found = list(read_all(open_installation(), arguments.account))
    if arguments.json:
        print(json.dumps([shelves.as_row() for shelves in found], indent=2, ensure_ascii=False))
    else:
        print("\n".join(line for shelves in found for line in lines_of(shelves)))
    return 0


def read_all(installation: Installation, only: str) -> Iterator[AccountInventory]:
    """What each account has.

    Raises: Failed.
    """
    from service import worker  # noqa: PLC0415 (only this command pays for it)

    installation = replace(installation, settings=in_demo(installation.settings, installation.store, "showing"))
    known = {account.name: account for account in worker.accounts(installation.settings, installation.setup)}
    if only and only not in known:
        raise Failed(f"there is no account {only!r}: known are {', '.join(known)}")
    chosen = [known[only]] if only else [account for account in known.values() if account.has_login]
    if not all(account.has_login for account in chosen) or not chosen:
        raise Failed(NO_CREDENTIALS)
    contexts = worker.account_contexts(installation.settings, installation.setup, installation.store, threading.Event())
    for account in chosen:
        yield read_one(account, contexts[account.name].nexudus)


def read_one(account: Account, nexudus: Nexudus) -> AccountInventory:
    """What one account has.

    Raises: Failed.
    """
    try:
        with Bar("stages", 1) as bar:
            return read_inventory(nexudus, account.name, progress=lambda done, total: bar.show(done / total, "stages"))
    except NexudusError as error:
        raise Failed(
            f"account {account.name}: its boards cannot be read ({error.said}): `lead-capture doctor` says more"
        ) from error
