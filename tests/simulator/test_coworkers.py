"""Customers: creating, replacing and not deleting them."""

from typing import Any

import pytest
import requests

from service.simulator.server import Simulator
from tests.simulator.client import COWORKERS, DAYS, Client, coworker_body
from tests.tables import each_row

REQUIRED = {
    "FullName": "FullName",
    "Email": "Email",
    "CountryId": "Country",
    "SimpleTimeZoneId": "SimpleTimeZone",
    "CoworkerType": "CoworkerType",
    "Gender": "Gender",
    "TaxRateType": "TaxRateType",
    **{f"{day}Attendance": f"{day}Attendance" for day in DAYS},
}


def test_a_create_answers_with_the_write_envelope(sim: Simulator, client: Client) -> None:
    answer = client.post(COWORKERS, coworker_body()).json()

    assert (answer["WasSuccessful"], answer["Status"], answer["Errors"]) == (True, 200, None)
    assert [record["Id"] for record in sim.coworkers_of("ada@example.com")] == [answer["Value"]["Id"]]


@each_row(("field", "named"), REQUIRED.items())
@each_row("value", [None, ""])
def test_a_required_field_is_missed_by_its_property_or_relation(
    sim: Simulator, client: Client, field: str, named: str, value: str | None
) -> None:
    answer = client.post(COWORKERS, coworker_body() | {field: value})

    assert answer.status_code == 400
    assert answer.json()["Message"] == f"{named}: is a required field"
    assert answer.json()["Errors"] == [
        {"AttemptedValue": value, "Message": "is a required field", "PropertyName": named}
    ]


def test_all_flaws_are_told_at_once(sim: Simulator, client: Client) -> None:
    answer = client.post(COWORKERS, {}).json()

    assert {error["PropertyName"] for error in answer["Errors"]} == set(REQUIRED.values())
    assert (answer["WasSuccessful"], answer["Value"]) == (False, None)


@each_row(
    ("field", "value", "named"),
    [
        ("CountryId", 999, "Country"),
        ("CountryId", "1", "Country"),
        ("SimpleTimeZoneId", 999, "SimpleTimeZone"),
        ("InvoicingBusinessId", 99, "InvoicingBusiness"),
        ("Businesses", [99], "Businesses"),
        ("Businesses", 55, "Businesses"),
        ("Email", "not an address", "Email"),
        ("CoworkerType", 3, "CoworkerType"),
        ("CoworkerType", True, "CoworkerType"),
        ("Gender", 6, "Gender"),
        ("TaxRateType", 4, "TaxRateType"),
        ("MondayAttendance", 6, "MondayAttendance"),
        ("FullName", 7, "FullName"),
        ("CreateUser", "no", "CreateUser"),
    ],
)
def test_a_value_that_does_not_fit_is_refused(
    sim: Simulator, client: Client, field: str, value: Any, named: str
) -> None:
    answer = client.post(COWORKERS, coworker_body(**{field: value}))

    assert answer.status_code == 400
    assert [error["PropertyName"] for error in answer.json()["Errors"]] == [named]
    assert sim.coworkers_of("ada@example.com") == []


def test_a_repeated_email_makes_a_second_customer(sim: Simulator, client: Client) -> None:
    client.add_coworker("ada@example.com")
    client.add_coworker("Ada@Example.com")

    assert len(sim.coworkers_of("ada@example.com")) == 2


def test_a_form_encoded_body_is_not_understood(sim: Simulator, client: Client) -> None:
    answer = client.session.post(sim.url + COWORKERS, data=coworker_body(), timeout=10)

    assert answer.status_code == 400


def test_without_a_location_it_lands_elsewhere(sim: Simulator, client: Client) -> None:
    body = coworker_body(BusinessId=55)
    del body["Businesses"], body["InvoicingBusinessId"]

    client.post(COWORKERS, body)

    record = sim.coworkers_of("ada@example.com")[0]
    assert (record["Businesses"], record["InvoicingBusinessId"]) == ([57], 57)
    assert client.get("/_sim/state").json()["ignored"] == {"Coworker.BusinessId": 1}


def test_the_invoicing_location_does_not_follow_the_others(sim: Simulator, client: Client) -> None:
    body = coworker_body(Businesses=[55])
    del body["InvoicingBusinessId"]

    client.post(COWORKERS, body)

    assert sim.coworkers_of("ada@example.com")[0]["InvoicingBusinessId"] == 57


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"CreateUser": False}, []),
        ({"CreateUser": True}, ["portal access opened and a welcome e-mail sent to ada@example.com"]),
        ({"TariffId": 3}, ["TariffId assigned a plan to ada@example.com: invoicing starts"]),
    ],
)
def test_what_a_create_would_set_off_is_told(
    sim: Simulator, client: Client, fields: dict[str, Any], expected: list[str]
) -> None:
    client.post(COWORKERS, coworker_body(**fields))

    assert sim.side_effects() == expected


def test_a_used_up_quota_reads_as_access_denied(sim: Simulator, client: Client) -> None:
    sim.settings(coworker_quota=1)
    client.add_coworker("ada@example.com")

    refused = client.post(COWORKERS, coworker_body("bob@example.com"))
    sim.settings(coworker_quota=1)  # the next day

    assert (refused.status_code, refused.text) == (401, "Access Denied")
    assert client.post(COWORKERS, coworker_body("bob@example.com")).status_code == 200


def test_a_put_clears_what_it_leaves_out(sim: Simulator, client: Client) -> None:
    ident = client.add_coworker("ada@example.com", MobilePhone="+44 20", Tag="vip")

    answer = client.put(COWORKERS, coworker_body("ada@new.example", Id=ident, Tag="vip"))

    record = client.get(f"{COWORKERS}/{ident}").json()
    assert answer.json()["Value"]["Id"] == ident
    assert (record["Email"], record["Tag"], record["MobilePhone"]) == ("ada@new.example", "vip", None)


def test_a_put_checks_like_a_create(sim: Simulator, client: Client) -> None:
    ident = client.add_coworker()

    assert client.put(COWORKERS, {"Id": ident, "Tag": "vip"}).status_code == 400
    assert client.put(COWORKERS, coworker_body(Id=1)).status_code == 404


def test_a_put_with_the_id_in_the_url_is_not_supported(sim: Simulator, client: Client) -> None:
    ident = client.add_coworker()

    assert client.put(f"{COWORKERS}/{ident}", coworker_body(Id=ident)).status_code == 405


def test_a_delete_fails_with_http_200(sim: Simulator, client: Client) -> None:
    ident = client.add_coworker()

    answer: requests.Response = client.delete(f"{COWORKERS}/{ident}")

    assert (answer.status_code, answer.json()["WasSuccessful"]) == (200, False)
    assert len(sim.coworkers_of("ada@example.com")) == 1
