"""What real tools post is read alike, whatever they wrap the answers in; and so is whatever may be made like it."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.capture.fields.enquiries import Enquiry
from service.capture.fields.submissions import submit
from service.capture.tools.registry import SENDERS
from service.capture.tools.sender import WebhookCall
from service.lead import Submission
from tests.builders import a_form
from tests.capture.senders.shapes_of import ROWS, WRAPPINGS
from tests.capture.senders.tool_shapes import EMAIL, FORM_TYPE, FORMS, JSON_TYPE, MESSAGE, NAME, SHAPES
from tests.tables import each_row


def read_all(body: object, content_type: str = JSON_TYPE, sender: str = "json") -> list[Submission]:
    """What a call brings."""
    raw = body.encode() if isinstance(body, str) else json.dumps(body).encode()
    items = list(SENDERS[sender].read(WebhookCall(raw, {"content-type": content_type}), {}))
    assert all(isinstance(item, Enquiry) for item in items)
    return [submit(item, a_form("tour", require=()), sender, {}) for item in items if isinstance(item, Enquiry)]


def answers_of(submission: Submission) -> dict[str, Any]:
    """All answers by name."""
    return {**submission.extras, **submission.fields}


BODIES = [(body, JSON_TYPE) for body in SHAPES.values()] + [(body, FORM_TYPE) for body in FORMS.values()]


@each_row(("body", "content_type"), BODIES, ids=[*SHAPES, *(f"{name}, form" for name in FORMS)])
def test_a_tool_is_understood(body: object, content_type: str) -> None:
    (submission,) = read_all(body, content_type)

    assert (submission.contact.full_name, submission.contact.email) == (NAME, EMAIL)
    assert submission.fields["message"] == MESSAGE


@each_row("sender", ["instapage", "leadpages", "squarespace", "contact-form-7", "wpforms", "ninja-forms"])
@each_row("tool", ["WPForms", "Everest Forms", "Fillout", "Paperform"])
def test_questions_are_understood_whatever_tool_posts_them(sender: str, tool: str) -> None:
    (submission,) = read_all(SHAPES[tool], sender=sender)

    assert (submission.contact.full_name, submission.contact.email) == (NAME, EMAIL)


# -- whatever may be made like it

LABELS = st.text("bcdfghjklmnpqrstvwxz", min_size=6, max_size=12).map(lambda word: f"Q {word}?")
ANSWERS = st.text("abcdefghij klmnop", min_size=1, max_size=20).map(lambda text: f"w{text.strip()}w")
QUESTIONS = st.dictionaries(LABELS, st.one_of(st.none(), ANSWERS), min_size=2, max_size=8).filter(
    lambda questions: sum(answer is not None for answer in questions.values()) * 2 > len(questions)
)
NAMES_OF_LABELS = st.sampled_from(["label", "title", "question", "name", "field_label", "caption", "heading"])
NAMES_OF_VALUES = st.sampled_from(["value", "answer", "field_value", "response"])
KEYS_BESIDE = st.dictionaries(
    st.sampled_from(["kind", "objectTypeId", "visible", "description", "custom_key", "value_raw", "meta_key", "_id"]),
    st.one_of(st.none(), st.booleans(), st.text("xyz", max_size=4)),
)


@given(QUESTIONS, NAMES_OF_LABELS, NAMES_OF_VALUES, KEYS_BESIDE, st.booleans(), st.sampled_from(list(WRAPPINGS)))
def test_questions_are_the_same_in_any_wrapping(
    questions: dict[str, str | None], label: str, value: str, beside: dict[str, Any], is_left_out: bool, wrapping: str
) -> None:
    members = [
        {label: question, **beside, **({} if answer is None and is_left_out else {value: answer})}
        for question, answer in questions.items()
    ]

    (submission,) = read_all(WRAPPINGS[wrapping](members))

    answered = {question: answer for question, answer in questions.items() if answer is not None}
    assert {name: text for name, text in answers_of(submission).items() if name in questions} == answered
    assert submission.contact.full_name == ""


PEOPLE = st.lists(
    st.tuples(st.text("abcdefgh", min_size=2, max_size=8), st.text("ijklmnop ", min_size=3, max_size=20)),
    min_size=1,
    max_size=5,
    unique_by=lambda person: person[0],
)


@given(PEOPLE, st.sampled_from(list(ROWS)), st.booleans())
def test_rows_are_as_many_leads(people: list[tuple[str, str]], wrapping: str, are_questions: bool) -> None:
    rows = [
        {"full_name": f"Ann {name}", "email": f"{name}@example.com", "note": f"-{words}-"} for name, words in people
    ]
    questions = [{"answers": [{"label": key, "value": text} for key, text in row.items()]} for row in rows]

    leads = read_all(ROWS[wrapping](questions if are_questions else rows))

    assert [(lead.contact.full_name, lead.contact.email, lead.fields["message"]) for lead in leads] == [
        tuple(row.values()) for row in rows
    ]
    if len(leads) > 1:
        assert {lead.external_id for lead in leads} == {""}
        assert "batch" not in wrapping or all("batch-000001" in answers_of(lead).values() for lead in leads)


# -- numbers


@each_row(
    ("body", "expected"),
    [
        ({"submissionId": "s-1", "email": EMAIL}, "s-1"),
        ({"UniqueID": "12345681", "Email": EMAIL}, "12345681"),
        ({"resource_id": "FRM81", "form_data": {"email": EMAIL}}, "FRM81"),
        ({"submission": {"id": 101, "email": EMAIL}}, "101"),
        ({"data": {"id": "clz9resp888", "email": EMAIL}}, "clz9resp888"),
        ({"contact": {"id": "cont_88012453", "email": EMAIL}}, ""),
        ({"lead": {"id": "88012453", "email": EMAIL}}, ""),
        ({"customer": {"id": "88012453", "email": EMAIL}, "message": MESSAGE}, ""),
        ({"event": "contact.created", "data": {"id": "88012453", "email": EMAIL}}, ""),
        ({"webhookId": "88012453", "formId": "a1b2c3d4", "email": EMAIL}, ""),
        ({"event": "x.new", "id": "evt_10001", "data": {"email": EMAIL}}, ""),
        ({"email": EMAIL, "product": {"id": "p-100001"}, "user": {"id": "u-100001"}}, ""),
    ],
    ids=lambda value: json.dumps(value)[:60],
)
def test_only_the_enquirys_own_number_is_its_id(body: object, expected: str) -> None:
    (submission,) = read_all(body)

    assert submission.external_id == expected
    assert expected or "88012453" not in json.dumps(body) or "88012453" in json.dumps(answers_of(submission))


def test_what_a_crm_knows_does_not_replace_what_was_said() -> None:
    core = {"email": {"id": 6, "label": "Email", "alias": "email", "value": "old@example.com"}}
    submitted = {"lead": {"id": 645, "fields": {"core": core}}, "results": {"email": EMAIL}}

    (submission,) = read_all({"mautic.form_on_submit": [{"submission": submitted}]})

    assert submission.contact.email == EMAIL
    assert "old@example.com" in answers_of(submission).values()


# -- what stands around


def test_what_the_tool_says_is_no_answer() -> None:
    body = {"form_title": "Tour", "form_slug": "tour", "message": "Thank you!", "data": {"email": EMAIL}}

    (submission,) = read_all(body)

    assert (submission.form_name, "message" in submission.fields) == ("Tour", False)
    assert submission.extras["message"] == "Thank you!"


def test_what_stands_beside_a_mere_wrapping_is_an_answer() -> None:
    (submission,) = read_all({"data": {"email": EMAIL}, "message": MESSAGE, "name": NAME})

    assert (submission.fields["message"], submission.contact.full_name) == (MESSAGE, NAME)


def test_secrets_of_a_handed_on_call_are_not_kept() -> None:
    headers = {"authorization": "Bearer s3cret", "cookie": "sid=s3cret", "user-agent": "x"}

    (submission,) = read_all({"headers": headers, "body": {"email": EMAIL}})

    assert "s3cret" not in str(answers_of(submission))


def test_things_that_are_ordered_are_no_people() -> None:
    ordered = [{"name": "Hot desk", "quantity": 1}, {"name": "Room", "quantity": 2}]

    (submission,) = read_all({"email": EMAIL, "name": NAME, "items": ordered})

    assert submission.contact.full_name == NAME
    assert {"Hot desk", "Room"} <= set(answers_of(submission).values())


def test_guests_of_one_enquiry_are_no_leads() -> None:
    guests = [{"name": "Bob", "email": "bob@example.com"}, {"name": "Cy", "email": "cy@example.com"}]

    (submission,) = read_all({"email": EMAIL, "name": NAME, "guests": guests})

    assert (submission.contact.email, submission.contact.full_name) == (EMAIL, NAME)
    assert "bob@example.com" in answers_of(submission).values()


@each_row(
    ("questions", "expected"),
    [
        ({"label": "Desk", "value": {"id": 3, "value": "Hot", "color": "red"}}, "Hot"),
        (
            {"label": "Desk", "value": [{"label": "Hot", "value": "h"}, {"label": "Fixed", "value": "f"}]},
            ["Hot", "Fixed"],
        ),
        ({"label": "Desk", "value": ["o1"], "options": [{"id": "o1", "text": "Hot"}]}, "Hot"),
        ({"label": "Desk", "value": {"value": "Hot"}}, "Hot"),
        ({"label": "Desk", "value": {"amount": "500", "currency": "GBP"}}, "500 GBP"),
        ({"label": "Desk", "value": {"year": "2026", "month": "3", "day": "1"}}, "2026-03-01"),
        ({"label": "Desk", "value": {"Line1": "1 High St", "City": "Leeds"}}, "1 High St, Leeds"),
        (
            {"label": "Desk", "value": [{"name": "a.pdf", "url": "https://x.example/a", "size": 1}]},
            "a.pdf https://x.example/a",
        ),
        ({"label": "Desk", "value": {"first": "Bob", "last": "Ray"}}, "Bob Ray"),
    ],
)
def test_answers_in_parts_are_put_together(questions: dict[str, Any], expected: object) -> None:
    name = {"label": "Name", "value": {"first": "Ann", "last": "Lee"}}

    (submission,) = read_all({"fields": [name, {"label": "Email", "value": EMAIL}, questions]})

    assert (submission.extras["Desk"], submission.contact.full_name) == (expected, NAME)


# -- events


@each_row(
    "body",
    [
        {"event": "testEndpoint"},
        {"event": "trigger-test"},
        {"webhook_id": "12"},
        {"test": True},
        {"topic": "ping", "data": {"item": {"type": "ping", "message": "something"}}},
        {"event": "form.viewed", "data": {"email": EMAIL}},
        {"event": "form_start", "data": {"email": EMAIL}},
        {"event": "page_view", "data": {"email": EMAIL}},
        {"event": "open.day"},
        {"eventType": "FORM_OPENED", "formId": "x"},
        {"Type": "SubscriptionConfirmation", "SubscribeURL": "https://x.example", "Message": "You have chosen"},
        {"event": "contact.deleted", "contact": {"email": EMAIL}},
        {"type": "DELETE", "table": "t", "record": None, "old_record": {"email": EMAIL}},
        {"event_type": "rows.deleted", "row_ids": [1]},
    ],
    ids=json.dumps,
)
def test_known_events_bring_no_lead(body: object) -> None:
    assert read_all(body) == []


@each_row(
    ("body", "is_test"),
    [
        ({"event": "something.new", "data": {"email": EMAIL}}, False),
        ({"event": "form.abandoned", "data": {"email": EMAIL}}, False),
        ({"event": "call.ended", "from_number": "+442079460142"}, False),
        ({"event": "test_drive.requested", "email": EMAIL}, False),
        ({"event": "chat:start", "visitor": {"email": EMAIL}}, False),
        ({"event": "Open day", "email": EMAIL}, False),
        ({"event": "open-day", "email": EMAIL}, False),
        ({"type": "site-visit", "email": EMAIL}, False),
        ({"type": "start-up", "email": EMAIL}, False),
        ({"event": "workflow.triggered", "contact": {"email": EMAIL}}, False),
        ({"action": "end-of-lease", "phone": "020 7946 0142"}, False),
        ({"type": "view", "email": EMAIL}, False),
        ({"event": "webhook.test", "data": {"email": EMAIL}}, True),
    ],
    ids=json.dumps,
)
def test_whoever_stands_in_any_other_event_is_a_lead(body: object, is_test: bool) -> None:
    (submission,) = read_all(body)

    assert submission.is_test == is_test


SOMEBODY = {"name": NAME, "email": EMAIL}
UNKNOWN_EVENTS = {
    "tally": {"eventType": "FORM_RESPONSE_AMENDED", "data": {"responseId": "r1", **SOMEBODY}},
    "webflow": {"triggerType": "form_reply", "payload": {"data": SOMEBODY}},
    "calendly": {"event": "invitee.waitlisted", "payload": SOMEBODY},
    "cal-com": {"triggerEvent": "FORM_AMENDED", "payload": SOMEBODY},
}


@pytest.mark.parametrize("sender", UNKNOWN_EVENTS)
def test_an_event_that_a_tool_is_not_known_to_send_may_be_a_lead(sender: str) -> None:
    (submission,) = read_all(UNKNOWN_EVENTS[sender], sender=sender)

    assert (submission.contact.full_name, submission.contact.email) == (NAME, EMAIL)


def test_the_id_of_a_body_of_another_shape_is_not_lost() -> None:
    (submission,) = read_all(UNKNOWN_EVENTS["tally"], sender="tally")

    assert submission.external_id == "r1"


def test_rows_of_one_call_do_not_share_the_key_beside_them() -> None:
    rows = [{"email": EMAIL, "message": MESSAGE}, {"full_name": NAME, "message": "Call me."}]

    submissions = read_all({"lc_key": "view-1", "rows": rows})

    assert [submission.idempotency_key for submission in submissions] == ["", ""]


def test_rows_of_one_call_do_not_share_the_id_in_its_header() -> None:
    rows = [{"data": {"email": email}} for email in ("ann@client.example", "bob@client.example")]
    call = WebhookCall(json.dumps(rows).encode(), {"content-type": JSON_TYPE, "framer-webhook-submission-id": "s-1001"})

    ids = [item.external_id for item in SENDERS["framer"].read(call, {}) if isinstance(item, Enquiry)]

    assert ids == ["", ""]


@pytest.mark.parametrize("sender", UNKNOWN_EVENTS)
def test_an_unknown_event_of_a_tool_is_no_lead_if_it_names_no_person(sender: str) -> None:
    name = next(iter(UNKNOWN_EVENTS[sender]))

    assert read_all({name: "SITE_MOVED", "payload": {"site": "x"}}, sender=sender) == []
