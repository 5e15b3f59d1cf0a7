"""TikTok's lead generation: what is special about it beside the recorded calls."""

import hashlib
import hmac
import json
import time
from typing import Any

import pytest
from werkzeug.test import TestResponse

from service.capture.fields.enquiries import Enquiry, Item, UnreadableItem
from service.capture.tools.sender import WebhookCall
from service.lead import Status
from service.platforms.tiktok.webhook import read, read_export
from service.store import Store
from tests.builders import a_form
from tests.capture.senders.recorded import recorded
from tests.capture.senders.sent_records import facts_of, lead_of
from tests.capture.senders.signing import SECRET, SIGNATURES, table_of
from tests.front import Front
from tests.processes import SLOWEST_MACHINE
from tests.tables import each_row

EXPORT = next(each for each in recorded("tiktok") if "csv" in each.sample)
AD = {"campaign_id": 1, "campaign_name": "Launch", "advertiser_id": 716}


def an_entry(lead_id: int = 7412345678901234567, **changes: Any) -> dict[str, Any]:
    """One lead as TikTok sends it."""
    answers = [{"field": "name", "value": "Ann Lee"}, {"field": "email", "value": "ann@example.com"}]
    return {
        "id": lead_id,
        "lead_source": "INSTANT_FORM",
        "create_time": 1795424990,
        "changes": answers,
        **AD,
        **changes,
    }


def a_body(*entries: object, **changes: Any) -> bytes:
    """A call with these leads."""
    return json.dumps({"object": 1, "entry": list(entries), **changes}).encode()


def items_of(body: bytes) -> list[Item]:
    """What a call brings."""
    return list(read(WebhookCall(body), {}))


def enquiry_of(**changes: Any) -> Enquiry:
    """The Enquiry of one lead."""
    [item] = items_of(a_body(an_entry(**changes)))
    assert isinstance(item, Enquiry)
    return item


def post(sqlite: Store, body: bytes, signed: bytes) -> TestResponse:
    """Post `body` with a signature over `signed`."""
    front = Front(sqlite, a_form("tour", webhooks={"tiktok": table_of("tiktok")}))
    proof = hmac.new(SECRET.encode(), signed, hashlib.sha256).hexdigest()
    return front.client.post("/webhooks/tiktok/tour", data=body, headers={"X-Open-Signature": proof})


@pytest.mark.parametrize("text", ["Zoë 🚀 €", "Jürgen", "山田 花子 𠮷野"])
def test_a_signature_counts_over_raw_and_over_escaped_bytes(sqlite: Store, text: str) -> None:
    raw = f'{{"object": 1, "entry" : [], "note":"{text}\\n"}}'.encode()
    escaped = f'{{"object": 1, "entry" : [], "note":{json.dumps(text)[:-1]}\\n"}}'.encode()

    answers = [post(sqlite, raw, raw), post(sqlite, raw, escaped), post(sqlite, escaped, escaped)]

    assert [answer.status_code for answer in answers] == [200, 200, 200]


def test_what_was_escaped_and_is_not_any_more_proves_nothing_else(sqlite: Store) -> None:
    body = '{"object": 1, "entry": [], "note": "Zoë"}'.encode()

    answer = post(sqlite, body, b'{"object": 1, "entry": [], "note": "Zo\\u00EB"}')

    assert answer.status_code == 401


def test_five_mebibytes_of_foreign_text_are_refused_quickly(sqlite: Store) -> None:
    body = ("山田" * 800_000).encode()
    began = time.process_time()

    answer = post(sqlite, body, b"something else")

    assert answer.status_code == 401
    assert time.process_time() - began < 2 * SLOWEST_MACHINE


@pytest.mark.parametrize("number", [2, 3, "12"])
def test_what_is_no_lead_is_ignored(number: object) -> None:
    assert items_of(a_body(an_entry(), object=number)) == []


def test_a_broken_item_does_not_hold_up_the_others() -> None:
    first, second, third = items_of(a_body("lost", {"page_id": 5}, an_entry()))

    assert [type(item) for item in (first, second, third)] == [UnreadableItem, UnreadableItem, Enquiry]
    assert isinstance(second, UnreadableItem)
    assert json.loads(second.raw) == {"page_id": "5"}


