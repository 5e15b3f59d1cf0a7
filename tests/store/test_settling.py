"""Calls recorded before they are made, and how a delivery is settled."""

from datetime import timedelta

import pytest

from service.lead import Attempt, CoworkerId, Delivery, Doubt, Lead, OpportunityId, Outcome, Status, Step
from service.store import Arrival, Store
from tests.builders import NOON, a_lead
from tests.store.actions import claim, enqueue, keep, stored_lead

LATER = NOON + timedelta(minutes=2)


def attempts_of(store: Store, lead: Lead) -> list[Attempt]:
    """The calls made for a lead."""
    with store.read() as tx:
        return tx.leads.attempts_of([lead.id])[lead.id]


def begin(store: Store, delivery: Delivery, step: Step) -> int:
    """A call that is under way."""
    return store.write(lambda tx: tx.queue.begin_attempt(delivery, step, NOON))


def test_a_call_is_written_down_before_it_is_made(store: Store) -> None:
    lead = enqueue(store)
    (delivery,) = claim(store)

    begin(store, delivery, Step.FIND_COWORKER)

    assert attempts_of(store, lead) == [Attempt(Step.FIND_COWORKER, NOON)]


def test_a_settled_call_tells_how_it_ended(store: Store) -> None:
    lead = enqueue(store)
    (delivery,) = claim(store)
    number = begin(store, delivery, Step.CREATE_COWORKER)

    store.write(lambda tx: tx.queue.end_attempt(number, Outcome.REJECTED, 120, 400, "Email is wrong"))

    (attempt,) = attempts_of(store, lead)
    assert attempt == Attempt(Step.CREATE_COWORKER, NOON, Outcome.REJECTED, 120, 400, "Email is wrong")


def test_the_calls_of_several_leads_come_apart_and_oldest_first(store: Store) -> None:
    leads = [enqueue(store, person=str(number)) for number in range(2)]
    untried = a_lead()
    keep(store, untried)
    steps = (Step.FIND_COWORKER, Step.CREATE_COWORKER)
    for delivery in claim(store):
        for step in steps:
            begin(store, delivery, step)

    with store.read() as tx:
        counted = tx.leads.attempts_of([*(lead.id for lead in leads), untried.id])

    assert [tuple(attempt.step for attempt in counted[lead.id]) for lead in leads] == [steps, steps]
    assert counted[untried.id] == []


@pytest.mark.parametrize("step", [Step.CREATE_COWORKER, Step.CREATE_OPPORTUNITY])
def test_a_create_cut_off_by_a_crash_is_of_unknown_outcome_and_in_doubt(store: Store, step: Step) -> None:
    lead = enqueue(store)
    (old,) = claim(store, "old")
    begin(store, old, step)

    (again,) = claim(store, "new", LATER)

    assert again.doubt == Doubt(step, NOON)
    assert [attempt.outcome for attempt in attempts_of(store, lead)] == [Outcome.UNKNOWN]


def test_a_search_cut_off_by_a_crash_leaves_no_doubt(store: Store) -> None:
    lead = enqueue(store)
    (old,) = claim(store, "old")
    begin(store, old, Step.FIND_COWORKER)

    (again,) = claim(store, "new", LATER)

    assert again.doubt is None
    assert [attempt.outcome for attempt in attempts_of(store, lead)] == [Outcome.UNKNOWN]


def test_an_unknown_outcome_stays_until_it_is_cleared(store: Store) -> None:
    enqueue(store)
    doubt = Doubt(Step.CREATE_OPPORTUNITY, NOON, verify_count=1)
    (delivery,) = claim(store)

    store.write(lambda tx: tx.queue.mark_unknown(delivery, doubt))
    (doubted,) = claim(store, now=LATER)
    store.write(lambda tx: tx.queue.clear_unknown(doubted))
    (cleared,) = claim(store, now=LATER + timedelta(minutes=2))

    assert (doubted.doubt, cleared.doubt) == (doubt, None)


