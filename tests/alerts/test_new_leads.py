"""New leads are told to those whom their form names: each once, a few one by one, many together."""

import threading
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
import structlog

from service.alerts import new_leads
from service.alerts.monitor import Monitor
from service.alerts.new_leads import MAX_MESSAGES_PER_HOUR, MIN_INTERVAL, NewLeadNotifier, messages_allowed
from service.capture.accept import accept, announce_all
from service.forms import Canary, Route
from service.lead import Lead, Status
from service.store import Arrival, StoreUnavailable
from tests.alerts.conftest import MonitorEnv
from tests.alerts.sink import AlertSink, wait_until
from tests.builders import NOON, a_form, a_lead, a_submission

pytestmark = pytest.mark.long

NOWHERE = "json://127.0.0.1:1/secret-path"
URL = "https://leads.example.com"
LEEDS = a_submission(fields={**a_submission().fields, "location": "Leeds"})


class Desk:
    """An installation whose form `contact` tells `sink`."""

    def __init__(self, env: MonitorEnv) -> None:
        self.env, self.store, self.sink = env, env.store, env.sink
        self.configure(env.sink.address)

    def configure(self, *addresses: str, **more: Any) -> NewLeadNotifier:
        """A worker whose form tells these, from now on."""
        self.form = a_form(title="Contact us", notify=addresses)
        self.notifier = NewLeadNotifier(self.store, {"contact": self.form}, URL, **more)
        return self.notifier

    def come(self, number: int = 1, **changes: Any) -> list[Lead]:
        """So many enquiries arrive now."""
        came = [a_lead(f"{n}@example.com", self.env.now, notify_pending=True, **changes) for n in range(number)]
        for lead in came:
            self.store.keep_and_enqueue([Arrival(lead, [], lead.id)])
        return sorted(came, key=lambda lead: lead.id)

    def look(self, minutes: float = 0) -> list[str]:
        """Let time pass and tell; all titles that were message."""
        self.env.now += timedelta(minutes=minutes)
        self.notifier.step(self.env.now)
        return self.sink.titles


@pytest.fixture
def desk(env: MonitorEnv, monkeypatch: pytest.MonkeyPatch) -> Desk:
    monkeypatch.setattr(new_leads, "log", structlog.get_logger())
    return Desk(env)


# -- each once


def test_a_new_lead_is_told_once(desk: Desk) -> None:
    (lead,) = desk.come()

    desk.look()
    desk.look(1)

    (message,) = desk.sink.received
    assert message["title"] == "New lead: Ada Lovelace, Contact us"
    assert message["message"].endswith(f"State: on its way to Nexudus\n{URL}/admin/leads/{lead.id}")


def test_what_a_visitor_of_the_form_sends_is_told(desk: Desk) -> None:
    accept(a_submission(), desk.form, desk.store, NOON)

    assert desk.look() == ["New lead: Ada Lovelace, Contact us"]


def test_what_comes_again_is_not(desk: Desk) -> None:
    for _ in range(2):
        accept(a_submission(), desk.form, desk.store, NOON)
        desk.look()

    assert len(desk.sink.received) == 1


def test_leads_that_were_there_before_anybody_was_to_be_told_are_not(desk: Desk) -> None:
    desk.env.enqueue()

    assert desk.look() == []


def test_leads_of_a_form_that_tells_nobody_any_more_are_not_told_later(desk: Desk) -> None:
    desk.come()
    desk.configure()
    desk.look()

    desk.configure(desk.sink.address)

    assert desk.look() == []


# -- routes that tell others


def test_a_route_tells_its_own_people(desk: Desk) -> None:
    route_for_leeds(desk, desk.sink.address)

    desk.come(submission=LEEDS)
    desk.come(2)

    assert desk.look() == ["New lead: Ada Lovelace, Leeds"]


def test_leads_of_a_route_that_tells_nobody_are_not_told_later(desk: Desk) -> None:
    route_for_leeds(desk, desk.sink.address)
    desk.come()
    desk.look()

    desk.configure(desk.sink.address)

    assert desk.look() == []


def test_each_list_of_people_is_told_of_its_own_leads(desk: Desk) -> None:
    route_for_leeds(desk, f"{desk.sink.address}?:who=leeds", own=(desk.sink.address,))

    desk.come(submission=LEEDS)
    desk.come()

    assert sorted(desk.look()) == ["New lead: Ada Lovelace, Contact us", "New lead: Ada Lovelace, Leeds"]


def test_an_enquiry_is_told_to_those_whom_only_a_route_names(desk: Desk) -> None:
    route_for_leeds(desk, desk.sink.address)

    accept(LEEDS, desk.form, desk.store, NOON)

    assert desk.look() == ["New lead: Ada Lovelace, Leeds"]


def route_for_leeds(desk: Desk, *addresses: str, own: tuple[str, ...] = ()) -> None:
    """A worker whose form has a route that tells these."""
    form = a_form(title="Contact us", notify=own)
    leeds = a_form(title="Leeds", notify=addresses)
    desk.form = replace(form, routes=(Route({"location": "leeds"}, leeds),))
    desk.notifier = NewLeadNotifier(desk.store, {"contact": desk.form}, URL)


@pytest.mark.parametrize("status", [Status.QUARANTINED, Status.TEST, Status.DISCARDED])
def test_what_is_no_real_lead_is_not_told(desk: Desk, status: Status) -> None:
    desk.come(status=status)

    assert desk.look() == []


def test_spam_that_was_none_is_told_when_it_is_released(desk: Desk) -> None:
    (held,) = desk.come(status=Status.QUARANTINED)
    desk.come()
    desk.look()

    desk.store.write(lambda tx: tx.queue.retry([held.id], desk.env.now))

    assert len(desk.look(60)) == 2


