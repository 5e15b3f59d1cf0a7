"""Every fault at every call: at most one contact and one opportunity, and a lead that ends where it should.

Answers that decide nothing (a cut, a 500, a page) are tried with the record saved and not saved. Answers
that decide (400, 401, 403, 409, 429, WasSuccessful false) mean that nothing was saved: so the API says.
"""

from dataclasses import replace
from typing import Any

import pytest

from service.lead import Attempt, Outcome, Status, Step
from service.simulator.server import Simulator
from service.store import Store
from tests.builders import a_form, a_lead
from tests.delivery.conftest import Env, a_context

pytestmark = pytest.mark.long

COWORKERS, OPPORTUNITIES = "/api/spaces/coworkers", "/api/crm/crmopportunities"
EMAIL = "ada@example.com"

FIND = Step.FIND_COWORKER, Outcome.MISSING
MADE_COWORKER = Step.CREATE_COWORKER, Outcome.DONE
MADE_OPPORTUNITY = Step.CREATE_OPPORTUNITY, Outcome.DONE

CALLS: dict[Step, dict[str, str]] = {
    Step.FIND_COWORKER: {"method": "GET", "path": COWORKERS},
    Step.CREATE_COWORKER: {"method": "POST", "path": COWORKERS},
    Step.CREATE_OPPORTUNITY: {"method": "POST", "path": OPPORTUNITIES},
}

UNDECIDED: dict[str, dict[str, Any]] = {
    "a cut": {"reset": True},
    "a 500": {"status": 500},
    "a page with 200": {"status": 200, "body": "<html><body>Welcome</body></html>"},
    "a page with 502": {"status": 502, "body": "<html><body>Bad gateway</body></html>"},
    "a firewall's page": {"firewall": True},
    "no answer in time": {"hang_s": 3.0},
    "an empty 200": {"status": 200, "body": ""},
}

WAITING: dict[str, tuple[dict[str, Any], Outcome]] = {
    "401 twice": ({"status": 401, "times": 2}, Outcome.REFUSED),
    "403": ({"status": 403}, Outcome.REFUSED),
    "409 with Retry-After": ({"status": 409, "headers": {"Retry-After": "7"}}, Outcome.THROTTLED),
    "429 with text": ({"status": 429, "body": "Wait 3.5 seconds"}, Outcome.THROTTLED),
}

REJECTING: dict[str, dict[str, Any]] = {
    "400": {"status": 400, "body": {"Message": "Team: is a required field", "WasSuccessful": False}},
    "200 without success": {"status": 200, "body": {"WasSuccessful": False, "Message": "Team: is a required field"}},
}

BEFORE = {  # the calls before a step
    Step.FIND_COWORKER: [],
    Step.CREATE_COWORKER: [FIND],
    Step.CREATE_OPPORTUNITY: [FIND, MADE_COWORKER],
}
AGAIN = {  # the calls of a second try that finds nothing in its way
    Step.FIND_COWORKER: [FIND, MADE_COWORKER, MADE_OPPORTUNITY],
    Step.CREATE_COWORKER: [FIND, MADE_COWORKER, MADE_OPPORTUNITY],
    Step.CREATE_OPPORTUNITY: [MADE_OPPORTUNITY],
}
LOOKED = {  # the calls after a create of unknown outcome, where nothing was saved
    Step.FIND_COWORKER: AGAIN[Step.FIND_COWORKER],
    Step.CREATE_COWORKER: [FIND, *AGAIN[Step.CREATE_COWORKER]],
    Step.CREATE_OPPORTUNITY: [(Step.FIND_OPPORTUNITY, Outcome.MISSING)] * 2 + [MADE_OPPORTUNITY],
}
UNANSWERED = {  # the searches beside those, as the first one counts for nothing
    Step.FIND_COWORKER: [],
    Step.CREATE_COWORKER: [FIND],
    Step.CREATE_OPPORTUNITY: [(Step.FIND_OPPORTUNITY, Outcome.MISSING)],
}
FOUND = {  # the same, where the record was saved
    Step.CREATE_COWORKER: [(Step.FIND_COWORKER, Outcome.DONE), MADE_OPPORTUNITY],
    Step.CREATE_OPPORTUNITY: [(Step.FIND_OPPORTUNITY, Outcome.DONE)],
}

every_call = pytest.mark.parametrize("step", [pytest.param(step, id=step.value) for step in CALLS])


@pytest.fixture
def hasty(store: Store, nexudus: Simulator) -> Env:
    """An environment that waits a second for an answer."""
    return Env(store, nexudus, a_context(store, nexudus, {"contact": a_form()}, timeout_s=1.0))


def outcomes(attempts: list[Attempt]) -> list[tuple[Step, Outcome]]:
    """What was called, and how it ended."""
    return [(attempt.step, attempt.outcome) for attempt in attempts]


