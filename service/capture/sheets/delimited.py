"""CSV and its kin, whatever programme wrote them: encoding and separator are found out, not asked."""

import codecs
import csv
import io
import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO

from service.capture.sheets.source import SheetRow

HEAD_ROWS = 200
"""Rows at the top of a file by which it is judged."""

_LOOK_BYTES = 64 * 1024
_CHUNK_BYTES = 1024 * 1024
_SEPARATORS = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "bars"}
_ENCODINGS = {"utf-8-sig": "UTF-8", "cp1252": "Windows-1252"}
_SAYS_SEPARATOR = re.compile(r'"?sep=(.)"?\r?\n', re.IGNORECASE)  # what Excel writes, and reads, as a first line


@dataclass(frozen=True, slots=True)
class Delimited:
    """A file of texts between separators. skipped: lines above all rows, for the programme that reads them."""

    path: Path
    encoding: str
    separator: str
    skipped: int
    size: int

    @property
    def words(self) -> str:
        """How it is read, for people."""
        return f"{_ENCODINGS.get(self.encoding, self.encoding.upper())}, separated by {_SEPARATORS[self.separator]}"

    def rows(self) -> Iterator[SheetRow]:
        """All rows. Raises: OSError."""
        with self.path.open("rb") as file, io.TextIOWrapper(file, self.encoding, "replace", newline="") as text:
            for _ in range(self.skipped):
                text.readline()
            for row in _rows_of(csv.reader(text, delimiter=self.separator), self.skipped):
                yield SheetRow(row.line, row.cells, file.tell())


def open_delimited(path: Path, file: BinaryIO, names_in: Callable[[Sequence[SheetRow]], int]) -> Delimited:
    """Find out how a file is to be read. names_in: how many columns these rows name in words that are understood.

    Raises: OSError.
    """
    beginning = file.read(_LOOK_BYTES)
    encoding = _encoding_of(beginning, file)
    text = beginning.decode(encoding, "replace")
    said = _SAYS_SEPARATOR.match(text)
    if said and said[1] in _SEPARATORS:
        separator = said[1]
    else:
        separator = _separator_of(text[said.end() :] if said else text, names_in)
    return Delimited(path, encoding, separator, int(bool(said)), path.stat().st_size)


def _rows_of(reader: Any, skipped: int = 0) -> Iterator[SheetRow]:
    while True:
        line = skipped + reader.line_num + 1
        try:
            yield SheetRow(line, next(reader))
        except StopIteration:
            return
        except csv.Error:  # a cell of more than 128 KB: mostly a quotation mark that nobody closed
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


def _separator_of(text: str, names_in: Callable[[Sequence[SheetRow]], int]) -> str:
    """The one that makes columns of it: by their names, else because row after row has as many."""

    def fit(separator: str) -> tuple[int, int, int]:
        rows = list(islice(_rows_of(csv.reader(io.StringIO(text, newline=""), delimiter=separator)), HEAD_ROWS))
        widths = Counter(len(row.cells) for row in rows if row.cells and len(row.cells) > 1)
        width, alike = max(widths.items(), key=lambda pair: (pair[1], pair[0]), default=(1, 0))
        # "Name,Email" is understood as one name, too; but it makes no columns.
        return names_in(rows) if widths else 0, alike, width

    return max(_SEPARATORS, key=fit)
