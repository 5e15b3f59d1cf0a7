"""What each platform's errors lead to: another try, a rest, a person."""

from datetime import timedelta

import pytest

from service import clock
from service.lead import Outcome, Status
from tests.fetching.conftest import Env
from tests.fetching.platforms import META_TOKEN, Canned, linkedin_error, linkedin_response, meta_error, meta_lead

pytestmark = pytest.mark.long

USAGE = {"X-Business-Use-Case-Usage": '{"104":[{"type":"leadgen","estimated_time_to_regain_access":6}]}'}
LATER = [
    meta_error(1),
    meta_error(2),
    meta_error(100, is_transient=True),
    meta_error(99999),
    Canned({"error": {"code": 190}}, 500),
    Canned(b"<html>", 200),
    Canned({}, 429),
]
PERSONS = [(190, 458), (190, 460), (190, 467), (102, None), (10, None), (200, None), (294, None), (3, None)]


@pytest.mark.parametrize("answer", LATER, ids=lambda answer: f"{answer.status}-{str(answer.body)[:60]}")
def test_what_passes_is_tried_again_by_itself(env: Env, answer: Canned) -> None:
    env.platforms.says("/v26.0/77", answer, meta_lead("77"))
    (lead_id,) = env.hears("77")
    env.tries(lead_id)

    (attempt,) = env.attempts(lead_id)
    assert attempt.outcome is Outcome.UNAVAILABLE
    assert timedelta(seconds=3.9) < env.due_at(lead_id) - attempt.started_at < timedelta(seconds=30)
    assert env.lead(lead_id).status is Status.ANNOUNCED
    assert env.concerns() == {}


@pytest.mark.parametrize("code", [4, 17, 32, 341, 368, 613, 80000, 80005, 80014])
def test_being_told_to_slow_down_rests_the_page_for_as_long_as_meta_says(env: Env, code: int) -> None:
    error = meta_error(code)
    env.platforms.says("/v26.0/1", Canned(error.body, 400, USAGE))
    env.platforms.has_lead("2")
    (first,) = env.hears("1")
    env.tries(first)
    (second,) = env.hears("2")

    with env.fetching():
        wait_s = (env.due_at(first) - clock.now()).total_seconds()
        assert 300 < wait_s < 361

    assert [each.outcome for each in env.attempts(first)] == [Outcome.THROTTLED]
    assert env.platforms.calls_to("/v26.0/2") == []
    assert env.lead(second).status is Status.ANNOUNCED


@pytest.mark.parametrize(("code", "subcode"), PERSONS)
def test_what_only_a_person_can_mend_is_one_concern_with_what_to_do(env: Env, code: int, subcode: int | None) -> None:
    env.platforms.says("/v26.0/77", meta_error(code, subcode, f"Bad token {META_TOKEN}, says Meta"))
    (lead_id,) = env.hears("77")
    env.tries(lead_id)

    (concern,) = env.concerns().values()
    assert "Bad token [removed], says Meta" in concern.sentence
    assert "start the worker again" in concern.sentence
    assert env.attempts(lead_id)[0].detail == "Bad token [removed], says Meta"
    assert env.lead(lead_id).status is Status.ANNOUNCED


def test_a_lead_that_meta_does_not_know_is_asked_for_a_few_times_and_then_parked(env: Env) -> None:
    (lead_id,) = env.hears("77")

    env.reads_in_haste(lead_id, within_s=20)

    assert [each.outcome for each in env.attempts(lead_id)] == [Outcome.MISSING] * 5
    assert "may be deleted" in env.lead(lead_id).problem
    assert env.queued_count() == 0


def test_what_never_answers_is_given_up_after_a_week_of_tries(env: Env) -> None:
    env.platforms.says("/v26.0/77", Canned({}, 500))
    (lead_id,) = env.hears("77")

    env.reads_in_haste(lead_id, within_s=20)

    assert env.lead(lead_id).problem.startswith("Given up after 16 tries")


def test_an_app_that_wants_a_proof_with_its_token_gets_one(env: Env) -> None:
    wanted = meta_error(100, message="API calls from the server require an appsecret_proof argument")
    env.platforms.says("/v26.0/77", wanted, meta_lead("77"))
    (lead_id,) = env.hears("77")
    env.reads(lead_id)

    first, second = env.platforms.calls_to("/v26.0/77")
    assert "appsecret_proof" not in first.query
    assert len(second.query_values["appsecret_proof"]) == 64


def test_each_page_may_have_a_token_of_its_own(env: Env) -> None:
    env.platforms.tokens.add("token-of-105")
    env.sets("meta", page_tokens={"105": "token-of-105"})
    env.platforms.has_lead("1")
    env.platforms.has_lead("2")
    env.reads(*env.hears(("1", "104"), ("2", "105")))

    assert env.platforms.calls_to("/v26.0/1")[0].headers["Authorization"] == f"Bearer {META_TOKEN}"
    assert env.platforms.calls_to("/v26.0/2")[0].headers["Authorization"] == "Bearer token-of-105"


def test_without_a_token_no_call_is_made_and_an_alert_says_so(env: Env) -> None:
    env.sets("meta", access_token="")
    (lead_id,) = env.hears("77")
    env.tries(lead_id)

    assert env.platforms.calls == []
    assert "holds no access_token" in env.concerns()["platform:tour:meta"].sentence


@pytest.mark.parametrize(
    ("status", "outcome"),
    [
        (401, Outcome.REFUSED),
        (403, Outcome.REFUSED),
        (404, Outcome.MISSING),
        (426, Outcome.REFUSED),
        (429, Outcome.THROTTLED),
        (500, Outcome.UNAVAILABLE),
        (400, Outcome.REJECTED),
    ],
)
def test_linkedin_answers_lead_to_what_they_mean(env: Env, status: int, outcome: Outcome) -> None:
    env.platforms.says("/rest/leadFormResponses/r-1", linkedin_error(status, "LinkedIn says so"))
    lead_id = env.hears_linkedin("r-1")
    env.tries(lead_id)

    (attempt,) = env.attempts(lead_id)
    assert (attempt.outcome, attempt.http_status, attempt.detail) == (outcome, status, "LinkedIn says so")
    assert ("platform:tour:linkedin" in "".join(env.concerns())) == (outcome is Outcome.REFUSED)


def test_linkedins_daily_quota_is_waited_for_until_it_opens(env: Env) -> None:
    env.platforms.says("/rest/leadFormResponses/r-1", linkedin_error(429))
    lead_id = env.hears_linkedin("r-1")
    env.tries(lead_id)

    assert env.due_at(lead_id).strftime("%H:%M") == "00:01"


def test_a_role_that_is_missing_concerns_its_account_alone(env: Env) -> None:
    env.platforms.says("/rest/leadFormResponses/r-1", linkedin_error(403))
    env.platforms.says("/rest/leadFormResponses/r-2", linkedin_response("r-2"))
    refused, other = env.hears_linkedin("r-1", account="508"), env.hears_linkedin("r-2", account="509")
    env.tries(refused)
    env.reads(other)

    assert list(env.concerns()) == ["platform:tour:linkedin:508"]
