"""Form builders and booking tools, as recorded: everything that is expected of a request holds for its lead."""

from typing import Any

import pytest

from service.capture.fields.contact import says_yes
from service.capture.tools.registry import SENDERS
from service.capture.tools.sender import InvalidSignature, WebhookCall
from service.lead import Lead, Status
from service.store import Store
from tests.builders import a_form
from tests.capture.senders.recorded import Recorded, recorded
from tests.front import Front
from tests.tables import each_row

TOOLS = (
    *("typeform", "webflow", "framer", "tally", "wix", "jotform", "google-forms", "calendly", "cal-com", "hubspot"),
)
SAMPLES = recorded(*TOOLS)
SIGNED = [each for each in SAMPLES if "signature" in each.sample]
AGEING = [each for each in SIGNED if each.verified_at]


def table_of(sample: Recorded) -> dict[str, Any]:
    """What lets it in today: proofs that age or cover another address are checked apart."""
    if sample.sender == "google-forms":
        return {"token": "tok_demo"}
    return {} if sample in AGEING or sample.sender == "hubspot" else sample.table


def sent(sqlite: Store, sample: Recorded, **settings: str) -> Front:
    """The application after it got the request."""
    front = Front(sqlite, a_form("tour", webhooks={sample.sender: table_of(sample)}), **settings)
    answer = front.client.post(f"/webhooks/{sample.sender}/tour", data=sample.body, headers=sample.headers)
    assert answer.status_code == 200
    return front


def call_of(sample: Recorded, body: bytes | None = None, age_s: float = 0.0) -> WebhookCall:
    """The request as it was when it was recorded."""
    return WebhookCall(
        sample.body if body is None else body,
        {name.lower(): value for name, value in sample.headers.items()},
        url=sample.sample["request"].get("url", ""),
        received_at=(sample.verified_at or 0.0) + age_s,
    )


def contents_of(lead: Lead) -> dict[str, Any]:
    """A lead in the words of the samples."""
    submission, evidence = lead.submission, lead.submission.evidence
    contact, fields, extras = submission.contact, submission.fields, submission.extras
    tags = ("source", "medium", "campaign", "content", "term")
    return {
        "outcome": "accept" if lead.status is Status.PENDING else lead.status,
        **{name: getattr(contact, name) or None for name in ("email", "full_name", "company")},
        "phone": digits(contact.phone),
        **{name: fields.get(name) for name in ("message", "team_size", "move_in_date")},
        "external_id": submission.external_id or None,
        "utm": {tag: getattr(lead.attribution, f"utm_{tag}") or None for tag in tags},
        "landing_page": evidence.landing_url or None,
        "page_url": evidence.page_url or None,
        "click_ids": dict(lead.attribution.click_ids),
        "form_name": submission.form_name or None,
        "consent": says_yes(fields.get("consent", "")),
        "lists": {name: answer for name, answer in extras.items() if isinstance(answer, list)},
        "booking": {"start": extras.get("Booking starts"), "name": extras.get("Booked")},
        "ip_address": submission.ip or None,
    }


def digits(phone: str | None) -> str:
    """What counts of a number."""
    return "".join(letter for letter in phone or "" if letter.isdigit())


@pytest.fixture(params=SAMPLES, ids=lambda each: each.name)
def sample(request: pytest.FixtureRequest) -> Recorded:
    """Each recorded request."""
    record: Recorded = request.param
    return record


def test_every_tool_has_a_sample() -> None:
    assert {each.sender for each in SAMPLES} == set(TOOLS)


def test_all_that_was_expected_came(sqlite: Store, sample: Recorded) -> None:
    contents, expected = contents_of(sent(sqlite, sample, STORE_IP="true").lead()), dict(sample.expected)
    expected["phone"] = digits(expected["phone"])

    assert {name: contents[name] for name in expected} == expected


def test_sent_again_it_is_the_same_lead(sqlite: Store, sample: Recorded) -> None:
    front = sent(sqlite, sample)

    again = front.client.post(f"/webhooks/{sample.sender}/tour", data=sample.body, headers=sample.headers)

    assert again.get_json()["repeat"] is True
    assert again.get_json()["id"] == front.lead().id


def test_nothing_of_the_plumbing_is_kept(sqlite: Store, sample: Recorded) -> None:
    lead = sent(sqlite, sample).lead()

    kept_names = {*lead.submission.fields, *lead.submission.extras}
    assert not [name for name in kept_names if name.startswith(("event_", "definition", "properties.", "webhookURL"))]
    assert len(lead.submission.extras) < 8


@each_row("signed", SIGNED, ids=lambda each: each.name)
def test_the_recorded_proof_is_right(signed: Recorded) -> None:
    verify = SENDERS[signed.sender].verify

    assert verify is not None
    verify(call_of(signed), signed.table)


@each_row("signed", SIGNED, ids=lambda each: each.name)
def test_the_recorded_proof_is_of_that_body_and_that_secret(signed: Recorded) -> None:
    verify = SENDERS[signed.sender].verify
    assert verify is not None

    with pytest.raises(InvalidSignature):
        verify(call_of(signed, signed.body + b" "), signed.table)
    with pytest.raises(InvalidSignature):
        verify(call_of(signed), {"secret": "another"})


@pytest.mark.parametrize("signed", AGEING, ids=lambda each: each.name)
def test_a_proof_is_good_for_as_long_as_its_tool_says(signed: Recorded) -> None:
    verify, limit_s = SENDERS[signed.sender].verify, float(signed.sample["signature"]["tolerance_s"])
    assert verify is not None

    verify(call_of(signed, age_s=limit_s - 10), signed.table)
    with pytest.raises(InvalidSignature, match="too old"):
        verify(call_of(signed, age_s=limit_s + 10), signed.table)
