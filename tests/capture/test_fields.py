"""Several answers to one question, answers to none, and what the operator says about names."""

from typing import Any
from urllib.parse import urlencode

import pytest

from service.capture.fields.contact import read_contact
from service.capture.fields.layout import lay_out
from service.capture.fields.reading import Incoming, read
from service.capture.parsing.texts import texts_of
from service.forms import Form
from tests.builders import a_form
from tests.tables import each_row

FORM = Form("tour")

NAMES: dict[str, tuple[dict[str, Any], dict[str, str]]] = {
    "name alone is the whole": ({"name": "Ann Lee"}, {"full_name": "Ann Lee"}),
    "nombre with apellidos": ({"nombre": "Ana", "apellidos": "Ruiz"}, {"first_name": "Ana", "last_name": "Ruiz"}),
    "nome with cognome": ({"nome": "Ugo", "cognome": "Riva"}, {"first_name": "Ugo", "last_name": "Riva"}),
    "Vorname with Name": ({"Vorname": "Eva", "Name": "Lang"}, {"first_name": "Eva", "last_name": "Lang"}),
    "prénom with nom": ({"prénom": "Zoé", "nom": "Roux"}, {"first_name": "Zoé", "last_name": "Roux"}),
    "name with an empty surname": ({"name": "Ann", "surname": ""}, {"first_name": "Ann"}),
    "all three": (
        {"name": "Ann Lee", "first_name": "Ann", "last_name": "Lee"},
        {"full_name": "Ann Lee", "first_name": "Ann", "last_name": "Lee"},
    ),
    "the nearer spelling": ({"product.name": "Hot desk", "your-name": "Ann"}, {"full_name": "Ann"}),
    "name parts in a list": ({"name": ["Ann", "Lee"]}, {"full_name": "Ann Lee"}),
    "a name that repeats the first name": (
        {"first_name": "Ann", "name": "Ann Lee"},
        {"full_name": "Ann Lee", "first_name": "Ann"},
    ),
    "a name that repeats the last name": (
        {"name": "Ann Lee", "surname": "Lee"},
        {"full_name": "Ann Lee", "last_name": "Lee"},
    ),
    "a product beside a first name": ({"user.first_name": "Ann", "product.name": "Hot desk"}, {"first_name": "Ann"}),
}

PARTS: dict[str, tuple[dict[str, Any], str]] = {
    "a particle": ({"Voornaam": "Anna", "Tussenvoegsel": "van der", "Achternaam": "Berg"}, "Anna van der Berg"),
    "a particle that came last": ({"Achternaam": "Berg", "Voornaam": "Anna", "Tussenvoegsel": "de"}, "Anna de Berg"),
    "initials": ({"Voorletters": "A.B.", "Tussenvoegsel": "van", "Naam": "Dijk"}, "A.B. van Dijk"),
    "two surnames": ({"Nombre": "Ana", "Primer apellido": "García", "Segundo apellido": "López"}, "Ana García López"),
    "a second surname first": ({"apellido materno": "Paz", "apellido paterno": "Gil", "nombre": "Eva"}, "Eva Gil Paz"),
    "a middle name": ({"last_name": "Lee", "middle_name": "May", "first_name": "Ann"}, "Ann May Lee"),
    "nested parts": ({"Name.First": "Ann", "Name.Middle": "M.", "Name.Last": "Lee"}, "Ann M. Lee"),
    "a suffix": ({"first_name": "Sam", "last_name": "Lee", "suffix": "Jr."}, "Sam Lee Jr."),
    "a suffix of the whole": ({"name": "Sam Lee", "suffix": "Jr."}, "Sam Lee Jr."),
    "an empty part": ({"Voornaam": "Anna", "Tussenvoegsel": "", "Achternaam": "Berg"}, "Anna Berg"),
    "a salutation": ({"Anrede": "Frau", "Vorname": "Eva", "Nachname": "Lang"}, "Eva Lang"),
}


@each_row("case", PARTS)
def test_parts_of_a_name_are_joined_in_the_order_of_the_name(case: str) -> None:
    answers, expected = PARTS[case]
    fields = lay_out(answers, FORM)

    assert read_contact(fields.known, "").full_name == expected
    assert fields.extras == {name: answer for name, answer in answers.items() if name == "Anrede"}


def test_a_part_that_fits_nowhere_stays_an_answer() -> None:
    fields = lay_out({"name": "Ann Lee", "middle_name": "May"}, FORM)

    assert (fields.known, fields.extras) == ({"full_name": "Ann Lee"}, {"middle_name": "May"})


