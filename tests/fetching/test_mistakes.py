"""The unexpected: internal errors, answers of unknown shape, platforms that send too little."""

import threading
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import pytest

from service import clock
from service.capture.fields.enquiries import Enquiry, LeadNotice, NamedAnswer
from service.fetching.connection import PlatformConnection
from service.fetching.fetcher import Fetcher
from service.fetching.pull import PullJob, pull
from service.lead import Status
from service.platforms.reader import PulledItem
from service.store import Identity
from tests.fetching.conftest import SECRET, Env
from tests.fetching.platforms import TIKTOK_TOKEN, Canned, linkedin_error, linkedin_response, meta_error, meta_lead


@dataclass
class Clumsy:
    """A reader with a mistake that strikes some leads."""

    bad: set[str]

    def fetch(self, notice: LeadNotice) -> Enquiry:
        """Read one, or stumble."""
        if notice.external_id in self.bad:
            raise KeyError("a mistake of ours")
        return self._enquiry(notice.external_id)

    def pull(self, since: datetime, until: datetime) -> Iterator[PulledItem]:  # noqa: ARG002 (a PlatformReader's signature)
        """Three, of which one cannot be read."""
        yield self._enquiry("1")
        yield Enquiry([None], external_id="2")  # type: ignore[list-item]
        yield self._enquiry("3")

    def check(self, now: datetime) -> datetime | None:  # noqa: ARG002 (a PlatformReader's signature)
        """Stumble."""
        raise KeyError("a mistake of ours")

    def _enquiry(self, name: str) -> Enquiry:
        return Enquiry([NamedAnswer("Email", f"{name}@example.com", "email")], external_id=name)


def clumsy(env: Env) -> PlatformConnection:
    """The connection to Meta, with a clumsy reader."""
    return replace(env.connection("meta"), reader=Clumsy({"1"}))


def test_a_mistake_of_ours_costs_its_lead_a_delay_and_no_other_anything(env: Env) -> None:
    struck, other = env.hears("1", "2")
    stop = threading.Event()
    fetcher = Fetcher(env.store, [clumsy(env)], Identity("one", lambda _: False), stop)
    fetcher.start()
    env.wait(lambda: env.lead(other).status is Status.PENDING)
    env.wait(lambda: env.lead(struck).problem != "")
    stop.set()
    fetcher.join(5)

    assert env.lead(struck).status is Status.ANNOUNCED
    assert "an error in this service" in env.lead(struck).problem


def test_a_mistake_of_ours_costs_a_pull_one_lead(env: Env) -> None:
    result = pull(clumsy(env), env.store, clock.now(), clock.now())

    assert (result.listed, result.new) == (3, 2)
    assert result.unreadable == ["2: it could not be saved, see the log"]


def test_the_rounds_go_on_after_a_mistake_of_ours(env: Env) -> None:
    env.sets("linkedin", accounts=["508"])
    env.platforms.says("/rest/leadFormResponses", {"elements": []})
    stop = threading.Event()
    thread = PullJob(env.store, [clumsy(env), env.connection("linkedin")], stop).start(poll_interval_s=0.05)
    env.platforms.wait_for("/rest/leadFormResponses")
    stop.set()
    thread.join(5)

    assert not thread.is_alive()


def test_without_a_token_the_rounds_ask_nothing(env: Env) -> None:
    env.sets("meta", access_token="")
    stop = threading.Event()
    thread = PullJob(env.store, [env.connection("meta")], stop).start(poll_interval_s=0.01)
    stop.wait(0.2)
    stop.set()
    thread.join(5)

    assert env.platforms.calls == []
    assert env.concerns() == {}


def test_an_answer_that_is_too_long_is_no_answer(env: Env) -> None:
    env.platforms.says("/v26.0/77", Canned(b" " * (11 * 2**20)))
    (lead_id,) = env.hears("77")
    env.tries(lead_id)

    assert env.attempts(lead_id)[0].detail == "127.0.0.1 gave no complete answer"


