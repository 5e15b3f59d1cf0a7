"""From a lead to the CRM's two bodies: one row for each value."""

from dataclasses import replace
from datetime import timedelta

import pytest

from service.delivery import translate
from service.delivery.translate import Target, title
from service.forms import ContactRule, Destination
from service.lead import Answers, Attribution, Contact, CoworkerId, LeadId, marker_of
from service.nexudus import coworkers, opportunities
from tests.builders import NOON, a_form, a_lead, a_submission
from tests.tables import each_row

TARGET = Target(stage_id=1001, business_id=55, country_id=1, time_zone_id=2)
DESTINATION = Destination(
    position=3,
    opportunity_type_id=7,
    responsible_id=900,
    team_id=70,
    referrer_id=11,
    agent_id=12,
    value=450.0,
    due_in_days=2,
    name="{full_name} - tour",
    extra={"BusinessId": 55},
)
VERDICT = Attribution("google", "cpc", "spring", "blue", "desks", "Paid Search", 19)
LEAD = a_lead(attribution=VERDICT, id=LeadId("01a20d6d5a007068a06a83ca1c563618"))


@each_row(
    ("field", "expected"),
    [
        ("CrmBoardColumnId", 1001),
        ("CoworkerId", 77),
        ("Status", 1),
        ("Position", 3),
        ("Name", "Ada Lovelace - tour"),
        ("OpportunityTypeId", 7),
        ("ResponsibleId", 900),
        ("TeamId", 70),
        ("ReferrerId", 11),
        ("AgentId", 12),
        ("Value", 450.0),
        ("DueDate", f"{NOON + timedelta(days=2):%Y-%m-%dT%H:%M:%SZ}"),
        ("LeadSource", 19),
        ("UtmSource", "google"),
        ("UtmMedium", "cpc"),
        ("UtmCampaign", "spring"),
        ("UtmContent", "blue"),
        ("UtmTerm", "desks"),
        ("SystemId", marker_of(LEAD.id)),
        ("BusinessId", 55),
    ],
)
def test_a_field_of_the_opportunity(field: str, expected: object) -> None:
    new = translate.opportunity(LEAD, a_form(destination=DESTINATION), TARGET, CoworkerId(77))

    assert opportunities.compose(new)[field] == expected


def test_the_notes_of_the_opportunity_hold_message_and_marker() -> None:
    body = opportunities.compose(translate.opportunity(LEAD, a_form(), TARGET, CoworkerId(77)))

    assert str(body["Notes"]).startswith("Two desks, please.")
    assert str(body["Notes"]).endswith(marker_of(LEAD.id))


@each_row(
    ("field", "expected"),
    [
        ("FullName", "Ada Lovelace"),
        ("Email", "ada@example.com"),
        ("CountryId", 1),
        ("SimpleTimeZoneId", 2),
        ("Businesses", [55]),
        ("InvoicingBusinessId", 55),
        ("MobilePhone", "+442079460142"),
        ("CompanyName", "Analytical Engines"),
        ("Tag", "web-lead"),
        ("CreateUser", False),
        ("CoworkerType", 1),
        ("CityName", "London"),
    ],
)
def test_a_field_of_the_coworker(field: str, expected: object) -> None:
    contact = Contact("ada@example.com", "Ada Lovelace", phone="+442079460142", company="Analytical Engines")
    form = a_form(contact=ContactRule(tag="web-lead", extra={"CityName": "London"}))

    new = translate.coworker(a_lead(submission=a_submission(contact=contact)), form, TARGET)

    assert coworkers.compose(new)[field] == expected


def test_what_is_unknown_is_left_out_of_the_opportunity() -> None:
    body = opportunities.compose(translate.opportunity(a_lead(), a_form(), TARGET, CoworkerId(77)))

    assert not {"DueDate", "Value", "TeamId", "OpportunityTypeId", "UtmTerm"} & set(body)


def test_a_person_without_a_name_goes_by_the_address() -> None:
    contact = Contact("ada@example.com")

    new = translate.coworker(a_lead(submission=a_submission(contact=contact)), a_form(), TARGET)

    assert new.full_name == "ada@example.com"


@each_row(
    ("template", "fields", "expected"),
    [
        pytest.param("{full_name}", {}, "Ada Lovelace", id="the usual"),
        pytest.param("{full_name} - tour", {}, "Ada Lovelace - tour", id="with words of the operator"),
        pytest.param("{title}: {location}", {"location": "Quay"}, "Contact us: Quay", id="title of the form"),
        pytest.param("{form}", {}, "contact", id="name of the form"),
        pytest.param("{team_size} desks", {}, "desks", id="an answer that was not given leaves no gap"),
        pytest.param("{full_name} - {company}", {}, "Ada Lovelace", id="nor a dash at the end"),
        pytest.param("{phone}", {"phone": "020 7946 0142"}, "+442079460142", id="the phone number as it was read"),
        pytest.param("{first_name}", {}, "Ada", id="a part of the name that was read from the whole"),
        pytest.param("{location}", {"location": ["Quay", "House"]}, "Quay, House", id="several answers"),
        pytest.param("{message}", {"message": "{title}"}, "{title}", id="a stranger's braces stay as they are"),
        pytest.param("{message}", {"message": "two\nlines"}, "two lines", id="one line"),
        pytest.param("{nothing}", {}, "", id="an unknown name"),
    ],
)
def test_the_name_of_the_opportunity(template: str, fields: Answers, expected: str) -> None:
    contact = Contact("ada@example.com", "Ada Lovelace", first_name="Ada", phone="+442079460142")
    lead = a_lead(submission=replace(a_submission(), fields=fields, contact=contact))

    assert title(lead, a_form(destination=Destination(name=template))) == expected
