"""When one kind of call rests: a used-up quota of new contacts holds new people while known ones are delivered."""

from datetime import timedelta

import pytest

from service import clock
from service.delivery.setup_check import location_limit
from service.forms import Destination
from service.lead import Lead, Status
from service.operations.leads import RETRY, act_on_lead
from service.store import CallPause
from tests.builders import SOMEONE, a_form, a_lead
from tests.delivery.conftest import Env

COWORKERS, OPPORTUNITIES = "/api/spaces/coworkers", "/api/crm/crmopportunities"
HARMFUL = 1009


def call_pauses(env: Env) -> list[CallPause]:
    with env.store.read() as tx:
        return tx.accounts.call_pauses()


def new_people(env: Env, number: int) -> list[Lead]:
    return [env.owes(a_lead(f"new{n}@example.com")) for n in range(number)]


def states(env: Env, leads: list[Lead]) -> set[Status]:
    return {env.kept(lead).status for lead in leads}


@pytest.fixture
def waiting(env: Env) -> list[Lead]:
    """Three new people, while the quota of new contacts is used up."""
    env.nexudus.settings(coworker_quota=0)
    leads = new_people(env, 3)
    env.deliver_once()
    return leads


def test_a_used_up_quota_holds_new_people_and_says_so(env: Env, waiting: list[Lead]) -> None:
    (pause,) = call_pauses(env)

    assert (pause.account, pause.call) == ("default", "create_coworker")
    assert states(env, waiting) == {Status.PENDING}
    assert all("accepts no new contacts now" in env.kept(lead).problem for lead in waiting)


def test_known_people_are_delivered_meanwhile(env: Env, waiting: list[Lead]) -> None:
    env.nexudus.add_coworker("known@example.com")
    known = env.owes(a_lead("known@example.com"))

    env.deliver_once()

    assert env.kept(known).status is Status.DELIVERED


def test_creates_stop_after_the_first_refusal(env: Env, waiting: list[Lead]) -> None:
    before = len(env.nexudus.calls("POST", COWORKERS))

    new_people(env, 3)
    env.deliver_once()

    assert len(env.nexudus.calls("POST", COWORKERS)) == before == 2  # the refused one, once more after the probe


def test_one_at_a_time_finds_out_and_the_first_success_lets_all_go(env: Env, waiting: list[Lead]) -> None:
    env.ahead += timedelta(days=1)
    assert env.deliver_once() == 1
    assert states(env, waiting) == {Status.PENDING}

    env.nexudus.settings(coworker_quota=50)
    env.ahead += timedelta(days=1)
    assert env.deliver_once() == 1
    assert call_pauses(env) == []
    env.deliver_once()

    assert states(env, waiting) == {Status.DELIVERED}


def test_each_refusal_holds_twice_as_long(env: Env, waiting: list[Lead]) -> None:
    def lasts_s() -> float:
        return (call_pauses(env)[0].until - clock.now()).total_seconds()

    lasting = [round(lasts_s())]
    for _ in range(2):
        env.ahead += timedelta(days=1)
        env.deliver_once()
        lasting.append(round(lasts_s()))

    assert lasting == [60, 120, 240]


def test_an_operator_who_retries_one_lets_all_go(env: Env, waiting: list[Lead]) -> None:
    env.nexudus.settings(coworker_quota=50)

    act_on_lead(env.store, SOMEONE, RETRY, waiting[0].id, clock.now())
    env.deliver_once()

    assert states(env, waiting) == {Status.DELIVERED}


def test_a_person_who_became_known_meanwhile_is_found(env: Env, waiting: list[Lead]) -> None:
    env.nexudus.add_coworker("new0@example.com")

    env.ahead += timedelta(days=1)
    env.deliver_once()

    assert env.kept(waiting[0]).status is Status.DELIVERED
    assert len(call_pauses(env)) == 1


def test_a_create_of_unknown_outcome_keeps_its_doubt_while_it_waits(env: Env) -> None:
    lead = env.owes(a_lead("new@example.com"))
    env.nexudus.faults([{"method": "POST", "path": COWORKERS, "times": 1, "after_save": True, "reset": True}])
    env.deliver_once()
    env.nexudus.settings(coworker_quota=0)

    env.deliver_until_quiet()

    assert env.kept(lead).status is Status.DELIVERED
    assert len(env.nexudus.coworkers_of("new@example.com")) == 1


# -- stages that do harm


@pytest.fixture
def harmful(env: Env) -> Lead:
    """A lead for a stage that deletes the customer."""
    env.use({"contact": a_form(destination=Destination(stage_id=HARMFUL))})
    lead = env.owes(a_lead())
    env.deliver_once()
    return lead


def test_no_lead_goes_into_a_stage_that_deletes_the_customer(env: Env, harmful: Lead) -> None:
    assert env.kept(harmful).status is Status.PENDING
    assert "deletes the customer" in env.kept(harmful).problem
    assert env.nexudus.calls("POST", COWORKERS) == []
    assert [pause.call for pause in call_pauses(env)] == [f"stage:{HARMFUL}"]


def test_what_waits_for_a_stage_goes_where_the_forms_file_says_now(env: Env, harmful: Lead) -> None:
    env.use({"contact": a_form()})
    env.ahead += timedelta(days=1)

    env.deliver_once()

    assert env.kept(harmful).status is Status.DELIVERED
    assert call_pauses(env) == []


# -- a full location


def test_a_full_location_holds_its_leads_and_says_so(env: Env) -> None:
    env.nexudus.settings(cap=0)
    leads = new_people(env, 2)

    env.deliver_once()

    assert states(env, leads) == {Status.PENDING}
    assert all("no more opportunities for location 55" in env.kept(lead).problem for lead in leads)
    assert [pause.call for pause in call_pauses(env)] == ["cap:55"]


def test_room_that_was_made_lets_all_go(env: Env) -> None:
    env.nexudus.settings(cap=0)
    leads = new_people(env, 3)
    env.deliver_once()
    env.nexudus.settings(cap=5000)

    env.deliver_until_quiet()

    assert states(env, leads) == {Status.DELIVERED}
    assert call_pauses(env) == []


def test_a_refusal_that_does_not_say_why_is_told_by_a_count(env: Env, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(location_limit, "MAX_OPPORTUNITIES", 1)
    env.nexudus.add_opportunities(1)
    lead = env.owes(a_lead())
    silent: dict[str, object] = {"Message": "No.", "Value": None, "Errors": [], "WasSuccessful": False}
    env.nexudus.faults([{"method": "POST", "path": OPPORTUNITIES, "times": 1, "status": 400, "body": silent}])

    env.deliver_once()

    assert env.kept(lead).status is Status.PENDING
    assert [pause.call for pause in call_pauses(env)] == ["cap:55"]
