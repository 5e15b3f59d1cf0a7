"""Logins and tokens."""

import time

import pytest
import requests

from service.simulator.authentication import totp_code
from service.simulator.server import Simulator
from tests.simulator.client import PASSWORD, USERNAME, log_in, status_with, token

SEED = "JBSWY3DPEHPK3PXP"


def refresh(sim: Simulator, refresh_token: str, **form: str) -> requests.Response:
    return token(sim, {"grant_type": "refresh_token", "refresh_token": refresh_token, **form})


def test_a_login_gives_a_token_that_is_good(sim: Simulator) -> None:
    answer = log_in(sim).json()

    assert answer["token_type"] == "bearer"
    assert answer["expires_in"] == 604799
    assert status_with(sim, answer["access_token"]) == 200


def test_a_json_body_is_an_unsupported_grant_type(sim: Simulator) -> None:
    body = {"grant_type": "password", "username": USERNAME, "password": PASSWORD}

    answer = requests.post(f"{sim.url}/api/token", json=body, timeout=10)

    assert (answer.status_code, answer.json()["error"]) == (400, "unsupported_grant_type")


@pytest.mark.parametrize(("name", "value"), [("username", "who@example.com"), ("password", "wrong")])
def test_a_bad_login_is_an_invalid_grant_with_a_description(sim: Simulator, name: str, value: str) -> None:
    answer = log_in(sim, **{name: value})

    assert answer.status_code == 400
    assert answer.json()["error"] == "invalid_grant"
    assert answer.json()["error_description"]


def test_a_token_ends_after_its_time(sim: Simulator) -> None:
    sim.settings(token_ttl_s=0.2)
    access = log_in(sim).json()["access_token"]
    ends = time.monotonic() + 5

    while status_with(sim, access) == 200:
        assert time.monotonic() < ends

    assert status_with(sim, access) == 401


def test_revoked_tokens_are_denied_but_their_refresh_token_works(sim: Simulator) -> None:
    answer = log_in(sim).json()
    sim.revoke_tokens()

    renewed = refresh(sim, answer["refresh_token"], client_id=USERNAME).json()

    assert status_with(sim, answer["access_token"]) == 401
    assert status_with(sim, renewed["access_token"]) == 200


def test_a_refresh_rotates_the_refresh_token_and_keeps_the_live_access_token(sim: Simulator) -> None:
    first = log_in(sim, client_id="desk").json()

    second = refresh(sim, first["refresh_token"], client_id="desk").json()

    assert second["refresh_token"] != first["refresh_token"]
    assert refresh(sim, first["refresh_token"], client_id="desk").json() == {"error": "invalid_grant"}
    assert status_with(sim, first["access_token"]) == 200


@pytest.mark.parametrize(
    ("at_login", "at_refresh", "status"),
    [
        pytest.param({"client_id": "desk"}, {"client_id": "desk"}, 200, id="the same value"),
        pytest.param({"client_id": "desk"}, {"client_id": "other"}, 400, id="another value"),
        pytest.param({"client_id": "desk"}, {"client_id": USERNAME}, 400, id="the e-mail where a value was sent"),
        pytest.param({}, {"client_id": USERNAME}, 200, id="the e-mail where none was sent"),
        pytest.param({}, {}, 400, id="none at all"),
    ],
)
def test_a_refresh_needs_the_client_id_of_the_login(
    sim: Simulator, at_login: dict[str, str], at_refresh: dict[str, str], status: int
) -> None:
    refresh_token = log_in(sim, **at_login).json()["refresh_token"]

    assert refresh(sim, refresh_token, **at_refresh).status_code == status


def test_the_client_id_may_be_a_header(sim: Simulator) -> None:
    form = {"grant_type": "password", "username": USERNAME, "password": PASSWORD}
    refresh_token = token(sim, form, client_id_header="desk").json()["refresh_token"]

    assert refresh(sim, refresh_token, client_id="desk").status_code == 200


def test_client_ids_that_differ_are_refused(sim: Simulator) -> None:
    answer = token(sim, {"grant_type": "password", "client_id": "two"}, client_id_header="one")

    assert answer.json()["error"] == "invalid_client"


def test_a_new_login_kills_the_tokens_of_its_client(sim: Simulator) -> None:
    first = log_in(sim, client_id="desk").json()

    log_in(sim, client_id="desk")

    assert status_with(sim, first["access_token"]) == 401
    assert refresh(sim, first["refresh_token"], client_id="desk").status_code == 400


def test_a_new_login_leaves_other_clients_alone(sim: Simulator) -> None:
    first = log_in(sim, client_id="desk").json()

    log_in(sim, client_id="other")

    assert status_with(sim, first["access_token"]) == 200


def test_five_failures_lock_the_user_out(sim: Simulator) -> None:
    for _ in range(5):
        log_in(sim, password="wrong")

    answer = log_in(sim)

    assert answer.json()["error"] == "invalid_grant"
    assert "locked" in answer.json()["error_description"]


def test_a_good_login_forgets_the_failures_before_it(sim: Simulator) -> None:
    for password in ["wrong"] * 4 + [PASSWORD] + ["wrong"] * 4:
        log_in(sim, password=password)

    assert log_in(sim).status_code == 200


def test_a_second_factor_is_asked_for_where_it_is_on(sim: Simulator) -> None:
    sim.settings(totp=SEED)

    assert log_in(sim).json()["error"] == "two_factor_auth_check"
    assert log_in(sim, totp="000000x").json()["error"] == "invalid_grant"
    assert log_in(sim, totp=totp_code(SEED, int(time.time()) // 30)).status_code == 200


@pytest.mark.parametrize(
    ("seconds", "code"),
    [(59, "287082"), (1111111109, "081804"), (1234567890, "005924"), (20000000000, "353130")],
)
def test_codes_are_those_of_rfc_6238(seconds: int, code: str) -> None:
    assert totp_code("GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ", seconds // 30) == code


@pytest.mark.parametrize(
    ("login", "status"),
    [
        pytest.param((USERNAME, PASSWORD), 200, id="the login"),
        pytest.param((USERNAME, "wrong"), 401, id="a wrong password"),
    ],
)
def test_basic_auth_is_taken(sim: Simulator, login: tuple[str, str], status: int) -> None:
    answer = requests.get(f"{sim.url}/api/auth/me", auth=login, timeout=10)

    assert answer.status_code == status


@pytest.mark.parametrize("header", ["", "Bearer", "Bearer nonsense", "Basic !!", "Basic", "Digest x"])
def test_any_other_header_is_access_denied(sim: Simulator, header: str) -> None:
    answer = requests.get(f"{sim.url}/api/auth/me", headers={"Authorization": header}, timeout=10)

    assert (answer.status_code, answer.text) == (401, "Access Denied")
