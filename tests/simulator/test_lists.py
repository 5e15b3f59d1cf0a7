"""Lists: filters, ranges, pages, and what their rows leave out."""

from typing import Any

import pytest

from service.simulator.server import Simulator
from tests.simulator.client import COWORKERS, OPPORTUNITIES, Client

ENVELOPE = {
    "Records",
    "CurrentPage",
    "CurrentPageSize",
    "CurrentOrderField",
    "CurrentSortDirection",
    "FirstItem",
    "LastItem",
    "TotalItems",
    "TotalPages",
    "HasNextPage",
    "HasPreviousPage",
}


def test_a_list_has_the_whole_envelope(sim: Simulator, client: Client) -> None:
    assert set(client.get(COWORKERS).json()) == ENVELOPE


def test_an_email_matches_exactly_and_in_any_case(sim: Simulator, client: Client) -> None:
    ident = sim.add_coworker("Ada+tour@Example.com")["Id"]
    sim.add_coworker("da+tour@example.com")

    assert client.ids(COWORKERS, Coworker_Email="ada+TOUR@example.com") == [ident]
    assert client.ids(COWORKERS, Coworker_Email="@example.com") == []


def test_a_plus_that_is_not_encoded_finds_no_contact(sim: Simulator, client: Client) -> None:
    sim.add_coworker("ada+tour@example.com")

    assert client.get(f"{COWORKERS}?Coworker_Email=ada+tour@example.com").json()["TotalItems"] == 0


def test_customers_may_share_an_email(sim: Simulator, client: Client) -> None:
    idents = [sim.add_coworker("team@example.com")["Id"] for _ in range(2)]

    assert client.ids(COWORKERS, Coworker_Email="team@example.com") == idents


@pytest.mark.parametrize("name", ["coworker_email", "COWORKER_EMAIL", "Coworker_Email"])
def test_filter_names_are_read_in_any_case(sim: Simulator, client: Client, name: str) -> None:
    ident = sim.add_coworker("ada@example.com")["Id"]
    sim.add_coworker("bob@example.com")

    assert client.ids(COWORKERS, **{name: "ada@example.com"}) == [ident]


@pytest.mark.parametrize(
    "query",
    [
        pytest.param({"Coworker_Mail": "ada@example.com"}, id="a misspelt filter"),
        pytest.param({"Email": "ada@example.com"}, id="a filter without its entity"),
        pytest.param({"Coworker_Email": ""}, id="an empty value"),
        pytest.param({"Coworker_CoworkerType": "person"}, id="a value that is no number"),
        pytest.param({"PageSize": "1", "PageNumber": "2"}, id="paging by other names"),
    ],
)
def test_what_is_not_understood_is_ignored(sim: Simulator, client: Client, query: dict[str, str]) -> None:
    sim.add_coworker("ada@example.com")
    sim.add_coworker("bob@example.com")

    assert len(client.records(COWORKERS, **query)) == 2


def test_an_ignored_filter_can_be_seen_in_the_state(sim: Simulator, client: Client) -> None:
    client.get(COWORKERS, Coworker_Mail="ada@example.com")

    assert client.get("/_sim/state").json()["ignored"] == {"Coworker_Mail": 1}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("CrmOpportunity_Coworker", "{coworker}"),
        ("CrmOpportunity_CrmBoardColumn", "2001"),
        ("CrmOpportunity_OpportunityType", "7"),
        ("CrmOpportunity_SystemId", "mark-1"),
        ("CrmOpportunity_Name", "ada"),
        ("CrmOpportunity_LeadSource", "19"),
        ("CrmOpportunity_UtmCampaign", "Autumn"),
        ("CrmOpportunity_Coworker_Email", "ada@example.com"),
        ("CrmOpportunity_CrmBoardColumn_CrmBoard_Id", "11"),
        ("CrmOpportunity_CrmBoardColumn_CrmBoard_Business_Id", "56"),
    ],
)
def test_opportunities_are_filtered_by(sim: Simulator, client: Client, name: str, value: str) -> None:
    fields = {"Name": "Ada", "LeadSource": 19, "UtmCampaign": "autumn", "SystemId": "mark-1", "OpportunityTypeId": 7}
    ada, bob = sim.add_coworker("ada@example.com")["Id"], sim.add_coworker("bob@example.com")["Id"]
    ident = client.add_opportunity(ada, CrmBoardColumnId=2001, **fields)
    client.add_opportunity(bob, Name="Bob")

    assert client.ids(OPPORTUNITIES, **{name: value.format(coworker=ada)}) == [ident]


def test_filters_narrow_together(sim: Simulator, client: Client) -> None:
    ada = sim.add_coworker("ada@example.com")["Id"]
    client.add_opportunity(ada, LeadSource=1)
    ident = client.add_opportunity(ada, LeadSource=19)

    assert client.ids(OPPORTUNITIES, CrmOpportunity_Coworker=ada, CrmOpportunity_LeadSource=19) == [ident]


@pytest.mark.parametrize(
    ("query", "is_listed"),
    [
        ({"from_CrmOpportunity_DueDate": "2026-05-04T10:30"}, True),
        ({"to_CrmOpportunity_DueDate": "2026-05-04T10:30"}, True),
        ({"from_CrmOpportunity_DueDate": "2026-05-04T10:31"}, False),
        ({"to_CrmOpportunity_DueDate": "2026-05-04T10:29"}, False),
        ({"from_crmopportunity_value": "99.5"}, True),
        ({"to_CrmOpportunity_Value": "99"}, False),
        (
            {"from_CrmOpportunity_CreatedOn": "2020-01-01T00:00", "to_CrmOpportunity_CreatedOn": "2120-01-01T00:00"},
            True,
        ),
    ],
)
def test_ranges_include_their_ends(sim: Simulator, client: Client, query: dict[str, str], is_listed: bool) -> None:
    ada = sim.add_coworker("ada@example.com")["Id"]
    client.add_opportunity(ada, DueDate="2026-05-04T10:30:00Z", Value=99.5)

    assert len(client.records(OPPORTUNITIES, **query)) == is_listed


