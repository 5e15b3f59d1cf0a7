"""LinkedIn Lead Gen Forms: what is special about them beside the recorded calls."""

import hashlib
import hmac
import json
from typing import Any

import pytest
from werkzeug.test import TestResponse

from service.capture.fields.enquiries import Item, LeadNotice, UnreadableItem, Withdrawal
from service.capture.parsing.json_values import table_at
from service.capture.tools.sender import WebhookCall
from service.lead import Status
from service.platforms.linkedin.webhook import enquiry, needs_form, read
from service.store import Store
from tests.builders import a_form
from tests.capture.senders.recorded import recorded
from tests.capture.senders.sent_records import lead_of, read_answer
from tests.capture.senders.shapes_of import mutations
from tests.capture.senders.signing import SECRET, SIGNATURES, table_of
from tests.front import Front

RECORD = next(each for each in recorded("linkedin") if each.name == "linkedin-custom-questions-consent")
RESPONSE = read_answer(RECORD, "5f0c9e1a-2b7d-4c11-9a55-0d6f3e7b1a02-6") or {}
URN = "urn:li:leadGenFormResponse:5f0c-7"


def an_event(**changes: Any) -> bytes:
    """What LinkedIn posts of one lead."""
    whole = {
        "type": "LEAD_ACTION",
        "leadGenFormResponse": URN,
        "leadGenForm": "urn:li:versionedLeadGenForm:(urn:li:leadGenForm:79, 1)",
        "owner": {"sponsoredAccount": "urn:li:sponsoredAccount:508"},
        "associatedEntity": {"sponsoredCreative": "urn:li:sponsoredCreative:219"},
        "leadType": "SPONSORED",
        "leadAction": "CREATED",
        "occurredAt": 1795419000000,
    }
    return json.dumps({**whole, **changes}).encode()


def items_of(body: bytes) -> list[Item]:
    """What a call brings."""
    return list(read(WebhookCall(body), {}))


def a_front(sqlite: Store, **table: Any) -> Front:
    """An application that lets LinkedIn in."""
    return Front(sqlite, a_form("tour", webhooks={"linkedin": {**table_of("linkedin"), **table}}))


def post(front: Front, body: bytes) -> TestResponse:
    """Post with LinkedIn's proof."""
    return front.client.post("/webhooks/linkedin/tour", data=body, headers=SIGNATURES["linkedin"](body, "", 0.0))


def test_the_challenge_is_answered_also_when_the_database_is_gone(sqlite: Store) -> None:
    front = a_front(sqlite)
    sqlite.close()

    answer = front.client.get("/webhooks/linkedin/tour?challengeCode=890e-4dfe&applicationId=5")

    signed = hmac.new(SECRET.encode(), b"890e-4dfe", hashlib.sha256).hexdigest()
    assert answer.get_json() == {"challengeCode": "890e-4dfe", "challengeResponse": signed}
    assert (answer.status_code, answer.content_type) == (200, "application/json")


def test_head_is_answered_too(sqlite: Store) -> None:
    answer = a_front(sqlite).client.head("/webhooks/linkedin/tour?challengeCode=890e-4dfe")

    assert (answer.status_code, answer.data) == (200, b"")


@pytest.mark.parametrize("challenge", ["", "hmacsha256={}", 'hmacsha256={"type":"LEAD_ACTION"}', "a b", "x" * 101])
def test_a_challenge_cannot_be_used_to_get_a_body_signed(sqlite: Store, challenge: str) -> None:
    answer = a_front(sqlite).client.get("/webhooks/linkedin/tour", query_string={"challengeCode": challenge})

    assert answer.status_code == 403
    assert "challengeResponse" not in answer.text


@pytest.mark.parametrize("prefix", ["", "hmacsha256="])
def test_the_signature_counts_with_and_without_a_prefix_in_the_header(sqlite: Store, prefix: str) -> None:
    proof = SIGNATURES["linkedin"](an_event(), "", 0.0)["X-LI-Signature"]

    answer = a_front(sqlite).client.post(
        "/webhooks/linkedin/tour", data=an_event(), headers={"X-LI-Signature": prefix + proof}
    )

    assert answer.status_code == 200


def test_a_signature_over_the_body_alone_proves_nothing(sqlite: Store) -> None:
    proof = hmac.new(SECRET.encode(), an_event(), hashlib.sha256).hexdigest()

    answer = a_front(sqlite).client.post("/webhooks/linkedin/tour", data=an_event(), headers={"X-LI-Signature": proof})

    assert answer.status_code == 401


