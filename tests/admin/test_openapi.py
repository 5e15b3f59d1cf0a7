"""The API's description agrees with its responses, and is shown to developers."""

import re
from collections.abc import Iterable, Iterator
from itertools import count
from typing import TYPE_CHECKING, Any

import pytest
import schemathesis
from hypothesis import settings
from schemathesis.config import (
    ChecksConfig,
    GenerationConfig,
    OperationConfig,
    OperationsConfig,
    ProjectConfig,
    ProjectsConfig,
    SchemathesisConfig,
)
from schemathesis.config._checks import MissingRequiredHeaderConfig, PositiveDataAcceptanceConfig
from schemathesis.engine import Status as Verdict
from schemathesis.engine import events, from_schema
from schemathesis.filters import FilterSet

from service.lead import Status
from service.version import VERSION
from tests.admin.served import served
from tests.admin.stored_leads import keep_as
from tests.front import TOKEN, Front, sqlite_store

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

pytestmark = pytest.mark.long

CALLS = [
    "GET /api/v1/acts",
    "GET /api/v1/alerts",
    "POST /api/v1/forget",
    "GET /api/v1/people",
    "POST /api/v1/people",
    "GET /api/v1/people/{person_id}",
    "PATCH /api/v1/people/{person_id}",
    "DELETE /api/v1/people/{person_id}",
    "POST /api/v1/people/{person_id}/reset",
    "GET /api/v1/forms",
    "GET /api/v1/leads",
    "GET /api/v1/leads/{lead_id}",
    "POST /api/v1/leads/{lead_id}/answered",
    "POST /api/v1/leads/{lead_id}/correct",
    "POST /api/v1/leads/{lead_id}/discard",
    "POST /api/v1/leads/{lead_id}/restore",
    "POST /api/v1/leads/{lead_id}/release",
    "POST /api/v1/leads/{lead_id}/retry",
    "POST /api/v1/preview/{form}",
    "GET /api/v1/reports/answers",
    "GET /api/v1/reports/attribution",
    "GET /api/v1/reports/outcomes",
    "GET /api/v1/setup",
    "PUT /api/v1/setup",
    "POST /api/v1/setup/revert",
    "GET /api/v1/setup/versions",
    "GET /api/v1/tokens",
    "POST /api/v1/tokens",
    "DELETE /api/v1/tokens/{token_id}",
]

EACH_KIND = 4
"""Leads that stand at each status."""

IS_LONG = settings.get_current_profile_name() == "fuzz"
PATIENCE_S, EXAMPLES = (300, 300) if IS_LONG else (16, 8)
"""Seconds for schemathesis, which tries until they are over, and examples of each call; more in `make fuzz`."""


@pytest.fixture(scope="module")
def lively(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Front]:
    """An application with leads of each kind."""
    with sqlite_store(tmp_path_factory.mktemp("lively")) as store:
        for status in [*Status] * EACH_KIND:
            keep_as(store, status)
        front = Front(store)
        front.app.wsgi_app = elsewhere(front.app.wsgi_app)  # type: ignore[method-assign, assignment]
        yield front


