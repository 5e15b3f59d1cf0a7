"""The worker delivers soon, stops on request, and neither loses nor duplicates a lead when its surroundings fail."""

import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest

from service import clock
from service.background import worker_name
from service.capture.accept import announce_all
from service.delivery import missing_setup
from service.delivery.loop import Worker, WorkerConfig
from service.forms import Form, Setup
from service.lead import Lead, Status
from service.nexudus_accounts import account_contexts
from service.settings import read_settings
from service.simulator.server import Simulator
from service.store import Arrival, Pace, Store
from service.store.database.engines import MAX_UNCHECKED_S
from tests.builders import NOON, a_form, a_lead, a_submission
from tests.front import sqlite_store
from tests.processes import SLOWEST_MACHINE, bare_environ, wait_until

pytestmark = pytest.mark.long

COWORKERS, OPPORTUNITIES = "/api/spaces/coworkers", "/api/crm/crmopportunities"
STAGE = "/api/crm/crmboardcolumns/1001"
EMAIL = "ada@example.com"
TAKE_ALL_AND_WAIT = """
import sys
from service import clock
from service.background import worker_name
from service.store import Store

store = Store(sys.argv[1])
claimed = store.write(lambda tx: tx.queue.claim(worker_name(), clock.now(), 3600, 10))
print(len(claimed), flush=True)
sys.stdin.readline()
"""

WORK_WITH_A_SHORT_STOP = """
from service import worker
from service.cli import main
from service.delivery import loop

loop.STOP_S = worker.STOP_S = 4
main(["worker"])
"""


def a_worker(
    store: Store,
    nexudus: Simulator,
    config: WorkerConfig | None = None,
    forms: dict[str, Form] | None = None,
    **environ: str,
) -> Worker:
    """A worker wired as in its process, for the simulator."""
    login = {"NEXUDUS_USERNAME": "simulator@leadcapture.example", "NEXUDUS_PASSWORD": "simulator"}
    settings = read_settings({"NEXUDUS_BASE_URL": nexudus.url, "NEXUDUS_LIMITS": "1000/s", **login, **environ})
    setup = Setup({"contact": a_form()} if forms is None else forms)
    stop = threading.Event()
    return Worker(store, account_contexts(settings, setup, store, stop), config or WorkerConfig(2, 90, "1.2.3"), stop)


@contextmanager
def at_work(worker: Worker) -> Iterator[None]:
    """Let a worker run in a thread, and stop it."""
    thread = threading.Thread(target=worker.run)
    thread.start()
    try:
        yield
    finally:
        worker.stop()
        thread.join(10)
        assert not thread.is_alive()


def enqueue(store: Store, email: str = EMAIL, **changes: Any) -> Lead:
    """Keep a lead, by default one that arrives now."""
    lead = a_lead(email, **{"received_at": clock.now(), **changes})
    store.keep_and_enqueue([Arrival(lead, [], email)])
    return lead


def status_of(store: Store, lead: Lead) -> Status:
    """The status of a lead."""
    with store.read() as tx:
        stored = tx.leads.get(lead.id)
    assert stored is not None
    return stored.status


def becomes(store: Store, lead: Lead, status: Status) -> float:
    """Wait until a lead has a status; return the seconds that passed."""
    return wait_until(lambda: status_of(store, lead) is status, 8, f"the lead is {status.value}", pause_s=0.005)


def test_a_worker_at_work_is_seen_with_its_version(store: Store, nexudus: Simulator) -> None:
    began_at = clock.now()

    with at_work(a_worker(store, nexudus)):
        becomes(store, enqueue(store), Status.DELIVERED)

    with store.read() as tx:
        (seen,) = tx.workers.all()
        assert tx.workers.last_seen() == seen.seen_at >= began_at
    assert (seen.version, seen.name) == ("1.2.3", worker_name())


def test_a_lead_of_another_process_is_delivered_soon_after_its_commit(
    store: Store, database_url: str, nexudus: Simulator
) -> None:
    web = Store(database_url)
    with at_work(a_worker(store, nexudus)):
        took_s = [becomes(store, enqueue(web, f"{n}@example.com"), Status.DELIVERED) for n in range(5)]

    web.close()
    assert min(took_s) < SLOWEST_MACHINE
    assert len(nexudus.opportunities()) == 5


def test_what_was_queued_before_the_start_is_delivered(store: Store, nexudus: Simulator) -> None:
    leads = [enqueue(store, f"{number}@example.com") for number in range(5)]

    with at_work(a_worker(store, nexudus)):
        for lead in leads:
            becomes(store, lead, Status.DELIVERED)


