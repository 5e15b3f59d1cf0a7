"""What callers who prove nothing may send: limits for each address and in all, and a budget for unreadable bodies."""

import io
import json
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from werkzeug.test import TestResponse

from service.capture.http import unproven
from service.rate_limit import WindowLimit
from service.store import Store
from tests.builders import NOON, a_form
from tests.capture.senders.signing import SECRET, sign
from tests.front import ANN, FORM_TYPE, PERSON, SCRIPT, Front

TOKEN = {"token": "a-token-of-the-test"}
RUBBISH = b"{" + b"x" * 1000


class Caller:
    """Whoever calls an application with one form and one sender."""

    def __init__(self, sqlite: Store, sender: str = "json", **table: str) -> None:
        self.front = Front(sqlite, a_form(webhooks={sender: table}), STORE_IP="true")
        self.path = f"/webhooks/{sender}/contact"

    def send(self, body: bytes | None = None, address: str = "192.0.2.1", **headers: str) -> TestResponse:
        """Post a lead, or `body`."""
        return self.front.client.post(
            self.path,
            data=json.dumps(ANN).encode() if body is None else body,
            content_type="application/json",
            headers=headers,
            environ_base={"REMOTE_ADDR": address},
        )

    def statuses(self, calls: int, **more: Any) -> list[int]:
        """The answers to several calls."""
        return [self.send(**more).status_code for _ in range(calls)]


@pytest.fixture(autouse=True)
def _noon() -> Any:
    """No test runs into the next minute."""
    with time_machine.travel(NOON, tick=False):
        yield


@pytest.fixture(autouse=True)
def _small_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unproven, "CALLS", WindowLimit(3, 60))
    monkeypatch.setattr(unproven, "ALL_CALLS", WindowLimit(8, 60))
    monkeypatch.setattr(unproven, "WRONG_PROOFS", WindowLimit(3, 60))
    monkeypatch.setattr(unproven, "UNREADABLE_BYTES_PER_DAY", 3 * len(RUBBISH))


class Unread(io.BytesIO):
    """A body that must not be read."""

    def read(self, *_: Any) -> bytes:
        raise AssertionError

    readinto = read  # type: ignore[assignment]


# -- webhooks


def test_calls_that_prove_nothing_are_limited_for_each_address_unread(sqlite: Store) -> None:
    caller = Caller(sqlite)
    caller.statuses(3)

    refused = caller.front.client.post(
        caller.path, input_stream=Unread(b"email=a@b"), environ_base={"REMOTE_ADDR": "192.0.2.1"}
    )

    assert refused.status_code == 429
    assert 0 < int(refused.headers["Retry-After"]) <= 60
    assert refused.get_json()["message"].startswith("Too many calls")
    assert caller.statuses(1, address="192.0.2.2") == [200]


def test_all_addresses_together_are_limited_for_each_form(sqlite: Store) -> None:
    caller = Caller(sqlite)

    answers = [caller.send(address=f"192.0.2.{n}").status_code for n in range(9)]

    assert answers == [200] * 8 + [429]


def test_a_large_body_counts_as_several_calls(sqlite: Store) -> None:
    caller = Caller(sqlite)
    large = json.dumps({**ANN, "message": "x" * 2 * unproven.LARGE_BYTES}).encode()

    assert caller.statuses(2, body=large) == [200, 429]


def test_an_ipv6_network_is_one_caller(sqlite: Store) -> None:
    caller = Caller(sqlite)

    answers = [caller.send(address=f"2001:db8:1:2::{n:x}").status_code for n in range(4)]

    assert answers == [200, 200, 200, 429]
    assert caller.statuses(1, address="2001:db8:1:3::1") == [200]


@pytest.mark.parametrize("sender", ["json", "typeform"])
def test_a_proven_call_is_never_limited(sqlite: Store, sender: str) -> None:
    caller = Caller(sqlite, sender, **(TOKEN if sender == "json" else {"secret": SECRET}))
    body = json.dumps(ANN).encode()
    proof = {"x-webhook-token": TOKEN["token"]}
    if sender == "typeform":
        proof = dict(sign(sender, body, caller.path, NOON.timestamp()).headers)
    caller.statuses(9, body=body)  # proves nothing

    answers = [caller.send(body, **proof).status_code for _ in range(12)]

    assert answers == [200] * 12


