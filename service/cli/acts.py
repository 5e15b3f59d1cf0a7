"""`lead-capture acts`: who did what, and whether the record is unchanged."""

import argparse
from collections.abc import Iterator
from itertools import chain, islice
from typing import TYPE_CHECKING

from service import clock
from service.cli.commands import COMMANDS, Failed, Misused
from service.cli.installation import Installation, open_installation
from service.cli.terminal import counted, instant, number_within, operator, print_json, printable

if TYPE_CHECKING:
    from service.store import ActQuery, RecordedAct

ANY = "any"
"""Value of --verify without a noted act."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """--since --until --who --lead --account --search --limit --csv --json, or --verify."""
    parser.epilog = f"example: {COMMANDS['acts'].example}"
    parser.add_argument("--since", type=instant, metavar="D", help="done at or after: 2026-11-01, or with a time")
    parser.add_argument("--until", type=instant, metavar="D", help="done before")
    parser.add_argument("--who", default="", help='an e-mail address, "key NAME", admin or terminal')
    parser.add_argument("--lead", default="", metavar="ID", help="acts on this lead")
    parser.add_argument("--account", default="", metavar="A", help="acts in this account")
    parser.add_argument("--search", default="", metavar="WORDS", help="words that must all occur in the act")
    parser.add_argument("--limit", type=number_within(1, 1_000_000), default=50, help="maximum number of acts (50)")
    shape = parser.add_mutually_exclusive_group()
    shape.add_argument("--csv", action="store_true", help="all of them as CSV, safe to open in a spreadsheet")
    shape.add_argument("--json", action="store_true", help="a list, as the API shows them; the outcome of --verify")
    parser.add_argument(
        "--verify",
        nargs="?",
        const=ANY,
        metavar="NUMBER:HASH",
        help="check that the record is intact, and still holds an act that was noted elsewhere",
    )


def run(arguments: argparse.Namespace) -> int:
    """List acts, newest first, or verify the chain: 1 if it is broken."""
    with open_installation() as installation:
        if arguments.verify:
            return _verify(installation, arguments)
        return _export(installation, arguments) if arguments.csv else _list(installation, arguments)


def _query(arguments: argparse.Namespace) -> "ActQuery":
    from service.store import ActQuery

    return ActQuery(
        since=arguments.since,
        until=arguments.until,
        who=arguments.who,
        lead=arguments.lead,
        account=arguments.account,
        text=arguments.search,
    )


def _list(installation: Installation, arguments: argparse.Namespace) -> int:
    from service.operations.acts import act_json

    acts = list(_acts(installation, arguments))
    if arguments.json:
        print_json([act_json(act) for act in acts])
    else:
        print("\n".join(map(_line, acts)) or "no act matches")
    return 0


def _acts(installation: Installation, arguments: argparse.Namespace) -> "Iterator[RecordedAct]":
    from service.operations.acts import EXPORT_PAGE, act_pages

    pages = act_pages(installation.store, operator(), _query(arguments), min(arguments.limit, EXPORT_PAGE))
    return islice(chain.from_iterable(pages), arguments.limit)


def _line(act: "RecordedAct") -> str:
    from service.operations.acts import changes_of

    subject = " ".join(filter(None, [act.subject.kind.value, act.subject.id]))
    where = f" from {act.origin}" if act.origin else ""
    changes = "; ".join(f"{change.name}: {change.before or '-'} -> {change.after or '-'}" for change in changes_of(act))
    line = f"{act.id}  {act.at:%Y-%m-%d %H:%M:%S} UTC  {act.who}{where}: {act.act} {subject}"
    return printable(f"{line}  ({changes})" if changes else line)


def _export(installation: Installation, arguments: argparse.Namespace) -> int:
    from service.operations.acts import RECORD, acts_csv, record_export

    actor = operator()
    record_export(installation.store, actor, RECORD, clock.now(), arguments.account, format="csv")
    for part in acts_csv(installation.store, actor, _query(arguments)):
        print(part, end="")
    return 0


# -- the chain


def _verify(installation: Installation, arguments: argparse.Namespace) -> int:
    from service.operations.acts import ActNumbers

    noted = _noted(arguments.verify)
    numbers = ActNumbers(installation.store.secret_key())
    with installation.store.read() as tx:
        report = tx.acts.verify_chain()
        problem = report.problem
        # A person who sees only some accounts has noted the number shown to them.
        if noted and not problem and noted[1] not in map(tx.acts.hash_at, (noted[0], numbers.number_of(noted[0]))):
            problem = f"act {noted[0]} is not the one that was noted: the record was rewritten"
    if arguments.json:
        newest = {"number": report.number, "hash": report.hash} if report.hash else None
        print_json({"whole": not problem, "problem": problem or None, "newest": newest, "erased": report.erased})
        return 1 if problem else 0
    if problem:
        raise Failed(f"the record of acts was changed: {problem}; up to act {report.number} it is intact")
    erased = f", {report.erased:,} of them without the words of erased people" if report.erased else ""
    print(f"the record is intact: {counted(report.number, 'act')}{erased}")
    if report.hash:
        print(f"note the newest outside of this database: {report.number}:{report.hash}")
    return 0


def _noted(text: str) -> tuple[int, str] | None:
    if text == ANY:
        return None
    number, _, link = text.partition(":")
    if not (number.isdecimal() and link):
        raise Misused("write the noted act as NUMBER:HASH, as --verify printed it")
    return int(number), link.strip()
