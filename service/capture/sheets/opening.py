"""A file opened as a table of leads: what kind it is, which line names its columns, and the rows below."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from service.capture.sheets.delimited import HEAD_ROWS, open_delimited
from service.capture.sheets.heading import Heading, Means, find_heading
from service.capture.sheets.origin import OURS
from service.capture.sheets.source import NoSheet, SheetRow, SheetSource
from service.capture.sheets.workbooks import Workbook, open_workbook, why_no_table

_LOOK_BYTES = 512


@dataclass(frozen=True, slots=True)
class ImportSheet:
    """A table of leads, and how it is read. warnings: what an operator should know of it."""

    source: SheetSource
    heading: Heading
    warnings: tuple[str, ...] = ()

    @property
    def header(self) -> tuple[str, ...]:
        """The columns' names."""
        return self.heading.names

    def rows(self) -> Iterator[SheetRow]:
        """The rows below the header, without empty ones. Raises: OSError."""
        return (row for row in self.source.rows() if row.line > self.heading.line and not row.is_empty)


def open_sheet(path: Path, means: Means, name: str = "") -> ImportSheet:
    """Find out how a file is to be read.

    means: what a column's name means, "" for nothing. name: of the sheet of a workbook, "" for that with the leads.
    Raises: NoSheet.
    """
    try:
        source = _open(path, means, name)
        heading = find_heading(list(islice(source.rows(), HEAD_ROWS)), means, OURS)
    except OSError as error:
        raise NoSheet(f"{path} cannot be opened ({error.strerror})") from error
    except NoSheet as reason:
        raise NoSheet(f"{path} {reason}") from reason
    warnings = tuple(_warnings_of(source, heading, means)) if isinstance(source, Workbook) else ()
    return ImportSheet(source, heading, warnings)


def _open(path: Path, means: Means, name: str) -> SheetSource:
    with path.open("rb") as file:
        why = why_no_table(file.read(_LOOK_BYTES))
        file.seek(0)
        if why is None and not name:
            return open_delimited(path, file, lambda rows: _understood_in(rows, means)[1])
    if why or why is None:
        raise NoSheet(why or "is no workbook with sheets: leave --sheet out")
    return open_workbook(path, lambda rows: _understood_in(rows, means), name)


def _understood_in(rows: Sequence[SheetRow], means: Means) -> tuple[int, int]:
    """How many columns these rows name, and how many in words that mean something."""
    try:
        heading = find_heading(rows, means)
    except NoSheet:
        return 0, 0
    return sum(map(bool, heading.names)), heading.understood


def _warnings_of(book: Workbook, heading: Heading, means: Means) -> Iterator[str]:
    if book.unread:
        yield f"Not read, its other sheets: {book.unread}. Take each by --sheet NAME."
    for place, name in enumerate(heading.names):
        if place in book.page.numbers and means(name) == "phone":
            yield f"Phones in column {name} are kept as numbers: a 0 or + that began them is lost."
