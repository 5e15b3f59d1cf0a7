"""When the whole account waits: throttling, refusals and our own rate limit."""

from datetime import timedelta

import pytest

from service import clock
from service.lead import Outcome, Status
from service.store import Pace
from tests.builders import a_form, a_lead
from tests.delivery.conftest import Env, a_context

COWORKERS, OPPORTUNITIES = "/api/spaces/coworkers", "/api/crm/crmopportunities"


def lasts_s(env: Env) -> float:
    """How long the one pause still holds."""
    (pause,) = env.pauses()
    return (pause.until - clock.now()).total_seconds()


def rests_in_a_row(env: Env) -> int:
    """How often the account rested since it last worked."""
    with env.store.read() as tx:
        return tx.accounts.pause_streak("default")


@pytest.mark.parametrize(
    ("answer", "wait_s"),
    [
        pytest.param({"status": 409, "headers": {"Retry-After": "40"}}, 40, id="409 with Retry-After"),
        pytest.param({"status": 429, "headers": {"Retry-After": "40"}}, 40, id="429 with Retry-After"),
        pytest.param({"status": 429, "body": "Wait 12.5 seconds"}, 12.5, id="429 that says it in words"),
        pytest.param({"status": 429, "body": "Slow down"}, 1, id="429 that does not say how long"),
        pytest.param({"status": 409, "headers": {"Retry-After": "99999999999"}}, 86400, id="409 for centuries"),
        pytest.param({"status": 409, "headers": {"Retry-After": "0"}}, 1, id="409 for no time"),
        pytest.param({"status": 403}, 60, id="403"),
    ],
)
def test_the_account_is_paused_as_long_as_nexudus_asks(env: Env, answer: dict[str, object], wait_s: float) -> None:
    lead = env.owes(a_lead())
    env.nexudus.faults([{"method": "GET", "path": COWORKERS, "times": 1, **answer}])

    env.deliver_once()

    assert lasts_s(env) == pytest.approx(wait_s, abs=0.9)
    due = env.kept(lead).next_attempt_at
    assert due is not None
    assert (due - clock.now()).total_seconds() == pytest.approx(wait_s, abs=0.9)


def test_a_pause_is_told_at_the_lead(env: Env) -> None:
    lead = env.owes(a_lead())
    env.nexudus.faults([{"method": "GET", "path": COWORKERS, "times": 1, "status": 403}])

    env.deliver_once()

    assert env.kept(lead).status is Status.PENDING
    assert "give it Coworker-List" in env.kept(lead).problem


def test_throttling_for_ever_parks_nothing(env: Env) -> None:
    lead = env.owes(a_lead())
    env.nexudus.faults([{"method": "GET", "path": COWORKERS, "times": 12, "status": 429}])

    env.deliver_until_quiet()

    assert env.kept(lead).status is Status.DELIVERED
    assert [attempt.outcome for attempt in env.attempts(lead)].count(Outcome.THROTTLED) == 12


def test_each_refusal_rests_twice_as_long_until_a_lead_is_delivered(env: Env) -> None:
    env.owes(a_lead())
    env.nexudus.faults([{"method": "GET", "path": COWORKERS, "times": 3, "status": 403}])
    rests = []
    for _ in range(3):
        env.deliver_once()
        rests.append(round(lasts_s(env)))
        env.forget_time()

    env.deliver_once()

    assert rests == [60, 120, 240]
    assert rests_in_a_row(env) == 0


def test_a_refused_lead_shows_that_the_account_works(env: Env) -> None:
    env.owes(a_lead())
    env.nexudus.faults(
        [
            {"method": "GET", "path": COWORKERS, "times": 1, "status": 403},
            {"method": "POST", "path": OPPORTUNITIES, "times": 1, "status": 400},
        ]
    )
    env.deliver_once()
    env.forget_time()

    env.deliver_once()

    assert rests_in_a_row(env) == 0


def test_a_pause_that_began_during_a_delivery_outlives_it(env: Env) -> None:
    env.owes(a_lead())
    until = clock.now() + timedelta(hours=1)
    env.store.write(lambda tx: tx.accounts.pause("default", until, "throttled"))

    env.deliver_once()

    assert [pause.until for pause in env.pauses()] == [until]


def test_a_wrong_password_is_tried_once_and_not_again(env: Env) -> None:
    env.nexudus.settings(password="changed", bearer=None)
    lead = env.owes(a_lead())

    for _ in range(3):
        env.deliver_once()
        env.ahead += timedelta(days=1)

    assert len(env.nexudus.calls("POST", "/api/token")) == 1
    assert env.kept(lead).status is Status.PENDING


def test_a_used_up_pace_holds_the_account_without_blame(env: Env) -> None:
    env.context = a_context(env.store, env.nexudus, {"contact": a_form()}, pace=Pace(3, 3600.0))
    lead = env.owes(a_lead())

    env.deliver_once()

    (pause,) = env.pauses()
    assert pause.reason == "pace"
    assert rests_in_a_row(env) == 0
    assert [attempt.outcome for attempt in env.attempts(lead)] == [Outcome.MISSING, Outcome.DONE]


def test_a_quota_of_new_contacts_holds_leads_instead_of_parking_them(env: Env) -> None:
    env.nexudus.settings(coworker_quota=0)
    lead = env.owes(a_lead())
    env.deliver_once()
    env.ahead += timedelta(days=1)
    env.deliver_once()
    assert env.kept(lead).status is Status.PENDING

    env.nexudus.settings(coworker_quota=50)
    env.deliver_until_quiet()

    assert env.kept(lead).status is Status.DELIVERED
