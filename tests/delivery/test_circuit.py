"""An outage: after repeated failure the account rests, one call finds out, and everything goes on."""

from datetime import timedelta

import pytest

from service import clock
from service.delivery.retry import CIRCUIT
from service.lead import Lead, Status
from service.store import UNAVAILABLE, Pause
from tests.builders import a_lead
from tests.delivery.conftest import Env

OUTAGE = {"path": "/api/(?!token)", "times": 1000, "status": 503}


def pauses(env: Env) -> list[Pause]:
    with env.store.read() as tx:
        return tx.accounts.pauses(clock.now())


def let_pass(env: Env, seconds: float) -> None:
    """Let failures have begun so much longer ago."""
    with env.store._database.writing.begin() as connection:
        micros = round(seconds * 1e6)
        connection.exec_driver_sql(f"UPDATE accounts SET failing_since = failing_since - {micros}")  # noqa: S608


def end_pause(env: Env) -> None:
    """Let the account's rest be over, and nothing else."""
    with env.store._database.writing.begin() as connection:
        connection.exec_driver_sql("UPDATE accounts SET paused_until = 0")


@pytest.fixture
def leads(env: Env) -> list[Lead]:
    """As many leads as it takes, in an outage that began a while ago."""
    env.nexudus.faults([OUTAGE])
    leads = [env.owes(a_lead(f"person{n}@example.com")) for n in range(CIRCUIT.failures)]
    env.deliver_once()
    assert pauses(env) == []
    let_pass(env, CIRCUIT.after_s)
    env.ahead += timedelta(seconds=20)
    env.deliver_once()
    return leads


def test_a_burst_of_failures_is_no_outage(env: Env) -> None:
    env.nexudus.faults([OUTAGE])
    for number in range(CIRCUIT.failures + 2):
        env.owes(a_lead(f"person{number}@example.com"))

    env.deliver_once()

    assert pauses(env) == []


def test_failures_for_a_minute_rest_the_account(env: Env, leads: list[Lead]) -> None:
    (pause,) = pauses(env)

    assert pause.reason == UNAVAILABLE
    assert {env.kept(lead).status for lead in leads} == {Status.PENDING}


def test_one_lead_finds_out_before_its_time_at_no_cost(env: Env, leads: list[Lead]) -> None:
    end_pause(env)
    env.ahead = timedelta(0)
    (probe,) = env.store.write(lambda tx: tx.queue.claim("a look", clock.now(), 0, 10))
    before = env.kept(probe.lead).next_attempt_at

    env.deliver_once()

    assert probe.probes_until == before == env.kept(probe.lead).next_attempt_at
    (after,) = env.store.write(lambda tx: tx.queue.claim("a look", env.tomorrow(), 0, 1))
    assert after.tries == probe.tries


def test_each_probe_that_fails_prolongs_the_rest(env: Env, leads: list[Lead]) -> None:
    for _ in range(3):
        end_pause(env)
        env.ahead = timedelta(0)
        env.deliver_once()

    assert pauses(env)[0].count >= 4


def test_the_first_lead_that_arrives_ends_the_outage_for_all(env: Env, leads: list[Lead]) -> None:
    env.nexudus.faults([])
    end_pause(env)
    env.ahead = timedelta(0)

    assert env.deliver_once() == 1
    env.store.write(lambda tx: tx.queue.reschedule_now("default", clock.now() - timedelta(minutes=5), clock.now()))
    env.ahead = timedelta(seconds=50)
    env.deliver_once()

    assert {env.kept(lead).status for lead in leads} == {Status.DELIVERED}


def test_new_leads_are_taken_and_owed_during_an_outage(env: Env, leads: list[Lead]) -> None:
    late = env.owes(a_lead("late@example.com"))

    assert env.deliver_once() == 0
    assert env.kept(late).status is Status.PENDING
