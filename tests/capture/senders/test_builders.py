"""What site builders and form services send beside the recorded requests, and how their proofs fail."""

import base64
import hashlib
import hmac
import json
from datetime import UTC, datetime
from typing import Any

import pytest

from service.capture.tools.form_services import FORMSPREE, NETLIFY
from service.capture.tools.sender import InvalidSignature, WebhookCall
from service.lead import Lead
from service.store import Store
from tests.builders import a_form
from tests.capture.senders.recorded import Recorded, recorded
from tests.front import Front
from tests.tables import each_row

KEY = "a-key-of-the-test"
ANN = {"name": "Ann Lee", "email": "ann@example.com"}


def kept_as(sqlite: Store, sender: str, *bodies: object) -> list[Lead]:
    """The leads of JSON bodies that a sender posts."""
    front = Front(sqlite, a_form("tour", webhooks={sender: {}}))
    for body in bodies:
        assert front.client.post(f"/webhooks/{sender}/tour", json=body).status_code == 200
    return front.leads()


def the(name: str, sender: str) -> Recorded:
    """One recorded request."""
    return next(each for each in recorded(sender) if each.name == name)


def jws(body: bytes, head: dict[str, str], key: str = KEY, **claims: Any) -> WebhookCall:
    """A call of Netlify's with a JWS."""
    parts = [head, {"iss": "netlify", "sha256": hashlib.sha256(body).hexdigest(), **claims}]
    signed = ".".join(base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode() for part in parts)
    signature = base64.urlsafe_b64encode(hmac.new(key.encode(), signed.encode(), hashlib.sha256).digest())
    return WebhookCall(body, {"x-webhook-signature": f"{signed}.{signature.rstrip(b'=').decode()}"})


def verify_netlify(call: WebhookCall) -> None:
    """Raises: InvalidSignature."""
    assert NETLIFY.verify is not None
    NETLIFY.verify(call, {"secret": KEY})


# -- Netlify


def test_a_jws_of_the_body_is_a_proof() -> None:
    verify_netlify(jws(b"{}", {"alg": "HS256"}))


@each_row(
    "call",
    [
        jws(b"{}", {"alg": "HS256"}, key="another"),
        jws(b"{}", {"alg": "HS256"}, sha256=hashlib.sha256(b"[]").hexdigest()),
        jws(b"{}", {"alg": "HS256"}, sha256=None),
        jws(b"{}", {"alg": "HS512"}),
        jws(b"{}", {}),
        WebhookCall(b"{}", {"x-webhook-signature": "eyJhbGciOiJub25lIn0.e30."}),
        WebhookCall(b"{}", {"x-webhook-signature": "é.é.é"}),
        WebhookCall(b"{}"),
    ],
    ids=["another key", "another body", "no digest", "HS512", "no algorithm", "alg none", "no ASCII", "nothing"],
)
def test_any_other_jws_is_refused(call: WebhookCall) -> None:
    with pytest.raises(InvalidSignature):
        verify_netlify(call)


def test_the_event_of_a_function_wraps_the_submission(sqlite: Store) -> None:
    sample = json.loads(the("netlify-outgoing", "netlify").body)

    (lead,) = kept_as(sqlite, "netlify", {"payload": sample, "site": {"id": "s"}})

    assert lead.submission.external_id == "674f1c2ab1c3d4e5f6a7b8c9"
    assert lead.submission.evidence.submitted_at == datetime(2026, 11, 20, 9, 14, 2, 114000, UTC).timestamp()


@pytest.mark.parametrize(
    "body",
    [{"human_fields": ANN}, {"ordered_human_fields": [{"title": n, "value": v} for n, v in ANN.items()]}, ANN],
    ids=["human fields", "ordered fields", "summary"],
)
def test_answers_of_netlify_are_found_where_data_is_missing(sqlite: Store, body: dict[str, Any]) -> None:
    (lead,) = kept_as(sqlite, "netlify", {"id": "1", **body})

    assert (lead.submission.contact.email, lead.submission.contact.full_name) == ("ann@example.com", "Ann Lee")


# -- Formspree


@pytest.mark.parametrize(("late_s", "is_taken"), [(0, True), (290, True), (310, False), (-400, False)])
def test_a_recorded_signature_of_formspree_counts_for_five_minutes(late_s: float, is_taken: bool) -> None:
    sample = the("formspree-outgoing", "formspree")
    headers = {name.lower(): value for name, value in sample.headers.items()}
    call = WebhookCall(sample.body, headers, received_at=(sample.verified_at or 0) + late_s)

    try:
        FORMSPREE.verify and FORMSPREE.verify(call, sample.table)
    except InvalidSignature:
        assert not is_taken
    else:
        assert is_taken


def test_formspree_says_when_it_was_sent(sqlite: Store) -> None:
    (lead,) = kept_as(sqlite, "formspree", json.loads(the("formspree-outgoing", "formspree").body))

    assert lead.submission.evidence.submitted_at == datetime(2026, 11, 22, 10, tzinfo=UTC).timestamp()
    assert dict(lead.submission.extras) == {"form_id": "xmogkqvd"}


# -- Basin, Unbounce


def test_basin_wraps_the_answers_where_it_is_asked_to(sqlite: Store) -> None:
    first, second = kept_as(sqlite, "basin", {"id": "b7", "data": ANN}, {"data": {"id": "b8", **ANN, "message": "Hi"}})

    assert {first.submission.external_id, second.submission.external_id} == {"b7", "b8"}
    assert first.submission.contact == second.submission.contact


def test_basin_sends_again_and_it_stays_one_lead(sqlite: Store) -> None:
    bodies = [{"id": "b7", **ANN, "message": message} for message in ("Two desks.", "Two desks!")]

    (lead,) = kept_as(sqlite, "basin", *bodies)

    assert lead.repeats == 1


def test_unbounce_says_when_it_was_sent(sqlite: Store) -> None:
    (lead,) = kept_as(sqlite, "unbounce", json.loads(the("unbounce-json", "unbounce").body))

    assert lead.submission.evidence.submitted_at == datetime(2026, 11, 21, 22, 57, tzinfo=UTC).timestamp()


# -- senders of which no request was recorded


@pytest.mark.parametrize("sender", ["instapage", "leadpages", "squarespace"])
@pytest.mark.parametrize(
    "body", [ANN, {"lead": ANN}, [ANN], {"data": {"fields": [{"label": "Email", "value": ANN["email"]}]}}]
)
def test_tools_without_recorded_calls_are_read_like_an_automation(sqlite: Store, sender: str, body: object) -> None:
    (lead,) = kept_as(sqlite, sender, body)

    assert lead.submission.contact.email == "ann@example.com"
