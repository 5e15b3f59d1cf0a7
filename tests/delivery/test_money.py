"""Amounts as people answer them: read where they are certain, else not at all."""

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from service.delivery.money import MAX_AMOUNT, read_amount
from tests.tables import each_row

READ = [
    *(("450", 450.0), ("£450", 450.0), ("1.200 EUR", 1200.0), ("1,200", 1200.0), ("1.200,50 €", 1200.5)),
    *(("€1,200.50", 1200.5), ("1'200 CHF", 1200.0), ("1 200 €", 1200.0), ("1,00,000", 100000.0), ("450,-", 450.0)),
    *(("450-600 pcm", 450.0), ("£450 – £600", 450.0), ("zwischen 400 und 600 Euro", 400.0), ("5-10k", 5000.0)),
    *(("£1.5k", 1500.0), ("up to £500", 500.0), ("500+", 500.0), ("about 450 a month", 450.0), ("450 / Monat", 450.0)),
    *(("100 000", 100000.0), ("1 200 000", 1200000.0), ("0-500", 0.0), ("0,50", 0.5)),
    *(("£450 (ex VAT)", 450.0), ("0", 0.0), ("GBP 450.00", 450.0)),
]
UNREAD = [
    *("", "abc", "£", "-450", "6 months", "3 people", "2 x 450", "10%", "1e9", "12.34.56", "1,200.500"),
    *("02079460142", "0301234567", "0.450", "1.200k", "450 600", "10-20.000", "2-3000"),
    *("€450 - £600", "99999999999", "03/04/2027", "020 7946 0142", "£450 for 3 desks", "450 " * 30),
]


@each_row(("answer", "amount"), READ)
def test_an_amount_that_is_certain_is_read(answer: str, amount: float) -> None:
    assert read_amount(answer, "") == amount


@each_row("answer", UNREAD)
def test_an_amount_that_is_not_certain_is_none(answer: str) -> None:
    assert read_amount(answer, "") is None


@each_row(
    ("answer", "country", "is_read"),
    [
        *(("£450", "GB", True), ("€450", "GB", False), ("€450", "DE", True), ("£450", "DE", False)),
        *(("$450", "US", True), ("$450", "GB", False), ("450 SEK", "SE", True), ("450 SEK", "NO", False)),
        *(("450 kr", "NO", True), ("450", "GB", True), ("450 CHF", "LI", True)),
    ],
)
def test_another_country_s_money_is_no_amount_of_ours(answer: str, country: str, is_read: bool) -> None:
    assert (read_amount(answer, country) is not None) is is_read


@settings(deadline=None, max_examples=100)
@given(st.text(alphabet="0123456789.,'’ -–k€£$+ abdeinoprtux/()", max_size=60))
def test_any_answer_is_an_amount_within_bounds_or_none(answer: str) -> None:
    amount = read_amount(answer, "")

    assert amount is None or 0 <= amount <= MAX_AMOUNT


@pytest.mark.parametrize(
    "answer", ["450" + "/m" * 28 + "!x", "450" + " per m" * 9 + " pe", "ca. " * 14 + "x", "450" + "pm" * 28]
)
def test_no_answer_takes_long(answer: str) -> None:
    began = time.thread_time()

    assert read_amount(answer, "") is None
    assert time.thread_time() - began < 1
