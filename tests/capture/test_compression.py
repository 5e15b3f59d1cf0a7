"""Compressed bodies: read within bounds at both doors, proven by the bytes as sent, kept where they cannot be read."""

import base64
import gzip
import hashlib
import hmac
import json
import zlib
from collections.abc import Callable
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.capture.http.form_posts import MAX_BODY_BYTES
from service.capture.parsing import Unreadable
from service.capture.parsing.bodies import decompress
from service.lead import Status
from service.store import Store
from tests.builders import a_form
from tests.front import ANN, SCRIPT, Front

PLAIN = json.dumps(ANN).encode()
SECRET = "whsec"


def raw_deflate(body: bytes) -> bytes:
    packer = zlib.compressobj(wbits=-15)
    return packer.compress(body) + packer.flush()


PACKED: dict[str, tuple[Callable[[bytes], bytes], str]] = {
    "gzip": (gzip.compress, "gzip"),
    "gzip in capitals": (gzip.compress, "GZIP"),
    "gzip that nobody declared": (gzip.compress, ""),
    "gzip by another name": (gzip.compress, "x-gzip"),
    "deflate": (zlib.compress, "deflate"),
    "deflate without a header": (raw_deflate, "deflate"),
    "twice": (lambda body: gzip.compress(gzip.compress(body)), "gzip, gzip"),
    "deflate within gzip": (lambda body: gzip.compress(zlib.compress(body)), "deflate, gzip"),
    "in two pieces": (lambda body: gzip.compress(body[:9]) + gzip.compress(body[9:]), "gzip"),
    "not at all": (bytes, "gzip"),
    "not at all with br": (bytes, "br"),
    "a charset for a coding": (bytes, "utf-8"),
    "identity": (bytes, "identity"),
}


@pytest.mark.parametrize("name", PACKED)
def test_a_compressed_post_is_read_at_both_doors(sqlite: Store, name: str) -> None:
    pack, coding = PACKED[name]
    front = Front(sqlite, a_form(webhooks={"json": {}}))
    headers = {**SCRIPT, "Content-Encoding": coding}

    for path in ("/f/contact", "/webhooks/json/contact"):
        answer = front.client.post(path, data=pack(PLAIN), headers=headers, content_type="application/json")
        assert answer.status_code == 200, answer.text

    assert {lead.submission.fields["message"] for lead in front.leads()} == {ANN["message"]}
    assert {lead.status for lead in front.leads()} == {Status.PENDING}


@pytest.mark.parametrize("signed", [gzip.compress(PLAIN, mtime=0), PLAIN], ids=["as sent", "as it was before"])
def test_a_signature_is_over_the_bytes_as_sent_or_what_they_hold(sqlite: Store, signed: bytes) -> None:
    front = Front(sqlite, a_form(webhooks={"typeform": {"secret": SECRET}}))
    digest = hmac.new(SECRET.encode(), signed, hashlib.sha256).digest()
    headers = {"Typeform-Signature": f"sha256={base64.b64encode(digest).decode()}", "Content-Encoding": "gzip"}

    answers = [
        front.client.post("/webhooks/typeform/contact", data=gzip.compress(body, mtime=0), headers=headers)
        for body in (PLAIN, PLAIN + b" ")
    ]

    assert [answer.status_code for answer in answers] == [200, 401]
    assert front.lead().submission.contact.email == ANN["email"]


def test_a_key_inside_a_compressed_body_is_seen(sqlite: Store) -> None:
    front = Front(sqlite, a_form(webhooks={"google-ads": {"key": SECRET}}))
    column = {"column_id": "EMAIL", "string_value": "ann@example.com"}

    for key, status in (("wrong", 401), (SECRET, 200)):
        body = json.dumps({"google_key": key, "lead_id": "abc-123456", "user_column_data": [column]}).encode()
        answer = front.client.post(
            "/webhooks/google-ads/contact", data=gzip.compress(body), headers={"Content-Encoding": "gzip"}
        )
        assert answer.status_code == status, answer.text

    assert front.lead().submission.contact.email == "ann@example.com"


UNREADABLE: dict[str, tuple[bytes, str, str]] = {
    "br": (b"\x0b\x02\x80" + b"\xff" * 9, "br", "compressed with br, which is not supported"),
    "zstd": (b"\x28\xb5\x2f\xfd\x04\x00", "", "compressed with zstd"),
    "a made-up coding": (b"\xff\x00", "<script>", "compressed with something"),
    "gzip that ends early": (gzip.compress(PLAIN)[:-9], "gzip", "ends in the middle"),
    "gzip that is broken": (gzip.compress(PLAIN)[:10] + b"\xff" * 40, "gzip", "gzip, but broken"),
    "no deflate": (b"\xff\x00\xff", "deflate", "says that the body is compressed with deflate"),
    "a bomb": (gzip.compress(b"a=" + b"b" * MAX_BODY_BYTES), "gzip", "unpacks to more than 256 KiB"),
    "a bomb in a bomb": (gzip.compress(gzip.compress(b"a" * 50_000_000)), "gzip", "unpacks to more than 256 KiB"),
    "a bomb of pieces": (gzip.compress(b"") * 200, "gzip", "in more than 100 pieces"),
}


@pytest.mark.parametrize("name", UNREADABLE)
def test_what_cannot_be_unpacked_is_kept_with_its_reason(front: Front, name: str) -> None:
    body, coding, reason = UNREADABLE[name]

    answer = front.post(body, headers={**SCRIPT, "Content-Encoding": coding}, content_type="application/json")

    assert answer.status_code == 400
    assert (front.lead().status, front.lead().submission.raw) == (Status.PARKED, body)
    assert reason in front.lead().problem


def test_what_a_webhook_brings_is_kept_when_it_cannot_be_unpacked(sqlite: Store) -> None:
    front = Front(sqlite, a_form(webhooks={"json": {}}))
    body = b"\x0b\x02\x80\xff"

    answer = front.client.post("/webhooks/json/contact", data=body, headers={"Content-Encoding": "br"})

    assert answer.status_code == 200
    assert (front.lead().submission.raw, front.lead().status) == (body, Status.PARKED)
    assert "compressed with br" in front.lead().problem


@given(body=st.binary(max_size=200), coding=st.sampled_from(["", "gzip", "deflate", "br", "gzip, deflate"]) | st.text())
def test_any_bytes_are_unpacked_within_bounds_or_refused(body: bytes, coding: str) -> None:
    for each in (body, gzip.compress(body), gzip.compress(body)[:-1] + body, zlib.compress(body) + body):
        with suppress(Unreadable):
            assert len(decompress(each, coding, 150)) <= max(len(each), 150)
