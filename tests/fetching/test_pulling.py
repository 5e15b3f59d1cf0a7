"""What a webhook missed: asked for, kept once, and what was only announced gets its answers."""

import io
import threading
import zipfile
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from service import clock
from service.fetching.pull import PullJob, PullResult, pull
from service.lead import Status
from service.store import ConnectionKey
from tests.capture.senders.recorded import recorded
from tests.fetching.conftest import SECRET, Env
from tests.fetching.platforms import (
    TIKTOK_TOKEN,
    Canned,
    linkedin_error,
    linkedin_response,
    meta_error,
    meta_lead,
)

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)
WEEK = timedelta(days=7)
TASK, DOWNLOAD = "/open_api/v1.3/page/lead/task/", "/open_api/v1.3/page/lead/task/download/"
(EXPORT,) = [each.sample["csv"] for each in recorded("tiktok") if "csv" in each.sample]


def pulled(env: Env, sender: str, since: datetime = NOW - WEEK) -> PullResult:
    """What one pull brings."""
    return pull(env.connection(sender), env.store, since, NOW)


def a_page(*leads: object, after: str = "") -> dict[str, object]:
    """One page of Meta's leads."""
    paging = {"cursors": {"after": after}, "next": f"https://graph.facebook.com/x?after={after}&access_token=t"}
    return {"data": list(leads)} | ({"paging": paging} if after else {})


def test_meta_is_asked_page_by_page_for_the_forms_that_are_named(env: Env) -> None:
    env.sets("meta", lead_forms=["900"])
    env.platforms.says("/v26.0/900/leads", a_page(meta_lead("1"), meta_lead("2"), after="c1"), a_page(meta_lead("3")))
    result = pulled(env, "meta")

    first, second = env.platforms.calls_to("/v26.0/900/leads")
    assert (result.listed, result.new, result.known) == (3, 3, 0)
    assert f'"value": {int((NOW - WEEK).timestamp())}' in first.query_values["filtering"]
    assert ("after" in first.query_values, second.query_values["after"]) == (False, "c1")
    assert {lead.status for lead in env.leads()} == {Status.PENDING}


def test_what_is_here_already_is_known_and_is_no_repeat_of_its_person(env: Env) -> None:
    env.sets("meta", lead_forms=["900"])
    env.platforms.says("/v26.0/900/leads", a_page(meta_lead("1"), meta_lead("2")))
    results = [pulled(env, "meta") for _ in range(2)]

    assert [(each.listed, each.new, each.known) for each in results] == [(2, 2, 0), (2, 0, 2)]
    assert [lead.repeats for lead in env.leads()] == [0, 0]


def test_the_forms_that_leads_came_from_are_known(env: Env) -> None:
    env.platforms.has_lead("1")
    env.reads(*env.hears("1"))
    env.platforms.says("/v26.0/900/leads", a_page(meta_lead("1"), meta_lead("2")))

    assert pulled(env, "meta").new == 1


def test_an_announced_lead_gets_its_answers_from_a_pull(env: Env) -> None:
    (lead_id,) = env.hears("1")
    env.sets("meta", lead_forms=["900"])
    env.platforms.says("/v26.0/900/leads", a_page(meta_lead("1", "ada@example.com")))
    result = pulled(env, "meta")

    assert (result.new, result.known) == (1, 0)
    assert env.lead(lead_id).status is Status.PENDING
    assert env.lead(lead_id).submission.contact.email == "ada@example.com"
    assert env.queued_count() == 1


def test_what_an_automation_relays_of_an_announced_lead_fills_it(env: Env) -> None:
    (lead_id,) = env.hears("101")
    env.sets("json", token="t", platform="meta")
    sent = {"leadgen_id": "101", "lead_id": "101", "id": "101", "email": "ada@example.com"}
    answer = env.front.client.post("/webhooks/json/tour", json=sent, headers={"Authorization": "Bearer t"})

    assert answer.status_code == 200
    assert env.lead(lead_id).submission.contact.email == "ada@example.com"
    assert env.queued_count() == 1


@pytest.mark.parametrize("email", ["101@example.com", "mallory@evil.example"])
def test_a_relay_that_proves_nothing_counts_for_the_same_person_only(env: Env, email: str) -> None:
    env.sets("json", platform="meta")
    env.front.client.post("/webhooks/json/tour", json={"leadgen_id": "900101", "email": email})
    (announced,) = env.hears("900101")
    env.platforms.has_lead("900101", email="101@example.com")

    is_same = email == "101@example.com"
    env.reads(announced, status=Status.DISCARDED if is_same else Status.PENDING)

    assert env.queued_count() == (1 if is_same else 2)


