"""What an operator asks of `demo-data`, and what is refused: nothing made up comes among real leads unasked."""

import argparse
import json
from collections.abc import Callable, Iterator
from datetime import datetime
from itertools import islice
from typing import TypeVar

from service import clock
from service.cli.arguments import instant, number_within
from service.cli.demo.story import ACCOUNT, tell
from service.cli.installation import Installation, open_installation
from service.cli.main import Failed
from service.cli.output import progress_bar
from service.store import LeadHistory, Store

TOGETHER = 2000
"""Leads written, or removed, in one transaction."""

T = TypeVar("T")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """--leads, --days, --until, --seed, --remove, --yes, --json."""
    parser.add_argument("--leads", type=number_within(1, 5_000_000), default=2000, metavar="N", help="how many (2000)")
    parser.add_argument("--days", type=number_within(1, 3650), default=90, metavar="D", help="within so many days (90)")
    parser.add_argument("--until", type=instant, help="when the history ends, e.g. 2026-11-25 (now)")
    parser.add_argument(
        "--seed", type=number_within(0, 2**31), default=1, help="another number tells another story (1)"
    )
    parser.add_argument("--remove", action="store_true", help="remove the made-up leads instead")
    parser.add_argument("--yes", action="store_true", help="also where the database holds real leads")
    parser.add_argument("--json", action="store_true", help="how many were written and removed, as JSON")


def run(arguments: argparse.Namespace) -> int:
    """Put a history in the place of the last one, or remove it."""
    installation = open_installation()
    _check(installation, is_sure=arguments.yes or arguments.remove)
    removed = _remove_all(installation.store)
    until = arguments.until or clock.now()
    written = 0 if arguments.remove else _write_all(installation.store, arguments, until)
    if arguments.json:
        print(json.dumps({"account": ACCOUNT, "written": written, "removed": removed}))
    elif arguments.remove:
        print(f"{removed:,} made-up leads removed")
    else:
        print(f"{written:,} made-up leads of {arguments.days} days until {until:%Y-%m-%d}, as account {ACCOUNT!r}")
        print("none of them can be delivered; `lead-capture demo-data --remove` removes them")
    return 0


def _check(installation: Installation, *, is_sure: bool) -> None:
    if ACCOUNT in installation.setup.accounts:
        raise Failed(f"the forms file has an account {ACCOUNT!r}: rename it, made-up leads must not reach it")
    with installation.store.read() as tx:
        has_real = tx.leads.has_other_accounts(ACCOUNT)
    if has_real and not is_sure:
        raise Failed("this database holds real leads: set DATABASE_URL to another one, or say --yes to mix both")


def _remove_all(store: Store) -> int:
    removed = 0
    while some := store.write(lambda tx: tx.leads.remove_account(ACCOUNT, TOGETHER)):
        removed += some
    return removed


def _write_all(store: Store, arguments: argparse.Namespace, until: datetime) -> int:
    story = tell(arguments.leads, arguments.days, until, arguments.seed)
    written = 0
    with progress_bar("leads", arguments.leads) as show:
        for some in _in_parts(story):
            store.write(_writing(some))
            written += len(some)
            show(written, f"{written:,} leads")
    return written


def _writing(some: list[LeadHistory]) -> Callable[..., None]:
    return lambda tx: tx.leads.write_histories(some)


def _in_parts(story: Iterator[T]) -> Iterator[list[T]]:
    while some := list(islice(story, TOGETHER)):
        yield some
