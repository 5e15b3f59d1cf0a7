"""Leads of ad platforms by way of Zapier, Make, n8n and spreadsheets: read, credited, and joined with native ones."""

from typing import Any

import pytest

from service.lead import Lead
from service.store import Store
from tests.builders import a_form
from tests.capture.senders.recorded import Recorded, recorded
from tests.front import Front

SAMPLES = [each for each in recorded("json") if each.name.startswith("aggregator-")]
UTM = ("utm_source", "utm_medium", "utm_campaign", "utm_content", "utm_term")
ANN = {"full_name": "Ann Lee", "email": "ann@example.com"}


def sent(kept: Store, body: object, table: dict[str, Any] | None = None, **headers: str) -> Front:
    """The application after it got a body."""
    front = Front(kept, a_form("tour", webhooks={"json": table or {}, "google-ads": {"key": "k"}}))
    post(front, body, **headers)
    return front


def post(front: Front, body: object, sender: str = "json", **headers: str) -> dict[str, Any]:
    """Post JSON as a sender; what was answered."""
    answer = front.client.post(f"/webhooks/{sender}/tour", json=body, headers=headers)
    assert answer.status_code == 200
    found: dict[str, Any] = answer.get_json()
    return found


def utm(lead: Lead) -> tuple[str, ...]:
    """The five values."""
    return tuple(getattr(lead.attribution, name) for name in UTM)


@pytest.fixture(params=SAMPLES, ids=lambda each: each.name)
def sample(request: pytest.FixtureRequest) -> Recorded:
    """Each recorded request."""
    found: Recorded = request.param
    return found


def test_all_that_was_expected_came(kept: Store, sample: Recorded) -> None:
    front = Front(kept, a_form("tour", webhooks={"json": sample.table}))

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
