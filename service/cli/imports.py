"""`lead-capture import`: imports the leads of a file, by the same path as all others, and reports the fate of each."""

import argparse
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import shtab

from service.cli.commands import Failed
from service.cli.terminal import counted, operator, print_json, printable, progress_bar
from service.platforms.registry import PLATFORMS, title_of

if TYPE_CHECKING:
    from rich.console import Console

    from service.capture.sheets.heading import Heading
    from service.operations.imports.outcome import ImportOutcome

MAX_LINES = 20
"""Maximum remarks, or lines above the header, that are printed; --json has more."""


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
    """Import the leads, or show what would be imported; 1 if a row cannot be read.

    Raises: Failed.
    """
    from service.capture.sheets.cells import NoSheet
    from service.cli.configuration import form_named
    from service.cli.installation import database_problem, open_installation
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
            _print_outcome(outcome)
        return 1 if outcome.unread else 0


# -- the outcome


def _print_outcome(outcome: "ImportOutcome") -> None:
    from rich.console import Console
    from rich.text import Text

    from service.operations.imports.outcome import FATES, KNOWN, LEFT_OUT, UNREAD

    console = Console(highlight=False)
    for line in _heading(outcome):
        console.print(Text(line))
    if outcome.is_dry:
        _print_columns(outcome, console)
    console.print(Text(f"{counted(outcome.rows, 'row')}{', nothing was imported yet' if outcome.is_dry else ''}:"))
    for fate, name in FATES.items():
        if outcome.fates[fate]:
            console.print(Text(f"{outcome.fates[fate]:>9,}  {name}"))
    for number, fate, reason in sorted(outcome.remarks, key=lambda remark: remark[1] == KNOWN)[:MAX_LINES]:
        name = FATES[fate] if fate in (KNOWN, LEFT_OUT, UNREAD) else fate
        console.print(Text(f"line {number:,}: {name}: {printable(reason)}"), soft_wrap=True)
    if len(outcome.remarks) > MAX_LINES:
        console.print(Text("more lines with --json"))


def _heading(outcome: "ImportOutcome") -> Iterator[str]:
    from service.capture.sheets.columns import Ids

    plan, source = outcome.plan, outcome.sheet.source
    platform = title_of(plan.platform) if plan.platform else ""
    exporter = "Lead Capture" if plan.is_ours else platform
    is_certain = exporter and not plan.lacks
    yield f"{source.path.name}: {source.words}{f', an export of {exporter}' if is_certain else ''}"
    yield from _above(outcome.sheet.heading)
    if plan.lacks:
        yield f"It cannot be imported as it is: it {plan.lacks}."
    if plan.rounded:
        yield "A spreadsheet has rounded its ids, so leads are compared by all their cells. Better export them again."
    if plan.platform and plan.ids is not Ids.GOOD:
        yield f"Rows are compared with the leads of {platform} by person and time."
    yield from outcome.warnings


def _above(heading: "Heading") -> Iterator[str]:
    """Print the lines above the header, which are not imported."""
    if heading.above:
        yield f"The columns are named in line {heading.line}. The lines above are not leads:"
    yield from (f"  line {line}: {printable(text[:200])}" for line, text in heading.above[:MAX_LINES])
    if len(heading.above) > MAX_LINES:
        yield f"  and {len(heading.above) - MAX_LINES} more lines"


def _print_columns(outcome: "ImportOutcome", console: "Console") -> None:
    from rich import box
    from rich.table import Table
    from rich.text import Text

    table = Table(box=box.SIMPLE_HEAD, width=min(console.width, 100), pad_edge=False)
    table.add_column("Column", overflow="ellipsis", no_wrap=True, ratio=1)
    table.add_column("Means", overflow="ellipsis", no_wrap=True, max_width=24)
    table.add_column("For example", overflow="ellipsis", no_wrap=True, ratio=1)
    table.add_column("Filled", justify="right", no_wrap=True)
    for column in outcome.columns:
        cells = (column.name or "(no name)", column.means, column.example, f"{column.filled:,}")
        table.add_row(*(Text(printable(cell)) for cell in cells))
    console.print(table)
