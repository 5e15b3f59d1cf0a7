"""A file opened as a table of leads, with the rows below its header; CSV with any encoding and separator."""

import codecs
import csv
import io
import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO

from service.capture.sheets.cells import HEAD_ROWS, NoSheet, SheetRow, SheetSource
from service.capture.sheets.columns import OWN_COLUMNS
from service.capture.sheets.heading import ColumnMeaning, Heading, find_heading
from service.capture.sheets.workbooks import Workbook, open_workbook, why_no_table

_MAGIC_BYTES = 512
_HEAD_BYTES = 64 * 1024
_CHUNK_BYTES = 1024 * 1024
_SEPARATORS = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "bars"}
_ENCODINGS = {"utf-8-sig": "UTF-8", "cp1252": "Windows-1252"}
_SEPARATOR_LINE = re.compile(r'"?sep=(.)"?\r?\n', re.IGNORECASE)  # a first line that Excel writes and reads


Judgement = Callable[[Sequence[SheetRow]], tuple[int, int]]
"""Returns how many columns the first rows of a file name, and how many of these names are known."""


@dataclass(frozen=True, slots=True)
class DelimitedFile:
    """CSV and its kin. skipped: lines at the top that are for the program that reads the file."""

    path: Path
    encoding: str
    separator: str
    skipped: int
    size: int

    @property
    def words(self) -> str:
        return f"{_ENCODINGS.get(self.encoding, self.encoding.upper())}, separated by {_SEPARATORS[self.separator]}"

    def rows(self) -> Iterator[SheetRow]:
        """Yield all rows. Raises: OSError."""
        with self.path.open("rb") as file, io.TextIOWrapper(file, self.encoding, "replace", newline="") as text:
            for _ in range(self.skipped):
                text.readline()
            for row in _rows_of(csv.reader(text, delimiter=self.separator), self.skipped):
                yield SheetRow(row.line, row.cells, file.tell())

    def close(self) -> None:
        """Do nothing: the file is read as it is."""


@dataclass(frozen=True, slots=True)
class ImportSheet:
    """A table of leads and how it is read. warnings: sentences for the operator."""

    source: SheetSource
    heading: Heading
    warnings: tuple[str, ...] = ()

    @property
    def header(self) -> tuple[str, ...]:
        return self.heading.names

    def rows(self) -> Iterator[SheetRow]:
        """Return the rows below the header, without empty ones. Raises: OSError."""
        return (row for row in self.source.rows() if row.line > self.heading.line and not row.is_empty)

    def close(self) -> None:
        """Delete what was made to read the file."""
        self.source.close()


def open_sheet(path: Path, means: ColumnMeaning, name: str = "") -> ImportSheet:
    """Open a file, whatever its kind; the caller closes it.

    means: returns what a column's name means, "" for nothing known. name: of a workbook's sheet, "" for the one with
    leads.
    Raises: NoSheet.
    """
    with ExitStack() as after_failure:
        try:
            source = open_source(path, lambda rows: _understood_in(rows, means), name)
            after_failure.callback(source.close)
            heading = find_heading(list(islice(source.rows(), HEAD_ROWS)), means, OWN_COLUMNS)
        except OSError as error:
            raise NoSheet(f"{path} cannot be opened ({error.strerror})") from error
        except NoSheet as reason:
            raise NoSheet(f"{path} {reason}") from reason
        after_failure.pop_all()
    warnings = tuple(_warnings_of(source, heading, means)) if isinstance(source, Workbook) else ()
    return ImportSheet(source, heading, warnings)


def open_source(path: Path, understood_in: Judgement, name: str = "") -> SheetSource:
    """Open a file of any kind as rows; the caller closes it.

    name: of a workbook's sheet.
    Raises: NoSheet, without the name of the file; OSError.
    """
    with path.open("rb") as file:
        why = why_no_table(file.read(_MAGIC_BYTES))
        file.seek(0)
        if why is None and not name:
            return open_delimited(path, file, lambda rows: understood_in(rows)[1])
    if why or why is None:
        raise NoSheet(why or "is not a workbook with sheets: omit --sheet")
    return open_workbook(path, understood_in, name)


def _understood_in(rows: Sequence[SheetRow], means: ColumnMeaning) -> tuple[int, int]:
    """How many columns these rows name, and how many of the names are known."""
    try:
        heading = find_heading(rows, means)
    except NoSheet:
        return 0, 0
    return sum(map(bool, heading.names)), heading.understood


def _warnings_of(book: Workbook, heading: Heading, means: ColumnMeaning) -> Iterator[str]:
    if book.unread:
        yield f"Other sheets, not read: {book.unread}. Import each with --sheet NAME."
    for place, name in enumerate(heading.names):
        if place in book.page.numbers and means(name) == "phone":
            yield f"Phones in column {name} are stored as numbers: a leading 0 or + is lost."


def open_delimited(path: Path, file: BinaryIO, names_in: Callable[[Sequence[SheetRow]], int]) -> DelimitedFile:
    """Detect a file's encoding and separator. names_in: returns how many columns these rows name in known words.

    Raises: OSError.
    """
    beginning = file.read(_HEAD_BYTES)
    encoding = _encoding_of(beginning, file)
    text = beginning.decode(encoding, "replace")
    declared = _SEPARATOR_LINE.match(text)
    if declared and declared[1] in _SEPARATORS:
        separator = declared[1]
    else:
        separator = _separator_of(text[declared.end() :] if declared else text, names_in)
    return DelimitedFile(path, encoding, separator, int(bool(declared)), path.stat().st_size)


def _rows_of(reader: Any, skipped: int = 0) -> Iterator[SheetRow]:
    while True:
        line = skipped + reader.line_num + 1
        try:
            yield SheetRow(line, next(reader))
        except StopIteration:
            return
        except csv.Error:  # a cell of more than 128 KB: mostly an unclosed quotation mark
            yield SheetRow(line, None)


def _encoding_of(beginning: bytes, file: BinaryIO) -> str:
    if beginning.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    for first, encoding in ((1, "utf-16-le"), (0, "utf-16-be")):
        halves = beginning[first:200:2]
        if halves.count(0) > len(halves) // 2:
            return encoding
    return "utf-8-sig" if _is_utf8(beginning, file) else "cp1252"


def _is_utf8(beginning: bytes, file: BinaryIO) -> bool:
    """Whether the whole file is; it is read once, in chunks."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    chunk = beginning
    try:
        while chunk:
            decoder.decode(chunk)
            chunk = file.read(_CHUNK_BYTES)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True


def _separator_of(text: str, names_in: Callable[[Sequence[SheetRow]], int]) -> str:
    """The separator with the most known column names, else with the most rows of equal width."""

    def fit(separator: str) -> tuple[int, int, int]:
        rows = list(islice(_rows_of(csv.reader(io.StringIO(text, newline=""), delimiter=separator)), HEAD_ROWS))
        widths = Counter(len(row.cells) for row in rows if row.cells and len(row.cells) > 1)
        width, alike = max(widths.items(), key=lambda pair: (pair[1], pair[0]), default=(1, 0))
        # "Name,Email" is a known name, too, but makes no columns.
        return names_in(rows) if widths else 0, alike, width

    return max(_SEPARATORS, key=fit)
