"""Leads with recipients still to be notified."""

import pytest

from service.lead import CoworkerId, Lead, LeadId, OpportunityId, Status
from service.store import Arrival, Store
from tests.builders import NOON, a_lead, a_submission
from tests.store.actions import keep


def pending(store: Store, form: str = "contact", most: int = 100) -> list[LeadId]:
    """The leads of a form whose notification is pending."""
    with store.read() as tx:
        return tx.leads.to_notify(form, most)


def tells(store: Store, *notify: Lead) -> None:
    """Mark these as notified."""
    store.write(lambda tx: tx.leads.mark_notified([lead.id for lead in notify]))


@pytest.mark.parametrize("status", [Status.PENDING, Status.DELIVERED, Status.PARKED])
def test_a_real_lead_is_pending_until_its_recipients_are_notified(store: Store, status: Status) -> None:
    lead = a_lead(status=status, notify_pending=True)
    keep(store, lead)
    assert pending(store) == [lead.id]

    tells(store, lead)

    assert pending(store) == []


@pytest.mark.parametrize("status", [Status.ANNOUNCED, Status.QUARANTINED, Status.TEST, Status.DISCARDED, Status.ERASED])
def test_what_is_no_real_lead_is_not(store: Store, status: Status) -> None:
    keep(store, a_lead(status=status, notify_pending=True))

    assert pending(store) == []


def test_a_lead_without_recipients_is_never_pending(store: Store) -> None:
    keep(store, a_lead())

    assert pending(store) == []


def test_a_lead_that_is_released_becomes_one_to_tell_of(store: Store) -> None:
    lead = a_lead(status=Status.QUARANTINED, notify_pending=True)
    store.keep_and_enqueue([Arrival(lead, [], "ada@example.com")])

    store.write(lambda tx: tx.queue.retry([lead.id], NOON))

    assert pending(store) == [lead.id]


def test_a_lead_notified_while_it_waits_is_not_notified_again_when_it_is_delivered(store: Store) -> None:
    lead = a_lead(notify_pending=True)
    keep(store, lead)
    tells(store, lead)

    store.write(lambda tx: tx.leads.mark_delivered(lead.id, CoworkerId(7), OpportunityId(9), NOON))

    assert pending(store) == []


def test_those_of_the_form_come_oldest_first_and_no_more_than_asked_for(store: Store) -> None:
    mine = [a_lead(f"{number}@example.com", notify_pending=True) for number in range(3)]
    for lead in (*mine, a_lead("other@example.com", submission=a_submission(form="tour"), notify_pending=True)):
        keep(store, lead)

    assert pending(store, most=2) == sorted(lead.id for lead in mine)[:2]


def test_notifications_of_forms_without_recipients_are_dropped(store: Store) -> None:
    mine, other = (
        a_lead(notify_pending=True),
        a_lead("b@example.com", submission=a_submission(form="tour"), notify_pending=True),
    )
    keep(store, mine)
    keep(store, other)

    store.write(lambda tx: tx.leads.keep_notifications_of(["contact"]))

    assert (pending(store), pending(store, "tour")) == ([mine.id], [])


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_the_index_alone_finds_them(store: Store) -> None:
    keep(store, a_lead(notify_pending=True))
    query = "SELECT id FROM leads WHERE untold IS NOT NULL AND form = 'contact' AND status = 'pending'"

    with store._database.reading.connect() as connection:
        plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {query} ORDER BY id LIMIT 9").scalars(3).all()

    assert "USING INDEX ix_leads_untold (form=? AND status=?)" in plan[0]
