"""A refused sender raises an alert: from its call to a channel."""

import json
from dataclasses import dataclass
from datetime import timedelta

import pytest
import time_machine

from service.capture.http import rejected_calls
from service.capture.http.rejected_calls import RejectedCalls
from tests.alerts.conftest import MonitorEnv
from tests.builders import a_form
from tests.capture.senders.signing import SECRET, table_of
from tests.front import Front

TITLE = "calls of a sender are refused"
FORM = a_form("tour", webhooks={"google-ads": table_of("google-ads"), "typeform": table_of("typeform")})
ANSWERS = [{"column_id": "EMAIL", "string_value": "ann@example.com"}]


@dataclass
class Ads:
    """Calls of Google Ads, and of strangers who imitate it, at the time of the env."""

    env: MonitorEnv
    front: Front

    def send(self, key: str = SECRET, minutes: float = 0) -> int:
        """Send a test lead, which is not delivered; return the status of the response."""
        self.env.now += timedelta(minutes=minutes)
        lead = {"lead_id": "TeSter", "is_test": True, "user_column_data": ANSWERS}
        with time_machine.travel(self.env.now, tick=False):
            return self.front.client.post(
                "/webhooks/google-ads/tour", data=json.dumps({**lead, "google_key": key})
            ).status_code

    def refuse(self, minutes: float = 0) -> None:
        """A lead with another key."""
        assert self.send("another-key", minutes) == 401


@pytest.fixture
def ads(env: MonitorEnv, monkeypatch: pytest.MonkeyPatch) -> Ads:
    """A sender that has brought a lead."""
    monkeypatch.setattr(rejected_calls, "MIN_NOTE_INTERVAL_S", 0)  # real seconds, of which none pass here
    env.configure(forms={"tour": FORM})
    ads = Ads(env, Front(env.store, FORM, PUBLIC_URL="https://leads.example.com"))
    assert ads.send() == 200
    return ads


def test_the_first_refused_call_raises_an_alert_with_reason_and_remedy(env: MonitorEnv, ads: Ads) -> None:
    ads.refuse()

    env.look()

    (message,) = env.sink.received
    assert message["title"] == f"Lead Capture: {TITLE}"
    assert message["message"].startswith("1 call of google-ads for the form 'tour' was refused at 2026-11-24 12:00 UTC")
    assert "its google_key differs from key in the set-up" in message["message"]
    assert "Google never sends a refused lead again" in message["message"]
    assert "`lead-capture import FILE.csv --form tour`" in message["message"]
    assert "a stranger may be trying this address" in message["message"]


def test_further_refused_calls_are_counted_and_sent_again_after_hours(env: MonitorEnv, ads: Ads) -> None:
    for _ in range(20):
        for _ in range(3):
            ads.refuse(minutes=1)
        env.look()
    assert len(env.sink.received) == 1

    ads.refuse(minutes=4 * 60)
    env.look()
    env.look(24 * 60)

    assert env.sink.titles[1:] == [f"Lead Capture: reminder: {TITLE}"]
    assert "61 calls of google-ads for the form 'tour' or more were refused since" in env.sink.received[1]["message"]


def test_an_accepted_call_resolves_the_alert_once(env: MonitorEnv, ads: Ads) -> None:
    ads.refuse()
    env.look()

    ads.send(minutes=25)
    env.look()
    env.look(1)

    assert env.sink.titles[1:] == [f"Lead Capture: resolved: {TITLE}"]
    assert "A call was accepted again" in env.sink.received[1]["message"]
    assert env.sink.received[1]["message"].endswith("(tour:google-ads)")
    assert env.open == {}


def test_a_stranger_who_tries_all_day_rings_the_bell_a_few_times(env: MonitorEnv, ads: Ads) -> None:
    for _hour in range(24):
        for _ in range(3):
            ads.refuse(minutes=10)
            env.look()
        ads.send(minutes=30)
        env.look()

    assert [title for title in env.sink.titles if "resolved" not in title] == [f"Lead Capture: {TITLE}"] * 2
    assert len(env.sink.received) == 4
    assert env.open == {}


def test_a_sender_that_fails_for_good_after_such_a_day_raises_an_alert_within_hours(env: MonitorEnv, ads: Ads) -> None:
    for _ in range(6):
        ads.refuse(minutes=10)
        ads.send(minutes=10)
    env.look()
    assert env.sink.received == []

    ads.refuse(minutes=10)
    env.look()
    env.look(4 * 60)

    assert env.sink.titles == [f"Lead Capture: {TITLE}"]


def test_a_sender_that_never_brought_a_lead_is_being_set_up(env: MonitorEnv, ads: Ads) -> None:
    ads.front.client.post("/webhooks/typeform/tour", data=b"{}")

    env.look()

    assert env.sink.received == []


def test_a_form_that_is_gone_is_not_spoken_of(env: MonitorEnv, ads: Ads) -> None:
    ads.refuse()

    env.configure(forms={"contact": a_form()})
    env.look()

    assert env.open == {}


def test_after_a_week_without_another_it_is_over(env: MonitorEnv, ads: Ads) -> None:
    ads.refuse()
    env.look()

    env.look(7 * 24 * 60)

    assert env.open == {}


def test_the_alert_of_a_redirected_post_names_the_address_to_enter(env: MonitorEnv, ads: Ads) -> None:
    with time_machine.travel(env.now, tick=False):
        away = RejectedCalls(env.store, lambda: {"tour": FORM}, "https://leads.example.com")
        away.note("tour", "google-ads", "It came as GET: most likely an address that redirects.", 405)

    env.look()

    (message,) = env.sink.received
    assert "It came as GET" in message["message"]
    assert "Enter exactly https://leads.example.com/webhooks/google-ads/tour there" in message["message"]
