"""Several answers to one question, answers to none, and what the operator says about names."""

from typing import Any

import pytest

from service.capture.fields import lay_out
from service.forms import Form

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
}


@pytest.mark.parametrize("case", NAMES)
def test_names_are_settled_by_what_stands_beside_them(case: str) -> None:
    answers, expected = NAMES[case]
    known = lay_out(answers, FORM).known

    assert {key: known[key] for key in known if key.endswith("_name")} == expected


def test_an_address_in_the_name_is_no_name() -> None:
    found = lay_out({"name": "ann@example.com", "email": "ann@example.com"}, FORM)

    assert "full_name" not in found.known
    assert found.extras == {"name": "ann@example.com"}


def test_the_first_valid_address_wins_and_the_other_is_kept() -> None:
    found = lay_out({"email": "ann@", "email_address": "ann@example.com", "email_1": "bob@example.com"}, FORM)

    assert found.known["email"] == "ann@example.com"
    assert found.extras == {"email": "ann@", "email_1": "bob@example.com"}


def test_a_confirmed_address_is_not_kept_twice() -> None:
    assert lay_out({"email": "ann@example.com", "email_1": "Ann@Example.com"}, FORM).extras == {}


def test_an_invalid_address_is_known_where_there_is_no_other() -> None:
    assert lay_out({"email": "ann@"}, FORM).known["email"] == "ann@"


def test_replyto_is_the_last_resort() -> None:
    both = lay_out({"_replyto": "relay@example.com", "email": "ann@example.com"}, FORM)

    assert both.known["email"] == "ann@example.com"
    assert lay_out({"_replyto": "ann@example.com"}, FORM).known["email"] == "ann@example.com"


@pytest.mark.parametrize(
    "text", ["", "undefined", "NULL", "none", "(not set)", "xxxxx", "{{contact.phone}}", "[your-phone]", "%phone%"]
)
def test_a_placeholder_counts_as_absent(text: str) -> None:
    found = lay_out({"phone": text}, FORM)

    assert "phone" not in found.known
    assert found.asked["phone"] == "phone"


def test_words_in_brackets_are_kept_as_an_extra() -> None:
    assert lay_out({"message": "[urgent: call me]"}, FORM).extras == {"message": "[urgent: call me]"}


def test_the_operators_mapping_wins() -> None:
    form = Form("tour", fields={"message": ("your-email-text",), "email": ("Contact (best)", "a[b]")})

    found = lay_out({"your-email-text": "Hello", "contact (best)": "ann@example.com", "email": "bob@example.com"}, form)

    assert found.known == {"message": "Hello", "email": "ann@example.com"}
    assert found.extras == {"email": "bob@example.com"}


def test_the_operators_honeypot_is_a_control() -> None:
    found = lay_out({"website": "spam", "email": "ann@example.com"}, Form("tour", honeypot="website"))

    assert found.controls == {"_honeypot": [("website", "spam")]}


def test_what_has_no_place_is_an_extra_under_its_own_name() -> None:
    answers: dict[str, Any] = {
        "Job title": "CTO",
        "how_heard": "a friend",
        "Parking?": "yes",
        "title": "Ms",
        "blank": "",
    }

    found = lay_out(answers, FORM)

    assert found.extras == {"Job title": "CTO", "how_heard": "a friend", "Parking?": "yes", "title": "Ms"}


def test_a_page_that_is_no_address_stays_an_extra() -> None:
    found = lay_out({"page": "2", "page_url": "https://www.example.com/tour"}, FORM)

    assert found.known["page_url"] == "https://www.example.com/tour"
    assert found.extras == {"page": "2"}


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


@pytest.mark.parametrize("case", GUESSES)
def test_a_guess_is_made_only_where_it_is_safe(case: str) -> None:
    answers, country, expected = GUESSES[case]
    known = lay_out(answers, Form("tour", country=country)).known

    assert {key: known[key] for key in ("email", "phone") if key in known} == expected


def test_a_guess_is_marked_and_its_answer_stays() -> None:
    found = lay_out({"Reach me": "ann@example.com"}, FORM)

    assert found.extras == {"Reach me": "ann@example.com", "email (guessed)": 'from "Reach me"'}


def test_nothing_is_guessed_where_it_was_given() -> None:
    assert "email (guessed)" not in lay_out({"email": "ann@example.com", "other": "bob@example.com"}, FORM).extras


def test_an_address_of_the_net_has_a_place_of_its_own() -> None:
    found = lay_out({"email": "ann@example.com", "Remote IP": "198.51.100.7"}, FORM)

    assert (found.text("ip_address"), found.extras) == ("198.51.100.7", {})


def test_names_tell_by_which_name_an_answer_came() -> None:
    found = lay_out(
        {"E-Mail-Adresse": "ann@example.com", "message": "Hi", "UTM Source": "bing", "Beruf": "Bäcker"}, FORM
    )

    assert found.names == {"email": "E-Mail-Adresse", "utm_source": "UTM Source"}
