"""The first opportunity of each type is read back: what became of the text and of the markers."""

from datetime import timedelta
from typing import Any

import pytest

from service import clock
from service.delivery.behaviour import notes_fact
from service.delivery.context import on_startup
from service.forms import Destination
from service.lead import Lead, Status
from service.nexudus.opportunities import PATH
from service.store.account_facts import CLAIM_LIFETIME
from tests.builders import a_form, a_lead
from tests.delivery.conftest import Env

TYPE = 8
TOUR = "contact"


@pytest.fixture
def typed(env: Env) -> Env:
    """An environment whose form makes opportunities of a type that has a template."""
    env.use({TOUR: a_form(destination=Destination(stage_id=1001, opportunity_type_id=TYPE))})
    return env


def delivered(env: Env, number: int = 1) -> Lead:
    """A lead that came through."""
    lead = env.owes(a_lead(email=f"ada{number}@example.com"))
    env.deliver_until_quiet()
    assert env.kept(lead).status is Status.DELIVERED
    return lead


def facts(env: Env) -> dict[str, Any]:
    with env.store.read() as tx:
        return {name: fact.value for name, fact in tx.crm.facts_of(env.context.behaviours.tenant).items()}


def concerns(env: Env) -> list[str]:
    with env.store.read() as tx:
        return [concern.cause for concern in tx.alerts.open()]


def reads(env: Env) -> int:
    return sum(call.path.startswith(f"{PATH}/") for call in env.nexudus.calls("GET"))


def test_notes_that_stay_are_read_back_once(typed: Env) -> None:
    for number in (1, 2, 3):
        delivered(typed, number)

    assert facts(typed) == {notes_fact(TYPE): "kept", "system_id_kept": True}
    assert (reads(typed), concerns(typed)) == (1, [])


def test_a_template_that_takes_the_place_of_the_text_is_a_concern(typed: Env) -> None:
    typed.nexudus.settings(type_template="overwrite")

    delivered(typed)

    with typed.store.read() as tx:
        [concern] = tx.alerts.open()
    assert concern.cause == f"notes:default:{TYPE}"
    assert "does not keep the notes of opportunity type 8" in concern.sentence
    assert "No marker" not in concern.sentence  # SystemId survives


def test_where_no_mark_survives_that_is_said_too(typed: Env) -> None:
    typed.nexudus.settings(type_template="overwrite", systemid_round_trips=False)

    delivered(typed)

    with typed.store.read() as tx:
        assert "No marker survives" in tx.alerts.open()[0].sentence


def test_a_mark_that_only_the_notes_keep_is_a_concern_until_custom_fields_were_tried(typed: Env) -> None:
    typed.nexudus.settings(systemid_round_trips=False)
    delivered(typed, 1)
    assert concerns(typed) == ["mark:default"]

    tried = {"custom_fields_kept": False}
    typed.store.write(lambda tx: tx.crm.learn_facts(typed.context.behaviours.tenant, tried, "live", clock.now()))
    typed.context.behaviours.invalidate()
    typed.use({TOUR: a_form()})
    delivered(typed, 2)

    assert concerns(typed) == []


def test_each_type_is_read_back_for_itself(typed: Env) -> None:
    delivered(typed, 1)
    typed.use({TOUR: a_form()})
    delivered(typed, 2)

    assert facts(typed) == {notes_fact(TYPE): "kept", notes_fact(None): "kept", "system_id_kept": True}
    assert reads(typed) == 2


def test_the_end_of_the_loss_is_noticed_by_itself(typed: Env) -> None:
    typed.nexudus.settings(type_template="overwrite")
    delivered(typed, 1)
    typed.nexudus.settings(type_template="none")
    age_facts(typed, timedelta(days=2))
    typed.context.behaviours.invalidate()  # as after a minute

    delivered(typed, 2)

    assert (facts(typed)[notes_fact(TYPE)], concerns(typed)) == ("kept", [])


def test_a_loss_is_looked_at_again_once_a_day_only(typed: Env) -> None:
    typed.nexudus.settings(type_template="overwrite")

    for number in (1, 2, 3):
        delivered(typed, number)

    assert reads(typed) == 1


@pytest.mark.parametrize("fault", [{"status": 500}, {"reset": True}, {"status": 403}, {"status": 429}])
def test_a_reading_that_fails_costs_the_lead_nothing_and_is_made_with_a_later_one(
    typed: Env, fault: dict[str, Any]
) -> None:
    typed.nexudus.faults([{"method": "GET", "path": f"{PATH}/", "times": 1, **fault}])

    lead = delivered(typed, 1)
    assert facts(typed) == {}
    age_facts(typed, 2 * CLAIM_LIFETIME)
    delivered(typed, 2)

    assert typed.kept(lead).opportunity_id is not None
    assert facts(typed)[notes_fact(TYPE)] == "kept"


def test_a_reading_that_fails_is_not_made_again_with_each_lead(typed: Env) -> None:
    typed.nexudus.faults([{"method": "GET", "path": f"{PATH}/", "times": None, "reset": True}])

    for number in (1, 2, 3):
        delivered(typed, number)

    assert reads(typed) == 1


def test_a_template_that_is_put_on_later_is_noticed(typed: Env) -> None:
    typed.nexudus.settings(type_template="none")
    delivered(typed, 1)
    typed.nexudus.settings(type_template="overwrite")
    age_facts(typed, timedelta(days=2))
    typed.context.behaviours.invalidate()  # as after a minute

    delivered(typed, 2)

    assert (facts(typed)[notes_fact(TYPE)], concerns(typed)) == ("lost", [f"notes:default:{TYPE}"])


def test_after_a_start_a_loss_is_looked_at_again_with_the_next_lead(typed: Env) -> None:
    typed.nexudus.settings(type_template="overwrite")
    delivered(typed, 1)
    typed.nexudus.settings(type_template="none")

    on_startup("default", typed.context)
    assert concerns(typed) == [f"notes:default:{TYPE}"]
    typed.context.behaviours.invalidate()  # as in a new process
    delivered(typed, 2)

    assert concerns(typed) == []


def test_a_type_that_no_form_uses_any_more_is_no_concern(typed: Env) -> None:
    typed.nexudus.settings(type_template="overwrite")
    delivered(typed)
    typed.use({TOUR: a_form()})

    on_startup("default", typed.context)

    assert concerns(typed) == []


def age_facts(env: Env, age: timedelta) -> None:
    """Let everything have been found out so long ago."""
    micros = int(age.total_seconds() * 1e6)
    with env.store._database.writing.begin() as connection:
        connection.exec_driver_sql(f"UPDATE account_facts SET learned_at = learned_at - {micros}")  # noqa: S608 (a number)