NULLS: dict[str, tuple[dict[str, Any], str]] = {
    "a surname": ({"first_name": "Jennifer", "last_name": "Null"}, "Jennifer Null"),
    "in capitals": ({"first_name": "JENNIFER", "last_name": "NULL"}, "JENNIFER NULL"),
    "all in lower case": ({"first_name": "jennifer", "last_name": "null"}, "jennifer null"),
    "None": ({"Vorname": "Ann", "Name": "None"}, "Ann None"),
    "Nan": ({"first_name": "Ying", "last_name": "Nan", "phone": "n/a"}, "Ying Nan"),
    "whole": ({"name": "Jennifer Null"}, "Jennifer Null"),
    "of a script": ({"first_name": "Ann", "last_name": "null"}, "Ann"),
    "of a script that leaves more out": ({"first_name": "Ann", "last_name": "None", "phone": "None"}, "Ann"),
    "beside no first name": ({"first_name": "undefined", "last_name": "Null"}, ""),
    "nobody": ({"name": "undefined undefined"}, ""),
    "not known": ({"name": "N/A"}, ""),
}


@each_row("case", NULLS)
def test_null_is_a_surname_where_a_person_may_be_called_so(case: str) -> None:
    answers, expected = NULLS[case]

    assert read_contact(lay_out(answers, FORM).known, "").full_name == expected


QUOTED: dict[str, tuple[str, str]] = {
    "straight": ('"Ann Lee"', "Ann Lee"),
    "single": ("'Ann Lee'", "Ann Lee"),
    "single around an apostrophe": ("'Ann O'Brien'", "Ann O'Brien"),
    "typographic": ("“Ann Lee”", "Ann Lee"),
    "escaped": (r"\"Ann Lee\"", "Ann Lee"),
    "around nothing": ('""', ""),
    "within": ('Ann "Bo" Lee', 'Ann "Bo" Lee'),
    "two of them": ('"Ann" and "Bob"', '"Ann" and "Bob"'),
    "one only": ('"Ann Lee', '"Ann Lee'),
    "an apostrophe": ("'t Hooft", "'t Hooft"),
}


@each_row("name", ["message", "Whatever"])
@each_row("case", QUOTED)
def test_quotation_marks_of_a_template_are_taken_off(case: str, name: str) -> None:
    typed, expected = QUOTED[case]
    fields = lay_out({name: typed}, FORM)

    assert {**fields.known, **fields.extras}.get(name, "") == expected


@pytest.mark.parametrize("name", ["company", "phone", "name"])
def test_what_says_that_there_is_none_is_no_answer_and_kept(name: str) -> None:
    fields = lay_out({name: "n/a"}, FORM)

    assert (fields.known, fields.extras) == ({}, {name: "n/a"})


THANKS: dict[str, tuple[dict[str, Any], str]] = {
    "beside the person's": ({"success": "true", "message": ["Two desks", "<p>Thank you.</p>"]}, "Two desks"),
    "before the person's": ({"status": "mail_sent", "message": ["Thank you!", "Two desks"]}, "Two desks"),
    "under another name": ({"ok": "true", "message": "Thanks, we will be in touch", "comments": "A desk"}, "A desk"),
    "alone": ({"success": "true", "message": "Vielen Dank!"}, ""),
    "of a person": ({"message": "Thank you for the tour. Two desks?"}, "Thank you for the tour. Two desks?"),
    "of a person, in a tool's reply": ({"success": "true", "message": "Two desks"}, "Two desks"),
}


@each_row("case", THANKS)
def test_a_tools_own_words_are_no_message(case: str) -> None:
    answers, expected = THANKS[case]
    fields = lay_out(answers, FORM)

    assert fields.text("message") == expected
    assert all(text in [*fields.known.values(), *fields.extras.values()] for text in texts_of(answers["message"]))


def test_a_general_name_is_the_message_only_where_there_is_no_better() -> None:
    answers = {"textarea_1": "A desk", "description": "Tour", "your-message": "Two desks"}

    assert lay_out(answers, FORM).known == {"message": "Two desks"}
    assert lay_out({"textarea_1": "A desk"}, FORM).known == {"message": "A desk"}


def test_what_a_browser_says_of_itself_and_a_path_are_no_extras() -> None:
    fields = lay_out({"user_agent": "Mozilla/5.0", "_wp_http_referer": "/tour/"}, FORM)

    assert fields.extras == {}
    assert fields.controls["_form_control"] == [("user_agent", "Mozilla/5.0"), ("_wp_http_referer", "/tour/")]


