"""The operator's set-up as a configuration check reads it, and roles."""

import pytest

from service.simulator.server import Simulator
from tests.simulator.client import COWORKERS, OPPORTUNITIES, Client, coworker_body, opportunity_body
from tests.tables import each_row

COLUMNS = "/api/crm/crmboardcolumns"
FLAGS = {"DeleteAccount", "DeactivateAccount", "ActivateAccount", "WinOpportunity", "LoseOpportunity", "ConfirmTour"}
FLAGS |= {"CannedResponseId", "TaskListId", "TourRequests", "ToursConfirmed", "TourCompleted", "SignUps", "Bookings"}
FLAGS |= {"ContactMessages", "EventRegistrations", "EventCheckins", "ProductPurchased", "Cancellations"}
FLAGS |= {"ProposalsSent", "ProposalsAccepted", "DocumentsSigned", "ResourceBooked", "UseTaskListAsResponsible"}


@each_row(
    ("path", "query", "expected"),
    [
        ("/api/sys/businesses", {}, [55, 56, 57]),
        ("/api/sys/businesses", {"Business_Name": "harbour desk quay works"}, [56]),
        ("/api/crm/crmboards", {"CrmBoard_Business": "55"}, [10, 13]),
        ("/api/crm/crmboards", {"CrmBoard_Archived": "true"}, [13]),
        (COLUMNS, {"CrmBoardColumn_CrmBoard": "10", "CrmBoardColumn_Name": "New enquiry"}, [1001]),
        (COLUMNS, {"CrmBoardColumn_CrmBoard_Business_Id": "56", "CrmBoardColumn_Position": "0"}, [2001]),
        ("/api/crm/opportunitytypes", {"OpportunityType_Business": "55"}, [7, 8]),
        ("/api/sys/users", {"User_Email": "olive@harbourdesk.example"}, [901]),
        ("/api/sys/countries", {"Country_TwoDigitsCode": "gb"}, [1]),
        ("/api/sys/simpletimezones", {"SimpleTimeZone_Name": "GMT Standard Time"}, [2]),
        ("/api/spaces/teams", {"Team_Business": "56"}, [71]),
        ("/api/crm/customfields", {}, []),
    ],
)
def test_the_set_up_is_listed(
    sim: Simulator, client: Client, path: str, query: dict[str, str], expected: list[int]
) -> None:
    assert client.ids(path, **query) == expected


def test_a_stage_shows_all_its_flags(sim: Simulator, client: Client) -> None:
    stages = client.records(COLUMNS, CrmBoardColumn_CrmBoard=10)

    assert all(set(stage) >= FLAGS for stage in stages)
    assert [stage["Id"] for stage in stages if stage["DeleteAccount"]] == [1009]


def test_lists_may_leave_flags_out(sim: Simulator, client: Client) -> None:
    sim.settings(list_flags="absent")

    assert not any(FLAGS & set(stage) for stage in client.records(COLUMNS))
    assert client.get(f"{COLUMNS}/1009").json()["DeleteAccount"] is True


def test_lists_may_show_every_flag_as_false(sim: Simulator, client: Client) -> None:
    sim.settings(list_flags="false")

    stages = {stage["Id"]: stage for stage in client.records(COLUMNS)}

    assert not any(stage[flag] for stage in stages.values() for flag in FLAGS)
    assert client.get(f"{COLUMNS}/1009").json()["DeleteAccount"] is True


def test_the_first_stages_do_nothing_by_themselves(sim: Simulator, client: Client) -> None:
    for ident in (1001, 1002, 2001, 3001):
        stage = client.get(f"{COLUMNS}/{ident}").json()
        assert not any(stage[flag] for flag in FLAGS), ident


def test_there_are_countries_and_zones_enough(sim: Simulator, client: Client) -> None:
    countries = client.records("/api/sys/countries", size=100)

    assert len({country["TwoDigitsCode"] for country in countries}) >= 25
    assert client.get("/api/sys/simpletimezones").json()["TotalItems"] >= 20


