"""People known from earlier: the opportunity's notes and the lead say so, and nothing is changed by it."""

import re
from datetime import date, timedelta
from typing import Any

import pytest

from service import clock
from service.delivery.person_history import person_history
from service.lead import Lead, Status
from service.simulator.server import Simulator
from service.store import Arrival, Store
from tests.builders import a_form, a_lead
from tests.delivery.conftest import Env, a_context

EMAIL = "ada@example.com"
LONG_AGO: dict[str, Any] = {"CreatedOn": "2024-01-01T09:00:00Z"}
MEMBER: dict[str, Any] = {"TariffId": 3, "TariffName": "Hot desk"}
COWORKERS, OPPORTUNITIES = "/api/spaces/coworkers", "/api/crm/crmopportunities"
DAY = timedelta(days=1)


@pytest.fixture
def env(sqlite: Store, nexudus: Simulator) -> Env:
    """An environment with the one form `contact`, on SQLite."""
    return Env(sqlite, nexudus, a_context(sqlite, nexudus, {"contact": a_form()}))


def note_of(env: Env) -> str:
    """The line of the newest opportunity's note that says since when its person is known; "" where none does."""
    notes = env.nexudus.opportunities()[-1]["Notes"]
    return next(iter(re.findall(r"^Known since .*$", notes, re.MULTILINE)), "")


def earlier_enquiry(env: Env, days_ago: float, **changes: Any) -> Lead:
    """An enquiry that came so many days ago and owes nothing any more."""
    at = clock.now() - days_ago * DAY
    lead = a_lead(received_at=at, **{"status": Status.DELIVERED, **changes})
    env.store.keep_and_enqueue([Arrival(lead, [], lead.id)])
    return lead


def day(days_ago: float) -> str:
    return f"{clock.now() - days_ago * DAY:%Y-%m-%d}"


def test_nothing_is_said_of_a_stranger(env: Env) -> None:
    lead = env.owes(a_lead(received_at=clock.now()))

    env.deliver_until_quiet()

    assert note_of(env) == ""
    with env.store.read() as tx:
        assert person_history(tx, lead.id).since is None


# -- here


def test_earlier_enquiries_are_counted(env: Env) -> None:
    for days_ago in (9, 4):
        earlier_enquiry(env, days_ago)
    env.owes(a_lead(received_at=clock.now()))

    env.deliver_until_quiet()

    assert note_of(env) == f"Known since {day(9)}: 2 earlier enquiries here since {day(9)}."


# -- there


@pytest.mark.parametrize(
    ("fields", "words"),
    [(LONG_AGO, "contact in Nexudus"), (LONG_AGO | MEMBER, "member in Nexudus")],
    ids=["a contact", "a member"],
)
def test_a_person_of_nexudus_is_told_with_the_date(env: Env, fields: dict[str, Any], words: str) -> None:
    env.nexudus.add_coworker(EMAIL, **fields)
    env.owes(a_lead(received_at=clock.now()))

    env.deliver_until_quiet()

    assert note_of(env) == f"Known since 2024-01-01: {words} since 2024-01-01."
    assert len(env.nexudus.calls("GET", COWORKERS)) == 1  # the search


def test_both_are_told_and_the_earlier_counts(env: Env) -> None:
    env.nexudus.add_coworker(EMAIL, **LONG_AGO)
    earlier_enquiry(env, 4)
    lead = env.owes(a_lead(received_at=clock.now()))

    env.deliver_until_quiet()

    line = f"Known since 2024-01-01: 1 earlier enquiry here since {day(4)}; contact in Nexudus since 2024-01-01."
    assert note_of(env) == line
    with env.store.read() as tx:
        assert (person_history(tx, lead.id).sentence, person_history(tx, lead.id).crm_since) == (
            line,
            date(2024, 1, 1),
        )


