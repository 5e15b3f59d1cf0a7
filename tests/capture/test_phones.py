"""Phone numbers as people type them: with a country code where they are valid, else as typed."""

from itertools import combinations

import phonenumbers
import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.capture.fields.phones import Phone, is_phone, phone_key, read_phone
from tests.tables import each_row

LONDON = "+442079460142"


@each_row(
    ("typed", "country", "read"),
    [
        ("+44 (0)20 7946 0142", "", LONDON),
        ("(+44) 20 7946 0142", "", LONDON),
        ("+44.2079460142", "", LONDON),
        ("020 7946 0142", "GB", LONDON),
        ("020–7946–0142", "GB", LONDON),
        ("44 20 7946 0142", "GB", LONDON),
        ("0044 20 7946 0142", "", LONDON),
        ("0044 20 7946 0142", "GB", LONDON),
        ("0044 20 7946 0142", "US", LONDON),
        ("011 44 20 7946 0142", "US", LONDON),
        ("030 901820", "DE", "+4930901820"),
        ("030/901820", "DE", "+4930901820"),
        ("030 901820-12", "DE", "+493090182012"),
        ("+39 (0)6 1234 5678", "GB", "+390612345678"),
        ("+1 415 555 2671", "GB", "+14155552671"),
        ("٠٢٠ ٧٩٤٦ ٠١٤٢", "GB", LONDON),
        ("०२० ७९४६ ०१४२", "GB", LONDON),
        ("＋４４（０）２０ ７９４６ ０１４２", "", LONDON),
        ("Tel. 020 7946 0142", "GB", LONDON),
        ("tel:+44-20-7946-0142", "", LONDON),
        ("020 7946 0142 (mobile, after lunch)", "GB", LONDON),
        ("07700 900177", "GB", "+447700900177"),
        ("01632 960123", "GB", "+441632960123"),
        ("06 39 98 12 34", "FR", "+33639981234"),
    ],
)
def test_a_number_that_is_valid_has_its_country_code(typed: str, country: str, read: str) -> None:
    assert read_phone(typed, country) == Phone(read)
    assert is_phone(typed, country)


@each_row(
    ("typed", "country"),
    [
        ("07700 900123", ""),
        ("030 901820", "GB"),
        ("(212) 555-0142", "GB"),
        ("020 7946 0142", "FR"),
        ("01 42 68 53 00", "GB"),
        ("+44 30 901820", "GB"),
        ("+44 123", ""),
        ("+1234567", ""),
        ("0044 30 901820", "GB"),
        ("44 20 7946 0142", ""),
        ("020 7946 0142-12", "GB"),
        ("(212) 555-0142-12", "US"),
        ("020 7946 0142/3", "GB"),
        ("030 901820/1", "DE"),
        ("020 7946 0142 after 6pm", "GB"),
        ("020 7946 home", "GB"),
        ("020 7946 0142, " * 9, "GB"),
        ("call me", "GB"),
        ("1-800-FLOWERS", "US"),
        ("12", "GB"),
        ("", "GB"),
        ("1" * 100_000, "GB"),
    ],
)
def test_any_other_number_stays_as_it_was_typed(typed: str, country: str) -> None:
    assert read_phone(typed, country) == Phone(typed)
    assert not is_phone(typed, country)


@each_row(
    "typed",
    [
        *("020 7946 0142 x8135", "020 7946 0142x8135", "020 7946 0142 ext. 8135", "020 7946 0142, extension 8135"),
        *("020 7946 0142 (ext 8135)", "020 7946 0142 ext no. 8135", "020 7946 0142 #8135", "020 7946 0142,,8135#"),
        *("tel:+44-20-7946-0142;ext=8135", "+44 20 7946 0142 Durchwahl 8135", "+44 20 7946 0142 poste 8135"),
        *("+44 20 7946 0142 доб. 8135", "+44 20 7946 0142 内線8135", "+44 20 7946 0142 ramal: 8135"),
    ],
)
def test_an_extension_stands_beside_the_number(typed: str) -> None:
    assert read_phone(typed, "GB") == Phone(LONDON, "8135")


@each_row(
    ("typed", "read"),
    [
        ("020 7946 0142 / 07700 900177", LONDON),
        ("020 7946 0142/07700 900177", LONDON),
        ("020 7946 0142, 07700 900177", LONDON),
        ("020 7946 0142 - 07700 900177", LONDON),
        ("020 7946 0142 or 07700 900177", LONDON),
        ("+44 20 7946 0142 +44 7700 900177", LONDON),
        ("030 901820; 020 7946 0142", LONDON),
        ("home 020 7946 0142, work 030 901820", LONDON),
    ],
)
def test_of_several_numbers_the_first_valid_one_counts(typed: str, read: str) -> None:
    assert read_phone(typed, "GB") == Phone(read)


