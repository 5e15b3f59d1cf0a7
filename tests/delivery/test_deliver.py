"""One debt paid: once, by the right contact, whatever Nexudus answers."""

from service.lead import Outcome, Status, Step
from tests.builders import a_lead
from tests.delivery.conftest import House

OPPORTUNITIES = "/api/crm/crmopportunities"


def test_a_new_person_becomes_a_coworker_and_an_opportunity(house: House) -> None:
    lead = house.owes(a_lead())

    house.deliver_until_quiet()

    (made,) = house.nexudus.opportunities_of("ada@example.com")
    assert house.kept(lead).status is Status.DELIVERED
    assert (house.kept(lead).opportunity_id, house.kept(lead).coworker_id) == (made["Id"], made["CoworkerId"])
    assert made["UtmSource"] == "google"
    assert made["LeadSource"] == 19


def test_a_known_person_is_not_made_again(house: House) -> None:
    house.nexudus.add_coworker("ada@example.com")
    lead = house.owes(a_lead())

    house.deliver_until_quiet()

    assert len(house.nexudus.coworkers_of("ada@example.com")) == 1
    assert [attempt.step for attempt in house.attempts(lead)] == [Step.FIND_COWORKER, Step.CREATE_OPPORTUNITY]


def test_a_create_that_is_cut_after_saving_makes_no_second_opportunity(house: House) -> None:
    lead = house.owes(a_lead())
    house.nexudus.faults([{"method": "POST", "path": OPPORTUNITIES, "times": 1, "after_save": True, "reset": True}])

    house.deliver_until_quiet()

    assert len(house.nexudus.opportunities_of("ada@example.com")) == 1
    assert house.kept(lead).status is Status.DELIVERED


def test_a_create_that_was_not_saved_is_repeated_after_two_looks(house: House) -> None:
    lead = house.owes(a_lead())
    house.nexudus.faults([{"method": "POST", "path": OPPORTUNITIES, "times": 1, "status": 500}])

    house.deliver_until_quiet()

    outcomes = [(attempt.step, attempt.outcome) for attempt in house.attempts(lead)]
    assert outcomes.count((Step.FIND_OPPORTUNITY, Outcome.MISSING)) == 2
    assert len(house.nexudus.opportunities_of("ada@example.com")) == 1