def test_two_leads_of_one_person_are_both_delivered_to_one_contact(store: Store, nexudus: Simulator) -> None:
    leads = [enqueue(store) for _ in range(2)]

    with at_work(a_worker(store, nexudus)):
        for lead in leads:
            becomes(store, lead, Status.DELIVERED)

    assert len(nexudus.coworkers_of(EMAIL)) == 1
    assert len(nexudus.opportunities_of(EMAIL)) == 2


def test_two_workers_deliver_every_lead_once(store: Store, database_url: str, nexudus: Simulator) -> None:
    other = Store(database_url)
    leads = [enqueue(store, f"{number % 4}@example.com") for number in range(12)]

    with at_work(a_worker(store, nexudus)), at_work(a_worker(other, nexudus)):
        for lead in leads:
            becomes(store, lead, Status.DELIVERED)

    other.close()
    assert len(nexudus.opportunities()) == len(leads)


def test_an_idle_worker_stops_at_once(store: Store, nexudus: Simulator) -> None:
    worker = a_worker(store, nexudus)
    thread = threading.Thread(target=worker.run)
    thread.start()

    began = time.monotonic()
    worker.stop()
    thread.join()

    assert time.monotonic() - began < 2 * SLOWEST_MACHINE


def test_a_worker_that_stops_lets_the_call_under_way_end(store: Store, nexudus: Simulator) -> None:
    nexudus.settings(latency_ms=150)
    lead = enqueue(store)

    with at_work(a_worker(store, nexudus)):
        nexudus.wait_for_calls(1, "POST", OPPORTUNITIES)

    assert status_of(store, lead) is Status.DELIVERED


def test_a_worker_stops_in_time_though_every_call_hangs(tmp_path: Path, silent: Callable[[], "SilentServer"]) -> None:
    nexudus, meta = silent(), silent()
    (tmp_path / "forms.toml").write_text('[forms.contact.webhooks.meta]\napp_secret = "s"\naccess_token = "t"\n')
    environ = {"NEXUDUS_BASE_URL": nexudus.url, "META_GRAPH_URL": meta.url, "NEXUDUS_TOKEN": "token"}
    environ |= {"DATABASE_URL": f"sqlite:///{tmp_path / 'leads.db'}", "FORMS_FILE": str(tmp_path / "forms.toml")}
    with sqlite_store(tmp_path) as store:
        enqueue(store)
        known = a_submission(sender="meta", external_id="17", extras={}, fields={})
        announce_all([(known, "page")], a_form(), store, NOON)

    command = [sys.executable, "-c", WORK_WITH_A_SHORT_STOP]
    with subprocess.Popen(command, env={**bare_environ(), **environ}, stderr=subprocess.DEVNULL) as worker:
        nexudus.wait_for_call()
        meta.wait_for_call()
        began = time.monotonic()
        worker.terminate()
        worker.wait(20)

    assert time.monotonic() - began < 7.5  # one after the other would take eight


class SilentServer:
    """Accepts connections, and sends nothing until it is closed."""

    def __init__(self) -> None:
        self._socket = socket.create_server(("127.0.0.1", 0))
        self._socket.settimeout(10)
        self._connections: list[socket.socket] = []
        self.url = f"http://127.0.0.1:{self._socket.getsockname()[1]}"

    def wait_for_call(self) -> None:
        """Wait until a client has sent something."""
        connection, _ = self._socket.accept()
        self._connections.append(connection)
        assert connection.recv(1)

    def close(self) -> None:
        """Close the server and its connections."""
        for each in (self._socket, *self._connections):
            each.close()


@pytest.fixture
def silent() -> Iterator[Callable[[], SilentServer]]:
    """Starts servers that never answer."""
    with ExitStack() as servers:

        def start() -> SilentServer:
            server = SilentServer()
            servers.callback(server.close)
            return server

        yield start


def test_a_worker_that_stops_while_a_lead_waits_for_its_pace_gives_it_back(store: Store, nexudus: Simulator) -> None:
    lead = enqueue(store)
    worker = a_worker(store, nexudus, NEXUDUS_LIMITS="1/5s")

    began = time.monotonic()
    with at_work(worker):
        nexudus.wait_for_calls(1, "GET", STAGE)

    assert time.monotonic() - began < 4.5  # the pace would let it go after five
    (again,) = store.write(lambda tx: tx.queue.claim("another", clock.now(), 90, 10))
    assert (again.lead.id, again.tries) == (lead.id, 0)


