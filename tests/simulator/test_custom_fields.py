"""Custom fields: lists show a part of each, and whether a create must fill them is a setting."""

from typing import Any

import pytest

from service.simulator.server import Simulator
from tests.simulator.client import COWORKERS, OPPORTUNITIES, Client, coworker_body, opportunity_body

FIELDS = "/api/crm/customfields"


def filling(name: object) -> dict[str, object]:
    """What a body says to fill a custom field."""
    return {"CustomFields": {"Data": [{"Name": name, "Value": "third", "Type": "string"}]}}


def test_a_list_leaves_out_what_only_the_record_shows(sim: Simulator, client: Client) -> None:
    ident = client.post("/_sim/customfields", {"name": "Floor", "options": "first\nthird"}).json()["id"]

    [row], record = client.records(FIELDS), client.get(f"{FIELDS}/{ident}").json()

    assert (row["Name"], row["RecordType"]) == ("Floor", 4)
    assert not {"Required", "AvailableOptions", "AllowMultipleOptions"} & set(row)
    assert (record["Required"], record["AvailableOptions"], record["CustomFieldIndex"]) == (True, "first\nthird", None)


@pytest.mark.parametrize(
    ("wanted", "problem"),
    [
        ([], "a custom field: an object is needed"),
        ({"required": True}, "name: a text is needed"),
        ({"name": "Floor", "kind": 4}, "unknown key 'kind': choose from name, record_type"),
    ],
)
def test_a_wrong_custom_field_is_refused_with_the_reason(
    sim: Simulator, client: Client, wanted: Any, problem: str
) -> None:
    answer = client.post("/_sim/customfields", wanted)

    assert (answer.status_code, answer.json()["problems"][0][: len(problem)]) == (400, problem)


def test_a_required_one_is_asked_for_only_where_that_is_set(sim: Simulator, client: Client) -> None:
    sim.add_custom_field("Floor")
    sim.add_custom_field("Nickname", required=False)
    ada = client.add_coworker()
    assert client.post(OPPORTUNITIES, opportunity_body(ada)).status_code == 200

    sim.settings(custom_fields_enforced=True)
    refused = client.post(OPPORTUNITIES, opportunity_body(ada))

    assert [error["PropertyName"] for error in refused.json()["Errors"]] == ["Floor"]


@pytest.mark.parametrize("by", ["name", "id"])
def test_one_is_filled_by_name_or_id(sim: Simulator, client: Client, by: str) -> None:
    sim.settings(custom_fields_enforced=True)
    ident = sim.add_custom_field("Floor")
    ada = client.add_coworker()

    sent = opportunity_body(ada, **filling("Floor" if by == "name" else str(ident)))

    assert client.post(OPPORTUNITIES, sent).status_code == 200


def test_one_of_customers_is_filled_by_its_number_too(sim: Simulator, client: Client) -> None:
    sim.settings(custom_fields_enforced=True)
    sim.add_custom_field("Team size", record_type=1, index=3)

    assert client.post(COWORKERS, coworker_body()).status_code == 400
    assert client.post(COWORKERS, coworker_body(Custom3="5")).status_code == 200


def test_one_of_another_location_or_kind_is_not_asked_for(sim: Simulator, client: Client) -> None:
    sim.settings(custom_fields_enforced=True)
    sim.add_custom_field("Etage", business_id=57)
    sim.add_custom_field("Internal", record_type=7)

    assert client.post(OPPORTUNITIES, opportunity_body(client.add_coworker())).status_code == 200


@pytest.mark.parametrize(
    ("how", "sent", "kept"),
    [
        ("fill", "Hello", "Hello"),
        ("fill", None, "Team size:"),
        ("overwrite", "Hello", "Team size:"),
        ("none", "Hello", "Hello"),
        ("none", None, None),
    ],
)
def test_a_type_s_template_fills_replaces_or_does_nothing(
    sim: Simulator, client: Client, how: str, sent: str | None, kept: str | None
) -> None:
    sim.world.tables["OpportunityType"].rows[8]["NotesTemplate"] = "Team size:"
    sim.settings(type_template=how)

    ident = client.add_opportunity(client.add_coworker(), OpportunityTypeId=8, Notes=sent)

    assert client.get(f"{OPPORTUNITIES}/{ident}").json()["Notes"] == kept
