"""People move, win, lose and delete opportunities, by the API and by the board page."""

import pytest

from service.simulator.server import Simulator
from service.simulator.settings import Problems
from tests.simulator.client import OPPORTUNITIES, Client

HISTORY = "/api/crm/crmopportunityhistories"


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
    client.post(f"/_sim/opportunities/{ident}", {"stage_id": 1002})

    past = client.records(HISTORY, CrmOpportunityHistory_CrmOpportunity=ident)
    assert [(move["OldCrmBoardColumnId"], move["NewCrmBoardColumnId"]) for move in past] == [(None, 1001), (1001, 1002)]


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
    with pytest.raises(Problems, match="sold"):
        sim.change_opportunity(ident, status="sold")


def test_a_stage_that_is_not_there_is_refused_as_the_api_does(sim: Simulator, client: Client, ident: int) -> None:
    answer = client.post(f"/_sim/opportunities/{ident}", {"stage_id": 9999})

    assert answer.status_code == 400
    assert client.get(f"{OPPORTUNITIES}/{ident}").json()["CrmBoardColumnId"] == 1001