def test_a_contact_that_was_made_for_the_lead_itself_is_no_old_one(env: Env) -> None:
    create = {"method": "POST", "path": COWORKERS, "times": 1, "after_save": True, "reset": True}
    env.nexudus.faults([create])
    env.owes(a_lead(received_at=clock.now()))

    env.deliver_until_quiet()

    assert len(env.nexudus.coworkers_of(EMAIL)) == 1
    assert note_of(env) == ""


def test_what_the_search_told_is_still_known_after_a_crash(env: Env) -> None:
    env.nexudus.add_coworker(EMAIL, **LONG_AGO)
    env.nexudus.faults([{"method": "POST", "path": OPPORTUNITIES, "times": 1, "status": 503}])
    env.owes(a_lead(received_at=clock.now()))

    env.deliver_until_quiet()

    assert note_of(env) == "Known since 2024-01-01: contact in Nexudus since 2024-01-01."


# -- lists that do not show the plan


@pytest.fixture
def hiding(env: Env) -> Env:
    """An environment whose Nexudus shows a member's plan by id only."""
    env.nexudus.settings(plans_in_lists=False)
    env.nexudus.add_coworker(EMAIL, **LONG_AGO, **MEMBER)
    return env


def test_a_plan_that_lists_hide_is_read_by_id(hiding: Env) -> None:
    hiding.owes(a_lead(received_at=clock.now()))

    hiding.deliver_until_quiet()

    assert note_of(hiding).startswith("Known since 2024-01-01: member in Nexudus")
    assert len(hiding.nexudus.calls()) <= 7  # three of them token, stage, and the first opportunity of its type


@pytest.mark.parametrize("fault", [{"status": 500}, {"status": 401}, {"status": 409}, {"reset": True}, {"body": []}])
def test_a_record_that_cannot_be_read_delays_and_fails_nothing(hiding: Env, fault: dict[str, Any]) -> None:
    (known,) = hiding.nexudus.coworkers_of(EMAIL)
    hiding.nexudus.faults([{"method": "GET", "path": f"{COWORKERS}/{known['Id']}", "times": None, **fault}])
    lead = hiding.owes(a_lead(received_at=clock.now()))

    assert hiding.deliver_once() == 1

    assert hiding.kept(lead).status is Status.DELIVERED
    assert note_of(hiding) == "Known since 2024-01-01: in Nexudus since 2024-01-01."


def test_after_a_read_that_failed_no_other_is_made_for_a_while(hiding: Env) -> None:
    (known,) = hiding.nexudus.coworkers_of(EMAIL)
    whole = f"{COWORKERS}/{known['Id']}"
    hiding.nexudus.faults([{"method": "GET", "path": whole, "times": None, "status": 500}])
    for _ in range(2):
        hiding.owes(a_lead(received_at=clock.now()))

    hiding.deliver_until_quiet()

    assert len(hiding.nexudus.calls("GET", whole)) == 1


def test_no_contact_in_nexudus_is_changed(env: Env) -> None:
    before = env.nexudus.add_coworker(EMAIL, **LONG_AGO, **MEMBER)
    env.owes(a_lead(received_at=clock.now()))

    env.deliver_until_quiet()

    assert env.nexudus.coworkers_of(EMAIL) == [before]


def test_a_lead_is_told_of_what_the_last_search_showed_only(env: Env) -> None:
    env.nexudus.add_coworker(EMAIL, **LONG_AGO)
    lead = env.owes(a_lead(received_at=clock.now()))
    env.nexudus.faults([{"method": "POST", "path": OPPORTUNITIES, "times": 1, "status": 400}])
    env.deliver_until_quiet()
    env.nexudus.world.drop_coworker(5001)

    env.store.write(lambda tx: tx.queue.move(lead.id, "default", clock.now()))  # what was found is not used any more
    env.store.write(lambda tx: tx.queue.retry([lead.id], clock.now()))
    env.deliver_until_quiet()

    assert note_of(env) == ""
