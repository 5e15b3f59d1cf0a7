"""What a route takes, and what it does not inherit where it leads to another Nexudus account."""

import re
from pathlib import Path
from typing import Any

import pytest

from service.forms import ContactRule, Destination
from service.forms.layers import ACCOUNT_KEYS_OF_CONTACT, ACCOUNT_KEYS_OF_FORM
from service.forms.schema import BARRED_IN_ROUTES, CONTACT_KEYS, ROUTE_KEYS
from tests.builders import a_submission
from tests.forms.texts import form_of, problems_of, setup_of
from tests.tables import each_row

PAGE = Path(__file__, "../../../docs/forms-file.md").resolve().read_text(encoding="utf-8")
HARBOUR = "[accounts.harbour]\ntoken = 't'\n"
BARRED = {
    "questions": '["floor"]',
    "titles": "{ de = 'Tour' }",
    "language": "'de'",
    "privacy_url": "'https://a.example'",
    "allowed_origins": "['https://a.example']",
    "honeypot": "'fax'",
    "captcha": "{ provider = 'turnstile', secret = 's' }",
    "retention_days": "1",
    "country": "'GB'",
    "report_to": "['mailto://a.example']",
    "silence_alarm": "false",
    "fields": "{ email = 'mail' }",
    "webhooks": "{ tally = {} }",
}


def routed(form: str, route: str) -> str:
    """A forms file of one form `tour` with a route for London."""
    return f"{HARBOUR}[forms.tour]\n{form}\n[[forms.tour.routes]]\nwhen = {{ location = 'london' }}\n{route}"


@each_row("key", BARRED_IN_ROUTES)
def test_a_key_that_a_route_cannot_carry_out_is_an_error_at_start(key: str) -> None:
    (problem,) = problems_of(routed("", f"{key} = {BARRED[key]}"))

    assert problem.startswith(f"forms.toml: forms.tour.routes[1].{key}: cannot depend on an answer, as ")
    assert problem.endswith(": write it in the form or in [defaults]")


def test_what_the_form_and_the_defaults_say_is_no_error_of_their_routes() -> None:
    lines = "\n".join(f"{key} = {value}" for key, value in BARRED.items())
    text = f"[defaults]\n{lines}\n[forms.tour]\n[[forms.tour.routes]]\nwhen = {{ location = 'london' }}"

    assert setup_of(text).forms["tour"].routes[0].form.language == "de"


def test_a_route_of_the_defaults_is_judged_as_any_other() -> None:
    text = "[[defaults.routes]]\nwhen = { location = 'london' }\ncountry = 'GB'\n[forms.tour]"

    assert "forms.toml: defaults.routes[1].country: cannot depend on an answer" in problems_of(text)[0]


# -- another account


def test_ids_are_not_carried_into_another_account() -> None:
    form = """
        stage_id = 1001
        opportunity_type_id = 7
        responsible_id = 9
        team_id = 3
        value = 450.0
        name = "{company}"
        extra = { BusinessId = 55 }
        contact = { business_id = 55, country_id = 1, time_zone_id = 2, tag = "web", extra = { RefererGuid = "x" } }
    """
    text = routed(form, "account = 'harbour'\nstage_id = 5\ncontact.business_id = 7")

    london = setup_of(text).forms["tour"].routes[0].form

    assert london.account == "harbour"
    assert london.destination == Destination(stage_id=5, value=450.0, name="{company}")
    assert london.contact == ContactRule(business_id=7, tag="web")


def test_ids_are_inherited_within_one_account() -> None:
    text = routed("account = 'harbour'\nstage_id = 1001\nteam_id = 3", "account = ' harbour '\nposition = 2")

    london = setup_of(text).forms["tour"].routes[0].form

    assert london.destination == Destination(stage_id=1001, team_id=3, position=2)


@pytest.mark.parametrize("stage", ["stage_id = 1001", "board = 'Sales'", "board = 'Sales'\nstage = 'New'"])
def test_a_route_into_another_account_names_its_own_stage(stage: str) -> None:
    (problem,) = problems_of(routed(stage, "account = 'harbour'"))

    assert problem.startswith("forms.toml: forms.tour.routes[1].account: leads to another account, where the form's ")
    assert problem.endswith(": write stage_id, or board and stage, in this route, too")


def test_where_the_form_names_no_stage_the_route_need_not_either() -> None:
    assert setup_of(routed("", "account = 'harbour'")).forms["tour"].accounts == ("default", "harbour")


# -- the page


def rows() -> dict[str, tuple[str, str]]:
    """Key -> in a route, into another account; of the table in the docs."""
    rows = re.findall(r"^\| ((?:`[\w.]+` ?)+) \| (works|error)[^|]* \| (kept|left out|)[^|]*\|$", PAGE, re.MULTILINE)
    return {key: (works, kept) for keys, works, kept in rows for key in re.findall(r"`([\w.]+)`", keys)}


def test_the_page_says_of_every_key_whether_a_route_takes_it() -> None:
    wanted = {**dict.fromkeys(ROUTE_KEYS, "works"), **dict.fromkeys(BARRED_IN_ROUTES, "error")}
    del wanted["when"], wanted["contact"]
    wanted |= dict.fromkeys((f"contact.{key}" for key in CONTACT_KEYS), "works")

    assert {key: works for key, (works, _) in rows().items()} == wanted


def test_the_page_says_of_every_key_whether_it_is_carried_into_another_account() -> None:
    ids = {*ACCOUNT_KEYS_OF_FORM, *(f"contact.{key}" for key in ACCOUNT_KEYS_OF_CONTACT)}

    assert {key for key, (_, kept) in rows().items() if kept == "left out"} == ids


@pytest.mark.parametrize(
    ("when", "fields", "extras"),
    [
        ("{ standort = 'Hafen' }", {"location": "hafen"}, {}),
        ("{ 'Which site?' = 'harbour' }", {}, {"which_site": "Harbour"}),
        ("{ 'Which site?' = 'harbour' }", {}, {"Which site?": ["quay", "harbour"]}),
    ],
)
def test_a_route_knows_an_answer_by_every_name_that_the_form_has_for_it(
    when: str, fields: dict[str, str], extras: dict[str, Any]
) -> None:
    form = form_of(f"""
        stage_id = 1001
        fields.location = "standort"
        routes = [{{ when = {when}, stage_id = 2002 }}]
    """)

    variant = form.for_answers(a_submission(fields=fields, extras=extras))

    assert variant.destination.stage_id == 2002
