"""Scripted misbehaviour and throttling."""

import re
import time
from typing import Any

import pytest
import requests
from hypothesis import given
from hypothesis import strategies as st

from service.simulator.server import Simulator
from service.simulator.settings import Throttle, ThrottleLimit, read_limits
from tests.simulator.client import COWORKERS, OPPORTUNITIES, Client, coworker_body, opportunity_body
from tests.tables import each_row


@pytest.mark.parametrize(
    ("fault", "status", "text"),
    [
        ({"status": 500}, 500, '{"Message":"An error has occurred."}'),
        ({"status": 500, "body": {"Message": "Ooops!"}}, 500, '{"Message":"Ooops!"}'),
        ({"status": 401}, 401, "Access Denied"),
        ({"status": 403}, 403, "Access Denied"),
        ({"status": 404}, 404, '"Not found"'),
        ({"status": 409}, 409, ""),
        ({"status": 429}, 429, "Wait 1.00 seconds"),
        ({"status": 502, "body": "<html>Bad gateway</html>"}, 502, "<html>Bad gateway</html>"),
        ({"body": "<html>We will be back</html>"}, 200, "<html>We will be back</html>"),
        ({"body": {"WasSuccessful": False, "Message": "No."}}, 200, '{"WasSuccessful":false,"Message":"No."}'),
    ],
)
def test_a_fault_shows_its_status_and_body(
    sim: Simulator, client: Client, fault: dict[str, Any], status: int, text: str
) -> None:
    sim.faults([{"method": "POST", "path": COWORKERS, **fault}])

    answer = client.post(COWORKERS, coworker_body())

    assert (answer.status_code, answer.text) == (status, text)
    assert sim.coworkers_of("ada@example.com") == []


def test_a_page_comes_as_html(sim: Simulator, client: Client) -> None:
    sim.faults([{"path": "/api", "body": "<html></html>"}])

    assert client.get(COWORKERS).headers["Content-Type"].startswith("text/html")


def test_headers_of_a_fault_are_sent(sim: Simulator, client: Client) -> None:
    sim.faults([{"path": "/api", "status": 503, "headers": {"Retry-After": "7"}}])

    assert client.get(COWORKERS).headers["Retry-After"] == "7"


def test_a_fault_happens_once_unless_told_otherwise(sim: Simulator, client: Client) -> None:
    sim.faults([{"path": COWORKERS, "status": 500}])

    assert [client.get(COWORKERS).status_code for _ in range(2)] == [500, 200]


@pytest.mark.parametrize(
    ("fault", "statuses"),
    [({"times": 2}, [500, 500, 200]), ({"times": None}, [500, 500, 500]), ({"times": 0}, [200] * 3)],
)
def test_a_fault_happens_so_often(sim: Simulator, client: Client, fault: dict[str, Any], statuses: list[int]) -> None:
    sim.faults([{"path": COWORKERS, "status": 500, **fault}])

    assert [client.get(COWORKERS).status_code for _ in range(3)] == statuses


@pytest.mark.parametrize(
    ("fault", "hit"),
    [
        ({"method": "get"}, True),
        ({"method": "POST"}, False),
        ({"method": "*"}, True),
        ({"path": "/api/spaces"}, True),
        ({"path": "/api/(crm|spaces)/.*"}, True),
        ({"path": "/api/crm"}, False),
        ({"email": "^ADA@"}, True),
        ({"email": "^bob@"}, False),
    ],
)
def test_a_fault_meets_the_calls_it_names(sim: Simulator, client: Client, fault: dict[str, Any], hit: bool) -> None:
    sim.faults([{"status": 500, **fault}])

    answer = client.get(COWORKERS, Coworker_Email="ada@example.com")

    assert (answer.status_code == 500) == hit


def test_a_fault_for_each_email_meets_each_once(sim: Simulator, client: Client) -> None:
    sim.faults([{"method": "POST", "path": COWORKERS, "status": 500, "per_email": 1}])
    emails = ["ada@example.com", "bob@example.com", "Ada@example.com"]

    assert [client.post(COWORKERS, coworker_body(email)).status_code for email in emails] == [500, 500, 200]


@pytest.mark.parametrize(
    "query", [{"CrmOpportunity_Coworker": "{id}"}, {"CrmOpportunity_Coworker_Email": "ada@example.com"}]
)
def test_a_call_is_about_the_customer_it_asks_for(sim: Simulator, client: Client, query: dict[str, str]) -> None:
    ident = sim.add_coworker("ada@example.com")["Id"]
    sim.faults([{"email": "^ada", "status": 500}])

    answer = client.get(OPPORTUNITIES, **{name: text.format(id=ident) for name, text in query.items()})

    assert answer.status_code == 500


