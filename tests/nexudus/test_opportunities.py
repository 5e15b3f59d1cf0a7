"""Creating the opportunity, and finding one by our marker when the outcome of that was unknown."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from service import clock
from service.nexudus import markers, opportunities
from service.nexudus.client import Nexudus
from service.nexudus.errors import Intercepted, OutcomeUnknown, Rejected, Unavailable
from service.nexudus.opportunities import PATH, NewOpportunity
from service.simulator.server import Simulator

MARKER = "lead-0197c2"


@pytest.fixture
def person(crm: Simulator) -> int:
    return int(crm.add_coworker("ada@example.com")["Id"])


def create(nexudus: Nexudus, person: int, **words: Any) -> int:
    usual = {"notes": f"[{MARKER}] I would like a desk", "system_id": MARKER, "stage_id": 1001}
    return opportunities.create(
        nexudus, opportunities.compose(NewOpportunity(coworker_id=person, **{**usual, **words}))
    )


def find(nexudus: Nexudus, person: int, marker: str = MARKER) -> int | None:
    return markers.find_marked(nexudus, marker, person, clock.now())


def test_an_opportunity_is_taken_as_composed(crm: Simulator, nexudus: Nexudus, person: int) -> None:
    due_at = datetime(2026, 5, 31, 9, tzinfo=UTC)
    words = {"lead_source": 19, "utm_source": "google", "value": 250.5, "due_at": due_at, "responsible_id": 901}

    made = create(nexudus, person, name="Ada", opportunity_type_id=7, **words)

    [record] = crm.opportunities()
    assert (record["Id"], record["LeadSource"], record["UtmSource"]) == (made, 19, "google")
    assert (record["Value"], record["DueDate"], record["Status"]) == (250.5, "2026-05-31T09:00:00Z", 1)


@pytest.mark.parametrize("wrong", [{"LeadSource": 3}, {"Status": 2}, {"LostOn": "2026-05-31T09:00:00Z"}, {"Id": 7}])
def test_a_wrong_body_is_not_sent_whoever_made_it(
    crm: Simulator, nexudus: Nexudus, person: int, wrong: dict[str, object]
) -> None:
    body = opportunities.compose(NewOpportunity(stage_id=1001, coworker_id=person))

    with pytest.raises(Rejected):
        opportunities.create(nexudus, {**body, **wrong})

    assert crm.calls("POST", PATH) == []


@pytest.mark.parametrize(
    "settings",
    [
        pytest.param({}, id="all works"),
        pytest.param({"systemid_filters": False}, id="SystemId is no filter"),
        pytest.param({"systemid_round_trips": False}, id="SystemId is forgotten"),
        pytest.param({"notes_in_lists": False}, id="lists hide Notes"),
        pytest.param({"systemid_round_trips": False, "notes_in_lists": False}, id="both"),
        pytest.param({"systemid_filters": False, "systemid_round_trips": False}, id="no SystemId at all"),
    ],
)
def test_a_saved_opportunity_is_found_by_its_marker(
    crm: Simulator, nexudus: Nexudus, person: int, settings: dict[str, bool]
) -> None:
    crm.settings(**settings)
    create(nexudus, person, notes="[lead-other]", system_id="lead-other")
    made = create(nexudus, person)
    create(nexudus, person, notes="[lead-third]", system_id="lead-third")

    assert find(nexudus, person) == made


@pytest.mark.parametrize("settings", [{}, {"systemid_filters": False}, {"notes_in_lists": False}])
def test_other_enquiries_of_the_person_are_not_taken_for_this_one(
    crm: Simulator, nexudus: Nexudus, person: int, settings: dict[str, bool]
) -> None:
    crm.settings(**settings)
    create(nexudus, person)

    assert find(nexudus, person, "lead-0197c3") is None


def test_a_list_whose_filters_are_ignored_yields_no_strangers_opportunity(crm: Simulator, nexudus: Nexudus) -> None:
    rows = [{"Id": 1, "CoworkerId": 77, "Notes": f"answer to {MARKER}", "SystemId": None}]
    crm.faults([{"path": PATH, "body": {"Records": []}}, {"path": PATH, "body": {"Records": rows}}])

    assert find(nexudus, 5001) is None


def test_the_search_by_person_reaches_one_day_back(crm: Simulator, nexudus: Nexudus, person: int) -> None:
    since = datetime(2026, 5, 31, 1, 30, tzinfo=UTC)

    markers.find_marked(nexudus, MARKER, person, since)

    query = dict(crm.calls("GET", PATH)[-1].query)
    assert query["from_CrmOpportunity_CreatedOn"] == "2026-05-30T01:30"
    assert query["CrmOpportunity_Coworker"] == str(person)


def test_an_opportunity_from_long_before_is_not_looked_at(crm: Simulator, nexudus: Nexudus, person: int) -> None:
    crm.settings(systemid_round_trips=False)
    create(nexudus, person)

    assert markers.find_marked(nexudus, MARKER, person, clock.now() + timedelta(days=3)) is None


def test_an_instant_without_a_zone_is_refused(nexudus: Nexudus) -> None:
    with pytest.raises(ValueError, match="naive"):
        markers.find_marked(nexudus, MARKER, 5001, datetime(2026, 5, 31))  # noqa: DTZ001 (the point of the test)


def test_a_failed_search_is_not_taken_for_an_answer(crm: Simulator, nexudus: Nexudus, person: int) -> None:
    crm.faults([{"method": "GET", "path": PATH, "status": 500, "times": None}])

    with pytest.raises(Unavailable):
        find(nexudus, person)


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        ({"reset": True}, OutcomeUnknown),
        ({"status": 500}, OutcomeUnknown),
        ({"firewall": True}, Intercepted),
        ({"body": {"WasSuccessful": True, "Value": None}}, OutcomeUnknown),
    ],
)
def test_what_was_saved_though_the_answer_was_lost_is_found(
    crm: Simulator, nexudus: Nexudus, person: int, fault: dict[str, object], error: type[Exception]
) -> None:
    crm.faults([{"method": "POST", "path": PATH, "after_save": True, **fault}])
    with pytest.raises(error):
        create(nexudus, person)

    assert find(nexudus, person) == crm.opportunities()[0]["Id"]
