"""`lead-capture leads` and `forget`: the operator's work on leads from a terminal."""

import argparse
import json
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from itertools import chain, islice
from typing import Any

from service import clock
from service.cli.commands import COMMANDS, Failed
from service.cli.configuration import form_named
from service.cli.installation import Installation, open_installation
from service.cli.terminal import check_period, counted, instant, number_within, operator, pair, print_json
from service.lead import Lead, Status
from service.operations.lead_json import leads_json
from service.operations.leads import DISCARD, RELEASE, RESTORE, RETRY, Action, ActionNotAllowed, act_on_lead, forget
from service.store import Query, Store

PAGE_SIZE = 500
"""Leads read at a time."""

Command = Callable[[Installation, argparse.Namespace], int]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """list | export | show ID | retry, release, discard, restore ID... | correct ID --field NAME=VALUE..."""
    actions = parser.add_subparsers(metavar="ACTION")

    def add(name: str, command: Command, summary: str, example: str = "") -> argparse.ArgumentParser:
        words = example or f"lead-capture leads {name} 01a2..."
        action = actions.add_parser(name, help=summary, epilog=f"example: {words}")
        action.set_defaults(command=command)
        return action

    listing = add("list", _list, "newest first", COMMANDS["leads"].example)
    _add_filters(listing)
    listing.add_argument("--limit", type=number_within(1, 1_000_000), default=50, help="maximum number of leads (50)")
    _add_json(listing, "one JSON object a line")
    parser.set_defaults(**vars(listing.parse_args([])))
    example = "lead-capture leads export --since 2026-11-01 > leads.csv"
    exporting = add("export", _export, "all of them, oldest first, as CSV or JSON lines", example)
    _add_filters(exporting)
    formats = ("csv", "jsonl")
    exporting.add_argument("--format", choices=formats, default="csv", help="csv, safe to open in a spreadsheet")
    exporting.add_argument("--excel", action="store_true", help="begin with a byte order mark, which Excel needs")
    example = "lead-capture leads person ann@example.com > ann.json"
    exporting_person = add("person", _export_person, "all that is stored about one person, as JSON", example)
    exporting_person.add_argument("email", metavar="EMAIL", help="the person's e-mail address, as sent or as corrected")
    _add_json(exporting_person, "no effect: the output is always JSON")
    showing = add("show", _show, "everything about one lead")
    showing.add_argument("id", metavar="ID")
    _add_json(showing, "no effect: the output is always JSON")
    _add_filters(_add_ids(add("retry", _retry, "send now"), "*"))
    for action, done, summary in (
        (RELEASE, "released", "release quarantined leads"),
        (DISCARD, "discarded", "never send to Nexudus"),
        (RESTORE, "restored", "restore discarded leads to their former state"),
    ):
        _add_ids(add(action.name, partial(_act_on_named, action, done), summary), "+")
    example = "lead-capture leads correct 01a2... --field email=ann@example.com"
    correcting = add("correct", _correct, "correct answers and send it", example)
    correcting.add_argument("id", metavar="ID")
    correcting.add_argument(
        "--field", action="append", required=True, type=pair, metavar="NAME=VALUE", help="an answer; may be repeated"
    )
    _add_json(correcting, "the lead as it is now")


def _add_ids(parser: argparse.ArgumentParser, number: str) -> argparse.ArgumentParser:
    parser.add_argument("ids", metavar="ID", nargs=number)
    _add_json(parser, "one JSON object a line: id, done, problem")
    return parser


def _add_json(parser: argparse.ArgumentParser, meaning: str) -> None:
    parser.add_argument("--json", action="store_true", help=meaning)


