"""One debt paid: once, by the right contact, whatever happens to the worker."""

import threading
from dataclasses import replace
from datetime import timedelta

import pytest

from service import clock
from service.delivery.deliver import deliver, give_back
from service.forms import ContactRule, Destination, Route
from service.lead import Contact, Delivery, Outcome, Status, Step
from service.store import LeaseLost
from tests.builders import a_form, a_lead, a_submission
from tests.delivery.conftest import House

COWORKERS, OPPORTUNITIES = "/api/spaces/coworkers", "/api/crm/crmopportunities"
EMAIL = "ada@example.com"


def claim(house: House, worker: str) -> Delivery:
    """What a worker gets a day later, when every lease has run out."""
    house.ahead += timedelta(days=1)
    (delivery,) = house.store.write(lambda tx: tx.claims.claim(worker, house.tomorrow(), 90, 1))
    return delivery


def test_a_new_person_becomes_a_coworker_and_an_opportunity(house: House) -> None:
    lead = house.owes(a_lead())

    house.deliver_until_quiet()

    (made,) = house.nexudus.opportunities_of(EMAIL)
    assert house.kept(lead).status is Status.DELIVERED
    assert (house.kept(lead).opportunity_id, house.kept(lead).coworker_id) == (made["Id"], made["CoworkerId"])
    assert made["UtmSource"] == "google"
    assert made["LeadSource"] == 19


def test_a_known_person_is_not_made_again(house: House) -> None:
    house.nexudus.add_coworker(EMAIL)
    lead = house.owes(a_lead())

    house.deliver_until_quiet()

    assert len(house.nexudus.coworkers_of(EMAIL)) == 1
    assert [attempt.step for attempt in house.attempts(lead)] == [Step.FIND_COWORKER, Step.CREATE_OPPORTUNITY]


def test_a_known_person_is_not_changed(house: House) -> None:
    known = house.nexudus.add_coworker(EMAIL, "Ada King")
    house.owes(a_lead())

    house.deliver_until_quiet()

    (still,) = house.nexudus.coworkers_of(EMAIL)
    assert (still["FullName"], still.get("MobilePhone")) == ("Ada King", known.get("MobilePhone"))
    assert {call.method for call in house.nexudus.calls() if call.path != "/api/token"} == {"GET", "POST"}


def test_nobody_gets_a_welcome_e_mail(house: House) -> None:
    house.owes(a_lead())

    house.deliver_until_quiet()

    assert house.nexudus.side_effects() == []


def test_two_leads_of_one_person_make_one_coworker_and_two_opportunities(house: House) -> None:
    for _ in range(2):
        house.owes(a_lead())

    house.deliver_until_quiet()

    assert len(house.nexudus.coworkers_of(EMAIL)) == 1
    assert len(house.nexudus.opportunities_of(EMAIL)) == 2


def test_a_lead_follows_the_route_of_its_answers(house: House) -> None:
    there = replace(a_form(), destination=Destination(stage_id=2001), contact=ContactRule(56, 1, 2))
    form = a_form(routes=(Route({"location": "quay"}, there),))
    house.use({"contact": form})
    house.owes(a_lead(submission=a_submission(extras={"location": "Quay"})))

    house.deliver_until_quiet()

    assert house.nexudus.opportunities_of(EMAIL)[0]["CrmBoardColumnId"] == 2001
    assert house.nexudus.coworkers_of(EMAIL)[0]["InvoicingBusinessId"] == 56


def test_a_search_that_comes_too_early_is_made_again_before_the_create(house: House) -> None:
    lead = house.owes(a_lead())
    fault = {"method": "POST", "path": OPPORTUNITIES, "times": 1, "after_save": True, "reset": True}
    house.nexudus.faults([fault])
    house.deliver_once()
    house.nexudus.settings(search_lag_s=3600)
    house.ahead += timedelta(days=1)

    house.deliver_once()
    house.nexudus.settings(search_lag_s=0)
    house.deliver_until_quiet()

    searches = [attempt.outcome for attempt in house.attempts(lead) if attempt.step is Step.FIND_OPPORTUNITY]
    assert searches == [Outcome.MISSING, Outcome.DONE]
    assert len(house.nexudus.opportunities_of(EMAIL)) == 1


@pytest.mark.parametrize(
    "settings",
    [
        pytest.param({"systemid_round_trips": False}, id="SystemId is forgotten"),
        pytest.param({"systemid_filters": False}, id="the filter is ignored"),
        pytest.param({"systemid_round_trips": False, "notes_in_lists": False}, id="and lists leave out Notes"),
    ],
)
def test_the_saved_opportunity_is_found_also_where(house: House, settings: dict[str, bool]) -> None:
    house.nexudus.settings(**settings)
    house.owes(a_lead())
    fault = {"method": "POST", "path": OPPORTUNITIES, "times": 1, "after_save": True, "status": 500}
    house.nexudus.faults([fault])

    house.deliver_until_quiet()

    assert len(house.nexudus.opportunities_of(EMAIL)) == 1


def take_over(house: House, path: str) -> Delivery:
    """What the next worker gets when the first one loses its lease while a POST is under way."""
    first = claim(house, "first")

    def deliver_in_vain() -> None:
        with pytest.raises(LeaseLost):
            deliver(first, house.desk)

    thread = threading.Thread(target=deliver_in_vain)
    thread.start()
    house.nexudus.wait_for_calls(1, "POST", path)
    house.store.write(lambda tx: tx.outbox.free(lambda worker: worker == "first"))
    second = claim(house, "second")
    thread.join()
    return second