def test_an_announced_lead_says_all_that_the_second_read_needs() -> None:
    assert items_of(an_event()) == [
        LeadNotice(
            "5f0c-7",
            "508",
            {
                "owner": "urn:li:sponsoredAccount:508",
                "lead_type": "SPONSORED",
                "form_id": "79",
                "form_version": "1",
                "creative_id": "219",
                "occurred_at": "1795419000000",
            },
        )
    ]


def test_a_lead_of_an_event_belongs_to_the_organization() -> None:
    owner, entity = {"organization": "urn:li:organization:11"}, {"event": "urn:li:event:71"}

    [notice] = items_of(an_event(owner=owner, associatedEntity=entity, leadType="EVENT", occurredAt=1795422500))

    assert isinstance(notice, LeadNotice)
    assert (notice.place, notice.details["event_id"]) == ("11", "71")
    assert "creative_id" not in notice.details


@pytest.mark.parametrize("event", [{"type": "ORGANIZATION_SOCIAL_ACTION"}, {"leadAction": "VIEWED"}, {"type": None}])
def test_other_events_are_no_leads(event: dict[str, Any]) -> None:
    assert items_of(an_event(**event)) == []


def test_an_event_without_the_lead_s_id_is_kept_raw() -> None:
    [item] = items_of(an_event(leadGenFormResponse=None))

    assert isinstance(item, UnreadableItem)


def test_a_lead_that_was_taken_back_is_discarded(sqlite: Store) -> None:
    front = a_front(sqlite)
    post(front, an_event())

    answer = post(front, an_event(leadAction="DELETED"))

    assert items_of(an_event(leadAction="DELETED")) == [Withdrawal("5f0c-7")]
    assert (answer.status_code, front.lead().status) == (200, Status.DISCARDED)


def test_a_lead_that_was_taken_back_before_it_came_stays_so(sqlite: Store) -> None:
    front = a_front(sqlite)
    post(front, an_event(leadAction="DELETED"))

    answer = post(front, an_event())

    assert (answer.get_json()["repeat"], front.lead().status) == (True, Status.DISCARDED)


def test_an_account_that_the_form_does_not_take_is_parked(sqlite: Store) -> None:
    front = a_front(sqlite, accounts=("509",))

    post(front, an_event())

    assert front.lead().status is Status.PARKED


def test_the_form_is_needed_where_the_answer_does_not_hold_it() -> None:
    without = {name: value for name, value in RESPONSE.items() if name != "form"}

    assert (needs_form(RESPONSE), needs_form(without)) == (False, True)
    assert enquiry(without, table_at(RESPONSE, "form"), {}, {}) == enquiry(RESPONSE, None, {}, {})


def test_without_its_form_the_answers_are_kept_all_the_same() -> None:
    without = {name: value for name, value in RESPONSE.items() if name != "form"}

    submission = lead_of(enquiry(without, None, {}, {}), "linkedin").submission

    assert submission.extras["question 57992706"] == "Deshmukh Analytics"
    assert submission.extras["question 67992706"] == "2"


def test_labels_are_never_taken_for_what_linkedin_asks_itself() -> None:
    questions = [
        {"questionId": "1", "name": "Email address", "predefinedField": "COMPANY_NAME"},
        {"questionId": "2", "name": "Firma", "predefinedField": "WORK_EMAIL"},
    ]
    answers = [
        {"questionId": str(n), "answerDetails": {"textQuestionAnswer": {"answer": text}}}
        for n, text in ((1, "Lee Ltd"), (2, "ann@lee.example"))
    ]

    result = enquiry({"formResponse": {"answers": answers}}, {"content": {"questions": questions}}, {}, {})

    contact = lead_of(result, "linkedin").submission.contact
    assert (contact.company, contact.email) == ("Lee Ltd", "ann@lee.example")


def test_what_the_notification_said_serves_where_the_read_is_silent() -> None:
    notification = {"owner": "urn:li:sponsoredAccount:508", "creative_id": "219", "occurred_at": "1795419000000"}

    result = enquiry({"id": "5f0c-7"}, None, notification, {"names": {"219": "Carousel"}})

    assert (result.external_id, result.place, result.utm["utm_content"]) == ("5f0c-7", "508", "Carousel")
    assert result.submitted_at == 1795419000.0


def test_what_was_agreed_to_is_kept_in_its_words() -> None:
    submission = lead_of(enquiry(RESPONSE, None, {}, {}), "linkedin").submission

    assert submission.fields["consent"] == "You may contact me about this enquiry"
    assert submission.extras["consent: Send me offers by email"] == "no"


def test_no_answer_of_linkedin_s_makes_it_stumble() -> None:
    for mutated in mutations(RESPONSE):
        needs_form(mutated)
        lead_of(enquiry(mutated, None, {}, {}), "linkedin")
