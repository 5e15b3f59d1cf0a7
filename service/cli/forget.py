"""`lead-capture forget`: erases a person from the store, and lists what is left to delete elsewhere."""

import argparse
import json
from collections.abc import Iterator
from typing import Any

from service import clock
from service.cli.installation import open_installation
from service.cli.main import Failed
from service.cli.output import counted
from service.operations.leads import forget


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """EMAIL, --dry-run, --json."""
    parser.add_argument("email", metavar="EMAIL", help="the person's e-mail address, as sent or as corrected")
    parser.add_argument("--dry-run", action="store_true", help="only show what would be erased")
    parser.add_argument("--json", action="store_true", help="the outcome as one JSON object")


def run(arguments: argparse.Namespace) -> int:
    """Erase the person; 1 where a lead could not be erased now."""
    installation = open_installation()
    if "@" not in arguments.email:
        raise Failed(f"{arguments.email!r} is not an e-mail address")
    result = forget(installation.store, arguments.email, clock.now(), is_dry=arguments.dry_run)
    print(json.dumps(result, indent=2) if arguments.json else "\n".join(_lines(result)))
    return 1 if result["busy"] else 0


def _lines(result: dict[str, Any]) -> Iterator[str]:
    if not result["erased"] and not result["busy"]:
        yield "there are no leads of this person"
        return
    yield f"{counted(len(result['erased']), 'lead')} {'would be erased' if result['dry_run'] else 'erased'}"
    for lead in result["erased"]:
        yield f"    {lead['id']}  {lead['received_at'][:10]}  {lead['status']:<11}  {lead['form']}"
    if result["opportunities"] or result["coworkers"] or result["doubtful"]:
        yield "Nexudus is not touched: delete these records there by hand"
        yield from (f"    contact {number}" for number in result["coworkers"])
        yield from (f"    opportunity {number}" for number in result["opportunities"])
        yield from (f"    perhaps an opportunity with {marker} in its notes" for marker in result["doubtful"])
    for lead_id in result["busy"]:
        yield f"{lead_id}: not erased, it is being sent at this moment: try again in a minute"
