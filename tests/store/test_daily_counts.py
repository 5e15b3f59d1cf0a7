"""Leads counted by day: once, in the operator's calendar, and again after a change."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import time_machine
from sqlalchemy import delete

from service.lead import Attribution, CoworkerId, Lead, OpportunityId, Status
from service.store import DateRange, Store, daily_counts
from service.store.counting import (
    ERASED,
    MAX_DISTINCT_VALUES,
    REST,
    SHARED_BY,
    CountKey,
    LeadCount,
    count,
    remembering,
)
from service.store.database.report_tables import delivery_times
from tests.admin.stored_leads import keep
from tests.builders import NOON, a_lead, a_submission
from tests.front import count_days

ALWAYS = DateRange("2026-01-01", "2026-12-31")
UTC_ZONE = ZoneInfo("UTC")


def settle(store: Store, now: datetime = NOON + timedelta(days=2), zone: ZoneInfo = UTC_ZONE) -> int:
    """Count until nothing is left; how many days were counted."""
    with time_machine.travel(now, tick=False):
        return count_days(store, zone.key)


def counts(store: Store, kind: str, span: DateRange = ALWAYS) -> dict[tuple[str, str], tuple[int, int]]:
    """(Day, value) -> leads, delivered."""
    with store.read() as tx:
        return {(day, value): (leads, done) for day, value, leads, done in tx.statistics.by_day(kind, span)}


def from_place(store: Store, place: str, at: datetime = NOON, **changes: Any) -> Lead:
    """A lead with a location."""
    submission = replace(a_submission(), fields={"location": place} if place else {})
    return keep(store, a_lead(received_at=at, submission=submission, **changes))


def deliver(store: Store, lead: Lead, seconds: float = 2) -> None:
    """The lead is in Nexudus."""
    at = lead.received_at + timedelta(seconds=seconds)
    store.write(lambda tx: tx.leads.mark_delivered(lead.id, CoworkerId(7), OpportunityId(9), at))


def test_leads_are_counted_on_their_day_with_what_became_of_them(store: Store) -> None:
    first, _, _ = (keep(store, a_lead(received_at=NOON + timedelta(days=day))) for day in (0, 0, 1))
    deliver(store, first)

    settle(store)

    assert counts(store, "status") == {
        ("2026-11-24", "delivered"): (1, 1),
        ("2026-11-24", "pending"): (1, 0),
        ("2026-11-25", "pending"): (1, 0),
    }


@pytest.mark.parametrize("max_gaps", [50, 0])
def test_all_leads_are_counted_by_status_whatever_has_changed_since_their_day(
    store: Store, max_gaps: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(daily_counts, "MAX_GAPS", max_gaps)
    late, *_ = (keep(store, a_lead(received_at=NOON + timedelta(days=day))) for day in (0, 0, 1, 3))
    settle(store, NOON + timedelta(days=4))
    deliver(store, late)
    keep(store, a_lead(received_at=NOON + timedelta(days=4), status=Status.QUARANTINED))
    keep(store, a_lead(received_at=NOON - timedelta(days=9)))

    with store.read() as tx:
        assert tx.statistics.leads_by_status() == {"pending": 4, "delivered": 1, "quarantined": 1}


def test_spam_and_tests_stand_among_the_statuses_only(store: Store) -> None:
    keep(store, a_lead(status=Status.QUARANTINED))
    keep(store, a_lead(status=Status.TEST))

    settle(store)

    assert counts(store, "channel") == {}
    assert len(counts(store, "status")) == 2


def test_the_day_is_that_of_the_operators_calendar(store: Store) -> None:
    keep(store, a_lead(received_at=NOON + timedelta(hours=11)))

    settle(store, zone=ZoneInfo("Europe/Berlin"))

    assert list(counts(store, "status")) == [("2026-11-25", "pending")]


def test_another_zone_counts_everything_anew(store: Store) -> None:
    keep(store, a_lead(received_at=NOON + timedelta(hours=11)))
    settle(store)

    settle(store, zone=ZoneInfo("Europe/Berlin"))

    assert list(counts(store, "status")) == [("2026-11-25", "pending")]


def test_nothing_is_counted_twice(store: Store) -> None:
    keep(store, a_lead())

    assert settle(store) == 1
    assert settle(store) == 0


def test_a_day_that_goes_on_is_counted_again_after_a_minute(store: Store) -> None:
    keep(store, a_lead())
    settle(store, NOON + timedelta(minutes=1))
    keep(store, a_lead(received_at=NOON + timedelta(minutes=1)))

    counted = [settle(store, NOON + timedelta(seconds=seconds)) for seconds in (90, 130)]

    assert counted == [0, 1]
    assert sum(leads for leads, _ in counts(store, "channel").values()) == 2


def test_a_day_that_is_over_is_counted_again_when_a_lead_of_it_is_delivered(store: Store) -> None:
    lead = keep(store, a_lead())
    settle(store)
    deliver(store, lead, 90_000)

    settle(store)

    assert counts(store, "channel") == {("2026-11-24", lead.attribution.channel): (1, 1)}


def test_a_lead_that_comes_late_into_a_day_that_is_over_is_counted(store: Store) -> None:
    keep(store, a_lead())
    settle(store)
    keep(store, a_lead(received_at=NOON - timedelta(hours=1)))
    keep(store, a_lead(received_at=NOON - timedelta(days=3)))

    settle(store)

    assert counts(store, "status") == {("2026-11-21", "pending"): (1, 0), ("2026-11-24", "pending"): (2, 0)}


def test_leads_that_are_taken_out_count_no_more(store: Store) -> None:
    keep(store, a_lead())
    settle(store)
    with store._database.writing.begin() as connection:
        connection.exec_driver_sql("DELETE FROM leads")

    settle(store)

    assert counts(store, "status") == {}


def test_leads_of_today_leave_no_note(store: Store) -> None:
    deliver(store, keep(store, a_lead()))
    settle(store, NOON + timedelta(minutes=1))
    deliver(store, keep(store, a_lead(received_at=NOON + timedelta(minutes=2))))

    with store._database.reading.connect() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM count_changes").scalar() == 0


def test_a_new_attribution_is_counted_anew(store: Store) -> None:
    lead = keep(store, a_lead())
    settle(store)
    store.write(lambda tx: tx.leads.reattribute({lead.id: Attribution(channel="Email", rule="by_channel")}))

    settle(store)

    assert list(counts(store, "channel")) == [("2026-11-24", "Email")]


def test_what_an_erased_person_said_stays_a_figure_where_others_said_it_too(store: Store) -> None:
    lead, *_ = (from_place(store, "Harbour", NOON - timedelta(days=day)) for day in range(SHARED_BY))
    deliver(store, lead)
    settle(store)
    store.erase([lead.id], NOON)

    settle(store)

    assert counts(store, "location")["2026-11-24", "Harbour"] == (1, 1)
    assert counts(store, "status")["2026-11-24", "erased"] == (1, 1)


def test_what_an_erased_person_alone_said_goes_with_them(store: Store) -> None:
    lead = from_place(store, "The Lovelaces' house")
    deliver(store, lead)
    settle(store)
    store.erase([lead.id], NOON)

    settle(store)

    assert counts(store, "location") == {("2026-11-24", ERASED): (1, 1)}


def test_an_address_is_no_location(store: Store) -> None:
    from_place(store, "ada@example.com")

    settle(store)

    assert counts(store, "location") == {("2026-11-24", REST): (1, 0)}


def test_who_was_erased_before_anybody_counted_has_no_location(store: Store) -> None:
    lead = from_place(store, "Harbour")
    deliver(store, lead)
    store.erase([lead.id], NOON)

    settle(store)

    assert counts(store, "location") == {("2026-11-24", ERASED): (1, 1)}


def test_an_erased_lead_that_was_never_delivered_counts_no_more(store: Store) -> None:
    lead = from_place(store, "Harbour")
    settle(store)
    store.erase([lead.id], NOON)

    settle(store)

    assert counts(store, "location") == {}


def test_a_form_and_a_span_may_be_asked_for(store: Store) -> None:
    keep(store, a_lead(submission=a_submission(form="tour")))
    keep(store, a_lead())
    settle(store)

    with store.read() as tx:
        forms = tx.statistics.by_value("status", replace(ALWAYS, form="tour"))
        later = tx.statistics.by_value("status", DateRange("2026-11-25", "2026-12-31"))

    assert (forms, later) == ([("pending", 1, 0)], [])


def test_of_two_who_count_the_same_day_one_is_kept(store: Store) -> None:
    keep(store, a_lead())
    settle(store, NOON + timedelta(minutes=1))
    with store.read() as tx:
        day = tx.statistics.next_day(NOON + timedelta(hours=1))
        assert day is not None
        counted = tx.statistics.count_day(day)

    kept = [
        store.write(lambda tx, minute=minute: tx.statistics.save_counts(counted, NOON + timedelta(minutes=minute)))  # type: ignore[misc]
        for minute in (5, 6)
    ]

    assert kept == [True, False]


def test_a_change_while_a_day_is_counted_has_it_counted_once_more(store: Store) -> None:
    lead = keep(store, a_lead())
    settle(store)
    keep(store, a_lead())
    with store.read() as tx:
        day = tx.statistics.next_day(NOON)
        assert day is not None
        counted = tx.statistics.count_day(day)
    store.write(lambda tx: tx.leads.reattribute({lead.id: Attribution(channel="Email")}))
    store.write(lambda tx: tx.statistics.save_counts(counted, NOON + timedelta(days=3)))

    assert settle(store) == 1


@pytest.mark.parametrize("is_counted", [True, False])
def test_the_last_lead_of_a_sender_is_known(store: Store, is_counted: bool) -> None:
    kinds = [("tour", "meta", 5), ("tour", "meta", 3), ("tour", "browser", 0), ("contact", "meta", 1)]
    submissions = [(a_submission(form=form, sender=sender), days) for form, sender, days in kinds]
    kept = [keep(store, a_lead(received_at=NOON - timedelta(days=days), submission=one)) for one, days in submissions]
    if is_counted:
        settle(store)

    with store.read() as tx:
        assert tx.statistics.last_lead_from("tour", "meta") == kept[1].id
        assert tx.statistics.last_lead_from("tour", "tally") is None


def test_the_last_lead_of_a_sender_may_be_younger_than_the_count(store: Store) -> None:
    keep(store, a_lead())
    settle(store, NOON + timedelta(minutes=1))
    last = keep(store, a_lead(received_at=NOON + timedelta(minutes=1)))

    with store.read() as tx:
        assert tx.statistics.last_lead_from("contact", "browser") == last.id


def test_the_state_says_how_far_it_is(store: Store) -> None:
    keep(store, a_lead())
    with store.read() as tx:
        before = tx.statistics.counting_state()
    settle(store)
    with store.read() as tx:
        after = tx.statistics.counting_state()

    assert (before.at, before.waiting, before.first) == (None, 0, "")
    assert (after.at, after.waiting, after.first) == (NOON + timedelta(days=2), 0, "2026-11-24")


def times(store: Store, form: str = "") -> list[tuple[str, list[int]]]:
    """Day -> milliseconds from arrival to delivery."""
    with store.read() as tx:
        return [(day, list(each)) for day, each in tx.statistics.waiting_times(replace(ALWAYS, form=form))]


def test_times_to_delivery_are_kept_exactly_and_sorted(store: Store) -> None:
    for seconds, form in ((2.345, "contact"), (0.002, "tour"), (90, "contact")):
        deliver(store, keep(store, a_lead(submission=a_submission(form=form))), seconds)
    keep(store, a_lead())

    settle(store)

    assert times(store) == [("2026-11-24", [2, 2345, 90_000])]
    assert times(store, "contact") == [("2026-11-24", [2345, 90_000])]


def test_a_day_that_an_older_version_counted_is_counted_again(store: Store) -> None:
    deliver(store, keep(store, a_lead()))
    settle(store)
    store.write(lambda tx: tx.statistics._execute(delete(delivery_times)))
    with store.read() as tx:
        assert tx.statistics.counting_state().waiting == 1

    assert settle(store) == 1

    assert times(store) == [("2026-11-24", [2000])]


def test_rare_values_are_counted_as_one(store: Store) -> None:
    for number in range(MAX_DISTINCT_VALUES + 3):
        keep(store, a_lead(attribution=Attribution(utm_campaign=f"c{number:04}", channel="Email")))

    settle(store)

    campaigns = counts(store, "campaign")
    assert len(campaigns) == MAX_DISTINCT_VALUES + 1
    assert campaigns["2026-11-24", REST] == (3, 0)


def test_only_the_erased_are_remembered() -> None:
    old = {CountKey("location", "tour", "A"): LeadCount(3, 3), CountKey("location", "tour", "B"): LeadCount(2, 2)}
    new = {CountKey("location", "tour", "B"): LeadCount(1, 1), CountKey("location", "tour", ERASED): LeadCount(3, 3)}

    assert remembering(new, old, {"A", "B"}) == {
        CountKey("location", "tour", "A"): LeadCount(3, 3),
        CountKey("location", "tour", "B"): LeadCount(1, 1),
    }


def test_no_leads_come_to_nothing() -> None:
    assert count([]) == {}