@pytest.mark.parametrize("is_saved", [pytest.param(False, id="not saved"), pytest.param(True, id="saved")])
@pytest.mark.parametrize(
    ("step", "path"),
    [
        pytest.param(Step.CREATE_COWORKER, COWORKERS, id="create coworker"),
        pytest.param(Step.CREATE_OPPORTUNITY, OPPORTUNITIES, id="create opportunity"),
    ],
)
def test_a_worker_that_ends_during_a_create_makes_no_second_record(
    house: House, step: Step, path: str, *, is_saved: bool
) -> None:
    lead = house.owes(a_lead())
    house.nexudus.faults([{"method": "POST", "path": path, "times": 1, "after_save": is_saved, "hang_s": 0.2}])

    second = take_over(house, path)
    assert second.doubt is not None
    assert second.doubt.step is step
    deliver(second, house.desk)
    house.deliver_until_quiet()

    assert house.kept(lead).status is Status.DELIVERED
    assert len(house.nexudus.coworkers_of(EMAIL)) == len(house.nexudus.opportunities_of(EMAIL)) == 1


def test_a_worker_that_lost_its_lease_stops_before_the_next_call(house: House) -> None:
    house.owes(a_lead())
    slow = claim(house, "slow")
    claim(house, "quick")

    with pytest.raises(LeaseLost):
        deliver(slow, house.desk)

    assert house.nexudus.calls("POST", OPPORTUNITIES) == []


def test_a_second_worker_goes_on_where_the_first_one_stopped(house: House) -> None:
    lead = house.owes(a_lead())
    house.nexudus.faults([{"method": "POST", "path": OPPORTUNITIES, "times": 1, "status": 503}])

    house.deliver_until_quiet()

    steps = [attempt.step for attempt in house.attempts(lead)]
    assert steps.count(Step.FIND_COWORKER) == steps.count(Step.CREATE_COWORKER) == 1


def test_an_operators_retry_is_recorded_as_one(house: House) -> None:
    lead = house.owes(a_lead())
    house.nexudus.faults([{"method": "GET", "path": COWORKERS, "times": 1, "status": 500}])
    house.deliver_once()

    house.store.write(lambda tx: tx.outbox.owe_again(lead.id, clock.now()))
    house.deliver_until_quiet()

    assert [attempt.trigger for attempt in house.attempts(lead)] == ["schedule", *["operator"] * 3]


def test_an_operators_retry_of_a_doubtful_lead_looks_first(house: House) -> None:
    lead = house.owes(a_lead())
    fault = {"method": "POST", "path": OPPORTUNITIES, "times": 1, "after_save": True, "reset": True}
    house.nexudus.faults([fault])
    house.deliver_once()

    house.store.write(lambda tx: tx.outbox.owe_again(lead.id, clock.now()))
    house.deliver_until_quiet()

    assert len(house.nexudus.opportunities_of(EMAIL)) == 1


def test_every_call_tells_how_long_it_took_and_what_was_answered(house: House) -> None:
    lead = house.owes(a_lead())
    house.nexudus.faults([{"method": "POST", "path": OPPORTUNITIES, "times": None, "status": 400}])

    house.deliver_until_quiet()

    rejected = house.attempts(lead)[-1]
    assert (rejected.http_status, rejected.detail) == (400, "Team: is a required field")
    assert all(attempt.duration_ms is not None for attempt in house.attempts(lead))


# -- what only a person can mend


def test_a_form_that_is_gone_parks_its_leads(house: House) -> None:
    house.use({})
    lead = house.owes(a_lead())

    house.deliver_until_quiet()

    assert house.kept(lead).status is Status.PARKED
    assert "no form 'contact' any more: put it back" in house.kept(lead).problem


def test_a_lead_without_an_address_is_parked(house: House) -> None:
    lead = house.owes(a_lead(submission=a_submission(contact=Contact(full_name="Ada"))))

    house.deliver_until_quiet()

    assert "no usable e-mail address" in house.kept(lead).problem
    assert house.nexudus.calls() == []


def test_a_wrong_destination_parks_the_lead_and_says_what_to_write(house: House) -> None:
    house.use({"contact": a_form(destination=Destination(board="Rome"), contact=ContactRule())})
    lead = house.owes(a_lead())

    house.deliver_until_quiet()

    assert house.kept(lead).problem == "Nexudus has no live board 'Rome': correct board"


def test_a_body_that_our_own_check_refuses_is_parked_without_being_sent(house: House) -> None:
    house.use({"contact": a_form(destination=Destination(stage_id=1001, extra={"Completed": True}))})
    lead = house.owes(a_lead())

    house.deliver_until_quiet()

    assert "Completed" in house.kept(lead).problem
    assert house.nexudus.calls("POST", OPPORTUNITIES) == []


def test_a_parked_lead_is_delivered_once_its_cause_is_mended(house: House) -> None:
    house.use({})
    lead = house.owes(a_lead())
    house.deliver_until_quiet()

    house.use({"contact": a_form()})
    house.store.write(lambda tx: tx.outbox.owe_again(lead.id, clock.now()))
    house.deliver_until_quiet()

    assert (house.kept(lead).status, house.kept(lead).problem) == (Status.DELIVERED, "")


def test_a_waiting_lead_says_what_it_waits_for(house: House) -> None:
    lead = house.owes(a_lead())
    house.nexudus.faults([{"method": "GET", "path": COWORKERS, "times": 1, "status": 500}])

    house.deliver_once()

    assert house.kept(lead).status is Status.PENDING
    assert "Nexudus could not be asked" in house.kept(lead).problem


def test_a_mistake_of_ours_costs_a_place_in_the_schedule(house: House) -> None:
    lead = house.owes(a_lead())

    give_back(claim(house, "clumsy"), house.desk)

    assert "stumbled" in house.kept(lead).problem
    assert claim(house, "next").tries == 1
