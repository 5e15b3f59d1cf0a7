"""`lead-capture reconcile`: compares leads with Nexudus and the ad platforms, and repairs what it can."""

import argparse
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime

from service import clock
from service.background import is_gone, worker_name
from service.cli.commands import Failed
from service.cli.configuration import NO_CREDENTIALS
from service.cli.installation import Installation, open_installation
from service.cli.terminal import instant, operator, print_json, progress_bar
from service.lead import LeadId
from service.nexudus.errors import NexudusError
from service.nexudus.pipeline import PAGE_SIZE
from service.reconciliation.account_reader import AccountReader
from service.reconciliation.comparison import Repair, reconcile, repair
from service.reconciliation.discrepancies import ComparePlatforms, Comparison, DiscrepancyKind, no_platforms
from service.store import Act, Subject, SubjectKind, Transaction

ShowProgress = Callable[[float, str], None]

STATUSES = {
    "delivered": "delivered",
    "pending": "on their way",
    "announced": "being fetched",
    "parked": "parked: need attention",
    "quarantined": "held as spam",
    "discarded": "discarded",
    "test": "tests",
    "erased": "forgotten people's",
}
"""Status -> its name in the table."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """--since --repair --excuse --no-platforms --json."""
    parser.add_argument("--since", type=instant, help="leads received at or after, e.g. 2026-11-01 (all)")
    parser.add_argument("--repair", action="store_true", help="record deliveries that only Nexudus shows")
    parser.add_argument(
        "--excuse",
        metavar="ID",
        nargs="+",
        help="do not report these leads again: their state is intended",
    )
    parser.add_argument("--no-platforms", action="store_true", help="do not compare with ad platforms")
    parser.add_argument("--json", action="store_true", help="one object for each account")


def run(arguments: argparse.Namespace) -> int:
    """Print a table for each account; 1 if there is a discrepancy."""
    with open_installation(demo="comparing with") as installation:
        try:
            if arguments.excuse:
                return _excuse(installation, arguments.excuse)
            with progress_bar("reading Nexudus", 1) as show:
                comparisons = [_compare(*each, arguments, show) for each in _readers(installation, arguments)]
        except NexudusError as error:
            raise Failed(f"Nexudus: {error.message}; nothing more was changed, run it again later") from error
        if arguments.json:
            print_json([comparison.as_json() for comparison in comparisons])
        else:
            print("\n\n".join("\n".join(_lines(comparison, arguments.since)) for comparison in comparisons))
        return 0 if all(comparison.is_right for comparison in comparisons) else 1


def _excuse(installation: Installation, lead_ids: Sequence[str]) -> int:
    now = clock.now()

    def write(tx: Transaction) -> list[LeadId]:
        excused = tx.crm.acknowledge(lead_ids, now)
        _record(tx, Act.EXCUSE, excused, now)
        return excused

    excused = installation.store.write(write)
    for lead_id in lead_ids:
        is_excused = lead_id in excused
        print(f"{lead_id}: {'excused: no longer reported' if is_excused else 'no discrepancy: run reconcile first'}")
    return 0 if len(excused) == len(set(lead_ids)) else 1


def _record(tx: Transaction, act: Act, lead_ids: Sequence[LeadId], now: datetime, **after: int) -> None:
    for lead_id, standing in tx.leads.standings_of(lead_ids).items():
        tx.acts.record(operator(), act, Subject(SubjectKind.LEAD, lead_id), standing.account, None, after, now)


def _readers(
    installation: Installation, arguments: argparse.Namespace
) -> Iterator[tuple[AccountReader, ComparePlatforms]]:
    """Yield a reader of each account with a login, and the comparison with the platforms of its forms."""
    import threading

    from service.fetching.connection import make_connections
    from service.nexudus_accounts import account_contexts, accounts
    from service.reconciliation.account_reader import account_reader
    from service.reconciliation.discrepancies import platform_comparer
    from service.store import Identity

    contexts = account_contexts(installation.settings, installation.setup, installation.store, threading.Event())
    connections = make_connections(
        installation.setup.forms,
        installation.settings.platform_urls,
        installation.store,
        Identity(f"reconcile/{worker_name()}", is_gone),
    )
    names = [each.name for each in accounts(installation.settings, installation.setup) if each.has_login]
    if not names:
        raise Failed(NO_CREDENTIALS)
    for name in names:
        compare = platform_comparer(name, connections, installation.store, is_unlimited=arguments.since is not None)
        reader = account_reader(name, contexts[name], clock.sleep, call_interval_s=0)
        yield reader, no_platforms if arguments.no_platforms else compare


def _compare(
    reader: AccountReader, compare_platforms: ComparePlatforms, arguments: argparse.Namespace, show: ShowProgress
) -> Comparison:
    with reader.store.read() as tx:
        total = sum(tx.crm.count_by_status(reader.account, arguments.since).values())
    watched = replace(reader, wait=_with_progress(reader.wait, show, total // PAGE_SIZE + 1))
    comparison = reconcile(watched, arguments.since, clock.now(), compare_platforms)
    if not arguments.repair or not any(each.kind is DiscrepancyKind.UNNOTED for each in comparison.discrepancies):
        return comparison
    for result in repair(reader, comparison.discrepancies, clock.now()):
        if not result.why_not:
            _record_repair(reader, result)
        if not arguments.json:
            done = f"recorded as delivered, opportunity {result.opportunity_id}"
            print(f"{result.lead_id}: {result.why_not or done}")
    return reconcile(watched, arguments.since, clock.now(), compare_platforms)


def _record_repair(reader: AccountReader, result: Repair) -> None:
    number, now = int(result.opportunity_id), clock.now()
    reader.store.write(lambda tx: _record(tx, Act.REPAIR, [result.lead_id], now, opportunity=number))


def _with_progress(wait: Callable[[], None], show: ShowProgress, total: int) -> Callable[[], None]:
    """Return the wait before each call, which then shows the progress out of `total` calls."""
    calls = 0

    def wait_and_show() -> None:
        nonlocal calls
        wait()
        calls += 1
        show(min(calls / total, 0.99), f"reading Nexudus, call {calls:,}")

    return wait_and_show


# -- the table


def _lines(comparison: Comparison, since: datetime | None) -> Iterator[str]:
    span = f"leads since {since:%Y-%m-%d %H:%M} UTC" if since else "all leads"
    yield f"Account {comparison.account}, {span}"
    yield from (f"  {words:<34}{number:>9,}" for words, number in _rows(comparison))
    for discrepancy in comparison.discrepancies:
        subject = " ".join(filter(None, [discrepancy.lead_id, discrepancy.form]))
        yield f"{discrepancy.kind.value}: {subject}: {discrepancy.problem}"
        yield f"    -> {discrepancy.remedy}"
    if comparison.total > len(comparison.discrepancies):
        yield f"... and {comparison.total - len(comparison.discrepancies):,} more"
    yield from (f"note: {remark}" for remark in comparison.remarks())
    yield _conclusion(comparison)


def _conclusion(comparison: Comparison) -> str:
    if comparison.is_right:
        return "Everything agrees."
    return f"{comparison.total:,} to correct." if comparison.total else "Not everything could be compared."


def _rows(comparison: Comparison) -> Iterator[tuple[str, int]]:
    yield "received here", sum(comparison.received.values())
    received = {status.value: number for status, number in comparison.received.items()}
    for status, title in STATUSES.items():
        if received.get(status):
            yield f"  {title}", received[status]
    yield "found in Nexudus, by their marker", comparison.matched
    for listing in comparison.platforms:
        yield f"at {listing.sender}, {listing.form}", listing.listed
        if listing.missing:
            yield "  not here", len(listing.missing)
