"""The worker: accounts, forms, platforms and people that a version adds are served, and those it removes no longer."""

import threading
from collections.abc import Iterator
from functools import partial
from typing import Any

import pytest

from service import clock
from service.background import StopEvent
from service.delivery.context import on_startup
from service.forms import Account, Destination, Form, Setup
from service.lead import Lead, Status
from service.nexudus_accounts import account_contexts
from service.settings import read_settings
from service.simulator.server import Simulator
from service.store import Arrival, Store
from service.worker import WorkerJobs
from tests.builders import a_form, a_lead, a_submission
from tests.processes import wait_until

EMAIL = "ada@example.com"
LOGIN = {"NEXUDUS_USERNAME": "simulator@leadcapture.example", "NEXUDUS_PASSWORD": "simulator"}
META = {"meta": {"app_secret": "s", "access_token": "t"}}


@pytest.fixture
def nexudus() -> Iterator[Simulator]:
    """A Nexudus for every account."""
    with Simulator() as simulator:
        yield simulator


class WorkerAtWork:
    """The jobs of one worker, whose set-up the test changes."""

    def __init__(self, store: Store, nexudus: Simulator, *forms: Form) -> None:
        environ = {"NEXUDUS_BASE_URL": nexudus.url, "NEXUDUS_LIMITS": "1000/s", **LOGIN}
        self.store, self.nexudus = store, nexudus
        self.jobs = WorkerJobs(read_settings(environ), self.setup(*forms), store, StopEvent())
        self._threads_before = set(threading.enumerate())
        self.jobs.start()
        self.thread = threading.Thread(target=self.jobs.run)
        self.thread.start()

    def setup(self, *forms: Form) -> Setup:
        """These forms, and the accounts that they name."""
        accounts = {
            form.account: Account(form.account, self.nexudus.url, *LOGIN.values())
            for form in forms
            if form.account != "default"
        }
        return Setup({form.name: form for form in forms}, accounts)

    def follow(self, *forms: Form) -> None:
        """Another version is in force."""
        self.jobs.follow(self.setup(*forms))

    def threads(self, kind: str) -> set[str]:
        """The names of its threads that begin so."""
        own = set(threading.enumerate()) - self._threads_before
        return {thread.name for thread in own if thread.name.startswith(kind)}

    def enqueue(self, **changes: Any) -> Lead:
        """A lead that arrives now."""
        lead = a_lead(**{"received_at": clock.now(), **changes})
        self.store.keep_and_enqueue([Arrival(lead, [], lead.id)])
        return lead

    def waits(self) -> bool:
        """Whether the only lead is to be tried later."""
        with self.store.read() as tx:
            due = tx.queue.next_due(clock.now())
        return due is not None and due > clock.now()

    def wait(self, lead: Lead, status: Status) -> None:
        """Until the lead stands there."""

        def stands() -> bool:
            with self.store.read() as tx:
                return tx.leads.statuses_of([lead.id])[lead.id] is status

        wait_until(stands, 10, f"{lead.id} is {status.value}")


@pytest.fixture
def worker(sqlite: Store, nexudus: Simulator) -> Iterator[WorkerAtWork]:
    """It knows the form contact of the account default."""
    at_work = WorkerAtWork(sqlite, nexudus, a_form())
    yield at_work
    at_work.jobs.stop()
    at_work.thread.join(10)


def test_a_lead_of_a_form_and_account_that_are_new_waits_for_the_version_that_has_them(worker: WorkerAtWork) -> None:
    lead = worker.enqueue(submission=a_submission(form="tour"), account="quay")
    wait_until(worker.waits, 10, "the worker has tried it")

    worker.follow(a_form(), a_form("tour", account="quay"))

    worker.wait(lead, Status.DELIVERED)
    assert len(worker.nexudus.opportunities_of(EMAIL)) == 1


VERSIONS = (
    ([a_form(account="quay")], {"default", "quay"}),
    ([a_form(), a_form("tour", account="pier")], {"default", "pier"}),
    ([a_form()], {"default"}),
)


def test_accounts_are_checked_and_compared_as_long_as_the_set_up_has_them(worker: WorkerAtWork) -> None:
    for forms, accounts in VERSIONS:
        worker.follow(*forms)

        for kind in ("reconcile-", "setup-check-"):
            expected = {f"{kind}{account}" for account in accounts}
            wait_until(partial(lambda kind, names: worker.threads(kind) == names, kind, expected), 5, str(expected))


def test_an_account_that_is_the_same_keeps_its_client(worker: WorkerAtWork) -> None:
    worker.follow(a_form(account="quay"))
    before = dict(worker.jobs._contexts)

    worker.follow(a_form(account="quay"), a_form("tour"))

    after = worker.jobs._contexts
    assert [after[name].nexudus is before[name].nexudus for name in ("default", "quay")] == [True, True]
    assert list(after["quay"].forms) == ["contact", "tour"]


def test_platforms_that_are_new_are_fetched_from(worker: WorkerAtWork) -> None:
    assert worker.threads("fetch-") == set()

    worker.follow(a_form(webhooks=META))

    assert {name.rpartition("-")[0] for name in worker.threads("fetch-")} == {"fetch-meta"}


def test_a_delivery_of_a_stage_that_the_new_version_names_goes_there(worker: WorkerAtWork) -> None:
    worker.follow(a_form(destination=Destination(stage_id=1002)))

    lead = worker.enqueue()

    worker.wait(lead, Status.DELIVERED)
    (opportunity,) = worker.nexudus.opportunities_of(EMAIL)
    assert opportunity["CrmBoardColumnId"] == 1002


def test_an_account_that_is_connected_while_the_simulator_serves_is_used_from_then_on(
    worker: WorkerAtWork, nexudus: Simulator
) -> None:
    with Simulator() as other:
        first = worker.enqueue()
        worker.wait(first, Status.DELIVERED)
        typed = Account("default", other.url, *LOGIN.values())
        worker.jobs.follow(Setup({"contact": a_form()}, {"default": typed}))
        second = worker.enqueue(submission=a_submission(email="grace@example.com"))
        worker.wait(second, Status.DELIVERED)

        assert len(nexudus.opportunities()) == len(other.opportunities()) == 1


def test_what_a_simulator_called_a_contact_is_nobody_elsewhere(sqlite: Store) -> None:
    lead = a_lead()
    sqlite.keep_and_enqueue([Arrival(lead, [], lead.id)])
    with sqlite._database.writing.begin() as connection:
        connection.exec_driver_sql("UPDATE deliveries SET coworker_id = 7")

    def start(base_url: str) -> int | None:
        settings = read_settings({"NEXUDUS_BASE_URL": base_url, "NEXUDUS_USERNAME": "u", "NEXUDUS_PASSWORD": "p"})
        context = account_contexts(settings, Setup({"contact": a_form()}), sqlite, threading.Event())["default"]
        on_startup("default", context)
        with sqlite._database.reading.connect() as connection:
            coworker: int | None = connection.exec_driver_sql("SELECT coworker_id FROM deliveries").scalar()
        return coworker

    assert [start(f"http://127.0.0.1:{port}") for port in (8010, 8011)] == [7, 7]
    assert start("https://spaces.nexudus.com") is None
