"""Each lost answer to a create, in each Nexudus that keeps other markers: exactly one opportunity, whatever is kept."""

from typing import Any

import pytest

from service import clock
from service.forms import Destination
from service.lead import Status, Step
from service.simulator.server import Simulator
from service.store import Store
from tests.builders import a_form, a_lead
from tests.delivery.conftest import Env, a_context
from tests.delivery.test_faults import CALLS, UNDECIDED, delivered_once

OVERWRITTEN = {"type_template": "overwrite"}
NO_SYSTEM_ID = {"systemid_round_trips": False, "systemid_filters": False}
DROPPED = {"custom_fields_on_create": False}

NEXUDUS: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "keeps all": ({}, {}),
    "keeps notes only": (NO_SYSTEM_ID, {}),
    "keeps notes only, and by id": ({**NO_SYSTEM_ID, "notes_in_lists": False}, {}),
    "keeps SystemId only": (OVERWRITTEN, {}),
    "keeps nothing": ({**OVERWRITTEN, **NO_SYSTEM_ID, **DROPPED}, {}),
    "keeps custom fields": ({**OVERWRITTEN, **NO_SYSTEM_ID}, {"custom_fields_kept": True}),
    "keeps searchable custom fields": (
        {**OVERWRITTEN, **NO_SYSTEM_ID},
        {"custom_fields_kept": True, "custom_fields_filter": True},
    ),
    "hides custom fields in lists": (
        {**OVERWRITTEN, **NO_SYSTEM_ID, "custom_fields_in_lists": False, "custom_fields_filter": False},
        {"custom_fields_kept": True},
    ),
    "forgets what it was known to keep": ({**NO_SYSTEM_ID, **DROPPED}, {"custom_fields_kept": True}),
}
"""Name -> what it plays, and what is known of it."""


FAULTS = {name: fault for name, fault in UNDECIDED.items() if name in ("a cut", "a page with 403", "a 500")}


@pytest.fixture
def typed(sqlite: Store, nexudus: Simulator) -> Env:
    """An environment whose form has a type with a template. One engine is enough: nothing here is of the database."""
    form = a_form(destination=Destination(stage_id=1001, opportunity_type_id=8))
    return Env(sqlite, nexudus, a_context(sqlite, nexudus, {"contact": form}))


@pytest.mark.parametrize("saved", [False, True], ids=["not saved", "saved"])
@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("crm", NEXUDUS)
def test_one_opportunity_whatever_is_kept(typed: Env, crm: str, fault: str, saved: bool) -> None:
    played, facts = NEXUDUS[crm]
    typed.nexudus.settings(**played)
    typed.store.write(lambda tx: tx.crm.learn_facts(typed.context.behaviours.tenant, facts, "live", clock.now()))
    lead = typed.owes(a_lead())
    typed.nexudus.faults([{**CALLS[Step.CREATE_OPPORTUNITY], **FAULTS[fault], "times": 1, "after_save": saved}])

    typed.deliver_until_quiet()

    [opportunity] = typed.nexudus.opportunities()
    assert (typed.kept(lead).status, typed.kept(lead).opportunity_id) == (Status.DELIVERED, opportunity["Id"])
    assert delivered_once(typed)