def test_wrong_proofs_are_counted_and_a_wrong_token_is_refused_unread(sqlite: Store) -> None:
    caller = Caller(sqlite, **TOKEN)

    answers = [
        caller.front.client.post(
            f"{caller.path}?token=wrong", input_stream=Unread(b"email=a@b"), environ_base={"REMOTE_ADDR": "::1"}
        )
        for _ in range(4)
    ]

    assert [answer.status_code for answer in answers] == [401, 401, 401, 429]
    assert int(answers[-1].headers["Retry-After"]) > 0


# -- unreadable bodies


def test_unreadable_bodies_are_kept_up_to_a_budget_of_all_processes_for_one_day(sqlite: Store) -> None:
    one, other = Caller(sqlite), Caller(sqlite)
    bodies = [b"%d%b" % (n, RUBBISH[:-1]) for n in range(4)]
    answers = [(one, other)[n % 2].send(body, f"192.0.2.{n}") for n, body in enumerate(bodies)]

    assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
    assert 0 < int(answers[-1].headers["Retry-After"]) <= 3600
    assert len(one.front.leads()) == 3
    assert one.statuses(1, address="192.0.2.9") == [200]  # a lead that can be read
    with time_machine.travel(NOON + timedelta(days=1), tick=False):
        assert other.statuses(1, body=bodies[3]) == [200]


def test_the_readable_leads_of_such_a_call_are_kept(sqlite: Store) -> None:
    caller = Caller(sqlite)
    mixed = json.dumps([ANN, "x" * 4 * len(RUBBISH)]).encode()

    assert caller.send(mixed).status_code == 429
    assert caller.front.lead().submission.contact.email == ANN["email"]


def test_a_proven_sender_has_no_budget(sqlite: Store) -> None:
    caller = Caller(sqlite, **TOKEN)
    bodies = [b"%d%b" % (n, RUBBISH) for n in range(9)]

    answers = [caller.send(body, **{"x-webhook-token": TOKEN["token"]}).status_code for body in bodies]

    assert answers == [200] * 9
    assert len(caller.front.leads()) == 9


def test_posts_of_browsers_spend_the_same_budget(sqlite: Store) -> None:
    front = Front(sqlite)

    answers = [
        front.post(b"%d%b" % (n, RUBBISH[:-1]), headers=SCRIPT, content_type="application/json") for n in range(4)
    ]

    assert [answer.status_code for answer in answers] == [400, 400, 400, 429]
    assert len(front.leads()) == 3


# -- forms


def test_a_post_over_the_limit_is_refused_unread(sqlite: Store) -> None:
    front = Front(sqlite, SUBMIT_LIMIT="1/day")
    front.post(ANN, headers=SCRIPT)

    refused = front.client.post(
        "/f/contact",
        input_stream=Unread(b"email=a@b"),
        content_type=FORM_TYPE,
        headers=SCRIPT,
        environ_base={"REMOTE_ADDR": "192.0.2.1"},
    )

    assert refused.status_code == 429


def test_the_answers_come_back_in_the_first_refused_pages_only(sqlite: Store) -> None:
    front = Front(sqlite, SUBMIT_LIMIT="1/day")

    pages = [front.post(ANN, headers=PERSON) for _ in range(6)]

    assert [page.status_code for page in pages] == [303] + [429] * 5
    assert [ANN["message"] in page.text for page in pages[1:]] == [True, True, True, False, False]


@pytest.mark.parametrize(
    ("addresses", "last"),
    [
        (["2001:db8::1", "2001:db8::2"], 429),
        (["2001:db8::1", "2001:db8:0:1::1"], 200),
        (["192.0.2.1", "::ffff:192.0.2.1"], 429),
        (["192.0.2.1", "192.0.2.2"], 200),
    ],
)
def test_the_submit_limit_counts_networks(sqlite: Store, addresses: list[str], last: int) -> None:
    front = Front(sqlite, SUBMIT_LIMIT="1/day")
    words = [{**ANN, "message": address} for address in addresses]

    answers = [front.post(each, headers=SCRIPT, address=each["message"]) for each in words]

    assert [answer.status_code for answer in answers] == [200, last]
