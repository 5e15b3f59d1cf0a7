"""A trial finds out how a Nexudus behaves: whatever the simulator plays, the facts found are the facts set."""

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from service import clock
from service.delivery.live import QUESTIONS, TrialFailed, answer_all, begin_trial
from service.nexudus.client import Nexudus
from service.nexudus.tokens import Login
from service.simulator.server import Simulator

STAGE, TYPE = 1001, 8
LOGIN = Login("simulator@leadcapture.example", "simulator")
HISTORY_ROLE, ROLES_ROLE = "CrmOpportunityHistory-List", "UserRole-Read"

yes_no = st.booleans()
behaviours = st.fixed_dictionaries(
    {
        "systemid_round_trips": yes_no,
        "systemid_filters": yes_no,
        "custom_fields_on_create": yes_no,
        "custom_fields_in_lists": yes_no,
        "custom_fields_filter": yes_no,
        "notes_in_lists": yes_no,
        "type_template": st.sampled_from(["none", "fill", "overwrite"]),
        "notes_max": st.sampled_from([None, None, 2000]),
        "list_flags": st.sampled_from(["full", "absent", "false"]),
        "email_any_case": yes_no,
        "limit_headers": yes_no,
        "times_off_minutes": st.sampled_from([0, 60, -300]),
        "denied": st.sampled_from([(), (HISTORY_ROLE,), (ROLES_ROLE,), (HISTORY_ROLE, ROLES_ROLE)]),
        "history_to_times": yes_no,
        "ignored_filters": st.sets(
            st.sampled_from(
                [
                    "CrmOpportunity_Coworker",
                    "from_CrmOpportunity_CreatedOn",
                    "from_CrmOpportunity_UpdatedOn",
                    "from_CrmOpportunityHistory_CreatedOn",
                ]
            )
        ).map(tuple),
    }
)


def expected(played: dict[str, Any]) -> dict[str, Any]:
    """The facts of a Nexudus that plays so."""
    ignored, denied = played["ignored_filters"], played["denied"]
    kept, fields = played["systemid_round_trips"], played["custom_fields_on_create"]
    notes = "lost" if played["type_template"] == "overwrite" else "changed" if played["notes_max"] else "kept"
    history = "denied" if HISTORY_ROLE in denied else "ToTime" if played["history_to_times"] else "CreatedOn"
    return {
        "system_id_kept": kept,
        "system_id_filter": played["systemid_filters"] if kept else None,
        "custom_fields_kept": fields,
        "custom_fields_filter": played["custom_fields_filter"] if fields else None,
        "custom_fields_listed": played["custom_fields_in_lists"] if fields else None,
        f"notes:{TYPE}": notes,
        "notes_listed": played["notes_in_lists"],
        "stage_flags_listed": played["list_flags"],
        "person_filter": "CrmOpportunity_Coworker" not in ignored,
        "created_filter": "from_CrmOpportunity_CreatedOn" not in ignored,
        "updated_filter": "from_CrmOpportunity_UpdatedOn" not in ignored,
        "email_any_case": played["email_any_case"],
        "history": history,
        "history_filter": None if history == "denied" else "from_CrmOpportunityHistory_CreatedOn" not in ignored,
        "times_off_minutes": played["times_off_minutes"],
        "limit_headers": "X-RateLimit-Limit: none" if played["limit_headers"] else "none",
        "roles_shown": ROLES_ROLE not in denied,
        "custom_field_list": True,
    }


@pytest.fixture(scope="module")
def crm() -> Iterator[Simulator]:
    with Simulator() as simulator:
        yield simulator


def facts_of(crm: Simulator) -> dict[str, Any]:
    trial = begin_trial(Nexudus(crm.url, LOGIN), STAGE, TYPE, clock.sleep)
    return {answer.fact: answer.value for answer in answer_all(trial)}


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(played=behaviours)
def test_the_facts_found_are_the_facts_set(crm: Simulator, played: dict[str, Any]) -> None:
    crm.reset()
    crm.settings(**played)

    facts = facts_of(crm)

    assert facts.pop("search_lag_s") < 1
    assert facts == expected(played)


def test_how_long_a_search_is_behind_is_measured(crm: Simulator) -> None:
    crm.reset()
    crm.settings(search_lag_s=0.6)

    assert 0.6 <= facts_of(crm)["search_lag_s"] < 3


def test_a_list_that_is_not_there_is_an_answer(crm: Simulator) -> None:
    crm.reset()
    crm.faults([{"method": "GET", "path": "/api/crm/customfields", "status": 404, "times": None}])

    assert facts_of(crm)["custom_field_list"] is False


@pytest.mark.parametrize("path", ["/api/crm/crmboardcolumns", "/api/crm/crmopportunityhistories", "/api/security"])
def test_a_question_that_fails_spoils_no_other(crm: Simulator, path: str) -> None:
    crm.reset()
    trial = begin_trial(Nexudus(crm.url, LOGIN), STAGE, TYPE, clock.sleep)
    crm.faults([{"method": "GET", "path": path, "status": 500, "times": None}])

    answers = answer_all(trial)

    open_ones = [answer for answer in answers if answer.value is None]
    assert len(answers) == len(QUESTIONS)
    assert 1 <= len(open_ones) <= 2
    assert all("could not be asked" in answer.answer for answer in open_ones)


