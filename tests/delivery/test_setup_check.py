"""What a set-up names is checked against the CRM: it exists, belongs together, and does no harm."""

from dataclasses import replace
from typing import Any

import pytest

from service.delivery.behaviour import Behaviour
from service.delivery.setup_check.job import examine
from service.delivery.setup_check.problem import SetupProblem
from service.forms import ContactRule, Destination, Form, Route
from service.nexudus.boards import DANGERS, FILLS, WARNINGS
from service.nexudus.client import Nexudus
from service.nexudus.tokens import Login
from service.simulator.server import Simulator
from tests.builders import a_form

LOOKED_UP = ContactRule()


@pytest.fixture
def client(nexudus: Simulator) -> Nexudus:
    """A client of the simulator."""
    return Nexudus(nexudus.url, Login("simulator@leadcapture.example", "simulator"), timeout_s=2)


def going(contact: ContactRule | None = None, **destination: Any) -> Form:
    """A form with this destination, in the first stage unless it says otherwise; its contacts are looked up."""
    if not {"board", "stage"} & destination.keys():
        destination = {"stage_id": 1001, **destination}
    return a_form("tour", destination=Destination(**destination), contact=contact or LOOKED_UP)


def problems_of(client: Nexudus, *forms: Form) -> list[tuple[str, str]]:
    """Level and sentence of everything that is wrong."""
    return [(problem.level, problem.sentence) for problem in examine(client, forms)]


def the_one(client: Nexudus, form: Form) -> SetupProblem:
    """The only thing that is wrong."""
    (problem,) = examine(client, [form])
    return problem


def change(nexudus: Simulator, kind: str, ident: int, **fields: object) -> None:
    """As an operator changes their set-up."""
    nexudus.world.tables[kind].rows[ident].update(fields)


RIGHT = [
    pytest.param(a_form(), id="all by id"),
    pytest.param(going(), id="a stage alone"),
    pytest.param(going(board="Quay sales", stage="New enquiry"), id="board and stage by name"),
    pytest.param(a_form(destination=Destination(), contact=LOOKED_UP), id="nothing"),
    pytest.param(going(opportunity_type_id=7, responsible_id=901, team_id=70), id="with what belongs to it"),
    pytest.param(going(ContactRule(extra={"Gender": 5}), extra={"BusinessId": 55}), id="with additions"),
]


@pytest.mark.parametrize("form", RIGHT)
def test_a_sound_set_up_has_no_findings(client: Nexudus, form: Form) -> None:
    assert problems_of(client, form) == []


# -- stages


@pytest.mark.parametrize("flag", DANGERS)
def test_a_stage_that_does_harm_is_an_error_under_its_own_cause(client: Nexudus, nexudus: Simulator, flag: str) -> None:
    change(nexudus, "CrmBoardColumn", 1001, **{flag: True})

    problem = the_one(client, a_form())

    assert (problem.level, problem.check, problem.causes) == ("error", "stage", ("stage:default:1001",))
    assert problem.problem == f"stage 1001 (New enquiry) {DANGERS[flag]}"


@pytest.mark.parametrize("flag", sorted(WARNINGS.keys() - FILLS))
def test_a_stage_that_acts_is_a_warning(client: Nexudus, nexudus: Simulator, flag: str) -> None:
    change(nexudus, "CrmBoardColumn", 1001, **{flag: 31 if flag.endswith("Id") else True})

    problem = the_one(client, a_form())

    assert (problem.level, problem.causes) == ("warning", ())
    assert problem.problem == f"stage 1001 (New enquiry) {WARNINGS[flag]}"


@pytest.mark.parametrize("flag", sorted(FILLS))
def test_a_stage_that_fills_itself_may_count_people_twice(client: Nexudus, nexudus: Simulator, flag: str) -> None:
    change(nexudus, "CrmBoardColumn", 1001, **{flag: True})

    problem = the_one(client, a_form())

    assert problem.level == "warning"
    assert "counted twice" in problem.remedy


