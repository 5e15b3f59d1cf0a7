"""`lead-capture import`: the leads of a file, by the same path as all others.

command.py   how it goes, and how it ends
taking.py    rows kept, a few hundred at a time; or only looked at
twins.py     rows without an id, and the leads that they are already
tally.py     what came of them, and of each column
showing.py   the same for people
"""

import argparse
from pathlib import Path

import shtab

from service.platforms.registry import PLATFORMS


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """FILE, --form, --sender, --sheet, --dry-run, --json."""
    file = parser.add_argument("file", metavar="FILE", type=Path, help="CSV in any encoding, .xlsx, .xls or .ods")
    file.complete = shtab.FILE  # type: ignore[attr-defined] # how shtab is told
    parser.add_argument("--form", required=True, metavar="FORM", help="the form of the forms file that they belong to")
    parser.add_argument(
        "--sender",
        choices=(*PLATFORMS, "none"),
        default="",
        help="whose export it is, where its columns do not tell; none: no platform's",
    )
    parser.add_argument("--sheet", default="", metavar="NAME", help="of a workbook, where it has several with leads")
    parser.add_argument("--dry-run", action="store_true", help="show what the columns mean and what would come of it")
    parser.add_argument("--json", action="store_true", help="the outcome as one JSON object")


def run(arguments: argparse.Namespace) -> int:
    """Take them, or tell what would be taken; 1 where a row could not be read.

    Raises: Failed.
    """
    from service.cli.imports.command import take  # noqa: PLC0415 (its help waits neither for the store nor for capture)

    return take(arguments)
