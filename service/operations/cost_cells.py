"""Days and amounts in the cells of exports, as platforms write them in many languages.

A cell may mean two things: 1.234 and 03/04/2026. The whole column decides; where it cannot, the language of the file.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from service.store import AMOUNT_UNIT

_MONTHS = {
    **dict.fromkeys(("jan", "ene", "gen"), 1),
    **dict.fromkeys(("feb", "fév", "fev"), 2),
    **dict.fromkeys(("mar", "mär", "mrt"), 3),
    **dict.fromkeys(("apr", "avr", "abr"), 4),
    **dict.fromkeys(("may", "mai", "mei", "mag"), 5),
    **dict.fromkeys(("jun", "juin", "giu"), 6),
    **dict.fromkeys(("jul", "juil", "lug"), 7),
    **dict.fromkeys(("aug", "aoû", "aou", "ago"), 8),
    **dict.fromkeys(("sep", "set"), 9),
    **dict.fromkeys(("oct", "okt", "ott", "out"), 10),
    **dict.fromkeys(("nov",), 11),
    **dict.fromkeys(("dec", "dez", "déc", "dic"), 12),
}
"""Beginnings of the names of months, in the languages of the platforms' exports."""

_ISO = re.compile(r"(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})(?:[T ].*)?")
_PLAIN = re.compile(r"(\d{1,2})[-/.](\d{1,2})[-/.](\d{4}|\d{2})(?:[, T].*)?")
_DAY_FIRST = re.compile(r"(?:[^\W\d]+,? )?(\d{1,2})\.?(?: de)? ([^\W\d]{3,})\.?,?(?: de)? (\d{4})")
_MONTH_FIRST = re.compile(r"(?:[^\W\d]+, )?([^\W\d]{3,})\.? (\d{1,2}),? (\d{4})")
_WIDTH = 4
_NUMBER = re.compile(r"[-−]?[\d.,'’\s]*\d[\d.,'’\s]*")
_DECIMALS = re.compile(r"([.,])\d{1,2}$|([.,])\d{4,}$")
_THOUSANDS = re.compile(r"^-?\d{1,3}([.,])\d{3}(?:\1\d{3})+$")


@dataclass(frozen=True, slots=True)
class CellStyle:
    """How a file writes its cells. day_first: 24/11/2026. decimal: "." or ",". None: unknown."""

    day_first: bool | None
    decimal: str


def style_of(days: Iterable[str], amounts: Iterable[str], *, is_english: bool, day_first: bool | None) -> CellStyle:
    """Return how the cells of two columns are written.

    is_english: the language of the file. day_first: the platform's habit; None if it has none.
    """
    numbers = [(int(match[1]), int(match[2])) for cell in days if (match := _PLAIN.fullmatch(cell.strip()))]
    if any(first > 12 for first, _ in numbers):  # noqa: PLR2004 (months)
        day_first = True
    elif any(second > 12 for _, second in numbers):  # noqa: PLR2004 (months)
        day_first = False
    elif day_first is None and not is_english:
        day_first = True
    return CellStyle(day_first, _decimal_of(amounts) or ("." if is_english else ","))


def _decimal_of(amounts: Iterable[str]) -> str:
    """Return the decimal separator that a column shows; "" if it shows none."""
    for cell in amounts:
        digits = _digits(cell)
        if "." in digits and "," in digits:
            return max(".", ",", key=digits.rfind)
        if match := _THOUSANDS.match(digits):
            return "." if match[1] == "," else ","
        if (match := _DECIMALS.search(digits)) and digits.count(match[1] or match[2]) == 1:
            return match[1] or match[2]
    return ""


def _digits(cell: str) -> str:
    """Return the number in a cell, without currency, spaces and apostrophes between thousands."""
    match = _NUMBER.search(cell)
    return re.sub(r"[\s'’]", "", match[0]).replace("−", "-") if match else ""


def day_of(cell: str, style: CellStyle) -> date | None:
    """Return the day in a cell; None if there is none, or it may be one of two."""
    text = cell.strip().strip('"')
    try:
        if match := _ISO.fullmatch(text):
            return date(int(match[1]), int(match[2]), int(match[3]))
        if match := _PLAIN.fullmatch(text):
            return _by_style(int(match[1]), int(match[2]), match[3], style)
        if match := _DAY_FIRST.fullmatch(text):
            return date(int(match[3]), _month(match[2]), int(match[1]))
        if match := _MONTH_FIRST.fullmatch(text):
            return date(int(match[3]), _month(match[1]), int(match[2]))
    except (ValueError, KeyError):
        return None
    return None


def _by_style(first: int, second: int, year: str, style: CellStyle) -> date | None:
    number = int(year) if len(year) == _WIDTH else 2000 + int(year)
    if style.day_first is None and first != second:
        return None
    return date(number, second, first) if style.day_first else date(number, first, second)


def _month(word: str) -> int:
    """Return the number of a month's name. Raises: KeyError for any other word."""
    name = word.casefold()
    return _MONTHS.get(name[:4]) or _MONTHS[name[:3]]


def amount_of(cell: str, style: CellStyle) -> int | None:
    """Return the amount in a cell in ten-thousandths, 0 for "--"; None without a number."""
    if cell.strip().strip("-–—− ") == "":
        return 0
    digits = _digits(cell)
    whole, decimal, part = digits.rpartition(style.decimal)
    if not decimal:
        whole, part = part, ""
    sign = -1 if digits.startswith("-") or (cell.strip().startswith("(") and cell.strip().endswith(")")) else 1
    whole = re.sub(r"[.,-]", "", whole)
    if not (whole + part).isdecimal():
        return None
    fraction = round(float(f"0.{part or 0}") * AMOUNT_UNIT)
    return sign * (int(whole or 0) * AMOUNT_UNIT + fraction)
