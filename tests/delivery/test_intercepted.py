"""A web page in place of a response: it is not a response of the CRM, and affects only the lead that met it."""

from dataclasses import replace
from typing import Any

import pytest

from service import clock
from service.delivery.retry import CIRCUIT
from service.lead import Delivery, Lead, Outcome, Status, Step
from service.store import UNAVAILABLE
from tests.builders import a_form, a_lead
from tests.delivery.conftest import SCHEDULE_S, Env
from tests.delivery.test_circuit import end_pause, let_pass, pauses
from tests.delivery.test_faults import CALLS, FOUND, delivered_once

EVERYTHING = {"path": "/api/(?!token)", "times": None, "firewall": True}
SENTENCE = "omething in front of Nexudus refused this request (HTTP 403 with a web page)"


def blocks(env: Env, *emails: str, step: Step = Step.CREATE_OPPORTUNITY, **how: Any) -> None:
    """Let a firewall refuse a call for some people, for ever."""
    script = {"times": None, "firewall": True, **how}
    env.nexudus.faults([{**CALLS[step], **script, "email": f"^{email}"} for email in emails])


def tries_of(env: Env, lead: Lead) -> int:
    """How many places of its schedule a waiting lead has spent."""
    waiting = env.store.write(lambda tx: tx.queue.claim("a look", env.tomorrow(), 0, 10))
    return next(delivery.tries for delivery in waiting if delivery.lead.id == lead.id)


@pytest.mark.parametrize("step", CALLS, ids=lambda step: step.value)
def test_only_the_lead_that_is_refused_waits_and_is_parked_with_that_sentence(env: Env, step: Step) -> None:
    blocks(env, "ada@", step=step)
    lead, other = env.owes(a_lead()), env.owes(a_lead("grace@example.com"))

    env.deliver_until_quiet()

    refused = [attempt for attempt in env.attempts(lead) if attempt.outcome is Outcome.INTERCEPTED]
    assert env.kept(other).status is Status.DELIVERED
    assert (env.kept(lead).status, len(refused)) == (Status.PARKED, len(SCHEDULE_S) + 1)
    assert SENTENCE in env.kept(lead).problem
    assert "ask Nexudus support" in env.kept(lead).problem
    assert "role" not in env.kept(lead).problem
    assert pauses(env) == []


def test_a_lead_that_still_waits_says_why_and_its_try_counts(env: Env) -> None:
    blocks(env, "ada@")
    lead = env.owes(a_lead())

    env.deliver_once()

    assert SENTENCE in env.kept(lead).problem
    assert "it is searched for before it is sent again" in env.kept(lead).problem
    assert tries_of(env, lead) == 1


@pytest.mark.parametrize("step", FOUND, ids=lambda step: step.value)
def test_a_login_page_that_hid_a_saved_record_makes_no_second_one(env: Env, step: Step) -> None:
    blocks(env, "ada@", step=step, status=401, after_save=True, times=1)
    lead = env.owes(a_lead())

    env.deliver_until_quiet()

    assert env.kept(lead).status is Status.DELIVERED
    assert delivered_once(env)


def test_a_page_at_the_sign_in_is_no_refusal_and_pauses_no_account(env: Env) -> None:
    lead = env.owes(a_lead())
    env.nexudus.faults([{"path": "/api/token", "times": 3, "firewall": True}])

    env.deliver_until_quiet()

    assert env.kept(lead).status is Status.DELIVERED
    assert [call.body["grant_type"] for call in env.nexudus.calls("POST", "/api/token")] == ["password"] * 4


def test_a_page_where_boards_are_looked_up_blames_no_role(env: Env) -> None:
    form = a_form()
    env.use({"contact": replace(form, destination=replace(form.destination, stage_id=None))})
    env.nexudus.faults([{"path": "/api/crm/crmboard", "times": None, "firewall": True}])
    lead = env.owes(a_lead())

    env.deliver_once()

    assert SENTENCE in env.kept(lead).problem
    assert "role" not in env.kept(lead).problem


def test_one_lead_that_is_refused_again_and_again_pauses_no_account(env: Env) -> None:
    env.context = replace(env.context, schedule_s=(0.0,) * 20)
    blocks(env, "ada@", step=Step.FIND_COWORKER)
    env.owes(a_lead())

    for _ in range(CIRCUIT.failures + 2):
        env.deliver_once()
        let_pass(env, CIRCUIT.after_s)

    assert pauses(env) == []


@pytest.fixture
def stopped(env: Env) -> list[Lead]:
    """As many leads as it takes, behind a firewall that has let nothing through for a while."""
    env.nexudus.faults([EVERYTHING])
    env.context = replace(env.context, schedule_s=(5.0, 600.0, 600.0))
    leads = [env.owes(a_lead(f"person{n}@example.com")) for n in range(CIRCUIT.leads)]
    env.deliver_once()
    assert pauses(env) == []
    let_pass(env, CIRCUIT.after_s)
    env.deliver_once()
    env.forget_time()
    env.deliver_once()
    return leads


def test_a_firewall_that_stops_everybody_rests_the_account_as_an_outage_does(env: Env, stopped: list[Lead]) -> None:
    (pause,) = pauses(env)

    assert pause.reason == UNAVAILABLE
    assert {env.kept(lead).status for lead in stopped} == {Status.PENDING}


def test_who_finds_out_behind_a_firewall_makes_way_at_no_cost(env: Env, stopped: list[Lead]) -> None:
    probes: list[Delivery] = []
    for _ in [*stopped, *stopped]:
        end_pause(env)
        env.ahead *= 0
        (probe,) = env.store.write(lambda tx: tx.queue.claim("a look", clock.now(), 0, 10))
        assert env.deliver_once() == 1
        assert pauses(env)  # it was not called ahead again at once
        probes.append(probe)

    assert {probe.lead.id for probe in probes[: len(stopped)]} == {lead.id for lead in stopped}
    assert {probe.tries for probe in probes} == {2}


def test_who_finds_another_kind_of_outage_prolongs_the_rest_too(env: Env, stopped: list[Lead]) -> None:
    env.nexudus.faults([{**EVERYTHING, "firewall": False, "status": 500}])
    end_pause(env)
    env.ahead *= 0

    env.deliver_once()

    assert pauses(env)


def test_when_it_lets_one_through_no_lead_waits_out_the_schedule(env: Env, stopped: list[Lead]) -> None:
    env.nexudus.faults([])
    end_pause(env)
    env.ahead *= 0

    env.deliver_once()
    env.deliver_once()

    assert {env.kept(lead).status for lead in stopped} == {Status.DELIVERED}
