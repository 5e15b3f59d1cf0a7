"""Actions on many leads: on those with a suitable status, in batches, with the same effect as one by one."""

from datetime import timedelta

import pytest

from service.lead import Lead, Status
from service.operations.leads import ACTIONS, DISCARD, RELEASE, RETRY, Progress, act_on_leads, act_on_matches
from service.store import Arrival, FetchNotice, Query, Store
from tests.admin.stored_leads import keep
from tests.builders import NOON, SOMEONE, a_lead
from tests.store.actions import claim, stored_lead


def keep_some(store: Store, status: Status, number: int) -> list[Lead]:
    """Leads of a minute each, oldest first."""
    return [
        keep(store, a_lead(f"{status}{n}@x.example", NOON + timedelta(minutes=n), status=status)) for n in range(number)
    ]


@pytest.mark.parametrize(
    ("name", "fits"),
    [
        ("retry", {Status.PENDING, Status.PARKED}),
        ("release", {Status.QUARANTINED}),
        ("discard", {Status.PENDING, Status.PARKED, Status.QUARANTINED, Status.TEST}),
    ],
)
def test_an_action_changes_only_leads_that_it_fits(store: Store, name: str, fits: set[Status]) -> None:
    there = (Status.PENDING, Status.PARKED, Status.QUARANTINED, Status.TEST, Status.DISCARDED, Status.DELIVERED)
    leads = {status: keep_some(store, status, 1)[0] for status in there}
    becomes = Status.DISCARDED if name == "discard" else Status.PENDING

    assert act_on_leads(store, SOMEONE, ACTIONS[name], [lead.id for lead in leads.values()], NOON) == len(fits)

    assert {s for s, lead in leads.items() if stored_lead(store, lead).status is not s} == fits - {becomes}
    assert all(stored_lead(store, leads[status]).status is becomes for status in fits)


def test_released_leads_are_queued_by_an_operator(store: Store) -> None:
    leads = keep_some(store, Status.QUARANTINED, 3)

    act_on_leads(store, SOMEONE, RELEASE, [lead.id for lead in leads], NOON)

    assert {delivery.trigger for delivery in claim(store, room=10)} == {"operator"}


def test_discarded_leads_are_no_longer_queued(store: Store) -> None:
    leads = keep_some(store, Status.PENDING, 3)

    act_on_leads(store, SOMEONE, DISCARD, [lead.id for lead in leads], NOON)

    assert claim(store, now=NOON + timedelta(days=1)) == []


def test_a_retry_lets_the_account_be_tried_at_once(store: Store) -> None:
    (lead,) = keep_some(store, Status.PENDING, 1)
    store.write(lambda tx: tx.accounts.pause("default", NOON + timedelta(hours=1), "unavailable"))

    act_on_leads(store, SOMEONE, RETRY, [lead.id], NOON)

    with store.read() as tx:
        assert tx.accounts.pauses(NOON) == []


def test_an_announced_lead_is_fetched_and_not_sent_empty(store: Store) -> None:
    lead = a_lead(status=Status.ANNOUNCED)
    notice = FetchNotice(lead.id, "contact", "meta", "77", NOON)
    store.announce([(Arrival(lead), notice)])

    assert act_on_leads(store, SOMEONE, RETRY, [lead.id], NOON) == 1
    assert stored_lead(store, lead).status is Status.ANNOUNCED
    assert claim(store, now=NOON + timedelta(days=1)) == []


def test_an_action_out_of_time_continues_where_it_stopped(store: Store) -> None:
    keep_some(store, Status.QUARANTINED, 300)
    query = Query(status="quarantined")

    first = act_on_matches(store, SOMEONE, DISCARD, query, NOON, time_limit_s=0)
    rest = act_on_matches(store, SOMEONE, DISCARD, Query(status="quarantined", after=first.after), NOON)

    assert first.changed == 250
    assert first.after
    assert rest == Progress(50)


def test_an_unknown_lead_is_skipped(store: Store) -> None:
    assert act_on_leads(store, SOMEONE, DISCARD, [a_lead().id], NOON) == 0
