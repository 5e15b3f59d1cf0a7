"""Opportunities: creating them, and what the stage they land in does."""

from typing import Any

import pytest

from service.simulator.server import Simulator
from tests.simulator.client import OPPORTUNITIES, Client, opportunity_body
from tests.tables import each_row


@pytest.fixture
def ada(sim: Simulator) -> int:
    return int(sim.add_coworker("ada@example.com", "Ada Lovelace", CompanyName="Engines")["Id"])


def test_a_create_keeps_what_was_sent(sim: Simulator, client: Client, ada: int) -> None:
    sent = {
        "Name": "Ada - tour",
        "Notes": "Hello",
        "LeadSource": 19,
        "UtmSource": "google",
        "UtmMedium": "cpc",
        "UtmCampaign": "autumn",
        "UtmContent": "a",
        "UtmTerm": "desk",
        "SystemId": "mark-1",
        "OpportunityTypeId": 7,
        "ResponsibleId": 901,
        "TeamId": 70,
        "ReferrerId": ada,
        "AgentId": ada,
        "Value": 250.5,
        "DueDate": "2026-05-04T10:30:00Z",
    }

    ident = client.post(OPPORTUNITIES, opportunity_body(ada, **sent)).json()["Value"]["Id"]

    record = client.get(f"{OPPORTUNITIES}/{ident}").json()
    assert {key: record[key] for key in sent} == sent


def test_a_record_names_its_relations(sim: Simulator, client: Client, ada: int) -> None:
    ident = client.add_opportunity(ada, OpportunityTypeId=7, ResponsibleId=901)

    record = client.get(f"{OPPORTUNITIES}/{ident}").json()

    assert (record["CoworkerFullName"], record["CoworkerEmail"]) == ("Ada Lovelace", "ada@example.com")
    assert (record["CrmBoardColumnName"], record["CrmBoardColumnCrmBoardBusinessId"]) == ("New enquiry", 55)
    assert (record["OpportunityTypeName"], record["ResponsibleFullName"]) == ("Tour", "Olive Owner")


@each_row(
    ("field", "value", "named"),
    [
        ("CrmBoardColumnId", None, "CrmBoardColumn"),
        ("CrmBoardColumnId", 1, "CrmBoardColumn"),
        ("CoworkerId", None, "Coworker"),
        ("CoworkerId", 1, "Coworker"),
        ("CoworkerId", True, "Coworker"),
        ("Position", None, "Position"),
        ("Position", "1", "Position"),
        ("Status", None, "Status"),
        ("Status", 4, "Status"),
        ("LeadSource", 3, "LeadSource"),
        ("LeadSource", 27, "LeadSource"),
        ("LossReason", 1, "LossReason"),
        ("OpportunityTypeId", 1, "OpportunityType"),
        ("ResponsibleId", 1, "Responsible"),
        ("TeamId", 1, "Team"),
        ("ReferrerId", 1, "Referrer"),
        ("AgentId", 1, "Agent"),
        ("Value", "12", "Value"),
        ("DueDate", "soon", "DueDate"),
        ("Completed", "no", "Completed"),
        ("UtmSource", ["google"], "UtmSource"),
        ("Notes", 5, "Notes"),
    ],
)
def test_a_value_that_does_not_fit_is_refused(
    sim: Simulator, client: Client, ada: int, field: str, value: Any, named: str
) -> None:
    answer = client.post(OPPORTUNITIES, opportunity_body(ada) | {field: value})

    assert answer.status_code == 400
    assert [error["PropertyName"] for error in answer.json()["Errors"]] == [named]
    assert sim.opportunities() == []


def test_a_loss_reason_goes_with_lost(sim: Simulator, client: Client, ada: int) -> None:
    assert client.post(OPPORTUNITIES, opportunity_body(ada, Status=3, LossReason=1)).status_code == 200


def test_an_unknown_field_is_ignored_and_can_be_seen_in_the_state(sim: Simulator, client: Client, ada: int) -> None:
    client.add_opportunity(ada, UtmSourc="google")

    assert client.get("/_sim/state").json()["ignored"] == {"CrmOpportunity.UtmSourc": 1}


@pytest.mark.parametrize("body", [[], "text", None, 5])
def test_a_body_that_is_no_object_is_refused(sim: Simulator, client: Client, body: Any) -> None:
    answer = client.session.post(sim.url + OPPORTUNITIES, json=body, timeout=10)

    assert answer.status_code == 400


