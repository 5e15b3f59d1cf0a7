"""The control calls, and the simulator as a server."""

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from typing import Any

import pytest
import requests

from service.simulator.app import create_app
from service.simulator.server import Simulator
from service.simulator.settings import ControlProblems
from tests.simulator.client import COWORKERS, Client, coworker_body, log_in


def test_the_state_shows_what_arrived(sim: Simulator, client: Client) -> None:
    client.add_opportunity(client.add_coworker("ada@example.com"), Name="Ada")

    state = client.get("/_sim/state").json()

    assert [record["Name"] for record in state["opportunities"]] == ["Ada"]
    assert [record["Email"] for record in state["coworkers"]] == ["ada@example.com"]
    assert state["requests"]["count"] == 2
    assert (state["requests"]["last"]["method"], state["requests"]["last"]["status"]) == ("POST", 200)
    assert state["settings"]["throttle_status"] == 409


def test_the_state_holds_no_credentials(sim: Simulator, client: Client) -> None:
    log_in(sim, password="a-wrong-secret")

    text = client.get("/_sim/state").text

    assert "a-wrong-secret" not in text
    assert "password" not in text


def test_a_reset_empties_the_boards_and_lifts_the_faults(sim: Simulator, client: Client) -> None:
    client.add_coworker()
    client.post("/_sim/faults", [{"path": "/api", "status": 500, "times": None}])

    client.post("/_sim/reset", None)

    assert client.get(COWORKERS).json()["TotalItems"] == 0


def test_a_reset_comes_back_to_the_first_settings() -> None:
    with Simulator(limits="1/h", throttle_status=429) as sim:
        sim.settings(limits="", throttle_status=409)
        sim.reset()

        assert (sim.world.settings.limits, sim.world.settings.throttle_status) == ("1/h", 429)


def test_a_customer_of_long_ago_is_put_there_by_a_post(sim: Simulator, client: Client) -> None:
    since = "2024-01-01T09:00:00.000Z"
    customer = {"Email": "ada@example.com", "CreatedOn": since, "TariffId": 3, "TariffName": "Hot desk"}

    client.post("/_sim/coworkers", customer)

    (row,) = client.get(COWORKERS, Coworker_Email="ada@example.com").json()["Records"]
    assert (row["CreatedOn"], row["TariffName"]) == (since, "Hot desk")


def test_a_customer_without_an_address_is_refused(sim: Simulator, client: Client) -> None:
    assert client.post("/_sim/coworkers", {"FullName": "Ada"}).status_code == 400


def test_a_plan_may_come_by_id_only(sim: Simulator, client: Client) -> None:
    known = sim.add_coworker("ada@example.com", TariffId=3)
    sim.settings(plans_in_lists=False)

    (row,) = client.get(COWORKERS).json()["Records"]

    assert "TariffId" not in row
    assert client.get(f"{COWORKERS}/{known['Id']}").json()["TariffId"] == 3


def test_faults_are_set_by_a_post(sim: Simulator, client: Client) -> None:
    answer = client.post("/_sim/faults", [{"path": COWORKERS, "status": 503}])

    assert answer.json() == {"ok": True, "faults": 1}
    assert client.get(COWORKERS).status_code == 503


@pytest.mark.parametrize(
    ("script", "problem"),
    [
        ({"path": "/api"}, "faults: a list is needed"),
        ([1], "fault 0: 1 is not an object"),
        ([{"status": 500}, {"stauts": 500}], "fault 1: unknown key 'stauts': choose from method"),
        ([{"path": "/api"}], "fault 0: say what happens: status, hang_s, reset, firewall or body"),
        ([{"status": 99}], "fault 0: status: 99 is not a status from 200 to 599"),
        ([{"path": "(", "status": 500}], "fault 0: path: '(' is not a regular expression"),
        ([{"status": 500, "times": -1}], "fault 0: times: -1 is not a whole number"),
        ([{"hang_s": "long"}], "fault 0: hang_s: 'long' is not a number"),
        ([{"reset": 1}], "fault 0: reset: 1 is not true or false"),
        ([{"status": 500, "headers": []}], "fault 0: headers: [] is not an object of texts"),
    ],
)
def test_a_wrong_script_is_refused_with_the_reason(sim: Simulator, client: Client, script: Any, problem: str) -> None:
    answer = client.post("/_sim/faults", script)

    assert answer.status_code == 400
    assert answer.json()["problems"][0].startswith(problem)


