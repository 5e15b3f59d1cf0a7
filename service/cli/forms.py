"""`lead-capture forms`: the set-up in the database, exported, published, compared, taken back."""

import argparse
import difflib
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import shtab

from service import clock
from service.cli.commands import Failed
from service.cli.terminal import counted, operator, print_json, printable

if TYPE_CHECKING:
    from service.operations.setup_effect import SetupEffect
    from service.setup.publishing import Proposal, Publisher
    from service.store import Store

MAX_LISTED = 40
"""Maximum changes that are printed; the JSON has all of them."""

HISTORY_SIZE = 50


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the actions export, apply, history, diff and revert, each with its arguments."""
    actions = parser.add_subparsers(metavar="ACTION", required=True)
    exporting = actions.add_parser("export", help="print the document", epilog="example: lead-capture forms export")
    exporting.add_argument("--version", type=int, metavar="N", help="an earlier one; by default the one in force")
    _add_json(exporting)
    exporting.set_defaults(act=_export)
    applying = actions.add_parser(
        "apply", help="publish a document", epilog="example: lead-capture forms apply forms.toml --dry-run"
    )
    file = applying.add_argument("file", metavar="FILE", type=Path, help="the whole document; - reads standard input")
    file.complete = shtab.FILE  # type: ignore[attr-defined] # as shtab documents it
    _add_publishing(applying)
    applying.set_defaults(act=_apply)
    history = actions.add_parser(
        "history", help="list what was published", epilog="example: lead-capture forms history"
    )
    _add_json(history)
    history.set_defaults(act=_history)
    comparing = actions.add_parser("diff", help="compare two versions", epilog="example: lead-capture forms diff 3 4")
    comparing.add_argument("before", metavar="A", type=int)
    comparing.add_argument("after", metavar="B", type=int)
    _add_json(comparing)
    comparing.set_defaults(act=_diff)
    reverting = actions.add_parser(
        "revert", help="publish an earlier version again", epilog="example: lead-capture forms revert 3"
    )
    reverting.add_argument("version", metavar="N", type=int)
    _add_publishing(reverting)
    reverting.set_defaults(act=_revert)


def _add_publishing(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--dry-run", action="store_true", help="only show what would change, for the last leads too")
    parser.add_argument("--note", default="", metavar="TEXT", help="why, for the history")
    _add_json(parser)


def _add_json(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="print JSON")


def run(arguments: argparse.Namespace) -> int:
    """Run the action.

    Raises: Failed; SetupProblems if the document is faulty.
    """
    from service.cli.installation import opened_store
    from service.settings import lookup, read_settings
    from service.setup.publishing import Publisher, SetupRefusal

    settings = read_settings()
    with opened_store(settings) as store:
        try:
            act: Callable[[argparse.Namespace, Publisher, Store], int] = arguments.act
            return act(arguments, Publisher(store, settings, lookup), store)
        except SetupRefusal as refusal:
            raise Failed(str(refusal)) from refusal


# -- reading


def _export(arguments: argparse.Namespace, publisher: "Publisher", _store: "Store") -> int:
    number: int | None = arguments.version
    document = publisher.standing() if number is None else publisher.version(number)
    toml = document.toml
    if arguments.json:
        print_json({"version": document.version, "toml": toml, "note": document.note})
        return 0
    sys.stdout.write(toml if toml.endswith("\n") else f"{toml}\n")
    return 0


def _history(arguments: argparse.Namespace, publisher: "Publisher", _store: "Store") -> int:
    versions = publisher.history(HISTORY_SIZE)
    rows = [
        {
            "version": each.version,
            "updated_at": each.published_at.isoformat(),
            "updated_by": each.published_by,
            "note": each.note,
        }
        for each in versions
    ]
    if arguments.json:
        print_json(rows)
        return 0
    for each in versions:
        line = f"{each.version:>5}  {each.published_at:%Y-%m-%d %H:%M} UTC  {each.published_by}"
        print(printable(f"{line}  {each.note}".rstrip()))
    if not versions:
        print("nothing has been published yet: one form, `contact`, with defaults is in force")
    return 0


def _diff(arguments: argparse.Namespace, publisher: "Publisher", _store: "Store") -> int:
    from service.setup.differences import changes_between, tables_of

    before, after = (publisher.version(number) for number in (arguments.before, arguments.after))
    if arguments.json:
        tables = (tables_of(each.toml) for each in (before, after))
        print_json([each.as_row() for each in changes_between(*tables)])
        return 0
    names = (f"version {before.version}", f"version {after.version}")
    for line in difflib.unified_diff(before.toml.splitlines(), after.toml.splitlines(), *names, lineterm=""):
        print(printable(line))
    return 0


# -- publishing


def _apply(arguments: argparse.Namespace, publisher: "Publisher", store: "Store") -> int:
    document = _read(arguments.file)
    expected = _expected(publisher)
    is_in_force = document == publisher.standing().toml and not publisher.is_managed_by_file
    if arguments.dry_run or (is_in_force and expected):
        proposal = publisher.propose(document, expected)
        arguments.dry_run = True
    else:
        proposal = publisher.publish(document, arguments.note, operator(), expected, clock.now())
    return _show(arguments, proposal, store)


def _revert(arguments: argparse.Namespace, publisher: "Publisher", store: "Store") -> int:
    expected = _expected(publisher)
    if arguments.dry_run:
        proposal = publisher.propose(publisher.version(arguments.version).toml, expected)
    else:
        proposal = publisher.revert(arguments.version, arguments.note, operator(), expected, clock.now())
    return _show(arguments, proposal, store)


def _expected(publisher: "Publisher") -> int:
    """Return the version in force; any if there is a forms file, which the publisher then refuses."""
    return publisher.standing().version or 0


def _read(file: Path) -> str:
    """Return the text of the document.

    Raises: Failed.
    """
    try:
        content = sys.stdin.buffer.read() if str(file) == "-" else file.read_bytes()
        return content.decode("utf-8-sig")
    except OSError as error:
        raise Failed(f"{file} cannot be read ({error.strerror})") from error
    except UnicodeDecodeError as error:
        raise Failed(f"{file} is not UTF-8 text (byte {error.start + 1}): save it as UTF-8") from error


def _show(arguments: argparse.Namespace, proposal: "Proposal", store: "Store") -> int:
    from service.operations.setup_effect import effect_of, proposal_json

    effect = effect_of(store, proposal.before.forms, proposal.after.forms) if arguments.dry_run else None
    if arguments.json:
        print_json(proposal_json(proposal, effect))
        return 0
    for line in _lines(proposal, effect):
        print(printable(line))
    return 0


def _lines(proposal: "Proposal", effect: "SetupEffect | None") -> Iterator[str]:
    changes = counted(len(proposal.changes), "change")
    if effect and not proposal.changes:
        yield f"nothing was published: version {proposal.version} has the same content"
        return
    if effect is None:
        yield f"version {proposal.version} is published: {changes}; it takes effect in every process within two seconds"
    else:
        yield f"nothing was published; over version {proposal.version} it would be {changes}"
    for change in proposal.changes[:MAX_LISTED]:
        name = ".".join(part for part in ((f"forms.{change.form}" if change.form else ""), change.key) if part)
        yield f"  {name}: {_shown(change.before)} -> {_shown(change.after)}"
    if len(proposal.changes) > MAX_LISTED:
        yield f"  and {len(proposal.changes) - MAX_LISTED} more, which --json lists"
    yield from (f"warning: {each.path}: {each.message}" for each in proposal.warnings)
    if effect is not None:
        yield from _effect_lines(effect)


def _effect_lines(effect: "SetupEffect") -> Iterator[str]:
    yield f"of the last {counted(effect.leads, 'lead')}, {effect.changed} would turn out differently"
    for each in effect.examples:
        yield f"  {each.lead}  {each.key}: {_shown(each.before)} -> {_shown(each.after)}"


def _shown(value: object) -> str:
    return "-" if value is None else str(value)
