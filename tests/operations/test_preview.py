"""POST /api/v1/preview/<form>: the contact, the attribution and the exact bodies; nothing is stored or sent."""

import json
import threading
from collections.abc import Mapping
from typing import Any

import pytest

from service import clock, nexudus_accounts
from service.delivery.deliver import deliver
from service.forms import AmountTable, AnswerDate, AttributionConfig, Destination, Form, Route, Setup
from service.lead import Status
from service.settings import read_settings
from service.simulator.server import Simulator
from service.store import Store
from tests.builders import a_form
from tests.front import ANN, Front

VISIT = {
    "page_url": "https://www.example.com/contact",
    "landing_url": "https://www.example.com/?utm_source=google&utm_medium=cpc&utm_campaign=desks&gclid=abc",
    "referrer": "https://www.google.com/",
}
MADE_THEN = {"CoworkerId", "Notes", "SystemId"}
"""Members that an opportunity gets only on delivery: the contact, the lead and the time."""


def ask(sqlite: Store, form: Form, fields: Mapping[str, object], **visit: object) -> dict[str, Any]:
    """What a submission would become."""
    response = Front(sqlite, form).ask(f"/preview/{form.name}", "POST", json={"fields": fields, **visit})
    assert response.status_code == 200, response.text
    result: dict[str, Any] = response.get_json()
    return result


def test_a_preview_has_the_members_of_the_contract_and_what_is_wrong(sqlite: Store) -> None:
    result = ask(sqlite, a_form(), ANN, **VISIT)

    assert [*result] == ["contact", "attribution", "coworker", "opportunity", "redirect", "origins", "problems"]
    assert result["contact"] == {"email": "ann@example.com", "full_name": "Ann Lee", "phone": None, "company": None}
    assert result["problems"] == []


@pytest.mark.parametrize(
    "tags",
    [
        pytest.param({"utm_source": True, "gclid": True}, id="a boolean"),
        pytest.param({"utm_source": [True, ["bing"], {"a": "bing"}]}, id="a list with members of its own"),
        pytest.param({"utm_source": [["bing"]]}, id="a list in a list"),
        pytest.param({"tracking": {"utm_source": False, "fbclid": True}}, id="in an object"),
        pytest.param({"utm_source": ["[utm_source]", ["bing"]], "ttclid": "__CLICKID__"}, id="placeholders"),
        pytest.param({"utm_source[0]": "xxxxx", "gclid[]": "{gclid}"}, id="numbered"),
    ],
)
def test_what_is_no_text_is_no_tag_so_the_link_counts(sqlite: Store, tags: dict[str, object]) -> None:
    link = "https://www.example.com/?utm_source=google&utm_medium=cpc"

    verdict = ask(sqlite, a_form(), {**ANN, **tags}, page_url=link)["attribution"]

    assert (verdict["utm_source"], verdict["channel"], verdict["click_ids"]) == ("google", "Paid Search", {})


def test_a_list_of_tags_keeps_its_texts(sqlite: Store) -> None:
    tags = {"utm_source": [["bing"], "null", "google"], "utm_medium": "cpc", "parking": True}

    result = ask(sqlite, a_form(), {**ANN, **tags}, page_url="https://www.example.com/")

    assert result["attribution"]["utm_source"] == "google"
    assert "parking: true" in result["opportunity"]["Notes"]


def test_the_attribution_has_its_rule_and_reason(sqlite: Store) -> None:
    verdict = ask(sqlite, a_form(), ANN, **VISIT)["attribution"]

    expected = {
        "utm_source": "google",
        "utm_medium": "cpc",
        "utm_campaign": "desks",
        "channel": "Paid Search",
        "lead_source": 19,
        "lead_source_name": "GoogleSearch",
        "reason": "Google Ads click id gclid on the landing page: Paid Search; LeadSource 19 for Google",
        "click_ids": {"gclid": "abc"},
    }
    assert verdict.items() >= expected.items()


def test_the_opportunity_is_the_exact_body(sqlite: Store) -> None:
    form = a_form(destination=Destination(stage_id=1001, responsible_id=7, value=250.0, name="{full_name} - tour"))

    opportunity = ask(sqlite, form, ANN, **VISIT)["opportunity"]

    notes = opportunity.pop("Notes")
    assert opportunity == {
        "CrmBoardColumnId": 1001,
        "CoworkerId": None,
        "Position": 1,
        "Status": 1,
        "Name": "Ann Lee - tour",
        "ResponsibleId": 7,
        "Value": 250.0,
        "LeadSource": 19,
        "UtmSource": "google",
        "UtmMedium": "cpc",
        "UtmCampaign": "desks",
        "SystemId": f"lead-capture:{'0' * 32}",
    }
    assert notes.startswith("Two desks, please.\n")


