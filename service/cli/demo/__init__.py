"""`lead-capture demo-data`: an invented history, for screenshots, trials and measurements.

history.py   one lead after another, oldest first, and how each was delivered
people.py    the people, their languages, and their visits: visits.toml, which also has the campaigns' costs
sales.py     stages entered, sales, how soon people answered, and the costs of campaigns

All of it belongs to an account that no forms file has, so that no worker can deliver any of it.
"""

import argparse
import json
from itertools import islice

from service.cli.commands import Failed
from service.cli.installation import Installation, open_installation
from service.cli.terminal import instant, number_within, progress_bar
from service.store import Store

ACCOUNT = "demo"
"""The account of the invented leads. The forms file must not have an account of this name."""

BATCH_SIZE = 2000
"""Leads written, or removed, in one transaction."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """--leads, --days, --until, --seed, --remove, --yes, --json."""
    parser.add_argument(
        "--leads", type=number_within(1, 5_000_000), default=2000, metavar="N", help="number of leads (2000)"
    )
    parser.add_argument(
        "--days", type=number_within(1, 3650), default=90, metavar="D", help="length of the period in days (90)"
    )
    parser.add_argument("--until", type=instant, help="end of the period, e.g. 2026-11-25 (now)")
    parser.add_argument("--seed", type=number_within(0, 2**31), default=1, help="seed of the random generator (1)")
    parser.add_argument("--remove", action="store_true", help="remove the demo leads instead")
    parser.add_argument("--yes", action="store_true", help="run even if the database holds real leads")
    parser.add_argument("--json", action="store_true", help="the numbers of leads written and removed, as JSON")


def run(arguments: argparse.Namespace) -> int:
    """Replace the last invented history by a new one, or remove it."""
    from service import clock

    with open_installation() as installation:
        _check(installation, is_sure=arguments.yes or arguments.remove)
        arguments.until = arguments.until or clock.now()
        removed = _remove_all(installation.store)
        written = 0 if arguments.remove else _write_all(installation.store, arguments)
        _record(installation.store, written, removed)
        if arguments.json:
            print(json.dumps({"account": ACCOUNT, "written": written, "removed": removed}))
        elif arguments.remove:
            print(f"{removed:,} invented leads removed")
        else:
            period = f"{arguments.days} days until {arguments.until:%Y-%m-%d}"
            print(f"{written:,} invented leads of {period}, as account {ACCOUNT!r}")
            print("none of them can be delivered; `lead-capture demo-data --remove` removes them")
        return 0


def _record(store: Store, written: int, removed: int) -> None:
    from service import clock
    from service.cli.terminal import operator
    from service.store import Act, Subject, SubjectKind

    act = Act.CREATE if written else Act.DELETE
    before, after = ({"leads": number} if number else None for number in (removed, written))
    subject, now = Subject(SubjectKind.LEADS, ACCOUNT), clock.now()
    store.write(lambda tx: tx.acts.record(operator(), act, subject, ACCOUNT, before, after, now))


def _check(installation: Installation, *, is_sure: bool) -> None:
    if ACCOUNT in installation.setup.accounts:
        raise Failed(f"the set-up has an account {ACCOUNT!r}: rename it, invented leads must not reach it")
    with installation.store.read() as tx:
        has_real = tx.leads.has_other_accounts(ACCOUNT)
    if has_real and not is_sure:
        raise Failed("this database holds real leads: set DATABASE_URL to another one, or say --yes to mix both")


def _remove_all(store: Store) -> int:
    removed = 0
    while number := store.write(lambda tx: tx.leads.remove_account(ACCOUNT, BATCH_SIZE)):
        removed += number
    store.write(lambda tx: tx.statistics.remove_costs(ACCOUNT))
    return removed


def _write_all(store: Store, arguments: argparse.Namespace) -> int:
    from service.cli.demo.history import histories

    leads = histories(ACCOUNT, arguments.leads, arguments.days, arguments.until, arguments.seed)
    written = 0
    with progress_bar("leads", arguments.leads) as show:
        while batch := list(islice(leads, BATCH_SIZE)):
            store.write(lambda tx, batch=batch: tx.leads.write_histories(batch))  # type: ignore[misc]
            written += len(batch)
            show(written, f"{written:,} leads")
    _write_costs(store, arguments)
    return written


def _write_costs(store: Store, arguments: argparse.Namespace) -> None:
    from service.cli.demo.sales import costs_of

    costs = list(costs_of(ACCOUNT, arguments.leads, arguments.days, arguments.until, arguments.seed))
    days = {(source, ACCOUNT): {cost.day for cost in costs} for source in {cost.source for cost in costs}}
    store.write(lambda tx: tx.statistics.replace_costs(costs, days, arguments.until))
