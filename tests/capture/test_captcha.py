"""Forms with a captcha, from outside: who is thanked, who is asked again, what is stored, and which alerts follow."""

import threading
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from werkzeug.test import TestResponse

from service.forms import AttributionConfig, Form
from service.lead import CAPTCHA_REMARK, Reason, Status
from service.store import Store
from tests.builders import a_form
from tests.capture.provider import PASSED, Provider, failed
from tests.front import ANN, BEACON, PERSON, SCRIPT, Front, codes

SITE = "https://www.example.com"
TOKEN = {"cf-turnstile-response": "a-token"}


@pytest.fixture
def provider() -> Iterator[Provider]:
    """Who says yes, until the test says otherwise."""
    with Provider() as provider:
        yield provider


def a_front(sqlite: Store, provider: Provider, **form: Any) -> Front:
    """An application whose form has that provider's captcha."""
    return Front(sqlite, a_form(**{"captcha": provider.captcha(), **form}))


def remark(front: Front) -> object:
    """What the only lead says of its captcha."""
    return front.lead().submission.extras.get(CAPTCHA_REMARK)


def concerns(front: Front) -> dict[str, str]:
    """Cause and sentence of each open alert."""
    with front.store.read() as tx:
        return {concern.cause: concern.sentence for concern in tx.alerts.open()}


# -- passed


def test_a_good_token_passes_and_is_noted(sqlite: Store, provider: Provider) -> None:
    front = a_front(sqlite, provider)

    answer = front.post({**ANN, **TOKEN}, headers=PERSON)

    assert (answer.status_code, front.lead().status) == (303, Status.PENDING)
    assert remark(front) == "turnstile: passed"


def test_the_provider_is_told_secret_and_token_and_nothing_of_the_visitor(sqlite: Store, provider: Provider) -> None:
    a_front(sqlite, provider).post({**ANN, **TOKEN}, headers=PERSON)

    assert provider.requests == [{"secret": "shh", "response": "a-token"}]


@pytest.mark.parametrize(
    ("name", "field"),
    [
        ("turnstile", "cf-turnstile-response"),
        ("turnstile", "g-recaptcha-response"),
        ("hcaptcha", "h-captcha-response"),
        ("recaptcha", "g-recaptcha-response"),
    ],
)
def test_the_form_says_whose_token_counts(sqlite: Store, provider: Provider, name: str, field: str) -> None:
    front = a_front(sqlite, provider, captcha=provider.captcha(name))

    front.post({**ANN, "h-captcha-response": "other", "cf-turnstile-response": "other", field: "a-token"})

    wanted = "other" if field == "g-recaptcha-response" and name == "turnstile" else "a-token"
    assert [request["response"] for request in provider.requests] == [wanted]


def test_the_answers_are_checked_first_so_that_the_token_is_still_good_for_the_corrected_form(
    sqlite: Store, provider: Provider
) -> None:
    provider.spends = True
    front = a_front(sqlite, provider)

    answers = [front.post({**ANN, **TOKEN, "email": email}, headers=SCRIPT) for email in ("ann@", ANN["email"])]

    assert [answer.status_code for answer in answers] == [422, 200]
    assert len(provider.requests) == 1


# -- not passed, by a visitor who can try again


def refused(front: Front, fields: dict[str, str], headers: dict[str, str]) -> TestResponse:
    answer = front.post({**ANN, **fields}, headers=headers)
    assert answer.status_code == 422
    assert front.leads() == []
    return answer


BAD = ["timeout-or-duplicate", "invalid-input-response", "already-seen-response", "expired-input-response"]


@pytest.mark.parametrize("code", BAD)
def test_a_bad_token_asks_a_script_for_a_new_one(sqlite: Store, provider: Provider, code: str) -> None:
    provider.answer = failed(code)

    answer = refused(a_front(sqlite, provider), TOKEN, SCRIPT)

    assert codes(answer) == [("", "CAPTCHA_FAILED")]
    assert "once more" in answer.get_json(force=True)["error"]
    assert answer.headers["Access-Control-Allow-Origin"] == SITE


