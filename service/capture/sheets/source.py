"""What every kind of file is opened as: rows of texts, each with the line that people find it by."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol


class NoSheet(Exception):
    """The file is no table of leads; the text says what it is and what to do."""


@dataclass(frozen=True, slots=True)
class SheetRow:
    """One row. line: where it begins, from 1. cells: None where it cannot be read. done: of the source, so far."""

    line: int
    cells: list[str] | None
    done: int = 0

    @property
    def is_empty(self) -> bool:
        """Whether nothing stands in it; one that cannot be read is not empty."""
        return self.cells is not None and not any(cell.strip() for cell in self.cells)


class SheetSource(Protocol):
    """A file, or one sheet of it."""

    @property
    def path(self) -> Path:
        """The file."""

    @property
    def words(self) -> str:
        """How it is read, for people."""

    @property
    def size(self) -> int:
        """What `done` of its last row will be."""

    def rows(self) -> Iterator[SheetRow]:
        """All rows from the top, as often as they are asked for. Raises: OSError."""
