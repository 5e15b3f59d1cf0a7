"""From "there is a lead" to a queued lead with its answers: once, soon, and without delaying others."""

import subprocess
import sys
import threading
import time

import pytest
from sqlalchemy import select

from service import clock
from service.fetching.fetcher import MISSING_FOR, settle_missing
from service.lead import Outcome, Status, Step, TraceContext
from service.store import Store
from service.store.database.tables import notices
from tests.builders import a_form
from tests.capture.senders.recorded import Recorded, recorded
from tests.capture.senders.sent_records import expected_leads, facts_of
from tests.fetching.conftest import Env
from tests.fetching.platforms import LINKEDIN_TOKEN, META_TOKEN, Canned, Platforms, meta_error, meta_lead
from tests.front import sqlite_store

RECORDS = [each for each in recorded("meta", "linkedin") if each.sample.get("fetch")]
READ = [each for each in RECORDS if "pending" not in each.expected]
KILLED = """
import sys, threading
from service.fetching.fetcher import Fetcher
from service.store import Identity
from service.fetching.connection import make_connections
from service.background import is_gone, worker_name
from service.store import Store
from tests.builders import a_form

store = Store(sys.argv[1])
table = {"app_secret": "a-secret", "access_token": "meta-token-1"}
url = sys.argv[2]
forms = {"tour": a_form("tour", webhooks={"meta": table})}
urls = {"META_GRAPH_URL": f"{url}/v26.0"}
lines = make_connections(forms, urls, store, Identity("x", is_gone))
fetcher = Fetcher(store, lines, Identity(worker_name(), is_gone), threading.Event())
fetcher.start()
threading.Event().wait()
"""


def send(record: Recorded, env: Env) -> None:
    """Send a recorded call to the endpoint of a form that takes it."""
    token = {"meta": META_TOKEN, "linkedin": LINKEDIN_TOKEN}[record.sender]
    table = {**record.table, "access_token": token}
    env.form = a_form("tour", require=(), webhooks={record.sender: table})
    env.platforms.plays(record)
    answer = env.front.client.post(f"/webhooks/{record.sender}/tour", data=record.body, headers=record.headers)
    assert answer.status_code == 200


def test_a_fetched_lead_bears_the_id_of_the_request_that_announced_it(env: Env) -> None:
    env.platforms.has_lead("1")
    (lead_id,) = env.hears("1")
    with env.store.read() as tx:
        announced_by = tx._execute(select(notices.c.request_id)).scalar_one()

    env.reads(lead_id)

    (delivery,) = env.store.write(lambda tx: tx.queue.claim("a worker", clock.now(), 90, 1))
    assert delivery.trace == TraceContext(announced_by)
    assert announced_by


@pytest.mark.parametrize("record", READ, ids=lambda record: record.name)
def test_what_was_recorded_is_read_from_the_call_to_the_lead(
    tmp_path_factory: pytest.TempPathFactory, platforms: Platforms, record: Recorded
) -> None:
    with sqlite_store(tmp_path_factory.mktemp("leads")) as kept:
        env = Env(kept, platforms)
        send(record, env)
        env.reads_in_haste(*(lead.id for lead in env.leads()))
        leads = sorted(env.leads(), key=lambda lead: lead.submission.external_id)

    expected = sorted(expected_leads(record), key=lambda each: str(each["external_id"]))
    facts = [facts_of(lead, wanted) for lead, wanted in zip(leads, expected, strict=True)]
    assert facts == [{name: each[name] for name in each if name != "response"} for each in expected]


@pytest.mark.parametrize("record", READ, ids=lambda record: record.name)
def test_the_platform_is_asked_as_it_was_when_it_was_recorded(
    tmp_path_factory: pytest.TempPathFactory, platforms: Platforms, record: Recorded
) -> None:
    with sqlite_store(tmp_path_factory.mktemp("leads")) as kept:
        env = Env(kept, platforms)
        send(record, env)
        env.reads_in_haste(*(lead.id for lead in env.leads()))

    for call in record.sample["fetch"]:
        wanted = call["request"]
        calls = [each for each in platforms.calls if wanted["url"].endswith(each.path)]
        assert wanted["query"] in [each.query_values for each in calls]
        versions = {name: value for name, value in wanted["headers"].items() if name != "Authorization"}
        assert versions.items() <= calls[0].headers.items()


def test_a_page_whose_token_died_keeps_its_leads_announced_under_one_concern(env: Env) -> None:
    (record,) = [each for each in RECORDS if "pending" in each.expected]
    send(record, env)
    (lead,) = env.leads()
    env.tries(lead.id)

    assert env.lead(lead.id).status is Status.ANNOUNCED
    assert list(env.concerns()) == ["platform:tour:meta"]
    assert "password change" in env.concerns()["platform:tour:meta"].sentence
    assert [(each.step, each.outcome) for each in env.attempts(lead.id)] == [(Step.FETCH, Outcome.REFUSED)]


