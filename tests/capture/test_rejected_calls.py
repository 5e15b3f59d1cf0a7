"""Calls that are refused, from outside: what is noted of them, how often, and what ends it."""

import json
from collections.abc import Iterator
from datetime import timedelta

import pytest
import time_machine
from werkzeug.test import TestResponse

from service.capture.http import rejected_calls
from service.capture.http.rejected_calls import remedy
from service.capture.tools.registry import SENDERS
from service.platforms.registry import PLATFORMS
from service.store import Arrival, Rejection, Store
from tests.builders import NOON, a_form, a_lead, a_submission
from tests.capture.senders.signing import SECRET, sign, table_of
from tests.front import Front
from tests.tables import each_row

GOOGLE = {"user_column_data": [{"column_id": "EMAIL", "string_value": "ann@example.com"}]}


@pytest.fixture
def front(sqlite: Store) -> Iterator[Front]:
    """A form that Google Ads, Meta and Typeform send to, at noon."""
    with time_machine.travel(NOON, tick=False):
        yield a_front(sqlite)


def a_front(sqlite: Store) -> Front:
    senders = ("google-ads", "meta", "typeform")
    form = a_form("tour", webhooks={sender: table_of(sender) for sender in senders})
    return Front(sqlite, form, PUBLIC_URL="https://leads.example.com")


def send(front: Front, lead_id: str = "L1", key: str = SECRET) -> TestResponse:
    body = {"lead_id": lead_id, "google_key": key, **GOOGLE}
    return front.client.post("/webhooks/google-ads/tour", data=json.dumps(body))


def refused(front: Front) -> Rejection | None:
    with front.store.read() as tx:
        return next(iter(tx.platforms.open_rejections()), None)


def test_the_first_refused_call_of_a_sender_that_worked_is_noted_with_reason_and_remedy(front: Front) -> None:
    send(front)

    assert send(front, key="another").status_code == 401

    refusal = refused(front)
    assert refusal is not None
    assert refusal.is_alarming(NOON)
    assert refusal.why.endswith("its google_key differs from key in the set-up.")
    assert "Google never sends a refused lead again" in refusal.remedy
    assert "lead-capture import FILE.csv --form tour" in refusal.remedy
    assert "another" not in str(refusal)


def test_a_sender_that_never_worked_is_noted_and_no_alarm(front: Front) -> None:
    send(front, key="another")

    refusal = refused(front)
    assert refusal is not None
    assert not refusal.is_alarming(NOON)


def test_further_calls_within_a_minute_are_kept_together_with_a_later_one(
    front: Front, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(5):
        send(front, key="another")
    first = refused(front)
    monkeypatch.setattr(rejected_calls, "MIN_NOTE_INTERVAL_S", 0)

    send(front, key="another")

    later = refused(front)
    assert first is not None
    assert later is not None
    assert (first.calls, later.calls, later.began_at) == (1, 6, NOON)


@pytest.mark.parametrize("lead_id", ["L2", "L1"], ids=["another lead", "a repeat"])
def test_a_call_that_is_accepted_ends_it_at_once(front: Front, lead_id: str) -> None:
    send(front)
    send(front, key="another")

    send(front, lead_id)

    assert refused(front) is None


def test_another_process_ends_it_and_what_is_refused_then_is_noted_at_once(
    front: Front, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rejected_calls, "REREAD_INTERVAL_S", 0)
    other = a_front(front.store)
    send(other)
    send(front, key="another")
    send(other)
    ended = refused(front)

    send(front, key="another")

    again = refused(front)
    assert ended is None
    assert again is not None
    assert (again.calls, again.relapses) == (1, 1)


def test_a_lead_that_was_pulled_or_imported_ends_nothing(front: Front) -> None:
    send(front, key="another")

    submission = a_submission(form="tour", sender="google-ads")
    front.store.keep_and_enqueue(
        [Arrival(a_lead(received_at=NOON + timedelta(minutes=1), submission=submission), [], "ada")]
    )

    assert refused(front) is not None


def test_an_event_that_brings_no_lead_ends_it_as_well(front: Front) -> None:
    signed = sign("meta", b'{"object": "page", "entry": []}', "/webhooks/meta/tour", NOON.timestamp())
    front.client.post("/webhooks/meta/tour", data=signed.body)
    assert refused(front) is not None

    front.client.post("/webhooks/meta/tour", data=signed.body, headers=signed.headers)

    assert refused(front) is None


def test_a_handshake_that_anybody_can_try_is_no_alarm(front: Front) -> None:
    send(front)

    assert front.client.get("/webhooks/meta/tour").status_code == 403

    refusal = refused(front)
    assert refusal is not None
    assert refusal.is_handshake


# -- what to do


@each_row("sender", sorted(SENDERS))
@each_row("status", [400, 401, 405, 413])
def test_every_refusal_says_what_to_do_and_how_to_get_what_was_lost(sender: str, status: int) -> None:
    form = a_form("tour", webhooks={sender: {**table_of(sender), "access_token": "very-secret"}})

    text = remedy(form, sender, status, f"https://x.example/webhooks/{sender}/tour", NOON)

    assert text.endswith(".")
    assert ("a stranger may be trying" in text) is (status == 401)
    assert ("lead-capture pull tour --since 2026-11-24" in text) is (sender in PLATFORMS and sender != "google-ads")
    assert ("lead-capture import" in text) is (sender == "google-ads")
    assert not {"very-secret", SECRET, "{"} & set(text.split())


@pytest.mark.parametrize("sender", sorted(PLATFORMS))
def test_a_platforms_remedy_names_the_key_of_the_forms_file(sender: str) -> None:
    form = a_form("tour", webhooks={sender: table_of(sender)})

    text = remedy(form, sender, 401, "", NOON)

    (key,) = table_of(sender)
    assert f"{key} in [forms.tour.webhooks.{sender}]" in text


def test_a_sender_whose_table_is_gone_is_to_be_put_back() -> None:
    text = remedy(a_form("tour"), "linkedin", 401, "", NOON)

    assert "Put [forms.tour.webhooks.linkedin] back into the set-up" in text
    assert "once the table has an access_token" in text


def test_a_post_that_was_redirected_is_told_the_one_address_to_enter() -> None:
    form = a_form("tour", webhooks={"typeform": table_of("typeform")})

    text = remedy(form, "typeform", 405, "https://x.example/webhooks/typeform/tour", NOON)

    assert "Enter exactly https://x.example/webhooks/typeform/tour there" in text
    assert "turns a POST into a GET" in text
