"""An outage: after repeated failure the account rests, one call finds out, and everything goes on."""

from datetime import timedelta

import pytest

from service import clock
from service.delivery.retry import CIRCUIT
from service.lead import Lead, Status
from service.store import UNAVAILABLE, Pause
from tests.builders import a_lead
from tests.delivery.conftest import House

OUTAGE = {"path": "/api/(?!token)", "times": 1000, "status": 503}


def pauses(house: House) -> list[Pause]:
    with house.store.read() as tx:
        return tx.accounts.pauses(clock.now())


def let_pass(house: House, seconds: float) -> None:
    """Let failures have begun so much longer ago."""
    with house.store._opened.writing.begin() as connection:
        micros = round(seconds * 1e6)
        connection.exec_driver_sql(f"UPDATE accounts SET failing_since = failing_since - {micros}")  # noqa: S608


def end_pause(house: House) -> None:
    """Let the account's rest be over, and nothing else."""
    with house.store._opened.writing.begin() as connection:
        connection.exec_driver_sql("UPDATE accounts SET paused_until = 0")


@pytest.fixture
def leads(house: House) -> list[Lead]:
    """As many leads as it takes, in an outage that began a while ago."""
    house.nexudus.faults([OUTAGE])
    leads = [house.owes(a_lead(f"person{n}@example.com")) for n in range(CIRCUIT.failures)]
    house.deliver_once()
    assert pauses(house) == []
    let_pass(house, CIRCUIT.after_s)
    house.ahead += timedelta(seconds=20)
    house.deliver_once()
    return leads


def test_a_burst_of_failures_is_no_outage(house: House) -> None:
    house.nexudus.faults([OUTAGE])
    for number in range(CIRCUIT.failures + 2):
        house.owes(a_lead(f"person{number}@example.com"))

    house.deliver_once()

    assert pauses(house) == []


def test_failures_for_a_minute_rest_the_account(house: House, leads: list[Lead]) -> None:
    (pause,) = pauses(house)

    assert pause.reason == UNAVAILABLE
    assert {house.kept(lead).status for lead in leads} == {Status.PENDING}


def test_one_lead_finds_out_before_its_time_at_no_cost(house: House, leads: list[Lead]) -> None:
    end_pause(house)
    house.ahead = timedelta(0)
    (probe,) = house.store.write(lambda tx: tx.claims.claim("a look", clock.now(), 0, 10))
    before = house.kept(probe.lead).next_attempt_at

    house.deliver_once()

    assert probe.probes_until == before == house.kept(probe.lead).next_attempt_at
    (after,) = house.store.write(lambda tx: tx.claims.claim("a look", house.tomorrow(), 0, 1))
    assert after.tries == probe.tries


def test_each_probe_that_fails_prolongs_the_rest(house: House, leads: list[Lead]) -> None:
    for _ in range(3):
        end_pause(house)
        house.ahead = timedelta(0)
        house.deliver_once()

    assert pauses(house)[0].count >= 4


def test_the_first_lead_that_arrives_ends_the_outage_for_all(house: House, leads: list[Lead]) -> None:
    house.nexudus.faults([])
    end_pause(house)
    house.ahead = timedelta(0)

    assert house.deliver_once() == 1
    house.store.write(lambda tx: tx.outbox.hasten("default", clock.now() - timedelta(minutes=5), clock.now()))
    house.ahead = timedelta(seconds=50)
    house.deliver_once()

    assert {house.kept(lead).status for lead in leads} == {Status.DELIVERED}


def test_new_leads_are_taken_and_owed_during_an_outage(house: House, leads: list[Lead]) -> None:
    late = house.owes(a_lead("late@example.com"))

    assert house.deliver_once() == 0
    assert house.kept(late).status is Status.PENDING