def test_the_login_shows_who_it_is_without_its_secrets(sim: Simulator, client: Client) -> None:
    me = client.get("/api/auth/me").json()

    assert (me["Email"], me["APIAccess"], me["Businesses"]) == ("simulator@leadcapture.example", True, [55, 56, 57])
    assert not {"Password", "AccessToken", "TwoFactorSecret"} & set(me)


def test_users_carry_credentials_that_a_client_must_not_keep(sim: Simulator, client: Client) -> None:
    assert {"Password", "AccessToken", "TwoFactorSecret"} <= set(client.records("/api/sys/users")[0])


def test_lists_of_users_do_not_tell_their_locations(sim: Simulator, client: Client) -> None:
    assert "Businesses" not in client.records("/api/sys/users")[1]
    assert client.get("/api/sys/users/902").json()["Businesses"] == [56]


def test_the_login_s_bundle_of_roles_holds_what_it_may_do(sim: Simulator, client: Client) -> None:
    sim.settings(denied=["Coworker-Create"])

    [bundle] = client.get("/api/auth/me").json()["UserRoles"]
    held = client.get(f"/api/security/userroles/{bundle}").json()["Roles"]

    names = [role["Name"] for role in client.records("/api/security/roles", size=1000) if role["Id"] in held]
    assert "CrmOpportunity-Create" in names
    assert "Coworker-Create" not in names


def test_opportunities_that_were_there_before_count(sim: Simulator, client: Client) -> None:
    sim.settings(cap=3)
    sim.add_opportunities(3, days_old=40)
    person = client.add_coworker()

    refused = client.post(OPPORTUNITIES, opportunity_body(person))

    assert refused.status_code == 400
    young = client.get(OPPORTUNITIES, from_CrmOpportunity_CreatedOn="2999-01-01T00:00").json()
    old = client.get(OPPORTUNITIES, CrmOpportunity_CrmBoardColumn_CrmBoard_Business_Id=55).json()
    assert (young["TotalItems"], old["TotalItems"]) == (0, 3)


def test_enums_are_listed_by_name(sim: Simulator, client: Client) -> None:
    sources = client.get("/api/utils/enums", name="eCrmOpportunitySource").json()

    assert {"Id": 19, "Name": "GoogleSearch"} in sources
    assert 3 not in [source["Id"] for source in sources]
    assert client.get("/api/utils/enums", name="eNothing").status_code == 404


@pytest.mark.parametrize(
    ("role", "method", "path", "denied"),
    [
        ("Coworker-List", "GET", COWORKERS, True),
        ("Coworker-Read", "GET", COWORKERS, False),
        ("Coworker-Read", "GET", f"{COWORKERS}/5001", True),
        ("Coworker-Read", "GET", f"{COWORKERS}?id=[5001]", True),
        ("Coworker-Create", "POST", COWORKERS, True),
        ("Coworker-Edit", "PUT", COWORKERS, True),
        ("CrmOpportunity-Delete", "DELETE", f"{OPPORTUNITIES}/1", True),
        ("CrmBoard*", "GET", COLUMNS, True),
        ("Crm*", "GET", COWORKERS, False),
        ("*", "GET", "/api/auth/me", True),
        ("Coworker-*", "GET", "/api/auth/me", False),
    ],
)
def test_a_missing_role_is_access_denied(
    sim: Simulator, client: Client, role: str, method: str, path: str, denied: bool
) -> None:
    sim.settings(denied=[role])

    answer = client.session.request(method, sim.url + path, json={}, timeout=10)

    assert (answer.status_code == 401) == denied
    assert not denied or answer.text == "Access Denied"


@pytest.mark.parametrize("method", ["POST", "PUT"])
def test_the_set_up_is_not_for_a_service_user_to_change(sim: Simulator, client: Client, method: str) -> None:
    answer = client.session.request(method, f"{sim.url}/api/crm/crmboards", json={"Name": "x"}, timeout=10)

    assert answer.status_code == 401


def test_a_changed_set_up_lasts_until_reset(sim: Simulator, client: Client) -> None:
    client.post(COWORKERS, coworker_body())
    sim.settings(username="other@harbourdesk.example", limits="1/h")

    sim.reset()

    assert client.get("/api/auth/me").json()["Email"] == "simulator@leadcapture.example"
    assert client.get(COWORKERS).json()["TotalItems"] == 0
