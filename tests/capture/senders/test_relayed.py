"""Leads of ad platforms by way of Zapier, Make, n8n and spreadsheets: read, credited, and joined with native ones."""

from typing import Any

import pytest

from service.lead import Lead, Status
from service.store import Store
from tests.admin.dashboard import Operator
from tests.builders import a_form
from tests.capture.senders.recorded import Recorded, recorded
from tests.front import Front

SAMPLES = [each for each in recorded("json") if each.name.startswith("aggregator-")]
UTM = ("utm_source", "utm_medium", "utm_campaign", "utm_content", "utm_term")
ANN = {"full_name": "Ann Lee", "email": "ann@example.com"}


def sent(sqlite: Store, body: object, table: dict[str, Any] | None = None, **headers: str) -> Front:
    """The application after it got a body."""
    front = Front(sqlite, a_form("tour", webhooks={"json": table or {}, "google-ads": {"key": "k"}}))
    post(front, body, **headers)
    return front


def post(front: Front, body: object, sender: str = "json", **headers: str) -> dict[str, Any]:
    """Post JSON as a sender; what was answered."""
    answer = front.client.post(f"/webhooks/{sender}/tour", json=body, headers=headers)
    assert answer.status_code == 200
    payload: dict[str, Any] = answer.get_json()
    return payload


def utm(lead: Lead) -> tuple[str, ...]:
    """The five values."""
    return tuple(getattr(lead.attribution, name) for name in UTM)


@pytest.fixture(params=SAMPLES, ids=lambda each: each.name)
def sample(request: pytest.FixtureRequest) -> Recorded:
    """Each recorded request."""
    record: Recorded = request.param
    return record


def test_all_that_was_expected_came(sqlite: Store, sample: Recorded) -> None:
    front = Front(sqlite, a_form("tour", webhooks={"json": sample.table}))

    raw = sample.sample["request"]["body"]
    body = raw.encode() if isinstance(raw, str) else sample.body
    answer = front.client.post("/webhooks/json/tour", data=body, headers=sample.headers)

    lead, expected = front.lead(), sample.expected
    contact = lead.submission.contact
    assert answer.status_code in expected["response"]["status_in"]
    assert {name: getattr(contact, name) or None for name in ("email", "full_name", "phone", "company")} == {
        name: expected[name] for name in ("email", "full_name", "phone", "company")
    }
    assert lead.submission.external_id == expected["external_id"]
    assert utm(lead) == tuple(expected["utm"][name] for name in UTM)
    assert lead.submission.form_name == expected.get("form_name", lead.submission.form_name)


GOOGLE = {
    "lead_id": "TeSter-7",
    "form_id": 40000000000,
    "campaign_id": 111,
    "google_key": "k",
    "user_column_data": [{"column_id": "EMAIL", "string_value": "ann@example.com"}],
}


@pytest.mark.parametrize("name", ["lead_id", "id", "Lead ID", "external_id"])
@pytest.mark.parametrize("natively_first", [True, False])
def test_a_lead_that_comes_both_ways_is_one_lead(sqlite: Store, name: str, natively_first: bool) -> None:
    relayed = {"email": "ann@example.com", name: GOOGLE["lead_id"], "is_relayed": "yes"}
    ways: list[tuple[object, str]] = [(GOOGLE, "google-ads"), (relayed, "json")]
    front = Front(sqlite, a_form("tour", webhooks={"json": {"platform": "google-ads"}, "google-ads": {"key": "k"}}))

    for body, sender in ways if natively_first else reversed(ways):
        post(front, body, sender)

    assert (front.lead().repeats, front.lead().attribution.utm_source) == (1, "google")


def test_the_body_may_say_which_platform_it_is_of(sqlite: Store) -> None:
    lead = sent(
        sqlite, {**ANN, "platform": "ig", "id": "1289044735570001", "ad_name": "Reel", "is_organic": True}
    ).lead()

    assert utm(lead) == ("instagram", "organic_social", "", "Reel", "")


def test_a_question_about_platforms_is_no_platform(sqlite: Store) -> None:
    lead = sent(sqlite, {**ANN, "platform": "LinkedIn"}).lead()

    assert (utm(lead), lead.submission.extras["platform"]) == (("", "", "", "", ""), "LinkedIn")