def test_a_lead_that_was_only_announced_is_told_with_its_answers(desk: Desk) -> None:
    known = a_submission(sender="meta", external_id="17", extras={}, fields={})
    announce_all([(known, "page")], desk.form, desk.store, NOON)
    assert desk.look() == []

    accept(a_submission(sender="meta", external_id="17"), desk.form, desk.store, NOON)

    assert desk.look() == ["New lead: Ada Lovelace, Contact us"]


def test_a_lead_whose_answers_cannot_be_fetched_is_not_told_empty(desk: Desk) -> None:
    known = a_submission(sender="meta", external_id="17", problem="The announcement has no number.")
    announce_all([(known, "page")], desk.form, desk.store, NOON)

    assert desk.look() == []


def test_a_test_lead_of_our_own_is_not_told(desk: Desk) -> None:
    form = a_form(notify=(desk.sink.address,), canary=Canary(3600, "canary@example.com"))
    desk.env.configure(addresses=[], forms={"contact": form})

    desk.env.look()

    assert desk.look() == []


# -- few and many


def test_three_leads_are_three_messages(desk: Desk) -> None:
    desk.come(3)

    assert desk.look() == ["New lead: Ada Lovelace, Contact us"] * 3


def test_more_share_one(desk: Desk) -> None:
    desk.come(12)

    assert desk.look() == ["12 new leads: Contact us"]
    assert f"more: {URL}/admin/leads?form=contact" in desk.sink.received[0]["message"]


def test_after_ten_messages_in_an_hour_they_come_every_five_minutes_with_all_that_came(desk: Desk) -> None:
    for _ in range(MAX_MESSAGES_PER_HOUR):
        desk.come(5)
        desk.look(0.1)
    desk.come()
    assert len(desk.look(1)) == MAX_MESSAGES_PER_HOUR
    desk.come()

    assert desk.look(4)[MAX_MESSAGES_PER_HOUR:] == ["2 new leads: Contact us"]


@pytest.mark.parametrize(
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


def test_what_no_channel_took_is_told_later(desk: Desk) -> None:
    desk.sink.status = 503
    desk.come()
    desk.look()
    desk.sink.status = 200

    desk.look(0.1)
    desk.look(1)

    assert len(desk.sink.received) == 2


def test_a_worker_that_follows_tells_what_was_not_told(desk: Desk) -> None:
    desk.sink.status = 503
    desk.come()
    desk.look()
    desk.sink.status = 200

    desk.configure(desk.sink.address)

    assert len(desk.look()) == 2


def test_a_channel_that_failed_gets_all_that_it_missed_and_the_others_nothing_twice(desk: Desk) -> None:
    with AlertSink() as other:
        other.status = 500
        desk.configure(desk.sink.address, other.address)
        for _ in range(2):
            desk.come()
            desk.look(0.1)
        other.status = 200

        desk.look(1)

        assert (len(desk.sink.received), other.titles[1:]) == (2, ["2 new leads: Contact us"])


def test_a_channel_that_fails_again_and_again_is_a_concern_until_it_works(desk: Desk) -> None:
    desk.sink.status = 404
    desk.come()
    for _ in range(3):
        desk.look(5)
    alert = desk.env.open["notify:contact"]
    assert "address 1 of its `notify`: it answered with error 404" in alert.sentence

    desk.sink.status = 200
    desk.look(5)

    assert desk.env.open == {}


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_what_went_out_but_could_not_be_noted_is_noted_later_and_not_sent_again(desk: Desk) -> None:
    desk.look()
    change(desk, "CREATE TRIGGER full BEFORE UPDATE OF untold ON leads BEGIN SELECT RAISE(ABORT, 'disk full'); END")
    desk.come()
    for _ in range(2):
        with pytest.raises(StoreUnavailable):
            desk.look(1)

    change(desk, "DROP TRIGGER full")
    desk.come()

    assert len(desk.look(1)) == 2


def change(desk: Desk, sql: str) -> None:
    """Change the database behind the program's back."""
    with desk.store._database.writing.begin() as connection:
        connection.exec_driver_sql(sql)


def test_the_concern_of_a_form_that_tells_nobody_any_more_is_over(desk: Desk) -> None:
    desk.store.write(lambda tx: tx.alerts.report("notify:gone", "Not told.", NOON))

    desk.look()

    assert desk.env.open == {}


def test_no_one_is_called_by_name_in_the_log_nor_is_the_address(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    desk.configure(desk.sink.address, NOWHERE)
    (lead,) = desk.come()

    desk.look()

    said = "".join(capsys.readouterr())
    assert ("lead_notified" in said, "lead_not_notified" in said, lead.id in said) == (True, True, True)
    assert [word for word in ("secret-path", "Lovelace", "0@example.com") if word in said] == []


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


def test_a_channel_that_hangs_delays_no_alert(desk: Desk) -> None:
    desk.sink.hangs.set()
    with AlertSink() as alerted:
        watcher = desk.env.configure(addresses=[alerted.address], forms={"contact": desk.form})
        desk.come()
        thread = watching(watcher)
        wait_until(desk.sink.reached.is_set, 15)
        desk.env.pause("refused", minutes=60 * 24 * 9999)

        assert wait_until(lambda: alerted.received, 15) < 10
        stop(watcher, thread)


def test_a_worker_that_is_stopped_lets_a_message_end_and_does_not_tell_twice(desk: Desk) -> None:
    watcher = desk.env.configure(addresses=[], forms={"contact": desk.form})
    thread = watching(watcher)
    desk.come()
    wait_until(lambda: desk.sink.received, 15)
    stop(watcher, thread)

    desk.configure(desk.sink.address)

    assert len(desk.look()) == 1