def test_a_finished_first_step_is_never_begun_again(store: Store) -> None:
    enqueue(store)
    (delivery,) = claim(store)
    store.write(lambda tx: tx.queue.mark_unknown(delivery, Doubt(Step.CREATE_COWORKER, NOON)))

    store.write(lambda tx: tx.queue.save_coworker(delivery, CoworkerId(77)))

    (again,) = claim(store, now=LATER)
    assert (again.coworker_id, again.doubt) == (77, None)


def test_a_postponed_delivery_is_free_for_any_worker_when_it_is_due(store: Store) -> None:
    lead = enqueue(store)
    (delivery,) = claim(store, "one")

    store.write(lambda tx: tx.queue.postpone(delivery, LATER, 1, "it is tried again"))

    assert (stored_lead(store, lead).next_attempt_at, stored_lead(store, lead).problem) == (LATER, "it is tried again")
    (again,) = claim(store, "two", LATER)
    assert again.tries == 1


def test_a_completed_delivery_is_never_claimed_again(store: Store) -> None:
    lead = enqueue(store)
    (delivery,) = claim(store)

    store.write(lambda tx: tx.queue.complete(delivery))

    assert claim(store, now=LATER) == []
    assert stored_lead(store, lead).next_attempt_at is None


def test_a_parked_delivery_says_why_and_waits_for_an_operator(store: Store) -> None:
    lead = enqueue(store)
    (delivery,) = claim(store)

    store.write(lambda tx: tx.queue.park(delivery, "Correct the form's settings."))

    assert (stored_lead(store, lead).status, stored_lead(store, lead).problem) == (
        Status.PARKED,
        "Correct the form's settings.",
    )
    assert claim(store, now=LATER) == []


def test_a_new_try_by_an_operator_has_the_whole_schedule_before_it(store: Store) -> None:
    lead = enqueue(store)
    (delivery,) = claim(store)
    store.write(lambda tx: tx.queue.postpone(delivery, LATER, 3))

    assert store.write(lambda tx: tx.queue.retry([lead.id], NOON))

    (again,) = claim(store)
    assert (again.tries, again.trigger) == (0, "operator")


def test_a_parked_lead_that_is_retried_is_pending_without_a_problem(store: Store) -> None:
    lead = enqueue(store)
    (delivery,) = claim(store)
    store.write(lambda tx: tx.queue.park(delivery, "Correct it."))

    store.write(lambda tx: tx.queue.retry([lead.id], NOON))

    assert (stored_lead(store, lead).status, stored_lead(store, lead).problem) == (Status.PENDING, "")


def test_a_new_try_keeps_the_doubt_of_the_old_one(store: Store) -> None:
    lead = enqueue(store)
    (delivery,) = claim(store)
    doubt = Doubt(Step.CREATE_OPPORTUNITY, NOON)
    store.write(lambda tx: tx.queue.mark_unknown(delivery, doubt))
    store.write(lambda tx: tx.queue.park(delivery, "Given up."))

    store.write(lambda tx: tx.queue.retry([lead.id], NOON))

    assert claim(store)[0].doubt == doubt


def test_a_delivered_lead_cannot_be_retried(store: Store) -> None:
    lead = enqueue(store)
    (delivery,) = claim(store)

    store.write(lambda tx: tx.queue.complete(delivery))
    store.write(lambda tx: tx.leads.mark_delivered(lead.id, CoworkerId(1), OpportunityId(2), NOON))

    assert not store.write(lambda tx: tx.queue.retry([lead.id], NOON))
    assert stored_lead(store, lead).status is Status.DELIVERED


def test_a_delivered_lead_cannot_be_held(store: Store) -> None:
    lead = enqueue(store)
    (delivery,) = claim(store)
    store.write(lambda tx: tx.queue.complete(delivery))

    store.write(lambda tx: tx.queue.withdraw([lead.id]))

    assert not store.write(lambda tx: tx.queue.retry([lead.id], NOON))


def test_what_waits_is_counted_since_the_oldest_lead(store: Store) -> None:
    for minutes in (0, 5):
        enqueue(store, a_lead(received_at=NOON + timedelta(minutes=minutes)))
    store.keep_and_enqueue(
        [Arrival(a_lead(status=Status.PARKED, received_at=NOON - timedelta(days=1)), [], "ada@example.com")]
    )

    with store.read() as tx:
        assert tx.queue.backlog() == (2, NOON)