def test_a_stage_that_hides_what_it_does_is_said_to_be_unchecked(client: Nexudus, nexudus: Simulator) -> None:
    del nexudus.world.tables["CrmBoardColumn"].rows[1001]["DeleteAccount"]

    problem = the_one(client, a_form())

    assert (problem.level, problem.skipped) == ("warning", True)
    assert problem.problem.startswith("could not check what stage 1001 (New enquiry) does on arrival")


@pytest.mark.parametrize("lists", ["absent", "false"])
@pytest.mark.parametrize("named", [{"stage_id": 1009}, {"board": "Sales", "stage": "Clean up"}], ids=["id", "name"])
def test_a_list_that_hides_what_a_stage_does_makes_it_no_safer(
    client: Nexudus, nexudus: Simulator, lists: str, named: dict[str, Any]
) -> None:
    nexudus.settings(list_flags=lists)

    assert the_one(client, going(**named)).problem == "stage 1009 (Clean up) deletes the customer"


def test_only_stages_that_leads_enter_are_read_by_id(client: Nexudus, nexudus: Simulator) -> None:
    examine(client, [going(), going(board="Quay sales")])

    read = [call.path for call in nexudus.calls("GET") if call.path.startswith("/api/crm/crmboardcolumns/")]
    assert read == ["/api/crm/crmboardcolumns/1001", "/api/crm/crmboardcolumns/2001"]


def test_where_no_stage_shows_that_it_is_safe_one_must_be_named(client: Nexudus, nexudus: Simulator) -> None:
    for row in nexudus.world.tables["CrmBoardColumn"].rows.values():
        del row["DeleteAccount"]

    problem = the_one(client, going(board="Sales"))

    assert (problem.level, problem.check) == ("error", "stage")
    assert problem.sentence.endswith("is safe: write stage_id of a safe one")


def test_a_name_cannot_break_out_of_its_line(client: Nexudus, nexudus: Simulator) -> None:
    change(nexudus, "CrmBoardColumn", 1001, Name="New\nenquiry\x1b[31m", DeleteAccount=True)

    assert "\n" not in the_one(client, a_form()).sentence
    assert "\x1b" not in the_one(client, a_form()).sentence


# -- what is named


WRONG = [
    pytest.param(going(stage_id=4711), "stage", "no stage 4711 on a live board: correct stage_id", id="stage"),
    pytest.param(going(stage_id=4001), "stage", "is on the archived board 'Sales 2024'", id="archived"),
    pytest.param(going(board="Rome"), "stage", "no live board 'Rome': correct board", id="board"),
    pytest.param(going(stage="New enquiry"), "stage", "more than one stage 'New enquiry'", id="ambiguous"),
    pytest.param(going(opportunity_type_id=99), "type", "no opportunity type 99: correct", id="type"),
    pytest.param(
        going(opportunity_type_id=17), "type", "type 17 is of location 56, stage 1001 of 55", id="type elsewhere"
    ),
    pytest.param(going(responsible_id=99), "owner", "no user 99: correct responsible_id", id="owner"),
    pytest.param(going(responsible_id=903), "owner", "user 903 is not active", id="owner who left"),
    pytest.param(going(responsible_id=902), "owner", "user 902 has no access to location 55", id="owner elsewhere"),
    pytest.param(going(team_id=99), "team", "no team 99: correct team_id", id="team"),
    pytest.param(going(team_id=71), "team", "team 71 is of location 56", id="team elsewhere"),
    pytest.param(going(referrer_id=99), "referrer", "no customer 99: correct referrer_id", id="referrer"),
    pytest.param(going(agent_id=99), "agent", "no customer 99: correct agent_id", id="agent"),
    pytest.param(going(ContactRule(country_id=999)), "country", "no country 999: correct", id="country"),
    pytest.param(going(ContactRule(time_zone_id=999)), "time_zone", "no time zone 999: correct", id="time zone"),
    pytest.param(going(extra={"wonon": "x"}), "extra", "WonOn".lower(), id="an addition that is never sent"),
]  # fmt: skip


