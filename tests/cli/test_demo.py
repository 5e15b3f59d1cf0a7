"""`lead-capture demo-data`: believable leads that reach no real person."""

import re
from collections import Counter
from datetime import timedelta
from itertools import pairwise
from pathlib import Path

import pytest

from service.cli.demo import ACCOUNT
from service.cli.demo.history import histories
from service.lead import Lead, Status
from service.store import Query, Store
from tests.admin.stored_leads import keep
from tests.builders import NOON, a_lead
from tests.cli.conftest import Terminal
from tests.store.actions import claim

pytestmark = pytest.mark.long

FREE_NUMBERS = re.compile(r"\+442079460\d{3}|\+1212555 ?01\d{2}|\+4930231 ?25\d{3}|\+3319900\d{4}|\+46846500\d{3}")


def story(count: int = 400, days: int = 60, seed: int = 1) -> list[Lead]:
    """A history's leads."""
    return [history.lead for history in histories(ACCOUNT, count, days, NOON, seed)]


@pytest.fixture(scope="module")
def long_story() -> list[Lead]:
    """Thousands of leads within sixty days."""
    return story(5000)


def all_of(store: Store) -> list[Lead]:
    """Everything that is kept."""
    with store.read() as tx:
        return tx.search.leads(Query(), 10_000)


# -- the story


def test_the_same_seed_tells_the_same_story() -> None:
    assert story(50) == story(50) != story(50, seed=2)


def test_it_has_as_many_leads_as_asked_within_the_days_oldest_first() -> None:
    leads = story(300, days=10)

    assert len(leads) == len({lead.id for lead in leads}) == 300
    assert all(NOON - timedelta(days=10) <= lead.received_at < NOON for lead in leads)
    assert all(one.id < next_one.id for one, next_one in pairwise(leads))


def test_people_write_by_day_and_on_weekdays(long_story: list[Lead]) -> None:
    by_hour = Counter(lead.received_at.hour for lead in long_story)
    by_day = Counter(lead.received_at.weekday() for lead in long_story)

    assert by_hour[10] > 5 * by_hour[3]
    assert by_day[1] > 2 * by_day[6]


def test_nearly_all_are_delivered_and_every_other_ending_occurs(long_story: list[Lead]) -> None:
    statuses = Counter(lead.status for lead in long_story)

    assert statuses[Status.DELIVERED] > 4000
    assert set(statuses) == set(Status) - {Status.ANNOUNCED}


def test_what_is_wrong_is_told(long_story: list[Lead]) -> None:
    leads = [lead for lead in long_story if lead.status in (Status.PARKED, Status.QUARANTINED, Status.PENDING)]

    assert leads
    assert all(lead.problem.endswith(".") for lead in leads)


def test_a_delivered_lead_has_its_calls_and_its_numbers() -> None:
    delivered = [each for each in histories(ACCOUNT, 300, 30, NOON, 1) if each.lead.status is Status.DELIVERED]

    assert all(each.lead.opportunity_id and each.lead.coworker_id for each in delivered)
    assert all(each.attempts[-1].outcome == "done" for each in delivered)


def test_no_real_person_can_be_reached(long_story: list[Lead]) -> None:
    contacts = [lead.submission.contact for lead in long_story]

    assert all(re.search(r"@example\.(com|org|net)$", each.email) for each in contacts if each.email)
    assert all(FREE_NUMBERS.fullmatch(each.phone) for each in contacts if each.phone)


def test_people_of_several_languages_write() -> None:
    names = " ".join(lead.submission.contact.full_name for lead in story(1000))

    assert all(letter in names for letter in "üéłñÅ田")


def test_a_forgotten_person_left_nothing(long_story: list[Lead]) -> None:
    erased = [lead for lead in long_story if lead.status is Status.ERASED]

    assert erased
    assert all(not lead.submission.fields and not lead.attribution.click_ids for lead in erased)


# -- the command


def test_the_history_is_written_and_told(run: Terminal, sqlite: Store) -> None:
    result = run("demo-data", "--leads", "50", "--days", "20", "--until", "2026-11-25")

    assert (result.code, len(all_of(sqlite))) == (0, 50)
    assert result.out.startswith("50 invented leads of 20 days until 2026-11-25, as account 'demo'")


def test_a_second_history_takes_the_place_of_the_first(run: Terminal, sqlite: Store) -> None:
    run("demo-data", "--leads", "50")
    run("demo-data", "--leads", "20")

    assert len(all_of(sqlite)) == 20


def test_removing_leaves_real_leads(run: Terminal, sqlite: Store) -> None:
    run("demo-data", "--leads", "50")
    real = keep(sqlite, a_lead())

    result = run("demo-data", "--remove")

    assert result.out == "50 invented leads removed\n"
    assert [lead.id for lead in all_of(sqlite)] == [real.id]


def test_nothing_is_mixed_with_real_leads_unasked(run: Terminal, sqlite: Store) -> None:
    keep(sqlite, a_lead())

    result = run("demo-data", "--leads", "5")

    assert (result.code, len(all_of(sqlite))) == (1, 1)
    assert "holds real leads" in result.err


def test_it_is_mixed_with_them_when_asked(run: Terminal, sqlite: Store) -> None:
    keep(sqlite, a_lead())

    assert run("demo-data", "--leads", "5", "--yes").code == 0
    assert len(all_of(sqlite)) == 6


def test_an_account_of_that_name_is_in_the_way(run: Terminal, sqlite: Store) -> None:
    Path("forms.toml").write_text(
        f'[forms.tour]\n[accounts.{ACCOUNT}]\nbase_url = "https://x.example"\nusername = "a"\npassword = "b"\n'
    )

    result = run("demo-data", "--leads", "5")

    assert result.code == 1
    assert "has an account 'demo'" in result.err


def test_a_worker_finds_nothing_to_deliver(run: Terminal, sqlite: Store) -> None:
    run("demo-data", "--leads", "500", "--days", "2", "--until", NOON.isoformat())

    assert {lead.status for lead in all_of(sqlite)} > {Status.PENDING}
    assert claim(sqlite, now=NOON + timedelta(days=1000)) == []
