"""When one kind of call rests: a used-up quota of new contacts holds new people while known ones are delivered."""

from datetime import timedelta

import pytest

from service import clock
from service.forms import Destination
from service.lead import Lead, Status
from service.nexudus import counts
from service.operations import leads
from service.store import Hold
from tests.builders import a_form, a_lead
from tests.delivery.conftest import House

COWORKERS, OPPORTUNITIES = "/api/spaces/coworkers", "/api/crm/crmopportunities"
HARMFUL = 1009


def holds(house: House) -> list[Hold]:
    with house.store.read() as tx:
        return tx.holds.all()


def new_people(house: House, number: int) -> list[Lead]:
    return [house.owes(a_lead(f"new{n}@example.com")) for n in range(number)]


def states(house: House, leads: list[Lead]) -> set[Status]:
    return {house.kept(lead).status for lead in leads}


@pytest.fixture
def waiting(house: House) -> list[Lead]:
    """Three new people, while the quota of new contacts is used up."""
    house.nexudus.settings(coworker_quota=0)
    leads = new_people(house, 3)
    house.deliver_once()
    return leads


def test_a_used_up_quota_holds_new_people_and_says_so(house: House, waiting: list[Lead]) -> None:
    (hold,) = holds(house)

    assert (hold.account, hold.what) == ("default", "create_coworker")
    assert states(house, waiting) == {Status.PENDING}
    assert all("takes no new contacts now" in house.kept(lead).problem for lead in waiting)


def test_known_people_are_delivered_meanwhile(house: House, waiting: list[Lead]) -> None:
    house.nexudus.add_coworker("known@example.com")
    known = house.owes(a_lead("known@example.com"))

    house.deliver_once()

    assert house.kept(known).status is Status.DELIVERED


def test_creates_stop_after_the_first_refusal(house: House, waiting: list[Lead]) -> None:
    before = len(house.nexudus.calls("POST", COWORKERS))

    new_people(house, 3)
    house.deliver_once()

    assert len(house.nexudus.calls("POST", COWORKERS)) == before == 2  # the refused one, once more after the probe


def test_one_at_a_time_finds_out_and_the_first_success_lets_all_go(house: House, waiting: list[Lead]) -> None:
    house.ahead += timedelta(days=1)
    assert house.deliver_once() == 1
    assert states(house, waiting) == {Status.PENDING}

    house.nexudus.settings(coworker_quota=50)
    house.ahead += timedelta(days=1)
    assert house.deliver_once() == 1
    assert holds(house) == []
    house.deliver_once()

    assert states(house, waiting) == {Status.DELIVERED}


def test_each_refusal_holds_twice_as_long(house: House, waiting: list[Lead]) -> None:
    def lasts_s() -> float:
        return (holds(house)[0].until - clock.now()).total_seconds()

    lasting = [round(lasts_s())]
    for _ in range(2):
        house.ahead += timedelta(days=1)
        house.deliver_once()
        lasting.append(round(lasts_s()))

    assert lasting == [60, 120, 240]


def test_an_operator_who_retries_one_lets_all_go(house: House, waiting: list[Lead]) -> None:
    house.nexudus.settings(coworker_quota=50)

    leads.retry(house.store, waiting[0].id, clock.now())
    house.deliver_once()

    assert states(house, waiting) == {Status.DELIVERED}


def test_a_person_who_became_known_meanwhile_is_found(house: House, waiting: list[Lead]) -> None:
    house.nexudus.add_coworker("new0@example.com")

    house.ahead += timedelta(days=1)
    house.deliver_once()

    assert house.kept(waiting[0]).status is Status.DELIVERED
    assert len(holds(house)) == 1


def test_a_create_of_unknown_outcome_keeps_its_doubt_while_it_waits(house: House) -> None:
    lead = house.owes(a_lead("new@example.com"))
    house.nexudus.faults([{"method": "POST", "path": COWORKERS, "times": 1, "after_save": True, "reset": True}])
    house.deliver_once()
    house.nexudus.settings(coworker_quota=0)

    house.deliver_until_quiet()

    assert house.kept(lead).status is Status.DELIVERED
    assert len(house.nexudus.coworkers_of("new@example.com")) == 1


# -- stages that do harm


@pytest.fixture
def harmful(house: House) -> Lead:
    """A lead for a stage that deletes the customer."""
    house.use({"contact": a_form(destination=Destination(stage_id=HARMFUL))})
    lead = house.owes(a_lead())
    house.deliver_once()
    return lead


def test_no_lead_goes_into_a_stage_that_deletes_the_customer(house: House, harmful: Lead) -> None:
    assert house.kept(harmful).status is Status.PENDING
    assert "deletes the customer" in house.kept(harmful).problem
    assert house.nexudus.calls("POST", COWORKERS) == []
    assert [hold.what for hold in holds(house)] == [f"stage:{HARMFUL}"]


def test_what_waits_for_a_stage_goes_where_the_forms_file_says_now(house: House, harmful: Lead) -> None:
    house.use({"contact": a_form()})
    house.ahead += timedelta(days=1)

    house.deliver_once()

    assert house.kept(harmful).status is Status.DELIVERED
    assert holds(house) == []


# -- a full location


def test_a_full_location_holds_its_leads_and_says_so(house: House) -> None:
    house.nexudus.settings(cap=0)
    leads = new_people(house, 2)

    house.deliver_once()

    assert states(house, leads) == {Status.PENDING}
    assert all("no more opportunities for location 55" in house.kept(lead).problem for lead in leads)
    assert [hold.what for hold in holds(house)] == ["cap:55"]


def test_room_that_was_made_lets_all_go(house: House) -> None:
    house.nexudus.settings(cap=0)
    leads = new_people(house, 3)
    house.deliver_once()
    house.nexudus.settings(cap=5000)

    house.deliver_until_quiet()

    assert states(house, leads) == {Status.DELIVERED}
    assert holds(house) == []


def test_a_refusal_that_does_not_say_why_is_told_by_a_count(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(counts, "CAP", 1)
    house.nexudus.add_opportunities(1)
    lead = house.owes(a_lead())
    silent: dict[str, object] = {"Message": "No.", "Value": None, "Errors": [], "WasSuccessful": False}
    house.nexudus.faults([{"method": "POST", "path": OPPORTUNITIES, "times": 1, "status": 400, "body": silent}])

    house.deliver_once()

    assert house.kept(lead).status is Status.PENDING
    assert [hold.what for hold in holds(house)] == ["cap:55"]
