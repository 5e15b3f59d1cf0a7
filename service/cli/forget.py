"""`lead-capture forget`: a person erased from the store, and what is left to do elsewhere."""

import argparse
import json
from collections.abc import Iterator
from typing import Any

from service import clock
from service.cli.installation import open_installation
from service.cli.main import Failed
from service.operations.forget import forget


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """EMAIL, --dry-run, --json."""
    parser.add_argument("email", metavar="EMAIL", help="the address they wrote with, also one that was corrected since")
    parser.add_argument("--dry-run", action="store_true", help="only tell what would be erased")
    parser.add_argument("--json", action="store_true", help="the outcome as one JSON object")


def run(arguments: argparse.Namespace) -> int:
    """Erase them; 1 where something could not be erased now."""
    installation = open_installation()
    if "@" not in arguments.email:
        raise Failed(f"{arguments.email!r} is no e-mail address")
    told = forget(installation.store, arguments.email, clock.now(), is_dry=arguments.dry_run)
    print(json.dumps(told, indent=2) if arguments.json else "\n".join(_lines(told)))
    return 1 if told["busy"] else 0


def _lines(told: dict[str, Any]) -> Iterator[str]:
    number = len(told["erased"])
    done = "would be erased" if told["dry_run"] else "erased"
    if not number and not told["busy"]:
        yield "no leads of this person are here"
        return
    yield f"{number} lead{'' if number == 1 else 's'} {done}"
    yield from (
        f"    {lead['id']}  {lead['received_at'][:10]}  {lead['status']:<11}  {lead['form']}" for lead in told["erased"]
    )
    if told["opportunities"] or told["coworkers"] or told["doubtful"]:
        yield "Nexudus is not ours to erase: delete there what it has of this person"
        yield from (f"    contact {number}" for number in told["coworkers"])
        yield from (f"    opportunity {number}" for number in told["opportunities"])
        yield from (f"    perhaps an opportunity with {marker} in its notes" for marker in told["doubtful"])
    for lead_id in told["busy"]:
        yield f"{lead_id}: not erased, it is being sent at this moment: try again in a minute"
