"""What came of a file, for people: the columns where nothing was taken yet, and one line for each kind of outcome."""

from collections.abc import Iterator

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from service.capture.sheets.columns import Ids
from service.capture.sheets.heading import Heading
from service.cli.imports.tally import KNOWN, LEFT_OUT, UNREAD, Tally
from service.cli.output import printable
from service.lead import Status
from service.platforms.registry import title_of

TOLD = 20
"""Remarks that are told one by one; --json has more."""

_DONE = {
    Status.PENDING: "new, to be sent to Nexudus after live leads",
    Status.PARKED: "new, but parked: a person must look",
    Status.QUARANTINED: "new, but held as spam",
    Status.TEST: "tests, never sent",
    KNOWN: "known already",
    LEFT_OUT: "left out",
    UNREAD: "not taken",
}
"""What became of rows -> how it is said."""


def print_tally(tally: Tally) -> None:
    """Print it to the terminal, as wide as that is."""
    console = Console(highlight=False)
    for line in _heading(tally):
        console.print(Text(line))
    if tally.is_dry:
        _print_columns(tally, console)
    console.print(
        Text(f"{tally.rows:,} row{'' if tally.rows == 1 else 's'}{', nothing was taken yet' if tally.is_dry else ''}:")
    )
    for fate, words in _DONE.items():
        if tally.fates[fate]:
            console.print(Text(f"{tally.fates[fate]:>9,}  {words}"))
    for number, what, why in sorted(tally.remarks, key=lambda remark: remark[1] == KNOWN)[:TOLD]:
        console.print(Text(f"line {number:,}: {_REMARKS.get(what, what)}: {printable(why)}"), soft_wrap=True)
    if len(tally.remarks) > TOLD:
        console.print(Text("more lines: see --json"))


_REMARKS = {UNREAD: "not taken", LEFT_OUT: "left out", KNOWN: "known already"}


def _heading(tally: Tally) -> Iterator[str]:
    whose = "Lead Capture" if tally.plan.is_ours else title_of(tally.plan.platform)
    is_sure = whose and not tally.plan.lacks
    yield f"{tally.sheet.source.path.name}: {tally.sheet.source.words}{f', an export of {whose}' if is_sure else ''}"
    yield from _above(tally.sheet.heading)
    if tally.plan.lacks:
        yield f"It will not be taken as it is: it {tally.plan.lacks}."
    if tally.plan.rounded:
        yield "A spreadsheet has rounded its ids: leads are told apart by all their cells. Better export it again."
    if tally.plan.platform and tally.plan.ids is not Ids.GOOD:
        yield f"Rows are compared with the leads of {title_of(tally.plan.platform)} by person and time."
    yield from tally.warnings


def _above(heading: Heading) -> Iterator[str]:
    """What stands above the header, and that it was left alone."""
    if heading.above:
        yield f"The columns are named in line {heading.line}. What stands above is no lead:"
    for line, text in heading.above[:TOLD]:
        yield f"  line {line}: {printable(text[:200])}"
    if len(heading.above) > TOLD:
        yield f"  and {len(heading.above) - TOLD} more lines"


def _print_columns(tally: Tally, console: Console) -> None:
    table = Table(box=box.SIMPLE_HEAD, width=min(console.width, 100), pad_edge=False)
    table.add_column("Column", overflow="ellipsis", no_wrap=True, ratio=1)
    table.add_column("Means", overflow="ellipsis", no_wrap=True, max_width=24)
    table.add_column("For example", overflow="ellipsis", no_wrap=True, ratio=1)
    table.add_column("Filled", justify="right", no_wrap=True)
    for each in tally.columns:
        cells = (each.name or "(no name)", each.means, each.example, f"{each.filled:,}")
        table.add_row(*(Text(printable(cell)) for cell in cells))
    console.print(table)
