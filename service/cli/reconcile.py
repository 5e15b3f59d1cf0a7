"""`lead-capture reconcile`: whether leads, Nexudus and the ad platforms agree, and what to do where they do not."""

import argparse
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime

from service import clock
from service.cli.arguments import instant
from service.cli.configuration import NO_CREDENTIALS
from service.cli.installation import Installation, open_installation
from service.cli.main import Failed
from service.cli.output import progress_bar
from service.delivery.identity import is_gone, worker_name
from service.nexudus.errors import NexudusError
from service.nexudus.pipeline import SIZE
from service.reconciliation.account_reader import AccountReader
from service.reconciliation.comparison import reconcile, repair
from service.reconciliation.discrepancies import Comparison, DiscrepancyKind
from service.reconciliation.platform_leads import ComparePlatforms, no_platforms

Show = Callable[[float, str], None]
"""Updates the progress bar."""

STATUSES = {
    "delivered": "delivered",
    "pending": "on their way",
    "announced": "being fetched",
    "parked": "parked: a person must look",
    "quarantined": "held as spam",
    "discarded": "discarded",
    "test": "tests",
    "erased": "forgotten people's",
}
"""How each status is called in the account."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """--since --repair --excuse --no-platforms --json."""
    parser.add_argument("--since", type=instant, help="leads received at or after, e.g. 2026-11-01 (all)")
    parser.add_argument("--repair", action="store_true", help="note here what Nexudus has and nobody noted")
    parser.add_argument(
        "--excuse", metavar="ID", nargs="+", help="these leads' opportunities are gone, or double, on purpose"
    )
    parser.add_argument("--no-platforms", action="store_true", help="do not ask the ad platforms")
    parser.add_argument("--json", action="store_true", help="one object for each account")


def run(arguments: argparse.Namespace) -> int:
    """A table for each account; 1 where anything does not agree."""
    installation = open_installation(demo="comparing with")
    try:
        if arguments.excuse:
            return _excuse(installation, arguments.excuse)
        with progress_bar("reading Nexudus", 1) as show:
            found = [
                _compare(reader, compare, arguments, show) for reader, compare in _readers(installation, arguments)
            ]
    except NexudusError as error:
        raise Failed(f"Nexudus: {error.said}; nothing more was changed, run it again later") from error
    if arguments.json:
        print(json.dumps([one.as_json() for one in found], indent=2, ensure_ascii=False))
    else:
        print("\n\n".join("\n".join(_lines(one, arguments.since)) for one in found))
    return 0 if all(one.is_right for one in found) else 1


def _excuse(installation: Installation, lead_ids: Sequence[str]) -> int:
    now = clock.now()
    done = installation.store.write(lambda tx: tx.crm.acknowledge(lead_ids, now))
    for lead_id in lead_ids:
        said = (
            "excused: it will not be told again" if lead_id in done else "nothing was found of it: run reconcile first"
        )
        print(f"{lead_id}: {said}")
    return 0 if len(done) == len(set(lead_ids)) else 1


def _readers(
    installation: Installation, arguments: argparse.Namespace
) -> Iterator[tuple[AccountReader, ComparePlatforms]]:
    """Yield the reader of each account that has a login, and what compares the platforms of its forms."""
    import threading  # noqa: PLC0415 (with all that delivers)

    from service import worker  # noqa: PLC0415
    from service.fetching.lines import make_lines  # noqa: PLC0415
    from service.reconciliation.account_reader import account_reader  # noqa: PLC0415
    from service.reconciliation.platform_leads import platform_comparer  # noqa: PLC0415
    from service.store import Identity  # noqa: PLC0415

    contexts = worker.account_contexts(installation.settings, installation.setup, installation.store, threading.Event())
    lines = make_lines(
        installation.setup.forms,
        installation.settings.platform_urls,
        installation.store,
        Identity(f"reconcile/{worker_name()}", is_gone),
    )
    named = [each.name for each in worker.accounts(installation.settings, installation.setup) if each.has_login]
    if not named:
        raise Failed(NO_CREDENTIALS)
    for name in named:
        compare = platform_comparer(name, lines, installation.store, is_unlimited=arguments.since is not None)
        reader = account_reader(name, contexts[name], clock.sleep, call_interval_s=0)
        yield reader, no_platforms if arguments.no_platforms else compare


def _compare(
    reader: AccountReader, compare_platforms: ComparePlatforms, arguments: argparse.Namespace, show: Show
) -> Comparison:
    with reader.store.read() as tx:
        total = sum(tx.crm.count_by_status(reader.account, arguments.since).values())
    watched = replace(reader, wait=_showing(reader.wait, show, total // SIZE + 1))
    found = reconcile(watched, arguments.since, clock.now(), compare_platforms)
    if not arguments.repair or not any(finding.kind is DiscrepancyKind.UNNOTED for finding in found.discrepancies):
        return found
    for done in repair(reader, found.discrepancies, clock.now()):
        said = done.why_not or f"noted as delivered, opportunity {done.opportunity_id}"
        if not arguments.json:
            print(f"{done.lead_id}: {said}")
    return reconcile(watched, arguments.since, clock.now(), compare_platforms)


def _showing(wait: Callable[[], None], show: Show, total: int) -> Callable[[], None]:
    """The same wait, counted on the bar."""
    made = 0

    def counted() -> None:
        nonlocal made
        wait()
        made += 1
        show(min(made / total, 0.99), f"reading Nexudus, call {made:,}")

    return counted


# -- the table


def _lines(found: Comparison, since: datetime | None) -> Iterator[str]:
    span = f"leads since {since:%Y-%m-%d %H:%M} UTC" if since else "all leads"
    yield f"Account {found.account}, {span}"
    yield from (f"  {words:<34}{number:>9,}" for words, number in _rows(found))
    for finding in found.discrepancies:
        where = " ".join(filter(None, [finding.lead_id, finding.form]))
        yield f"{finding.kind.value}: {where}: {finding.problem}"
        yield f"    -> {finding.remedy}"
    if found.total > len(found.discrepancies):
        yield f"... and {found.total - len(found.discrepancies):,} more"
    yield from (f"note: {remark}" for remark in found.remarks())
    yield _verdict(found)


def _verdict(found: Comparison) -> str:
    if found.is_right:
        return "All agrees."
    return f"{found.total:,} to put right." if found.total else "Not all could be compared."


def _rows(found: Comparison) -> Iterator[tuple[str, int]]:
    yield "received here", sum(found.received.values())
    for name, words in STATUSES.items():
        number = {status.value: number for status, number in found.received.items()}.get(name, 0)
        if number:
            yield f"  {words}", number
    yield "found in Nexudus, by their mark", found.matched
    for one in found.platforms:
        yield f"at {one.sender}, {one.form}", one.listed
        if one.missing:
            yield "  not here", len(one.missing)
