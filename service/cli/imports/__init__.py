"""`lead-capture import`: takes the leads of a file, by the same path as all others.

outcome.py   shows what became of rows and columns; service/operations/imports/ does the work
"""

import argparse
from pathlib import Path

import shtab

from service.cli.commands import Failed
from service.platforms.registry import PLATFORMS


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """FILE, --form, --sender, --sheet, --dry-run, --json."""
    file = parser.add_argument("file", metavar="FILE", type=Path, help="CSV in any encoding, .xlsx, .xls or .ods")
    file.complete = shtab.FILE  # type: ignore[attr-defined] # as shtab documents it
    parser.add_argument("--form", required=True, metavar="FORM", help="the form that they belong to")
    parser.add_argument(
        "--sender",
        choices=[*PLATFORMS, "none"],
        default="",
        help="the platform of the export, if its columns do not show it; none for any other file",
    )
    parser.add_argument("--sheet", default="", metavar="NAME", help="the sheet to read, if several have leads")
    parser.add_argument("--dry-run", action="store_true", help="show what the columns mean and what would be imported")
    parser.add_argument("--json", action="store_true", help="the outcome as one JSON object")


def run(arguments: argparse.Namespace) -> int:
    """Take them, or show what would be taken; 1 where a row cannot be read.

    Raises: Failed.
    """
    from service.capture.sheets.cells import NoSheet
    from service.cli.configuration import form_named
    from service.cli.imports.outcome import print_outcome
    from service.cli.installation import database_problem, open_installation
    from service.cli.terminal import operator, print_json, printable, progress_bar
    from service.operations.imports.importer import import_file
    from service.store import StoreUnavailable

    with open_installation() as installation:
        form = form_named(arguments.form, installation.setup)
        try:
            with progress_bar("rows", 1) as show:
                outcome = import_file(
                    installation.store,
                    operator(),
                    form,
                    arguments.file,
                    arguments.sender,
                    arguments.sheet,
                    is_dry=arguments.dry_run,
                    show=lambda done, rows: show(done, f"{rows:,} rows"),
                )
        except NoSheet as error:
            raise Failed(printable(str(error))) from error
        except StoreUnavailable as error:
            raise Failed(f"{database_problem(error)}, then import it again: imported rows are recognised") from error
        except OSError as error:
            raise Failed(f"{arguments.file} cannot be read to its end ({error.strerror})") from error
        if arguments.json:
            print_json(outcome.as_json())
        else:
            print_outcome(outcome)
        return 1 if outcome.unread else 0
