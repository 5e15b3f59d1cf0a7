"""The API's description agrees with its responses, and is shown to developers."""

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from io import BytesIO
from itertools import count
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlencode

import pytest
import schemathesis
import time_machine
from hypothesis import settings
from schemathesis.config import (
    ChecksConfig,
    CoveragePhaseConfig,
    FuzzingPhaseConfig,
    GenerationConfig,
    OperationConfig,
    OperationsConfig,
    PhasesConfig,
    ProjectConfig,
    ProjectsConfig,
    SchemathesisConfig,
    StatefulPhaseConfig,
)
from schemathesis.config._checks import MissingRequiredHeaderConfig, PositiveDataAcceptanceConfig
from schemathesis.config._phases import ErrorFeedbackConfig, ExtraDataSourcesConfig
from schemathesis.engine import Status as Verdict
from schemathesis.engine import events, from_schema
from schemathesis.filters import FilterSet
from werkzeug.test import TestResponse

from service.actors import Scope, administrator
from service.lead import Status
from service.operations.keys import KeyRequest, make_key
from service.store import Store
from service.version import VERSION
from tests.admin.dashboard import Operator
from tests.admin.served import served
from tests.admin.stored_leads import keep_as
from tests.admin.test_walls import MARKS, NOW, Operators, keep_everything, leaks, stored
from tests.builders import a_form
from tests.front import TOKEN, Front, count_days, sqlite_store
from tests.tables import each_row

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
EXAMPLES = 100 if IS_LONG else 1
"""Random requests of each call, always the same ones, beside those at each limit of its description."""

REPEATED = 1 if IS_LONG else 3
"""One request in so many is sent again with a key of one account."""

OPERATOR, OTHER = "default", "harbour"
"""Accounts: of the key that repeats all requests, and another."""


@dataclass(frozen=True)
class Sent:
    """A request, as it arrived."""

    method: str
    path: str
    query: str
    content_type: str
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True)
class Trial:
    """What schemathesis has sent, and what it says of the answers."""

    sent: Sequence[Sent]
    events: Sequence[events.EngineEvent]


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