def test_that_custom_fields_are_refused_is_an_answer(crm: Simulator) -> None:
    crm.reset()
    refused = {"Errors": [{"PropertyName": "CustomFields", "Message": "is not allowed"}], "WasSuccessful": False}
    crm.faults([{"method": "POST", "path": "/api/crm/crmopportunities", "status": 400, "body": refused}])

    assert facts_of(crm)["custom_fields_kept"] is False


def test_a_record_that_does_not_show_at_once_is_no_loss(crm: Simulator) -> None:
    crm.reset()
    crm.faults([{"method": "GET", "path": "/api/crm/crmopportunities/", "status": 404, "times": 1}])

    facts = facts_of(crm)

    assert (facts["system_id_kept"], facts["custom_fields_kept"], facts[f"notes:{TYPE}"]) == (True, True, "kept")


def test_a_record_that_never_shows_answers_nothing(crm: Simulator) -> None:
    crm.reset()
    crm.faults([{"method": "GET", "path": "/api/crm/crmopportunities/", "status": 404, "times": None}])

    with pytest.raises(TrialFailed, match="the opportunity could not be read by its id"):
        begin_trial(Nexudus(crm.url, LOGIN), STAGE, TYPE, lambda _: None)


@pytest.mark.parametrize(("method", "path"), [("POST", "/api/crm/"), ("POST", "/api/spaces/"), ("GET", "/api/crm/")])
def test_a_trial_waits_where_it_is_asked_to_slow_down(crm: Simulator, method: str, path: str) -> None:
    crm.reset()
    crm.faults([{"method": method, "path": f"{path}(crmopportunities|coworkers)", "status": 429, "times": 2}])
    waits: list[float] = []

    trial = begin_trial(Nexudus(crm.url, LOGIN), STAGE, TYPE, waits.append)

    assert (len(waits), len(crm.opportunities())) == (2, 1)
    assert trial.record["Id"] == trial.opportunity_id


def test_a_trial_makes_one_contact_and_one_opportunity(crm: Simulator) -> None:
    crm.reset()

    trial = begin_trial(Nexudus(crm.url, LOGIN), STAGE, TYPE, clock.sleep)

    [opportunity] = crm.opportunities()
    assert [call.method for call in crm.calls() if call.writes and "token" not in call.path] == ["POST", "POST"]
    assert (opportunity["Id"], opportunity["CoworkerId"]) == (trial.opportunity_id, trial.contact_id)
    assert trial.remains == (f"opportunity {trial.opportunity_id}", f"contact {trial.contact_id} ({trial.email})")


def test_the_location_is_that_of_the_board_where_the_stage_does_not_show_it(crm: Simulator) -> None:
    crm.reset()
    row = {**crm.world.tables["CrmBoardColumn"].rows[2001]}
    del row["CrmBoardBusinessId"]
    crm.faults([{"method": "GET", "path": "/api/crm/crmboardcolumns/2001", "body": row}])

    trial = begin_trial(Nexudus(crm.url, LOGIN), 2001, None, clock.sleep)

    assert crm.world.tables["Coworker"].rows[trial.contact_id]["InvoicingBusinessId"] == 56


@pytest.mark.parametrize(
    ("stage_id", "sentence"), [(1009, "deletes the customer"), (4711, "Nexudus has no stage 4711")]
)
def test_nothing_is_made_on_a_stage_that_does_harm_or_is_not_there(
    crm: Simulator, stage_id: int, sentence: str
) -> None:
    crm.reset()

    with pytest.raises(TrialFailed, match=sentence):
        begin_trial(Nexudus(crm.url, LOGIN), stage_id, TYPE, clock.sleep)

    assert crm.calls("POST", "/api/spaces/coworkers") == []


@pytest.mark.parametrize(
    ("fault", "remains"),
    [
        ({"path": "/api/spaces/coworkers", "reset": True}, "perhaps contact lead-capture-test-"),
        ({"path": "/api/crm/crmopportunities", "reset": True}, "perhaps the contact's opportunity"),
        (
            {"path": "/api/crm/crmopportunities", "firewall": True, "after_save": True},
            "perhaps the contact's opportunity",
        ),
        ({"path": "/api/crm/crmopportunities", "status": 400}, "contact 5001 (lead-capture-test-"),
    ],
)
def test_what_may_be_left_of_a_trial_that_failed_is_named(crm: Simulator, fault: dict[str, Any], remains: str) -> None:
    crm.reset()
    crm.faults([{"method": "POST", **fault}])

    with pytest.raises(TrialFailed) as failure:
        begin_trial(Nexudus(crm.url, LOGIN), STAGE, TYPE, clock.sleep)

    assert failure.value.remains[0].startswith(remains)
