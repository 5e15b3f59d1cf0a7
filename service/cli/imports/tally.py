"""What came of a file's rows, and what each column holds."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from service.capture.sheets.cells import unprotect, unprotect_foreign
from service.capture.sheets.columns import ImportPlan, meaning_in_words
from service.capture.sheets.opening import ImportSheet
from service.forms import Form
from service.lead import Status

LISTED = 1000
"""Rows with a remark that are kept for telling; all are counted."""

KNOWN, LEFT_OUT, UNREAD = "known", "left_out", "unread"
"""What becomes of a row that makes no lead."""

FATES = (Status.PENDING, Status.PARKED, Status.QUARANTINED, Status.TEST, KNOWN, LEFT_OUT, UNREAD)
"""What becomes of rows, in the order of telling."""


@dataclass(slots=True)
class Column:
    """How often a column is filled, and with what the first time."""

    name: str
    means: str
    filled: int = 0
    example: str = ""


@dataclass(slots=True)
class Tally:
    """The outcome of one file.

    remarks: line, fate and why, of rows that somebody should look at. warnings: what is odd about the whole.
    """

    sheet: ImportSheet
    plan: ImportPlan
    form: Form
    is_dry: bool = False
    rows: int = 0
    fates: Counter[str] = field(default_factory=Counter)
    remarks: list[tuple[int, str, str]] = field(default_factory=list)
    columns: list[Column] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        """The columns by their header."""
        self.columns = [Column(name, meaning_in_words(name, self.plan, self.form)) for name in self.plan.header]

    @property
    def unread(self) -> int:
        """Rows that could not be taken."""
        return self.fates[UNREAD]

    def count(self, fate: str, line: int, why: str = "") -> None:
        """One row more. why: where it needs a look."""
        self.rows += 1
        self.fates[fate] += 1
        if why and len(self.remarks) < LISTED:
            self.remarks.append((line, fate, why))

    def look_at(self, cells: Sequence[str]) -> None:
        """Note which columns a row fills."""
        plain = unprotect if self.plan.is_ours else unprotect_foreign
        for column, cell in zip(self.columns, cells, strict=False):
            if cell and (text := plain(cell).strip()):
                column.filled += 1
                column.example = column.example or " ".join(text.split())[:200]

    def as_json(self) -> dict[str, Any]:
        """All of it as JSON values."""
        found: dict[str, Any] = {
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
            "remarks": [{"line": line, "fate": fate, "why": why} for line, fate, why in self.remarks],
        }
        if self.is_dry:
            found["columns"] = [
                {"name": each.name, "means": each.means, "filled": each.filled, "example": each.example}
                for each in self.columns
            ]
        return found
