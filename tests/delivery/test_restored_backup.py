"""A backup put back, by whatever means: what was delivered since it was made is not created again."""

import shutil
import sqlite3
import threading
from collections.abc import Callable
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from service import clock
from service.forms import Destination, Setup
from service.lead import Evidence, Lead, Status, Step
from service.nexudus_accounts import account_contexts
from service.settings import read_settings
from service.simulator.server import Simulator
from service.store import Arrival, Store
from tests.builders import a_form, a_lead, a_submission
from tests.delivery.conftest import Env
from tests.delivery.test_marker_matrix import NEXUDUS

PEOPLE = ("ada@example.com", "grace@example.com", "edith@example.com", "joan@example.com")

FORM = a_form(destination=Destination(stage_id=1001, opportunity_type_id=8))  # a type with a template

Begin = Callable[[], Env]


@pytest.fixture
def path(sqlite_url: str) -> Path:
    """The database file."""
    return Path(sqlite_url.removeprefix("sqlite:///"))


@pytest.fixture
def begin(sqlite_url: str, nexudus: Simulator) -> Begin:
    """Start a worker on the database file, wired as in its process."""
    login = {"NEXUDUS_USERNAME": "simulator@leadcapture.example", "NEXUDUS_PASSWORD": "simulator"}
    settings = read_settings({"NEXUDUS_BASE_URL": nexudus.url, "NEXUDUS_LIMITS": "1000/s", **login})

    def start() -> Env:
        store = Store(sqlite_url)
        contexts = account_contexts(settings, Setup({"contact": FORM}), store, threading.Event())
        return Env(store, nexudus, contexts["default"])

    return start


def copy_of(path: Path) -> Path:
    """Copy the database as `sqlite3 FILE ".backup COPY"` does."""
    copy = path.with_name("copy.db")
    with closing(sqlite3.connect(path)) as live, closing(sqlite3.connect(copy)) as backup:
        live.backup(backup)
    return copy


def put_back(env: Env, path: Path, copy: Path) -> None:
    """Replace the database by its copy, by hand."""
    env.store.close()
    for rest in path.parent.glob(f"{path.name}*"):
        rest.unlink()
    shutil.copy(copy, path)


def steps(env: Env, lead: Lead) -> list[Step]:
    """The calls made for a lead, in order."""
    return [attempt.step for attempt in env.attempts(lead)]


def test_a_backup_put_back_makes_no_second_opportunity(begin: Begin, path: Path, nexudus: Simulator) -> None:
    before = begin()
    leads = [before.owes(a_lead(email)) for email in PEOPLE]
    copy = copy_of(path)
    before.deliver_until_quiet()
    put_back(before, path, copy)

    after = begin()
    after.deliver_until_quiet()

    assert len(nexudus.opportunities()) == len(PEOPLE)
    assert {after.kept(lead).status for lead in leads} == {Status.DELIVERED}
    assert {after.kept(lead).opportunity_id for lead in leads} == {each["Id"] for each in nexudus.opportunities()}
    after.store.close()


def test_nor_does_one_from_between_contact_and_opportunity(begin: Begin, path: Path, nexudus: Simulator) -> None:
    before = begin()
    before.owes(a_lead())
    nexudus.faults([{"method": "POST", "path": "/api/crm/crmopportunities", "status": 429, "times": 1}])
    before.deliver_once()
    copy = copy_of(path)
    before.forget_time()
    before.deliver_until_quiet()
    put_back(before, path, copy)

    after = begin()
    after.forget_time()
    after.deliver_until_quiet()

    assert len(nexudus.opportunities()) == 1
    after.store.close()


@pytest.mark.parametrize("crm", ["keeps all", "keeps notes only", "keeps SystemId only", "keeps nothing"])
def test_nor_is_there_one_whatever_nexudus_keeps(begin: Begin, path: Path, nexudus: Simulator, crm: str) -> None:
    nexudus.settings(**NEXUDUS[crm][0])
    before = begin()
    before.owes(a_lead())
    copy = copy_of(path)
    before.deliver_until_quiet()
    put_back(before, path, copy)

    after = begin()
    after.deliver_until_quiet()

    assert len(nexudus.opportunities()) == 1
    after.store.close()


def test_who_is_new_to_nexudus_costs_no_search(begin: Begin) -> None:
    first = begin()
    lead = first.owes(a_lead())
    first.store.close()

    env = begin()
    env.deliver_until_quiet()

    assert steps(env, lead) == [Step.FIND_COWORKER, Step.CREATE_COWORKER, Step.CREATE_OPPORTUNITY]
    env.store.close()


def test_who_writes_after_the_start_costs_no_search(begin: Begin, nexudus: Simulator) -> None:
    env = begin()
    nexudus.add_coworker("ada@example.com")

    lead = env.owes(a_lead())
    env.deliver_until_quiet()

    assert steps(env, lead) == [Step.FIND_COWORKER, Step.CREATE_OPPORTUNITY]
    env.store.close()


def test_a_clock_that_was_ahead_makes_no_difference(begin: Begin, path: Path, nexudus: Simulator) -> None:
    before = begin()
    ahead = clock.now().replace(year=clock.now().year + 1)
    before.store.keep_and_enqueue([Arrival(a_lead(received_at=ahead), [], "ada@example.com")])
    before.ahead = timedelta(days=400)
    copy = copy_of(path)
    before.deliver_until_quiet()
    put_back(before, path, copy)

    after = begin()
    after.ahead = timedelta(days=400)
    after.deliver_until_quiet()

    assert len(nexudus.opportunities()) == 1
    after.store.close()


# -- leads that arrived after the backup, and arrive again


def submitted(env: Env, before_s: float) -> Lead:
    """A lead that arrives now and was submitted some seconds ago."""
    submission = a_submission(evidence=Evidence(submitted_at=clock.now().timestamp() - before_s))
    return env.owes(a_lead(submission=submission))


def test_a_lost_lead_that_is_pulled_again_makes_no_second_opportunity(
    begin: Begin, path: Path, nexudus: Simulator
) -> None:
    before = begin()
    copy = copy_of(path)
    for _ in range(2):
        submitted(before, before_s=60)
    before.deliver_until_quiet()
    put_back(before, path, copy)

    after = begin()
    again = [submitted(after, before_s=60) for _ in range(2)]
    after.deliver_until_quiet()

    adopted = {after.kept(lead).opportunity_id for lead in again}
    assert adopted == {each["Id"] for each in nexudus.opportunities()}
    assert len(adopted) == 2
    after.store.close()


def test_what_the_same_person_sends_afterwards_is_another_lead(begin: Begin, path: Path, nexudus: Simulator) -> None:
    before = begin()
    copy = copy_of(path)
    submitted(before, before_s=60)
    before.deliver_until_quiet()
    put_back(before, path, copy)

    after = begin()
    submitted(after, before_s=-1)
    after.deliver_until_quiet()

    assert len(nexudus.opportunities()) == 2
    after.store.close()


def test_a_late_lead_is_not_taken_for_one_that_is_known(begin: Begin, nexudus: Simulator) -> None:
    env = begin()
    submitted(env, before_s=60)
    env.deliver_until_quiet()

    submitted(env, before_s=50)
    env.deliver_until_quiet()

    assert len(nexudus.opportunities()) == 2
    env.store.close()