def outcome_of(fault: str, step: Step) -> Outcome:
    """How a call ends that meets a fault of UNDECIDED."""
    if "page" in fault:
        return Outcome.INTERCEPTED
    return Outcome.UNKNOWN if step in FOUND else Outcome.UNAVAILABLE


def delivered_once(env: Env) -> bool:
    """Whether there is exactly one contact with exactly one opportunity."""
    return len(env.nexudus.coworkers_of(EMAIL)) == len(env.nexudus.opportunities_of(EMAIL)) == 1


@every_call
@pytest.mark.parametrize("fault", UNDECIDED)
def test_an_answer_that_decides_nothing_is_tried_again(hasty: Env, step: Step, fault: str) -> None:
    lead = hasty.owes(a_lead())
    hasty.nexudus.faults([{**CALLS[step], **UNDECIDED[fault], "times": 1}])

    hasty.deliver_until_quiet()

    also = UNANSWERED[step] if fault == "no answer in time" else []
    assert outcomes(hasty.attempts(lead)) == [*BEFORE[step], (step, outcome_of(fault, step)), *also, *LOOKED[step]]
    assert hasty.kept(lead).status is Status.DELIVERED
    assert delivered_once(hasty)


@pytest.mark.parametrize("step", [pytest.param(step, id=step.value) for step in FOUND])
@pytest.mark.parametrize("fault", UNDECIDED)
def test_a_record_that_was_saved_without_a_word_is_found_not_repeated(hasty: Env, step: Step, fault: str) -> None:
    lead = hasty.owes(a_lead())
    hasty.nexudus.faults([{**CALLS[step], **UNDECIDED[fault], "times": 1, "after_save": True}])

    hasty.deliver_until_quiet()

    assert outcomes(hasty.attempts(lead)) == [*BEFORE[step], (step, outcome_of(fault, step)), *FOUND[step]]
    assert hasty.kept(lead).status is Status.DELIVERED
    assert delivered_once(hasty)


def test_what_a_hung_create_asked_for_is_not_looked_for_too_early(hasty: Env) -> None:
    hasty.context = replace(hasty.context, schedule_s=(0.001,))
    lead = hasty.owes(a_lead())
    hasty.nexudus.faults([{**CALLS[Step.CREATE_OPPORTUNITY], "times": 1, "hang_s": 3.0}])

    hasty.deliver_once()

    due, called_at = hasty.kept(lead).next_attempt_at, hasty.attempts(lead)[-1].started_at
    assert due is not None
    waited_s = (due - called_at).total_seconds()
    assert waited_s >= 2 * hasty.context.timeout_s  # it hung so long, and is left as long again


@every_call
@pytest.mark.parametrize("fault", WAITING)
def test_being_told_to_wait_spends_no_place_in_the_schedule(env: Env, step: Step, fault: str) -> None:
    lead = env.owes(a_lead())
    script, outcome = WAITING[fault]
    env.nexudus.faults([{**CALLS[step], "times": 1, **script}])

    env.deliver_once()
    (waiting,) = env.store.write(lambda tx: tx.queue.claim("a look", env.tomorrow(), 0, 1))
    env.deliver_until_quiet()

    assert waiting.tries == 0
    assert outcomes(env.attempts(lead)) == [*BEFORE[step], (step, outcome), *AGAIN[step]]
    assert delivered_once(env)


@every_call
@pytest.mark.parametrize("fault", REJECTING)
def test_data_that_is_refused_parks_the_lead_with_the_words_of_the_crm(env: Env, step: Step, fault: str) -> None:
    lead = env.owes(a_lead())
    env.nexudus.faults([{**CALLS[step], **REJECTING[fault], "times": None}])

    env.deliver_until_quiet()

    assert outcomes(env.attempts(lead)) == [*BEFORE[step], (step, Outcome.REJECTED)]
    assert env.kept(lead).status is Status.PARKED
    assert "is a required field. Correct" in env.kept(lead).problem
    assert "(field Team)" in env.kept(lead).problem


@every_call
def test_a_token_that_died_is_replaced_without_a_word(env: Env, step: Step) -> None:
    lead = env.owes(a_lead())
    env.nexudus.faults([{**CALLS[step], "status": 401, "times": 1}])

    env.deliver_until_quiet()

    assert outcomes(env.attempts(lead)) == AGAIN[Step.FIND_COWORKER]
    assert delivered_once(env)


@every_call
def test_a_fault_that_never_ends_parks_the_lead_when_the_schedule_is_used_up(env: Env, step: Step) -> None:
    lead = env.owes(a_lead())
    env.nexudus.faults([{**CALLS[step], "status": 500, "times": None}])

    env.deliver_until_quiet()

    failures = [attempt for attempt in env.attempts(lead) if attempt.step is step and attempt.http_status == 500]
    assert len(failures) == len(env.context.schedule_s) + 1
    assert env.kept(lead).status is Status.PARKED
    assert "Given up after 4 tries" in env.kept(lead).problem
