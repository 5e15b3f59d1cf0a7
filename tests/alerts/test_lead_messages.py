"""New leads in words: what people read who call back, and nothing that strangers can make of it."""

from dataclasses import replace
from typing import Any

import pytest

from service.alerts.lead_messages import MAX_LIST, about_many, about_one
from service.forms import Form
from service.lead import Attribution, Contact, Lead, Status
from tests.builders import a_form, a_lead, a_submission

URL = "https://leads.example.com"


def tour() -> Form:
    return a_form("tour", title="Book a tour")


def ann(
    message: str = "Two desks, please.", status: Status = Status.PENDING, problem: str = "", **contact: Any
) -> Lead:
    """Ann's enquiry; `contact` changes her details."""
    person = Contact("ann@example.com", "Ann Lee", phone="+442079460142", company="Acme Ltd")
    fields = {"message": message, "team_size": "4"}
    submission = a_submission(form="tour", contact=replace(person, **contact), fields=fields)
    return a_lead(status=status, problem=problem, submission=submission)


def test_one_lead_says_all_that_is_needed_to_call_back() -> None:
    lead = ann()

    message = about_one(lead, tour(), URL)

    assert (message.title, message.tone) == ("New lead: Ann Lee, Book a tour", "info")
    assert message.body.splitlines() == [
        "Name: Ann Lee",
        "Company: Acme Ltd",
        "Phone: +442079460142",
        "E-mail: ann@example.com",
        "Team size: 4",
        "",
        "Message: Two desks, please.",
        "",
        "Came from: Paid Search, google",
        "State: on its way to Nexudus",
        f"https://leads.example.com/admin/leads/{lead.id}",
    ]


def test_the_extension_stands_behind_the_number() -> None:
    lead = ann(extension="8135")

    assert "Phone: +442079460142 ext. 8135\n" in about_one(lead, tour(), URL).body


def test_a_lead_that_is_there_already_says_so() -> None:
    assert "State: in Nexudus" in about_one(ann(status=Status.DELIVERED), tour(), URL).body


def test_a_parked_lead_says_that_it_needs_a_person_and_why() -> None:
    lead = ann(status=Status.PARKED, problem="Phone is missing: call `leads correct`.")

    message = about_one(lead, tour(), URL)

    assert "State: needs attention. Phone is missing: call leads correct." in message.body
    assert message.tone == "warning"


def test_a_lead_of_a_platform_says_which_and_by_which_campaign() -> None:
    verdict = Attribution(utm_source="facebook", utm_campaign="Spring", channel="Paid Social")
    lead = replace(ann(), attribution=verdict, submission=replace(ann().submission, sender="meta"))

    assert "Came from: Paid Social, facebook, campaign Spring; by Meta" in about_one(lead, tour(), URL).body


@pytest.mark.parametrize(
    ("contact", "who"),
    [
        ({"full_name": "", "first_name": "Ann", "last_name": "Lee"}, "Ann Lee"),
        ({"full_name": ""}, "ann@example.com"),
        ({"full_name": "", "email": ""}, "+442079460142"),
        ({"full_name": "", "email": "", "phone": "", "company": ""}, "no name given"),
    ],
)
def test_who_gave_no_name_is_called_by_what_is_known(contact: dict[str, Any], who: str) -> None:
    assert about_one(ann(**contact), a_form("tour", title=""), URL).title == f"New lead: {who}, tour"


def test_a_long_message_is_cut() -> None:
    body = about_one(ann("word " * 400), tour(), URL).body

    assert "word word…" in body
    assert len(body) < 700


def test_a_name_over_several_lines_stays_in_its_line() -> None:
    message = about_one(ann(full_name="Ann\r\nBcc: eve@example.com\x00\udc00"), tour(), URL)

    assert message.title == "New lead: Ann Bcc: eve@example.com, Book a tour"


def test_many_leads_are_listed_with_their_links_and_how_many_more_there_are() -> None:
    leads = [ann(), ann(status=Status.PARKED, full_name="Bob", message="")]

    message = about_many(leads, 12, tour(), URL)

    assert message.title == "12 new leads: Book a tour"
    assert message.body.split("\n\n") == [
        f"Ann Lee, Acme Ltd, +442079460142, ann@example.com: Two desks, please.\n{URL}/admin/leads/{leads[0].id}",
        f"Bob, Acme Ltd, +442079460142, ann@example.com (needs attention)\n{URL}/admin/leads/{leads[1].id}",
        f"And 10 more: {URL}/admin/leads?form=tour",
    ]


def test_what_lists_many_stays_short_enough_for_every_channel() -> None:
    leads = [ann("word " * 400, company="Acme " * 40) for _ in range(10)]

    body = about_many(leads, 10, tour(), URL).body

    assert len(body) < MAX_LIST + 100
    assert " more: " in body
