"""Events of leads for ad platforms, on each engine."""

from datetime import timedelta

from service.lead import Status
from service.store import Store
from tests.builders import NOON, a_lead
from tests.store.sales import a_change, a_sale, delivered

LATER = NOON + timedelta(hours=1)


def test_an_event_comes_with_its_lead_and_its_value(store: Store) -> None:
    lead = delivered(store, a_lead())
    store.write(lambda tx: tx.crm.save_sales([a_sale(lead, value=99.5)], [a_change(lead, name="won", at=LATER)]))

    with store.read() as tx:
        [events] = tx.crm.lead_events(0, 10)

    assert (events.lead.id, events.change.name, events.change.at) == (lead.id, "won", LATER)
    assert (events.value, events.currency) == (99.5, "GBP")
    assert events.lead.submission.contact == lead.submission.contact


def test_pages_go_on_where_the_last_one_ended(store: Store) -> None:
    lead = delivered(store, a_lead())
    changes = [a_change(lead, "stage", name) for name in ("New enquiry", "Tour done", "Proposal")]
    store.write(lambda tx: tx.crm.save_sales([a_sale(lead)], changes))

    with store.read() as tx:
        first = tx.crm.lead_events(0, 2)
        rest = tx.crm.lead_events(first[-1].number, 2)

    assert [events.change.name for events in (*first, *rest)] == ["New enquiry", "Tour done", "Proposal"]


def test_erased_people_are_left_out(store: Store) -> None:
    lead = delivered(store, a_lead())
    store.write(lambda tx: tx.crm.save_sales([a_sale(lead)], [a_change(lead)]))

    store.erase([lead.id], NOON)

    with store.read() as tx:
        assert tx.leads.statuses_of([lead.id]) == {lead.id: Status.ERASED}
        assert tx.crm.lead_events(0, 10) == []


def test_form_and_time_choose(store: Store) -> None:
    lead = delivered(store, a_lead())
    store.write(lambda tx: tx.crm.save_sales([a_sale(lead)], [a_change(lead)]))

    with store.read() as tx:
        assert len(tx.crm.lead_events(0, 10, since=NOON, form="contact")) == 1
        assert tx.crm.lead_events(0, 10, form="tour") == []
        assert tx.crm.lead_events(0, 10, since=LATER) == []


def test_conversions_are_recorded_once_for_each_platform(store: Store) -> None:
    lead = delivered(store, a_lead())

    for _ in range(2):
        store.write(lambda tx: tx.crm.record_conversions("google", [(lead.id, "Lead won")], NOON))

    with store.read() as tx:
        assert tx.crm.reported_conversions("google", [lead.id]) == {(lead.id, "Lead won")}
        assert tx.crm.reported_conversions("meta", [lead.id]) == set()
