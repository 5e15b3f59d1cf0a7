"""Whether the service can sign in to an account, what it may do there, and what is reported if that does not show."""

import pytest

from service.delivery.context import DatabaseTokenStore
from service.delivery.pacing import Pacer
from service.delivery.setup_check.job import examine
from service.delivery.setup_check.problem import SetupProblem
from service.forms import ContactRule, Destination, Form
from service.nexudus.client import Nexudus
from service.nexudus.coworkers import PATH as COWORKERS
from service.nexudus.tokens import Login
from service.simulator.server import Simulator
from service.store import Pace, Store
from tests.builders import NOON, a_form

USERNAME = "simulator@leadcapture.example"
LOOKED_UP = a_form(destination=Destination(board="Sales"), contact=ContactRule())


def connect(nexudus: Simulator) -> Nexudus:
    """A client of the simulator."""
    return Nexudus(nexudus.url, Login(USERNAME, "simulator"), timeout_s=1)


def findings_of(nexudus: Simulator, form: Form | None = None) -> list[SetupProblem]:
    """What is wrong with the account of a form that is sound itself."""
    return examine(connect(nexudus), [form or a_form()])


# -- signing in


def test_a_wrong_password_is_the_one_error(nexudus: Simulator) -> None:
    client = Nexudus(nexudus.url, Login(USERNAME, "wrong"), timeout_s=2)

    (problem,) = examine(client, [a_form()])

    assert (problem.level, problem.check) == ("error", "credentials")
    assert "the sign-in is refused" in problem.problem
    assert "correct user name and password" in problem.remedy


def test_a_sign_in_that_was_refused_before_is_not_tried_again(nexudus: Simulator, store: Store) -> None:
    for number in range(3):
        token_store = DatabaseTokenStore(store, "default", str(number))
        client = Nexudus(nexudus.url, Login(USERNAME, "wrong"), token_store, "tests", timeout_s=2)
        (problem,) = examine(client, [a_form()])

    assert "was refused before, and is not tried again" in problem.problem
    assert len(nexudus.calls("POST", "/api/token")) == 1


def test_a_missing_second_factor_names_its_setting(nexudus: Simulator) -> None:
    nexudus.settings(totp="GEZDGNBVGY3TQOJQ")

    (problem,) = findings_of(nexudus)

    assert (problem.check, "NEXUDUS_TOTP_SECRET" in problem.remedy) == ("credentials", True)


def test_a_token_that_is_refused_everywhere_is_the_one_error(nexudus: Simulator) -> None:
    client = Nexudus(nexudus.url, Login(token="long-dead"), timeout_s=2)

    (problem,) = examine(client, [a_form()])

    assert (problem.level, problem.check) == ("error", "access")
    assert "refuses every call" in problem.problem


def test_a_crm_that_is_away_is_the_one_error_and_no_cause_for_an_alert(nexudus: Simulator) -> None:
    client = Nexudus("http://127.0.0.1:1", Login(token="simulator"), timeout_s=2)

    (problem,) = examine(client, [a_form()])

    assert (problem.level, problem.check, problem.causes) == ("error", "access", ())
    assert "check NEXUDUS_BASE_URL" in problem.remedy


@pytest.mark.parametrize(
    ("fields", "expected"), [({"APIAccess": False}, "no API access"), ({"Active": False}, "not active")]
)
def test_a_service_user_that_is_shut_out_is_an_error(
    nexudus: Simulator, fields: dict[str, bool], expected: str
) -> None:
    nexudus.world.tables["User"].rows[900].update(fields)

    (problem,) = findings_of(nexudus)

    assert (problem.level, expected in problem.problem) == ("error", True)


def test_a_host_that_does_not_say_who_signed_in_is_no_error(nexudus: Simulator) -> None:
    nexudus.faults([{"path": "/api/auth/me", "times": None, "status": 500}])

    assert {problem.level for problem in findings_of(nexudus)} == {"warning"}


def test_an_address_of_stages_that_is_not_there_is_no_wrong_stage_id(nexudus: Simulator) -> None:
    nexudus.faults([{"path": "/api/crm/crmboardcolumns", "times": None, "status": 404}])

    problems = findings_of(nexudus)

    assert {problem.level for problem in problems} == {"warning"}
    assert any("could not check the stages of the boards" in problem.problem for problem in problems)


def test_a_firewall_in_front_is_the_one_error_and_blames_neither_role_nor_password(nexudus: Simulator) -> None:
    nexudus.faults([{"path": "/api/", "times": None, "firewall": True}])

    (problem,) = findings_of(nexudus)

    assert (problem.level, problem.check, problem.causes) == ("error", "access", ())
    assert "something in front of Nexudus refused this request (HTTP 403 with a web page)" in problem.problem
    assert "check that this machine may reach Nexudus" in problem.remedy


def test_a_page_where_one_thing_is_asked_for_is_a_warning_that_blames_no_role(nexudus: Simulator) -> None:
    nexudus.faults([{"path": path, "times": None, "firewall": True} for path in (COWORKERS, "/api/sys/countries")])

    problems = findings_of(nexudus)

    assert {problem.level for problem in problems} == {"warning"}
    assert ["lacks" in problem.problem or "give the" in problem.remedy for problem in problems] == [False] * 3
    assert {"check that this machine may reach Nexudus" in problem.remedy for problem in problems} == {True}


def test_a_host_that_has_a_web_page_for_who_we_are_is_asked_for_users(nexudus: Simulator) -> None:
    nexudus.faults([{"path": "/api/auth/me", "times": None, "firewall": True, "status": 404}])

    assert "access" not in {problem.check for problem in findings_of(nexudus)}