@each_row("case", NAMES)
def test_names_are_settled_by_what_stands_beside_them(case: str) -> None:
    answers, expected = NAMES[case]
    known = lay_out(answers, FORM).known

    assert {key: known[key] for key in known if key.endswith("_name")} == expected


def test_a_preferred_name_is_not_another_full_name() -> None:
    fields = lay_out({"Preferred name": "Annie", "First name": "Ann", "Last name": "Lee"}, Form(name="tour"))

    assert "full_name" not in fields.known
    assert fields.extras == {"Preferred name": "Annie"}


def test_an_address_in_the_name_is_no_name() -> None:
    fields = lay_out({"name": "ann@example.com", "email": "ann@example.com"}, FORM)

    assert "full_name" not in fields.known
    assert fields.extras == {"name": "ann@example.com"}


def test_the_first_valid_address_wins_and_the_other_is_kept() -> None:
    fields = lay_out({"email": "ann@", "email_address": "ann@example.com", "email_1": "bob@example.com"}, FORM)

    assert fields.known["email"] == "ann@example.com"
    assert fields.extras == {"email": "ann@", "email_1": "bob@example.com"}


def test_a_confirmed_address_is_not_kept_twice() -> None:
    assert lay_out({"email": "ann@example.com", "email_1": "Ann@Example.com"}, FORM).extras == {}


def test_an_invalid_address_is_known_where_there_is_no_other() -> None:
    assert lay_out({"email": "ann@"}, FORM).known["email"] == "ann@"


def test_replyto_is_the_last_resort() -> None:
    both = lay_out({"_replyto": "relay@example.com", "email": "ann@example.com"}, FORM)

    assert both.known["email"] == "ann@example.com"
    assert lay_out({"_replyto": "ann@example.com"}, FORM).known["email"] == "ann@example.com"


@each_row(
    "text", ["", "undefined", "NULL", "none", "(not set)", "xxxxx", "{{contact.phone}}", "[your-phone]", "%phone%"]
)
def test_a_placeholder_counts_as_absent(text: str) -> None:
    fields = lay_out({"phone": text}, FORM)

    assert "phone" not in fields.known
    assert fields.submitted_as["phone"] == "phone"


def test_words_in_brackets_are_kept_as_an_extra() -> None:
    assert lay_out({"message": "[urgent: call me]"}, FORM).extras == {"message": "[urgent: call me]"}


def test_the_operators_mapping_wins() -> None:
    form = Form("tour", fields={"message": ("your-email-text",), "email": ("Contact (best)", "a[b]")})

    answers = {"your-email-text": "Hello", "contact (best)": "ann@example.com", "email": "bob@example.com"}

    fields = lay_out(answers, form)

    assert fields.known == {"message": "Hello", "email": "ann@example.com"}
    assert fields.extras == {"email": "bob@example.com"}


def test_the_operators_honeypot_is_a_control() -> None:
    fields = lay_out({"website": "spam", "email": "ann@example.com"}, Form("tour", honeypot="website"))

    assert fields.controls == {"_honeypot": [("website", "spam")]}


def test_what_has_no_place_is_an_extra_under_its_own_name() -> None:
    answers: dict[str, Any] = {
        "Job title": "CTO",
        "how_heard": "a friend",
        "Parking?": "yes",
        "title": "Ms",
        "blank": "",
    }

    fields = lay_out(answers, FORM)

    assert fields.extras == {"Job title": "CTO", "how_heard": "a friend", "Parking?": "yes", "title": "Ms"}


def test_a_page_that_is_no_address_stays_an_extra() -> None:
    fields = lay_out({"page": "2", "page_url": "https://www.example.com/tour"}, FORM)

    assert fields.known["page_url"] == "https://www.example.com/tour"
    assert fields.extras == {"page": "2"}


def test_several_ticks_stay_a_list() -> None:
    assert lay_out({"location": ["London", "Leeds"]}, FORM).known["location"] == ["London", "Leeds"]


