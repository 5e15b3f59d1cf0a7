"""A Nexudus account is tried while a person waits: what the doctor finds, who it is, what can be seen."""

import threading
from typing import Any

import pytest

from service.background import RequestJob
from service.delivery.setup_check.account_trial import AccountTrial
from service.nexudus_accounts import trial_client
from service.settings import read_settings
from service.simulator.server import Simulator
from service.store import TRY_ACCOUNT, Store
from tests.builders import NOON, a_form

USER = "simulator@leadcapture.example"


class TriedAccount:
    """A worker that answers, and the answer to one request."""

    def __init__(self, store: Store, base_url: str) -> None:
        self.store, self.base_url = store, base_url
        settings = read_settings({"NEXUDUS_LIMITS": "1000/s"})
        stop = threading.Event()
        trial = AccountTrial(
            store, lambda each: trial_client(each, settings, store, stop), lambda _: None, lambda: [a_form()]
        )
        self.job = RequestJob(store, TRY_ACCOUNT, trial.answer)

    def answer(self, word: str = "simulator", **typed: str) -> Any:
        """Try the account with this password, which is kept as a secret."""
        secret = self.store.write(lambda tx: tx.secrets.keep("password", word, "ann", NOON))
        keys = {"base_url": self.base_url, "username": USER, "password": f"secret:{secret}", **typed}
        details = {"account": "default", "typed": keys}
        request_id = self.store.write(lambda tx: tx.worker_requests.add(TRY_ACCOUNT, details, "ann", NOON))
        self.job.step(NOON)
        with self.store.read() as tx:
            request = tx.worker_requests.get(request_id)
        assert request is not None
        return request.answer


@pytest.fixture
def tried(sqlite: Store, nexudus: Simulator) -> TriedAccount:
    """The simulator's account."""
    return TriedAccount(sqlite, nexudus.url)


def test_an_account_that_lets_us_in_shows_what_is_there(tried: TriedAccount) -> None:
    answer = tried.answer()

    assert answer["is_open"]
    assert answer["user"]
    assert answer["locations"]
    assert answer["boards"]
    assert not any(problem["level"] == "error" for problem in answer["problems"])


def test_a_wrong_password_is_said_and_leaves_no_trace(sqlite: Store, tried: TriedAccount) -> None:
    answer = tried.answer("wrong-word")

    assert not answer["is_open"]
    assert "sign-in is refused" in answer["problems"][0]["problem"]
    assert "wrong-word" not in str(answer)
    with sqlite.read() as tx:
        assert not tx.accounts.is_login_refused("default")
        assert tx.accounts.tokens("default") is None


def test_what_cannot_even_be_tried_says_why(tried: TriedAccount) -> None:
    seed = tried.answer(totp_secret="not base32!")
    nowhere = tried.answer(base_url="http://127.0.0.1:9")

    assert seed["problems"][0]["problem"] == "the TOTP seed is not base32"
    assert "does not answer" in nowhere["problems"][0]["problem"]
    assert not nowhere["is_open"]


def test_an_account_that_is_gone_is_no_error_of_ours(sqlite: Store, tried: TriedAccount) -> None:
    request_id = sqlite.write(lambda tx: tx.worker_requests.add(TRY_ACCOUNT, {"account": "gone"}, "ann", NOON))

    tried.job.step(NOON)

    with sqlite.read() as tx:
        request = tx.worker_requests.get(request_id)
    assert request is not None
    assert request.answer is not None
    assert not request.answer["is_open"]