def test_a_pull_brings_a_lead_whose_number_a_stranger_took(env: Env) -> None:
    env.sets("json", platform="meta")
    env.sets("meta", lead_forms=["900"])
    env.front.client.post("/webhooks/json/tour", json={"leadgen_id": "900101", "email": "mallory@evil.example"})
    env.platforms.says("/v26.0/900/leads", a_page(meta_lead("900101")))

    results = [pulled(env, "meta") for _ in range(2)]

    assert [result.new for result in results] == [1, 0]


def test_a_withdrawn_lead_does_not_come_back(env: Env) -> None:
    env.sets("linkedin", accounts=["508"])
    lead_id = env.hears_linkedin("r-1")
    env.hears_linkedin("r-1", "DELETED")
    env.platforms.says("/rest/leadFormResponses", {"elements": [linkedin_response("r-1")]})

    assert pulled(env, "linkedin").known == 1
    assert env.lead(lead_id).status is Status.DISCARDED


def test_linkedin_is_asked_as_its_documentation_says(env: Env) -> None:
    env.sets("linkedin", accounts=["508"], organizations=["11223344"])
    env.platforms.says("/rest/leadFormResponses", {"elements": []})
    pulled(env, "linkedin")

    queries = [call.query for call in env.platforms.calls_to("/rest/leadFormResponses")]
    assert queries[0].startswith(
        "q=owner&owner=(sponsoredAccount:urn%3Ali%3AsponsoredAccount%3A508)&leadType=(leadType:SPONSORED)"
        "&limitedToTestLeads=false&submittedAtTimeRange=(start:1795003200000,end:1795608000000)&fields=id,"
    )
    assert ["(organization:urn%3Ali%3Aorganization%3A11223344)" in query for query in queries] == [
        False,
        True,
        True,
        True,
    ]
    assert [query.partition("(leadType:")[2].partition(")")[0] for query in queries[1:]] == [
        "EVENT",
        "COMPANY",
        "ORGANIZATION_PRODUCT",
    ]


def test_linkedin_is_asked_until_a_page_is_not_full(env: Env) -> None:
    env.sets("linkedin", accounts=["508"])
    full = [linkedin_response(f"r-{number}") for number in range(100)]
    env.platforms.says("/rest/leadFormResponses", {"elements": full}, {"elements": [linkedin_response("last")]})

    assert pulled(env, "linkedin").new == 101
    assert "start=100" in env.platforms.calls_to("/rest/leadFormResponses")[1].query


def test_one_account_that_is_refused_holds_up_no_other(env: Env) -> None:
    env.sets("linkedin", accounts=["508", "509"])
    env.platforms.says("/rest/leadFormResponses", linkedin_error(403), {"elements": [linkedin_response("r-1")]})
    result = pulled(env, "linkedin")

    assert result.new == 1
    assert len(result.errors) == 1
    assert list(env.concerns()) == ["platform:tour:linkedin:508"]


def test_one_odd_lead_is_told_and_the_others_are_kept(env: Env) -> None:
    env.sets("meta", lead_forms=["900"])
    env.platforms.says("/v26.0/900/leads", a_page({"created_time": "?"}, meta_lead("2"), "odd"))
    result = pulled(env, "meta")

    assert (result.listed, result.new) == (2, 1)
    assert result.unreadable == ["a lead without an id: Meta listed it without one"]


def test_a_test_lead_is_kept_once(env: Env) -> None:
    env.sets("linkedin", accounts=["508"])
    test = {**linkedin_response("r-1"), "testLead": True}
    env.platforms.says("/rest/leadFormResponses", {"elements": [test]})
    results = [pulled(env, "linkedin") for _ in range(2)]

    assert [each.new for each in results] == [1, 0]
    assert [lead.status for lead in env.leads()] == [Status.TEST]


# -- TikTok


def exports(env: Env, csv: bytes, **table: Any) -> None:
    """TikTok makes an export after a while."""
    env.sets("tiktok", app_secret=SECRET, access_token=TIKTOK_TOKEN, accounts=["7000"], **table)
    made = [{"task_id": "t-1", "status": status} for status in ("RUNNING", "SUCCEED")]
    env.platforms.says(TASK, *[{"code": 0, "message": "OK", "data": each} for each in made])
    env.platforms.says(DOWNLOAD, Canned(csv))


def test_tiktok_makes_an_export_of_each_region(env: Env) -> None:
    exports(env, EXPORT.encode())
    result = pulled(env, "tiktok", NOW - timedelta(days=30))

    regions = [call.headers.get("x-lead-region", "") for call in env.platforms.calls_to(DOWNLOAD)]
    assert regions == ["", "eu", "us"]
    assert (result.new, result.known, len(result.unreadable)) == (2, 4, 3)
    assert sorted(lead.status for lead in env.leads()) == [Status.PENDING, Status.TEST]


def test_a_large_export_comes_zipped(env: Env) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("leads.csv", EXPORT)
    exports(env, packed.getvalue())

    assert pulled(env, "tiktok", NOW - timedelta(days=30)).new == 2


