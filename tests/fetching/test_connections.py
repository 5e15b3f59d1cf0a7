"""A connection that breaks: one alert, one notice that finds out now and then, and all goes on by itself."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest

from service import clock
from service.capture.accept import announce_all
from service.fetching.fetcher import MISSING_FOR, settle_missing
from service.lead import Contact, Evidence, LeadId, Receipt, Status, Submission
from service.operations.correction import correct
from service.operations.leads import DISCARD, RETRY, ActionNotAllowed, act_on_lead
from service.store import ConnectionKey
from tests.builders import SOMEONE
from tests.fetching.conftest import Env
from tests.fetching.platforms import META_TOKEN, Canned, meta_error

NAMES = [str(number) for number in range(200, 208)]


def breaks(env: Env) -> list[LeadId]:
    """Leads are announced while the token is dead, and one of them found out."""
    for name in NAMES:
        env.platforms.has_lead(name)
    env.platforms.tokens.discard(META_TOKEN)
    ids = env.hears(*NAMES)
    with env.fetching():
        env.wait(lambda: bool(env.concerns()))
    return ids


def call_count(env: Env) -> int:
    """How often Meta was called."""
    return len(env.platforms.calls)


def test_while_it_is_broken_the_rest_waits(env: Env) -> None:
    ids = breaks(env)
    begun = call_count(env)

    assert begun <= 3  # what was under way when it broke
    assert {env.lead(lead_id).status for lead_id in ids} == {Status.ANNOUNCED}
    assert list(env.concerns()) == ["platform:tour:meta"]


def test_one_notice_finds_out_and_the_waits_grow(env: Env) -> None:
    breaks(env)
    waits, begun = [], call_count(env)
    with env.fetching() as fetcher:
        env.wait(_more(env, begun))  # a start finds out by itself
        env.wait(lambda: _rests(env, ConnectionKey("tour", "meta")) > 0)
        for _ in range(3):
            before = call_count(env)
            env.hurry()
            fetcher.wake()
            env.wait(_more(env, before))
            env.wait(lambda: _rests(env, ConnectionKey("tour", "meta")) > 0)
            waits.append(_rests(env, ConnectionKey("tour", "meta")))
            assert call_count(env) == before + 1

    assert waits == sorted(waits)
    assert 20 < waits[0] < 40  # the second in a row
    assert list(env.concerns()) == ["platform:tour:meta"]


def test_once_it_works_again_all_is_read_by_itself_and_the_concern_is_over(env: Env) -> None:
    ids = breaks(env)
    env.platforms.tokens.add(META_TOKEN)
    env.reads(*ids)

    assert env.concerns() == {}
    assert env.queued_count() == len(ids)
    assert all(len(env.platforms.calls_to(f"/v26.0/{name}")) <= 2 for name in NAMES)


def test_whoever_asks_now_goes_before_those_that_waited(env: Env) -> None:
    env.hears(*NAMES)
    later = clock.now() + timedelta(hours=1)
    fresh = [each.lead_id for each in _announced_at(env, "77", later)]

    claimed = env.store.write(lambda tx: tx.platforms.claim_fetches("one", later, 60, 1, ["meta"]))

    assert [each.notice.lead_id for each in claimed] == fresh


def test_a_new_token_in_the_forms_file_is_tried_at_the_start(env: Env) -> None:
    ids = breaks(env)
    env.platforms.tokens.add("a-new-token")
    env.sets("meta", access_token="a-new-token")
    env.reads(*ids)

    assert env.concerns() == {}


def test_a_retry_tries_a_broken_connection_at_once(env: Env) -> None:
    ids = breaks(env)
    with env.fetching() as fetcher:
        env.wait(lambda: _rests(env, ConnectionKey("tour", "meta")) > 0)
        env.platforms.tokens.add(META_TOKEN)
        act_on_lead(env.store, SOMEONE, RETRY, ids[-1], clock.now())
        fetcher.wake()
        env.wait(lambda: all(env.lead(lead_id).status is Status.PENDING for lead_id in ids))

    assert env.concerns() == {}


def test_a_retried_lead_is_read_again_and_never_sent_empty(env: Env) -> None:
    env.platforms.says("/v26.0/77", meta_error(803))
    (lead_id,) = env.hears("77")
    env.reads(lead_id, status=Status.PARKED)
    again = act_on_lead(env.store, SOMEONE, RETRY, lead_id, clock.now())

    assert again is not None
    assert again.status is Status.ANNOUNCED
    assert env.queued_count() == 0
    env.platforms.has_lead("77")
    env.reads(lead_id)
    assert [each.trigger for each in env.attempts(lead_id)] == ["schedule", "operator"]


def test_a_lead_without_its_answers_cannot_be_corrected(env: Env) -> None:
    env.platforms.says("/v26.0/77", meta_error(803))
    (lead_id,) = env.hears("77")
    env.reads(lead_id, status=Status.PARKED)

    with pytest.raises(ActionNotAllowed, match="not been fetched"):
        correct(env.store, SOMEONE, lead_id, {"full_name": "Ann"}, {}, clock.now())


def test_a_discarded_lead_is_not_read(env: Env) -> None:
    env.platforms.has_lead("77")
    (lead_id,) = env.hears("77")
    act_on_lead(env.store, SOMEONE, DISCARD, lead_id, clock.now())
    env.platforms.has_lead("78")
    env.reads(*env.hears("78"))

    assert env.platforms.calls_to("/v26.0/77") == []
    assert env.lead(lead_id).status is Status.DISCARDED


def test_an_outage_rests_the_connection_after_several_leads_failed(env: Env) -> None:
    for name in NAMES:
        env.platforms.says(f"/v26.0/{name}", Canned({}, 500))
    env.hears(*NAMES)
    with env.fetching():
        env.wait(lambda: _rests(env, ConnectionKey("tour", "meta")) > 0)

    assert 5 <= call_count(env) <= 7
    assert env.concerns() == {}


def test_what_the_forms_file_has_no_more_is_no_concern(env: Env) -> None:
    breaks(env)
    env.form = env.form.__class__("tour")
    with env.fetching():
        pass

    settle_missing(env.store, env.connections(), clock.now() + MISSING_FOR)
    assert env.concerns() == {}


def _announced_at(env: Env, name: str, at: datetime) -> list[Receipt]:
    submission = Submission("tour", "meta", Contact(), Evidence(), external_id=name)
    return announce_all([(submission, "104")], env.form, env.store, at)


def _more(env: Env, before: int) -> Callable[[], bool]:
    return lambda: call_count(env) > before


def _rests(env: Env, link: ConnectionKey) -> float:
    with env.store.read() as tx:
        until = tx.platforms.health(link).paused_until
    return 0.0 if until is None else max(0.0, (until - clock.now()) / timedelta(seconds=1))
