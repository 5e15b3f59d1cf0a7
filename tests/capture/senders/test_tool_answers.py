"""Form tools: answers of all kinds, besides those that were recorded."""

from typing import Any

import pytest

from service.capture.tools.any_json.answers import compose
from tests.capture.senders.bodies import cal_com, calendly, jotform, read, read_jotform, tally, typeform
from tests.tables import each_row

# -- Typeform


def test_answers_of_every_type_are_read() -> None:
    fields = [{"id": str(n), "title": title} for n, title in enumerate(("Desks", "Extras", "Parking", "Plan", "Site"))]
    answers: list[dict[str, Any]] = [
        {"type": "number", "number": 4, "field": {"id": "0"}},
        {"type": "choices", "choices": {"labels": ["Locker"], "other": "A plant"}, "field": {"id": "1"}},
        {"type": "boolean", "boolean": False, "field": {"id": "2"}},
        {"type": "file_url", "file_url": "https://files.example.com/1", "field": {"id": "3"}},
        {"type": "payment", "payment": {"amount": "10", "last4": "1234"}, "field": {"id": "4"}},
    ]

    submission = read("typeform", typeform(*answers, definition={"fields": fields}))

    assert (submission.fields["team_size"], submission.extras["Extras"]) == ("4", ["Locker", "A plant"])
    assert (submission.extras["Parking"], submission.extras["Plan"]) == ("false", "https://files.example.com/1")
    assert submission.extras["Site.amount"] == "10"


def test_questions_inside_a_group_have_their_titles() -> None:
    inner = [{"id": "g1", "title": "First name"}, {"id": "g2", "title": "Company"}]
    definition = {"fields": [{"id": "g", "title": "About you", "properties": {"fields": inner}}]}
    answers: list[dict[str, Any]] = [
        {"type": "text", "text": "Ann", "field": {"id": "g1"}},
        {"type": "text", "text": "Lee Ltd", "field": {"id": "g2"}},
    ]

    submission = read("typeform", typeform(*answers, definition=definition))

    assert (submission.contact.first_name, submission.contact.company) == ("Ann", "Lee Ltd")


def test_a_title_that_says_nothing_gives_way_to_the_reference() -> None:
    definition = {"fields": [{"id": "f2", "title": "And who is paying for all this?"}]}
    answer = {"type": "text", "text": "Lee Ltd", "field": {"id": "f2", "ref": "company"}}

    assert read("typeform", typeform(answer, definition=definition)).contact.company == "Lee Ltd"


def test_variables_and_scores_are_kept() -> None:
    variables = [{"key": "desk_type", "type": "text", "text": "hot"}]

    submission = read("typeform", typeform(variables=variables, calculated={"score": 7}))

    assert (submission.extras["desk_type"], submission.extras["calculated.score"]) == ("hot", "7")


# -- Webflow, Tally, Wix, Google Forms


def test_webflow_tells_the_page_where_it_can() -> None:
    payload = {"id": "s1", "name": "Tour", "data": {"Email": "ann@example.com"}, "pageUrl": "https://example.com/a?b=c"}

    submission = read("webflow", {"triggerType": "form_submission", "payload": payload})

    assert submission.evidence.page_url == "https://example.com/a?b=c"


def test_tally_looks_up_every_kind_of_choice() -> None:
    options = [{"id": "a", "text": "Office"}, {"id": "b", "text": "Desk"}]
    rows, columns = [{"id": "r", "text": "Monday"}], [{"id": "c", "text": "Morning"}]
    submission = read(
        "tally",
        tally(
            {"key": "q1", "label": "First choice", "type": "RANKING", "value": ["b", "a"], "options": options},
            {"key": "q2", "label": "Which", "type": "DROPDOWN", "value": ["gone"], "options": options},
            {"key": "q3", "label": "When", "type": "MATRIX", "value": {"r": ["c"]}, "rows": rows, "columns": columns},
        ),
    )

    assert submission.extras["First choice"] == ["Desk", "Office"]
    assert (submission.extras["Which"], submission.extras["When.Monday"]) == ("gone", "Morning")


def test_tally_keeps_links_to_files_and_a_box_of_its_own() -> None:
    file = {"name": "plan.pdf", "url": "https://files.example.com/plan", "size": 9}
    submission = read(
        "tally",
        tally(
            {"key": "q1", "label": "Plan", "type": "FILE_UPLOAD", "value": [file]},
            {"key": "q_2", "label": "I agree", "type": "CHECKBOXES", "value": True},
        ),
    )

    assert submission.extras["Plan"] == "plan.pdf https://files.example.com/plan"
    assert submission.fields["consent"] == "true"


def test_wix_reads_a_label_that_says_nothing_by_the_name_of_its_field() -> None:
    data = {
        "submissionId": "s1",
        "field:email": "ann@example.com",
        "field:company_1a2b": "Lee Ltd",
        "submissions": [{"label": "Who sends you?", "value": "Lee Ltd"}],
        "contact": {"email": "old@example.com", "phone": "+44 20 7946 0142", "contactId": "c1"},
    }

    submission = read("wix", {"data": data})

    assert (submission.contact.email, submission.contact.company) == ("ann@example.com", "Lee Ltd")
    assert (submission.contact.phone, submission.extras) == ("+442079460142", {"contact.email": "old@example.com"})


def test_wix_without_its_wrapper_is_read_by_its_names() -> None:
    submission = read("wix", {"email": "ann@example.com", "first name": "Ann", "submissionId": "s1"})

    assert (submission.contact.email, submission.contact.full_name, submission.external_id) == (
        "ann@example.com",
        "Ann",
        "s1",
    )


