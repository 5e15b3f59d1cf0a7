"""Addresses, numbers and consent as people write them."""

import pytest
from email_validator import SPECIAL_USE_DOMAIN_NAMES, EmailNotValidError, validate_email
from hypothesis import example, given
from hypothesis import strategies as st

from service.capture.contact import read_contact, read_email, read_phone, says_yes


@pytest.mark.parametrize(
    ("typed", "read"),
    [
        ("Ann.Lee@Example.COM", "ann.lee@example.com"),
        ("mailto:ann@example.com", "ann@example.com"),
        ("ann+tour@example.co.uk", "ann+tour@example.co.uk"),
        ("ann@münchen.example", "ann@münchen.example"),
        ("zoë@example.com", "zoë@example.com"),
        ("ann@example", ""),
        ("ann@", ""),
        ("ann", ""),
        ("ann@exa mple.com", ""),
        ("ann@localhost", ""),
        ("a@b.com, c@d.com", ""),
        ("ann@example.com\nBcc: all@example.com", ""),
    ],
)
def test_an_address_is_read_or_not(typed: str, read: str) -> None:
    assert read_email(typed) == read


LETTERS = st.text("abXY019_+-.", min_size=1, max_size=40)
ENDINGS = st.sampled_from(["com", "co.uk", "Example", "x1", "1", "test", *SPECIAL_USE_DOMAIN_NAMES])


@example("a", "b", "arpa")
@given(LETTERS, LETTERS, ENDINGS)
def test_the_short_way_to_an_address_says_what_the_validator_says(name: str, host: str, ending: str) -> None:
    address = f"{name}@{host}.{ending}"
    try:
        valid = validate_email(address, check_deliverability=False, test_environment=True).normalized.lower()
    except EmailNotValidError:
        valid = ""

    assert read_email(address) == valid


@pytest.mark.parametrize(
    ("typed", "country", "read"),
    [
        ("+44 (0)20 7946 0142", "", "+442079460142"),
        ("020 7946 0142", "GB", "+442079460142"),
        ("0044 20 7946 0142", "", "+442079460142"),
        ("0044 20 7946 0142", "GB", "+442079460142"),
        ("030 901820", "DE", "+4930901820"),
        ("+1 415 555 2671", "GB", "+14155552671"),
        ("07700 900123", "", "07700 900123"),
        ("call me", "GB", "call me"),
        ("12", "GB", "12"),
    ],
)
def test_a_number_is_read_for_certain_or_kept(typed: str, country: str, read: str) -> None:
    assert read_phone(typed, country) == read


def test_a_full_name_is_made_of_its_parts_and_never_cut() -> None:
    assert read_contact({"first_name": "Ann", "last_name": "Lee"}, "").full_name == "Ann Lee"
    assert read_contact({"first_name": "Ann"}, "").full_name == "Ann"
    whole = read_contact({"full_name": "Ann de  Lee"}, "")
    assert (whole.full_name, whole.first_name, whole.last_name) == ("Ann de Lee", "", "")


@pytest.mark.parametrize("said", ["on", "1", "TRUE", "ja", "Sí", "tak", "I agree to the privacy policy.", ["0", "1"]])
def test_a_consent_is_a_yes_or_its_sentence(said: str | list[str]) -> None:
    assert says_yes(said)


@pytest.mark.parametrize("said", ["", "0", "no", "off", "false", "nein"])
def test_anything_else_is_no_consent(said: str) -> None:
    assert not says_yes(said)
