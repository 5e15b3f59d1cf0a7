"""A file opened as rows, whatever programme wrote it: its encoding and its separator are found out, not asked."""

import codecs
import csv
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from service.capture.contact import read_email
from service.capture.sheets.cells import bare_foreign
from service.capture.texts import clean

_LOOK_BYTES = 64 * 1024
_CHUNK_BYTES = 1024 * 1024
_SEPARATORS = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "bars"}
_QUOTED = re.compile(r'"[^"]*"')
_SAYS_SEPARATOR = re.compile(r"sep=(.)\r?\n", re.IGNORECASE)  # what Excel writes, and reads, as a first line


class NoSheet(Exception):
    """The file is no table of leads; the text says what it is and what to do."""


@dataclass(frozen=True, slots=True)
class Sheet:
    """A file, and how it is read. skipped: lines before the header."""

    path: Path
    encoding: str
    separator: str
    header: tuple[str, ...]
    size_bytes: int
    skipped: int = 0

    @property
    def words(self) -> str:
        """How it is read, for people."""
        name = {"utf-8-sig": "UTF-8", "cp1252": "Windows-1252"}.get(self.encoding, self.encoding.upper())
        return f"{name}, separated by {_SEPARATORS[self.separator]}"


@dataclass(frozen=True, slots=True)
class Row:
    """One row. line: where it begins, from 1. cells: None where it cannot be read. done_bytes: of the file, so far."""

    line: int
    cells: list[str] | None
    done_bytes: int = 0


def open_sheet(path: Path) -> Sheet:
    """Find out how a file is to be read.

    Raises: NoSheet.
    """
    try:
        with path.open("rb") as file:
            beginning = file.read(_LOOK_BYTES)
            encoding = _encoding_of(beginning, file)
    except OSError as error:
        raise NoSheet(f"{path} cannot be opened ({error.strerror})") from error
    text = beginning.decode(encoding, "replace")
    said = _SAYS_SEPARATOR.match(text)
    separator = said[1] if said and said[1] in _SEPARATORS else _separator_of(text[said.end() :] if said else text)
    bare_sheet = Sheet(path, encoding, separator, (), path.stat().st_size, skipped=int(bool(said)))
    first = next((row.cells for row in _all_rows(bare_sheet) if row.cells and any(row.cells)), None)
    header = tuple(clean(bare_foreign(cell)) for cell in first or ())
    _check(header, path)
    return Sheet(path, encoding, separator, header, bare_sheet.size_bytes, bare_sheet.skipped)


def rows_of(sheet: Sheet) -> Iterator[Row]:
    """The rows below the header, without empty ones. Raises: OSError."""
    found = (row for row in _all_rows(sheet) if row.cells is None or any(cell.strip() for cell in row.cells))
    next(found, None)  # the header
    yield from found


def _all_rows(sheet: Sheet) -> Iterator[Row]:
    with sheet.path.open("rb") as file, io.TextIOWrapper(file, sheet.encoding, "replace", newline="") as text:
        for _ in range(sheet.skipped):
            text.readline()
        reader = csv.reader(text, delimiter=sheet.separator)
        while True:
            line = sheet.skipped + reader.line_num + 1
            try:
                yield Row(line, next(reader), file.tell())
            except StopIteration:
                return
            except csv.Error:  # a cell of more than 128 KB: mostly a quotation mark that nobody closed
                yield Row(line, None, file.tell())


def _check(header: tuple[str, ...], path: Path) -> None:
    if not any(header):
        raise NoSheet(f"{path} is empty: the first line must name the columns")
    if any(read_email(name) for name in header):
        raise NoSheet(f"{path} begins with a lead: put a line with the names of the columns above it")


def _encoding_of(beginning: bytes, file: BinaryIO) -> str:
    if beginning.startswith(b"PK"):
        raise NoSheet("that is a workbook, not a CSV file: open it and save it as CSV (UTF-8)")
    if beginning.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    if beginning[1:200:2].count(0) > len(beginning[1:200:2]) // 2:
        return "utf-16-le"
    return "utf-8-sig" if _is_utf8(beginning, file) else "cp1252"


def _is_utf8(beginning: bytes, file: BinaryIO) -> bool:
    """Whether all of it is; read once, a part at a time."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    part = beginning
    try:
        while part:
            decoder.decode(part)
            part = file.read(_CHUNK_BYTES)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True


def _separator_of(text: str) -> str:
    line = _QUOTED.sub("", text.lstrip("\ufeff\r\n").partition("\n")[0])
    return max(_SEPARATORS, key=line.count)
