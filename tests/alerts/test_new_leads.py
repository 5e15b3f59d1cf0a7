"""New leads are sent to the people whom their form names: each once, a few one by one, many together."""

import threading
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
import structlog

from service.alerts import channels, new_leads
from service.alerts.lead_notifier import MAX_MESSAGES_PER_HOUR, MIN_INTERVAL, messages_allowed
from service.alerts.monitor import Monitor
from service.alerts.new_leads import NewLeadNotifier
from service.capture.accept import accept, announce_all
from service.forms import Canary, Route
from service.lead import Lead, Status
from service.store import Arrival, StoreUnavailable
from tests.alerts.conftest import MonitorEnv
from tests.alerts.sink import AlertSink, send_here
from tests.builders import NOON, a_form, a_lead, a_submission
from tests.processes import SLOWEST_MACHINE, wait_until
from tests.tables import each_row

pytestmark = pytest.mark.long

NOWHERE = "json://127.0.0.1:1/secret-path"
URL = "https://leads.example.com"
LEEDS = a_submission(fields={**a_submission().fields, "location": "Leeds"})


class NotifierEnv:
    """An installation whose form `contact` notifies `sink`."""

    def __init__(self, env: MonitorEnv) -> None:
        self.monitoring, self.store, self.sink = env, env.store, env.sink
        self.configure(env.sink.address)

    def configure(self, *addresses: str) -> NewLeadNotifier:
        """A worker whose form notifies these addresses, from now on."""
        self.form = a_form(title="Contact us", notify=addresses)
        self.notifier = NewLeadNotifier(self.store, {"contact": self.form}, URL, send_here)
        return self.notifier

    def receive(self, number: int = 1, **changes: Any) -> list[Lead]:
        """Enquiries that arrive now."""
        leads = [a_lead(f"{n}@example.com", self.monitoring.now, notify_pending=True, **changes) for n in range(number)]
        for lead in leads:
            self.store.keep_and_enqueue([Arrival(lead, [], lead.id)])
        return sorted(leads, key=lambda lead: lead.id)

    def look(self, minutes: float = 0) -> list[str]:
        """Let time pass and send what is due; return all titles received."""
        self.monitoring.now += timedelta(minutes=minutes)
        self.notifier.step(self.monitoring.now)
        return self.sink.titles


@pytest.fixture
def env(env: MonitorEnv, monkeypatch: pytest.MonkeyPatch) -> NotifierEnv:
    monkeypatch.setattr(new_leads, "log", structlog.get_logger())
    return NotifierEnv(env)


# -- each once


def test_a_new_lead_is_sent_once(env: NotifierEnv) -> None:
    (lead,) = env.receive()

    env.look()
    env.look(1)

    (message,) = env.sink.received
    assert message["title"] == "New lead: Ada Lovelace, Contact us"
    assert message["message"].endswith(f"State: on its way to Nexudus\n{URL}/admin/leads/{lead.id}")


def test_an_enquiry_through_the_form_is_sent(env: NotifierEnv) -> None:
    accept(a_submission(), env.form, env.store, NOON)

    assert env.look() == ["New lead: Ada Lovelace, Contact us"]


def test_what_comes_again_is_not(env: NotifierEnv) -> None:
    for _ in range(2):
        accept(a_submission(), env.form, env.store, NOON)
        env.look()

    assert len(env.sink.received) == 1


def test_leads_older_than_notify_are_not_sent(env: NotifierEnv) -> None:
    env.monitoring.enqueue()

    assert env.look() == []


def test_leads_of_a_form_without_notify_are_not_sent_later(env: NotifierEnv) -> None:
    env.receive()
    env.configure()
    env.look()

    env.configure(env.sink.address)

    assert env.look() == []


# -- routes with other people


def test_a_route_notifies_its_own_people(env: NotifierEnv) -> None:
    route_for_leeds(env, env.sink.address)

    env.receive(submission=LEEDS)
    env.receive(2)

    assert env.look() == ["New lead: Ada Lovelace, Leeds"]


def test_leads_of_a_route_without_notify_are_not_sent_later(env: NotifierEnv) -> None:
    route_for_leeds(env, env.sink.address)
    env.receive()
    env.look()

    env.configure(env.sink.address)

    assert env.look() == []


def test_each_audience_hears_of_its_own_leads(env: NotifierEnv) -> None:
    route_for_leeds(env, f"{env.sink.address}?:who=leeds", own=(env.sink.address,))

    env.receive(submission=LEEDS)
    env.receive()

    assert sorted(env.look()) == ["New lead: Ada Lovelace, Contact us", "New lead: Ada Lovelace, Leeds"]


