"""A web page in the place of an answer: it is no word of the CRM, and costs nobody but the lead that met it."""

from dataclasses import replace
from typing import Any

import pytest

from service import clock
from service.delivery.retry import CIRCUIT
from service.lead import Delivery, Lead, Outcome, Status, Step
from service.store import UNAVAILABLE
from tests.builders import a_form, a_lead
from tests.delivery.conftest import SCHEDULE_S, House
from tests.delivery.test_circuit import end_pause, let_pass, pauses
from tests.delivery.test_faults import CALLS, FOUND, delivered_once

EVERYTHING = {"path": "/api/(?!token)", "times": None, "firewall": True}
SENTENCE = "omething in front of Nexudus refused this request (HTTP 403 with a web page)"


def blocks(house: House, *emails: str, step: Step = Step.CREATE_OPPORTUNITY, **how: Any) -> None:
    """Let a firewall refuse a call for some people, for ever."""
    script = {"times": None, "firewall": True, **how}
    house.nexudus.faults([{**CALLS[step], **script, "email": f"^{email}"} for email in emails])


def tries_of(house: House, lead: Lead) -> int:
    """How many places of its schedule a waiting lead has spent."""
    waiting = house.store.write(lambda tx: tx.claims.claim("a look", house.tomorrow(), 0, 10))
    return next(delivery.tries for delivery in waiting if delivery.lead.id == lead.id)


@pytest.mark.parametrize("step", CALLS, ids=lambda step: step.value)
def test_only_the_lead_that_is_refused_waits_and_is_parked_with_that_sentence(house: House, step: Step) -> None:
    blocks(house, "ada@", step=step)
    lead, other = house.owes(a_lead()), house.owes(a_lead("grace@example.com"))

    house.deliver_until_quiet()

    refused = [attempt for attempt in house.attempts(lead) if attempt.outcome is Outcome.INTERCEPTED]
    assert house.kept(other).status is Status.DELIVERED
    assert (house.kept(lead).status, len(refused)) == (Status.PARKED, len(SCHEDULE_S) + 1)
    assert SENTENCE in house.kept(lead).problem
    assert "ask Nexudus support" in house.kept(lead).problem
    assert "role" not in house.kept(lead).problem
    assert pauses(house) == []


def test_a_lead_that_still_waits_says_why_and_its_try_counts(house: House) -> None:
    blocks(house, "ada@")
    lead = house.owes(a_lead())

    house.deliver_once()

    assert SENTENCE in house.kept(lead).problem
    assert "it is looked for before it is sent again" in house.kept(lead).problem
    assert tries_of(house, lead) == 1


@pytest.mark.parametrize("step", FOUND, ids=lambda step: step.value)
def test_a_login_page_that_hid_a_saved_record_makes_no_second_one(house: House, step: Step) -> None:
    blocks(house, "ada@", step=step, status=401, after_save=True, times=1)
    lead = house.owes(a_lead())

    house.deliver_until_quiet()

    assert house.kept(lead).status is Status.DELIVERED
    assert delivered_once(house)


def test_a_page_at_the_sign_in_is_no_refusal_and_locks_nobody(house: House) -> None:
    lead = house.owes(a_lead())
    house.nexudus.faults([{"path": "/api/token", "times": 3, "firewall": True}])

    house.deliver_until_quiet()

    assert house.kept(lead).status is Status.DELIVERED
    assert [call.body["grant_type"] for call in house.nexudus.calls("POST", "/api/token")] == ["password"] * 4


def test_a_page_where_boards_are_looked_up_blames_no_role(house: House) -> None:
    form = a_form()
    house.use({"contact": replace(form, destination=replace(form.destination, stage_id=None))})
    house.nexudus.faults([{"path": "/api/crm/crmboard", "times": None, "firewall": True}])
    lead = house.owes(a_lead())

    house.deliver_once()

    assert SENTENCE in house.kept(lead).problem
    assert "role" not in house.kept(lead).problem


def test_one_lead_that_is_refused_again_and_again_rests_nobody(house: House) -> None:
    house.desk = replace(house.desk, schedule_s=(0.0,) * 20)
    blocks(house, "ada@", step=Step.FIND_COWORKER)
    house.owes(a_lead())

    for _ in range(CIRCUIT.failures + 2):
        house.deliver_once()
        let_pass(house, CIRCUIT.after_s)

    assert pauses(house) == []


@pytest.fixture
def stopped(house: House) -> list[Lead]:
    """As many leads as it takes, behind a firewall that has let nothing through for a while."""
    house.nexudus.faults([EVERYTHING])
    house.desk = replace(house.desk, schedule_s=(5.0, 600.0, 600.0))
    leads = [house.owes(a_lead(f"person{n}@example.com")) for n in range(CIRCUIT.leads)]
    house.deliver_once()
    assert pauses(house) == []
    let_pass(house, CIRCUIT.after_s)
    house.deliver_once()
    house.forget_time()
    house.deliver_once()
    return leads


def test_a_firewall_that_stops_everybody_rests_the_account_as_an_outage_does(house: House, stopped: list[Lead]) -> None:
    (pause,) = pauses(house)

    assert pause.reason == UNAVAILABLE
    assert {house.kept(lead).status for lead in stopped} == {Status.PENDING}


def test_who_finds_out_behind_a_firewall_makes_way_at_no_cost(house: House, stopped: list[Lead]) -> None:
    found_out: list[Delivery] = []
    for _ in [*stopped, *stopped]:
        end_pause(house)
        house.ahead *= 0
        (probe,) = house.store.write(lambda tx: tx.claims.claim("a look", clock.now(), 0, 10))
        assert house.deliver_once() == 1
        assert pauses(house)  # it was not called ahead again at once
        found_out.append(probe)

    assert {probe.lead.id for probe in found_out[: len(stopped)]} == {lead.id for lead in stopped}
    assert {probe.tries for probe in found_out} == {2}


def test_who_finds_another_kind_of_outage_prolongs_the_rest_too(house: House, stopped: list[Lead]) -> None:
    house.nexudus.faults([{**EVERYTHING, "firewall": False, "status": 500}])
    end_pause(house)
    house.ahead *= 0

    house.deliver_once()

    assert pauses(house)


def test_when_it_lets_one_through_nobody_waits_out_the_schedule(house: House, stopped: list[Lead]) -> None:
    house.nexudus.faults([])
    end_pause(house)
    house.ahead *= 0

    house.deliver_once()
    house.deliver_once()

    assert {house.kept(lead).status for lead in stopped} == {Status.DELIVERED}