def test_a_lease_is_renewed_while_a_call_takes_longer_than_it(store: Store, nexudus: Simulator) -> None:
    nexudus.faults([{"method": "GET", "path": COWORKERS, "times": 1, "hang_s": 1.2}])
    lead = enqueue(store)
    taken: list[object] = []

    def another_looks() -> bool:
        taken.extend(store.write(lambda tx: tx.queue.claim("another", clock.now(), 90, 10)))
        with store.read() as tx:
            attempts = tx.leads.attempts_of([lead.id])[lead.id]
        return bool(attempts and attempts[0].duration_ms)

    with at_work(a_worker(store, nexudus, WorkerConfig(1, 0.4))):
        nexudus.wait_for_calls(1, "GET", COWORKERS)
        took_s = wait_until(another_looks, 8, "the call is over")

    assert took_s > 0.4
    assert taken == []


def test_a_host_that_slept_delivers_nothing_twice_when_it_wakes(store: Store, nexudus: Simulator) -> None:
    nexudus.faults([{"method": "GET", "path": COWORKERS, "email": "ada", "hang_s": 0.8}])
    enqueue(store)

    with at_work(a_worker(store, nexudus)):
        nexudus.wait_for_calls(1, "GET", COWORKERS)
        with store._database.writing.begin() as connection:
            connection.exec_driver_sql("UPDATE deliveries SET lease_until = 0 WHERE lease_until IS NOT NULL")
        becomes(store, enqueue(store, "other@example.com"), Status.DELIVERED)

    searches = [call for call in nexudus.calls("GET", COWORKERS) if ("Coworker_Email", EMAIL) in call.query]
    assert len(searches) == 1


def test_the_lease_of_a_killed_worker_is_taken_at_once(store: Store, database_url: str, nexudus: Simulator) -> None:
    lead = enqueue(store)
    command = [sys.executable, "-c", TAKE_ALL_AND_WAIT, database_url]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as killed:
        assert killed.stdout is not None
        assert killed.stdout.readline() == "1\n"
        killed.kill()

    with at_work(a_worker(store, nexudus)):
        becomes(store, lead, Status.DELIVERED)  # long before the lease would have ended


def test_the_lease_of_a_worker_that_lives_is_left_to_it(store: Store, database_url: str, nexudus: Simulator) -> None:
    held = enqueue(store)
    command = [sys.executable, "-c", TAKE_ALL_AND_WAIT, database_url]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as living:
        assert living.stdout is not None
        assert living.stdout.readline() == "1\n"
        with at_work(a_worker(store, nexudus)):
            becomes(store, enqueue(store, "other@example.com"), Status.DELIVERED)
        living.communicate("end\n")

    assert status_of(store, held) is Status.PENDING


def test_a_throttled_account_is_tried_again_by_itself(store: Store, nexudus: Simulator) -> None:
    nexudus.faults([{"method": "GET", "path": COWORKERS, "times": 2, "status": 409, "headers": {"Retry-After": "1"}}])
    lead = enqueue(store)

    with at_work(a_worker(store, nexudus)):
        took_s = becomes(store, lead, Status.DELIVERED)

    assert took_s >= 2


def test_after_a_pause_one_call_finds_out_whether_the_account_works(store: Store, nexudus: Simulator) -> None:
    for number in range(4):
        enqueue(store, f"{number}@example.com")
    over = clock.now() - timedelta(seconds=1)
    store.write(lambda tx: tx.accounts.pause("default", over, "throttled"))
    nexudus.faults(
        [{"method": "GET", "path": COWORKERS, "times": None, "status": 409, "headers": {"Retry-After": "60"}}]
    )

    with at_work(a_worker(store, nexudus, WorkerConfig(4, 90))):
        wait_until(lambda: bool(store.write(lambda tx: tx.accounts.pauses(clock.now()))), 8, "the account pauses")

    assert len(nexudus.calls("GET", COWORKERS)) == 1


def test_a_refused_account_does_not_hold_up_another(store: Store, nexudus: Simulator) -> None:
    until = clock.now() + timedelta(hours=1)
    store.write(lambda tx: tx.accounts.pause("harbour", until, "refused"))
    enqueue(store, account="harbour")

    with at_work(a_worker(store, nexudus)):
        becomes(store, enqueue(store, "other@example.com"), Status.DELIVERED)

    assert nexudus.opportunities_of(EMAIL) == []


