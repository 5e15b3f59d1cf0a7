"""`lead-capture costs import`: what campaigns cost, from the exports of ad platforms."""

import argparse
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import shtab

from service import clock
from service.cli.commands import COMMANDS, Failed
from service.cli.installation import open_installation
from service.cli.terminal import counted, operator, print_json, printable
from service.platforms.registry import PLATFORMS

if TYPE_CHECKING:
    from service.cli.installation import Installation
    from service.operations.costs import CampaignMatch, CostImport

MAX_LISTED = 20
"""Maximum campaigns, and lines with problems, that are printed; the JSON has all of them."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """import FILE --source --account --dry-run --json."""
    command, platforms = COMMANDS["costs"], ", ".join(each.title for each in PLATFORMS.values())
    actions = parser.add_subparsers(metavar="ACTION", required=True)
    taking = actions.add_parser("import", help=command.summary, epilog=f"example: {command.example}")
    file = taking.add_argument("file", metavar="FILE", type=Path, help=f"an export by day of {platforms}, or any table")
    file.complete = shtab.FILE  # type: ignore[attr-defined] # as shtab documents it
    taking.add_argument("--source", default="", metavar="NAME", help="whose costs these are, if the file does not show")
    taking.add_argument("--account", default="", metavar="NAME", help="the Nexudus account that the costs belong to")
    taking.add_argument("--dry-run", action="store_true", help="show what would be stored")
    taking.add_argument("--json", action="store_true", help="the outcome as one JSON object")


def run(arguments: argparse.Namespace) -> int:
    """Import the costs of a file, or show them; 1 if a line cannot be read: then nothing is stored.

    Raises: Failed.
    """
    from service.capture.sheets.cells import NoSheet
    from service.operations.cost_files import source_named
    from service.operations.costs import import_costs, import_json

    with open_installation() as installation:
        source = source_named(arguments.source)
        try:
            store, file = installation.store, arguments.file
            account, is_dry = _account(installation, arguments.account), arguments.dry_run
            taken = import_costs(store, operator(), file, clock.now(), source, account, is_dry=is_dry)
        except NoSheet as error:
            raise Failed(str(error)) from error
        except OSError as error:
            raise Failed(f"{arguments.file} cannot be read ({error.strerror})") from error
    if arguments.json:
        print_json(import_json(taken))
    else:
        print("\n".join(map(printable, _lines(taken))))
    return 1 if taken.file.problems or not taken.file.days else 0


def _account(installation: "Installation", chosen: str) -> str:
    """Return the account that bears the costs: the chosen one, else the only one; "" for no one in particular."""
    known = installation.setup.account_names
    if chosen and chosen not in known:
        raise Failed(f"there is no account {chosen!r}: choose from {', '.join(known)}")
    return chosen or (known[0] if len(known) == 1 else "")


def _lines(taken: "CostImport") -> Iterator[str]:
    from service.operations.cost_files import lines_of

    file = taken.file
    if file.problems:
        yield from lines_of(file.problems, MAX_LISTED)
        yield f"{counted(len(file.problems), 'line')} cannot be read: nothing was stored"
        return
    if not file.days:
        yield "the file has no costs: nothing was stored"
        return
    verb = "would be stored" if taken.is_dry else "stored"
    replaced = f", in place of {counted(taken.replaced, 'amount')}" if taken.replaced else ""
    yield f"{', '.join(taken.sources)}: {money(taken.amounts)} from {taken.first} to {taken.last} {verb}{replaced}"
    yield f"  {counted(file.rows - file.totals, 'row')} read ({file.words}), {counted(file.totals, 'total')} skipped"
    matched = [each for each in taken.campaigns if each.campaign]
    if matched:
        yield "Campaigns with leads:"
        yield from _campaigns(matched, lambda each: f"{each.name} -> {each.campaign} ({counted(each.leads, 'lead')})")
    if taken.unmatched:
        yield "Campaigns that no lead has in utm_campaign, by name or id; they stand in reports without leads:"
        yield from _campaigns(
            taken.unmatched, lambda each: f"{each.name}{f' ({each.campaign_id})' if each.campaign_id else ''}"
        )


def _campaigns(campaigns: Sequence["CampaignMatch"], show: Callable[["CampaignMatch"], str]) -> Iterator[str]:
    yield from (f"  {money(each.amounts):>16}  {show(each)}" for each in campaigns[:MAX_LISTED])
    if len(campaigns) > MAX_LISTED:
        yield f"  and {len(campaigns) - MAX_LISTED:,} more: see --json"


def money(amounts: Mapping[str, float]) -> str:
    """Return amounts as in "1,234.50 GBP"."""
    return ", ".join(f"{amount:,.2f} {currency}".strip() for currency, amount in amounts.items()) or "0.00"
