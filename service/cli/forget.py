"""`lead-capture forget`: a person erased from the store, and what is left to do elsewhere."""

import argparse
import json
from collections.abc import Iterator, Sequence
from typing import Any

from service import clock
from service.cli.main import Failed
from service.cli.opened import open_house, unanswered
from service.lead import Lead, marker_of
from service.store import Erased, Store, StoreUnavailable

SUMMARY = "erase a person: all that their leads say of them"
EXAMPLE = "lead-capture forget ann@example.com"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """EMAIL, --dry-run, --json."""
    parser.add_argument("email", metavar="EMAIL", help="the address they wrote with, also one that was corrected since")
    parser.add_argument("--dry-run", action="store_true", help="only tell what would be erased")
    parser.add_argument("--json", action="store_true", help="the outcome as one JSON object")


def run(arguments: argparse.Namespace) -> int:
    """Erase them; 1 where something could not be erased now."""
    house = open_house()
    if "@" not in arguments.email:
        raise Failed(f"{arguments.email!r} is no e-mail address")
    try:
        theirs = _leads_of(house.store, arguments.email)
        erased = Erased() if arguments.dry_run else house.store.erase([lead.id for lead in theirs], clock.now())
    except StoreUnavailable as error:
        raise Failed(unanswered(error)) from error
    told = _told(theirs, erased, is_dry=arguments.dry_run)
    print(json.dumps(told, indent=2) if arguments.json else "\n".join(_lines(told)))
    return 1 if erased.busy else 0


def _leads_of(store: Store, email: str) -> list[Lead]:
    with store.read() as tx:
        found = (tx.leads.get(lead_id) for lead_id in tx.erasure.leads_of(email))
        return [lead for lead in found if lead is not None]


def _told(theirs: Sequence[Lead], erased: Erased, *, is_dry: bool) -> dict[str, Any]:
    """What was, or would be, erased, and what Nexudus has of the person."""
    gone = [lead for lead in theirs if is_dry or lead.id in erased.done]
    return {
        "dry_run": is_dry,
        "erased": [
            {
                "id": lead.id,
                "form": lead.submission.form,
                "received_at": f"{lead.received_at:%Y-%m-%dT%H:%M:%SZ}",
                "status": lead.status.value,
            }
            for lead in gone
        ],
        "opportunities": [lead.opportunity_id for lead in gone if lead.opportunity_id is not None],
        "coworkers": sorted({lead.coworker_id for lead in gone if lead.coworker_id is not None}),
        "doubtful": [marker_of(lead_id) for lead_id in erased.doubtful],
        "busy": list(erased.busy),
    }


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
