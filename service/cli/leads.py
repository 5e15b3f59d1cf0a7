"""`lead-capture leads`: the operator's work from a terminal."""

import argparse
import json
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from typing import Any

from service import clock
from service.cli.commands import COMMANDS
from service.cli.configuration import instant, number_within
from service.cli.installation import Installation, database_problem, open_installation
from service.cli.main import Failed
from service.lead import Lead, Status
from service.operations.lead_json import leads_json
from service.operations.leads import DISCARD, RELEASE, RETRY, Action, ActionNotAllowed, act_on_lead
from service.store import Query, Store, StoreUnavailable

PAGE = 500
"""Leads read at a time."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """list | show ID | retry ID... | release ID... | discard ID... | correct ID --field NAME=VALUE..."""
    commands = parser.add_subparsers(metavar="ACTION")
    listing = commands.add_parser("list", help="newest first", epilog=f"example: {COMMANDS['leads'].example}")
    _add_filters(listing)
    listing.add_argument("--limit", type=number_within(1, 1_000_000), default=50, help="at most so many (50)")
    _add_json(listing, "one JSON object a line")
    listing.set_defaults(act=list_leads)
    parser.set_defaults(**vars(listing.parse_args([])))
    exporting = commands.add_parser(
        "export",
        help="all of them, oldest first, as CSV or JSON lines",
        epilog="example: lead-capture leads export --since 2026-11-01 > leads.csv",
    )
    _add_filters(exporting)
    exporting.add_argument(
        "--format", choices=("csv", "jsonl"), default="csv", help="csv, safe to open in a spreadsheet"
    )
    exporting.add_argument("--excel", action="store_true", help="begin with the mark by which Excel knows UTF-8")
    exporting.set_defaults(act=_export)
    showing = commands.add_parser(
        "show", help="everything about one lead", epilog="example: lead-capture leads show 01a2..."
    )
    showing.add_argument("id", metavar="ID")
    _add_json(showing, "as it is shown anyway")
    showing.set_defaults(act=show_lead)
    for name, act, meaning in (
        ("retry", retry_leads, "send now"),
        ("release", release_leads, "let quarantined leads go"),
        ("discard", discard_leads, "keep from Nexudus for good"),
    ):
        acting = commands.add_parser(name, help=meaning, epilog=f"example: lead-capture leads {name} 01a2...")
        acting.add_argument("ids", metavar="ID", nargs="*" if name == "retry" else "+")
        if name == "retry":
            _add_filters(acting)
        _add_json(acting, "one JSON object a line: id, done, problem")
        acting.set_defaults(act=act)
    correcting = commands.add_parser(
        "correct",
        help="put answers right and send it",
        epilog="example: lead-capture leads correct 01a2... --field email=ann@example.com",
    )
    correcting.add_argument("id", metavar="ID")
    correcting.add_argument(
        "--field", action="append", required=True, type=answer, metavar="NAME=VALUE", help="an answer; may be repeated"
    )
    _add_json(correcting, "the lead as it is now")
    correcting.set_defaults(act=correct_lead)


def _add_json(parser: argparse.ArgumentParser, meaning: str) -> None:
    parser.add_argument("--json", action="store_true", help=meaning)


def _add_filters(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--status", choices=[status.value for status in Status], default="")
    parser.add_argument("--form", default="")
    parser.add_argument("--since", type=instant, help="received at or after, e.g. 2026-11-01 or 2026-11-01T09:00Z")
    parser.add_argument("--until", type=instant, help="received before")


def answer(text: str) -> tuple[str, str]:
    """How argparse reads one answer."""
    name, equals, value = text.partition("=")
    if not equals or not name.strip():
        raise argparse.ArgumentTypeError(f"{text!r} is no NAME=VALUE")
    return name.strip(), value


def run(arguments: argparse.Namespace) -> int:
    """Do what was asked; list, where nothing was said."""
    act: Callable[[Installation, argparse.Namespace], int] = arguments.act
    try:
        return act(open_installation(), arguments)
    except StoreUnavailable as error:
        raise Failed(database_problem(error)) from error


def _query(arguments: argparse.Namespace, before: str = "") -> Query:
    return Query(arguments.status, arguments.form, arguments.since, arguments.until, before=before)


def list_leads(installation: Installation, arguments: argparse.Namespace) -> int:
    """A few lines for each lead, or one of JSON."""
    found = _take(installation.store, arguments, arguments.limit)
    if arguments.json:
        while some := list(islice(found, PAGE)):
            for row in _rows(installation.store, some):
                print(json.dumps(row))
        return 0
    from rich.console import Console  # noqa: PLC0415 (only this list needs it)

    from service.cli.lines import print_leads  # noqa: PLC0415

    print_leads(found, Console())
    return 0


def _export(installation: Installation, arguments: argparse.Namespace) -> int:
    from service.cli.export import export_leads  # noqa: PLC0415 (only this action needs it)

    return export_leads(installation, arguments)


def _rows(store: Store, leads: Sequence[Lead]) -> list[dict[str, Any]]:
    """Everything known of some leads, as the API shows it."""
    with store.read() as tx:
        return leads_json(tx, leads)


def _take(store: Store, arguments: argparse.Namespace, most: int) -> Iterator[Lead]:
    before = ""
    while most > 0:
        with store.read() as tx:
            page = tx.search.leads(_query(arguments, before), min(PAGE, most))
        yield from page
        if len(page) < min(PAGE, most):
            return
        most -= len(page)
        before = page[-1].id


def show_lead(installation: Installation, arguments: argparse.Namespace) -> int:
    """Everything, as JSON."""
    with installation.store.read() as tx:
        lead = tx.leads.get(arguments.id)
    if lead is None:
        raise Failed(f"there is no lead {arguments.id}")
    print(json.dumps(_rows(installation.store, [lead])[0], indent=2, ensure_ascii=False))
    return 0


def correct_lead(installation: Installation, arguments: argparse.Namespace) -> int:
    """Put answers right; the lead is sent with them."""
    from service.operations.correction import InvalidAnswers, correct  # noqa: PLC0415 (only this action needs it)

    try:
        lead = correct(installation.store, arguments.id, dict(arguments.field), installation.setup.forms, clock.now())
    except (ActionNotAllowed, InvalidAnswers) as reason:
        raise Failed(str(reason)) from reason
    if lead is None:
        raise Failed(f"there is no lead {arguments.id}")
    if arguments.json:
        print(json.dumps(_rows(installation.store, [lead])[0], indent=2, ensure_ascii=False))
    else:
        print(f"{lead.id}: corrected, {lead.status.value}")
    return 0


def retry_leads(installation: Installation, arguments: argparse.Namespace) -> int:
    """Those named, or all of those that the filters match and that can be sent."""
    ids: Iterable[str] = arguments.ids
    filtered = bool(arguments.status or arguments.form or arguments.since or arguments.until)
    if filtered == bool(ids):
        raise Failed("name leads, or else say which: --status parked, --form, --since, --until")
    if filtered:  # read a page at a time, while those before are retried already
        found = _take(installation.store, arguments, sys.maxsize)
        ids = (lead.id for lead in found if lead.status in RETRY.statuses)
    return _act_on_each(installation.store, RETRY, ids, "sent again", arguments)


def release_leads(installation: Installation, arguments: argparse.Namespace) -> int:
    """Those named."""
    return _act_on_each(installation.store, RELEASE, arguments.ids, "released", arguments)


def discard_leads(installation: Installation, arguments: argparse.Namespace) -> int:
    """Those named."""
    return _act_on_each(installation.store, DISCARD, arguments.ids, "discarded", arguments)


def _act_on_each(store: Store, action: Action, ids: Iterable[str], done: str, arguments: argparse.Namespace) -> int:
    failed = 0
    for lead_id in ids:
        try:
            problem = "there is no such lead" if act_on_lead(store, action, lead_id, clock.now()) is None else ""
        except ActionNotAllowed as reason:
            problem = str(reason)
        failed += bool(problem)
        told = {"id": lead_id, "done": not problem, "problem": problem or None}
        print(json.dumps(told) if arguments.json else f"{lead_id}: {problem or done}")
    return 1 if failed else 0