def elsewhere(application: "WSGIApplication") -> "WSGIApplication":
    """Have each call come from another network: the limit for wrong tokens is not the subject here."""
    numbers = count()

    def called(environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        number = next(numbers)
        environ["REMOTE_ADDR"] = f"10.{number >> 8 & 255}.{number & 255}.1"
        return application(environ, start_response)

    return called


@pytest.fixture(scope="module")
def document(lively: Front) -> dict[str, Any]:
    """The description."""
    spec: dict[str, Any] = lively.client.get("/openapi.json").get_json()
    return spec


def calls(document: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Every call of the description, by method and path."""
    return {
        f"{method.upper()} {path}": call
        for path, item in document["paths"].items()
        for method, call in item.items()
        if method in {"get", "post", "put", "patch", "delete"}
    }


# -- what is described is what is answered


def test_every_call_is_described(document: dict[str, Any]) -> None:
    assert sorted(calls(document)) == sorted(CALLS)


def test_schemathesis_finds_nothing(lively: Front) -> None:
    generation = GenerationConfig(max_examples=EXAMPLES, deterministic=True, database="none")
    project = ProjectConfig(
        headers={"Authorization": f"Bearer {TOKEN}"},
        generation=generation,
        continue_on_failure=True,
        operations=OperationsConfig(operations=[writes_the_setup()]),
    )
    config = SchemathesisConfig(projects=ProjectsConfig(default=project), seed=1, max_time=PATIENCE_S)

    with served(lively) as address:
        schema = schemathesis.openapi.from_url(f"{address}/openapi.json", config=config)
        results = list(from_schema(schema).execute())

    assert [error for error in results if isinstance(error, events.NonFatalError | events.FatalError)] == []
    assert [failure for event in results for failure in failures(event)] == []
    assert {event.label for event in results if isinstance(event, events.ScenarioFinished)} >= set(CALLS)


def writes_the_setup() -> OperationConfig:
    """No description says which text is a set-up, and which version is in force."""
    accepted = PositiveDataAcceptanceConfig(expected_statuses=["2xx", "401", "403", "404", "412", "422", "428"])
    refused = MissingRequiredHeaderConfig(expected_statuses=["400", "401", "415", "422", "428"])
    writing = FilterSet()
    writing.include(path_regex="/setup", method=["PUT", "POST"])
    checks = ChecksConfig(positive_data_acceptance=accepted, missing_required_header=refused)
    return OperationConfig(filter_set=writing, checks=checks)


def failures(event: events.EngineEvent) -> list[str]:
    """What one step of schemathesis found, with what was sent."""
    if not isinstance(event, events.ScenarioFinished) or event.status is Verdict.SUCCESS:
        return []
    return [
        f"{event.label}: {check.failure_info.failure} {check.failure_info.code_sample}"
        for checks in event.recorder.checks.values()
        for check in checks
        if check.failure_info
    ]


def test_the_description_says_who_may_call(document: dict[str, Any]) -> None:
    assert document["openapi"].startswith("3.1")
    assert document["info"]["version"] == VERSION
    assert document["security"] == [{"adminToken": []}]
    assert document["components"]["securitySchemes"]["adminToken"] == {"type": "http", "scheme": "bearer"}


@pytest.mark.parametrize("label", CALLS)
def test_errors_are_described_as_problem_documents(document: dict[str, Any], label: str) -> None:
    responses = calls(document)[label]["responses"]
    errors = {status: _resolved(document, response) for status, response in responses.items() if status != "200"}

    assert {"401", "503"} <= set(errors)
    assert all([*response["content"]] == ["application/problem+json"] for response in errors.values())


def _resolved(document: dict[str, Any], response: dict[str, Any]) -> dict[str, Any]:
    """What a reference to a shared response stands for."""
    name = response.get("$ref", "").rpartition("/")[2]
    resolved: dict[str, Any] = document["components"]["responses"][name] if name else response
    return resolved


@pytest.mark.parametrize("label", CALLS)
def test_every_call_says_what_it_does(document: dict[str, Any], label: str) -> None:
    assert calls(document)[label]["summary"]
    assert calls(document)[label]["operationId"]


# -- the page for people


@pytest.mark.parametrize("label", CALLS)
def test_the_page_shows_every_call(lively: Front, label: str) -> None:
    method, path = label.split()

    page = lively.client.get("/docs").text

    assert f'<span class="method">{method}</span><code>{path}</code>' in page


def test_the_page_shows_every_filter_and_every_member(lively: Front, document: dict[str, Any]) -> None:
    page = lively.client.get("/docs").text

    filters = [each["name"] for each in document["paths"]["/api/v1/leads"]["get"]["parameters"]]
    assert {"status", "form", "since", "until", "q", "cursor"} <= set(filters)
    shapes = {name: shape for name, shape in document["components"]["schemas"].items() if name != "PaginationMetadata"}
    members = [name for shape in shapes.values() for name in shape["properties"]]
    for name in [*filters, *members]:
        assert f"<code>{name}</code>" in page


def test_the_page_loads_nothing(lively: Front) -> None:
    page = lively.client.get("/docs").text

    assert re.findall(r"<(?:script|link|img|iframe)|https?://(?!www.example.com|localhost)|@import", page) == []