def test_a_thousand_leads_come_in_one_call(sqlite: Store) -> None:
    front = Front(sqlite, a_form("tour", webhooks={"tiktok": table_of("tiktok")}))
    leads = [[{"field": "email", "value": f"ann{number}@example.com"}] for number in range(1000)]
    body = a_body(*(an_entry(7412345678901230000 + number, changes=answers) for number, answers in enumerate(leads)))

    answer = front.client.post("/webhooks/tiktok/tour", data=body, headers=SIGNATURES["tiktok"](body, "", 0.0))

    assert (answer.status_code, len(set(answer.get_json()["ids"]))) == (200, 1000)


def test_two_subscriptions_of_one_form_make_one_lead(sqlite: Store) -> None:
    front = Front(sqlite, a_form("tour", webhooks={"tiktok": table_of("tiktok")}))

    for request_id in (1, 2):
        body = a_body(an_entry(), request_id=request_id)
        front.client.post("/webhooks/tiktok/tour", data=body, headers=SIGNATURES["tiktok"](body, "", 0.0))

    assert front.lead().repeats == 1


def test_a_value_may_be_an_object() -> None:
    several = {"from": "Monday", "until": "Friday"}

    enquiry = enquiry_of(
        changes=[{"field": "email", "value": {"value": "ann@example.com"}}, {"field": "when", "value": several}]
    )

    assert list(enquiry.answers) == [
        ("email", "ann@example.com", "email"),
        ("when.from", "Monday", ""),
        ("when.until", "Friday", ""),
    ]


MOCK = [{"field": "email", "value": "test_email_address@mail.com"}]
NO_AD = {"campaign_id": 0, "campaign_name": ""}


@each_row(
    ("changes", "is_test"),
    [
        ({}, False),
        ({"changes": MOCK}, True),
        (NO_AD, True),
        ({**NO_AD, "ad_id": 5}, False),
        ({**NO_AD, "lead_source": "DIRECT_MESSAGE"}, False),
    ],
)
def test_a_test_is_known_by_its_address_or_by_coming_from_no_ad(changes: dict[str, Any], is_test: bool) -> None:
    assert enquiry_of(**changes).is_test == is_test


def test_a_lead_belongs_to_its_account_or_library() -> None:
    assert enquiry_of().place == "716"
    assert enquiry_of(advertiser_id=0, library_id=99).place == "99"


def test_an_export_is_read_as_recorded() -> None:
    enquiries, skipped = read_export(EXPORT.sample["csv"], {})
    leads, expected = [lead_of(each, "tiktok") for each in enquiries], EXPORT.expected

    facts = [facts_of(lead, wanted) for lead, wanted in zip(leads, expected["leads"], strict=True)]

    assert (facts, skipped) == (expected["leads"], expected["skipped"])
    assert [each.submitted_at for each in enquiries] == [1795183391.0, 1795160000.0]
    assert enquiries[0].details["ad_id"] == "1809876543210987"


def test_an_export_s_leads_are_those_of_the_webhook(sqlite: Store) -> None:
    front = Front(sqlite, a_form("tour", webhooks={"tiktok": table_of("tiktok")}))
    body = a_body(an_entry())
    front.client.post("/webhooks/tiktok/tour", data=body, headers=SIGNATURES["tiktok"](body, "", 0.0))

    [[item], _] = read_export("lead_id,Email\n'7412345678901234567,ann@example.com\n", {})

    assert item.external_id == front.lead().submission.external_id


@pytest.mark.parametrize("separator", [";", "\t"])
def test_an_export_that_went_through_excel_is_read(separator: str) -> None:
    rows = ["lead_id,is_test,Name,Email", '="1",FALSE,Ann Lee,ann@example.com,more', "", "2,0,Bob,bob@example.com"]

    enquiries, skipped = read_export("\ufeff" + "\r\n".join(rows).replace(",", separator), {})

    assert ([each.external_id for each in enquiries], skipped) == (["1", "2"], 0)
    assert ("column 5", "more", "") in enquiries[0].answers
    assert not enquiries[0].is_test


@each_row("text", ["", "\n\n", "a", '"', "lead_id\n\0", "lead_id,Name\n1," + "x" * 200_000 + "\n2,Ann"])
def test_no_export_makes_it_stumble(text: str) -> None:
    enquiries, skipped = read_export(text, {})

    assert all(lead_of(each, "tiktok").status is not Status.DELIVERED for each in enquiries)
    assert (len(enquiries), skipped) == ((1, 1) if "Ann" in text else (0, skipped))
