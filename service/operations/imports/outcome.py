"""The fate of a file's rows, and the use of each column."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from service.capture.sheets.cells import unprotect, unprotect_foreign
from service.capture.sheets.columns import ImportPlan, meaning_in_words
from service.capture.sheets.opening import ImportSheet
from service.forms import Form
from service.lead import Status

MAX_REMARKS = 1000
"""Maximum rows with a remark that are kept; all are counted."""

KNOWN, LEFT_OUT, UNREAD = "known", "left_out", "unread"
"""Fates of a row that makes no new lead."""

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


FATE_NAMES = tuple("new" if fate is Status.PENDING else str(fate) for fate in FATES)
"""Names of the fates in JSON."""


@dataclass(slots=True)
class ColumnUse:
    """Number of rows that fill a column. example: its first answer."""

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
        """Number of rows that could not be read."""
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
        """Return the outcome as JSON values."""
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
            **{name: self.fates[fate] for name, fate in zip(FATE_NAMES, FATES, strict=True)},
            "remarks": [{"line": line, "fate": fate, "why": reason} for line, fate, reason in self.remarks],
        }
        if self.is_dry:
            values["columns"] = [
                {"name": column.name, "means": column.means, "filled": column.filled, "example": column.example}
                for column in self.columns
            ]
        return values
