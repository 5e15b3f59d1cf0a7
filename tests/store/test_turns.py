"""The order of claims: live leads first, forms in turns, probes of paused calls."""

from collections import Counter
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from service.lead import Delivery, Lead, Outcome, Step
from service.store import UNAVAILABLE, Arrival, QueuedDelivery, Store, Transaction, Turns
from tests.builders import NOON, a_lead, a_submission
from tests.store.actions import claim, enqueue, stored_lead

MINUTE = timedelta(minutes=1)
QUOTA = "create_coworker"


def enqueue_form(store: Store, form: str, person: str, minutes: int = 0) -> Lead:
    """Owe a lead of one form, due so many minutes before noon."""
    lead = a_lead(submission=replace(a_submission(), form=form))
    return enqueue(store, lead, NOON - minutes * MINUTE, person)


def enqueue_later(store: Store, person: str) -> Lead:
    """Owe a lead that was imported, long due."""
    lead = a_lead()

    def job(tx: Transaction) -> None:
        tx.leads.keep([Arrival(lead)])
        tx.queue.enqueue([QueuedDelivery(lead.id, "default", person, NOON - 60 * MINUTE, priority=1)])

    store.write(job)
    return lead


def forms_of(claimed: list[Delivery]) -> list[str]:
    return [delivery.lead.submission.form for delivery in claimed]


# -- turns


def test_a_noisy_form_leaves_every_second_place_to_another(store: Store) -> None:
    for number in range(6):
        enqueue_form(store, "noisy", f"noisy {number}", minutes=30)
    for number in range(2):
        enqueue_form(store, "quiet", f"quiet {number}")

    assert forms_of(claim(store, room=4)) == ["noisy", "quiet", "noisy", "quiet"]


def test_turns_are_remembered_from_one_claim_to_the_next(store: Store) -> None:
    turns = Turns()
    for number in range(4):
        enqueue_form(store, "noisy", f"noisy {number}", minutes=30)
        enqueue_form(store, "quiet", f"quiet {number}")

    order = [
        forms_of(store.write(lambda tx: tx.queue.claim("worker", NOON, 90, 1, turns)))[0]  # one free hand at a time
        for _ in range(4)
    ]

    assert Counter(order) == {"noisy": 2, "quiet": 2}


def test_what_was_imported_waits_for_every_live_lead(store: Store) -> None:
    imported = enqueue_later(store, "import")
    live = [enqueue_form(store, "tour", f"live {number}", minutes=2 - number) for number in range(2)]

    claimed = [delivery.lead.id for delivery in claim(store, room=3)]

    assert claimed == [*(lead.id for lead in live), imported.id]


def test_a_replay_waits_for_a_live_lead(store: Store) -> None:
    replayed = enqueue(store, due=NOON - MINUTE, person="replayed")
    store.write(lambda tx: tx.queue.retry([replayed.id], NOON - MINUTE))
    live = enqueue_form(store, "tour", "live")

    assert [delivery.lead.id for delivery in claim(store)] == [live.id, replayed.id]


# -- holds


def hold(store: Store, delivery: Delivery, minutes: int = 10) -> None:
    """The quota is used up; a Delivery waits for it."""

    def job(tx: Transaction) -> None:
        tx.accounts.pause_call("default", QUOTA, NOON, NOON + minutes * MINUTE, "the quota is used up")
        tx.queue.block(delivery, QUOTA, "It waits for the quota.")

    store.write(job)


@pytest.fixture
def held(store: Store) -> list[Lead]:
    """Three leads that wait for the quota, the oldest first."""
    leads = [enqueue(store, due=NOON - wait * MINUTE, person=str(wait)) for wait in (3, 2, 1)]
    for delivery in claim(store):
        hold(store, delivery)
    return leads


def test_what_waits_for_a_hold_is_left_and_others_flow(store: Store, held: list[Lead]) -> None:
    other = enqueue(store, person="known")

    assert [delivery.lead.id for delivery in claim(store)] == [other.id]
    assert stored_lead(store, held[0]).problem == "It waits for the quota."


def test_when_the_time_is_up_the_oldest_finds_out_alone(store: Store, held: list[Lead]) -> None:
    later = NOON + 10 * MINUTE

    (chosen,) = claim(store, now=later)

    assert (chosen.lead.id, chosen.blocked_by) == (held[0].id, QUOTA)
    assert claim(store, "another", now=later) == []


def test_a_hold_that_is_lifted_lets_all_go(store: Store, held: list[Lead]) -> None:
    assert store.write(lambda tx: tx.accounts.resume_call("default", QUOTA))

    assert [delivery.lead.id for delivery in claim(store)] == [lead.id for lead in held]
    with store.read() as tx:
        assert tx.accounts.call_pauses() == []


