"""Numbers, amounts of money, days and times as the language in force writes them.

The facts are those of the Unicode CLDR, in conventions.json; tests compare the results with Babel's.
"""

import re
from datetime import date, datetime
from decimal import ROUND_HALF_EVEN, Decimal
from functools import cache

from service.i18n.languages import Language, current_language, load_language

SHORT_DAY = "short_day"
"""3 Nov"""

YEAR_DAY = "year_day"
"""3 Nov 2026"""

FULL_DAY = "full_day"
"""Tuesday, 3 November 2026"""

WEEKDAY = "weekday"
"""Tue 3 Nov"""

MONTH = "month"
"""November 2026"""

SHORT_MONTH = "short_month"
"""Nov 2026"""

_FIELDS = re.compile(r"'([^']*)'|([EMdy]+)|([^'EMdy]+)")
"""A quoted text, a field, or other signs of a CLDR pattern of a day."""

_GROUP_DIGITS = 3


def whole(value: float) -> str:
    """Return 12345 as 12,345."""
    return _grouped(f"{int(value):,}", current_language())


def decimal(value: float, digits: int) -> str:
    """Return 1234.5 as 1,234.5. digits: the fixed number of digits after the point."""
    return _grouped(f"{Decimal(str(value)):,.{digits}f}", current_language())


def percent(value: float, digits: int = 0) -> str:
    """Return 34.5 as 34.5%; the value is in percent."""
    return str(current_language().conventions["percent"]).replace("#", decimal(value, digits))


def money(amount: float | Decimal, currency: str, digits: int | None = None) -> str:
    """An amount with the sign of its currency, or its code where no sign is usual.

    currency: ISO 4217, "" where it is unknown. digits: after the point; None: two, or none for a whole amount.
    """
    value = Decimal(str(amount))
    places = digits if digits is not None else 0 if value == value.to_integral_value() else 2
    number = decimal(abs(float(value.quantize(Decimal(1).scaleb(-places), ROUND_HALF_EVEN))), places)
    sign = "-" if value < 0 else ""
    if not currency:
        return sign + number
    conventions = current_language().conventions
    symbol = conventions["currencies"].get(currency, currency)
    # A code is separated from the number; a sign is placed as in the pattern.
    gap = "\N{NO-BREAK SPACE}" if symbol.isalpha() and conventions["money"].startswith("¤#") else ""
    return sign + str(conventions["money"]).replace("¤", symbol + gap).replace("#", number)


def date_text(day: date, style: str = YEAR_DAY) -> str:
    """A day in one of the styles above."""
    language = current_language()
    conventions = language.conventions
    values = {
        "d": str(day.day),
        "y": str(day.year),
        "MMM": conventions["months"][day.month - 1],
        "MMMM": conventions["month_names"][day.month - 1],
        "E": conventions["days"][day.weekday()],
        "EEEE": conventions["day_names"][day.weekday()],
    }
    return "".join(values[part] if is_field else part for is_field, part in _parts(language.code, style))


def time_text(instant: datetime, *, seconds: bool = False) -> str:
    """Return 14:02, with seconds 14:02:05; all four languages use the 24-hour clock."""
    return instant.strftime("%H:%M:%S" if seconds else "%H:%M")


@cache
def _parts(code: str, style: str) -> tuple[tuple[bool, str], ...]:
    """The parts of a pattern: whether each is a field, and its text."""
    pattern = load_language(code).conventions["styles"][style]
    return tuple((bool(field), field or quoted or signs) for quoted, field, signs in _FIELDS.findall(pattern))


def _grouped(text: str, language: Language) -> str:
    """Return a number written as 1,234.5 with the language's own signs; ungrouped if it groups only longer ones."""
    if text.isdecimal():  # most numbers of a page have neither sign
        return text
    conventions = language.conventions
    digits = text.lstrip("-").partition(".")[0].replace(",", "")
    is_grouped = len(digits) >= _GROUP_DIGITS + conventions["min_group"]
    signs = str.maketrans({",": conventions["group"] if is_grouped else "", ".": conventions["decimal"]})
    return text.translate(signs)