# -- roles


@pytest.mark.parametrize(
    "role",
    [f"{kind}-{verb}" for kind in ("Coworker", "CrmOpportunity") for verb in ("List", "Read", "Create")],
)
def test_a_role_without_which_nothing_is_delivered_is_an_error(nexudus: Simulator, role: str) -> None:
    nexudus.settings(denied=[role])

    errors = [problem for problem in findings_of(nexudus) if problem.level == "error"]

    assert [f"lacks the role {role}" in problem.problem for problem in errors] == [True]
    assert errors[0].causes == ("setup:default:-:roles",)


def test_roles_for_creating_are_unchecked_where_they_do_not_show(nexudus: Simulator) -> None:
    nexudus.settings(denied=["UserRole-*"])

    (problem,) = findings_of(nexudus)

    assert problem.level == "warning"
    assert "could not check Coworker-Create and CrmOpportunity-Create" in problem.problem


def test_roles_that_do_not_explain_what_passes_prove_nothing(nexudus: Simulator) -> None:
    nexudus.world.tables["UserRole"].rows[1].update(Name="Sales-Read", Roles=[])

    (problem,) = findings_of(nexudus)

    assert (problem.level, problem.check) == ("warning", "roles")


@pytest.mark.parametrize(
    ("role", "expected"),
    [
        ("CrmBoard-List", "could not check the stages of the boards"),
        ("CrmBoardColumn-List", "could not check the stages of the boards"),
        ("CrmBoardColumn-Read", "could not check what stage 1001 (New enquiry) does on arrival"),
        ("Business-List", "could not check the locations"),
        ("OpportunityType-List", "could not check the opportunity types"),
        ("OpportunityType-Read", "could not check the template of opportunity type 7 (Tour)"),
        ("User-Read", "could not check user 901"),
        ("Team-Read", "could not check team 70"),
        ("Country-List", "could not check the countries"),
        ("SimpleTimeZone-List", "could not check the time zones"),
        ("CustomField-List", "could not check the custom fields"),
        ("CustomField-Read", "could not check every custom field"),
    ],
)
def test_a_role_that_only_checks_need_is_a_warning(nexudus: Simulator, role: str, expected: str) -> None:
    nexudus.settings(denied=[role])
    nexudus.world.tables["OpportunityType"].rows[7]["NotesTemplate"] = None
    nexudus.add_custom_field("Floor", required=False)
    form = a_form(destination=Destination(1001, opportunity_type_id=7, responsible_id=901, team_id=70))

    problems = findings_of(nexudus, form)

    assert {problem.level for problem in problems} == {"warning"}
    assert [expected in problem.problem for problem in problems] == [True]
    assert role in problems[0].remedy


@pytest.mark.parametrize("role", ["CrmBoard-List", "CrmBoardColumn-List", "CrmBoardColumn-Read", "Business-List"])
def test_the_same_is_an_error_where_deliveries_look_things_up(nexudus: Simulator, role: str) -> None:
    nexudus.settings(denied=[role])

    errors = [problem for problem in findings_of(nexudus, LOOKED_UP) if problem.level == "error"]

    assert len(errors) == 1


def test_a_stage_is_vetted_by_its_id_where_boards_may_not_be_listed(nexudus: Simulator) -> None:
    nexudus.settings(denied=["CrmBoard-List"])

    problems = [problem.problem for problem in findings_of(nexudus, a_form(destination=Destination(1009)))]

    assert "stage 1009 (Clean up) deletes the customer" in problems


def test_missing_roles_cost_no_sign_ins(nexudus: Simulator) -> None:
    nexudus.settings(denied=["Crm*", "Business-*", "Country-*"])

    findings_of(nexudus)

    assert len(nexudus.calls("POST", "/api/token")) == 1


# -- a CRM in trouble


def test_one_that_stops_answering_is_asked_no_more(nexudus: Simulator) -> None:
    nexudus.faults([{"path": "/api/crm", "times": None, "hang_s": 3}])

    problems = findings_of(nexudus)

    hung = [call for call in nexudus.calls() if call.fault]
    assert len(hung) == 2
    assert "Nexudus stopped answering, so the rest was not checked" in [problem.problem for problem in problems]


def test_being_told_to_wait_is_waited_for(nexudus: Simulator) -> None:
    nexudus.faults([{"path": "/api/crm", "times": 2, "status": 409, "headers": {"Retry-After": "1"}}])
    waits: list[float] = []

    problems = examine(connect(nexudus), [a_form()], sleep=waits.append)

    assert (problems, waits) == ([], [1.0, 1.0])


def test_being_told_to_wait_for_hours_is_not(nexudus: Simulator) -> None:
    nexudus.faults([{"path": "/api/sys", "times": None, "status": 429, "headers": {"Retry-After": "7200"}}])

    problems = findings_of(nexudus, LOOKED_UP)

    assert {(problem.level, problem.skipped) for problem in problems} == {("warning", True)}


def test_our_own_pace_is_kept_and_waited_for(nexudus: Simulator, store: Store) -> None:
    pacer = Pacer("default", [Pace(1, 60.0)], store, lambda: 0.0, lambda _: None)
    client = Nexudus(nexudus.url, Login(USERNAME, "simulator"), timeout_s=2, before_call=pacer.before_call)
    waits: list[float] = []

    examine(client, [a_form()], sleep=waits.append, now=NOON)

    assert len(waits) >= 3
    assert all(50 < wait_s < 75 for wait_s in waits)
