"""What the forms file makes of a lead's answers, in the bodies that are sent."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from service.delivery import translate
from service.delivery.translate import MAX_FILLED_CHARS, Target, expected_value, follow_up, origins
from service.forms import AmountTable, AnswerAmount, AnswerDate, ContactRule, Destination, Form
from service.lead import Contact, CoworkerId, Lead, marker_of
from service.nexudus import coworkers, opportunities
from tests.builders import NOON, a_form, a_lead, a_submission
from tests.tables import each_row

TARGET = Target(stage_id=1001, business_id=55, country_id=1, time_zone_id=2)
FLOOR = {"floor": "3rd"}


def saying(extras: dict[str, Any] | None = None, **fields: Any) -> Lead:
    """A lead with these answers."""
    return a_lead(submission=a_submission(fields=fields, extras=extras or {}))


def opportunity(lead: Lead, **destination: Any) -> dict[str, Any]:
    """The body of an opportunity."""
    form = a_form(destination=Destination(**destination))
    return opportunities.compose(translate.opportunity(lead, form, TARGET, CoworkerId(77)))


def coworker(lead: Lead, **rule: Any) -> dict[str, Any]:
    """The body of a contact."""
    return coworkers.compose(translate.coworker(lead, a_form(contact=ContactRule(**rule)), TARGET))


def test_custom_fields_are_sent_as_the_crm_documents_them() -> None:
    body = opportunity(saying(FLOOR), custom={"Floor": "{floor}", "1234": "web", "Parking": "{parking}"})

    assert body["CustomFields"] == {
        "Data": [
            {"Name": "Floor", "Value": "3rd", "Type": "string"},
            {"Name": "1234", "Value": "web", "Type": "string"},
        ]
    }


def test_a_contact_gets_its_custom_fields_and_additions() -> None:
    body = coworker(saying(FLOOR), custom={"Floor": "{floor}"}, extra={"Custom1": "Floor {floor}", "CityName": "{x}"})

    assert body["CustomFields"]["Data"] == [{"Name": "Floor", "Value": "3rd", "Type": "string"}]
    assert body["Custom1"] == "Floor 3rd"
    assert "CityName" not in body


@pytest.mark.parametrize("body", [opportunity, coworker])
def test_no_answer_leaves_no_custom_fields(body: Any) -> None:
    assert "CustomFields" not in body(saying(), custom={"Floor": "Floor: {floor}"})


def test_additions_are_filled_at_any_depth_and_literals_stay() -> None:
    extra = {
        "A": "{floor} {{x}}",
        "B": {"c": ["{floor}", "{gone}", 5]},
        "C": "{gone}",
        "D": ["{gone}"],
        "E": "",
        "F": [],
    }

    body = opportunity(saying(FLOOR), extra=extra)

    assert {name: body.get(name) for name in extra} == {
        "A": "3rd {x}",
        "B": {"c": ["3rd", 5]},
        "C": None,
        "D": None,
        "E": "",
        "F": [],
    }


@pytest.mark.parametrize("name", ["floor", "Floor", "FLOOR_", "Which floor?"])
def test_an_answer_is_found_however_its_name_was_sent(name: str) -> None:
    form = a_form(fields={"team_size": ("Which floor?",)}, destination=Destination(custom={"F": f"{{{name}}}"}))
    lead = saying({"floor": "3rd"}, team_size="3rd")

    assert translate.opportunity(lead, form, TARGET, CoworkerId(77)).custom == {"F": "3rd"}


def test_the_answer_as_it_was_read_counts_and_a_name_is_no_address() -> None:
    contact = Contact("ada@example.com", phone="+442079460142")
    lead = a_lead(submission=a_submission(contact=contact, fields={"phone": "020 7946 0142"}))

    body = opportunity(lead, name="{full_name}", custom={"Phone": "{phone}", "Who": "{full_name}"})

    assert body["Name"] == "ada@example.com"
    assert body["CustomFields"]["Data"] == [{"Name": "Phone", "Value": "+442079460142", "Type": "string"}]


def test_what_a_stranger_wrote_is_harmless_and_cut() -> None:
    lead = saying({"floor": "<b>\x00\x1b" + "x" * 5000})

    body = opportunity(lead, custom={"F": "{floor}"}, extra={"G": "{floor}"})

    [custom] = body["CustomFields"]["Data"]
    assert custom["Value"].startswith("< b>x")
    assert len(custom["Value"]) <= MAX_FILLED_CHARS
    assert len(body["G"]) <= MAX_FILLED_CHARS


def test_no_answer_makes_the_name_markup() -> None:
    body = opportunity(saying(team_size="<b>9</b>"), name="Tour {team_size} <3")

    assert body["Name"] == "Tour < b>9< /b> <3"


def test_a_long_answer_is_cut_to_the_contact_s_field_and_parks_no_lead() -> None:
    body = coworker(saying({"zip": "9" * 400}), extra={"PostCode": "{zip}"})

    assert len(body["PostCode"]) == 50


def test_words_of_the_form_stand_in_front_of_the_message() -> None:
    lead = saying(FLOOR, message="Hello")

    notes = opportunity(lead, notes_prefix="Floor: {floor}\nParking: {parking}")["Notes"]

    assert notes.startswith("Floor: 3rd\n\nHello\n\n")


VALUE = [
    (450.0, {}, 450.0),
    (AnswerAmount("budget"), {"budget": "1.200 EUR"}, 1200.0),
    (AnswerAmount("budget"), {"budget": "a lot"}, None),
    (AnswerAmount("budget"), {}, None),
    (AmountTable("team_size", (("1", 300.0), ("2-5", 900.0))), {"team_size": "4"}, 900.0),
    (AmountTable("team_size", (("1", 300.0), ("2-5", 900.0))), {"team_size": "6"}, None),
    (AmountTable("team_size", (("1", 300.0), ("2-5", 900.0))), {"team_size": ["1", "2-5"]}, None),
]


@each_row(("rule", "fields", "value"), VALUE)
def test_the_value_is_worked_out_or_left_out(rule: Any, fields: dict[str, Any], value: float | None) -> None:
    assert opportunity(saying(**fields), value=rule).get("Value") == value


def due(answer: str, days: int = 0, due_in_days: int | None = None, **form: Any) -> datetime | None:
    """When to follow up on a lead that answered so."""
    wanted = Destination(due_date=AnswerDate("move_in_date", days), due_in_days=due_in_days)
    return follow_up(saying(move_in_date=answer), a_form(country="GB", destination=wanted, **form)).value


@each_row(
    ("answer", "days", "due_in_days", "expected"),
    [
        pytest.param("1 March 2027", 0, None, "2027-03-01T12:00", id="the day"),
        pytest.param("1 March 2027", -14, None, "2027-02-15T12:00", id="before it"),
        pytest.param("1 March 2027", 7, 2, "2027-03-08T12:00", id="after it"),
        pytest.param("1 March 2020", 0, None, f"{NOON:%Y-%m-%dT%H:%M}", id="never in the past"),
        pytest.param("next week", -14, None, f"{NOON:%Y-%m-%dT%H:%M}", id="nor by the days"),
        pytest.param("spring", -14, 2, f"{NOON + timedelta(days=2):%Y-%m-%dT%H:%M}", id="unreadable"),
        pytest.param("", 0, 2, f"{NOON + timedelta(days=2):%Y-%m-%dT%H:%M}", id="not answered"),
    ],
)
def test_the_follow_up(answer: str, days: int, due_in_days: int | None, expected: str) -> None:
    due_at = due(answer, days, due_in_days)

    assert due_at is not None
    assert f"{due_at:%Y-%m-%dT%H:%M}" == expected


def test_without_a_date_there_is_no_follow_up() -> None:
    assert due("spring") is None


def a_form_of_answers() -> Form:
    """One whose value, follow-up and fields depend on answers."""
    wanted = Destination(
        value=AnswerAmount("budget"),
        due_date=AnswerDate("move_in_date", -14),
        due_in_days=2,
        custom={"Floor": "{floor}"},
        extra={"Seats": "{team_size} {location}"},
    )
    return a_form(country="GB", destination=wanted)


def test_every_field_says_where_it_comes_from() -> None:
    lead = saying(budget="£450", move_in_date="1 March 2027", team_size="3")

    assert [(origin.field, origin.reason) for origin in origins(lead, a_form_of_answers())] == [
        ("Value", "budget '£450' names this amount"),
        ("DueDate", "move_in_date '1 March 2027' means 2027-03-01, 14 days earlier"),
        ("CustomFields Floor", "left out: floor not answered"),
    ]


def test_every_field_that_is_missing_says_why() -> None:
    lead = saying(FLOOR, budget="a lot", move_in_date="spring")

    assert [(origin.field, origin.reason) for origin in origins(lead, a_form_of_answers())] == [
        ("Value", "budget 'a lot' does not name a certain amount: no value"),
        ("DueDate", "move_in_date 'spring' is not a certain date: due_in_days = 2 counts"),
        ("Seats", "left out: team_size, location not answered"),
    ]


def test_a_form_without_such_keys_has_nothing_to_explain() -> None:
    assert origins(saying(), a_form()) == []
    assert expected_value(saying(), a_form()).value is None


ANSWERS = st.dictionaries(
    st.sampled_from(["company", "team_size", "budget", "move_in_date", "message", "location", "floor"]),
    st.one_of(st.text(max_size=300), st.lists(st.text(max_size=20), max_size=3)),
)


@settings(deadline=None, max_examples=60)
@given(ANSWERS)
def test_no_answer_makes_a_body_that_would_park_the_lead(answers: dict[str, Any]) -> None:
    text = "{company} - {team_size} ({floor}) {message}"
    lead = saying({"floor": answers.pop("floor", "")}, **answers)
    wanted = Destination(
        name=text, notes_prefix=text, extra={"A": [text]}, custom={"A": text}, value=AnswerAmount("budget")
    )
    rule = ContactRule(extra={"PostCode": "{location}", "Address": text}, custom={"A": text})
    form = a_form(destination=replace(wanted, due_date=AnswerDate("move_in_date", -14)), contact=rule)

    body = opportunities.compose(translate.opportunity(lead, form, TARGET, CoworkerId(77)))
    coworkers.compose(translate.coworker(lead, form, TARGET))

    assert str(body["Notes"]).endswith(marker_of(lead.id))
