"""Personal data of finished leads goes after so many days."""

import threading
from datetime import datetime, timedelta

import pytest

from service import maintenance
from service.background import Intervals, start_periodic_job
from service.lead import CoworkerId, LeadId, OpportunityId, Status
from service.maintenance import RETENTION_INTERVALS, RetentionRule, erase_due, retention_rules
from service.store import Arrival, Store
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


# -- whose rule


def test_a_form_may_keep_its_leads_longer_shorter_or_for_ever(store: Store) -> None:
    forms = {
        "contact": a_form(),
        "short": a_form("short", retention_days=30),
        "long": a_form("long", retention_days=365),
        "always": a_form("always", retention_days=0),
    }
    leads = [keep(store, days_ago=50, form=form) for form in forms]
    old = [keep(store, days_ago=100, form=form) for form in (*forms, "gone")]

    sweep(store, *retention_rules(forms, 90))

    assert erased(store, *leads) == [False, True, False, False]
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