def test_a_lead_is_read_within_a_second_of_its_notice_and_owed_once(env: Env) -> None:
    env.platforms.has_lead("77")
    with env.fetching() as fetcher:
        time.sleep(0.2)
        (lead_id,) = env.hears("77")
        fetcher.wake()
        env.wait(lambda: env.lead(lead_id).status is Status.PENDING, within_s=1)

    assert env.lead(lead_id).submission.contact.email == "77@example.com"
    assert env.queued_count() == 1


def test_what_was_read_is_credited_and_keeps_the_time_of_its_arrival(env: Env) -> None:
    env.platforms.has_lead("77")
    (lead_id,) = env.hears("77")
    before = env.lead(lead_id)
    env.reads(lead_id)

    after = env.lead(lead_id)
    assert (after.attribution.utm_source, after.attribution.utm_campaign) == ("facebook", "Spring")
    assert (after.received_at, after.submission.external_id) == (before.received_at, "77")
    assert after.submission.evidence.submitted_at == 1795384786.0


def test_one_that_hangs_and_one_that_is_odd_hold_up_no_other(env: Env) -> None:
    answer = threading.Event()
    env.platforms.says("/v26.0/1", Canned(meta_lead("1"), until=answer))
    env.platforms.says("/v26.0/2", meta_error(803, message="Some of the aliases do not exist"))
    env.platforms.has_lead("3")
    _, odd, good = env.hears("1", "2", "3")

    with env.fetching():
        env.wait(lambda: env.lead(good).status is Status.PENDING)
        env.wait(lambda: env.lead(odd).status is Status.PARKED)
        answer.set()

    assert "Retry after an update" in env.lead(odd).problem


def test_two_workers_never_read_one_notice_at_once(env: Env, database_url: str) -> None:
    names = [str(number) for number in range(100, 112)]
    for name in names:
        env.platforms.says(f"/v26.0/{name}", Canned(meta_lead(name), hang_s=0.1))
    ids = env.hears(*names)
    other = Store(database_url)

    with env.fetching("one"), env.fetching("two", other):
        env.wait(lambda: all(env.lead(lead_id).status is Status.PENDING for lead_id in ids), 20)

    other.close()
    assert [len(env.platforms.calls_to(f"/v26.0/{name}")) for name in names] == [1] * len(names)


def test_a_worker_that_is_killed_in_the_middle_of_a_read_loses_nothing(env: Env, database_url: str) -> None:
    env.platforms.says("/v26.0/77", Canned(meta_lead("77"), hang_s=20), meta_lead("77"))
    (lead_id,) = env.hears("77")
    with subprocess.Popen([sys.executable, "-c", KILLED, database_url, env.platforms.url]) as killed:
        env.platforms.wait_for("/v26.0/77", within_s=20)
        killed.kill()
    gone = subprocess.Popen([sys.executable, "-c", KILLED, database_url, env.platforms.url])

    env.wait(lambda: env.lead(lead_id).status is Status.PENDING, 20)
    gone.kill()
    gone.wait()

    outcomes = [each.outcome for each in env.attempts(lead_id)]
    assert outcomes == [Outcome.UNAVAILABLE, Outcome.DONE]
    assert env.queued_count() == 1


def test_a_withdrawal_that_comes_during_the_read_wins(env: Env) -> None:
    withdrawn = threading.Event()
    env.platforms.says("/rest/leadFormResponses/r-1", Canned({}, until=withdrawn))
    lead_id = env.hears_linkedin("r-1")

    with env.fetching():
        env.platforms.wait_for("/rest/leadFormResponses/r-1")
        env.hears_linkedin("r-1", "DELETED")
        withdrawn.set()
        env.wait(lambda: bool(env.attempts(lead_id)[0].detail))

    assert env.lead(lead_id).status is Status.DISCARDED
    assert env.attempts(lead_id)[0].detail.startswith("no longer wanted")
    assert env.queued_count() == 0


def test_a_lead_of_a_form_that_is_set_up_no_more_waits_an_hour_and_is_parked(env: Env) -> None:
    (lead_id,) = env.hears("77")
    env.form = a_form("tour")
    with env.fetching():
        pass

    assert env.lead(lead_id).status is Status.ANNOUNCED
    assert (
        "[forms.tour.webhooks.meta]: if that is a mistake, put it back" in env.concerns()["platform:tour:meta"].sentence
    )
    settle_missing(env.store, env.connections(), clock.now() + MISSING_FOR / 2)
    assert env.lead(lead_id).status is Status.ANNOUNCED
    settle_missing(env.store, env.connections(), clock.now() + MISSING_FOR)
    assert env.lead(lead_id).status is Status.PARKED
    assert "[forms.tour.webhooks.meta]" in env.lead(lead_id).problem
    assert env.concerns() == {}


def test_a_lead_of_a_form_that_was_removed_by_mistake_is_read_once_it_is_back(env: Env) -> None:
    form = env.form
    env.platforms.says("/v26.0/77", Canned(meta_lead("77")))
    (lead_id,) = env.hears("77")
    env.form = a_form("tour")
    with env.fetching():
        pass

    env.form = form
    env.reads(lead_id)

    assert env.concerns() == {}