def test_the_bodies_are_those_that_a_delivery_sends(sqlite: Store, nexudus: Simulator) -> None:
    form = a_form()
    promised = ask(sqlite, form, {**ANN, "phone": "+44 20 7946 0142", "how_heard": "a friend"}, **VISIT)
    hidden = {f"lc_{name}": value for name, value in VISIT.items()}
    Front(sqlite, form).post({**ANN, "phone": "+44 20 7946 0142", "how_heard": "a friend", **hidden})

    deliver_all(sqlite, nexudus, form)

    person, opportunity = created(nexudus)
    assert person == promised["coworker"]
    assert {*opportunity} == {*promised["opportunity"]}
    for name in opportunity.keys() - MADE_THEN:
        assert opportunity[name] == promised["opportunity"][name]
    assert without_marker(opportunity["Notes"]) == without_marker(promised["opportunity"]["Notes"])


def test_the_number_can_be_dialled_and_the_extension_stands_in_the_notes(sqlite: Store) -> None:
    result = ask(sqlite, a_form(country="GB"), {**ANN, "phone": "020 7946 0142 x8135"})

    assert result["coworker"]["MobilePhone"] == "+442079460142"
    assert "\nPhone: +442079460142 (typed: 020 7946 0142 x8135)\n" in result["opportunity"]["Notes"]


def test_the_first_route_that_matches_decides_where_it_goes(sqlite: Store) -> None:
    london = a_form("tour", destination=Destination(stage_id=2001))
    form = a_form("tour", routes=(Route({"location": "london"}, london),))

    stages = [ask(sqlite, form, {**ANN, "location": city})["opportunity"] for city in (" London ", "Leeds")]

    assert [stage["CrmBoardColumnId"] for stage in stages] == [2001, 1001]


def test_a_route_decides_where_the_visitor_goes(sqlite: Store) -> None:
    london = a_form("tour", redirect="https://www.example.com/london?for={title}", title="London tours")
    form = a_form("tour", redirect="https://www.example.com/thanks", routes=(Route({"location": "london"}, london),))

    pages = [ask(sqlite, form, {**ANN, "location": city})["redirect"] for city in ("London", "Leeds")]

    assert pages == ["https://www.example.com/london?for=London%20tours", "https://www.example.com/thanks"]


def test_remembered_visits_count_while_they_are_young(sqlite: Store) -> None:
    touch = json.dumps({"u": "https://www.example.com/?utm_source=bing&utm_medium=cpc", "r": "", "t": 1_790_000_000})
    form = a_form(attribution=AttributionConfig(touch="last"))

    young, old, undated = (
        ask(sqlite, form, {**ANN, "lc_last": touch}, submitted_at=at)["attribution"]
        for at in (1_790_000_060, 1_790_000_000 + 400 * 86_400, None)
    )

    assert [verdict["utm_source"] for verdict in (young, old, undated)] == ["bing", "", "bing"]
    assert undated["last"] == {
        "url": "https://www.example.com/?utm_source=bing&utm_medium=cpc",
        "referrer": "",
        "at": 1_790_000_000,
    }


@pytest.mark.parametrize(
    ("fields", "problem"),
    [
        ({"name": "Ann Lee"}, "email: "),
        ({"email": "ann@"}, "email: "),
        ({}, "The form arrived empty."),
        ({"_next": "/thanks"}, "The form arrived empty."),
    ],
    ids=["missing", "wrong", "nothing", "nothing but controls"],
)
def test_errors_for_the_visitor_are_shown(sqlite: Store, fields: dict[str, str], problem: str) -> None:
    (sentence,) = ask(sqlite, a_form(), fields)["problems"]

    assert sentence.startswith(problem)


def test_problems_that_would_park_the_lead_are_shown_beside_the_opportunity(sqlite: Store) -> None:
    result = ask(sqlite, a_form(require=()), {"phone": "+44 20 7946 0142"})

    assert result["problems"] == ["Email is missing; it must be filled; FullName is missing; it must be filled"]
    assert result["coworker"] == {}
    assert result["opportunity"]["CrmBoardColumnId"] == 1001


def test_an_unknown_form_is_a_404(sqlite: Store) -> None:
    response = Front(sqlite).ask("/preview/nowhere", "POST", json={"fields": ANN})

    assert (response.status_code, response.mimetype) == (404, "application/problem+json")
    assert response.get_json(force=True)["detail"] == "there is no such form"


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ("{", 400),
        ("[]", 422),
        ('{"fields": []}', 422),
        ('{"submitted_at": "noon"}', 422),
        ('{"submitted_at": NaN}', 422),
        ('{"page_url": 7}', 422),
        ('{"page": "https://www.example.com/"}', 422),
        ('{"fields": {"email": ["a@example.com", {"b": null}], "\\u0000": "\\ud800"}, "submitted_at": 1e300}', 200),
        ('{"fields": null, "page_url": null}', 422),
    ],
)
def test_a_request_that_makes_no_sense_is_refused(sqlite: Store, body: str, status: int) -> None:
    response = Front(sqlite).ask("/preview/contact", "POST", data=body, content_type="application/json")

    assert response.status_code == status, response.text
    assert response.mimetype == ("application/json" if status == 200 else "application/problem+json")


