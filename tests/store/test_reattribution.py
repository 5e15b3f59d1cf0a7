"""Reattribution: which leads may still get a new attribution, and which have one that was sent."""

import threading
from collections.abc import Callable
from datetime import timedelta

import pytest

from service.lead import Attribution, Delivery, Doubt, Lead, Status, Step
from service.store import Store, Transaction
from tests.admin.stored_leads import keep_as, keep_delivered
from tests.builders import NOON, a_lead, a_submission
from tests.store.actions import at_once, claim, enqueue, keep, stored_lead

NEW = Attribution(utm_source="bing", channel="Paid Search", lead_source=1, rule="rules:2", codes=("macro",))


def change(store: Store, *leads: Lead) -> set[str]:
    """Set the new attribution; returns the ids of the leads that got it."""
    return {*store.write(lambda tx: tx.leads.reattribute({lead.id: NEW for lead in leads}))}


def test_a_waiting_lead_gets_all_of_the_new_attribution(store: Store) -> None:
    lead = enqueue(store)

    assert change(store, lead) == {lead.id}
    assert stored_lead(store, lead).attribution == NEW


@pytest.mark.parametrize("status", [Status.PARKED, Status.QUARANTINED, Status.TEST, Status.DISCARDED])
def test_so_does_one_that_is_held(store: Store, status: Status) -> None:
    lead = keep_as(store, status)

    assert change(store, lead) == {lead.id}


@pytest.mark.parametrize("status", [Status.ERASED, Status.ANNOUNCED])
def test_what_has_no_evidence_is_left_alone(store: Store, status: Status) -> None:
    lead = keep(store, a_lead(status=status))

    assert change(store, a_lead(id=lead.lead_id)) == set()


def test_what_was_delivered_says_what_was_sent_for_good(store: Store) -> None:
    lead = keep_delivered(store)

    assert change(store, lead) == set()
    assert stored_lead(store, lead).attribution == lead.attribution


def test_what_a_worker_has_claimed_is_left_as_it_is_being_sent(store: Store) -> None:
    lead = enqueue(store)
    (delivery,) = claim(store)

    assert change(store, lead) == set()
    assert stored_lead(store, lead).attribution == delivery.lead.attribution


def test_a_lease_that_ran_out_is_a_claim_still(store: Store) -> None:
    lead = enqueue(store)
    claim(store, lease_s=0.001)

    assert change(store, lead) == set()


def test_a_claim_that_was_given_back_is_none(store: Store) -> None:
    lead = enqueue(store)
    (delivery,) = claim(store)
    store.write(lambda tx: tx.queue.postpone(delivery, NOON + timedelta(hours=1), 1))

    assert change(store, lead) == {lead.id}


@pytest.mark.parametrize(
    ("step", "may_change"),
    [(Step.CREATE_OPPORTUNITY, False), (Step.CREATE_COWORKER, True)],
    ids=str,
)
def test_what_a_create_of_unknown_outcome_may_have_saved_is_left(store: Store, step: Step, may_change: bool) -> None:
    lead = enqueue(store)
    (delivery,) = claim(store)

    def doubt(tx: Transaction) -> None:
        tx.queue.mark_unknown(delivery, Doubt(step, NOON))
        tx.queue.postpone(delivery, NOON, 1)

    store.write(doubt)

    assert (change(store, lead) == {lead.id}) is may_change


@pytest.mark.parametrize("act", ["free", "withdraw"])
def test_a_create_that_was_cut_off_may_have_been_saved(store: Store, act: str) -> None:
    lead = enqueue(store)
    (delivery,) = claim(store)
    store.write(lambda tx: tx.queue.begin_attempt(delivery, Step.CREATE_OPPORTUNITY, NOON))
    ends: dict[str, Callable[[Transaction], object]] = {
        "free": lambda tx: tx.queue.free_leases(lambda _: True),  # the worker was killed
        "withdraw": lambda tx: tx.queue.withdraw([lead.id]),  # an operator discarded the lead meanwhile
    }
    store.write(ends[act])

    assert change(store, lead) == set()


def test_a_worker_that_claims_afterwards_sends_the_new_attribution(store: Store) -> None:
    lead = enqueue(store)

    change(store, lead)

    (delivery,) = claim(store)
    assert delivery.lead.attribution == NEW


def test_leads_that_are_held_do_not_keep_the_others_back(store: Store) -> None:
    first = enqueue(store, a_lead("a@x.example"))
    claim(store)
    second = enqueue(store, a_lead("b@x.example"))

    assert change(store, first, second) == {second.id}


@pytest.mark.parametrize("first", ["the claim", "the change"])
def test_what_is_sent_is_what_is_stored_when_both_happen_at_once(store: Store, database_url: str, first: str) -> None:
    lead, other = enqueue(store), Store(database_url)
    begun, over = threading.Event(), threading.Event()

    def lead_on(tx: Transaction) -> list[Delivery]:
        changed = tx.queue.claim("worker", NOON, 90, 1) if first == "the claim" else []
        if not changed:
            tx.leads.reattribute({lead.id: NEW})
        begun.set()
        over.wait(0.3)  # with the transaction open, until the other one is done, or waits for us
        return changed

    def follow() -> list[Delivery]:
        begun.wait(10)
        changed = [] if first == "the claim" else claim(other)
        if not changed:
            change(other, lead)
        over.set()
        return changed

    at_the_time = [delivery for changed in at_once(lambda: store.write(lead_on), follow) for delivery in changed]
    other.close()
    (sent,) = at_the_time or claim(store)  # what is locked may be passed over, and is claimed the next time

    assert stored_lead(store, lead).attribution == sent.lead.attribution


# -- pages


def test_pages_hold_each_lead_once_oldest_first(store: Store) -> None:
    kept = [keep(store, a_lead(received_at=NOON + timedelta(minutes=n))).lead_id for n in range(5)]
    read: list[str] = []

    with store.read() as tx:
        while page := tx.leads.oldest(read[-1] if read else "", 2):
            read += [lead.id for lead in page]

    assert read == kept


def test_a_page_begins_at_an_instant_and_keeps_to_a_form(store: Store) -> None:
    early = NOON + timedelta(microseconds=200)
    for at, form in ((NOON, "tour"), (early, "tour"), (early, "contact")):
        keep(store, a_lead(received_at=at, submission=a_submission(form=form)))

    with store.read() as tx:
        page = tx.leads.oldest("", 10, "tour", early)

    assert [(lead.received_at, lead.submission.form) for lead in page] == [(early, "tour")]


def test_a_page_leaves_what_could_not_be_read_on_the_disk(store: Store) -> None:
    lead = a_lead(submission=a_submission(raw=b"\x00" * 1000))
    keep(store, lead)

    with store.read() as tx:
        (changed,) = tx.leads.oldest("", 10)

    assert (changed.submission.raw, changed.submission.evidence) == (b"", lead.submission.evidence)