def test_an_enquiry_is_sent_to_people_named_only_by_a_route(env: NotifierEnv) -> None:
    route_for_leeds(env, env.sink.address)

    accept(LEEDS, env.form, env.store, NOON)

    assert env.look() == ["New lead: Ada Lovelace, Leeds"]


def route_for_leeds(env: NotifierEnv, *addresses: str, own: tuple[str, ...] = ()) -> None:
    """A worker whose form has a route that notifies these addresses."""
    form = a_form(title="Contact us", notify=own)
    leeds = a_form(title="Leeds", notify=addresses)
    env.form = replace(form, routes=(Route({"location": "leeds"}, leeds),))
    env.notifier = NewLeadNotifier(env.store, {"contact": env.form}, URL, send_here)


@pytest.mark.parametrize("status", [Status.QUARANTINED, Status.TEST, Status.DISCARDED])
def test_spam_tests_and_discarded_leads_are_not_sent(env: NotifierEnv, status: Status) -> None:
    env.receive(status=status)

    assert env.look() == []


def test_released_spam_is_sent(env: NotifierEnv) -> None:
    (held,) = env.receive(status=Status.QUARANTINED)
    env.receive()
    env.look()

    env.store.write(lambda tx: tx.queue.retry([held.id], env.monitoring.now))

    assert len(env.look(60)) == 2


def test_an_announced_lead_is_sent_once_its_answers_are_here(env: NotifierEnv) -> None:
    known = a_submission(sender="meta", external_id="17", extras={}, fields={})
    announce_all([(known, "page")], env.form, env.store, NOON)
    assert env.look() == []

    accept(a_submission(sender="meta", external_id="17"), env.form, env.store, NOON)

    assert env.look() == ["New lead: Ada Lovelace, Contact us"]


def test_a_lead_without_its_answers_is_not_sent(env: NotifierEnv) -> None:
    known = a_submission(sender="meta", external_id="17", problem="The announcement has no number.")
    announce_all([(known, "page")], env.form, env.store, NOON)

    assert env.look() == []


def test_a_canary_is_not_sent(env: NotifierEnv) -> None:
    form = a_form(notify=(env.sink.address,), canary=Canary(3600, "canary@example.com"))
    env.monitoring.configure(addresses=[], forms={"contact": form})

    env.monitoring.look()

    assert env.look() == []


# -- few and many


def test_three_leads_are_three_messages(env: NotifierEnv) -> None:
    env.receive(3)

    assert env.look() == ["New lead: Ada Lovelace, Contact us"] * 3


def test_more_share_one(env: NotifierEnv) -> None:
    env.receive(12)

    assert env.look() == ["12 new leads: Contact us"]
    assert f"more: {URL}/admin/leads?form=contact" in env.sink.received[0]["message"]


def test_after_ten_messages_in_an_hour_they_come_every_five_minutes_with_all_that_came(env: NotifierEnv) -> None:
    for _ in range(MAX_MESSAGES_PER_HOUR):
        env.receive(5)
        env.look(0.1)
    env.receive()
    assert len(env.look(1)) == MAX_MESSAGES_PER_HOUR
    env.receive()

    assert env.look(4)[MAX_MESSAGES_PER_HOUR:] == ["2 new leads: Contact us"]


@each_row(
    ("minutes_ago", "room"),
    [([], 10), ([1, 2, 3], 7), ([1] * 10, 0), ([5, *[6] * 9], 1), ([59] * 10, 1), ([61] * 10, 10)],
)
def test_the_room_for_messages(minutes_ago: list[int], room: int) -> None:
    assert messages_allowed([NOON - timedelta(minutes=ago) for ago in minutes_ago], NOON) == room


def test_no_hour_has_more_messages_than_people_can_bear() -> None:
    sent: list[datetime] = []
    for second in range(0, 3 * 3600, 2):
        now = NOON + timedelta(seconds=second)
        sent += [now] * min(1, messages_allowed(sent, now))

    most = max(sum(at <= other < at + timedelta(hours=1) for other in sent) for at in sent)
    assert most <= MAX_MESSAGES_PER_HOUR + timedelta(hours=1) / MIN_INTERVAL


# -- channels that fail


def test_a_message_that_no_channel_took_is_sent_later(env: NotifierEnv) -> None:
    env.sink.status = 503
    env.receive()
    env.look()
    env.sink.status = 200

    env.look(0.1)
    env.look(1)

    assert len(env.sink.received) == 2


def test_the_next_worker_sends_what_was_not_sent(env: NotifierEnv) -> None:
    env.sink.status = 503
    env.receive()
    env.look()
    env.sink.status = 200

    env.configure(env.sink.address)

    assert len(env.look()) == 2