def test_leads_of_an_account_that_is_gone_wait_and_the_worker_works_on(store: Store, nexudus: Simulator) -> None:
    lost = [enqueue(store, f"{number}@example.com", account="harbour", received_at=NOON) for number in range(3)]

    with at_work(a_worker(store, nexudus, WorkerConfig(1, 90))):
        becomes(store, enqueue(store), Status.DELIVERED)

    assert {status_of(store, lead) for lead in lost} == {Status.PENDING}


def test_leads_of_an_account_that_is_gone_for_an_hour_are_parked(
    store: Store, nexudus: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(missing_setup, "GRACE", timedelta(0))
    lost = [enqueue(store, f"{number}@example.com", account="harbour", received_at=NOON) for number in range(3)]

    with at_work(a_worker(store, nexudus, WorkerConfig(1, 90))):
        for lead in lost:
            becomes(store, lead, Status.PARKED)
        becomes(store, enqueue(store), Status.DELIVERED)

    with store.read() as tx:
        stored = tx.leads.get(lost[0].id)
    assert stored is not None
    assert "no longer has the account 'harbour': put it back" in stored.problem


def test_once_retried_a_lead_of_a_removed_account_goes_where_its_form_leads_now(
    store: Store, nexudus: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(missing_setup, "GRACE", timedelta(0))
    lead = enqueue(store, account="harbour", received_at=NOON)

    with at_work(a_worker(store, nexudus)):
        becomes(store, lead, Status.PARKED)
        store.write(lambda tx: tx.queue.retry([lead.id], clock.now()))
        becomes(store, lead, Status.DELIVERED)

    assert len(nexudus.opportunities_of(EMAIL)) == 1


def test_a_bug_delays_one_lead_and_the_worker_works_on(store: Store, nexudus: Simulator) -> None:
    broken: Any = None
    forms = {"contact": a_form(), "broken": a_form("broken", destination=broken)}
    clumsy = a_lead()
    submission = replace(clumsy.submission, form="broken")
    clumsy = enqueue(store, "clumsy@example.com", submission=replace(submission, contact=clumsy.submission.contact))

    with at_work(a_worker(store, nexudus, WorkerConfig(1, 90), forms)):
        becomes(store, enqueue(store), Status.DELIVERED)

    with store.read() as tx:
        stored = tx.leads.get(clumsy.id)
    assert stored is not None
    assert stored.status is Status.PENDING
    assert "internal error" in stored.problem


def test_calls_that_no_pace_looks_back_to_are_forgotten(store: Store, nexudus: Simulator) -> None:
    now, pace = clock.now().timestamp(), Pace(1, 1e9)

    def wait_s(*, patience_s: float) -> float:
        return store.write(
            lambda tx: tx.accounts.reserve("other", is_write=True, now=now, paces=[pace], patience_s=patience_s)
        )

    three_days_ago = now - 3 * 86400
    store.write(lambda tx: tx.accounts.reserve("other", is_write=True, now=three_days_ago, paces=[pace], patience_s=0))
    assert wait_s(patience_s=0) > 0

    with at_work(a_worker(store, nexudus)):
        wait_until(lambda: wait_s(patience_s=-1) == 0, 8, "nothing is left to wait for")


def test_calls_that_a_pace_still_needs_are_kept(store: Store, nexudus: Simulator) -> None:
    now, pace = clock.now().timestamp(), Pace(1, 7 * 86400)
    a_day_ago = now - 1.5 * 86400
    store.write(lambda tx: tx.accounts.reserve("other", is_write=True, now=a_day_ago, paces=[pace], patience_s=0))

    with at_work(a_worker(store, nexudus, NEXUDUS_LIMITS="1000/s 900000/7day")):
        becomes(store, enqueue(store), Status.DELIVERED)

    assert store.write(
        lambda tx: tx.accounts.reserve("other", is_write=True, now=now, paces=[pace], patience_s=0)
    ) == pytest.approx(5.5 * 86400)


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_a_worker_outlives_a_database_that_was_away(
    store: Store, database_url: str, postgresql: str, nexudus: Simulator
) -> None:
    name = database_url.partition("?")[0].rpartition("/")[2]
    with at_work(a_worker(store, nexudus)), psycopg.connect(postgresql, autocommit=True) as admin:
        becomes(store, enqueue(store, "first@example.com"), Status.DELIVERED)
        admin.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS false")
        admin.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [name])
        admin.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS true")
        time.sleep(MAX_UNCHECKED_S)  # until then our own store believes in the connections that were ended

        becomes(store, enqueue(store), Status.DELIVERED)
