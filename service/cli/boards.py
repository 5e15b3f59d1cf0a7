"""`lead-capture boards`: the ids that a forms file can name, ready to paste.

Each `key = id` can be pasted under a form, and the whole output is TOML, too.
"""

import argparse
import textwrap
import threading
from collections.abc import Iterator, Sequence
from itertools import groupby

from service.cli.commands import Failed
from service.cli.configuration import NO_CREDENTIALS
from service.cli.installation import Installation, open_installation
from service.cli.terminal import print_json, printable, progress_bar
from service.delivery.setup_check.inventory import AccountInventory, LocationOptions, read_inventory
from service.forms import Account
from service.nexudus.boards import Stage
from service.nexudus.client import Nexudus
from service.nexudus.errors import NexudusError

WIDTH = 80


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """--account and --json."""
    parser.add_argument("--account", default="", metavar="NAME", help="only this account")
    parser.add_argument("--json", action="store_true", help="print JSON")


def run(arguments: argparse.Namespace) -> int:
    """Print the ids.

    Raises: Failed.
    """
    with open_installation(demo="showing") as installation:
        inventories = list(read_all(installation, arguments.account))
    if arguments.json:
        print_json([inventory.as_row() for inventory in inventories])
    else:
        print("\n".join(line for inventory in inventories for line in lines_of(inventory)))
    return 0


def read_all(installation: Installation, only: str) -> Iterator[AccountInventory]:
    """Yield the inventory of each account, or of one.

    Raises: Failed.
    """
    from service.nexudus_accounts import account_contexts, accounts

    known = {account.name: account for account in accounts(installation.settings, installation.setup)}
    if only and only not in known:
        raise Failed(f"there is no account {only!r}: choose from {', '.join(known)}")
    chosen = [known[only]] if only else [account for account in known.values() if account.has_login]
    if not all(account.has_login for account in chosen) or not chosen:
        raise Failed(NO_CREDENTIALS)
    contexts = account_contexts(installation.settings, installation.setup, installation.store, threading.Event())
    for account in chosen:
        yield read_one(account, contexts[account.name].nexudus)


def read_one(account: Account, nexudus: Nexudus) -> AccountInventory:
    """Return the inventory of one account.

    Raises: Failed.
    """
    try:
        with progress_bar("stages", 1) as show:
            return read_inventory(nexudus, account.name, progress=lambda done, total: show(done / total, "stages"))
    except NexudusError as error:
        raise Failed(
            f"account {account.name}: its boards cannot be read ({error.message}):"
            " run `lead-capture doctor` for details"
        ) from error


# -- as TOML


def lines_of(inventory: AccountInventory) -> Iterator[str]:
    """Yield all lines of one account, with a table header before each key that would otherwise repeat."""
    used: set[str] | None = None
    for line in _lines_of(inventory):
        key, equals, _ = line.partition(" = ")
        if equals and not line.startswith("#"):
            if used is None or key in used:
                yield "[[choice]]"
                used = set()
            used.add(key)
        yield line


def _lines_of(inventory: AccountInventory) -> Iterator[str]:
    yield from _comment(f"Account {inventory.account}. Paste a line under [forms.NAME] or [defaults].", "#### ")
    for sentence in inventory.unread:
        yield from _comment(sentence, "#  ! ")
    for location in inventory.locations:
        yield ""
        yield from _location(location)
        for _, stages in groupby(location.stages, key=lambda stage: stage.board_id):
            yield from _board(list(stages))
        for type_ in location.types:
            yield _line(f"opportunity_type_id = {type_.id}", type_.name)
            if type_.notes_template:
                yield from _comment("its notes template may replace the enquiry's text", "#  ! ")
        for user in location.owners:
            yield _line(f"responsible_id = {user.id}", user.name)
    yield ""


def _location(location: LocationOptions) -> Iterator[str]:
    place = location.business
    if place is None:
        yield from _comment("Without a visible location", "#### ")
        return
    yield from _comment(f"Location {place.id}: {_clean(place.name)}", "#### ")
    yield _line(f"contact.business_id = {place.id}", place.name)
    if place.country_id:
        yield _line(f"contact.country_id = {place.country_id}", "the location's own")
    if place.time_zone_id:
        yield _line(f"contact.time_zone_id = {place.time_zone_id}", "the location's own")


def _board(stages: Sequence[Stage]) -> Iterator[str]:
    yield from _comment(f"Board {stages[0].board_id}: {_clean(stages[0].board_name)}", "#### ")
    for stage in stages:
        words = f"{stage.board_name} / {stage.name}"
        if stage.dangers:
            yield _line(f"# NEVER: stage_id = {stage.id}", words)
            yield from _comment(f"REFUSED: it {', '.join((*stage.dangers, *stage.warnings))}", "#  !! ")
            continue
        if not stage.is_judged:
            yield _line(f"# NOT CHECKED: stage_id = {stage.id}", words)
            yield from _comment("could not check what it does on arrival: look at it in Nexudus", "#  ! ")
            continue
        yield _line(f"stage_id = {stage.id}", words)
        if stage.warnings:
            yield from _comment(f"it {', '.join(stage.warnings)}", "#  ! ")


def _line(start: str, words: str) -> str:
    """Return a line to paste; its comment is cut to fit."""
    shown = _clean(words)
    room = WIDTH - len(start) - len("  # ")
    return f"{start}  # {shown if len(shown) <= room else shown[: room - 1] + '…'}"


def _comment(text: str, prefix: str) -> Iterator[str]:
    indent = "#" + " " * (len(prefix) - 1)
    yield from textwrap.wrap(_clean(text), WIDTH, initial_indent=prefix, subsequent_indent=indent)


def _clean(text: str) -> str:
    """Return a name from Nexudus, on one line."""
    return " ".join(printable(text).split())