def test_a_new_opportunity_is_about_its_customer(sim: Simulator, client: Client) -> None:
    ident = sim.add_coworker("ada@example.com")["Id"]
    sim.faults([{"email": "^ada", "status": 500}])

    assert client.post(OPPORTUNITIES, opportunity_body(ident)).status_code == 500


def test_a_reset_cuts_the_connection(sim: Simulator, client: Client) -> None:
    sim.faults([{"path": COWORKERS, "reset": True}])

    with pytest.raises(requests.ConnectionError, match="Connection reset by peer"):
        client.get(COWORKERS)

    assert sim.calls(path=COWORKERS)[0].status is None


def test_a_hang_holds_the_connection_and_cuts_it(sim: Simulator, client: Client) -> None:
    sim.faults([{"path": COWORKERS, "hang_s": 0.3}])
    begun = time.monotonic()

    with pytest.raises(requests.ConnectionError):
        client.get(COWORKERS)

    assert time.monotonic() - begun >= 0.3


@pytest.mark.parametrize("fault", [{"status": 500}, {"reset": True}, {"hang_s": 0.01}])
def test_after_save_the_record_is_there(sim: Simulator, client: Client, fault: dict[str, Any]) -> None:
    sim.faults([{"method": "POST", "path": COWORKERS, "after_save": True, **fault}])

    try:
        answered = client.post(COWORKERS, coworker_body()).status_code
    except requests.ConnectionError:
        answered = 0

    assert answered != 200
    assert len(sim.coworkers_of("ada@example.com")) == 1


def test_after_save_does_not_hide_that_nothing_was_saved(sim: Simulator, client: Client) -> None:
    sim.faults([{"method": "POST", "path": COWORKERS, "after_save": True, "status": 500}])

    assert client.post(COWORKERS, {}).status_code == 400


def test_a_token_call_can_go_wrong_too(sim: Simulator) -> None:
    sim.faults([{"path": "/api/token", "status": 500}])

    assert requests.post(f"{sim.url}/api/token", data={}, timeout=10).status_code == 500


def test_a_new_script_replaces_the_old(sim: Simulator, client: Client) -> None:
    sim.faults([{"path": COWORKERS, "status": 500, "times": None}])
    sim.faults([])

    assert client.get(COWORKERS).status_code == 200


def test_throttling_is_an_empty_409_with_a_reason(sim: Simulator, client: Client) -> None:
    sim.settings(limits="1/min")
    client.get(COWORKERS)

    answer = client.get(COWORKERS)

    assert (answer.status_code, answer.reason) == (409, "You must wait before accessing this url again.")
    assert (answer.content, answer.headers["Content-Length"]) == (b"", "0")
    assert 50 <= int(answer.headers["Retry-After"]) <= 60


def test_throttling_may_be_a_429_with_words(sim: Simulator, client: Client) -> None:
    sim.settings(limits="1/min", throttle_status=429)
    client.get(COWORKERS)

    answer = client.get(COWORKERS)

    assert answer.status_code == 429
    assert re.fullmatch(r"Wait (5\d|60)\.\d\d seconds", answer.text)
    assert "Retry-After" not in answer.headers


def test_a_limit_on_writes_lets_reads_pass(sim: Simulator, client: Client) -> None:
    sim.settings(limits="1w/min")

    assert [client.post(COWORKERS, coworker_body()).status_code for _ in range(2)] == [200, 409]
    assert client.get(COWORKERS).status_code == 200


@pytest.mark.parametrize(
    ("text", "limits"),
    [
        ("", ()),
        ("10/s", (ThrottleLimit(10, 1),)),
        ("120w/10s 5000/h", (ThrottleLimit(120, 10, writes_only=True), ThrottleLimit(5000, 3600))),
        ("1/min 2w/day", (ThrottleLimit(1, 60), ThrottleLimit(2, 86400, writes_only=True))),
    ],
)
def test_limits_are_read(text: str, limits: tuple[ThrottleLimit, ...]) -> None:
    assert read_limits(text) == limits


@each_row("text", ["10", "10/", "x/s", "0/s", "10/0s", "10/week", "10w", "-1/s"])
def test_unreadable_limits_are_named(text: str) -> None:
    with pytest.raises(ValueError, match="COUNT"):
        read_limits(text)


@given(st.lists(st.floats(0, 30), max_size=60), st.integers(1, 5), st.integers(1, 10))
def test_no_window_ever_lets_in_more_than_its_count(gaps: list[float], count: int, window_s: int) -> None:
    pace, now, let_in = Throttle((ThrottleLimit(count, window_s),)), 0.0, []

    for gap in gaps:
        now += gap / 10
        wait_s = pace.wait_s(now, writes=False)
        assert 0 <= wait_s <= window_s + 1e-6
        if not wait_s:
            let_in.append(now)

    assert all(later - earlier >= window_s - 1e-6 for earlier, later in zip(let_in, let_in[count:], strict=False))
