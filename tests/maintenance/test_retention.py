"""Personal data of finished leads goes after so many days."""

import threading
from datetime import datetime, timedelta

import pytest
from sqlalchemy import insert, update

from service import maintenance
from service.background import Intervals, start_periodic_job
from service.lead import CoworkerId, LeadId, OpportunityId, Status
from service.maintenance import RETENTION_INTERVALS, RetentionRule, erase_due, retention_rules
from service.store import Arrival, Store
from service.store.database.tables import attempts, leads
from tests.builders import NOON, a_form, a_lead, a_submission
from tests.processes import wait_until

DAY = timedelta(days=1)


def keep(store: Store, status: Status = Status.DISCARDED, days_ago: float = 100, form: str = "contact") -> LeadId:
    """A lead that came so long ago."""
    lead = a_lead(received_at=NOON - days_ago * DAY, status=status, submission=a_submission(form=form))
    store.keep_and_enqueue([Arrival(lead, [], lead.id)])
    return lead.id


def deliver(store: Store, lead: LeadId, days_ago: float) -> None:
    """Its opportunity was made so long ago."""
    store.write(lambda tx: tx.leads.mark_delivered(lead, CoworkerId(7), OpportunityId(9), NOON - days_ago * DAY))


def erased(store: Store, *lead_ids: LeadId) -> list[bool]:
    """Whether each was erased."""
    with store.read() as tx:
        stored = [tx.leads.get(lead_id) for lead_id in lead_ids]
    return [lead is not None and lead.status is Status.ERASED for lead in stored]


def sweep(store: Store, *rules: RetentionRule) -> int:
    """Erase what is due at noon."""
    return erase_due(store, rules, NOON, threading.Event())


NINETY = RetentionRule(90, (), is_for_others=True)


# -- what is due


def test_old_ones_go_and_newer_ones_stay(store: Store) -> None:
    old, new = keep(store, days_ago=90.1), keep(store, days_ago=89.9)

    assert sweep(store, NINETY) == 1
    assert erased(store, old, new) == [True, False]


@pytest.mark.parametrize("status", [Status.DISCARDED, Status.QUARANTINED, Status.TEST])
def test_what_nothing_more_happens_to_is_finished(store: Store, status: Status) -> None:
    lead = keep(store, status)

    sweep(store, NINETY)

    assert erased(store, lead) == [True]


@pytest.mark.parametrize("status", [Status.PENDING, Status.PARKED, Status.ANNOUNCED])
def test_what_waits_for_something_is_not(store: Store, status: Status) -> None:
    lead = keep(store, status)

    assert sweep(store, NINETY) == 0
    assert erased(store, lead) == [False]


def test_a_delivered_lead_is_finished_with_its_delivery(store: Store) -> None:
    soon, late = keep(store, Status.PENDING), keep(store, Status.PENDING)
    deliver(store, soon, 100)
    deliver(store, late, 80)

    sweep(store, NINETY)

    assert erased(store, soon, late) == [True, False]


