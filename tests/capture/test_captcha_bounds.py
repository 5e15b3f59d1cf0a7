"""A provider that is slow or down delays no visitor for long; and the meaning of each of its answers."""

import threading
import time
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.capture.spam.captcha import (
    ADDRESSES,
    CONFIG_CODES,
    MAX_CONCURRENT,
    MAX_FAILURES,
    PAUSE_S,
    SPENT_CODES,
    TOKEN_CODES,
    CaptchaClient,
    CaptchaOutcome,
    CaptchaResult,
    CircuitBreaker,
    ProviderResponse,
    address_of,
    read_result,
)
from service.forms import Captcha
from service.forms.schema import PROVIDERS
from tests.capture.provider import Provider
from tests.tables import each_row

TURNSTILE = Captcha("turnstile", "shh")
SOON_S = 0.3


@pytest.fixture
def provider() -> Iterator[Provider]:
    """Who says yes, until the test says otherwise."""
    with Provider() as provider:
        yield provider


def check(client: CaptchaClient, captcha: Captcha) -> CaptchaResult:
    """One token; the site does not matter."""
    return client.check(captcha, "a-token", lambda _: True)


# -- time


@pytest.mark.parametrize("how", ["hangs", "trickles"])
def test_an_enquiry_waits_for_a_slow_provider_no_longer_than_the_bound(provider: Provider, how: str) -> None:
    getattr(provider, how).set()
    client = CaptchaClient(max_wait_s=SOON_S)
    began = time.monotonic()

    result = check(client, provider.captcha())

    assert result == CaptchaResult(CaptchaOutcome.UNCHECKED, "no answer")
    assert SOON_S <= time.monotonic() - began < SOON_S + 1


def test_when_many_questions_hang_the_next_enquiry_does_not_wait(provider: Provider) -> None:
    provider.hangs.set()
    client = CaptchaClient(max_wait_s=SOON_S)
    hanging = [threading.Thread(target=check, args=(client, provider.captcha())) for _ in range(MAX_CONCURRENT)]
    for each in hanging:
        each.start()
    for each in hanging:
        each.join()
    began = time.monotonic()

    assert check(client, TURNSTILE).outcome is CaptchaOutcome.UNCHECKED
    assert time.monotonic() - began < SOON_S


def test_one_provider_s_trouble_is_not_another_s(provider: Provider) -> None:
    client = CaptchaClient()
    with Provider() as broken:
        broken.status = 500
        for _ in range(MAX_FAILURES):
            check(client, broken.captcha())

        assert client.is_circuit_open(broken.captcha())
        assert check(client, provider.captcha()).outcome is CaptchaOutcome.PASSED


# -- the breaker


def test_some_failures_in_a_row_end_the_asking_for_a_while() -> None:
    breaker = CircuitBreaker()
    for _ in range(MAX_FAILURES):
        assert breaker.allows(100)
        breaker.record_failure(100)

    assert not breaker.allows(100 + PAUSE_S - 1)


def test_after_the_pause_one_finds_out_for_all() -> None:
    breaker = CircuitBreaker()
    for _ in range(MAX_FAILURES):
        breaker.record_failure(100)

    assert [breaker.allows(100 + PAUSE_S) for _ in range(3)] == [True, False, False]


def test_an_answer_ends_it() -> None:
    breaker = CircuitBreaker()
    for _ in range(MAX_FAILURES):
        breaker.record_failure(100)
    breaker.record_success()

    assert breaker.allows(100)
    assert not breaker.is_open


def test_a_single_failure_now_and_then_ends_nothing() -> None:
    breaker = CircuitBreaker()
    for _ in range(10):
        breaker.record_failure(100)
        breaker.record_success()

    assert breaker.allows(100)


# -- what an answer means


def result_of(body: str, status: int = 200) -> CaptchaResult:
    return read_result(TURNSTILE, ProviderResponse(status, body.encode()), lambda _: True)


@each_row("code", sorted(TOKEN_CODES))
def test_what_is_about_the_token_asks_for_a_new_one_whatever_the_status(code: str) -> None:
    body = f'{{"success": false, "error-codes": ["{code}"]}}'

    assert {result_of(body, status).outcome for status in (200, 400)} == {CaptchaOutcome.FAILED}
    assert result_of(body).is_spent is (code in SPENT_CODES)


def test_a_no_without_a_code_is_one_of_the_visitor_s() -> None:
    assert result_of('{"success": false}').outcome is CaptchaOutcome.FAILED


def test_a_mistake_of_ours_weighs_more_than_one_of_the_visitor_s() -> None:
    body = '{"success": false, "error-codes": ["invalid-input-response", "invalid-input-secret"]}'

    assert result_of(body) == CaptchaResult(CaptchaOutcome.MISTAKEN, "invalid-input-secret")


@given(st.text() | st.sampled_from(sorted(CONFIG_CODES | TOKEN_CODES)), st.integers(200, 599))
def test_whatever_is_said_has_a_meaning(code: str, status: int) -> None:
    assert result_of(code, status).outcome is CaptchaOutcome.UNCHECKED
    assert result_of(f'{{"success": "{code}"}}', status).outcome is CaptchaOutcome.UNCHECKED


@pytest.mark.parametrize("provider", PROVIDERS)
def test_every_provider_has_its_address_which_the_form_may_change(provider: str) -> None:
    assert address_of(Captcha(provider, "shh")) == ADDRESSES[provider]
    assert address_of(Captcha(provider, "shh", url="https://www.recaptcha.net/x")) == "https://www.recaptcha.net/x"