@pytest.mark.parametrize(("form", "check", "expected"), WRONG)
def test_what_does_not_fit_is_one_error_that_says_what_to_write(
    client: Nexudus, form: Form, check: str, expected: str
) -> None:
    problem = the_one(client, form)

    assert (problem.level, problem.check) == ("error", check)
    assert expected in problem.sentence
    assert problem.causes == (f"setup:default:tour:{check}",)


def test_an_owner_who_is_no_admin_is_an_error(client: Nexudus, nexudus: Simulator) -> None:
    change(nexudus, "User", 901, IsAdmin=False)

    assert the_one(client, going(responsible_id=901)).problem == "user 901 is not an admin"


def test_a_name_that_two_boards_have_is_an_error(client: Nexudus, nexudus: Simulator) -> None:
    change(nexudus, "CrmBoard", 12, Name="Sales")

    assert "more than one board 'Sales'" in the_one(client, going(board="Sales")).problem


def test_a_contact_of_another_location_than_the_stage_s_is_a_warning(client: Nexudus) -> None:
    problem = the_one(client, going(ContactRule(business_id=56)))

    assert (problem.level, problem.check) == ("warning", "location")
    assert problem.remedy.startswith("write contact.business_id = 55")


def test_a_location_that_the_service_user_does_not_reach_is_an_error(client: Nexudus, nexudus: Simulator) -> None:
    change(nexudus, "User", 900, Businesses=[56, 57])

    assert the_one(client, going()).problem == "the service user has no access to location 55"


def test_a_location_that_does_not_exist_is_an_error(client: Nexudus, nexudus: Simulator) -> None:
    change(nexudus, "User", 900, Businesses=[55, 99])

    problems = problems_of(client, going(ContactRule(business_id=99)))

    assert ("error", "form tour: Nexudus shows no location 99: correct contact.business_id") in problems


def test_a_location_without_country_or_zone_is_an_error_only_where_the_form_leaves_it_out(
    client: Nexudus, nexudus: Simulator
) -> None:
    change(nexudus, "Business", 55, CountryId=None)

    assert "has no country" in the_one(client, going()).problem
    assert problems_of(client, a_form()) == []


def test_a_record_that_no_location_shows_is_not_held_against_it(client: Nexudus, nexudus: Simulator) -> None:
    change(nexudus, "OpportunityType", 7, BusinessId=None)

    assert problems_of(client, going(opportunity_type_id=7)) == []


TEMPLATE = "has a template for notes, which may replace the enquiry's text and this service's marker"


def test_a_type_with_a_template_for_notes_is_a_warning_without_an_alert(client: Nexudus) -> None:
    problem = the_one(client, going(opportunity_type_id=8))

    assert (problem.level, problem.check, problem.causes) == ("warning", "type", ())
    assert problem.problem == f"opportunity type 8 (Private office) {TEMPLATE}"
    assert problem.remedy.startswith("empty the template in Nexudus, or leave opportunity_type_id out")


def test_a_template_of_a_route_s_type_is_a_warning_though_lists_hide_it(client: Nexudus, nexudus: Simulator) -> None:
    change(nexudus, "OpportunityType", 7, NotesTemplate=None)
    hiding = {"Records": [{"Id": 8, "Name": "Private office", "BusinessId": 55}], "TotalPages": 1}
    nexudus.faults([{"path": "/api/crm/opportunitytypes$", "body": hiding}])
    form = replace(going(), routes=(Route({"location": "x"}, going(opportunity_type_id=8)),))

    assert the_one(client, form).sentence.startswith(
        f"form tour, route 1: opportunity type 8 (Private office) {TEMPLATE}"
    )


