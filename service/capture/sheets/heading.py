"""Which line of a file names its columns: programs put titles, dates and filters above it, and totals below.

It is the first line in which most cells are known names, else the first that names most of the columns filled below
it. Lines above it are shown and never read as leads.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from service.capture.fields.contact import read_email
from service.capture.fields.names import fold
from service.capture.parsing.texts import clean
from service.capture.sheets.cells import NoSheet, SheetRow, unprotect_foreign

ColumnMeaning = Callable[[str], str]
"""A function from a column's name to its meaning, such as "email"; "" for an unknown one."""

MAX_LINES_ABOVE = 50
"""Filled lines at the top of a file among which the header is searched for."""

_MIN_SHARE_FILLED = 0.2  # of the rows below: a column that so many fill should have a name
_MIN_SHARE_NAMED = 0.6  # of those columns: a header of unknown words names so many
_PERSON = frozenset(("email", "full_name", "first_name", "last_name", "phone", "message"))
_VALUE = re.compile(
    r"(?:(?:l|f|ag|as|c|p):)?[+(€$£-]?\d[\d\s.,:;/()%€$£+-]*"  # numbers, times, prices, phones, p:+44…
    r"|\d{4}-\d\d-\d\d[T ][\d:.]+\S*|https?://\S+"
)
_LABEL = re.compile(
    r"[^:]{1,40}: |(?:export|creat|generat|download|prepar|sent|report|erstellt|owner|account|user)", re.IGNORECASE
)
_IMPORT_ID = '{"ImportId"'
_ROWS = r"leads?|rows?|records?|entries|responses?|submissions?|contacts?|results?"
_TOTAL = re.compile(
    rf"(?:(?:grand |sub)?totals?|sum|count|summe|gesamt(?:summe)?|insgesamt|anzahl|totaal|totale|total général|somme|"
    rf"suma|razem|итого|(?:number of )?(?:{_ROWS}))(?: (?:of )?(?:{_ROWS}))?\s*[:=]?\s*(?P<figure>[\d.,\s]*)"
    rf"(?:{_ROWS})?",
    re.IGNORECASE,
)
_COUNTED = re.compile(rf"[\d.,]+ (?:{_ROWS})(?: in total)?\.?", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Heading:
    """The names of the columns. line: the last line of names. above: lines that do not belong to the table, numbered.

    understood: number of known names.
    """

    names: tuple[str, ...]
    line: int
    above: tuple[tuple[int, str], ...] = ()
    understood: int = 0
    _lines: frozenset[tuple[str, ...]] = field(default=frozenset(), repr=False)

    def why_no_lead(self, cells: Sequence[str]) -> str:
        """Return why a row below the header is not a lead; "" if it is one."""
        filled = [cell for cell in cells if cell and not cell.isspace()]
        first = filled[0].strip() if filled else ""
        if any(first in line for line in self._lines) and _trimmed(cells) in self._lines:
            return "it repeats the names of the columns"
        return "it is a total" if _is_total(first, filled[1:]) else ""


def find_heading(rows: Sequence[SheetRow], means: ColumnMeaning, whole: frozenset[str] = frozenset()) -> Heading:
    """Find the header among the first rows of a file.

    whole: names that make any line with all of them the header.
    Raises: NoSheet, without the name of the file.
    """
    filled = [row for row in rows if row.cells and not row.is_empty]
    if not filled:
        raise NoSheet("is empty: a line must name the columns")
    top = [_Line(row, filled[number + 1 :], means) for number, row in enumerate(filled[:MAX_LINES_ABOVE])]
    place = next((number for number, line in enumerate(top) if whole and whole <= frozenset(line.cells)), None)
    place = _place_of(top) if place is None else place
    heading = _heading_at(top, place, means)
    _check_above(top[:place], top[place], heading, means)
    return heading


class _Line:
    """One line at the top, judged on its own and by the rows below it."""

    def __init__(self, row: SheetRow, below: Sequence[SheetRow], means: ColumnMeaning) -> None:
        self.number = row.line
        self.raw = row.cells or []
        self.cells = [clean(unprotect_foreign(cell)) for cell in self.raw]
        self.filled = [cell for cell in self.cells if cell]
        self.has_values = any(map(_is_value, self.filled))
        self.has_address = any(read_email(cell) for cell in self.filled)
        self._below, self._means = below, means

    @cached_property
    def used(self) -> set[int]:
        """The columns filled below, without those that hardly any row fills."""
        counted = Counter(place for row in self._below for place, cell in enumerate(row.cells or ()) if cell.strip())
        return {place for place, times in counted.items() if times >= _MIN_SHARE_FILLED * len(self._below)}

    def is_understood(self) -> bool:
        """Whether most cells are known names, and they name at least half of the columns below."""
        known = sum(bool(self._means(cell)) for cell in self.filled)
        is_plain = known * 2 > len(self.filled) and not self.has_address
        return is_plain and self._share_named() * 2 >= 1 and all(map(self._is_borne_out, range(len(self.cells))))

    def _is_borne_out(self, place: int) -> bool:
        """Whether a column called an address has addresses: an answer may be the word "E-mail", too."""
        if self._means(self.cells[place]) != "email":
            return True
        under = [row.cells[place] for row in self._below if row.cells and len(row.cells) > place and row.cells[place]]
        return not under or any("@" in cell for cell in under)

    def fits(self) -> bool:
        """Whether its shape alone makes it a header."""
        is_plain = not self.has_values and len({*map(fold, self.filled)}) == len(self.filled)
        return is_plain and bool(self._below) and self._share_named() >= _MIN_SHARE_NAMED

    def _share_named(self) -> float:
        named = sum(place < len(self.cells) and bool(self.cells[place]) for place in self.used)
        return named / len(self.used) if self.used else 1


def _place_of(top: Sequence[_Line]) -> int:
    """The place of the header: above the first line with an address, if any line there fits."""
    first_lead = next((number for number, line in enumerate(top) if line.has_address), len(top))
    places = (
        *(number for number, line in enumerate(top[:first_lead]) if line.is_understood()),
        *(number for number, line in enumerate(top[:first_lead]) if line.fits()),
        *(number for number, line in enumerate(top[first_lead:], first_lead) if line.is_understood()),
    )
    if not places and first_lead == 0:
        raise NoSheet("begins with a lead: put a line with the names of the columns above it")
    return next(iter(places), 0)


def _heading_at(top: Sequence[_Line], place: int, means: ColumnMeaning) -> Heading:
    """The header, completed by a second line above or below it."""
    header, first, last = top[place].cells, place, place
    gaps = {column for column in top[place].used if column >= len(header) or not header[column]}
    if place and len(top[place - 1].filled) > 1 and _fills(top[place - 1], gaps):
        header, first = _joined(top[place - 1].cells, header, means), place - 1
    elif place + 1 < len(top) and _fills(top[place + 1], gaps) and _shows_no_person(top[place + 1], header, means):
        header, last = _joined(header, top[place + 1].cells, means), place + 1
    ids = next((number for number in range(place + 1, min(place + 3, len(top))) if _is_import_id(top[number])), None)
    if ids is not None:  # Qualtrics: short names, questions, and numbers for its own import
        header, last = top[ids - 1].cells, ids
    return Heading(
        names=tuple(header),
        line=top[last].number,
        above=tuple((line.number, " ".join(" | ".join(line.filled).split())) for line in top[:first]),
        understood=sum(bool(name and means(name)) for name in header),
        _lines=frozenset(_trimmed(line.raw) for line in top[first : last + 1]),
    )


def _fills(line: _Line, gaps: set[int]) -> bool:
    """Whether a line names columns that the header beside it leaves unnamed."""
    return bool(gaps) and not line.has_values and any(line.cells[column] for column in gaps if column < len(line.cells))


def _shows_no_person(line: _Line, header: Sequence[str], means: ColumnMeaning) -> bool:
    """Whether a line under the header holds no person's details, so that it may be the header's second line."""
    personal = [place for place, name in enumerate(header) if means(name) in _PERSON]
    cells = [line.cells[place] for place in personal if place < len(line.cells)]
    is_filled = any(cell and not means(cell) for cell in cells)
    return not is_filled and (bool(personal) or any(means(cell) in _PERSON for cell in line.filled))


def _is_import_id(line: _Line) -> bool:
    return all(cell.startswith(_IMPORT_ID) for cell in line.filled)


def _joined(upper: Sequence[str], lower: Sequence[str], means: ColumnMeaning) -> list[str]:
    """Two lines of names as one: a name above counts for the columns up to the next, as in merged cells."""
    width = max(len(upper), len(lower))
    above, below = ([*line, *[""] * (width + 1 - len(line))] for line in (upper, lower))
    names, carried = [], ""
    for place in range(width):
        own, name = above[place], below[place]
        carried = own or carried
        spans_more = bool(below[place + 1]) and not above[place + 1]
        if not name or (means(own) and not spans_more and not means(name)):
            names.append(own)
        else:
            names.append(name if means(name) else f"{carried} {name}".strip())
    return names


def _check_above(above: Sequence[_Line], header: _Line, heading: Heading, means: ColumnMeaning) -> None:
    """Check that no leads stand above the header, as after sorting the file together with its header.

    Raises: NoSheet.
    """
    number = header.number
    for line in reversed(above):
        number -= 1
        if line.number != number:  # an empty line between: a block of its own
            return
        named = zip(heading.names, line.cells, strict=False)
        if not _LABEL.match(" ".join(line.filled)) and any(
            means(name) == "email" and read_email(cell) for name, cell in named
        ):
            raise NoSheet(
                f"has an address in line {line.number}, above the names of the columns in line {heading.line}: "
                f"move that line below them if it is a lead, else put an empty line between"
            )


def _is_value(cell: str) -> bool:
    return bool(_VALUE.fullmatch(cell) or ("@" in cell and read_email(cell)))


def _is_total(first: str, others: Sequence[str]) -> bool:
    total = _TOTAL.fullmatch(first)
    if not total:
        return not others and bool(_COUNTED.fullmatch(first))
    figures = [*filter(None, (total["figure"].strip(),)), *others]
    return bool(figures) and all(not any(map(str.isalpha, figure)) and "@" not in figure for figure in figures)


def _trimmed(cells: Sequence[str]) -> tuple[str, ...]:
    return tuple(_without_tail([cell.strip() for cell in cells]))


def _without_tail(cells: list[str]) -> Iterator[str]:
    last = max((place for place, cell in enumerate(cells) if cell), default=-1)
    yield from cells[: last + 1]
