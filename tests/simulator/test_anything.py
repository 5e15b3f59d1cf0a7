"""Whatever is sent, the simulator answers; only a fault makes it fail."""

import pytest
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st

from service.simulator.app import create_app
from service.simulator.entities import BY_PATH, OPPORTUNITY
from service.simulator.opportunities import WRITABLE
from tests.simulator.client import COWORKERS, OPPORTUNITIES, coworker_body, opportunity_body

PATHS = st.sampled_from([*BY_PATH, f"{OPPORTUNITIES}/1", f"{COWORKERS}/5001", "/api/token", "/api/auth/me", "/api/x"])
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20) | st.sampled_from([1, 5001, 1001]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=4,
)
FILTERS = [f"CrmOpportunity_{name}" for name in ("Coworker", "SystemId", "Coworker_Email", "Status", "Reminded")]
FILTERS += [f"{side}_CrmOpportunity_{name}" for side in ("from", "to") for name in OPPORTUNITY.ranges]
FILTERS += ["id", "UniqueId", "page", "size", "orderBy", "dir"]
TEXTS = st.text(max_size=20) | st.sampled_from(["9" * 5000, "9999-12-31T23:59", "0001-01-01T00:00+14:00", "nan", "[1]"])


@pytest.fixture(scope="module")
def talking() -> FlaskClient:
    client = create_app().test_client()
    client.environ_base["HTTP_AUTHORIZATION"] = "Bearer simulator"
    client.post(COWORKERS, json=coworker_body())
    client.post(OPPORTUNITIES, json=opportunity_body(5001, DueDate="2026-05-04T10:30:00Z"))
    return client


@given(PATHS, st.sampled_from(["GET", "POST", "PUT", "DELETE", "PATCH"]), st.binary(max_size=40) | st.just(b"{}"))
def test_any_bytes_get_an_answer(talking: FlaskClient, path: str, method: str, body: bytes) -> None:
    assert talking.open(path, method=method, data=body, content_type="application/json").status_code < 500


@given(st.dictionaries(st.sampled_from([*WRITABLE, "Id", "Else"]), VALUES, max_size=6))
def test_any_opportunity_is_saved_or_refused(talking: FlaskClient, changed: dict[str, object]) -> None:
    body = opportunity_body(5001) | changed

    assert talking.post(OPPORTUNITIES, json=body).status_code in (200, 400)
    assert talking.put(OPPORTUNITIES, json=body).status_code in (200, 400, 404)


@given(st.dictionaries(st.sampled_from([*coworker_body(), "Tag", "TariffId"]), VALUES, max_size=6))
def test_any_customer_is_saved_or_refused(talking: FlaskClient, changed: dict[str, object]) -> None:
    assert talking.post(COWORKERS, json=coworker_body() | changed).status_code in (200, 400)


@given(st.lists(st.tuples(st.sampled_from(FILTERS), TEXTS), max_size=4))
def test_any_query_gets_a_list(talking: FlaskClient, query: list[tuple[str, str]]) -> None:
    answer = talking.get(OPPORTUNITIES, query_string=query)

    assert answer.status_code == 200
    assert isinstance(answer.json["Records"], list)  # type: ignore[index]
