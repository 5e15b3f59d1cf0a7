"""HubSpot: what is kept of a contact, and its three proofs."""

import base64
import hashlib
import hmac
from dataclasses import replace

import pytest

from service.capture.tools.registry import SENDERS
from service.capture.tools.sender import InvalidSignature, WebhookCall
from tests.capture.senders.bodies import hubspot, read


def test_housekeeping_of_a_contact_is_left_out_and_the_owners_own_properties_are_kept() -> None:
    submission = read(
        "hubspot", hubspot(email="a@b.co", hs_object_id="1", lifecyclestage="lead", office_count="4", notes="Hi")
    )

    assert (submission.extras, submission.fields["message"]) == ({"office_count": "4"}, "Hi")


def test_the_last_form_that_a_contact_sent_counts() -> None:
    old = {"conversion-id": "c1", "timestamp": 1795341500000, "page-url": "https://example.com/old"}
    new = {"conversion-id": "c2", "timestamp": 1795341600000, "page-url": "https://example.com/new", "title": "Tour"}

    submission = read("hubspot", hubspot(old, new, email="a@b.co"))

    assert (submission.external_id, submission.evidence.page_url, submission.form_name) == (
        "c2",
        "https://example.com/new",
        "Tour",
    )


def test_a_contact_who_comes_again_is_a_new_lead_where_hubspot_says_when() -> None:
    first, again = (read("hubspot", hubspot(email="a@b.co", recent_conversion_date=at)) for at in ("1", "2"))

    assert [submission.external_id for submission in (first, again)] == ["9021 1", "9021 2"]
    assert read("hubspot", hubspot(email="a@b.co")).external_id == "9021"


def test_properties_of_the_newer_api_are_read() -> None:
    submission = read("hubspot", {"id": "31", "properties": {"email": "ann@example.com", "firstname": "Ann"}})

    assert (submission.external_id, submission.contact.email, submission.contact.first_name) == (
        "31",
        "ann@example.com",
        "Ann",
    )


SECRET = "yyyyyyyy-yyyy-yyyy-yyyy-yyyyyyyyyyyy"
EVENTS = (
    b'[{"eventId":1,"subscriptionId":12345,"portalId":62515,"occurredAt":1564113600000,"subscriptionType":'
    b'"contact.creation","attemptNumber":0,"objectId":123,"changeSource":"CRM","changeFlag":"NEW","appId":54321}]'
)


@pytest.mark.parametrize("names_version", [True, False])
@pytest.mark.parametrize(
    ("version", "call", "proof"),
    [
        ("v1", WebhookCall(EVENTS), "232db2615f3d666fe21a8ec971ac7b5402d33b9a925784df3ca654d05f4817de"),
        (
            "v2",
            WebhookCall(url="https://www.example.com/webhook_uri", method="GET"),
            "eee2dddcc73c94d699f5e395f4b9d454a069a6855fbfa152e91e88823087200e",
        ),
    ],
)
def test_the_examples_of_hubspots_documentation_hold(
    version: str, call: WebhookCall, proof: str, names_version: bool
) -> None:
    headers = {"x-hubspot-signature": proof} | ({"x-hubspot-signature-version": version} if names_version else {})

    _verify(replace(call, headers=headers))

    with pytest.raises(InvalidSignature):
        _verify(replace(call, headers=headers, body=b"another"))


@pytest.mark.parametrize("signed", ["?x=a:b/c%20d%2B", "?x=a%3Ab%2Fc%20d%2B"], ids=["as documented", "as sent"])
def test_the_newest_proof_covers_the_address_with_some_letters_decoded(signed: str) -> None:
    at, address = "1795341600000", "https://leads.example.com/webhooks/hubspot/tour"
    key, message = SECRET.encode(), f"POST{address}{signed}{{}}{at}".encode()
    proof = base64.b64encode(hmac.new(key, message, hashlib.sha256).digest()).decode()
    headers = {"x-hubspot-signature-v3": proof, "x-hubspot-request-timestamp": at}

    _verify(WebhookCall(b"{}", headers, f"{address}?x=a%3Ab%2Fc%20d%2B", received_at=1795341601.0))

    with pytest.raises(InvalidSignature):
        _verify(WebhookCall(b"{}", headers, f"{address}?x=another", received_at=1795341601.0))


def test_an_older_proof_does_not_stand_in_for_a_wrong_newer_one() -> None:
    proof = hashlib.sha256(SECRET.encode() + b"{}").hexdigest()
    headers = {"x-hubspot-signature-v3": "wrong", "x-hubspot-signature": proof, "x-hubspot-request-timestamp": "1"}

    with pytest.raises(InvalidSignature):
        _verify(WebhookCall(b"{}", headers))


def _verify(call: WebhookCall) -> None:
    verify = SENDERS["hubspot"].verify
    assert verify is not None
    verify(call, {"secret": SECRET})
