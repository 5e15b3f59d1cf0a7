"""Addresses, numbers and consent as people write them."""

import unicodedata
from urllib.parse import unquote

from email_validator import SPECIAL_USE_DOMAIN_NAMES, EmailNotValidError, validate_email
from hypothesis import example, given
from hypothesis import strategies as st

from service.capture.dedup import person_key
from service.capture.fields.contact import Mailbox, read_contact, read_email, read_mailbox, says_yes, settle_contact
from service.lead import Contact
from tests.tables import each_row


@each_row(
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
        ("ann@example.com\nBcc: all@example.com", ""),
        ("ann lee@example.com", ""),
        ("<ann lee@example.com>", ""),
        ("ann@gmail, com", ""),
        ("ann@client,example", ""),
        ("write to ann@example.com please", ""),
        ("mailto:", ""),
        ("<>", ""),
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


@each_row(
    "typed",
    [
        *("MAILTO:ann@x.example", "Mailto: ann@x.example", "SMTP:Ann@X.example", "E-mail: ann@x.example"),
        *("<ann@x.example>", "(ann@x.example)", "'ann@x.example'", "“ann@x.example”", "«ann@x.example»"),
        *(" ann@x.example ", "\u200bann@x.example\ufeff", "ann@x.example\n", "\xa0ann@x.example"),
        *("ann@x.example,", "ann@x.example.", "ann@x.example;", "ann@x.example!", ";ann@x.example"),
        *("ann＠x.example", "ａｎｎ＠ｘ．ｅｘａｍｐｌｅ", "ann@x。example", "mailto:ann%40x.example"),
        *("<mailto:ann@x.example|ann@x.example>", "ann@x.example <mailto:ann@x.example>"),
        *("[ann@x.example](mailto:ann@x.example)", "ann@x.example <ann@x.example>", "<ann@x.example"),
    ],
)
def test_what_programs_put_around_an_address_is_taken_off(typed: str) -> None:
    assert read_mailbox(typed) == Mailbox("ann@x.example")


@each_row(
    ("typed", "name"),
    [
        ("Ann Lee <ann@x.example>", "Ann Lee"),
        ('"Lee, Ann" <Ann@X.example>', "Lee, Ann"),
        ("Zoë O'Brien <mailto:ann@x.example>", "Zoë O'Brien"),
        ("Ann Lee (ann@x.example)", "Ann Lee"),
        ("E-Mail <ann@x.example>", ""),
        ("=?utf-8?q?Ann?= <ann@x.example>", ""),
        ("bob@x.example <ann@x.example>", ""),
    ],
)
def test_a_name_in_front_of_an_address_is_its_name(typed: str, name: str) -> None:
    assert read_mailbox(typed)[:2] == ("ann@x.example", name)


@each_row(
    ("typed", "first"),
    [
        ("a@b.com, c@d.com", "a@b.com"),
        ("a@b.com;c@d.com", "a@b.com"),
        ("a@b.com c@d.com", "a@b.com"),
        ("a@b.com / c@d.com", "a@b.com"),
        ("a@, c@d.com", "c@d.com"),
        ("Ann <a@b.com>, Bob <c@d.com>", "a@b.com"),
        ("mailto:a@b.com?cc=c@d.com&subject=A tour", "a@b.com"),
        ("a@b.com (not c, she left)", "a@b.com"),
    ],
)
def test_of_several_addresses_the_first_valid_one_counts_and_more_is_known(typed: str, first: str) -> None:
    mailbox = read_mailbox(typed)

    assert (mailbox.address, mailbox.is_all) == (first, False)


@given(st.text("a@b.com <>()[]\"',;:|%?=4 ＠mailto", max_size=60) | st.text(max_size=60))
def test_an_address_is_never_made_up(typed: str) -> None:
    address = read_email(typed)

    assert read_email(address) == address
    letters = iter("".join(filter(str.isalnum, unquote(unicodedata.normalize("NFKC", typed)).casefold())))
    assert all(letter in letters for letter in filter(str.isalnum, address.casefold()))


def test_a_full_name_is_made_of_its_parts_and_never_cut() -> None:
    assert read_contact({"first_name": "Ann", "last_name": "Lee"}, "").full_name == "Ann Lee"
    assert read_contact({"first_name": "Ann"}, "").full_name == "Ann"
    whole = read_contact({"full_name": "Ann de  Lee"}, "")
    assert (whole.full_name, whole.first_name, whole.last_name) == ("Ann de Lee", "", "")


def test_the_extension_stands_beside_the_number() -> None:
    contact = read_contact({"phone": "020 7946 0142 x8135"}, "GB")

    assert (contact.phone, contact.extension) == ("+442079460142", "8135")


SETTLED: dict[str, tuple[dict[str, str], dict[str, str], dict[str, str]]] = {
    "the address alone": (
        {"email": "mailto:ann@x.example"}, {"email": "ann@x.example"}, {},
    ),
    "a name where none was given": (
        {"email": "Ann Lee <ann@x.example>"}, {"email": "ann@x.example", "full_name": "Ann Lee"}, {},
    ),
    "the name that was given": (
        {"email": "Ann Lee <ann@x.example>", "full_name": "Ann Lee"},
        {"email": "ann@x.example", "full_name": "Ann Lee"},
        {},
    ),
    "another name than was given": (
        {"email": "Lee Ltd <ann@x.example>", "first_name": "Ann"},
        {"email": "ann@x.example", "first_name": "Ann"},
        {"email (as typed)": "Lee Ltd <ann@x.example>"},
    ),
    "two addresses": (
        {"email": "ann@x.example, bob@x.example"},
        {"email": "ann@x.example"},
        {"email (as typed)": "ann@x.example, bob@x.example"},
    ),
    "no address": ({"email": "ann@"}, {"email": "ann@"}, {}),
}  # fmt: skip


@each_row("case", SETTLED)
def test_what_stood_beside_an_address_is_kept(case: str) -> None:
    typed, fields, extras = SETTLED[case]
    settled, beside = dict[str, str | list[str]](typed), dict[str, str | list[str]]()

    settle_contact(settled, beside, "")

    assert (settled, beside) == (fields, extras)


@each_row(
    ("contact", "key"),
    [
        (Contact("Ann@X.Example", phone="+442079460142"), "ann@x.example"),
        (Contact("a.n.n+tour@x.example"), "a.n.n+tour@x.example"),
        (Contact("STRASSE@x.example"), "strasse@x.example"),
        (Contact(phone="+442079460142"), "+442079460142"),
        (Contact(phone="0044 20 7946 0142"), "+442079460142"),
        (Contact(phone="+442079460142", extension="12"), "+442079460142x12"),
        (Contact(phone="020 7946 0142"), "02079460142"),
        (Contact(phone="call me"), ""),
        (Contact(full_name="Ann Lee", company="Lee Ltd"), ""),
    ],
)
def test_a_person_is_known_by_the_address_else_by_the_number(contact: Contact, key: str) -> None:
    assert person_key(contact) == key


@each_row("consent", ["on", "1", "TRUE", "ja", "Sí", "tak", "I agree to the privacy policy.", ["0", "1"]])
def test_a_consent_is_a_yes_or_its_sentence(consent: str | list[str]) -> None:
    assert says_yes(consent)


@each_row("consent", ["", "0", "no", "off", "false", "nein"])
def test_anything_else_is_no_consent(consent: str) -> None:
    assert not says_yes(consent)
