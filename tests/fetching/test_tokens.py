"""LinkedIn's tokens: renewed once for all, replaced by the operator's new ones, and reported before their year ends."""

import threading
from datetime import timedelta
from functools import partial
from urllib.parse import parse_qs

import pytest

from service import clock
from service.fetching.pull import PullJob
from service.lead import Status
from service.platforms.reader import Disconnected
from service.store import ConnectionKey, Store
from tests.fetching.conftest import Env
from tests.fetching.platforms import LINKEDIN_TOKEN, Canned, linkedin_response
from tests.store.actions import at_once

RENEWAL = {"client_id": "app-1", "refresh_token": "refresh-1"}
OAUTH = "/oauth/v2/accessToken"
RENEWED = {"access_token": "linkedin-token-2", "expires_in": 5184000, "refresh_token_expires_in": 20 * 86400}


def renews(env: Env) -> None:
    """The access token has ended; LinkedIn gives another one."""
    env.sets("linkedin", **RENEWAL)
    env.platforms.tokens -= {LINKEDIN_TOKEN}
    env.platforms.tokens |= {"linkedin-token-2"}
    env.platforms.says(OAUTH, RENEWED)


def test_a_token_that_ended_is_renewed_and_the_lead_read(env: Env) -> None:
    renews(env)
    env.platforms.says("/rest/leadFormResponses/r-1", linkedin_response("r-1"))
    lead_id = env.hears_linkedin("r-1")
    env.reads(lead_id)

    (call,) = env.platforms.calls_to(OAUTH)
    sent = {name: values[0] for name, values in parse_qs(call.body.decode()).items()}
    assert sent == {"grant_type": "refresh_token", "client_secret": "a-secret", **RENEWAL}
    assert env.concerns() == {}


def test_many_leads_and_workers_renew_it_once(env: Env, database_url: str) -> None:
    renews(env)
    env.platforms.says(OAUTH, Canned(RENEWED, hang_s=0.5))
    names = [f"r-{number}" for number in range(6)]
    for name in names:
        env.platforms.says(f"/rest/leadFormResponses/{name}", linkedin_response(name))
    ids = [env.hears_linkedin(name) for name in names]
    other = Store(database_url)

    with env.fetching("one"), env.fetching("two", other):
        env.wait(lambda: all(env.lead(lead_id).status is Status.PENDING for lead_id in ids), 20)

    other.close()
    assert len(env.platforms.calls_to(OAUTH)) == 1


def test_readers_at_once_share_one_renewal(env: Env) -> None:
    renews(env)
    env.platforms.says(OAUTH, Canned(RENEWED, hang_s=0.3))
    env.platforms.says("/rest/leadFormResponses", {"elements": []})
    env.sets("linkedin", accounts=["508"])
    readers = [env.connection("linkedin").reader for _ in range(4)]

    at_once(*[partial(reader.check, clock.now()) for reader in readers])

    assert len(env.platforms.calls_to(OAUTH)) == 1


def test_a_new_token_in_the_forms_file_wins_over_a_renewed_one(env: Env) -> None:
    renews(env)
    env.platforms.says("/rest/leadFormResponses/r-1", linkedin_response("r-1"))
    env.reads(env.hears_linkedin("r-1"))
    env.platforms.tokens |= {"linkedin-token-3"}
    env.sets("linkedin", access_token="linkedin-token-3")
    env.platforms.says("/rest/leadFormResponses/r-2", linkedin_response("r-2"))
    env.reads(env.hears_linkedin("r-2"))

    assert (
        env.platforms.calls_to("/rest/leadFormResponses/r-2")[0].headers["Authorization"] == "Bearer linkedin-token-3"
    )


@pytest.mark.parametrize("table", [{}, RENEWAL])
def test_what_cannot_be_renewed_is_told_with_what_to_do(env: Env, table: dict[str, str]) -> None:
    env.sets("linkedin", **table)
    env.platforms.tokens -= {LINKEDIN_TOKEN}
    env.platforms.says(OAUTH, Canned({"error": "invalid_grant", "error_description": "refresh-1 was revoked"}, 400))
    lead_id = env.hears_linkedin("r-1")
    env.tries(lead_id)

    sentence = env.concerns()["platform:tour:linkedin"].sentence
    assert "[forms.tour.webhooks.linkedin]" in sentence
    assert "refresh-1" not in sentence
    assert ("[removed] was revoked" in sentence) == bool(table)


def test_a_renewal_that_gets_no_answer_is_no_break(env: Env) -> None:
    renews(env)
    env.platforms.says(OAUTH, Canned({}, 503))
    lead_id = env.hears_linkedin("r-1")
    env.tries(lead_id)

    assert env.concerns() == {}
    assert env.lead(lead_id).status is Status.ANNOUNCED


def test_the_daily_check_learns_when_the_year_ends(env: Env) -> None:
    renews(env)
    PullJob(env.store, [], threading.Event()).serve(env.connection("linkedin"), clock.now())

    with env.store.read() as tx:
        ends_at = tx.platforms.health(ConnectionKey("tour", "linkedin")).expires_at
    assert ends_at is not None
    assert timedelta(days=19) < ends_at - clock.now() < timedelta(days=21)


def test_where_linkedin_does_not_say_it_the_year_begins_with_the_first_renewal(env: Env) -> None:
    renews(env)
    env.platforms.says(OAUTH, {"access_token": "linkedin-token-2", "expires_in": 100})
    job = PullJob(env.store, [], threading.Event())
    for days in (0, 2, 4):
        job.serve(env.connection("linkedin"), clock.now() + timedelta(days=days))

    with env.store.read() as tx:
        ends_at = tx.platforms.health(ConnectionKey("tour", "linkedin")).expires_at
    assert ends_at is not None
    assert timedelta(days=364) < ends_at - clock.now() < timedelta(days=365, minutes=1)
    assert len(env.platforms.calls_to(OAUTH)) == 3


def test_what_linkedin_says_of_a_token_is_told_without_it(env: Env) -> None:
    renews(env)
    env.platforms.says(OAUTH, Canned({"error_description": "refresh-1 of a-secret is odd"}, 400))

    with pytest.raises(Disconnected) as error:
        env.connection("linkedin").reader.check(clock.now())

    assert error.value.message == "[removed] of [removed] is odd"


def test_without_the_key_the_connection_is_broken_and_says_what_to_do(env: Env, database_url: str) -> None:
    renews(env)
    env.platforms.says("/rest/leadFormResponses/r-1", linkedin_response("r-1"))
    env.store.close()
    env.store = Store(database_url, ["the-key-of-this-deployment-000000"])
    env.reads(env.hears_linkedin("r-1"))

    env.store.close()
    env.store = Store(database_url, ["another-key-of-this-deployment-00"])
    env.platforms.says("/rest/leadFormResponses/r-2", linkedin_response("r-2"))
    lead_id = env.hears_linkedin("r-2")
    with env.fetching():
        env.wait(lambda: bool(env.concerns()))

    (alert,) = env.concerns().values()
    assert "ENCRYPTION_KEY" in alert.sentence
    assert env.lead(lead_id).status is Status.ANNOUNCED
    env.store.close()
