"""No worker works: the web processes notice, one of them sends it, and it ends when a worker is back."""

import threading
from datetime import datetime, timedelta

import pytest
import structlog
from sqlalchemy import update
from structlog.testing import capture_logs

from service.alerts import worker_watch
from service.alerts.worker_watch import WorkerWatch
from service.lead import Status
from service.store import Identity, SeenWorker, Store
from service.store.database.tables import alerts
from tests.alerts.conftest import MonitorEnv
from tests.alerts.sink import send_here
from tests.builders import NOON


def seen(store: Store, at: datetime, name: str = "worker") -> None:
    """A worker was at work."""
    store.write(lambda tx: tx.workers.record(SeenWorker(name, "1", NOON, at)))


class Web:
    """The watches of several web processes."""

    def __init__(self, env: MonitorEnv, processes: int = 2) -> None:
        self.env = env
        self.watches = [self.watch(f"web {number}") for number in range(processes)]

    def watch(self, name: str) -> WorkerWatch:
        """The watch of one web process."""
        identity = Identity(name, lambda other: other in self.env.gone)
        return WorkerWatch(self.env.store, [self.env.sink.address], identity, threading.Event(), send_here)

    def look(self, minutes: float) -> None:
        """Let time pass, of which the watches see every half a minute."""
        for _ in range(round(minutes * 2)):
            self.env.now += timedelta(seconds=30)
            for watch in self.watches:
                watch.step(self.env.now)

    def has_reported_earlier(self, minutes: float) -> None:
        """Move the last message back, in place of hours of looks at an unchanged database."""
        earlier = self.env.open["worker"].notified_at
        assert earlier is not None
        change = update(alerts).values(notified_at=earlier - timedelta(minutes=minutes))
        self.env.store.write(lambda tx: tx._execute(change))


@pytest.fixture
def web(env: MonitorEnv, monkeypatch: pytest.MonkeyPatch) -> Web:
    """Two web processes, after a first look."""
    monkeypatch.setattr(worker_watch, "log", structlog.get_logger())  # one that was used keeps its first test's stream
    web = Web(env)
    web.look(0.5)
    return web


def test_waiting_leads_without_a_worker_for_two_minutes_are_one_message(env: MonitorEnv, web: Web) -> None:
    seen(env.store, env.now)
    env.enqueue()

    web.look(1.5)
    assert env.sink.received == []
    web.look(5)

    (message,) = env.sink.received
    assert message["title"] == "Lead Capture: no worker is running"
    assert message["message"].startswith("No worker has been seen since 2026-")
    assert "1 lead waits, the oldest for 2 minutes." in message["message"]
    assert (env.open["worker"].occurrences, env.open["worker"].notified_count) == (1, 1)


def test_a_worker_that_was_never_seen_is_missed_too(env: MonitorEnv, web: Web) -> None:
    env.enqueue()

    web.look(2.5)

    assert "No worker was ever seen: leads are stored, but not sent." in env.sink.received[0]["message"]


def test_a_lead_that_a_platform_only_announced_waits_for_a_worker_too(env: MonitorEnv, web: Web) -> None:
    env.enqueue(status=Status.ANNOUNCED)

    web.look(2.5)

    assert list(env.open) == ["worker"]


def test_a_missing_worker_raises_no_alert_while_no_lead_waits(env: MonitorEnv, web: Web) -> None:
    env.enqueue(status=Status.PARKED)

    web.look(10)

    assert env.open == {}


def test_a_worker_at_work_is_not_missed_however_long_leads_wait(env: MonitorEnv, web: Web) -> None:
    env.enqueue()

    for _ in range(20):
        seen(env.store, env.now)
        web.look(0.5)

    assert env.open == {}


def test_a_web_process_that_has_just_started_gives_the_worker_time(env: MonitorEnv) -> None:
    seen(env.store, env.now)
    env.now += timedelta(hours=1)
    env.enqueue()

    Web(env).look(2)

    assert env.open == {}


def test_after_a_gap_in_the_watch_the_worker_has_its_time_again(env: MonitorEnv, web: Web) -> None:
    seen(env.store, env.now)
    env.enqueue()
    env.now += timedelta(minutes=10)  # the host slept, or the database was away

    web.look(2)

    assert env.open == {}


def test_when_a_worker_is_back_it_sends_the_end(env: MonitorEnv, web: Web) -> None:
    lead = env.enqueue()
    web.look(3)
    seen(env.store, env.now)

    web.look(0.5)
    env.look(name="worker")
    env.deliver(lead)
    env.look(0.5, name="worker")

    assert env.sink.titles == ["Lead Capture: no worker is running", "Lead Capture: resolved: no worker is running"]
    assert "A worker is running again" in env.sink.received[1]["message"]
    assert env.open == {}


def test_a_reminder_comes_while_there_is_still_no_worker(env: MonitorEnv, web: Web) -> None:
    env.enqueue()
    web.look(3)

    web.has_reported_earlier(4 * 60 - 5)
    web.look(3)
    assert len(env.sink.received) == 1
    web.look(3)

    assert env.sink.titles[1:] == ["Lead Capture: reminder: no worker is running"]


def test_another_web_process_takes_over_from_one_that_ended(env: MonitorEnv, web: Web) -> None:
    env.enqueue()
    web.look(2.5)
    env.gone.add("web 0")
    web.watches.pop(0)

    web.has_reported_earlier(4 * 60 - 5)
    web.look(3)
    assert len(env.sink.received) == 1
    web.look(7)

    assert env.sink.titles[1:] == ["Lead Capture: reminder: no worker is running"]


def test_a_worker_that_only_watches_misses_the_deliveries(env: MonitorEnv) -> None:
    seen(env.store, env.now)
    env.enqueue()

    env.look(0)
    env.look(2.5)

    assert list(env.open) == ["worker"]


def test_the_log_says_it_once(env: MonitorEnv, web: Web) -> None:
    env.enqueue()
    web.watches = web.watches[:1]

    with capture_logs() as lines:
        web.look(5)
        seen(env.store, env.now)
        web.look(0.5)

    assert [line["event"] for line in lines if line["event"].startswith("worker_")] == ["worker_absent", "worker_seen"]
