"""The outcome of an import, for the terminal."""

from collections.abc import Iterator

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from service.capture.sheets.columns import Ids
from service.capture.sheets.heading import Heading
from service.cli.terminal import counted, printable
from service.operations.imports.outcome import FATES, KNOWN, LEFT_OUT, UNREAD, ImportOutcome
from service.platforms.registry import title_of

MAX_LINES = 20
"""Remarks, or lines above the header, that are printed; --json has more."""


def print_outcome(outcome: ImportOutcome) -> None:
    """Print it to the terminal, as wide as that is."""
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


def _heading(outcome: ImportOutcome) -> Iterator[str]:
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


def _above(heading: Heading) -> Iterator[str]:
    """The lines above the header, which are not taken."""
    if heading.above:
        yield f"The columns are named in line {heading.line}. The lines above are not leads:"
    yield from (f"  line {line}: {printable(text[:200])}" for line, text in heading.above[:MAX_LINES])
    if len(heading.above) > MAX_LINES:
        yield f"  and {len(heading.above) - MAX_LINES} more lines"


def _print_columns(outcome: ImportOutcome, console: Console) -> None:
    table = Table(box=box.SIMPLE_HEAD, width=min(console.width, 100), pad_edge=False)
    table.add_column("Column", overflow="ellipsis", no_wrap=True, ratio=1)
    table.add_column("Means", overflow="ellipsis", no_wrap=True, max_width=24)
    table.add_column("For example", overflow="ellipsis", no_wrap=True, ratio=1)
    table.add_column("Filled", justify="right", no_wrap=True)
    for column in outcome.columns:
        cells = (column.name or "(no name)", column.means, column.example, f"{column.filled:,}")
        table.add_row(*(Text(printable(cell)) for cell in cells))
    console.print(table)