@pytest.mark.parametrize(
    ("wanted", "problem"),
    [
        ([], "settings: an object is needed"),
        ({"latency": 5}, "unknown setting 'latency': choose from latency_ms"),
        ({"latency_ms": -1}, "latency_ms: -1 is not a number of 0 or more"),
        ({"latency_ms": [1, 2, 3]}, "latency_ms: [1, 2, 3] is not a number or a pair of them"),
        ({"limits": "many"}, "limits: 'many' is not COUNT[w]/[N]UNIT"),
        ({"throttle_status": 503}, "throttle_status: 503 is not 409 or 429"),
        ({"cap": True}, "cap: True is not a whole number"),
        ({"denied": "Coworker-Create"}, "denied: 'Coworker-Create' is not a list of roles"),
        ({"systemid_filters": 0}, "systemid_filters: 0 is not true or false"),
        ({"username": None}, "username: None is not text"),
        ({"list_flags": "some"}, "list_flags: 'some' is not one of full, absent, false"),
    ],
)
def test_a_wrong_setting_is_refused_with_the_reason(sim: Simulator, client: Client, wanted: Any, problem: str) -> None:
    answer = client.post("/_sim/settings", wanted)

    assert answer.status_code == 400
    assert answer.json()["problems"][0].startswith(problem)


def test_settings_are_shown_without_what_signs_in(sim: Simulator, client: Client) -> None:
    shown = client.get("/_sim/settings").json()

    assert shown["list_flags"] == "full"
    assert not {"password", "totp", "bearer"} & set(shown)


def test_wrong_settings_are_all_named_and_none_is_taken(sim: Simulator) -> None:
    with pytest.raises(ControlProblems) as caught:
        sim.settings(cap=3, limit="1/s", token_ttl_s="long")

    assert len(caught.value.sentences) == 2
    assert sim.world.settings.cap == 5000


@pytest.mark.parametrize("latency", [150, [150, 160]])
def test_latency_delays_every_answer(sim: Simulator, client: Client, latency: float | list[float]) -> None:
    client.post("/_sim/settings", {"latency_ms": latency})
    begun = time.monotonic()

    client.get(COWORKERS)

    assert time.monotonic() - begun >= 0.15


def test_calls_are_kept_with_what_they_said(sim: Simulator, client: Client) -> None:
    client.get(COWORKERS, Coworker_Email="ada@example.com")
    client.post(COWORKERS, coworker_body())

    call = sim.calls("POST", COWORKERS)[0]

    assert call.body["FullName"] == "Ada Lovelace"
    assert call.status == 200
    assert sim.calls("GET")[0].query == (("Coworker_Email", "ada@example.com"),)


def test_one_can_wait_for_calls(sim: Simulator, client: Client) -> None:
    threading.Thread(target=client.get, args=(COWORKERS,)).start()

    assert len(sim.wait_for_calls(1, path=COWORKERS)) == 1
    with pytest.raises(TimeoutError, match="1 of 2 calls"):
        sim.wait_for_calls(2, path=COWORKERS, within_s=0.05)


def test_a_connection_is_kept_for_the_next_call(sim: Simulator) -> None:
    with socket.create_connection(("127.0.0.1", int(sim.url.rpartition(":")[2])), timeout=5) as wire:
        for _ in range(2):
            wire.sendall(b"GET /api/auth/me HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer simulator\r\n\r\n")
            assert wire.recv(65536).startswith(b"HTTP/1.1 200 OK\r\n")


def test_two_simulators_know_nothing_of_each_other(sim: Simulator, client: Client) -> None:
    with Simulator() as other:
        other.add_coworker("ada@example.com")

        assert sim.coworkers_of("ada@example.com") == []
        assert len(Client(other).records(COWORKERS)) == 1


def test_an_application_can_do_without_a_server() -> None:
    client = create_app().test_client()

    assert client.get("/api/auth/me", headers={"Authorization": "Bearer simulator"}).status_code == 200


def test_a_stopped_simulator_lets_hanging_calls_go_and_closes_its_port() -> None:
    with Simulator() as sim:
        sim.faults([{"path": COWORKERS, "hang_s": 600}])
        failures: list[Exception] = []
        caller = threading.Thread(target=_call_and_fail, args=(sim.url, failures))
        caller.start()
        sim.wait_for_calls(1)

    caller.join(timeout=5)
    assert len(failures) == 1
    with pytest.raises(requests.ConnectionError):
        requests.get(sim.url, timeout=5)


def _call_and_fail(url: str, failures: list[Exception]) -> None:
    try:
        requests.get(url + COWORKERS, timeout=10)
    except requests.ConnectionError as error:
        failures.append(error)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_the_process_stops_cleanly_on_a_signal(number: signal.Signals) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    code = f"from service.simulator.server import serve; serve({port})"
    with subprocess.Popen([sys.executable, "-c", code], env={**os.environ}) as process:
        _wait_for_answer(f"http://127.0.0.1:{port}/")
        process.send_signal(number)

        assert process.wait(timeout=10) == 0


def _wait_for_answer(url: str) -> None:
    ends = time.monotonic() + 20
    while True:
        try:
            requests.get(url, timeout=5)
        except requests.ConnectionError:
            if time.monotonic() > ends:
                raise
            time.sleep(0.02)
        else:
            return
