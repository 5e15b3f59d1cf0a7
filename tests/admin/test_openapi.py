"""The API's description: held to what the API really answers, and shown to developers."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from schemathesis.core.result import Ok
from schemathesis.specs.openapi.checks import positive_data_acceptance

from service.lead import Status
from tests.admin.desk import keep_as
from tests.front import TOKEN, Front, sqlite_store


@pytest.fixture(scope="module")
def lively(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Front]:
    """An application with a lead of each kind."""
    with sqlite_store(tmp_path_factory.mktemp("lively")) as store:
        for status in Status:
            keep_as(store, status)
        yield Front(store)


OPERATIONS = [
    "GET /api/v1/leads",
    "GET /api/v1/leads/{lead_id}",
    "POST /api/v1/leads/{lead_id}/correct",
    "POST /api/v1/leads/{lead_id}/discard",
    "POST /api/v1/leads/{lead_id}/release",
    "POST /api/v1/leads/{lead_id}/retry",
    "POST /api/v1/preview/{form}",
    "GET /api/v1/reports/attribution",
]

DEPEND_ON_THE_LEAD = {"POST /api/v1/leads/{lead_id}/correct"}
"""Which answers a lead has, and whether one is an e-mail address, no schema can say: 422 is an answer, too."""


@pytest.fixture(scope="module")
def operations(lively: Front) -> dict[str, Any]:
    """What schemathesis makes of each call in /openapi.json."""
    schema = schemathesis.openapi.from_wsgi("/openapi.json", lively.app)
    found = [each.ok() for each in schema.get_all_operations() if isinstance(each, Ok)]
    return {operation.label: operation for operation in found}


def test_every_call_is_described(operations: dict[str, Any]) -> None:
    assert sorted(operations) == sorted(OPERATIONS)


@pytest.mark.parametrize("label", OPERATIONS)
def test_every_call_answers_as_described(lively: Front, operations: dict[str, Any], label: str) -> None:
    places = [{"lead_id": lead.id, "form": "contact"} for lead in lively.leads()]

    @settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck))
    @given(case=operations[label].as_strategy(), place=st.none() | st.sampled_from(places))
    def check(case: Any, place: dict[str, str] | None) -> None:
        if place is not None:  # a lead or form that is there; made-up ones are all a 404
            case.path_parameters.update({name: place[name] for name in case.path_parameters})
        depends = [positive_data_acceptance] if label in DEPEND_ON_THE_LEAD else []
        case.call_and_validate(headers={"Authorization": f"Bearer {TOKEN}"}, excluded_checks=depends)

    check()


def test_the_description_says_who_may_call(lively: Front) -> None:
    document = lively.client.get("/openapi.json").get_json()

    assert document["openapi"].startswith("3.1")
    assert document["security"] == [{"adminToken": []}]
    assert document["components"]["securitySchemes"]["adminToken"] == {"type": "http", "scheme": "bearer"}


def test_errors_are_described_as_problem_documents(lively: Front) -> None:
    document = lively.client.get("/openapi.json").get_json()

    calls = [call for item in document["paths"].values() for call in item.values() if "responses" in call]
    assert len(calls) == len(OPERATIONS)
    for call in calls:
        errors = [_resolved(document, told) for status, told in call["responses"].items() if status != "200"]
        assert errors
        assert all([*told["content"]] == ["application/problem+json"] for told in errors)


def _resolved(document: dict[str, Any], told: dict[str, Any]) -> dict[str, Any]:
    """What a reference to a shared response stands for."""
    name = told.get("$ref", "").rpartition("/")[2]
    found: dict[str, Any] = document["components"]["responses"][name] if name else told
    return found


# -- the page for people


@pytest.mark.parametrize("label", OPERATIONS)
def test_the_page_shows_every_call(lively: Front, label: str) -> None:
    method, path = label.split()

    page = lively.client.get("/docs").text

    assert f'<span class="method">{method}</span><code>{path}</code>' in page


def test_the_page_shows_every_filter_and_every_member_of_a_lead(lively: Front) -> None:
    page = lively.client.get("/docs").text
    document = lively.client.get("/openapi.json").get_json()

    filters = [each["name"] for each in document["paths"]["/api/v1/leads"]["get"]["parameters"]]
    assert {"status", "form", "since", "until", "q", "cursor"} <= set(filters)
    for name in [*filters, *document["components"]["schemas"]["LeadBody"]["properties"]]:
        assert f"<code>{name}</code>" in page


def test_the_page_loads_nothing(lively: Front) -> None:
    page = lively.client.get("/docs").text

    assert re.findall(r"<(?:script|link|img|iframe)|https?://|@import", page) == []
