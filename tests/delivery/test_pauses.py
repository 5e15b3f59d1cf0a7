"""When the whole account waits: throttling, refusals and our own pace."""

from datetime import timedelta

import pytest

from service import clock
from service.lead import Outcome, Status
from service.store import Pace
from tests.builders import a_form, a_lead
from tests.delivery.conftest import House, a_desk

COWORKERS, OPPORTUNITIES = "/api/spaces/coworkers", "/api/crm/crmopportunities"


def lasts_s(house: House) -> float:
    """How long the one pause still holds."""
    (pause,) = house.pauses()
    return (pause.until - clock.now()).total_seconds()


def rests_in_a_row(house: House) -> int:
    """How often the account rested since it last worked."""
    with house.store.read() as tx:
        return tx.accounts.pauses_in_a_row("default")


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
def test_the_account_rests_as_long_as_it_is_asked_to(house: House, answer: dict[str, object], wait_s: float) -> None:
    lead = house.owes(a_lead())
    house.nexudus.faults([{"method": "GET", "path": COWORKERS, "times": 1, **answer}])

    house.deliver_once()

    assert lasts_s(house) == pytest.approx(wait_s, abs=0.9)
    due = house.kept(lead).next_attempt_at
    assert due is not None
    assert (due - clock.now()).total_seconds() == pytest.approx(wait_s, abs=0.9)


def test_a_pause_is_told_at_the_lead(house: House) -> None:
    lead = house.owes(a_lead())
    house.nexudus.faults([{"method": "GET", "path": COWORKERS, "times": 1, "status": 403}])

    house.deliver_once()

    assert house.kept(lead).status is Status.PENDING
    assert "give it Coworker-List" in house.kept(lead).problem


def test_throttling_for_ever_parks_nothing(house: House) -> None:
    lead = house.owes(a_lead())
    house.nexudus.faults([{"method": "GET", "path": COWORKERS, "times": 12, "status": 429}])

    house.deliver_until_quiet()

    assert house.kept(lead).status is Status.DELIVERED
    assert [attempt.outcome for attempt in house.attempts(lead)].count(Outcome.THROTTLED) == 12


def test_each_refusal_rests_twice_as_long_until_a_lead_is_delivered(house: House) -> None:
    house.owes(a_lead())
    house.nexudus.faults([{"method": "GET", "path": COWORKERS, "times": 3, "status": 403}])
    rests = []
    for _ in range(3):
        house.deliver_once()
        rests.append(round(lasts_s(house)))
        house.forget_time()

    house.deliver_once()

    assert rests == [60, 120, 240]
    assert rests_in_a_row(house) == 0


def test_a_refused_lead_shows_that_the_account_works(house: House) -> None:
    house.owes(a_lead())
    house.nexudus.faults(
        [
            {"method": "GET", "path": COWORKERS, "times": 1, "status": 403},
            {"method": "POST", "path": OPPORTUNITIES, "times": 1, "status": 400},
        ]
    )
    house.deliver_once()
    house.forget_time()

    house.deliver_once()

    assert rests_in_a_row(house) == 0


def test_a_pause_that_began_during_a_delivery_outlives_it(house: House) -> None:
    house.owes(a_lead())
    until = clock.now() + timedelta(hours=1)
    house.store.write(lambda tx: tx.accounts.pause("default", until, "throttled"))

    house.deliver_once()

    assert [pause.until for pause in house.pauses()] == [until]


def test_a_wrong_password_is_tried_once_and_not_again(house: House) -> None:
    house.nexudus.settings(password="changed", bearer=None)
    lead = house.owes(a_lead())

    for _ in range(3):
        house.deliver_once()
        house.ahead += timedelta(days=1)

    assert len(house.nexudus.calls("POST", "/api/token")) == 1
    assert house.kept(lead).status is Status.PENDING


def test_a_used_up_pace_holds_the_account_without_blame(house: House) -> None:
    house.desk = a_desk(house.store, house.nexudus, {"contact": a_form()}, pace=Pace(3, 3600.0))
    lead = house.owes(a_lead())

    house.deliver_once()

    (pause,) = house.pauses()
    assert pause.reason == "pace"
    assert rests_in_a_row(house) == 0
    assert [attempt.outcome for attempt in house.attempts(lead)] == [Outcome.MISSING, Outcome.DONE]


def test_a_quota_of_new_contacts_holds_leads_instead_of_parking_them(house: House) -> None:
    house.nexudus.settings(coworker_quota=0)
    lead = house.owes(a_lead())
    house.deliver_once()
    house.ahead += timedelta(days=1)
    house.deliver_once()
    assert house.kept(lead).status is Status.PENDING

    house.nexudus.settings(coworker_quota=50)
    house.deliver_until_quiet()

    assert house.kept(lead).status is Status.DELIVERED