@pytest.mark.parametrize(("fate", "number"), [("kept", 0), ("changed", 1), ("lost", 1)])
def test_what_is_known_of_a_template_is_said(client: Nexudus, fate: str, number: int) -> None:
    problems = examine(client, [going(opportunity_type_id=8)], behaviour=Behaviour({"notes:8": fate}))

    matches = [problem for problem in problems if problem.check == "type"]
    assert len(matches) == number
    assert all("replaces" in problem.problem and "--live" not in problem.remedy for problem in matches)


# -- forms and routes


def test_a_route_is_checked_as_a_form_of_its_own(client: Nexudus) -> None:
    form = replace(going(), routes=(Route({"location": "x"}, going(stage_id=1008)),))

    assert problems_of(client, form)[0][1].startswith(
        "form tour, route 1: stage 1008 (Won) marks the opportunity as won"
    )


def test_what_a_route_has_from_its_form_is_told_once(client: Nexudus) -> None:
    form = replace(going(team_id=99), routes=(Route({"location": "x"}, going(team_id=99)),))

    assert the_one(client, form).subject == "form tour"


def test_forms_that_share_a_problem_share_a_line(client: Nexudus) -> None:
    forms = [replace(going(stage_id=1009), name=name) for name in ("a", "b")]

    (problem,) = examine(client, forms)

    assert problem.subject == "form a; form b"


def test_every_problem_is_told_at_once_errors_first(client: Nexudus) -> None:
    form = going(stage_id=1009, opportunity_type_id=99, responsible_id=98, contact=ContactRule(business_id=56))

    problems = examine(client, [form])

    assert [problem.level for problem in problems] == ["error", "error", "error", "warning"]


def test_forms_of_other_accounts_are_left_alone(client: Nexudus) -> None:
    assert problems_of(client, replace(going(stage_id=4711), account="harbour")) == []


def test_a_route_to_another_account_is_checked_there_only(client: Nexudus) -> None:
    elsewhere = replace(going(stage_id=4711), account="harbour")
    form = replace(going(), routes=(Route({"location": "x"}, elsewhere),))

    assert problems_of(client, form) == []
    assert len(examine(client, [form], "harbour")) == 1


# -- how full it is


@pytest.mark.parametrize(
    ("old", "young", "expected"),
    [
        pytest.param(4200, 300, "holds 4,500 of 5,000 opportunities, full in about 50 days", id="full in weeks"),
        pytest.param(4000, 990, "full in about 1 day at the pace of the last 30 days", id="full tomorrow"),
        pytest.param(4500, 0, "holds 4,500 of 5,000 opportunities, none of the last 30 days", id="at rest"),
    ],
)
def test_a_location_that_fills_up_is_a_warning_with_a_forecast(
    client: Nexudus, nexudus: Simulator, old: int, young: int, expected: str
) -> None:
    nexudus.add_opportunities(old, days_old=40)
    nexudus.add_opportunities(young, days_old=3)

    problem = the_one(client, a_form())

    assert (problem.level, problem.causes) == ("warning", ("cap:default:55",))
    assert expected in problem.problem


def test_one_below_is_fine_whatever_others_hold(client: Nexudus, nexudus: Simulator) -> None:
    nexudus.add_opportunities(4499)
    nexudus.add_opportunities(4600, stage_id=2001)

    assert problems_of(client, a_form()) == []


def test_a_full_location_is_an_error(client: Nexudus, nexudus: Simulator) -> None:
    nexudus.add_opportunities(5000)

    problem = the_one(client, a_form())

    assert (problem.level, problem.causes) == ("error", ("cap:default:55",))


def filters_ignored(total: int) -> dict[str, object]:
    """A list that answers every question with everything."""
    return {"path": "/api/crm/crmopportunities$", "times": None, "body": {"Records": [], "TotalItems": total}}


def test_a_filter_that_is_ignored_proves_nothing_but_an_upper_bound(client: Nexudus, nexudus: Simulator) -> None:
    nexudus.faults([filters_ignored(4600)])

    problem = the_one(client, a_form())

    assert (problem.level, problem.skipped, problem.causes) == ("warning", True, ())
    assert "could not count by location; all locations together hold 4,600" in problem.problem