@pytest.mark.parametrize(
    ("code", "raises_alert"), [(40105, True), (40102, True), (40001, True), (40100, False), (50000, False)]
)
def test_tiktoks_codes_lead_to_what_they_mean(env: Env, code: int, raises_alert: bool) -> None:
    exports(env, b"")
    env.platforms.says(TASK, {"code": code, "message": "TikTok says so"})
    result = pulled(env, "tiktok")

    assert result.errors[0].startswith("TikTok says so")
    assert (list(env.concerns()) == ["platform:tour:tiktok"]) == raises_alert


def test_a_subscription_that_died_is_noticed_by_the_daily_check(env: Env) -> None:
    exports(env, b"", app_id="9")
    path = "/open_api/v1.3/subscription/get/"
    env.platforms.says(path, {"code": 0, "data": {"subscriptions": []}})
    job = PullJob(env.store, [], threading.Event())
    job.serve(env.connection("tiktok"), clock.now())
    assert "no subscription" in env.concerns()["platform:tour:tiktok"].sentence

    alive = [{"callback_url": "https://leads.example.com/webhooks/tiktok/tour"}]
    env.platforms.says(path, {"code": 0, "data": {"subscriptions": alive}})
    job.serve(env.connection("tiktok"), clock.now() + timedelta(hours=1))
    assert env.concerns() == {}


# -- by itself


def test_the_first_round_asks_for_nothing_and_later_ones_from_there_on(env: Env) -> None:
    env.sets("linkedin", accounts=["508"])
    env.platforms.says("/rest/leadFormResponses", {"elements": []})
    job, connection, path = (
        PullJob(env.store, [], threading.Event()),
        env.connection("linkedin"),
        "/rest/leadFormResponses",
    )
    start = clock.now()
    job.serve(connection, start)
    job.serve(connection, start + timedelta(minutes=29))
    before = len(env.platforms.calls_to(path))  # the daily check
    job.serve(connection, start + timedelta(minutes=31))

    (call,) = env.platforms.calls_to(path)[before:]
    assert f"(start:{int((start - timedelta(hours=2)).timestamp() * 1000)}," in call.query


def test_a_pull_that_failed_is_made_up_for(env: Env) -> None:
    env.sets("linkedin", accounts=["508"])
    env.platforms.says("/rest/leadFormResponses", {"elements": []}, linkedin_error(500), {"elements": []})
    job, connection = PullJob(env.store, [], threading.Event()), env.connection("linkedin")
    start = clock.now()
    for minutes in (0, 31, 62):
        job.serve(connection, start + timedelta(minutes=minutes))

    begun = [call.query.partition("(start:")[2].partition(",")[0] for call in env.platforms.calls][-2:]
    assert begun[0] == begun[1]
    with env.store.read() as tx:
        assert tx.platforms.health(ConnectionKey("tour", "linkedin")).pulled_until == start + timedelta(minutes=62)


def test_a_dead_token_is_noticed_before_a_lead_comes(env: Env) -> None:
    env.platforms.tokens.clear()
    PullJob(env.store, [], threading.Event()).serve(env.connection("meta"), clock.now())

    assert list(env.concerns()) == ["platform:tour:meta"]


def test_a_token_that_ends_soon_is_known_where_the_app_is(env: Env) -> None:
    ends_at = (clock.now() + timedelta(days=9)).replace(microsecond=0)
    env.sets("meta", app_id="9")
    debug_token = {"is_valid": True, "expires_at": 0, "data_access_expires_at": int(ends_at.timestamp())}
    env.platforms.says("/v26.0/debug_token", {"data": debug_token})
    PullJob(env.store, [], threading.Event()).serve(env.connection("meta"), clock.now())

    (call,) = env.platforms.calls_to("/v26.0/debug_token")
    assert call.headers["Authorization"] == f"Bearer 9|{SECRET}"
    with env.store.read() as tx:
        assert tx.platforms.health(ConnectionKey("tour", "meta")).expires_at == ends_at


def test_a_token_that_meta_calls_invalid_is_a_concern(env: Env) -> None:
    env.sets("meta", app_id="9")
    env.platforms.says("/v26.0/debug_token", {"data": {"is_valid": False, "error": {"message": "It was revoked."}}})
    PullJob(env.store, [], threading.Event()).serve(env.connection("meta"), clock.now())

    assert "It was revoked." in env.concerns()["platform:tour:meta"].sentence


def test_an_unknown_error_ends_a_pull_but_not_the_round(env: Env) -> None:
    env.sets("meta", lead_forms=["900"])
    env.platforms.says("/v26.0/900/leads", meta_error(100, message="Nonexisting field"))

    assert pulled(env, "meta").errors == ["Nonexisting field"]
    assert env.concerns() == {}