def test_notes_come_from_the_template_of_the_type(sim: Simulator, client: Client, ada: int) -> None:
    client.add_opportunity(ada, OpportunityTypeId=8)
    client.add_opportunity(ada, OpportunityTypeId=8, Notes="mine")

    assert [record["Notes"] for record in sim.opportunities()] == ["Team size:\nMove-in date:\nBudget:", "mine"]


def test_the_server_renumbers_positions_in_hundreds(sim: Simulator, client: Client, ada: int) -> None:
    for _ in range(2):
        client.add_opportunity(ada)

    assert [record["Position"] for record in sim.opportunities()] == [100, 200]


def test_a_location_holds_so_many_and_no_more(sim: Simulator, client: Client, ada: int) -> None:
    sim.settings(cap=1)
    client.add_opportunity(ada)

    assert client.post(OPPORTUNITIES, opportunity_body(ada)).status_code == 400
    assert client.post(OPPORTUNITIES, opportunity_body(ada, CrmBoardColumnId=2001)).status_code == 200


def test_the_cap_is_5000(sim: Simulator) -> None:
    assert sim.world.settings.cap == 5000


@pytest.mark.parametrize(("column", "status", "date"), [(1008, 2, "WonOn"), (1007, 3, "LostOn")])
def test_a_winning_or_losing_stage_overrides_the_status(
    sim: Simulator, client: Client, ada: int, column: int, status: int, date: str
) -> None:
    client.add_opportunity(ada, CrmBoardColumnId=column)

    record = sim.opportunities()[0]
    assert record["Status"] == status
    assert record[date]


def test_a_deleting_stage_takes_the_customer_and_all_opportunities(sim: Simulator, client: Client, ada: int) -> None:
    client.add_opportunity(ada)

    answer = client.post(OPPORTUNITIES, opportunity_body(ada, CrmBoardColumnId=1009))

    assert answer.json()["WasSuccessful"] is True
    assert (sim.coworkers_of("ada@example.com"), sim.opportunities()) == ([], [])
    assert sim.side_effects() == ["customer ada@example.com deleted by stage Clean up"]


def test_a_stage_with_a_macro_writes_to_the_lead(sim: Simulator, client: Client, ada: int) -> None:
    client.add_opportunity(ada, CrmBoardColumnId=1005)

    assert "message 31 sent to ada@example.com" in sim.side_effects()


def test_a_won_customer_is_active_again(sim: Simulator, client: Client) -> None:
    bob = sim.add_coworker("bob@example.com", Active=False)["Id"]

    client.add_opportunity(bob, CrmBoardColumnId=1008)

    assert sim.coworkers_of("bob@example.com")[0]["Active"] is True


def test_a_put_moves_the_opportunity_and_keeps_its_history(sim: Simulator, client: Client, ada: int) -> None:
    ident = client.add_opportunity(ada, Notes="gone")

    client.put(OPPORTUNITIES, opportunity_body(ada, Id=ident, CrmBoardColumnId=1002))

    moves = client.records("/api/crm/crmopportunityhistories", CrmOpportunityHistory_CrmOpportunity=ident)
    assert sim.opportunities()[0]["Notes"] is None
    assert [(move["OldCrmBoardColumnId"], move["NewCrmBoardColumnId"]) for move in moves] == [
        (None, 1001),
        (1001, 1002),
    ]
    assert [bool(move["FromTime"]) for move in moves] == [False, True]
    assert moves[1]["FromTime"] == moves[0]["ToTime"] <= moves[1]["ToTime"]


def test_a_put_without_a_known_id_is_not_found(sim: Simulator, client: Client, ada: int) -> None:
    assert client.put(OPPORTUNITIES, opportunity_body(ada)).status_code == 404


def test_a_put_that_lacks_required_fields_is_refused(sim: Simulator, client: Client, ada: int) -> None:
    ident = client.add_opportunity(ada)

    assert client.put(OPPORTUNITIES, {"Id": ident, "Name": "new"}).status_code == 400


def test_a_delete_makes_room(sim: Simulator, client: Client, ada: int) -> None:
    sim.settings(cap=1)
    ident = client.add_opportunity(ada)

    assert client.delete(f"{OPPORTUNITIES}/{ident}").json()["WasSuccessful"] is True
    assert client.post(OPPORTUNITIES, opportunity_body(ada)).status_code == 200
    assert client.delete(f"{OPPORTUNITIES}/{ident}").status_code == 404
