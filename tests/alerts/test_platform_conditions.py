"""Alerts about ad platforms: a broken connection, one that expires soon, leads that are not fetched."""

from datetime import timedelta

from service.capture.accept import announce_all
from service.lead import Contact, Evidence, LeadId, Submission
from service.store import ConnectionKey
from tests.alerts.conftest import MonitorEnv
from tests.builders import NOON, a_form

META = ConnectionKey("tour", "meta", "104")


def announce(env: MonitorEnv, *names: str) -> list[LeadId]:
    """Meta announces leads."""
    form = a_form("tour")
    submissions = [Submission("tour", "meta", Contact(), Evidence(), external_id=name) for name in names]
    receipts = announce_all([(each, META.place) for each in submissions], form, env.store, env.now)
    return [receipt.lead_id for receipt in receipts]


def breaks(env: MonitorEnv, link: ConnectionKey = META) -> None:
    """A worker found that only an operator can mend it."""
    until = env.now + timedelta(minutes=1)
    env.store.write(lambda tx: tx.platforms.mark_broken(link, "Meta says no. Reconnect.", env.now, until))


def test_a_broken_connection_is_one_alert_with_the_number_of_leads(env: MonitorEnv) -> None:
    announce(env, "1", "2")
    breaks(env)
    env.look(1)
    announce(env, "3")
    env.look(1)

    (message,) = env.sink.received
    assert "an ad platform's connection is broken" in message["title"]
    assert "Meta says no. Reconnect. 2 leads wait, the oldest for 1 minute." in message["message"]
    assert "3 leads wait" in env.open[META.cause].sentence


def test_once_it_works_one_message_says_so(env: MonitorEnv) -> None:
    breaks(env)
    env.look()
    env.store.write(lambda tx: tx.platforms.record_success(META, env.now))
    env.look(1)

    assert env.open == {}
    assert "The connection works again; waiting leads are being fetched." in env.sink.received[-1]["message"]


def test_leads_that_are_not_fetched_raise_an_alert_within_five_minutes(env: MonitorEnv) -> None:
    announce(env, "1")
    env.look(3)
    assert env.open == {}
    env.look(1.5)

    sentence = env.open["stuck:tour:meta"].sentence
    assert "Check that a worker runs" in sentence
    assert "1 lead waits, the oldest for 4 minutes." in sentence


def test_leads_of_a_broken_connection_raise_no_second_alert(env: MonitorEnv) -> None:
    announce(env, "1")
    breaks(env, META.whole)
    env.look(10)

    assert list(env.open) == [META.whole.cause]


def test_an_expiring_connection_raises_an_alert_from_day_330_on(env: MonitorEnv) -> None:
    link = ConnectionKey("tour", "linkedin")
    env.store.write(lambda tx: tx.platforms.set_expiry(link, NOON + timedelta(days=40)))
    env.look()
    assert env.open == {}
    env.look(60 * 24 * 6)

    alert = env.open["platform:tour:linkedin:expires"]
    assert "LinkedIn" in alert.sentence
    assert "expires on 03 January 2027" in alert.sentence
    env.store.write(lambda tx: tx.platforms.set_expiry(link, NOON + timedelta(days=400)))
    env.look(1)
    assert env.open == {}