def test_pages_follow_each_other_and_end(sim: Simulator, client: Client) -> None:
    idents = [sim.add_coworker(f"{number}@example.com")["Id"] for number in range(5)]

    pages = [client.get(COWORKERS, page=page, size=2).json() for page in (1, 2, 3)]

    assert [[record["Id"] for record in page["Records"]] for page in pages] == [idents[:2], idents[2:4], idents[4:]]
    assert [page["HasNextPage"] for page in pages] == [True, True, False]
    assert (pages[2]["TotalPages"], pages[2]["TotalItems"], pages[2]["FirstItem"], pages[2]["LastItem"]) == (3, 5, 5, 5)


def test_a_page_has_25_rows_unless_asked(sim: Simulator, client: Client) -> None:
    for number in range(30):
        sim.add_coworker(f"{number}@example.com")

    assert len(client.records(COWORKERS)) == 25


@pytest.mark.parametrize("query", [{"id": "[5001,5003]"}, {"Id": "[5003, 5001]"}])
def test_a_batch_is_asked_for_by_ids(sim: Simulator, client: Client, query: dict[str, str]) -> None:
    for number in range(3):
        sim.add_coworker(f"{number}@example.com")

    assert client.ids(COWORKERS, **query) == [5001, 5003]


def test_a_record_is_found_by_its_unique_id(sim: Simulator, client: Client) -> None:
    sim.add_coworker("bob@example.com")
    record = sim.add_coworker("ada@example.com")

    assert client.ids(COWORKERS, UniqueId=record["UniqueId"]) == [record["Id"]]


def test_rows_of_customers_leave_out_what_only_the_record_shows(sim: Simulator, client: Client) -> None:
    ident = sim.add_coworker("ada@example.com", MobilePhone="+44 20", CompanyName="Engines", Notes="n")["Id"]

    row, record = client.records(COWORKERS)[0], client.get(f"{COWORKERS}/{ident}").json()

    assert not {"Businesses", "Teams", "MobilePhone", "CompanyName", "Notes", "Custom1"} & set(row)
    assert (record["Businesses"], record["MobilePhone"], record["CompanyName"]) == ([55], "+44 20", "Engines")


def test_one_record_comes_bare(sim: Simulator, client: Client) -> None:
    ada = sim.add_coworker("ada@example.com")["Id"]
    ident = client.add_opportunity(ada, Value=12.5)

    record = client.get(f"{OPPORTUNITIES}/{ident}").json()

    assert (record["Id"], record["Value"]) == (ident, 12.5)
    assert "WasSuccessful" not in record


@pytest.mark.parametrize("path", [f"{COWORKERS}/1", "/api/crm/nothing", "/api/spaces/coworkers/x"])
def test_what_is_not_there_is_a_json_string(sim: Simulator, client: Client, path: str) -> None:
    answer = client.get(path)

    assert (answer.status_code, answer.json()) == (404, "Not found")


def test_rows_come_in_the_order_asked_for(sim: Simulator, client: Client) -> None:
    for name in ("Bea", "Cid", "Ann"):
        sim.add_coworker(f"{name}@example.com", name)

    def names(**query: Any) -> list[str]:
        return [record["FullName"] for record in client.records(COWORKERS, **query)]

    assert names(orderBy="FullName") == ["Ann", "Bea", "Cid"]
    assert names(orderBy="FullName", dir="Descending") == ["Cid", "Bea", "Ann"]


def test_a_new_record_may_lag_behind_in_lists(sim: Simulator, client: Client) -> None:
    sim.settings(search_lag_s=3600)
    ident = client.add_coworker("ada@example.com")

    assert client.ids(COWORKERS, Coworker_Email="ada@example.com") == []
    assert client.get(f"{COWORKERS}/{ident}").status_code == 200


@pytest.mark.parametrize(
    ("setting", "shown", "expected_count"),
    [
        pytest.param({}, "mark-2", 1, id="kept and filtered by"),
        pytest.param({"systemid_round_trips": False}, None, 0, id="forgotten"),
        pytest.param({"systemid_filters": False}, "mark-2", 2, id="kept, but the filter is ignored"),
    ],
)
def test_a_system_id_may_be_kept_or_not(
    sim: Simulator, client: Client, setting: dict[str, bool], shown: str | None, expected_count: int
) -> None:
    sim.settings(**setting)
    ada = sim.add_coworker("ada@example.com")["Id"]
    client.add_opportunity(ada, SystemId="mark-1")
    ident = client.add_opportunity(ada, SystemId="mark-2")

    assert client.get(f"{OPPORTUNITIES}/{ident}").json()["SystemId"] == shown
    assert len(client.records(OPPORTUNITIES, CrmOpportunity_SystemId="mark-2")) == expected_count


def test_rows_of_opportunities_may_lack_notes(sim: Simulator, client: Client) -> None:
    sim.settings(notes_in_lists=False)
    ident = client.add_opportunity(sim.add_coworker("ada@example.com")["Id"], Notes="hello")

    assert "Notes" not in client.records(OPPORTUNITIES)[0]
    assert client.get(f"{OPPORTUNITIES}/{ident}").json()["Notes"] == "hello"