def test_few_opportunities_in_all_are_few_at_each_location(client: Nexudus, nexudus: Simulator) -> None:
    nexudus.faults([filters_ignored(4499)])

    assert problems_of(client, a_form()) == []


# -- manners


def test_nothing_is_written_and_people_are_not_asked_for(client: Nexudus, nexudus: Simulator) -> None:
    examine(client, [going(responsible_id=901, team_id=70)])

    assert {call.method for call in nexudus.calls() if call.path != "/api/token"} == {"GET"}
    assert ("Coworker_Email", "nobody@example.invalid") in nexudus.calls("GET", "/api/spaces/coworkers")[0].query


def test_many_forms_cost_no_more_calls_than_one(client: Nexudus, nexudus: Simulator) -> None:
    examine(client, [a_form()])
    of_one = len(nexudus.calls())

    examine(client, [a_form(f"form-{number}") for number in range(40)])

    assert len(nexudus.calls()) - of_one <= of_one


def test_the_number_of_calls_is_bounded(client: Nexudus, nexudus: Simulator) -> None:
    problems = examine(client, [a_form(str(n), destination=Destination(1001, team_id=1000 + n)) for n in range(200)])

    assert len(nexudus.calls()) < 200
    assert "more than 150 records to read, so the rest was not checked" in [problem.problem for problem in problems]


# -- conversions


def test_conversions_that_name_what_there_is_have_no_findings(client: Nexudus) -> None:
    counted = {"received": "Lead", "toured": "Tour", "won": "Lead won", "lost": "Lead lost", "stage:won": "Signed"}

    assert problems_of(client, a_form(conversions=counted)) == []


@pytest.mark.parametrize("word", ["won", "lost"])
def test_a_word_that_is_also_a_stage_which_does_not_do_that_is_named(
    client: Nexudus, nexudus: Simulator, word: str
) -> None:
    for ident in (1007, 1008, 2007, 2008, 3007, 3008):
        change(nexudus, "CrmBoardColumn", ident, WinOpportunity=False, LoseOpportunity=False)

    problem = the_one(client, a_form(conversions={word: "Done", "toured": "Tour"}))

    assert problem.level == "warning"
    assert f"{word!r} of conversions means that the opportunity was {word}" in problem.problem
    assert problem.remedy == f'if you mean the stage, write "stage:{word}" instead'
    assert problems_of(client, a_form(conversions={word: "Done", f"stage:{word}": "Moved"})) == []


def test_a_conversion_of_a_stage_that_no_board_has_is_named(client: Nexudus) -> None:
    problem = the_one(client, a_form(conversions={"tourd": "Tour", "won": "Lead won"}))

    assert (problem.level, problem.problem) == (
        "warning",
        "conversions name 'tourd', but no board has a stage of that name",
    )


def test_stages_that_count_need_the_history(client: Nexudus, nexudus: Simulator) -> None:
    nexudus.settings(denied=["CrmOpportunityHistory-List"])

    problem = the_one(client, a_form(conversions={"toured": "Tour", "won": "Lead won"}))

    assert problem.remedy == "give the service user CrmOpportunityHistory-List"
    assert problems_of(client, a_form(conversions={"won": "Lead won"})) == []


def test_no_person_is_named(client: Nexudus, nexudus: Simulator) -> None:
    change(nexudus, "User", 901, Active=False)

    text = str(problems_of(client, going(responsible_id=901, referrer_id=99)))

    assert not any(secret in text for secret in ("Olive", "@", "keep-me-secret"))


def test_questions_come_one_by_one_where_deliveries_go_first(client: Nexudus) -> None:
    waits: list[float] = []

    examine(client, [a_form()], sleep=waits.append, tempo_s=0.5)

    assert len(waits) > 10
    assert set(waits) == {0.5}
