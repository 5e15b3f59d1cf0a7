"""Wrong passwords and tokens: limited by network and in all, and nobody is locked out by strangers."""

from datetime import datetime, timedelta
from typing import Any

import pytest
import time_machine
from structlog.testing import capture_logs
from werkzeug.test import TestResponse

from service.admin import AdminDeps, guesses
from service.admin.pages.auth import Authenticator
from service.store import Store, StoreUnavailable
from service.store.tallies import QUARTER, SIGN_INS, TOKENS, WRITE_INTERVAL, TallyWriter, period_of
from tests.admin.dashboard import PASSWORD, Operator
from tests.builders import NOON, a_publisher, in_force
from tests.front import TOKEN, Front

WRONG = "wrong"


@pytest.fixture(autouse=True)
def _noon() -> Any:
    """No test runs into the next quarter of an hour."""
    with time_machine.travel(NOON, tick=False):
        yield


def sign_in(operator: Operator, address: str, given: str = WRONG) -> int:
    """Try a password from an address; return the status."""
    return operator.sign_in(given, environ_base={"REMOTE_ADDR": address}).status_code


def besiege(operator: Operator) -> None:
    """Strangers all over the world try a hundred passwords."""
    tried = [sign_in(operator, f"198.{n}.100.1") for n in range(guesses.ALL_FAILURES.count)]
    assert tried == [422] * guesses.ALL_FAILURES.count


# -- signing in


def test_the_addresses_of_an_ipv6_network_share_their_attempts(sqlite: Store) -> None:
    stranger = Operator(sqlite, sign_in=False)

    answers = [sign_in(stranger, f"2001:db8:1:2::{n:x}") for n in range(12)]

    assert answers == [422] * 10 + [429] * 2
    assert sign_in(stranger, "2001:db8:1:3::1", PASSWORD) == 303


def test_an_ipv4_address_inside_ipv6_is_the_same_address(sqlite: Store) -> None:
    stranger = Operator(sqlite, sign_in=False)
    for _ in range(10):
        sign_in(stranger, "::ffff:192.0.2.1")

    assert sign_in(stranger, "192.0.2.1") == 429


def test_when_many_strangers_try_each_network_has_one_attempt(sqlite: Store) -> None:
    stranger = Operator(sqlite, sign_in=False)
    besiege(stranger)

    assert [sign_in(stranger, f"203.0.113.{n}") for n in range(3)] == [422, 429, 429]
    assert [sign_in(stranger, f"2001:db8:1:{n:x}::1") for n in range(3)] == [422, 429, 429]


def test_the_first_attempt_from_anywhere_still_signs_in(sqlite: Store) -> None:
    operator = Operator(sqlite, sign_in=False)
    besiege(operator)

    assert sign_in(operator, "203.0.113.9", PASSWORD) == 303


def test_a_browser_that_was_signed_in_has_attempts_of_its_own(sqlite: Store) -> None:
    operator = Operator(sqlite)
    browser, operator.client = operator.client, operator.front.app.test_client()
    besiege(operator)
    for _ in range(12):  # from the operator's own office
        operator.sign_in("wrong")
    operator.client = browser

    assert [operator.sign_in("wrong").status_code for _ in range(11)] == [422] * 10 + [429]


@pytest.mark.parametrize(
    ("days", "password", "known"), [(29, PASSWORD, True), (31, PASSWORD, False), (1, "new", False)]
)
def test_a_browser_is_known_for_a_month_and_with_one_password(
    sqlite: Store, days: int, password: str, known: bool
) -> None:
    current = in_force()
    before, after = (
        Authenticator(AdminDeps(sqlite, current.get, lambda: current.state, a_publisher(sqlite), password=each))
        for each in (PASSWORD, password)
    )
    login = before.check("admin", PASSWORD, NOON)
    assert login
    mark = before.mark_browser(NOON, login)

    assert bool(after.known_browser(mark, NOON + timedelta(days=days))) is known


def test_a_cookie_that_we_did_not_sign_is_worth_nothing(sqlite: Store) -> None:
    stranger = Operator(sqlite, sign_in=False)
    stranger.client.set_cookie("lead_capture_browser", '["a",9999999999,"b"].c', path="/admin")

    assert [sign_in(stranger, "192.0.2.1") for _ in range(11)] == [422] * 10 + [429]


def test_the_log_has_no_address_but_tells_networks_apart(sqlite: Store) -> None:
    stranger = Operator(sqlite, sign_in=False)

    with capture_logs() as lines:
        for address in ("192.0.2.1", "192.0.2.1", "192.0.2.2"):
            sign_in(stranger, address)

    networks = [line["network"] for line in lines if line["event"] == "sign_in_refused"]
    assert networks[0] == networks[1] != networks[2]
    assert "192.0.2" not in str(lines)


def test_refused_attempts_are_recorded_in_few_writes(sqlite: Store) -> None:
    stranger = Operator(sqlite, sign_in=False)
    for _ in range(5):
        sign_in(stranger, "192.0.2.1")
    with time_machine.travel(NOON + timedelta(seconds=10), tick=False):
        sign_in(stranger, "192.0.2.1")

    with sqlite.read() as tx:
        assert tx.tallies.amount(SIGN_INS, period_of(NOON, QUARTER)) == 6


def test_refused_attempts_that_could_not_be_recorded_are_recorded_later() -> None:
    recorded: list[int] = []
    faults = [StoreUnavailable()]

    def add(_name: str, _since: datetime, amount: int) -> None:
        if faults:
            raise faults.pop()
        recorded.append(amount)

    tallies = TallyWriter(add)
    with pytest.raises(StoreUnavailable):
        tallies.add(SIGN_INS, NOON)
    tallies.add(SIGN_INS, NOON + WRITE_INTERVAL)

    assert recorded == [2]


# -- the API


def call(front: Front, address: str, given: str = WRONG) -> TestResponse:
    """List the leads with a token."""
    headers = {"Authorization": f"Bearer {given}"}
    return front.client.get("/api/v1/leads", headers=headers, environ_base={"REMOTE_ADDR": address})


def test_wrong_tokens_of_a_network_are_limited_and_the_right_one_is_let_in(sqlite: Store) -> None:
    front = Front(sqlite)

    answers = [call(front, f"2001:db8::{n:x}") for n in range(22)]

    assert [answer.status_code for answer in answers] == [401] * 20 + [429] * 2
    assert 0 < int(answers[-1].headers["Retry-After"]) <= 900
    assert call(front, "2001:db8::1", TOKEN).status_code == 200
    assert call(front, "192.0.2.9").status_code == 401


def test_wrong_tokens_of_all_networks_are_limited(sqlite: Store) -> None:
    front = Front(sqlite)
    with capture_logs() as lines:
        answers = [call(front, f"198.51.{n}.1").status_code for n in range(301)]

    assert answers == [401] * 300 + [429]
    assert {line["event"] for line in lines} == {"token_refused"}
    with sqlite.read() as tx:
        assert tx.tallies.amount(TOKENS, period_of(NOON, QUARTER)) == 1  # the others come with the next write


def test_a_call_without_a_token_is_no_guess(sqlite: Store) -> None:
    front = Front(sqlite)

    assert {front.client.get("/api/v1/leads").status_code for _ in range(30)} == {401}
