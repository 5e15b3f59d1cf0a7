"""Meta's lead ads: what is special about them beside the recorded calls."""

import json
from typing import Any

import pytest
from werkzeug.test import TestResponse

from service.capture.fields.enquiries import Enquiry, Item, LeadNotice, UnreadableItem
from service.capture.parsing.texts import Answer
from service.capture.tools.sender import WebhookCall
from service.lead import Status
from service.platforms.meta.webhook import enquiry, needs_form, read
from service.store import Store
from tests.builders import a_form
from tests.capture.senders.recorded import recorded
from tests.capture.senders.sent_records import lead_of, read_answer
from tests.capture.senders.shapes_of import mutations
from tests.capture.senders.signing import SIGNATURES, table_of
from tests.front import Front
from tests.tables import each_row

CUSTOM = next(each for each in recorded("meta") if each.name == "meta-custom-questions-consent")
LOCALISED = next(each for each in recorded("meta") if each.name == "meta-unicode-localised-keys")
HELLO = {"hub.mode": "subscribe", "hub.challenge": "0012", "hub.verify_token": "harbour"}


def an_event(*values: object, **entry: Any) -> bytes:
    """A call that announces leads of one Page."""
    changes = [{"field": "leadgen", "value": value} for value in values]
    return json.dumps({"object": "page", "entry": [{"id": "104", "changes": changes, **entry}]}).encode()


def items_of(body: bytes) -> list[Item]:
    """What a call brings."""
    return list(read(WebhookCall(body), {}))


def a_lead(*answers: tuple[str, object], **changes: Any) -> Enquiry:
    """The Enquiry of a lead that was read."""
    field_data = [{"name": name, "values": values} for name, values in answers]
    return enquiry({"id": "77", "field_data": field_data, **changes}, None, {}, {})


def answers_of(result: Enquiry) -> dict[str, list[Answer]]:
    """Target, or name where there is none -> answers."""
    answers: dict[str, list[Answer]] = {}
    for name, answer, target in result.answers:
        answers.setdefault(target or name, []).append(answer)
    return answers


def verify_endpoint(sqlite: Store, query: dict[str, str], **table: str) -> TestResponse:
    """Ask as Meta does when the webhook is set up."""
    front = Front(sqlite, a_form("tour", webhooks={"meta": {**table_of("meta"), **table}}))
    return front.client.get("/webhooks/meta/tour", query_string=query)


def test_the_handshake_is_answered_with_the_challenge_as_it_came(sqlite: Store) -> None:
    answer = verify_endpoint(sqlite, HELLO, verify_token="harbour")

    assert (answer.status_code, answer.data, answer.mimetype) == (200, b"0012", "text/plain")


@pytest.mark.parametrize("given", ["", "harbor", "härbour", "harbour "])
def test_another_verify_token_is_refused(sqlite: Store, given: str) -> None:
    answer = verify_endpoint(sqlite, {**HELLO, "hub.verify_token": given}, verify_token="harbour")

    assert answer.status_code == 403
    assert b"0012" not in answer.data


def test_without_a_verify_token_of_ours_every_handshake_is_refused(sqlite: Store) -> None:
    answers = [verify_endpoint(sqlite, {**HELLO, "hub.verify_token": given}).status_code for given in ("", "harbour")]

    assert answers == [403, 403]


def test_the_old_signature_alone_proves_nothing(sqlite: Store) -> None:
    front = Front(sqlite, a_form("tour", webhooks={"meta": table_of("meta")}))
    proof = SIGNATURES["meta"](an_event(), "", 0.0)["X-Hub-Signature-256"]

    answer = front.client.post("/webhooks/meta/tour", data=an_event(), headers={"X-Hub-Signature": proof})

    assert answer.status_code == 401


def test_ids_are_text_however_they_come() -> None:
    [notice] = items_of(an_event({"leadgen_id": 12890447355610231289, "page_id": 0, "form_id": 5, "ad_id": 0}))

    assert notice == LeadNotice("12890447355610231289", "104", {"page_id": "104", "form_id": "5"})


def test_the_old_name_of_the_ad_serves_where_the_new_one_is_missing() -> None:
    [notice] = items_of(an_event({"leadgen_id": "1", "adgroup_id": "120214"}))

    assert isinstance(notice, LeadNotice)
    assert notice.details["ad_id"] == "120214"


@pytest.mark.parametrize(
    "event",
    [
        {"object": "user", "entry": [{"changes": [{"field": "leadgen", "value": {"leadgen_id": "1"}}]}]},
        {"object": "page", "entry": [{"changes": [{"field": "feed", "value": {"leadgen_id": "1"}}]}]},
        {"object": "page", "entry": [{"messaging": [{"message": {"text": "hi"}}]}]},
    ],
)
def test_other_events_of_the_page_are_no_leads(event: dict[str, Any]) -> None:
    assert items_of(json.dumps(event).encode()) == []


def test_a_broken_item_does_not_hold_up_the_others() -> None:
    first, second = items_of(an_event({"form_id": "5"}, {"leadgen_id": "2"}))

    assert isinstance(first, UnreadableItem)
    assert json.loads(first.raw) == {"form_id": "5"}
    assert isinstance(second, LeadNotice)