def test_a_missing_token_is_told_to_a_script(sqlite: Store, provider: Provider) -> None:
    answer = refused(a_front(sqlite, provider), {}, SCRIPT)

    assert codes(answer) == [("", "CAPTCHA_MISSING")]
    assert provider.requests == []


@pytest.mark.parametrize("fields", [{}, TOKEN], ids=["missing", "bad"])
def test_a_person_gets_the_form_back_with_all_they_wrote_and_a_new_check(
    sqlite: Store, provider: Provider, fields: dict[str, str]
) -> None:
    provider.answer = failed("timeout-or-duplicate")
    front = a_front(sqlite, provider, captcha=provider.captcha(site_key="0x4AAA"))

    answer = refused(front, fields, PERSON)

    assert answer.mimetype == "text/html"
    assert ANN["message"] in answer.text
    assert 'data-sitekey="0x4AAA"' in answer.text
    assert "security check" in answer.text
    assert "a-token" not in answer.text


def test_what_cannot_be_a_token_is_not_sent_to_the_provider(sqlite: Store, provider: Provider) -> None:
    front = a_front(sqlite, provider)

    for token in ("x" * 2049, "a token", "t\u00f6ken"):
        assert codes(refused(front, {"cf-turnstile-response": token}, SCRIPT)) == [("", "CAPTCHA_FAILED")]

    assert provider.requests == []


# -- not passed, without a visitor


@pytest.mark.parametrize("fields", [{}, TOKEN], ids=["missing", "bad"])
def test_who_cannot_be_asked_again_is_held(sqlite: Store, provider: Provider, fields: dict[str, str]) -> None:
    provider.answer = failed("timeout-or-duplicate")
    front = a_front(sqlite, provider)

    answer = front.post({**ANN, **fields}, headers=BEACON)

    assert (answer.status_code, front.lead().status) == (200, Status.QUARANTINED)
    assert front.lead().problem.startswith(Reason.CAPTCHA.prefix)


# -- doubted: looks like success


@pytest.mark.parametrize(
    ("score", "status", "noted"),
    [
        (0.9, Status.PENDING, "recaptcha: passed, score 0.9"),
        (0.5, Status.PENDING, "recaptcha: passed, score 0.5"),
        (0.4, Status.QUARANTINED, "recaptcha: not passed (score 0.4 is below 0.5)"),
    ],
)
def test_a_score_below_the_least_is_held(
    sqlite: Store, provider: Provider, score: float, status: Status, noted: str
) -> None:
    provider.answer = {**PASSED, "score": score, "action": "submit"}
    front = a_front(sqlite, provider, captcha=provider.captcha("recaptcha"))

    answer = front.post({**ANN, "g-recaptcha-response": "a-token"}, headers=PERSON)

    assert (answer.status_code, answer.headers["Location"]) == (303, "/f/contact/thanks")
    assert (front.lead().status, remark(front)) == (status, noted)


def test_the_form_says_what_score_is_enough(sqlite: Store, provider: Provider) -> None:
    provider.answer = {**PASSED, "score": 0.4}
    front = a_front(sqlite, provider, captcha=provider.captcha("recaptcha", min_score=0.3))

    front.post({**ANN, "g-recaptcha-response": "a-token"})

    assert front.lead().status is Status.PENDING


def test_a_risk_score_of_hcaptcha_is_not_taken_for_the_opposite(sqlite: Store, provider: Provider) -> None:
    provider.answer = {**PASSED, "score": 0.0}
    front = a_front(sqlite, provider, captcha=provider.captcha("hcaptcha"))

    front.post({**ANN, "h-captcha-response": "a-token"})

    assert (front.lead().status, remark(front)) == (Status.PENDING, "hcaptcha: passed")


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("www.example.com", Status.PENDING),
        ("offers.example.com", Status.PENDING),
        ("localhost", Status.PENDING),  # where this service itself is
        ("elsewhere.example", Status.QUARANTINED),
        ("example.com.elsewhere.example", Status.QUARANTINED),
    ],
)
def test_a_captcha_solved_on_another_site_is_held(sqlite: Store, provider: Provider, host: str, status: Status) -> None:
    provider.answer = {**PASSED, "hostname": host}
    front = a_front(sqlite, provider, attribution=AttributionConfig(own_domains=("example.com",)))

    assert front.post({**ANN, **TOKEN}, headers=PERSON).status_code == 303
    assert front.lead().status is status


