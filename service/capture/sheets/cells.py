"""Rows and cells of a file, and cells that a spreadsheet shows and does not run.

Excel, LibreOffice and Google Sheets run a cell that begins with = + - @ as a formula; so do they with text after a
semicolon, a tab or a line end where they split cells there. An apostrophe in front makes it text (OWASP, "CSV
Injection"). A cell that has one gets one more, so that reading removes what writing added.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

HEAD_ROWS = 200
"""Rows at the top of a file from which its format and columns are recognised."""

_STARTS = "=+\\-@＝＋－＠"
_RISKY = frozenset("=+-@＝＋－＠' ")
_FIRST = re.compile(rf"[\s']*[{_STARTS}]|['\t\r\n]")
_INNER = re.compile(rf"(?<=[;\t\r\n])( *)(?='*[{_STARTS}])")
_INNER_BACK = re.compile(rf"(?<=[;\t\r\n])( *)'(?='*[{_STARTS}])")
_EXCEL = re.compile(r'="(.*)"', re.DOTALL)
_FOREIGN = re.compile(rf"'(?=[{_STARTS}\t\r\d])")


def protect(cell: str) -> str:
    """Return a text as a cell that no spreadsheet runs."""
    if cell[:1] not in _RISKY and ";" not in cell and cell.isprintable():
        return cell  # nearly all of what may be twenty million
    cell = _INNER.sub(r"\1'", cell)
    return f"'{cell}" if _FIRST.match(cell) else cell


def protect_all(cells: Sequence[str]) -> Sequence[str]:
    """Return all cells protected: in a third of the time where none is risky."""
    joined = "".join(cells)
    if joined.isprintable() and ";" not in joined and _RISKY.isdisjoint([cell[:1] for cell in cells]):
        return cells
    return [protect(cell) for cell in cells]


def unprotect(cell: str) -> str:
    """Return the text that protect() was given."""
    return _INNER_BACK.sub(r"\1", cell).removeprefix("'")


def unprotect_foreign(cell: str) -> str:
    """Return another program's cell without its own protection from rounding or running: '123, ="123"."""
    quoted = _EXCEL.fullmatch(cell)
    return quoted[1] if quoted else cell[1:] if _FOREIGN.match(cell) else cell


class NoSheet(Exception):
    """The file is not a table of leads; the message says what it is and what to do."""


@dataclass(frozen=True, slots=True)
class SheetRow:
    """One row. line: where it begins, from 1. cells: None where it cannot be read. done: bytes of the source so far."""

    line: int
    cells: list[str] | None
    done: int = 0

    @property
    def is_empty(self) -> bool:
        """Whether no cell holds anything; an unreadable row is not empty."""
        return self.cells is not None and not any(cell.strip() for cell in self.cells)


class SheetSource(Protocol):
    """A file, or one sheet of it."""

    @property
    def path(self) -> Path:
        """The file."""

    @property
    def words(self) -> str:
        """How the file is read, in words for the operator."""

    @property
    def size(self) -> int:
        """The `done` of its last row."""

    def rows(self) -> Iterator[SheetRow]:
        """Return all rows from the top, each time. Raises: OSError."""

    def close(self) -> None:
        """Delete what was made to read it; rows() is of no use afterwards."""