def test_a_thousand_leads_come_in_one_call(sqlite: Store) -> None:
    front = Front(sqlite, a_form("tour", webhooks={"meta": table_of("meta")}))
    body = an_event(*({"leadgen_id": str(number), "form_id": "5"} for number in range(1000)))

    answer = front.client.post("/webhooks/meta/tour", data=body, headers=SIGNATURES["meta"](body, "", 0.0))

    assert (answer.status_code, len(answer.get_json()["ids"])) == (200, 1000)


def test_a_page_that_the_form_does_not_take_is_parked(sqlite: Store) -> None:
    front = Front(sqlite, a_form("tour", webhooks={"meta": {**table_of("meta"), "pages": ("105",)}}))
    body = an_event({"leadgen_id": "1"})

    front.client.post("/webhooks/meta/tour", data=body, headers=SIGNATURES["meta"](body, "", 0.0))

    assert front.lead().status is Status.PARKED
    assert "104" in front.lead().problem


def test_several_answers_and_none_are_read() -> None:
    result = a_lead(("spaces", ["office", "desk"]), ("note", []), ("more", [""]), ("size", None), ("city", "Porto"))

    assert answers_of(result) == {
        "spaces": ["office", "desk"],
        "note": [""],
        "more": [""],
        "size": [""],
        "location": ["Porto"],
    }


def test_the_address_at_work_counts_more_and_the_other_is_kept() -> None:
    result = a_lead(("email", ["ann@home.example"]), ("work_email", ["ann@work.example"]))

    submission = lead_of(result, "meta").submission

    assert submission.contact.email == "ann@work.example"
    assert submission.extras["email"] == "ann@home.example"


@pytest.mark.parametrize("address", ["test@fb.com", "TEST@meta.com"])
def test_meta_s_own_addresses_are_a_test(address: str) -> None:
    assert a_lead(("email", [address])).is_test


def test_placeholders_of_a_test_are_no_answers() -> None:
    result = a_lead(("full_name", ["< Test lead: dummy data for full_name>"]), ("email", ["ann@example.com"]))

    assert result.is_test
    assert answers_of(result) == {"email": ["ann@example.com"]}


def test_a_word_about_tests_is_no_test() -> None:
    assert not a_lead(("note", ["Is this a <test lead: …>?"])).is_test


def test_the_form_tells_what_boxes_said() -> None:
    form = {"legal_content": {"custom_disclaimer": {"checkboxes": [{"key": "newsletter", "text": "Send me news"}]}}}
    lead = {"custom_disclaimer_responses": [{"checkbox_key": "newsletter", "is_checked": True}]}

    result = enquiry(lead, form, {}, {})

    assert result.details["consent: Send me news"] == "yes"
    assert answers_of(result) == {"consent": ["Send me news"]}


def test_boxes_that_were_not_ticked_are_no_consent() -> None:
    lead = lead_of(enquiry(read_answer(CUSTOM, "1289044735563344") or {}, None, {}, {}), "meta")

    assert lead.submission.fields["consent"] == "agreed: contact_by_phone"
    assert lead.submission.extras["consent: newsletter"] == "no"


@each_row(
    ("names", "needed"),
    [
        (["email", "full_name", "how_many_desks?"], False),
        (["phone_number", "first_name", "utm_source"], False),
        (["email", "nome_completo"], True),
        (["full_name", "telefone"], True),
        (["email", "city"], False),
        ([], False),
    ],
)
def test_the_form_is_read_where_the_person_could_be_missed(names: list[str], needed: bool) -> None:
    assert needs_form({"field_data": [{"name": name, "values": ["x"]} for name in names]}) == needed


def test_a_question_is_found_with_or_without_its_question_mark() -> None:
    form = {"questions": [{"key": "seu_email?", "label": "Seu e-mail", "type": "EMAIL"}]}

    result = enquiry({"field_data": [{"name": "seu_email", "values": ["a@example.com"]}]}, form, {}, {})

    assert result.answers[0] == ("Seu e-mail", "a@example.com", "email")


def test_the_ad_of_the_notification_serves_where_the_read_tells_none() -> None:
    result = enquiry(
        {"id": "1"}, None, {"ad_id": "120", "page_id": "104", "created_time": "1795423186"}, {"names": {"120": "Desk"}}
    )

    assert (result.utm["utm_content"], result.place, result.submitted_at) == ("Desk", "104", 1795423186.0)
    assert result.details == {"ad_id": "120", "page_id": "104"}


@pytest.mark.parametrize("which", [0, 1], ids=["lead", "form"])
def test_no_answer_of_meta_s_makes_it_stumble(which: int) -> None:
    recorded_answers = [
        read_answer(LOCALISED, "1289044735564110") or {},
        read_answer(LOCALISED, "823310495569001") or {},
    ]

    for mutated in mutations(recorded_answers[which]):
        lead, form = (mutated, recorded_answers[1]) if which == 0 else (recorded_answers[0], mutated)
        needs_form(lead)
        lead_of(enquiry(lead, form, {}, {}), "meta")