def test_a_number_with_two_readings_in_one_country_stays_as_it_was_typed() -> None:
    double = "49 171 3920012"  # a mobile number with Germany's 49 in front, and a number of the area 0491
    assert is_phone(f"+{double}")
    assert is_phone(f"0{double}", "DE")

    assert read_phone(double, "DE") == Phone(double)


EXAMPLES = sorted(
    {
        phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164): region
        for region in phonenumbers.SUPPORTED_REGIONS
        for kind in (phonenumbers.PhoneNumberType.FIXED_LINE, phonenumbers.PhoneNumberType.MOBILE)
        if (number := phonenumbers.example_number_for_type(region, kind)) and (number.national_number or 0) > 99_999
    }.items()
)


@pytest.mark.parametrize("written", ["INTERNATIONAL", "NATIONAL", "E164", "RFC3966"])
def test_a_number_of_any_country_is_read_as_its_people_write_it(written: str) -> None:
    formats = getattr(phonenumbers.PhoneNumberFormat, written)
    for e164, country in EXAMPLES:
        typed = phonenumbers.format_number(phonenumbers.parse(e164), formats)

        assert read_phone(typed, country).number == e164, (typed, country)


@given(
    st.text("0123456789 +-/().x#", max_size=30) | st.text(max_size=30), st.sampled_from(["", "GB", "DE", "US", "IT"])
)
def test_a_country_code_is_written_only_where_the_number_is_valid(typed: str, country: str) -> None:
    number = read_phone(typed, country).number

    assert number == typed or phonenumbers.is_valid_number(phonenumbers.parse(number)) or "4477009" in number


numbers = st.sampled_from([e164 for e164, _ in EXAMPLES])
extensions = st.just("") | st.text("0123456789", min_size=1, max_size=5)
noise = st.sampled_from([" ", "-", ".", " - ", "", "  "])


@given(numbers, extensions, st.lists(noise, min_size=16, max_size=16), st.sampled_from(["+", "00", "+ ", "(+", "00 "]))
def test_two_spellings_of_one_number_have_one_key(e164: str, extension: str, gaps: list[str], prefix: str) -> None:
    spaced = "".join(map("".join, zip(e164[1:], gaps, strict=False)))
    typed = prefix + spaced.rstrip(" -.") + (f" ext {extension}" if extension else "")

    assert phone_key(read_phone(typed, "GB")) == phone_key(Phone(e164, extension))
    assert phone_key(Phone(typed)) == phone_key(Phone(e164, extension))


@given(numbers, numbers, extensions, extensions)
def test_two_numbers_never_have_one_key(one: str, other: str, first: str, second: str) -> None:
    are_one = (one, first) == (other, second)

    assert (phone_key(Phone(one, first)) == phone_key(Phone(other, second))) == are_one


@each_row(
    "spellings",
    [
        ("+44 20 7946 0142", "0044 20 7946 0142", "(44) 20-7946-0142", LONDON, "442079460142"),
        ("020 7946 0142", "(020) 7946-0142", "02079460142", "020 7946 / 0142"),
        ("020 7946 0142 x12", "020 7946 0142 ext. 12", "02079460142 #12"),
        ("+44 123 45", "0044 12345"),
        ("020 7946 0142 After Six: 6pm", "020 7946  0142 after six: 6PM"),
    ],
    ids=lambda spellings: spellings[0],
)
def test_spellings_that_are_alike_have_one_key(spellings: tuple[str, ...]) -> None:
    keys = {phone_key(Phone(typed)) for typed in spellings}

    assert len(keys) == 1
    assert "" not in keys


DIFFERENT = (
    *("020 7946 0142", "020 7946 0142 x1", "020 7946 0142 x12", "020 7946 01421", "020 7946 014212", "020 7946 0142/1"),
    *("020 7946 0142, 1", "020 7946 0142 room 1", LONDON, "13862345678", "+13862345678", "0044 123", "44 123"),
    *("020 7946 0142 / 07700 900177", "020 7946 0143"),
)


@each_row(("one", "other"), [*combinations(DIFFERENT, 2)])
def test_what_may_be_another_number_has_another_key(one: str, other: str) -> None:
    assert phone_key(Phone(one)) != phone_key(Phone(other))


@each_row(
    "typed",
    ["", "n/a", "-", "12", "call me", "000000000", "1111111", "+11111111", "123456789", "0123456789", "9876543"],
)
def test_a_number_that_belongs_to_no_person_has_no_key(typed: str) -> None:
    assert phone_key(Phone(typed)) == ""


def test_no_country_writes_so_long_a_number_without_a_zero_in_front() -> None:
    for e164, _ in EXAMPLES:
        national = phonenumbers.format_number(phonenumbers.parse(e164), phonenumbers.PhoneNumberFormat.NATIONAL)
        digits = phonenumbers.normalize_digits_only(national)

        assert len(digits) < 12 or digits.startswith("0"), national