def _add_filters(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--status", choices=[status.value for status in Status], default="")
    parser.add_argument("--form", default="")
    parser.add_argument("--since", type=instant, help="received at or after, e.g. 2026-11-01 or 2026-11-01T09:00Z")
    parser.add_argument("--until", type=instant, help="received before")


def run(arguments: argparse.Namespace) -> int:
    """Run the action; without one, list."""
    command: Command = arguments.command
    with open_installation() as installation:
        return command(installation, arguments)


# -- reading


def _list(installation: Installation, arguments: argparse.Namespace) -> int:
    matches = _filtered(installation, arguments, arguments.limit)
    if arguments.json:
        while page := list(islice(matches, PAGE_SIZE)):
            for row in _rows(installation.store, page):
                print(json.dumps(row))
        return 0
    from rich.console import Console

    from service.cli.lead_table import print_leads

    print_leads(matches, Console())
    return 0


def _show(installation: Installation, arguments: argparse.Namespace) -> int:
    with installation.store.read() as tx:
        lead = tx.leads.get(arguments.id)
    if lead is None:
        raise Failed(f"there is no lead {arguments.id}")
    print_json(_rows(installation.store, [lead])[0])
    return 0


def _export_person(installation: Installation, arguments: argparse.Namespace) -> int:
    from service.operations.acts import record_leads_export
    from service.operations.person import leads_of, person_json

    _check_address(arguments.email)
    with installation.store.read() as tx:
        leads, data = leads_of(tx, arguments.email), person_json(tx, arguments.email, clock.now())
    record_leads_export(installation.store, operator(), leads, clock.now())
    print_json(data)
    return 0


def _check_address(email: str) -> None:
    if "@" not in email:
        raise Failed(f"{email!r} is not an e-mail address")


def _export(installation: Installation, arguments: argparse.Namespace) -> int:
    from service.cli.export import export_leads

    check_period(arguments.since, arguments.until)
    return export_leads(installation, arguments)


def _rows(store: Store, page: Sequence[Lead]) -> list[dict[str, Any]]:
    """Return everything known of some leads, as the API shows it."""
    with store.read() as tx:
        return leads_json(tx, page)


def _filtered(installation: Installation, arguments: argparse.Namespace, limit: int) -> Iterator[Lead]:
    """Return the leads that match the filters, newest first; prints a note if there are none."""
    check_period(arguments.since, arguments.until)
    matches = _pages(installation.store, arguments, limit)
    first = next(matches, None)
    if first is None:
        if arguments.form:
            form_named(arguments.form, installation.setup)  # a form that was removed may still have leads
        print("lead-capture: no leads", file=sys.stderr)
        return iter(())
    return chain([first], matches)


def _pages(store: Store, arguments: argparse.Namespace, limit: int) -> Iterator[Lead]:
    before = ""
    while limit > 0:
        size = min(PAGE_SIZE, limit)
        query = Query(arguments.status, arguments.form, arguments.since, arguments.until, before=before)
        with store.read() as tx:
            page = tx.search.leads(query, size)
        yield from page
        if len(page) < size:
            return
        limit -= len(page)
        before = page[-1].id


# -- acting


def _correct(installation: Installation, arguments: argparse.Namespace) -> int:
    from service.operations.correction import InvalidAnswers, correct

    try:
        store, forms = installation.store, installation.setup.forms
        lead = correct(store, operator(), arguments.id, dict(arguments.field), forms, clock.now())
    except (ActionNotAllowed, InvalidAnswers) as error:
        raise Failed(str(error)) from error
    if lead is None:
        raise Failed(f"there is no lead {arguments.id}")
    if arguments.json:
        print_json(_rows(installation.store, [lead])[0])
    else:
        print(f"{lead.id}: corrected, {lead.status.value}")
    return 0


def _retry(installation: Installation, arguments: argparse.Namespace) -> int:
    """Retry the named leads, or all that match the filters and can be sent."""
    ids: Iterable[str] = arguments.ids
    filtered = bool(arguments.status or arguments.form or arguments.since or arguments.until)
    if filtered == bool(ids):
        raise Failed("name leads, or select them with --status, --form, --since or --until")
    if filtered:  # the next page is read once the one before has been retried
        matches = _filtered(installation, arguments, sys.maxsize)
        ids = (lead.id for lead in matches if lead.status in RETRY.statuses)
    return _act_on_each(installation.store, RETRY, ids, "sent again", arguments)


def _act_on_named(action: Action, done: str, installation: Installation, arguments: argparse.Namespace) -> int:
    return _act_on_each(installation.store, action, arguments.ids, done, arguments)


def _act_on_each(store: Store, action: Action, ids: Iterable[str], done: str, arguments: argparse.Namespace) -> int:
    failed, actor = 0, operator()
    for lead_id in ids:
        try:
            lead = act_on_lead(store, actor, action, lead_id, clock.now())
            problem = "there is no such lead" if lead is None else ""
        except ActionNotAllowed as error:
            problem = str(error)
        failed += bool(problem)
        row = {"id": lead_id, "done": not problem, "problem": problem or None}
        print(json.dumps(row) if arguments.json else f"{lead_id}: {problem or done}")
    return 1 if failed else 0


# -- forget: erases a person from the store, and lists what remains to be deleted elsewhere


def add_forget_arguments(parser: argparse.ArgumentParser) -> None:
    """EMAIL, --dry-run, --json."""
    parser.add_argument("email", metavar="EMAIL", help="the person's e-mail address, as sent or as corrected")
    parser.add_argument("--dry-run", action="store_true", help="only show what would be erased")
    parser.add_argument("--json", action="store_true", help="the outcome as one JSON object")


def run_forget(arguments: argparse.Namespace) -> int:
    """Erase the person; 1 if a lead could not be erased now."""
    with open_installation() as installation:
        _check_address(arguments.email)
        result = forget(installation.store, operator(), arguments.email, clock.now(), is_dry=arguments.dry_run)
        print(json.dumps(result, indent=2) if arguments.json else "\n".join(_erasure_lines(result)))
        return 1 if result["busy"] else 0


def _erasure_lines(result: dict[str, Any]) -> Iterator[str]:
    yield from _own_lines(result) if result["erased"] or result["busy"] else ["there are no leads of this person"]
    if result["mentioned_in"]:
        yield "leads of other people mention the address and keep it: look at them, and correct or erase them"
        yield from (f"    {lead_id}" for lead_id in result["mentioned_in"])


def _own_lines(result: dict[str, Any]) -> Iterator[str]:
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
