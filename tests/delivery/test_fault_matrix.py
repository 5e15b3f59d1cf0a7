"""The calls that test_faults.py leaves out: signing in, vetting the stage, looking for an opportunity. Each fault at
each, on each engine: one contact, one opportunity, and no more calls than it takes."""

from typing import Any

import pytest

from service.lead import Outcome, Status, Step
from service.simulator.server import Simulator
from service.store import Store
from tests.builders import a_form, a_lead
from tests.delivery.conftest import Env, a_context
from tests.delivery.test_faults import CALLS, FOUND, UNDECIDED, WAITING, delivered_once, outcome_of, outcomes

pytestmark = pytest.mark.long

TOKEN = {"method": "POST", "path": "/api/token"}
STAGE = {"method": "GET", "path": "/api/crm/crmboardcolumns/1001"}
SEARCH = {"method": "GET", "path": "/api/crm/crmopportunities"}
LOST_CREATE = {**CALLS[Step.CREATE_OPPORTUNITY], "reset": True, "times": 1}
MAX_CALLS = 14
"""Sign-ins included: 4 of an undisturbed lead, what the fault spoilt, and two spaced looks of two calls each."""

saved = pytest.mark.parametrize("saved", [False, True], ids=["not saved", "saved"])


@pytest.fixture
def hasty(store: Store, nexudus: Simulator) -> Env:
    """An environment that waits a second for an answer."""
    return Env(store, nexudus, a_context(store, nexudus, {"contact": a_form()}, timeout_s=1.0))


@saved
@pytest.mark.parametrize("fault", UNDECIDED)
def test_a_sign_in_that_went_wrong_is_made_again(hasty: Env, fault: str, saved: bool) -> None:
    lead = hasty.owes(a_lead())
    hasty.nexudus.faults([{**TOKEN, **UNDECIDED[fault], "times": 1, "after_save": saved}])

    hasty.deliver_until_quiet()

    assert hasty.kept(lead).status is Status.DELIVERED
    assert delivered_once(hasty)
    assert len(hasty.nexudus.calls(*TOKEN.values())) == 2
    assert len(hasty.nexudus.calls()) <= MAX_CALLS


@pytest.mark.parametrize("fault", ["409 with Retry-After", "429 with text"])
def test_a_sign_in_that_is_throttled_rests_the_account(env: Env, fault: str) -> None:
    lead = env.owes(a_lead())
    env.nexudus.faults([{**TOKEN, "times": 1, **WAITING[fault][0]}])

    env.deliver_once()
    with env.store.read() as tx:
        assert tx.accounts.pause_streak("default") == 1
    env.deliver_until_quiet()

    assert env.kept(lead).status is Status.DELIVERED
    assert delivered_once(env)


@pytest.mark.parametrize("fault", [*UNDECIDED, *WAITING])
def test_a_stage_that_cannot_be_vetted_holds_no_lead_up_for_long(hasty: Env, fault: str) -> None:
    lead = hasty.owes(a_lead())
    script: dict[str, Any] = UNDECIDED.get(fault) or WAITING[fault][0]
    hasty.nexudus.faults([{**STAGE, "times": 1, **script}])

    hasty.deliver_until_quiet()

    assert hasty.kept(lead).status is Status.DELIVERED
    assert delivered_once(hasty)
    assert len(hasty.nexudus.calls()) <= MAX_CALLS


@saved
@pytest.mark.parametrize("fault", UNDECIDED)
def test_a_look_that_shows_nothing_decides_nothing(hasty: Env, fault: str, saved: bool) -> None:
    lead = hasty.owes(a_lead())
    hasty.nexudus.faults([{**LOST_CREATE, "after_save": saved}, {**SEARCH, **UNDECIDED[fault], "times": 1}])

    hasty.deliver_until_quiet()

    looked = outcomes(hasty.attempts(lead))[3:]
    assert looked[0] == (Step.FIND_OPPORTUNITY, outcome_of(fault, Step.FIND_OPPORTUNITY))
    assert looked[1:] == (
        FOUND[Step.CREATE_OPPORTUNITY]
        if saved
        else [(Step.FIND_OPPORTUNITY, Outcome.MISSING)] * 2 + [(Step.CREATE_OPPORTUNITY, Outcome.DONE)]
    )
    assert delivered_once(hasty)
    assert len(hasty.nexudus.calls()) <= MAX_CALLS


@saved
@pytest.mark.parametrize("fault", WAITING)
def test_a_look_that_must_wait_spends_nothing_and_forgets_nothing(env: Env, fault: str, saved: bool) -> None:
    lead = env.owes(a_lead())
    env.nexudus.faults([{**LOST_CREATE, "after_save": saved}, {**SEARCH, "times": 1, **WAITING[fault][0]}])

    env.deliver_until_quiet()

    assert env.kept(lead).status is Status.DELIVERED
    assert delivered_once(env)