@pytest.mark.parametrize("redirect", ["", "https://booking.example/next"])
def test_a_form_that_names_no_sites_takes_a_captcha_of_any(sqlite: Store, provider: Provider, redirect: str) -> None:
    provider.answer = {**PASSED, "hostname": "elsewhere.example"}
    front = a_front(sqlite, provider, redirect=redirect)

    front.post({**ANN, **TOKEN})

    assert front.lead().status is Status.PENDING


# -- the provider does not say


NOTHING: list[tuple[int, bytes]] = [
    (500, b"oops"),
    (503, b'{"success": "maybe"}'),
    (200, b"<html>"),
    (200, b"[]"),
    (200, b""),
    (429, b"slow down"),
    (302, b""),
    (200, b'{"success": false, "error-codes": ["internal-error"]}'),
    (200, b'{"success": false, "error-codes": ["never-heard-of"]}'),
]


@pytest.mark.parametrize(("status", "body"), NOTHING, ids=[f"{status} {body.decode()}" for status, body in NOTHING])
def test_without_a_verdict_the_enquiry_is_accepted_and_flagged(
    sqlite: Store, provider: Provider, status: int, body: bytes
) -> None:
    provider.status, provider.answer = status, body
    front = a_front(sqlite, provider)

    answer = front.post({**ANN, **TOKEN}, headers=PERSON)

    assert (answer.status_code, front.lead().status) == (303, Status.PENDING)
    assert str(remark(front)).startswith("turnstile: NOT CHECKED (")


def test_a_provider_that_cannot_be_reached_loses_no_enquiry(sqlite: Store, provider: Provider) -> None:
    nowhere = replace(provider.captcha(), url="http://127.0.0.1:9/siteverify")
    front = Front(sqlite, a_form(captcha=nowhere))

    assert front.post({**ANN, **TOKEN}, headers=PERSON).status_code == 303
    assert remark(front) == "turnstile: NOT CHECKED (no answer)"


def enquire(front: Front, times: int) -> None:
    """Different people, one after the other."""
    for number in range(times):
        front.post({**ANN, **TOKEN, "email": f"ann{number}@example.com"})


def test_a_provider_that_is_down_is_not_called_for_a_while_and_an_alert_says_so(
    sqlite: Store, provider: Provider
) -> None:
    provider.status = 500
    front = a_front(sqlite, provider)

    enquire(front, 2)
    assert concerns(front) == {}
    enquire(front, 6)

    assert len(provider.requests) == 3
    assert list(concerns(front)) == ["captcha:contact"]
    assert "does not answer" in concerns(front)["captcha:contact"]
    assert {lead.status for lead in front.leads()} == {Status.PENDING}


# -- the forms file is wrong


OUR_CODES = ["missing-input-secret", "invalid-input-secret", "sitekey-secret-mismatch", "bad-request"]


@pytest.mark.parametrize("code", OUR_CODES)
def test_a_mistake_of_ours_costs_no_enquiry_and_an_alert_says_so(sqlite: Store, provider: Provider, code: str) -> None:
    provider.answer = failed(code)
    front = a_front(sqlite, provider)

    answer = front.post({**ANN, **TOKEN}, headers=PERSON)

    assert (answer.status_code, front.lead().status) == (303, Status.PENDING)
    assert remark(front) == f"turnstile: NOT CHECKED ({code})"
    assert code in concerns(front)["captcha:contact"]
    assert "shh" not in concerns(front)["captcha:contact"]


def test_it_is_over_when_a_captcha_is_checked_again_even_by_another_process(sqlite: Store, provider: Provider) -> None:
    provider.answer = failed("invalid-input-secret")
    enquire(a_front(sqlite, provider), 1)
    provider.answer = PASSED
    corrected = a_front(sqlite, provider)

    corrected.post({**ANN, **TOKEN, "email": "bob@example.com"})

    assert concerns(corrected) == {}