GUESSES: dict[str, tuple[dict[str, Any], str, dict[str, str]]] = {
    "an address": ({"Reach me": "ann@example.com"}, "", {"email": "ann@example.com"}),
    "two addresses": ({"one": "ann@example.com", "two": "bob@example.com"}, "", {}),
    "the same address twice": ({"one": "ann@example.com", "two": "Ann@Example.com"}, "", {"email": "ann@example.com"}),
    "an address within prose": ({"q1": "write to ann@example.com please"}, "", {}),
    "a number": ({"q1": "020 7946 0142"}, "", {"phone": "020 7946 0142"}),
    "a number with a country code": ({"q1": "+442079460142"}, "", {"phone": "+442079460142"}),
    "grouped digits": ({"q1": "555-867-5309"}, "", {"phone": "555-867-5309"}),
    "local digits where they exist": ({"q1": "2079460142"}, "GB", {"phone": "2079460142"}),
    "local digits of nowhere": ({"q1": "2079460142"}, "", {}),
    "a time stamp": ({"q1": "1790000000000"}, "GB", {}),
    "a date": ({"q1": "2027-01-15"}, "DK", {}),
    "a German date": ({"q1": "15.01.2027"}, "DK", {}),
    "a range": ({"q1": "1000 - 2000"}, "", {}),
    "too few digits": ({"q1": "+12 34"}, "", {}),
    "too many digits": ({"q1": "+1234567890123456"}, "", {}),
    "a field that means something else": ({"budget": "020 7946 0142", "postcode": "0207 9460142"}, "", {}),
}


@each_row("case", GUESSES)
def test_a_guess_is_made_only_where_it_is_safe(case: str) -> None:
    answers, country, expected = GUESSES[case]
    known = lay_out(answers, Form("tour", country=country)).known

    assert {key: known[key] for key in ("email", "phone") if key in known} == expected


def test_a_guess_is_marked_and_its_answer_stays() -> None:
    fields = lay_out({"Reach me": "ann@example.com"}, FORM)

    assert fields.extras == {"Reach me": "ann@example.com", "email (guessed)": 'from "Reach me"'}


def test_the_owner_of_a_guessed_address_is_the_person() -> None:
    answers = {"xyz.name": "Ann Lee", "xyz.email": "ann@example.com", "xyz.phone": "020 7946 0142", "abc.name": "Acme"}
    known = lay_out(answers, FORM).known

    assert known == {"full_name": "Ann Lee", "email": "ann@example.com", "phone": "020 7946 0142"}
    assert "full_name" not in lay_out({**answers, "email": "bob@example.com"}, FORM).known


def test_an_orders_number_is_no_name() -> None:
    assert lay_out({"name": "#1001", "billing.name": "Ann Lee"}, FORM).known == {"full_name": "Ann Lee"}


def test_nothing_is_guessed_where_it_was_given() -> None:
    assert "email (guessed)" not in lay_out({"email": "ann@example.com", "other": "bob@example.com"}, FORM).extras


def test_an_address_of_the_net_has_a_place_of_its_own() -> None:
    fields = lay_out({"email": "ann@example.com", "Remote IP": "198.51.100.7"}, FORM)

    assert (fields.text("ip_address"), fields.extras) == ("198.51.100.7", {})


def test_names_tell_by_which_name_an_answer_came() -> None:
    fields = lay_out(
        {"E-Mail-Adresse": "ann@example.com", "message": "Hi", "UTM Source": "bing", "Beruf": "Bäcker"}, FORM
    )

    assert fields.names == {"email": "E-Mail-Adresse", "utm_source": "UTM Source"}


def test_a_prefix_that_a_guessed_address_bears_is_taken_off_its_neighbours() -> None:
    fields = lay_out({"zq_email": "ann@example.com", "zq_name": "Ann Lee", "zq_message": "A desk?"}, Form(name="tour"))

    assert (fields.text("full_name"), fields.text("message")) == ("Ann Lee", "A desk?")


@each_row(
    ("answers", "phone"),
    [
        ({"phone": "171 3920012", "dial_code": "+49"}, "+491713920012"),
        ({"phone": "0171 3920012", "phone_country_code": "49"}, "+491713920012"),
        ({"phone[country]": "0044", "phone[area]": "20", "phone[number]": "7946 0142"}, "+442079460142"),
        ({"Vorwahl": "030", "Telefon": "901820"}, "+4930901820"),
        ({"phone": "+44 20 7946 0142", "dial_code": "49"}, "+442079460142"),
        ({"phone": "030 901820", "phone_country_code": "DE"}, "+4930901820"),
        ({"phone": "030 901820", "dial_code": ""}, "+4930901820"),
    ],
)
def test_a_phone_number_in_parts_is_one_number(answers: dict[str, str], phone: str) -> None:
    body = urlencode(answers).encode()

    reading = read(Incoming(body, "application/x-www-form-urlencoded"), a_form(country="DE"))

    assert reading.submission.contact.phone == phone
    assert "location" not in reading.submission.fields
