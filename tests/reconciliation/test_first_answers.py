"""A person's first move in Nexudus is the answer to a lead; ours and the CRM's own are none."""

from dataclasses import replace
from datetime import timedelta

import pytest

from service import clock
from service.forms import Destination
from service.lead import Lead
from service.nexudus.opportunities import PATH
from service.nexudus.pipeline import HISTORY_PATH
from service.simulator.seed import SERVICE_USER_ID
from service.store import AnswerClock
from tests.builders import a_form
from tests.reconciliation.conftest import ReconciliationEnv

OTHER_STAGE, OTHER_USER = 1002, 902


def answer_of(env: ReconciliationEnv, lead: Lead) -> AnswerClock | None:
    """The clock of a lead, once there is an answer."""
    with env.delivery.store.read() as tx:
        return tx.answers.clocks_of([lead.id]).get(lead.id)


def later(env: ReconciliationEnv, minutes: float = 5) -> str:
    """An instant after the creation of the opportunities, as the API writes it."""
    return (clock.now() + timedelta(minutes=minutes)).strftime("%Y-%m-%dT%H:%M:%SZ")


def test_a_new_opportunity_is_no_answer(env: ReconciliationEnv) -> None:
    [lead] = env.delivers()

    env.poll()
    env.poll()

    assert answer_of(env, lead) is None


@pytest.mark.parametrize(
    ("change", "how"),
    [({"stage_id": OTHER_STAGE}, "stage"), ({"status": "won"}, "status"), ({"owner_id": OTHER_USER}, "owner")],
    ids=["another stage", "won", "another owner"],
)
@pytest.mark.parametrize("is_seen_before", [True, False], ids=["after a reading", "before the first reading"])
def test_what_a_person_changes_is_the_answer(
    env: ReconciliationEnv, change: dict[str, object], how: str, is_seen_before: bool
) -> None:
    [lead] = env.delivers()
    if is_seen_before:
        env.poll()

    env.nexudus.change_opportunity(lead.opportunity_id or 0, **change, at=later(env))
    env.poll(clock.now() + timedelta(minutes=15))

    answer = answer_of(env, lead)
    assert answer is not None
    assert (answer.how, answer.started_at, answer.form) == (how, lead.received_at, "contact")
    assert answer.answered_at == env.sale(lead).updated_at


def test_the_first_of_several_moves_counts(env: ReconciliationEnv) -> None:
    [lead] = env.delivers()
    env.nexudus.change_opportunity(lead.opportunity_id or 0, stage_id=OTHER_STAGE, at=later(env, 5))
    env.nexudus.change_opportunity(lead.opportunity_id or 0, stage_id=1003, status="won", at=later(env, 60))

    env.poll(clock.now() + timedelta(hours=2))

    answer = answer_of(env, lead)
    assert answer is not None
    assert answer.answered_at is not None
    assert (answer.how, round((answer.answered_at - clock.now()).total_seconds() / 60)) == ("stage", 5)


@pytest.mark.parametrize("user_id", [None, SERVICE_USER_ID], ids=["by Nexudus itself", "by the service's user"])
def test_a_move_by_a_program_is_no_answer(env: ReconciliationEnv, user_id: int | None) -> None:
    [lead] = env.delivers()
    env.poll()
    env.nexudus.change_opportunity(lead.opportunity_id or 0, stage_id=OTHER_STAGE, status="won", at=later(env))
    moves = env.nexudus.world.tables["CrmOpportunityHistory"].rows
    moves[max(moves)]["UserId"] = user_id

    env.poll(clock.now() + timedelta(minutes=15))

    assert env.sale(lead).stage_id == OTHER_STAGE
    assert answer_of(env, lead) is None


def test_an_owner_whom_the_stage_assigns_at_once_is_no_answer(env: ReconciliationEnv) -> None:
    [lead] = env.delivers()
    env.nexudus.change_opportunity(lead.opportunity_id or 0, owner_id=OTHER_USER)

    env.poll()

    assert answer_of(env, lead) is None


def test_the_owner_whom_the_form_names_is_no_answer_but_the_next_one_is(env: ReconciliationEnv) -> None:
    env.delivery.use({"contact": replace(a_form(), destination=Destination(stage_id=1001, responsible_id=OTHER_USER))})
    [lead] = env.delivers()
    env.poll()
    assert answer_of(env, lead) is None

    env.nexudus.change_opportunity(lead.opportunity_id or 0, owner_id=901, at=later(env))
    env.poll(clock.now() + timedelta(minutes=15))

    assert answer_of(env, lead) is not None


def test_where_the_history_is_hidden_the_change_of_the_record_counts(env: ReconciliationEnv) -> None:
    [lead] = env.delivers()
    env.nexudus.faults([{"path": HISTORY_PATH, "status": 401, "times": 99}])
    env.poll()

    env.nexudus.change_opportunity(lead.opportunity_id or 0, stage_id=OTHER_STAGE, at=later(env))
    env.poll(clock.now() + timedelta(minutes=15))

    answer = answer_of(env, lead)
    assert answer is not None
    assert answer.how == "stage"


def test_lists_without_owners_say_nothing_about_them(env: ReconciliationEnv) -> None:
    [lead] = env.delivers()
    env.poll()
    rows = env.nexudus.world.tables["CrmOpportunity"].rows
    rows[lead.opportunity_id or 0].pop("ResponsibleId")
    rows[lead.opportunity_id or 0]["UpdatedOn"] = later(env)

    env.poll(clock.now() + timedelta(minutes=15))

    assert env.nexudus.calls("GET", PATH)
    assert env.sale(lead).responsible_id == 0
    assert answer_of(env, lead) is None