def test_a_hold_that_goes_on_counts_how_often(store: Store, held: list[Lead]) -> None:
    with store.read() as tx:
        paused = tx.accounts.call_pause("default", QUOTA)

    assert paused is not None
    assert (paused.streak, paused.since, paused.until) == (len(held), NOON, NOON + 10 * MINUTE)


def test_holds_of_one_kind_are_lifted_together(store: Store) -> None:
    for what in ("stage:1", "stage:2", QUOTA):
        store.write(lambda tx, what=what: tx.accounts.pause_call("default", what, NOON, NOON + MINUTE, ""))  # type: ignore[misc]

    store.write(lambda tx: tx.accounts.resume_calls("default", "stage:"))

    with store.read() as tx:
        assert [paused.call for paused in tx.accounts.call_pauses()] == [QUOTA]


# -- after an outage


def test_after_an_outage_one_is_called_ahead_of_its_time(store: Store) -> None:
    first = enqueue(store, due=NOON + 10 * MINUTE, person="first")
    enqueue(store, due=NOON + 20 * MINUTE, person="second")
    store.write(lambda tx: tx.accounts.pause("default", NOON - MINUTE, UNAVAILABLE))

    (probe,) = claim(store)

    assert (probe.lead.id, probe.probes_until) == (first.id, NOON + 10 * MINUTE)
    assert claim(store, "another") == []


def test_after_a_refusal_no_delivery_is_claimed_ahead_of_its_time(store: Store) -> None:
    enqueue(store, due=NOON + 10 * MINUTE)
    store.write(lambda tx: tx.accounts.pause("default", NOON - MINUTE, "refused"))

    assert claim(store) == []


def test_when_an_outage_is_over_what_waits_long_is_due(store: Store) -> None:
    retried = enqueue(store, person="retried")
    fresh = enqueue(store, due=NOON + 10 * MINUTE, person="fresh")
    (delivery,) = claim(store)
    store.write(lambda tx: tx.queue.postpone(delivery, NOON + 60 * MINUTE, 3))

    assert store.write(lambda tx: tx.queue.reschedule_now("default", NOON, NOON)) == 1

    assert stored_lead(store, retried).next_attempt_at == NOON
    assert stored_lead(store, fresh).next_attempt_at == NOON + 10 * MINUTE


def test_what_met_a_web_page_before_the_outage_waits_on_when_it_is_over(store: Store) -> None:
    alone, together = enqueue(store, person="alone"), enqueue(store, person="together")
    for delivery in claim(store):
        began_at = NOON - (30 if delivery.lead.id == alone.id else 5) * MINUTE
        meet_a_page(store, delivery, began_at)

    assert store.write(lambda tx: tx.queue.reschedule_now("default", NOON, NOON - 10 * MINUTE)) == 1

    assert stored_lead(store, together).next_attempt_at == NOON
    assert stored_lead(store, alone).next_attempt_at == NOON + 60 * MINUTE


def test_leads_that_met_web_pages_are_counted_once_each(store: Store) -> None:
    enqueue(store, person="one")
    enqueue(store, person="two")
    for delivery in claim(store):
        meet_a_page(store, delivery, NOON - MINUTE, NOON)

    with store.read() as tx:
        assert tx.queue.count_intercepted("default", NOON) == 2
        assert tx.queue.count_intercepted("default", NOON + MINUTE) == 0
        assert tx.queue.count_intercepted("harbour", NOON) == 0


def meet_a_page(store: Store, delivery: Delivery, *began_at: datetime) -> None:
    """Note calls that a web page answered, and when to try again."""

    def job(tx: Transaction) -> None:
        for at in began_at:
            tx.queue.end_attempt(
                tx.queue.begin_attempt(delivery, Step.CREATE_OPPORTUNITY, at), Outcome.INTERCEPTED, 10, 403
            )
        tx.queue.postpone(delivery, NOON + 60 * MINUTE, 3)

    store.write(job)


def test_failures_are_counted_from_the_first_until_a_lead_arrives(store: Store) -> None:
    failing = [store.write(lambda tx, n=n: tx.accounts.record_failure("default", NOON + n * MINUTE)) for n in range(3)]  # type: ignore[misc]

    assert [(one.number, one.since) for one in failing] == [(1, NOON), (2, NOON), (3, NOON)]
    store.write(lambda tx: tx.accounts.record_success("default", NOON))
    assert store.write(lambda tx: tx.accounts.record_failure("default", NOON + 9 * MINUTE)).since == NOON + 9 * MINUTE