def recorded(application: "WSGIApplication", sent: list[Sent]) -> "WSGIApplication":
    """Note each request before it is answered."""

    def called(environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        environ["wsgi.input"] = BytesIO(body)
        headers = {"If-Match": environ["HTTP_IF_MATCH"]} if "HTTP_IF_MATCH" in environ else {}
        path, query = environ["PATH_INFO"], environ.get("QUERY_STRING", "")
        sent.append(Sent(environ["REQUEST_METHOD"], path, query, environ.get("CONTENT_TYPE", ""), headers, body))
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


@pytest.fixture(scope="module")
def trial(lively: Front) -> Trial:
    """Let schemathesis try every call: the same requests on every machine, however slow it is."""
    generation = GenerationConfig(max_examples=EXAMPLES, deterministic=True, database="none")
    # Ids are others in each run: what answers say must not decide what is sent next.
    unaware, order = ExtraDataSourcesConfig(responses=False), "none"
    phases = PhasesConfig(
        coverage=CoveragePhaseConfig(unexpected_methods=set(), extra_data_sources=unaware, operation_ordering=order),
        fuzzing=FuzzingPhaseConfig(
            error_feedback=ErrorFeedbackConfig(enabled=False), extra_data_sources=unaware, operation_ordering=order
        ),
        stateful=StatefulPhaseConfig(enabled=IS_LONG),
    )
    project = ProjectConfig(
        headers={"Authorization": f"Bearer {TOKEN}"},
        generation=generation,
        phases=phases,
        continue_on_failure=True,
        operations=OperationsConfig(operations=[writes_the_setup()]),
    )
    config = SchemathesisConfig(projects=ProjectsConfig(default=project), seed=1)
    sent: list[Sent] = []
    application = lively.app.wsgi_app
    lively.app.wsgi_app = recorded(application, sent)  # type: ignore[method-assign, assignment]
    with served(lively) as address:
        schema = schemathesis.openapi.from_url(f"{address}/openapi.json", config=config)
        results = list(from_schema(schema).execute())
    lively.app.wsgi_app = application  # type: ignore[method-assign]
    return Trial(sent, results)


def test_schemathesis_finds_nothing(trial: Trial) -> None:
    assert [error for error in trial.events if isinstance(error, events.NonFatalError | events.FatalError)] == []
    assert [failure for event in trial.events for failure in failures(event)] == []
    assert {event.label for event in trial.events if isinstance(event, events.ScenarioFinished)} >= set(CALLS)


def test_the_same_requests_with_a_key_of_one_account_bring_nothing_of_another(trial: Trial, sqlite: Store) -> None:
    with time_machine.travel(NOW, tick=False):
        leads, named = keep_everything(sqlite)
        count_days(sqlite)
        forms = [a_form(f"{mark}-visit", title=f"Visit {mark}", account=account) for account, mark in MARKS.items()]
        operators = Operators(Operator(sqlite, *forms, sign_in=False), leads, named)
        wanted = KeyRequest("one account", frozenset({Scope.READ, Scope.LEADS, Scope.SETUP}), frozenset({OPERATOR}))
        _, token = make_key(sqlite, wanted, administrator(), [*MARKS], NOW)
        before = stored(operators, OTHER)
        leaked = [
            (each.method, path, answer.status_code, foreign)
            for number, each in enumerate(trial.sent[::REPEATED])
            for path in [foreign_path(each.path, named[OTHER])]
            for answer in [repeat(operators, each, path, token, is_foreign=number % 2 == 1)]
            if (foreign := leaks(answer, OPERATOR, operators, *written(each, path))) or answer.status_code >= 500
        ]

        assert leaked == []
        assert stored(operators, OTHER) == before


ARGUMENTS = {"leads": "lead_id", "people": "person_id", "tokens": "token_id", "preview": "form"}
FILTERS = {
    "account": OTHER,
    "form": f"{MARKS[OTHER]}-visit",
    "q": MARKS[OTHER],
    "who": f"colleague@{MARKS[OTHER]}.example",
}
MEMBERS = {"email": f"p101@{MARKS[OTHER]}.example", "accounts": [OTHER]}


def foreign_path(path: str, named: Mapping[str, str]) -> str:
    """The path with what it names replaced by something of the other account."""
    parts = path.split("/")  # "", api, v1, the kind, what it names
    if len(parts) > 4 and parts[3] in ARGUMENTS:
        parts[4] = named[ARGUMENTS[parts[3]]]
    return "/".join(parts)


def repeat(operators: Operators, sent: Sent, path: str, token: str, *, is_foreign: bool) -> TestResponse:
    """Send a request again with this key. is_foreign: what it filters and writes is of the other account."""
    query, body = sent.query, sent.body
    if is_foreign:
        query = urlencode([(name, FILTERS.get(name, value)) for name, value in parse_qsl(query)])
        with suppress(ValueError):
            members = json.loads(body)
            if isinstance(members, dict):
                body = json.dumps({name: MEMBERS.get(name, value) for name, value in members.items()}).encode()
    headers = {**sent.headers, "Authorization": f"Bearer {token}"}
    content_type = sent.content_type or None
    return operators.operator.client.open(
        path, method=sent.method, query_string=query, data=body, content_type=content_type, headers=headers
    )


def written(sent: Sent, path: str) -> list[str]:
    """What an answer may quote: what the request said itself."""
    own = [*FILTERS.values(), MEMBERS["email"], *re.findall(r"\d+", sent.query + sent.body.decode(errors="replace"))]
    return [path.split("/")[4] if path.count("/") > 3 else "", *map(str, own)]


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


@each_row("label", CALLS)
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


@each_row("label", CALLS)
def test_every_call_says_what_it_does(document: dict[str, Any], label: str) -> None:
    assert calls(document)[label]["summary"]
    assert calls(document)[label]["operationId"]


# -- the page for people


@pytest.fixture(scope="module")
def page(lively: Front) -> str:
    """The page, as it is served."""
    return lively.client.get("/docs").text


@each_row("label", CALLS)
def test_the_page_shows_every_call(page: str, label: str) -> None:
    method, path = label.split()

    assert f'<span class="method">{method}</span><code>{path}</code>' in page


def test_the_page_shows_every_filter_and_every_member(page: str, document: dict[str, Any]) -> None:
    filters = [each["name"] for each in document["paths"]["/api/v1/leads"]["get"]["parameters"]]
    assert {"status", "form", "since", "until", "q", "cursor"} <= set(filters)
    shapes = {name: shape for name, shape in document["components"]["schemas"].items() if name != "PaginationMetadata"}
    members = [name for shape in shapes.values() for name in shape["properties"]]
    for name in [*filters, *members]:
        assert f"<code>{name}</code>" in page


def test_the_page_loads_nothing(page: str) -> None:
    assert re.findall(r"<(?:script|link|img|iframe)|https?://(?!www.example.com|localhost)|@import", page) == []
