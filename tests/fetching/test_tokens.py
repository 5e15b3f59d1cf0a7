"""LinkedIn's tokens: renewed once for all, replaced by the operator's new ones, told about before their year ends."""

import threading
from datetime import timedelta
from functools import partial
from urllib.parse import parse_qs

import pytest

from service import clock
from service.fetching.errors import Disconnected
from service.fetching.rounds import Rounds
from service.lead import Status
from service.store import Link, Store
from tests.fetching.conftest import House
from tests.fetching.platforms import LINKEDIN_TOKEN, Canned, linkedin_response
from tests.store.books import at_once

RENEWAL = {"client_id": "app-1", "refresh_token": "refresh-1"}
OAUTH = "/oauth/v2/accessToken"
RENEWED = {"access_token": "linkedin-token-2", "expires_in": 5184000, "refresh_token_expires_in": 20 * 86400}


def renews(house: House) -> None:
    """The access token has ended; LinkedIn gives another one."""
    house.sets("linkedin", **RENEWAL)
    house.platforms.tokens -= {LINKEDIN_TOKEN}
    house.platforms.tokens |= {"linkedin-token-2"}
    house.platforms.says(OAUTH, RENEWED)


def test_a_token_that_ended_is_renewed_and_the_lead_read(house: House) -> None:
    renews(house)
    house.platforms.says("/rest/leadFormResponses/r-1", linkedin_response("r-1"))
    lead_id = house.hears_linkedin("r-1")
    house.reads(lead_id)

    (call,) = house.platforms.asked(OAUTH)
    sent = {name: values[0] for name, values in parse_qs(call.body.decode()).items()}
    assert sent == {"grant_type": "refresh_token", "client_secret": "a-secret", **RENEWAL}
    assert house.concerns() == {}


def test_many_leads_and_workers_renew_it_once(house: House, database_url: str) -> None:
    renews(house)
    house.platforms.says(OAUTH, Canned(RENEWED, hang_s=0.5))
    names = [f"r-{number}" for number in range(6)]
    for name in names:
        house.platforms.says(f"/rest/leadFormResponses/{name}", linkedin_response(name))
    ids = [house.hears_linkedin(name) for name in names]
    other = Store(database_url)

    with house.collecting("one"), house.collecting("two", other):
        house.wait(lambda: all(house.lead(lead_id).status is Status.PENDING for lead_id in ids), 20)

    other.close()
    assert len(house.platforms.asked(OAUTH)) == 1


def test_readers_at_once_share_one_renewal(house: House) -> None:
    renews(house)
    house.platforms.says(OAUTH, Canned(RENEWED, hang_s=0.3))
    house.platforms.says("/rest/leadFormResponses", {"elements": []})
    house.sets("linkedin", accounts=["508"])
    readers = [house.line("linkedin").reader for _ in range(4)]

    at_once(*[partial(reader.check, clock.now()) for reader in readers])

    assert len(house.platforms.asked(OAUTH)) == 1


def test_a_new_token_in_the_forms_file_wins_over_a_renewed_one(house: House) -> None:
    renews(house)
    house.platforms.says("/rest/leadFormResponses/r-1", linkedin_response("r-1"))
    house.reads(house.hears_linkedin("r-1"))
    house.platforms.tokens |= {"linkedin-token-3"}
    house.sets("linkedin", access_token="linkedin-token-3")
    house.platforms.says("/rest/leadFormResponses/r-2", linkedin_response("r-2"))
    house.reads(house.hears_linkedin("r-2"))

    assert house.platforms.asked("/rest/leadFormResponses/r-2")[0].headers["Authorization"] == "Bearer linkedin-token-3"


@pytest.mark.parametrize("table", [{}, RENEWAL])
def test_what_cannot_be_renewed_is_told_with_what_to_do(house: House, table: dict[str, str]) -> None:
    house.sets("linkedin", **table)
    house.platforms.tokens -= {LINKEDIN_TOKEN}
    house.platforms.says(OAUTH, Canned({"error": "invalid_grant", "error_description": "refresh-1 was revoked"}, 400))
    lead_id = house.hears_linkedin("r-1")
    house.tries(lead_id)

    sentence = house.concerns()["platform:tour:linkedin"].sentence
    assert "[forms.tour.webhooks.linkedin]" in sentence
    assert "refresh-1" not in sentence
    assert ("[removed] was revoked" in sentence) == bool(table)


def test_a_renewal_that_gets_no_answer_is_no_break(house: House) -> None:
    renews(house)
    house.platforms.says(OAUTH, Canned({}, 503))
    lead_id = house.hears_linkedin("r-1")
    house.tries(lead_id)

    assert house.concerns() == {}
    assert house.lead(lead_id).status is Status.ANNOUNCED


def test_the_daily_check_learns_when_the_year_ends(house: House) -> None:
    renews(house)
    Rounds(house.store, [], threading.Event()).step(house.line("linkedin"), clock.now())

    with house.store.read() as tx:
        ends_at = tx.connections.health(Link("tour", "linkedin")).ends_at
    assert ends_at is not None
    assert timedelta(days=19) < ends_at - clock.now() < timedelta(days=21)


def test_where_linkedin_does_not_say_it_the_year_begins_with_the_first_renewal(house: House) -> None:
    renews(house)
    house.platforms.says(OAUTH, {"access_token": "linkedin-token-2", "expires_in": 100})
    rounds = Rounds(house.store, [], threading.Event())
    for days in (0, 2, 4):
        rounds.step(house.line("linkedin"), clock.now() + timedelta(days=days))

    with house.store.read() as tx:
        ends_at = tx.connections.health(Link("tour", "linkedin")).ends_at
    assert ends_at is not None
    assert timedelta(days=364) < ends_at - clock.now() < timedelta(days=365, minutes=1)
    assert len(house.platforms.asked(OAUTH)) == 3


def test_what_linkedin_says_of_a_token_is_told_without_it(house: House) -> None:
    renews(house)
    house.platforms.says(OAUTH, Canned({"error_description": "refresh-1 of a-secret is odd"}, 400))

    with pytest.raises(Disconnected) as told:
        house.line("linkedin").reader.check(clock.now())

    assert told.value.said == "[removed] of [removed] is odd"
