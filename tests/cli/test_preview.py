"""`lead-capture preview`: what a submission would become, for people and as JSON."""

import json
from pathlib import Path

from tests.cli.conftest import Terminal

VISIT = ("--page-url", "https://example.com/?utm_source=google&utm_medium=cpc")
FORMS = '[forms.tour]\nstage_id = 1001\nname = "{full_name} - tour"\n'


def test_the_verdict_and_both_bodies_are_printed(run: Terminal, folder: Path) -> None:
    (folder / "forms.toml").write_text(FORMS)

    result = run("preview", "tour", "--field", "email=ann@example.com", "--field", "name=Ann Lee", *VISIT)

    lines = result.out.splitlines()
    assert result.code == 0
    assert lines[0].startswith("attributed to Paid Search, LeadSource 19 GoogleSearch")
    assert lines[1].startswith("because: ")
    assert "  Email                 ann@example.com" in lines
    assert "  Name                  Ann Lee - tour" in lines
    assert "  CrmBoardColumnId      1001" in lines
    assert "  CoworkerId            (found or made at delivery)" in lines


def test_json_is_the_answer_of_the_api(run: Terminal) -> None:
    result = run("preview", "contact", "--field", "email=zoë@example.com", "--field", "message=a=b", "--json")

    payload = json.loads(result.out)
    assert [*payload] == ["contact", "attribution", "coworker", "opportunity", "redirect", "origins", "problems"]
    assert payload["opportunity"]["Notes"].startswith("a=b\n")


def test_landing_page_and_referrer_count(run: Terminal) -> None:
    visit = ("--landing-url", "https://example.com/", "--referrer", "https://www.google.com/")

    result = run("preview", "contact", "--field", "email=ann@example.com", *visit)

    assert result.out.startswith("attributed to Organic Search")


def test_what_would_be_sent_back_is_told_and_is_1(run: Terminal) -> None:
    result = run("preview", "contact", "--field", "email=ann@")

    assert result.code == 1
    assert result.out.startswith("problem: email: Please check your e-mail address")


def test_an_unknown_form_is_told_the_known_ones(run: Terminal, folder: Path) -> None:
    (folder / "forms.toml").write_text(f"{FORMS}[forms.call]\n")

    result = run("preview", "nowhere")

    assert (result.code, result.err) == (1, "lead-capture: there is no form 'nowhere'; the set-up has tour, call\n")


def test_a_field_without_a_value_is_told(run: Terminal) -> None:
    result = run("preview", "contact", "--field", "email")

    assert result.code == 2
    assert result.err.endswith("error: argument --field: 'email': write NAME=VALUE\n")


def test_nothing_is_stored(run: Terminal, folder: Path) -> None:
    run("preview", "contact", "--field", "email=ann@example.com")

    assert [*folder.iterdir()] == []


def test_the_verdict_is_told_with_its_reason_its_values_and_the_visit_that_lost(run: Terminal) -> None:
    touch = 'lc_first={"u": "https://example.com/?fbclid=a1"}'
    visit = ("--landing-url", "https://example.com/?gclid=a1&utm_source=google&utm_campaign=Spring")

    result = run("preview", "contact", "--field", "email=ann@example.com", "--field", touch, *visit)

    assert result.out.splitlines()[:6] == [
        "attributed to Paid Search, LeadSource 19 GoogleSearch",
        "because: Google Ads click id gclid on the landing page: Paid Search",
        "         LeadSource 19 for Google",
        "utm_source: google",
        "utm_campaign: Spring",
        (
            "not counted: the first remembered visit, Organic Social, Facebook"
            ": Meta (Facebook) link id fbclid in the link of the first remembered visit: Organic Social"
        ),
    ]


def test_what_answers_become_is_printed_with_its_reason(run: Terminal, folder: Path) -> None:
    keys = 'value = { from = "budget" }\ncustom = { Size = "{team_size}", Where = "{location}" }\n'
    (folder / "forms.toml").write_text(f"{FORMS}{keys}")

    result = run(
        "preview", "tour", *(f"--field={each}" for each in ("email=a@example.com", "budget=£450", "team_size=3"))
    )

    lines = result.out.splitlines()
    assert "  custom Size           3" in lines
    assert lines[-5:] == [
        "because",
        "  Value                 budget '£450' names this amount",
        "  CustomFields Where    left out: location not answered",
        "",
        "then the visitor goes to the built-in thank-you page",
    ]
