"""What became of a file's rows, and what each column holds: for people and as JSON."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from service.capture.sheets.cells import unprotect, unprotect_foreign
from service.capture.sheets.columns import Ids, ImportPlan, meaning_in_words
from service.capture.sheets.heading import Heading
from service.capture.sheets.opening import ImportSheet
from service.cli.terminal import counted, printable
from service.forms import Form
from service.lead import Status
from service.platforms.registry import title_of

MAX_REMARKS = 1000
"""Rows with a remark that are kept; all are counted."""

MAX_LINES = 20
"""Remarks, or lines above the header, that are printed; --json has more."""

KNOWN, LEFT_OUT, UNREAD = "known", "left_out", "unread"
"""The fates of a row that makes no new lead."""

FATES = {
    Status.PENDING: "new, to be sent to Nexudus after live leads",
    Status.PARKED: "new, but parked: need attention",
    Status.QUARANTINED: "new, but held as spam",
    Status.TEST: "tests, never sent",
    KNOWN: "known already",
    LEFT_OUT: "left out",
    UNREAD: "not taken",
}
"""Fate of a row -> its name, in the order of printing."""


@dataclass(slots=True)
class ColumnUse:
    """How many rows fill a column. example: the first answer in it."""

    name: str
    means: str
    filled: int = 0
    example: str = ""


@dataclass(slots=True)
class ImportOutcome:
    """The outcome of one file.

    remarks: line, fate and reason of the rows that need attention. warnings: about the file as a whole.
    """

    sheet: ImportSheet
    plan: ImportPlan
    form: Form
    is_dry: bool = False
    rows: int = 0
    fates: Counter[str] = field(default_factory=Counter)
    remarks: list[tuple[int, str, str]] = field(default_factory=list)
    columns: list[ColumnUse] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Take the columns from the header."""
        self.columns = [ColumnUse(name, meaning_in_words(name, self.plan, self.form)) for name in self.plan.header]

    @property
    def unread(self) -> int:
        """Rows that could not be read."""
        return self.fates[UNREAD]

    def count(self, fate: str, line: int, reason: str = "") -> None:
        """Count one row. reason: why it needs attention."""
        self.rows += 1
        self.fates[fate] += 1
        if reason and len(self.remarks) < MAX_REMARKS:
            self.remarks.append((line, fate, reason))

    def note_columns(self, cells: Sequence[str]) -> None:
        """Note which columns a row fills."""
        plain = unprotect if self.plan.is_ours else unprotect_foreign
        for column, cell in zip(self.columns, cells, strict=False):
            if cell and (text := plain(cell).strip()):
                column.filled += 1
                column.example = column.example or " ".join(text.split())[:200]

    def as_json(self) -> dict[str, Any]:
        """All of it as JSON values."""
        values: dict[str, Any] = {
            "file": str(self.sheet.source.path),
            "read_as": self.sheet.source.words,
            "above": [{"line": line, "text": text} for line, text in self.sheet.heading.above],
            "form": self.form.name,
            "export_of": "lead-capture" if self.plan.is_ours else self.plan.platform or None,
            "ids": self.plan.ids.value,
            "ids_rounded": self.plan.rounded,
            "lacks": self.plan.lacks or None,
            "warnings": self.warnings,
            "dry_run": self.is_dry,
            "rows": self.rows,
            **{("new" if fate is Status.PENDING else str(fate)): self.fates[fate] for fate in FATES},
            "remarks": [{"line": line, "fate": fate, "why": reason} for line, fate, reason in self.remarks],
        }
        if self.is_dry:
            values["columns"] = [
                {"name": column.name, "means": column.means, "filled": column.filled, "example": column.example}
                for column in self.columns
            ]
        return values


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
