"""People move, win, lose and delete opportunities, by the API and by the board page."""

import pytest

from service.simulator.server import Simulator
from service.simulator.settings import ControlProblems
from tests.simulator.client import OPPORTUNITIES, Client

HISTORY = "/api/crm/crmopportunityhistories"
TEN, ELEVEN = "2026-11-20T10:00:00.000Z", "2026-11-20T11:00:00.000Z"


@pytest.fixture
def ident(client: Client) -> int:
    """An opportunity in the first stage."""
    return client.add_opportunity(client.add_coworker(), Value=450, SystemId="a mark", Notes="Hello")


def test_a_won_one_has_its_time_and_keeps_all_else(sim: Simulator, client: Client, ident: int) -> None:
    client.post(f"/_sim/opportunities/{ident}", {"status": "won"})

    record = client.get(f"{OPPORTUNITIES}/{ident}").json()
    assert (record["Status"], record["LostOn"], record["LossReason"]) == (2, None, None)
    assert record["WonOn"] >= record["CreatedOn"]
    assert (record["Value"], record["SystemId"], record["Notes"]) == (450, "a mark", "Hello")


def test_a_lost_one_has_its_reason_until_it_is_opened_again(sim: Simulator, client: Client, ident: int) -> None:
    client.post(f"/_sim/opportunities/{ident}", {"status": "lost", "loss_reason": 4})
    lost = client.get(f"{OPPORTUNITIES}/{ident}").json()

    client.post(f"/_sim/opportunities/{ident}", {"status": "in_progress"})

    again = client.get(f"{OPPORTUNITIES}/{ident}").json()
    assert (lost["Status"], lost["LossReason"]) == (3, 4)
    assert (again["Status"], again["LossReason"], again["LostOn"]) == (1, None, None)


def test_a_moved_one_has_a_history(sim: Simulator, client: Client, ident: int) -> None:
    client.post(f"/_sim/opportunities/{ident}", {"stage_id": 1002, "at": TEN})
    client.post(f"/_sim/opportunities/{ident}", {"stage_id": 1004, "at": ELEVEN})

    placed, first, second = client.records(HISTORY, CrmOpportunityHistory_CrmOpportunity=ident)
    assert (placed["OldCrmBoardColumnId"], placed["NewCrmBoardColumnName"], placed["FromTime"]) == (
        None,
        "New enquiry",
        None,
    )
    assert (first["FromTime"], first["ToTime"], first["CreatedOn"]) == (placed["ToTime"], TEN, TEN)
    assert (second["FromTime"], second["ToTime"]) == (TEN, ELEVEN)
    assert (second["OldCrmBoardColumnName"], second["NewCrmBoardColumnName"]) == ("Contacted", "Toured")
    assert [(row["UserId"], row["UserFullName"]) for row in (placed, first)] == [
        (900, "Lead Capture"),
        (901, "Olive Owner"),
    ]


def test_a_history_without_times_of_arrival_has_those_of_its_rows(sim: Simulator, client: Client, ident: int) -> None:
    sim.settings(history_to_times=False)

    client.post(f"/_sim/opportunities/{ident}", {"stage_id": 1002, "at": TEN})
    client.post(f"/_sim/opportunities/{ident}", {"stage_id": 1004, "at": ELEVEN})

    *_, first, second = client.records(HISTORY, CrmOpportunityHistory_CrmOpportunity=ident)
    assert (first["ToTime"], first["CreatedOn"], second["FromTime"]) == (None, TEN, TEN)


@pytest.mark.parametrize(
    ("name", "value", "stages"),
    [
        ("from_CrmOpportunityHistory_CreatedOn", "2026-11-20T11:00", [1001, 1004]),
        ("to_CrmOpportunityHistory_ToTime", "2026-11-20T10:59", [1002]),
        ("from_CrmOpportunityHistory_FromTime", "2026-11-20T10:00", [1002, 1004]),
        ("CrmOpportunityHistory_OldCrmBoardColumn", "1002", [1004]),
        ("CrmOpportunityHistory_NewCrmBoardColumn", "1002", [1002]),
    ],
)
def test_a_history_is_found_by_its_times_and_stages(
    sim: Simulator, client: Client, ident: int, name: str, value: str, stages: list[int]
) -> None:
    for stage_id, at in ((1002, TEN), (1004, ELEVEN)):
        client.post(f"/_sim/opportunities/{ident}", {"stage_id": stage_id, "at": at})

    assert [row["NewCrmBoardColumnId"] for row in client.records(HISTORY, **{name: value})] == stages


def test_a_history_is_shown_to_those_who_may_see_it(sim: Simulator, client: Client, ident: int) -> None:
    sim.settings(denied=["CrmOpportunityHistory-List"])

    assert client.get(HISTORY).status_code == 401


def test_a_change_is_found_by_its_date(sim: Simulator, client: Client, ident: int) -> None:
    other = client.add_opportunity(client.add_coworker("bob@example.com"))
    with sim.world.lock:
        sim.world.tables["CrmOpportunity"].rows[other]["UpdatedOn"] = "2020-01-01T00:00:00Z"

    sim.change_opportunity(ident, value=500)

    assert client.ids(OPPORTUNITIES, from_CrmOpportunity_UpdatedOn="2021-01-01T00:00") == [ident]


def test_a_deleted_one_is_gone(sim: Simulator, client: Client, ident: int) -> None:
    client.post(f"/_sim/opportunities/{ident}", {"delete": True})

    assert client.get(f"{OPPORTUNITIES}/{ident}").status_code == 404
    assert client.post(f"/_sim/opportunities/{ident}", {"status": "won"}).status_code == 404


def test_what_is_not_known_is_named(sim: Simulator, client: Client, ident: int) -> None:
    answer = client.post(f"/_sim/opportunities/{ident}", {"status": "sold", "colour": "red"})

    assert answer.status_code == 400
    assert "colour" in answer.text
    with pytest.raises(ControlProblems, match="sold"):
        sim.change_opportunity(ident, status="sold")
    with pytest.raises(ControlProblems, match="yesterday"):
        sim.change_opportunity(ident, status="won", at="yesterday")


def test_a_stage_that_is_not_there_is_refused_as_the_api_does(sim: Simulator, client: Client, ident: int) -> None:
    answer = client.post(f"/_sim/opportunities/{ident}", {"stage_id": 9999})

    assert answer.status_code == 400
    assert client.get(f"{OPPORTUNITIES}/{ident}").json()["CrmBoardColumnId"] == 1001
