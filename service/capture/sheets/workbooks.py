"""Workbooks: .xlsx, .xls, .ods. One sheet is read, the first that names the columns of leads.

unpacking.py writes them out as JSON; here their cells become the texts of the same file as CSV.
"""

import json
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import IO

from service.capture.sheets import unpacking
from service.capture.sheets.cells import HEAD_ROWS, NoSheet, SheetRow

MAX_WORKBOOK_BYTES = 100 * 2**20

_EXACT_BELOW = 2**53  # a spreadsheet's numbers are floats: beyond that they have lost digits
_BEGINNINGS = (
    (b"PK\x03\x04", ""),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", ""),
    (b"%PDF", "is a PDF: ask for the leads as CSV or .xlsx"),
    (b"\x1f\x8b", "is compressed: unpack it first"),
)
_OTHERS_IN_ZIP = (
    (".iwa", "is a file of Apple's Numbers: export it as CSV or .xlsx"),
    (".csv", "is an archive: unpack it, and import the CSV file in it"),
)
_REASONS = {
    unpacking.PROTECTED: "is protected by a password: open it, and save it without one",
    unpacking.DAMAGED: "cannot be read as a workbook: open it in a spreadsheet, and save it as .xlsx or CSV",
}
_UNREADABLE = "is damaged, or too large to be read: save the sheet with the leads as CSV"


@dataclass(slots=True)
class WorkbookPage:
    """One sheet of a workbook.

    begins: offset of its first row in the JSON. rows: number of rows. head: the first of them. numbers: columns with
    numbers in the head, which are not texts of digits.
    """

    name: str
    is_hidden: bool
    begins: int
    rows: int = 0
    head: list[SheetRow] = field(default_factory=list)
    numbers: set[int] = field(default_factory=set)

    def add_row(self, line: bytes) -> None:
        """Count a row, and keep it where it belongs to the head."""
        self.rows += 1
        if self.rows <= HEAD_ROWS:
            row = json.loads(line)
            self.head.append(_row_of(row))
            self.numbers.update(place for place, cell in enumerate(row[1]) if type(cell) in (int, float))

    @property
    def words(self) -> str:
        rows = f"{self.rows:,} row{'' if self.rows == 1 else 's'}"
        return f"{self.name} ({rows}{', hidden' if self.is_hidden else ''})"


@dataclass(frozen=True, slots=True)
class Workbook:
    """A workbook and the one sheet that is read. pages: all that are not empty."""

    path: Path
    page: WorkbookPage
    pages: Sequence[WorkbookPage]
    _written: IO[bytes]

    @property
    def words(self) -> str:
        return f"a workbook, its sheet {self.page.name}"

    @property
    def size(self) -> int:
        return Path(self._written.name).stat().st_size

    @property
    def unread(self) -> str:
        """The other sheets that are not empty, for the operator."""
        return ", ".join(page.words for page in self.pages if page is not self.page)

    def close(self) -> None:
        """Delete the JSON."""
        self._written.close()

    def rows(self) -> Iterator[SheetRow]:
        """Yield all rows of the sheet."""
        with Path(self._written.name).open("rb") as lines:
            lines.seek(self.page.begins)
            for line in lines:
                if line.startswith(b"{"):
                    return
                yield _row_of(json.loads(line), lines.tell())


def why_no_table(beginning: bytes) -> str | None:
    """Return why a file with these first bytes cannot be read; "" for a workbook, None for a text."""
    text = beginning.lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if text.startswith((b"<!doctype html", b"<html", b"<table", b"<?xml", b"<meta")):
        return "is a web page or XML, whatever its name says: open it in a spreadsheet, and save it as .xlsx or CSV"
    return next((reason for begins, reason in _BEGINNINGS if beginning.startswith(begins)), None)


def open_workbook(
    path: Path, understood_in: Callable[[Sequence[SheetRow]], tuple[int, int]], name: str = ""
) -> Workbook:
    """Open a workbook at the sheet with this name, else at the first with named columns.

    understood_in: returns how many columns the first rows of a sheet name, and how many of these names are known.
    Raises: NoSheet, without the name of the file; OSError.
    """
    if path.stat().st_size > MAX_WORKBOOK_BYTES:
        raise NoSheet(f"is larger than {MAX_WORKBOOK_BYTES // 2**20} MB: save the sheet with the leads as CSV")
    with ExitStack() as after_failure:
        written = after_failure.enter_context(NamedTemporaryFile(prefix="lead-capture-"))
        _unpack(path, written)
        pages = _pages_in(written)
        workbook = Workbook(path, _chosen(pages, understood_in, name), pages, written)
        after_failure.pop_all()
    return workbook


def _unpack(path: Path, written: IO[bytes]) -> None:
    command = [sys.executable, "-P", unpacking.__file__, str(path)]
    ended = subprocess.run(  # noqa: S603 (our own command)
        command, stdin=subprocess.DEVNULL, stdout=written, stderr=subprocess.DEVNULL, check=False
    )
    if ended.returncode:
        raise NoSheet(_reason_in_zip(path) or _REASONS.get(ended.returncode, _UNREADABLE))


def _reason_in_zip(path: Path) -> str:
    """Return what kind of archive it is, if not a workbook, by its uncompressed directory of names at the end."""
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - 2**16))
        names = file.read().lower()
    is_zip = names.find(b"pk\x05\x06") >= 0 and b"[content_types].xml" not in names
    return next((reason for ending, reason in _OTHERS_IN_ZIP if is_zip and ending.encode() in names), "")


def _pages_in(written: IO[bytes]) -> list[WorkbookPage]:
    """The sheets that are not empty, in order."""
    pages: list[WorkbookPage] = []
    with Path(written.name).open("rb") as lines:
        for line in lines:
            if line.startswith(b"{"):
                sheet = json.loads(line)
                pages.append(WorkbookPage(sheet["sheet"], sheet["hidden"], lines.tell()))
            else:
                pages[-1].add_row(line)
    return [page for page in pages if page.rows]


def _chosen(
    pages: Sequence[WorkbookPage], understood_in: Callable[[Sequence[SheetRow]], tuple[int, int]], name: str
) -> WorkbookPage:
    if name:
        wanted = next((page for page in pages if page.name.casefold() == name.casefold()), None)
        if not wanted:
            raise NoSheet(f"has no sheet {name!r} with rows; it has {', '.join(page.name for page in pages) or 'none'}")
        return wanted
    shown = [page for page in pages if not page.is_hidden] or pages
    if not shown:
        raise NoSheet("is empty: a line must name the columns")
    judged = [(page, *understood_in(page.head)) for page in shown]
    clear = next((page for page, names, understood in judged if understood * 2 > names), None)
    return clear or max(judged, key=lambda each: each[2])[0]


def _row_of(row: tuple[int, list[unpacking.Cell]], done: int = 0) -> SheetRow:
    return SheetRow(row[0], [_text_of(cell) for cell in row[1]], done)


def _text_of(cell: unpacking.Cell) -> str:
    """A cell as a spreadsheet writes it into CSV; an id that has lost digits in a form that shows it: 7.41E+18."""
    if isinstance(cell, str):
        return cell
    if isinstance(cell, bool):
        return str(cell).lower()
    if abs(cell) >= _EXACT_BELOW:
        return f"{cell:.14E}"
    return str(int(cell)) if cell == int(cell) else f"{cell:.15g}"
