"""A file opened as a table of leads: what kind it is, which line names its columns, and the rows below."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from service.capture.sheets.delimited import HEAD_ROWS, open_delimited
from service.capture.sheets.heading import Heading, Means, find_heading
from service.capture.sheets.origin import OURS
from service.capture.sheets.source import NoSheet, Row, Source


@dataclass(frozen=True, slots=True)
class Sheet:
    """A table of leads, and how it is read."""

    source: Source
    heading: Heading

    @property
    def header(self) -> tuple[str, ...]:
        """The columns' names."""
        return self.heading.names

    def rows(self) -> Iterator[Row]:
        """The rows below the header, without empty ones. Raises: OSError."""
        return (row for row in self.source.rows() if row.line > self.heading.line and not row.is_empty)


def open_sheet(path: Path, means: Means) -> Sheet:
    """Find out how a file is to be read. means: what a column's name means, "" for nothing.

    Raises: NoSheet.
    """
    try:
        source = _open(path, means)
        head = list(islice(source.rows(), HEAD_ROWS))
    except OSError as error:
        raise NoSheet(f"{path} cannot be opened ({error.strerror})") from error
    try:
        return Sheet(source, find_heading(head, means, OURS))
    except NoSheet as reason:
        raise NoSheet(f"{path} {reason}") from reason


def _open(path: Path, means: Means) -> Source:
    with path.open("rb") as file:
        if file.read(2) == b"PK":
            raise NoSheet("that is a workbook, not a CSV file: open it and save it as CSV (UTF-8)")
        file.seek(0)
        return open_delimited(path, file, lambda rows: _understood_in(rows, means))


def _understood_in(rows: Sequence[Row], means: Means) -> int:
    """How many columns these rows name in words that mean something."""
    try:
        return find_heading(rows, means).understood
    except NoSheet:
        return 0
