"""A number without a name: what people dial is found, what programs count is not."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.capture.fields.guesses import guess_email, guess_phone
from tests.tables import each_row

COUNTRIES = ["", "GB", "US", "DE", "DK", "BR", "IN"]


@each_row(
    ("answer", "country"),
    [
        ("020 7946 0142", "GB"),
        ("020 7946 0142", ""),
        ("02079460142", ""),
        ("2079460142", "GB"),
        ("442079460142", "GB"),
        ("+442079460142", ""),
        ("+44.2079460142", "US"),
        ("00442079460142", ""),
        ("+33 (0)1 42 68 53 00", "GB"),
        ("0033 (0)1 42 68 53 00", ""),
        ("07700 900177", "GB"),
        ("030 901820", "GB"),
        ("030/901820", "DE"),
        ("02139-1234", "DE"),
        ("(212) 555-0142", ""),
        ("212-555-0142", "US"),
        ("555-867-5309", ""),
        ("01.42.68.53.00", ""),
        ("01.12.08.53.00", "FR"),
        ("612 345 678", "ES"),
        ("20 70 12 34", "DK"),
    ],
)
def test_a_number_that_people_dial_is_found(answer: str, country: str) -> None:
    assert guess_phone({"field_7a2b": answer}, country) == "field_7a2b"


@each_row("country", COUNTRIES)
@each_row(
    "answer",
    [
        *("1764435600", "1764435600123", "1764435600.123", "1764435600123.5"),
        *("20270115", "20270115103000", "2027-01-15 10.30", "15.01.2027 10.30", "15.01.2027 - 20.01.2027"),
        *("192.168.100.200", "81.2.69.142", "10.20.30.40/24", "2001:db8::8a2e:370:7334", "::ffff:192.0.2.128"),
        *("51.5073509", "51.5074 -0.1278", "+51.5074 -0.1278", "-0.1277583"),
        *("1234567.00", "1.234.567", "12.345.678", "1 234 567", "1,234,567.00", "10.000 - 20.000"),
        *("94105-1234", "01310-100", "100-0001", "EC1A 1BB"),
        *("978-3-16-148410-0", "9780306406157", "0012345678905", "00012345", "0001234567", "2024-000123"),
        *("4111 1111 1111 1111", "3782 822463 10005", "+12 34", "+1234567", "10.0.17763.1"),
    ],
)
def test_a_time_an_address_of_the_net_a_price_or_an_id_is_no_number(answer: str, country: str) -> None:
    assert guess_phone({"q1": answer}, country) == ""


@given(st.floats(1e9, 1999999999.0), st.sampled_from([1, 1000]), st.sampled_from(COUNTRIES))
def test_no_unix_time_is_a_number(at: float, units: int, country: str) -> None:
    for answer in (str(int(at * units)), f"{at * units:.3f}"):
        assert guess_phone({"sent": answer}, country) == ""


@given(st.ip_addresses(), st.sampled_from(COUNTRIES))
def test_no_address_of_the_net_is_a_number(address: object, country: str) -> None:
    assert guess_phone({"client": str(address)}, country) == ""


@each_row("name", ["order_id", "orderId", "meta.customer_number", "Tax number", "Bestellnummer", "ip"])
def test_an_answer_that_is_called_an_id_is_no_number(name: str) -> None:
    assert guess_phone({name: "020 7946 0142"}, "GB") == ""


def test_two_numbers_are_not_chosen_from() -> None:
    assert guess_phone({"q1": "020 7946 0142", "q2": "07700 900177"}, "GB") == ""
    assert guess_phone({"q1": "020 7946 0142", "created": "1764435600"}, "GB") == "q1"


@pytest.mark.parametrize(
    ("answer", "name"),
    [
        ("ann@example.com", "q1"),
        ("Ann Lee <ann@example.com>", "q1"),
        ("ann@example.com, bob@example.com", ""),
        ("mail ann@example.com", ""),
    ],
)
def test_an_address_is_found_where_it_is_the_only_one(answer: str, name: str) -> None:
    assert guess_email({"q1": answer}) == name
