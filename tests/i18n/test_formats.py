"""Numbers, money and days are written as Babel writes them from the same facts."""

from collections.abc import Iterator
from datetime import date

import pytest
from babel.dates import format_date, format_skeleton
from babel.numbers import format_currency, format_decimal, format_percent

from service.i18n import FULL_DAY, SHORT_DAY, WEEKDAY, YEAR_DAY, date_text, decimal, money, percent, set_language, whole
from tests.messages import LOCALES
from tests.tables import each_row


@pytest.fixture(params=LOCALES)
def locale(request: pytest.FixtureRequest) -> Iterator[str]:
    """Each language in force, as the locale it follows."""
    set_language(request.param)
    yield LOCALES[request.param]
    set_language("en")


@each_row("number", [0, 7, 999, -12345, 1234567])
def test_a_whole_number(locale: str, number: int) -> None:
    assert whole(number) == format_decimal(number, locale=locale)


@each_row("number", [0.5, 12.34, 98765.4])
def test_a_number_with_a_decimal_and_a_share(locale: str, number: float) -> None:
    assert decimal(number, 1) == format_decimal(number, "#,##0.0", locale=locale)
    assert percent(number) == format_percent(round(number) / 100, locale=locale)


def test_spanish_groups_only_five_digits_and_more() -> None:
    set_language("es")
    texts = whole(1234), whole(12345), money(1234.5, "EUR")
    set_language("en")

    assert texts == ("1234", "12.345", "1234,50\N{NO-BREAK SPACE}€")


@each_row("currency", ["GBP", "EUR", "USD", "CHF"])
@each_row("amount", [0.5, 98765.43])
def test_an_amount_of_money(locale: str, amount: float, currency: str) -> None:
    """Babel leaves out the CLDR's space between a code and the number after it: CHF 0.50."""
    expected = format_currency(amount, currency, locale=locale)

    assert money(amount, currency) == expected.replace("CHF0", "CHF\N{NO-BREAK SPACE}0").replace(
        "CHF9", "CHF\N{NO-BREAK SPACE}9"
    )


def test_an_amount_without_pence_has_none_and_without_a_currency_no_sign() -> None:
    assert money(1200, "GBP") == "£1,200"
    assert money(-0.5, "") == "-0.50"


@each_row("day", [date(2026, month, month + 1) for month in range(1, 13)], ids=str)
def test_a_day(locale: str, day: date) -> None:
    assert date_text(day, FULL_DAY) == format_date(day, "full", locale=locale)
    for style, skeleton in ((SHORT_DAY, "MMMd"), (YEAR_DAY, "yMMMd"), (WEEKDAY, "MMMEd")):
        assert date_text(day, style) == format_skeleton(skeleton, day, locale=locale)
