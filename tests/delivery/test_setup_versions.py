"""A waiting lead goes by the version of the set-up that it was taken under; sent by hand, by the newest."""

from dataclasses import replace

import pytest

from service import clock
from service.actors import administrator
from service.lead import Lead, Status
from service.operations.correction import correct
from service.operations.leads import RETRY, act_on_lead
from service.setup.earlier import EarlierSetups
from service.simulator.server import Simulator
from service.store import Store
from tests.builders import NOON, a_form, a_lead, a_publisher
from tests.delivery.conftest import Env, a_context

FIRST, SECOND = (1001, "first"), (1002, "second")
"""Stage and name of the two versions."""

CONTACT = "business_id = 55, country_id = 1, time_zone_id = 2"


def document(stage: int, name: str) -> str:
    """A set-up whose leads go to this stage under this name."""
    return f'[forms.contact]\nstage_id = {stage}\nname = "{name}"\ncontact = {{ {CONTACT} }}\n'


def publish(store: Store, text: str, over: int) -> None:
    """Publish a version."""
    a_publisher(store).publish(text, "", administrator(), over, NOON)


@pytest.fixture
def env(sqlite: Store, nexudus: Simulator) -> Env:
    """An environment with the one form `contact`, on SQLite: no SQL of its own is at stake."""
    return Env(sqlite, nexudus, a_context(sqlite, nexudus, {"contact": a_form()}))


@pytest.fixture
def changed(env: Env) -> Env:
    """Version 1 names stage 1001, version 2, which is in force, 1002."""
    publish(env.store, document(1001, "first"), 0)
    publish(env.store, document(1002, "second"), 1)
    return in_force(env, 2)


def in_force(env: Env, version: int) -> Env:
    """The worker has taken up a version."""
    earlier = EarlierSetups(env.store, lambda _: None)
    forms = earlier.forms(version)
    assert forms is not None
    env.context = replace(env.context, forms=forms, version=version, earlier=earlier)
    return env


def went_to(env: Env, lead: Lead) -> tuple[int, str]:
    """Stage and name of its opportunity."""
    env.deliver_once()
    kept = env.kept(lead)
    assert kept.status is Status.DELIVERED
    (opportunity,) = env.nexudus.opportunities_of("ada@example.com")
    return opportunity["CrmBoardColumnId"], opportunity["Name"]


@pytest.mark.parametrize(("version", "place"), [(1, FIRST), (2, SECOND), (None, SECOND), (77, SECOND)])
def test_a_lead_is_delivered_under_its_own_version_while_that_is_kept(
    changed: Env, version: int | None, place: tuple[int, str]
) -> None:
    lead = changed.owes(a_lead(setup_version=version))

    assert went_to(changed, lead) == place


def test_a_worker_that_is_behind_delivers_under_the_newer_version(changed: Env) -> None:
    lead = changed.owes(a_lead(setup_version=2))

    assert went_to(in_force(changed, 1), lead) == SECOND


def test_a_lead_of_a_form_that_is_gone_since_is_delivered(changed: Env) -> None:
    lead = changed.owes(a_lead(setup_version=2))
    publish(changed.store, "[forms.tour]\n", 2)

    assert went_to(in_force(changed, 3), lead) == SECOND


def test_a_lead_held_for_its_stage_says_that_another_stage_asks_for_a_retry_by_hand(changed: Env) -> None:
    changed.nexudus.world.tables["CrmBoardColumn"].rows[1001].update({"DeleteAccount": True})
    lead = changed.owes(a_lead(setup_version=1))

    changed.deliver_once()

    assert changed.kept(lead).problem.endswith("or publish another stage, and send them again")


def test_sent_again_by_hand_it_goes_by_the_newest_and_bears_its_number(changed: Env) -> None:
    lead = changed.owes(a_lead(setup_version=1))
    act_on_lead(changed.store, administrator(), RETRY, lead.id, clock.now())

    assert went_to(changed, lead) == SECOND
    assert changed.kept(lead).setup_version == 2


def test_a_corrected_lead_bears_the_number_of_the_form_that_read_it(changed: Env) -> None:
    lead = changed.owes(a_lead(setup_version=1))

    correct(changed.store, administrator(), lead.id, {"message": "Three desks"}, changed.context.forms, clock.now())

    assert changed.kept(lead).setup_version == 2


def test_a_lead_of_a_forms_file_has_no_version_to_renew(env: Env) -> None:
    lead = env.owes(a_lead())

    act_on_lead(env.store, administrator(), RETRY, lead.id, clock.now())

    assert env.kept(lead).setup_version is None
    assert a_form().setup_version is None
