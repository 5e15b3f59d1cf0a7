"""Sales and their history, on each engine."""

from dataclasses import replace
from datetime import timedelta

from service.lead import CoworkerId, LeadId, OpportunityId, Status
from service.store import SaleStatus, Store
from tests.builders import NOON, a_lead
from tests.store.actions import claim, enqueue, stored_lead
from tests.store.sales import a_change, a_sale, delivered

LATER = NOON + timedelta(hours=1)


def test_a_sale_comes_back_as_it_was_noted(store: Store) -> None:
    lead = delivered(store, a_lead())
    won = a_sale(lead, status=SaleStatus.WON, won_at=NOON, value=None)

    store.write(lambda tx: tx.crm.save_sales([won], []))

    with store.read() as tx:
        assert tx.crm.sales_of([lead.id, "another"]) == {lead.id: won}


def test_a_sale_that_is_noted_again_takes_the_place_of_the_first(store: Store) -> None:
    lead = delivered(store, a_lead())
    store.write(lambda tx: tx.crm.save_sales([a_sale(lead)], []))

    store.write(lambda tx: tx.crm.save_sales([a_sale(lead, stage="Tour done")], []))

    with store.read() as tx:
        assert tx.crm.sales_of([lead.id])[lead.id].stage == "Tour done"


def test_changes_are_returned_in_the_order_of_time(store: Store) -> None:
    lead = delivered(store, a_lead())
    won, began = a_change(lead, name="won", at=LATER), a_change(lead)

    store.write(lambda tx: tx.crm.save_sales([a_sale(lead)], [won, began]))

    with store.read() as tx:
        assert tx.crm.changes_of([lead.id]) == {lead.id: [began, won]}


def test_unseen_leads_are_returned_page_by_page(store: Store) -> None:
    leads = [delivered(store, a_lead(f"{number}@example.com"), 80001 + number) for number in range(3)]
    store.write(lambda tx: tx.crm.save_sales([a_sale(leads[0], 80001, seen_at=LATER)], []))

    with store.read() as tx:
        first = tx.crm.unseen_leads("default", None, LATER, "", 1)
        rest = tx.crm.unseen_leads("default", None, LATER, first[-1][0], 10)

    assert sorted(number for _, number in [*first, *rest]) == [80002, 80003]


def test_what_is_gone_keeps_when_that_was_first_noticed(store: Store) -> None:
    lead = delivered(store, a_lead())
    store.write(lambda tx: tx.crm.mark_missing([a_sale(lead, missing_since=NOON)]))

    store.write(lambda tx: tx.crm.mark_missing([a_sale(lead, missing_since=LATER)]))

    with store.read() as tx:
        assert tx.crm.sales_of([lead.id])[lead.id].missing_since == NOON


def test_what_is_excused_as_gone_is_not_looked_for_again(store: Store) -> None:
    here, gone = delivered(store, a_lead("here@example.com"), 1), delivered(store, a_lead("gone@example.com"), 2)
    store.write(lambda tx: tx.crm.save_sales([a_sale(here, 1)], []))
    store.write(lambda tx: tx.crm.mark_missing([a_sale(gone, 2, missing_since=NOON)]))

    excused = store.write(lambda tx: tx.crm.acknowledge([here.id, gone.id, "none"], LATER))

    assert set(excused) == {here.id, gone.id}
    with store.read() as tx:
        assert tx.crm.unseen_leads("default", None, LATER, "", 10) == [(here.id, 1)]


def test_an_excuse_is_good_for_one_thing_only(store: Store) -> None:
    lead = delivered(store, a_lead())
    store.write(lambda tx: tx.crm.save_sales([a_sale(lead)], []))
    store.write(lambda tx: tx.crm.acknowledge([lead.id], NOON))  # that it is double

    store.write(lambda tx: tx.crm.mark_missing([a_sale(lead, missing_since=LATER)]))

    with store.read() as tx:
        assert tx.crm.unseen_leads("default", None, LATER, "", 10) == [(lead.id, 80001)]


def test_one_that_is_back_needs_a_new_excuse(store: Store) -> None:
    lead = delivered(store, a_lead())
    store.write(lambda tx: tx.crm.mark_missing([a_sale(lead, missing_since=NOON)]))
    store.write(lambda tx: tx.crm.acknowledge([lead.id], NOON))

    store.write(lambda tx: tx.crm.mark_seen([lead.id], LATER))

    with store.read() as tx:
        sale = tx.crm.sales_of([lead.id])[lead.id]
    assert (sale.missing_since, sale.acknowledged_at, sale.seen_at) == (None, None, LATER)