def test_more_than_are_looked_for_at_a_time_all_go(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(maintenance, "ERASE_BATCH_SIZE", 3)
    for _ in range(10):
        keep(store)

    assert sweep(store, NINETY) == 10
    assert sweep(store, NINETY) == 0


def test_nothing_goes_once_the_worker_is_told_to_stop(store: Store) -> None:
    keep(store)
    stop = threading.Event()
    stop.set()

    assert erase_due(store, [NINETY], NOON, stop) == 0


# -- parked leads: nobody has decided that they are none, so there is a warning first


def parked(store: Store, days_ago: float = 100, form: str = "contact") -> LeadId:
    """A parked lead that was last due when it arrived."""
    lead = a_lead(received_at=NOON - days_ago * DAY, status=Status.PARKED, submission=a_submission(form=form))
    store.keep_and_enqueue([Arrival(lead, [], lead.id)])
    return lead.id


def sweep_after(store: Store, days: float, *rules: RetentionRule) -> int:
    """Erase what is due so many days after noon."""
    return erase_due(store, rules, NOON + days * DAY, threading.Event())


def warned_number(store: Store) -> int:
    """The number of leads that operators are warned of."""
    with store.read() as tx:
        notice = tx.leads.erasure_notice()
    return notice.number if notice else 0


def test_a_parked_lead_goes_a_fortnight_after_the_warning(store: Store) -> None:
    lead = parked(store, days_ago=76.01)

    assert [sweep_after(store, day, NINETY) for day in (-1, 0, 13.9)] == [0, 0, 0]
    assert (erased(store, lead), warned_number(store)) == ([False], 1)
    assert sweep_after(store, 14, NINETY) == 1
    assert (erased(store, lead), warned_number(store)) == ([True], 0)


def test_of_a_younger_one_there_is_no_warning_yet(store: Store) -> None:
    parked(store, days_ago=75.9)

    sweep(store, NINETY)

    assert warned_number(store) == 0


def test_however_old_it_is_there_is_a_warning_first(store: Store) -> None:
    lead = parked(store, days_ago=1000)

    assert [sweep_after(store, day, RetentionRule(1, (), is_for_others=True)) for day in (0, 13, 14)] == [0, 0, 1]
    assert erased(store, lead) == [True]


def test_one_that_an_operator_touched_since_is_kept_for_the_whole_period(store: Store) -> None:
    lead = parked(store)
    sweep(store, NINETY)
    store.write(lambda tx: tx.queue.retry([lead], NOON + 5 * DAY))
    assert warned_number(store) == 0  # while it is sent
    store.write(lambda tx: tx.leads.set_status([lead], Status.PARKED, "No."))

    assert [sweep_after(store, day, NINETY) for day in (14, 80, 82, 95, 96)] == [0, 0, 0, 0, 1]


def test_one_that_was_tried_or_corrected_lately_is_kept(store: Store) -> None:
    tried, corrected = parked(store), parked(store)
    call = {"lead_id": tried, "step": "find_coworker", "started_at": NOON - DAY, "outcome": "rejected"}
    at = {"at": (NOON - DAY).isoformat(), "was": {}, "became": {"company": "Acme"}}
    with store._database.writing.begin() as connection:
        connection.execute(insert(attempts), call)
        connection.execute(update(leads).where(leads.c.id == corrected).values(corrections=[at]))

    sweep(store, NINETY)

    assert warned_number(store) == 0


def test_a_warning_ends_with_its_reason(store: Store) -> None:
    discarded, kept = parked(store), parked(store)
    sweep(store, NINETY)
    store.write(lambda tx: tx.leads.set_status([discarded], Status.DISCARDED))
    assert warned_number(store) == 1

    sweep_after(store, 1)  # RETENTION_DAYS is 0 now

    assert (warned_number(store), erased(store, kept)) == (0, [False])


def test_parked_leads_of_each_form_have_its_period(store: Store) -> None:
    forms = {"short": a_form("short", retention_days=30), "always": a_form("always", retention_days=0)}
    for form in (*forms, "contact"):
        parked(store, days_ago=50, form=form)

    sweep(store, *retention_rules(forms, 90))

    assert warned_number(store) == 1


def test_a_lead_that_was_released_a_moment_ago_is_not_erased(store: Store) -> None:
    lead = parked(store)
    store.write(lambda tx: tx.queue.retry([lead], NOON))

    assert store.erase([lead], NOON, still=Status.PARKED).done == ()
    assert erased(store, lead) == [False]


# -- whose rule


def test_a_form_may_keep_its_leads_longer_shorter_or_for_ever(store: Store) -> None:
    forms = {
        "contact": a_form(),
        "short": a_form("short", retention_days=30),
        "long": a_form("long", retention_days=365),
        "always": a_form("always", retention_days=0),
    }
    young = [keep(store, days_ago=50, form=form) for form in forms]
    old = [keep(store, days_ago=100, form=form) for form in (*forms, "gone")]

    sweep(store, *retention_rules(forms, 90))

    assert erased(store, *young) == [False, True, False, False]
    assert erased(store, *old) == [True, True, False, False, True]


def test_zero_keeps_all_but_those_of_forms_that_say_otherwise() -> None:
    forms = {"contact": a_form(), "short": a_form("short", retention_days=30)}

    assert list(retention_rules(forms, 0)) == [RetentionRule(30, ["short"])]
    assert list(retention_rules({}, 0)) == []


# -- in the background


def test_leads_are_erased_in_the_background(store: Store) -> None:
    lead = keep(store, days_ago=1000)
    stop = threading.Event()

    def step(now: datetime) -> None:
        erase_due(store, [NINETY], now, stop)

    thread = start_periodic_job("retention", step, Intervals(0.01), stop)
    wait_until(lambda: erased(store, lead) == [True], 10, "the lead is erased")
    stop.set()
    thread.join(10)

    assert not thread.is_alive()


def test_the_first_sweep_lets_the_worker_start() -> None:
    assert RETENTION_INTERVALS.first_s == 60