def test_a_channel_that_failed_gets_all_that_it_missed_and_the_others_nothing_twice(env: NotifierEnv) -> None:
    with AlertSink() as other:
        other.status = 500
        env.configure(env.sink.address, other.address)
        for _ in range(2):
            env.receive()
            env.look(0.1)
        other.status = 200

        env.look(1)

        assert (len(env.sink.received), other.titles[1:]) == (2, ["2 new leads: Contact us"])


def test_a_channel_that_keeps_failing_raises_an_alert_until_it_works(env: NotifierEnv) -> None:
    env.sink.status = 404
    env.receive()
    for _ in range(3):
        env.look(5)
    alert = env.monitoring.open["notify:contact"]
    assert "address 1 of its `notify`: it answered with error 404" in alert.sentence

    env.sink.status = 200
    env.look(5)

    assert env.monitoring.open == {}


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_what_was_sent_but_not_recorded_is_recorded_later_and_not_sent_again(env: NotifierEnv) -> None:
    env.look()
    change(env, "CREATE TRIGGER full BEFORE UPDATE OF untold ON leads BEGIN SELECT RAISE(ABORT, 'disk full'); END")
    env.receive()
    for _ in range(2):
        with pytest.raises(StoreUnavailable):
            env.look(1)

    change(env, "DROP TRIGGER full")
    env.receive()

    assert len(env.look(1)) == 2


def change(env: NotifierEnv, sql: str) -> None:
    """Change the database behind the program's back."""
    with env.store._database.writing.begin() as connection:
        connection.exec_driver_sql(sql)


def test_the_alert_of_a_form_without_notify_is_resolved(env: NotifierEnv) -> None:
    env.store.write(lambda tx: tx.alerts.report("notify:gone", "It fails.", NOON))

    env.look()

    assert env.monitoring.open == {}


def test_the_log_shows_neither_person_nor_address(env: NotifierEnv, capsys: pytest.CaptureFixture[str]) -> None:
    env.configure(env.sink.address, NOWHERE)
    (lead,) = env.receive()

    env.look()

    output = "".join(capsys.readouterr())
    assert ("lead_notified" in output, "lead_not_notified" in output, lead.id in output) == (True, True, True)
    assert [word for word in ("secret-path", "Lovelace", "0@example.com") if word in output] == []


# -- in the worker that watches


def watching(watcher: Monitor) -> threading.Thread:
    """The thread in which it runs from now on."""
    thread = threading.Thread(target=watcher.run)
    thread.start()
    return thread


def stop(watcher: Monitor, thread: threading.Thread) -> None:
    """Stop it, within the time that a worker gives it."""
    watcher._stop.set()
    thread.join(8)
    assert not thread.is_alive()


def test_a_channel_that_hangs_delays_no_alert(env: NotifierEnv) -> None:
    env.sink.hangs.set()
    with AlertSink() as alerted:
        watcher = env.monitoring.configure(addresses=[alerted.address], forms={"contact": env.form}, send=channels.send)
        env.receive()
        thread = watching(watcher)
        wait_until(env.sink.reached.is_set, 15, "the channel is called")
        env.monitoring.pause("refused", minutes=60 * 24 * 9999)

        assert wait_until(lambda: alerted.received, 15, "the alert") < 10 * SLOWEST_MACHINE
        stop(watcher, thread)


def test_a_stopping_worker_lets_a_message_end_and_it_is_not_sent_twice(env: NotifierEnv) -> None:
    watcher = env.monitoring.configure(addresses=[], forms={"contact": env.form}, send=channels.send)
    thread = watching(watcher)
    env.receive()
    wait_until(lambda: env.sink.received, 15, "the message")
    stop(watcher, thread)

    env.configure(env.sink.address)

    assert len(env.look()) == 1


# -- another version of the forms file


def test_people_whom_a_new_version_names_hear_of_leads_from_then_on(env: NotifierEnv) -> None:
    env.configure()
    env.receive()
    assert env.look() == []

    env.notifier.follow({"contact": replace(env.form, notify=(env.sink.address,))})
    env.receive()

    assert env.look() == ["New lead: Ada Lovelace, Contact us"]


def test_what_a_channel_missed_is_sent_although_another_key_of_its_form_was_changed(
    env: NotifierEnv, sink: AlertSink
) -> None:
    with AlertSink() as broken:
        env.configure(sink.address, broken.address)
        broken.status = 500
        env.receive()
        env.look()
        broken.status = 200

        env.notifier.follow({"contact": replace(env.form, title="Write to us")})
        env.look(30)

        assert broken.titles[-1] == "New lead: Ada Lovelace, Write to us"
        assert len(sink.titles) == 1