@pytest.mark.parametrize("usage", ["", "?", "[]", '{"104": [{"estimated_time_to_regain_access": 0}]}', '{"1": 2}'])
def test_a_page_that_is_asked_too_often_rests_also_where_meta_does_not_say_how_long(env: Env, usage: str) -> None:
    error = Canned(meta_error(80005).body, 400, {"X-Business-Use-Case-Usage": usage} if usage else {})
    env.platforms.says("/v26.0/77", error)
    (lead_id,) = env.hears("77")
    env.tries(lead_id)

    assert timedelta(minutes=4) < env.due_at(lead_id) - clock.now() <= timedelta(minutes=5)


def test_a_form_that_cannot_be_read_does_not_hold_up_its_lead(env: Env) -> None:
    answers = [{"name": "nome_completo", "values": ["Ana"]}, {"name": "e-mail", "values": ["ana@example.com"]}]
    env.platforms.says("/v26.0/77", meta_lead("77", field_data=answers))
    env.platforms.says("/v26.0/900", meta_error(10))
    (lead_id,) = env.hears("77")

    with env.fetching():
        env.wait(lambda: env.lead(lead_id).status is not Status.ANNOUNCED)

    assert "ana@example.com" in str(env.lead(lead_id).submission)


def test_linkedins_form_is_read_once_where_the_response_does_not_hold_it(env: Env) -> None:
    whole = linkedin_response("r-1")
    env.platforms.says("/rest/leadForms/7", whole["form"])
    ids = []
    for name in ("r-1", "r-2"):
        response = {key: value for key, value in linkedin_response(name).items() if key != "form"}
        env.platforms.says(f"/rest/leadFormResponses/{name}", response)
        ids.append(env.hears_linkedin(name))
        env.reads(ids[-1])

    assert [env.lead(lead_id).submission.contact.email for lead_id in ids] == ["r-1@example.com", "r-2@example.com"]
    assert len(env.platforms.calls_to("/rest/leadForms/7")) == 1


def test_a_form_of_linkedins_that_is_refused_does_not_hold_up_its_lead(env: Env) -> None:
    response = {key: value for key, value in linkedin_response("r-1").items() if key != "form"}
    env.platforms.says("/rest/leadFormResponses/r-1", response)
    env.platforms.says("/rest/leadForms/7", linkedin_error(403))
    lead_id = env.hears_linkedin("r-1")

    with env.fetching():
        env.wait(lambda: env.lead(lead_id).status is not Status.ANNOUNCED)

    assert env.concerns() == {}


def test_an_export_that_tiktok_does_not_make_is_asked_for_later(env: Env) -> None:
    env.sets("tiktok", app_secret=SECRET, access_token=TIKTOK_TOKEN, accounts=["7000"])
    failed = {"code": 0, "data": {"task_id": "t-1", "status": "FAILED"}}
    env.platforms.says("/open_api/v1.3/page/lead/task/", failed)

    result = pull(env.connection("tiktok"), env.store, clock.now(), clock.now())

    assert result.errors == ["TikTok did not make the export: FAILED"]


@pytest.mark.parametrize(
    ("sender", "table", "sentence"),
    [
        ("meta", {}, "name it in `lead_forms` of [forms.tour.webhooks.meta]"),
        ("linkedin", {}, "name it in `accounts` of [forms.tour.webhooks.linkedin]"),
        ("tiktok", {"app_secret": SECRET}, "name it in `accounts` of [forms.tour.webhooks.tiktok]"),
        ("tiktok", {"app_secret": SECRET, "accounts": ["1"]}, "holds no access_token"),
    ],
)
def test_a_pull_that_does_not_know_whom_to_ask_says_what_to_write(
    env: Env, sender: str, table: dict[str, object], sentence: str
) -> None:
    env.sets(sender, **table)
    result = pull(env.connection(sender), env.store, clock.now(), clock.now())

    assert sentence in result.errors[0]
    assert env.platforms.calls == []