@pytest.mark.parametrize(
    "body",
    [
        {"namedValues": {"Email": ["", "ann@example.com"], "Name": ["Ann Lee"]}, "responseId": "r1"},
        {"answers": [{"title": "Name", "answer": "Ann Lee"}], "email": "ann@example.com", "responseId": "r1"},
        {"Email": ["ann@example.com"], "Name": ["Ann Lee"], "responseId": "r1"},
    ],
)
def test_google_forms_is_read_in_all_shapes_that_scripts_have(body: object) -> None:
    submission = read("google-forms", body)

    assert (submission.contact.email, submission.contact.full_name) == ("ann@example.com", "Ann Lee")
    assert submission.external_id == "r1"


# -- Jotform


@each_row(
    ("typed", "text"),
    [
        ({"country": "44", "area": "20", "phone": "7946 0142"}, "+44 20 7946 0142"),
        ({"area": "020", "phone": "7946 0142"}, "020 7946 0142"),
        ({"year": "2027", "month": "3", "day": "1", "hour": "9", "min": "30", "ampm": "AM"}, "2027-03-01 9:30 AM"),
        ({"timeInput": "09:30", "ampm": "PM"}, "09:30 PM"),
        ({"addr_line1": "1 High St", "addr_line2": "", "city": "York", "postal": "YO1"}, "1 High St, York, YO1"),
        ({"prefix": "Dr", "first": "Ann", "last": "Lee"}, "Dr Ann Lee"),
        ({"0": "Office", "other": "A garden"}, ["Office", "A garden"]),
        ("as it is", "as it is"),
        ({"rows": ["a"]}, {"rows": ["a"]}),
    ],
)
def test_answers_in_parts_are_put_together(typed: object, text: object) -> None:
    assert compose(typed) == text


def test_of_two_names_the_persons_own_is_taken() -> None:
    submission = read_jotform(
        q2_recommendedBy={"first": "Bob", "last": "Roe"}, q3_name={"first": "Ann", "last": "Lee"}, q4_email="a@b.co"
    )

    assert (submission.contact.full_name, submission.extras["recommendedBy"]) == ("Ann Lee", "Bob Roe")


def test_escapes_are_undone_once() -> None:
    submission = read_jotform(q3_message="&lt;b&gt; &amp;amp; &#039;x&#039;")

    assert submission.fields["message"] == "<b> &amp; 'x'"


def test_answers_that_cannot_be_read_are_kept_as_they_came() -> None:
    body = jotform().replace(b"{}", b'{"q3_email": "ann@exa')

    submission = read("jotform", body, "multipart/form-data; boundary=b")

    assert (submission.external_id, submission.extras["rawRequest"]) == ("77", '{"q3_email": "ann@exa')


def test_the_address_of_the_webhook_is_not_kept_for_it_may_hold_the_token() -> None:
    body = jotform(q3_email="ann@example.com").replace(b'name="formTitle"', b'name="webhookURL"')

    assert "Tour" not in str(read("jotform", body, "multipart/form-data; boundary=b"))


# -- Calendly and Cal.com


def test_the_first_shape_of_calendly_is_read() -> None:
    person = {"uuid": "old1", "email": "ann@example.com", "name": "Ann Lee"}
    event = {"start_time": "2026-11-25T14:00:00Z"}
    payload = {"invitee": person, "event": event, "event_type": {"name": "Tour"}, "tracking": {"utm_source": "x"}}

    submission = read("calendly", {"event": "invitee.created", "payload": payload})

    assert (submission.external_id, submission.contact.full_name, submission.evidence.fields["utm_source"]) == (
        "old1",
        "Ann Lee",
        "x",
    )
    assert (submission.extras["Booked"], submission.extras["Booking starts"]) == ("Tour", "2026-11-25T14:00:00Z")


def test_the_number_to_be_called_is_the_persons() -> None:
    event = {"name": "Call", "location": {"type": "outbound_call", "location": "+44 20 7946 0142"}}
    place = {"location": {"label": "location", "value": {"value": "phone", "optionValue": "+44 20 7946 0142"}}}

    assert read("calendly", calendly("u1", scheduled_event=event)).contact.phone == "+442079460142"
    assert read("cal-com", cal_com("u1", responses=place)).contact.phone == "+442079460142"


def test_the_place_of_a_meeting_is_not_where_a_desk_is_wanted() -> None:
    place = {"label": "location", "value": {"value": "inPerson", "optionValue": "1 High St"}}

    submission = read("cal-com", cal_com("u1", responses={"location": place}))

    assert "location" not in submission.fields
    assert submission.extras["Booking place"] == "1 High St"


def test_questions_of_cal_com_are_read_by_label_and_by_name() -> None:
    responses = {
        "name": {"label": "your_name", "value": {"firstName": "Ann", "lastName": "Lee"}},
        "Team-size": {"label": "And how many are you?", "value": "7"},
        "budget": {"label": "Monthly budget", "value": 900},
    }

    submission = read("cal-com", cal_com("u1", responses=responses, metadata={"utm_source": "bing"}))

    assert (submission.contact.first_name, submission.contact.last_name) == ("Ann", "Lee")
    assert (submission.fields["team_size"], submission.fields["budget"]) == ("7", "900")
    assert submission.evidence.fields["utm_source"] == "bing"


def test_a_template_of_the_owners_is_read_by_its_names() -> None:
    submission = read("cal-com", b"name=Ann+Lee&email=ann%40example.com", "application/x-www-form-urlencoded")

    assert (submission.contact.email, submission.contact.full_name) == ("ann@example.com", "Ann Lee")