@pytest.mark.parametrize(
    ("platform", "body", "expected"),
    [
        ("linkedin", {"campaign_name": "Flex"}, ("linkedin", "paid_social", "Flex", "", "")),
        ("tiktok", {"Campaign": {"id": "5"}}, ("tiktok", "paid_social", "5", "", "")),
        ("google-ads", {"campaign_id": "111", "adgroup_id": "222"}, ("google", "cpc", "Brand", "", "222")),
        ("google-ads", {"campaign_id": "111", "utm_source": "x"}, ("x", "", "", "", "")),
    ],
)
def test_a_campaign_stands_for_tags(sqlite: Store, platform: str, body: object, expected: tuple[str, ...]) -> None:
    table = {"platform": platform, "names": {"111": "Brand"}}

    assert utm(sent(sqlite, {**ANN, **body}, table).lead()) == expected  # type: ignore[dict-item]


def test_ids_and_names_of_the_campaign_are_kept_beside_the_answers(sqlite: Store) -> None:
    facts = {"Campaign Name": "Flex", "ad_id": "ag:120214783300452222", "form_name": "Spring", "page_id": "77"}

    lead = sent(sqlite, {**ANN, **facts}, {"platform": "meta"}).lead()

    assert dict(lead.submission.extras) == {**facts, "ad_id": "120214783300452222"}
    assert lead.submission.form_name == "Spring"


def test_leads_of_another_page_are_parked(sqlite: Store) -> None:
    table = {"platform": "meta", "pages": ["77"]}

    assert sent(sqlite, {**ANN, "page_id": "78"}, table).lead().status is Status.PARKED


@pytest.mark.parametrize(
    "answers",
    [{"email": "test@fb.com"}, {**ANN, "phone": "<test lead: dummy data for phone>"}, {**ANN, "is_test": "true"}],
    ids=["address", "placeholder", "flag"],
)
def test_tests_of_a_platform_are_told_apart(sqlite: Store, answers: dict[str, str]) -> None:
    lead = sent(sqlite, {**answers, "id": "1289044735570001"}, {"platform": "meta"}).lead()

    assert (lead.status, lead.submission.contact.phone) == (Status.TEST, "")


def test_a_urn_of_linkedin_is_its_bare_id(sqlite: Store) -> None:
    lead = sent(sqlite, {**ANN, "id": "urn:li:leadGenFormResponse:5f0c-5"}, {"platform": "linkedin"}).lead()

    assert lead.submission.external_id == "5f0c-5"


def test_numbers_of_identity_cards_are_not_kept(sqlite: Store) -> None:
    columns = [{"column_id": "EMAIL", "string_value": "ann@example.com"}]
    columns += [{"column_id": "GOVERNMENT_ISSUED_ID_CPF_BR", "string_value": "123.456.789-09"}]

    lead = sent(sqlite, {"lead_id": "TeSter-7", "user_column_data": columns}).lead()

    assert "123.456.789-09" not in str(lead)
    assert utm(lead)[0] == "google"


def test_boxes_that_were_ticked_at_meta_are_kept(sqlite: Store) -> None:
    boxes = [{"checkbox_key": "newsletter", "is_checked": "1"}, {"checkbox_key": "calls", "is_checked": ""}]
    answers = [{"name": "email", "values": ["ann@example.com"]}, {"name": "desks", "values": []}]
    body = {"id": "1289044735570001", "field_data": answers, "custom_disclaimer_responses": boxes}

    assert dict(sent(sqlite, body).lead().submission.extras) == {"newsletter": "1"}


def test_the_name_of_a_detail_holds_no_character_that_a_page_or_database_refuses(sqlite: Store) -> None:
    operator = Operator(sqlite, a_form("tour", webhooks={"json": {}}))

    post(operator.front, {**ANN, "lead_id": "1284735573840001", "platform": "fb", "Form \ud800\0Name": "Dublin form"})

    lead = operator.front.lead()
    assert lead.submission.extras["Form \ufffdName"] == "Dublin form"
    assert "Dublin form" in operator.see(f"/admin/leads/{lead.id}")