def test_an_adopted_lead_owes_nothing_more(store: Store) -> None:
    lead = enqueue(store)

    assert store.write(lambda tx: tx.crm.adopt(lead.id, CoworkerId(5001), OpportunityId(80001), NOON))

    assert stored_lead(store, lead).status is Status.DELIVERED
    assert claim(store, now=NOON + timedelta(days=9)) == []


def test_a_lead_that_is_being_sent_is_not_adopted(store: Store) -> None:
    lead = enqueue(store)
    claim(store)

    assert not store.write(lambda tx: tx.crm.adopt(lead.id, CoworkerId(5001), OpportunityId(80001), NOON))

    assert stored_lead(store, lead).status is Status.PENDING


def test_leads_are_found_by_the_number_of_their_opportunity(store: Store) -> None:
    lead = delivered(store, a_lead())

    with store.read() as tx:
        records = tx.crm.lead_records_by_opportunity("default", [80001, 80002], NOON)
        elsewhere = tx.crm.lead_records_by_opportunity("harbour", [80001], NOON)

    assert [noted.lead_id for noted in records.values()] == [lead.id]
    assert not elsewhere


def test_a_claimed_lead_is_marked_as_such(store: Store) -> None:
    lead = enqueue(store)
    claim(store, lease_s=90)

    with store.read() as tx:
        assert tx.crm.lead_records([lead.id], NOON)[lead.id].claimed
        assert not tx.crm.lead_records([lead.id], LATER)[lead.id].claimed


def test_leads_are_counted_by_account_and_time(store: Store) -> None:
    delivered(store, a_lead("new@example.com", received_at=LATER))
    enqueue(store, a_lead("old@example.com"))

    with store.read() as tx:
        assert tx.crm.count_by_status("default", None) == {Status.DELIVERED: 1, Status.PENDING: 1}
        assert tx.crm.count_by_status("default", LATER) == {Status.DELIVERED: 1}
        assert tx.crm.count_by_status("harbour", None) == {}


def test_nothing_is_known_of_a_lead_that_is_not_there(store: Store) -> None:
    with store.read() as tx:
        assert tx.crm.lead_records([LeadId("none")], NOON) == {}
        assert tx.crm.changes_of(["none"]) == {"none": []}


def test_a_note_is_corrected_or_withdrawn_by_its_number(store: Store) -> None:
    lead = delivered(store, a_lead())
    store.write(lambda tx: tx.crm.save_sales([], [a_change(lead, "stage", name) for name in ("Toured", "Contacted")]))
    with store.read() as tx:
        toured, contacted = tx.crm.changes_of([lead.id])[lead.id]

    store.write(lambda tx: tx.crm.correct_changes([replace(toured, at=LATER)]))
    store.write(lambda tx: tx.crm.delete_changes([contacted.number]))

    with store.read() as tx:
        assert tx.crm.changes_of([lead.id])[lead.id] == [a_change(lead, "stage", "Toured", at=LATER)]


def test_leads_whose_stages_were_noted_at_one_instant_come_by_pages(store: Store) -> None:
    leads = sorted((delivered(store, a_lead(), 80001 + n) for n in range(3)), key=lambda lead: lead.id)
    changes = [a_change(lead, "stage", name, seen_at=LATER) for lead in leads[:2] for name in ("Toured", "Contacted")]
    store.write(lambda tx: tx.crm.save_sales([], [*changes, a_change(leads[2], "stage", "Toured")]))

    with store.read() as tx:
        first = tx.crm.leads_seen_at("default", LATER, "", 1)
        rest = tx.crm.leads_seen_at("default", LATER, first[-1], 10)
        elsewhere = tx.crm.leads_seen_at("harbour", LATER, "", 10)

    assert (first, rest, elsewhere) == ([leads[0].id], [leads[1].id], [])


def test_the_first_lead_with_an_opportunity_is_known(store: Store) -> None:
    enqueue(store, a_lead(received_at=NOON - timedelta(days=2)))
    delivered(store, a_lead(received_at=LATER), 80001)
    delivered(store, a_lead(received_at=NOON), 80002)

    with store.read() as tx:
        assert tx.crm.first_received("default") == NOON
        assert tx.crm.first_received("harbour") is None
