"""The bodies that are sent: documented names, limits, and what is never sent."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from service.nexudus import coworkers, opportunities
from service.nexudus.coworkers import NewCoworker
from service.nexudus.errors import Rejected
from service.nexudus.opportunities import NewOpportunity
from service.nexudus.values import LEAD_SOURCES, clean, lead_source_name
from tests.tables import each_row


def an_opportunity(**words: Any) -> NewOpportunity:
    return NewOpportunity(**{"stage_id": 1001, "coworker_id": 5001, **words})


def a_coworker(**words: Any) -> NewCoworker:
    usual = {"full_name": "Ada Lovelace", "email": "ada@example.com", "country_id": 1, "time_zone_id": 2}
    return NewCoworker(**{**usual, "business_id": 55, **words})


def problems_of(new: NewOpportunity | NewCoworker) -> dict[str, str]:
    with pytest.raises(Rejected) as caught:
        opportunities.compose(new) if isinstance(new, NewOpportunity) else coworkers.compose(new)
    assert caught.value.status is None
    return {p.name: p.message for p in caught.value.fields}


def test_the_smallest_opportunity_has_the_required_fields_only() -> None:
    body = opportunities.compose(an_opportunity())

    assert body == {"CrmBoardColumnId": 1001, "CoworkerId": 5001, "Position": 1, "Status": 1}


@each_row(
    ("word", "value", "name", "sent"),
    [
        ("name", " Ada \n Lovelace ", "Name", "Ada Lovelace"),
        ("notes", "one\r\ntwo", "Notes", "one\ntwo"),
        ("position", 0, "Position", 0),
        ("opportunity_type_id", 7, "OpportunityTypeId", 7),
        ("responsible_id", 901, "ResponsibleId", 901),
        ("team_id", 3, "TeamId", 3),
        ("referrer_id", 4, "ReferrerId", 4),
        ("agent_id", 5, "AgentId", 5),
        ("value", 250.5, "Value", 250.5),
        ("lead_source", 19, "LeadSource", 19),
        ("utm_source", "google", "UtmSource", "google"),
        ("utm_medium", "cpc", "UtmMedium", "cpc"),
        ("utm_campaign", "spring", "UtmCampaign", "spring"),
        ("utm_content", "blue", "UtmContent", "blue"),
        ("utm_term", "desk", "UtmTerm", "desk"),
        ("system_id", "lead-1", "SystemId", "lead-1"),
        ("due_at", datetime(2026, 5, 31, 9, 0, 0, 123456, tzinfo=UTC), "DueDate", "2026-05-31T09:00:00Z"),
        ("due_at", datetime(2026, 5, 31, 9, tzinfo=timezone(timedelta(hours=2))), "DueDate", "2026-05-31T07:00:00Z"),
    ],
)
def test_each_word_of_an_opportunity_is_sent_under_the_name_of_the_crm(
    word: str, value: object, name: str, sent: object
) -> None:
    assert opportunities.compose(an_opportunity(**{word: value}))[name] == sent


def test_a_naive_follow_up_is_refused() -> None:
    with pytest.raises(ValueError, match="naive"):
        opportunities.compose(an_opportunity(due_at=datetime(2026, 5, 31)))  # noqa: DTZ001 (the point of the test)


@each_row(
    ("words", "name", "expected"),
    [
        pytest.param({"lead_source": 3}, "LeadSource", "use one of 1, 2, 4", id="undefined source"),
        pytest.param({"stage_id": 0}, "CrmBoardColumnId", "from 1", id="no stage"),
        pytest.param({"extra": {"TeamId": True}}, "TeamId", "whole number", id="a truth value"),
        pytest.param({"value": float("nan")}, "Value", "a number", id="NaN"),
        pytest.param({"value": -1.0}, "Value", "negative", id="negative"),
        pytest.param({"extra": {"Value": "12"}}, "Value", "a number", id="an amount in quotes"),
        pytest.param({"extra": {"lostOn": "x"}}, "lostOn", "never", id="closing it, spelt otherwise"),
        pytest.param({"extra": {"Status": 2}}, "Status", "addition", id="closed from the start"),
        pytest.param({"extra": {"SystemId": "x"}}, "SystemId", "addition", id="marker"),
        pytest.param({"extra": {"coworkerid": 1}}, "coworkerid", "addition", id="person, spelt otherwise"),
        pytest.param({"extra": {"utmterm": "x"}}, "utmterm", "UtmTerm", id="misspelt"),
        pytest.param({"extra": {"UtmTerm": "x" * 256}}, "UtmTerm", "255", id="too long"),
        pytest.param({"extra": {"Name": 7}}, "Name", "text", id="no text"),
        pytest.param({"extra": {"DueDate": "tomorrow"}}, "DueDate", "2026-05-31T09:00:00Z", id="no date"),
        pytest.param({"extra": {"Seats": float("nan")}}, "Seats", "JSON", id="no JSON number"),
        pytest.param({"extra": {"From": datetime(2026, 5, 1, tzinfo=UTC)}}, "From", "JSON", id="a date of the file"),
        *(pytest.param({"extra": {name: 1}}, name, "never", id=name) for name in sorted(opportunities.NEVER_SENT)),
    ],
)
def test_a_wrong_opportunity_says_which_field_and_what_to_do(words: dict[str, Any], name: str, expected: str) -> None:
    assert expected in problems_of(an_opportunity(**words))[name]


def test_an_account_may_want_more_than_is_documented() -> None:
    body = opportunities.compose(an_opportunity(value=1.0, extra={"BusinessId": 55, "IssuedById": 55, "Value": 9}))

    assert (body["BusinessId"], body["IssuedById"], body["Value"]) == (55, 55, 9)


def test_the_smallest_coworker_has_all_that_the_newest_documents_require() -> None:
    attendance = {f"{day}Attendance": 5 for day in coworkers.DAYS}

    assert coworkers.compose(a_coworker()) == {
        "FullName": "Ada Lovelace",
        "Email": "ada@example.com",
        "CountryId": 1,
        "SimpleTimeZoneId": 2,
        "CoworkerType": 1,
        "Gender": 1,
        "TaxRateType": 1,
        "CreateUser": False,
        "Businesses": [55],
        "InvoicingBusinessId": 55,
        **attendance,
    }


@each_row(
    ("word", "value", "name", "sent"),
    [
        ("email", " Ada+Tour@Example.COM ", "Email", "ada+tour@example.com"),
        ("mobile_phone", "+44 20 7946 0018", "MobilePhone", "+44 20 7946 0018"),
        ("company_name", "Engines\tLtd", "CompanyName", "Engines Ltd"),
        ("notes", "a\nb", "Notes", "a\nb"),
        ("tag", "web-lead", "Tag", "web-lead"),
        ("extra", {"Custom30": "x"}, "Custom30", "x"),
        ("extra", {"CoworkerType": 2}, "CoworkerType", 2),
        ("extra", {"TariffInvoiceEvery": 0}, "TariffInvoiceEvery", 0),
    ],
)
def test_each_word_of_a_coworker_is_sent_under_the_name_of_the_crm(
    word: str, value: object, name: str, sent: object
) -> None:
    assert coworkers.compose(a_coworker(**{word: value}))[name] == sent


INVOICING = ("TariffId", "BillingDay", "RenewalDate", "BankAccount", "tariffid")
CONSENT = ("GeneralTermsAccepted", "NotifyOnNewEvent", "CanMakeBookings", "CreateUser")
ACCESS = ("AccessCardId", "AccessPincode", "Password", "Archived", "Active", "BusinessId")


@each_row("name", [*INVOICING, *CONSENT, *ACCESS])
def test_what_has_consequences_cannot_be_added_to_a_coworker(name: str) -> None:
    assert name in problems_of(a_coworker(extra={name: 1}))


@each_row(
    ("words", "name", "expected"),
    [
        pytest.param({"full_name": " \x00 "}, "FullName", "must be filled", id="no name"),
        pytest.param({"email": "ada at example"}, "Email", "not an e-mail address", id="no address"),
        pytest.param({"email": "a" * 250 + "@example.com"}, "Email", "longer than 254", id="an address is never cut"),
        pytest.param({"country_id": 0}, "CountryId", "whole number", id="no country"),
        pytest.param({"extra": {"CityNmae": "Leeds"}}, "CityNmae", "did you mean CityName?", id="misspelt"),
        pytest.param({"extra": {"Gender": 9}}, "Gender", "use one of", id="undefined number"),
        pytest.param({"extra": {"TariffInvoiceEvery": 1}}, "TariffInvoiceEvery", "use one of 0", id="invoicing"),
    ],
)
def test_a_wrong_coworker_says_which_field_and_what_to_do(words: dict[str, Any], name: str, expected: str) -> None:
    assert expected in problems_of(a_coworker(**words))[name]


@settings(deadline=None)  # machines differ
@given(st.text(max_size=30), st.text(max_size=30), st.text(max_size=5), st.integers(1, 300))
def test_any_words_make_a_body_within_its_limits(name: str, notes: str, term: str, times: int) -> None:
    new = an_opportunity(name=name, notes=notes * times * 100, utm_term=term * times, utm_campaign=name * times)

    body = opportunities.compose(new)

    lengths = {key: len(value.encode("utf-16-le")) // 2 for key, value in body.items() if isinstance(value, str)}
    assert all(length <= opportunities.MAX_NOTES_UNITS for length in lengths.values())
    assert all(length <= 255 for key, length in lengths.items() if key != "Notes")


@settings(deadline=None)
@given(st.text(), st.text(), st.text())
def test_any_words_make_a_coworker_within_its_limits(name: str, phone: str, company: str) -> None:
    assume(clean(name))

    body = coworkers.compose(a_coworker(full_name=name * 9, mobile_phone=phone * 9, company_name=company * 99))

    assert len(body["FullName"]) <= 200
    assert len(body.get("MobilePhone", "")) <= 50
    assert len(body.get("CompanyName", "")) <= 200


def test_the_sources_are_those_of_the_crm() -> None:
    assert sorted(LEAD_SOURCES) == [1, 2, *range(4, 27), 98, 99]
    assert (lead_source_name(19), lead_source_name(3)) == ("GoogleSearch", "3")


@pytest.mark.parametrize(
    "compose",
    [lambda **w: opportunities.compose(an_opportunity(**w)), lambda **w: coworkers.compose(a_coworker(**w))],
    ids=["opportunity", "coworker"],
)
def test_custom_fields_are_texts_by_name_and_empty_ones_are_left_out(compose: Callable[..., dict[str, Any]]) -> None:
    body = compose(custom={"Floor": " 3rd\x00 ", "1234": "x" * 2000, "Gone": " \x00 "})

    floor, other = body["CustomFields"]["Data"]
    assert floor == {"Name": "Floor", "Value": "3rd", "Type": "string"}
    assert (other["Name"], len(other["Value"])) == ("1234", 1000)
    assert "CustomFields" not in compose(custom={"Gone": ""})


def test_custom_fields_are_no_addition() -> None:
    assert "addition" in problems_of(an_opportunity(extra={"customfields": 5}))["customfields"]
    assert "CustomFields" in problems_of(a_coworker(extra={"CustomFields": {"Data": []}}))


def test_a_text_that_is_added_to_a_contact_is_cut_to_its_field() -> None:
    body = coworkers.compose(a_coworker(extra={"CityName": " Leeds\n" + "x" * 300, "Gender": 2}))

    assert (len(body["CityName"]), body["Gender"]) == (200, 2)
