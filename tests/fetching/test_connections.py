"""A connection that breaks: one alert, one notice that finds out now and then, and all goes on by itself."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest

from service import clock
from service.capture.intake import announce_all
from service.lead import Contact, Evidence, LeadId, Receipt, Status, Submission
from service.operations import leads
from service.store import Link
from tests.fetching.conftest import House
from tests.fetching.platforms import META_TOKEN, Canned, meta_error

NAMES = [str(number) for number in range(200, 208)]


def breaks(house: House) -> list[LeadId]:
    """Leads are announced while the token is dead, and one of them found out."""
    for name in NAMES:
        house.platforms.has_lead(name)
    house.platforms.tokens.discard(META_TOKEN)
    ids = house.hears(*NAMES)
    with house.collecting():
        house.wait(lambda: bool(house.concerns()))
    return ids


def asked(house: House) -> int:
    """How often Meta was asked."""
    return len(house.platforms.calls)


def test_while_it_is_broken_the_rest_waits(house: House) -> None:
    ids = breaks(house)
    begun = asked(house)

    assert begun <= 3  # what was under way when it broke
    assert {house.lead(lead_id).status for lead_id in ids} == {Status.ANNOUNCED}
    assert list(house.concerns()) == ["platform:tour:meta"]


def test_one_notice_finds_out_and_the_waits_grow(house: House) -> None:
    breaks(house)
    waits, begun = [], asked(house)
    with house.collecting() as collector:
        house.wait(_more(house, begun))  # a start finds out by itself
        house.wait(lambda: _rests(house, Link("tour", "meta")) > 0)
        for _ in range(3):
            before = asked(house)
            house.hurry()
            collector.nudge()
            house.wait(_more(house, before))
            house.wait(lambda: _rests(house, Link("tour", "meta")) > 0)
            waits.append(_rests(house, Link("tour", "meta")))
            assert asked(house) == before + 1

    assert waits == sorted(waits)
    assert 20 < waits[0] < 40  # the second in a row
    assert list(house.concerns()) == ["platform:tour:meta"]


def test_once_it_works_again_all_is_read_by_itself_and_the_concern_is_over(house: House) -> None:
    ids = breaks(house)
    house.platforms.tokens.add(META_TOKEN)
    house.reads(*ids)

    assert house.concerns() == {}
    assert house.owed() == len(ids)
    assert all(len(house.platforms.asked(f"/v26.0/{name}")) <= 2 for name in NAMES)


def test_whoever_asks_now_goes_before_those_that_waited(house: House) -> None:
    house.hears(*NAMES)
    later = clock.now() + timedelta(hours=1)
    fresh = [each.lead_id for each in _announced_at(house, "77", later)]

    claimed = house.store.write(lambda tx: tx.fetches.claim("one", later, 60, 1, ["meta"]))

    assert [each.notice.lead_id for each in claimed] == fresh


def test_a_new_token_in_the_forms_file_is_tried_at_the_start(house: House) -> None:
    ids = breaks(house)
    house.platforms.tokens.add("a-new-token")
    house.sets("meta", access_token="a-new-token")
    house.reads(*ids)

    assert house.concerns() == {}


def test_a_retry_tries_a_broken_connection_at_once(house: House) -> None:
    ids = breaks(house)
    with house.collecting() as collector:
        house.wait(lambda: _rests(house, Link("tour", "meta")) > 0)
        house.platforms.tokens.add(META_TOKEN)
        leads.retry(house.store, ids[-1], clock.now())
        collector.nudge()
        house.wait(lambda: all(house.lead(lead_id).status is Status.PENDING for lead_id in ids))

    assert house.concerns() == {}


def test_a_retried_lead_is_read_again_and_never_sent_empty(house: House) -> None:
    house.platforms.says("/v26.0/77", meta_error(803))
    (lead_id,) = house.hears("77")
    house.reads(lead_id, status=Status.PARKED)
    again = leads.retry(house.store, lead_id, clock.now())

    assert again is not None
    assert again.status is Status.ANNOUNCED
    assert house.owed() == 0
    house.platforms.has_lead("77")
    house.reads(lead_id)
    assert [each.trigger for each in house.attempts(lead_id)] == ["schedule", "operator"]


def test_a_lead_without_its_answers_cannot_be_corrected(house: House) -> None:
    house.platforms.says("/v26.0/77", meta_error(803))
    (lead_id,) = house.hears("77")
    house.reads(lead_id, status=Status.PARKED)

    with pytest.raises(leads.NotPossible, match="still to be fetched"):
        leads.correct(house.store, lead_id, lambda _: pytest.fail("it was read"), clock.now())


def test_a_discarded_lead_is_not_read(house: House) -> None:
    house.platforms.has_lead("77")
    (lead_id,) = house.hears("77")
    leads.discard(house.store, lead_id)
    house.platforms.has_lead("78")
    house.reads(*house.hears("78"))

    assert house.platforms.asked("/v26.0/77") == []
    assert house.lead(lead_id).status is Status.DISCARDED


def test_an_outage_rests_the_connection_after_several_leads_failed(house: House) -> None:
    for name in NAMES:
        house.platforms.says(f"/v26.0/{name}", Canned({}, 500))
    house.hears(*NAMES)
    with house.collecting():
        house.wait(lambda: _rests(house, Link("tour", "meta")) > 0)

    assert 5 <= asked(house) <= 7
    assert house.concerns() == {}


def test_what_the_forms_file_has_no_more_is_no_concern(house: House) -> None:
    breaks(house)
    house.form = house.form.__class__("tour")
    with house.collecting():
        pass

    assert house.concerns() == {}


def _announced_at(house: House, name: str, at: datetime) -> list[Receipt]:
    submission = Submission("tour", "meta", Contact(), Evidence(), external_id=name)
    return announce_all([(submission, "104")], house.form, house.store, at)


def _more(house: House, before: int) -> Callable[[], bool]:
    return lambda: asked(house) > before


def _rests(house: House, link: Link) -> float:
    with house.store.read() as tx:
        until = tx.connections.health(link).rests_until
    return 0.0 if until is None else max(0.0, (until - clock.now()) / timedelta(seconds=1))
