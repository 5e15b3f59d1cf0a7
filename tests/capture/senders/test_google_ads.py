"""Google Ads lead forms: what is special about them beside the recorded calls."""

import json
from typing import Any

import pytest
from werkzeug.test import TestResponse

from service.capture.fields.enquiries import Enquiry, Item, UnreadableItem
from service.capture.tools.sender import WebhookCall
from service.lead import Status, Submission
from service.platforms.google_ads.webhook import read
from service.store import Store
from tests.builders import a_form
from tests.capture.senders.sent_records import lead_of
from tests.capture.senders.signing import SECRET, table_of
from tests.front import Front
from tests.tables import each_row

COMMON_COLUMNS = """
    FULL_NAME FIRST_NAME LAST_NAME EMAIL PHONE_NUMBER WORK_EMAIL WORK_PHONE COMPANY_NAME JOB_TITLE STREET_ADDRESS CITY
    REGION POSTAL_CODE COUNTRY COMPANY_SIZE ANNUAL_SALES YEARS_IN_BUSINESS JOB_DEPARTMENT JOB_ROLE JOB_INDUSTRY
    PRODUCT SERVICE OFFER CATEGORY PURCHASE_TIMELINE PREFERRED_CONTACT_METHOD PREFERRED_CONTACT_TIME
    PREFERRED_LOCATION PRICE_RANGE EVENT_BOOKING_INTEREST OVER_18_AGE PHONE_NUMBER_VERIFIED
"""
KNOWN = {
    "FULL_NAME": "full_name",
    "WORK_EMAIL": "email",
    "WORK_PHONE": "phone",
    "COMPANY_NAME": "company",
    "COMPANY_SIZE": "team_size",
    "PREFERRED_LOCATION": "location",
    "PRICE_RANGE": "budget",
}


def a_body(*columns: object, **changes: Any) -> bytes:
    """What Google posts."""
    whole = {"lead_id": "L1", "google_key": SECRET, "user_column_data": list(columns), "campaign_id": 2, **changes}
    return json.dumps(whole).encode()


def a_column(column_id: str, value: object = "x", name: str | None = None) -> dict[str, object]:
    """One answer."""
    return {"column_id": column_id, "string_value": value} | ({"column_name": name} if name is not None else {})


def item_of(body: bytes) -> Item:
    """The one thing that a call brings."""
    [only] = read(WebhookCall(body), {})
    return only


def submission_of(*columns: object) -> Submission:
    """What is kept of these answers."""
    item = item_of(a_body(*columns))
    assert isinstance(item, Enquiry)
    return lead_of(item, "google-ads").submission


def post(sqlite: Store, body: bytes) -> tuple[Front, TestResponse]:
    """Post to an application with the key."""
    front = Front(sqlite, a_form("tour", require=(), webhooks={"google-ads": table_of("google-ads")}))
    return front, front.client.post("/webhooks/google-ads/tour", data=body, content_type="application/json")


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"7", b"key=" + SECRET.encode()])
def test_a_body_whose_key_cannot_be_read_is_no_request_at_all(sqlite: Store, body: bytes) -> None:
    front, answer = post(sqlite, body)

    assert (answer.status_code, front.leads()) == (400, [])
    assert answer.get_json(force=True)["message"]


@pytest.mark.parametrize("key", ["", None, "x", [SECRET], f"{SECRET} ", "\ud800"])
def test_another_key_is_refused_for_good(sqlite: Store, key: object) -> None:
    front, answer = post(sqlite, a_body(google_key=key))

    assert (answer.status_code, front.leads()) == (401, [])
    assert answer.get_json(force=True)["message"]


def test_google_is_answered_with_an_empty_object(sqlite: Store) -> None:
    _, answer = post(sqlite, a_body())

    assert (answer.status_code, answer.mimetype, answer.data) == (200, "application/json", b"{}")


def test_the_second_press_of_the_test_button_is_shown_too(sqlite: Store) -> None:
    front, _ = post(sqlite, a_body(is_test=True))

    front.client.post("/webhooks/google-ads/tour", data=a_body(is_test=True))

    assert [lead.status for lead in front.leads()] == [Status.TEST, Status.TEST]


def test_a_lead_that_comes_again_is_the_first_one(sqlite: Store) -> None:
    front, _ = post(sqlite, a_body())

    answer = front.client.post("/webhooks/google-ads/tour", data=a_body(adgroup_id=5))

    assert (answer.data, front.lead().repeats) == (b"{}", 1)


def test_government_ids_are_not_kept_anywhere() -> None:
    submission = submission_of(
        a_column("GOVERNMENT_ISSUED_ID_CPF_BR", "123.456", "CPF"), a_column("EMAIL", "a@b.example")
    )

    assert "123.456" not in repr(submission)


@each_row("column", COMMON_COLUMNS.split())
def test_a_column_is_understood_or_kept_under_its_label(column: str) -> None:
    submission = submission_of(a_column(column, "ann@example.com" if "EMAIL" in column else "0171 4960", "Etikett"))

    if column in KNOWN:
        assert submission.fields[KNOWN[column]]
    assert submission.extras.get("Etikett") or any(submission.fields.values())


def test_a_question_without_any_name_is_kept() -> None:
    assert submission_of(a_column("", "Two desks", "")).extras == {"unnamed": "Two desks", "campaign_id": "2"}


def test_the_first_that_is_filled_in_counts_and_others_stay_beside_it() -> None:
    answers = [a_column("FULL_NAME", value, "Name") for value in (None, "", "Ann Lee", "Ann Lee", "Bob Lee")]

    submission = submission_of(*answers)

    assert submission.contact.full_name == "Ann Lee"
    assert "Bob Lee" in submission.extras.values()


def test_an_answer_that_is_called_otherwise_one_day_is_kept() -> None:
    submission = submission_of({"column_id": "EMAIL", "text_value": "ann@example.com"}, {"column_id": "A", "b": [1, 2]})

    assert submission.contact.email == "ann@example.com"
    assert submission.extras["A.b"] == ["1", "2"]


def test_zero_stands_for_no_id() -> None:
    item = item_of(a_body(adgroup_id=0, creative_id=0, campaign_id=23729418209123456789, form_id="5"))

    assert isinstance(item, Enquiry)
    assert item.details == {"campaign_id": "23729418209123456789", "form_id": "5"}


def test_ids_are_named_by_the_operator() -> None:
    [item] = read(WebhookCall(a_body()), {"names": {"2": "Spring offices"}})

    assert isinstance(item, Enquiry)
    assert item.utm["utm_campaign"] == "Spring offices"


def test_what_holds_neither_id_nor_answers_is_kept_raw_without_the_key() -> None:
    item = item_of(json.dumps({"google_key": 'a"b', "form_id": 7}).encode())

    assert isinstance(item, UnreadableItem)
    assert json.loads(item.raw) == {"form_id": "7"}