def test_nothing_is_stored_and_nothing_sent(sqlite: Store, nexudus: Simulator) -> None:
    front = Front(sqlite, NEXUDUS_BASE_URL=nexudus.url)

    front.ask("/preview/contact", "POST", json={"fields": ANN, **VISIT})

    assert front.leads() == []
    assert nexudus.calls() == []


def deliver_all(sqlite: Store, nexudus: Simulator, form: Form) -> None:
    """Do the worker's work."""
    login = {"NEXUDUS_USERNAME": "simulator@leadcapture.example", "NEXUDUS_PASSWORD": "simulator"}
    settings = read_settings({"NEXUDUS_BASE_URL": nexudus.url, **login})
    contexts = nexudus_accounts.account_contexts(settings, Setup({form.name: form}), sqlite, threading.Event())
    for delivery in sqlite.write(lambda tx: tx.queue.claim("the test", clock.now(), 90, 10)):
        deliver(delivery, contexts["default"])
    with sqlite.read() as tx:
        assert tx.statistics.leads_by_status() == {Status.DELIVERED: 1}


def created(nexudus: Simulator) -> list[dict[str, Any]]:
    """The bodies of the records that were made, oldest first."""
    return [call.body for call in nexudus.calls("POST") if "token" not in call.path]


def without_marker(notes: str) -> list[str]:
    """Notes but for their last two lines: when it was received, and which lead it is."""
    return notes.splitlines()[:-2]


def test_the_visits_that_do_not_count_are_shown_beside_the_attribution(sqlite: Store) -> None:
    touch = json.dumps({"u": "https://www.example.com/?fbclid=a1", "r": "", "t": 1_790_000_000})

    verdict = ask(sqlite, a_form(), {**ANN, "lc_first": touch}, **VISIT)["attribution"]

    assert verdict["others"] == [
        {
            "touch": "first",
            "channel": "Organic Social",
            "lead_source": 13,
            "lead_source_name": "Facebook",
            "reason": "Meta (Facebook) link id fbclid in the link of the first remembered visit: Organic Social;"
            " LeadSource 13 for Facebook",
        }
    ]


def test_a_route_may_credit_otherwise(sqlite: Store) -> None:
    by_phone = a_form("tour", attribution=AttributionConfig(lead_source=2))
    form = a_form("tour", routes=(Route({"location": "london"}, by_phone),))

    result = ask(sqlite, form, {**ANN, "location": "London"}, **VISIT)

    assert (result["attribution"]["lead_source"], result["opportunity"]["LeadSource"]) == (2, 2)


def test_without_answers_the_visit_is_still_attributed(sqlite: Store) -> None:
    result = ask(sqlite, a_form(), {}, **VISIT)

    assert result["problems"]
    assert result["attribution"]["channel"] == "Paid Search"
    assert set(result["contact"].values()) == {None}
    assert (result["coworker"], result["opportunity"]) == ({}, {})


ANSWERED = a_form(
    country="GB",
    redirect="https://www.example.com/thanks?size={team_size}",
    destination=Destination(
        stage_id=1001,
        value=AmountTable("team_size", (("1", 300.0), ("2-5", 900.0))),
        due_date=AnswerDate("move_in_date", -14),
        custom={"Size": "{team_size}", "Floor": "{floor}"},
    ),
    attribution=AttributionConfig(utm={"source": "qr"}),
)


def test_computed_values_are_shown_with_their_reasons(sqlite: Store) -> None:
    result = ask(sqlite, ANSWERED, {**ANN, "team_size": "3", "move_in_date": "spring"})

    assert result["opportunity"]["Value"] == 900.0
    assert result["redirect"] == "https://www.example.com/thanks?size=3"
    assert result["attribution"]["reason"].startswith("utm_source qr set for this form (utm): ")
    assert {origin["field"]: origin["reason"] for origin in result["origins"]} == {
        "Value": "team_size '3' is '2-5' in the table of value",
        "DueDate": "move_in_date 'spring' is not a certain date: no follow-up",
        "CustomFields Floor": "left out: floor not answered",
    }


def test_what_answers_become_is_in_nexudus_after_the_delivery(sqlite: Store, nexudus: Simulator) -> None:
    promised = ask(sqlite, ANSWERED, {**ANN, "team_size": "3"})["opportunity"]
    Front(sqlite, ANSWERED).post({**ANN, "team_size": "3"})

    deliver_all(sqlite, nexudus, ANSWERED)

    [record] = nexudus.opportunities()
    assert (
        record["CustomFields"]
        == promised["CustomFields"]
        == {"Data": [{"Name": "Size", "Value": "3", "Type": "string"}]}
    )
    assert (record["Value"], record["UtmSource"]) == (900.0, "qr")


def test_a_route_s_own_redirect_and_title_are_shown(sqlite: Store) -> None:
    leeds = a_form(title="Leeds", redirect="https://leeds.example.com/{title}", destination=Destination(name="{title}"))
    form = a_form(redirect="https://www.example.com/", routes=(Route({"location": "leeds"}, leeds),))

    result = ask(sqlite, form, {**ANN, "location": "Leeds"})

    assert (result["redirect"], result["opportunity"]["Name"]) == ("https://leeds.example.com/Leeds", "Leeds")