def test_many_enquiries_write_a_trouble_down_once(sqlite: Store, provider: Provider) -> None:
    provider.answer = failed("invalid-input-secret")
    front = a_front(sqlite, provider)

    enquire(front, 5)

    with front.store.read() as tx:
        assert [concern.occurrences for concern in tx.alerts.open()] == [1]


# -- who came before


def test_a_second_click_with_the_spent_token_is_the_first_ones_repeat(sqlite: Store, provider: Provider) -> None:
    provider.spends = True
    front = a_front(sqlite, provider)

    answers = [front.post({**ANN, **TOKEN, "lc_key": "k"}, headers=SCRIPT).get_json() for _ in range(2)]

    assert [(answer["id"], answer["repeat"]) for answer in answers] == [
        (front.lead().id, False),
        (front.lead().id, True),
    ]
    assert len(provider.requests) == 1


def test_the_same_words_with_another_score_are_a_repeat(sqlite: Store, provider: Provider) -> None:
    front = a_front(sqlite, provider, captcha=provider.captcha("recaptcha"))

    for score in (0.9, 0.7):
        provider.answer = {**PASSED, "score": score}
        front.post({**ANN, "g-recaptcha-response": f"token {score}".replace(" ", "-")})

    assert front.lead().repeats == 1


def test_a_spent_token_carries_no_other_persons_enquiry(sqlite: Store, provider: Provider) -> None:
    provider.spends = True
    front = a_front(sqlite, provider)

    front.post({**ANN, **TOKEN}, headers=SCRIPT)
    other = front.post({**ANN, **TOKEN, "email": "bob@example.com"}, headers=SCRIPT)

    assert other.status_code == 422


# -- who needs no captcha


def test_what_the_rules_hold_is_not_asked_about(sqlite: Store, provider: Provider) -> None:
    front = a_front(sqlite, provider)

    answer = front.post({**ANN, "_gotcha": "pills"}, headers=PERSON)

    assert (answer.status_code, front.lead().status) == (303, Status.QUARANTINED)
    assert provider.requests == []


def test_a_form_without_a_captcha_takes_no_notice_of_tokens(front: Front) -> None:
    front.post({**ANN, **TOKEN})

    assert (front.lead().status, remark(front)) == (Status.PENDING, None)


@pytest.mark.parametrize("code", ["invalid-input-secret", "a-token", "shh", "<b>", "x" * 500])
def test_what_is_said_of_a_check_holds_neither_token_nor_secret(sqlite: Store, provider: Provider, code: str) -> None:
    provider.answer = failed(code)
    front = a_front(sqlite, provider)

    front.post({**ANN, **TOKEN})

    remarks = f"{remark(front)} {concerns(front)}"
    assert "NOT CHECKED" in remarks
    assert not any(word in remarks for word in ("a-token", "shh", "<", "x" * 50))


def test_a_form_shows_its_verdict_to_operators_and_not_to_the_crm(sqlite: Store, provider: Provider) -> None:
    front = a_front(sqlite, provider)
    front.post({**ANN, **TOKEN})

    shown = front.ask(f"/leads/{front.lead().id}").get_json()

    assert shown["extras"] == {CAPTCHA_REMARK: "turnstile: passed"}


def test_two_clicks_at_once_are_one_lead_and_both_are_thanked(sqlite: Store, provider: Provider) -> None:
    provider.spends = True
    front = a_front(sqlite, provider)
    answers: list[int] = []
    clicks = [
        threading.Thread(target=lambda: answers.append(front.post({**ANN, **TOKEN, "lc_key": "k"}).status_code))
        for _ in range(2)
    ]

    for click in clicks:
        click.start()
    for click in clicks:
        click.join()

    assert answers == [303, 303]
    assert front.lead().repeats == 1


def test_a_form_prints_no_secret(provider: Provider) -> None:
    assert "shh" not in repr(Form("tour", captcha=provider.captcha()))
