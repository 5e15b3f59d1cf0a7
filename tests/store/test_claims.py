"""Claims and leases: which worker may deliver a lead, and for how long."""

from collections import Counter
from datetime import datetime, timedelta
from functools import partial

import pytest
from sqlalchemy.exc import IntegrityError

from service.lead import Status, Step
from service.store import Arrival, LeaseLost, Store
from tests.builders import NOON, a_lead
from tests.store.actions import at_once, claim, enqueue, stored_lead

MINUTE = timedelta(minutes=1)
PEOPLE = ("ada", "grace", "mary")


def claimed_ids(store: Store, worker: str = "worker", now_in_s: float = 0, room: int = 10) -> list[str]:
    """What a worker gets, by id."""
    now = NOON + timedelta(seconds=now_in_s)
    return [delivery.lead.id for delivery in claim(store, worker, now, room)]


def test_what_is_due_is_claimed_with_its_lead(store: Store) -> None:
    lead = enqueue(store)

    (delivery,) = claim(store)

    assert (delivery.lead.id, delivery.claimed_by, delivery.tries, delivery.doubt) == (lead.id, "worker", 0, None)


def test_what_is_not_due_yet_is_left(store: Store) -> None:
    enqueue(store, due=NOON + MINUTE)

    assert claimed_ids(store) == []
    assert len(claimed_ids(store, now_in_s=60)) == 1


def test_the_longest_due_is_claimed_first(store: Store) -> None:
    late, early = (enqueue(store, due=NOON - wait, person=str(wait)) for wait in (MINUTE, 2 * MINUTE))

    assert claimed_ids(store, room=1) == [early.id]
    assert claimed_ids(store, room=1) == [late.id]


def test_no_more_is_claimed_than_there_is_room(store: Store) -> None:
    for number in range(5):
        enqueue(store, person=str(number))

    assert [len(claimed_ids(store, room=3)) for _ in range(3)] == [3, 2, 0]


def test_a_parked_delivery_is_not_claimed(store: Store) -> None:
    lead = a_lead(status=Status.QUARANTINED)
    store.keep_and_enqueue([Arrival(lead, [], "ada@example.com")])

    assert claimed_ids(store) == []
    assert stored_lead(store, lead).next_attempt_at is None


def test_a_paused_account_is_left_alone(store: Store) -> None:
    enqueue(store, a_lead(account="harbour"), person="a")
    other = enqueue(store, person="b")

    store.write(lambda tx: tx.accounts.pause("harbour", NOON + MINUTE, "refused"))

    assert claimed_ids(store) == [other.id]


def test_an_account_on_trial_gets_one_delivery_at_a_time(store: Store, database_url: str) -> None:
    for number in range(3):
        enqueue(store, person=str(number))
    store.write(lambda tx: tx.accounts.pause("default", NOON - MINUTE, "refused"))
    other = Store(database_url)

    claimed = at_once(partial(claim, store, "one"), partial(claim, other, "two"))

    assert sorted(map(len, claimed)) == [0, 1]
    other.close()


def test_a_trial_does_not_hold_up_other_accounts(store: Store) -> None:
    for number, account in enumerate(["harbour", "harbour", "default", "default"]):
        enqueue(store, a_lead(account=account), person=str(number))

    store.write(lambda tx: tx.accounts.pause("harbour", NOON - MINUTE, "refused"))

    assert Counter(delivery.lead.account for delivery in claim(store)) == {"harbour": 1, "default": 2}


def test_two_leads_of_one_person_are_claimed_one_after_the_other(store: Store) -> None:
    first, second = (enqueue(store, due=NOON - wait) for wait in (2 * MINUTE, MINUTE))

    assert claimed_ids(store) == [first.id]
    assert claimed_ids(store, "other") == []
    (delivery,) = claim(store, now=NOON + 2 * MINUTE)
    store.write(lambda tx: tx.queue.complete(delivery))
    assert claimed_ids(store) == [second.id]


def test_many_leads_of_one_person_do_not_hide_the_others(store: Store) -> None:
    for _ in range(20):
        enqueue(store, due=NOON - MINUTE, person="a flood")
    other = enqueue(store)

    claimed_ids(store, room=2)

    assert other.id in claimed_ids(store, room=2)


def test_a_lease_keeps_others_away_until_it_runs_out(store: Store) -> None:
    lead = enqueue(store)
    claim(store, "one")

    assert claimed_ids(store, "two", now_in_s=90) == []
    assert claimed_ids(store, "two", now_in_s=90.001) == [lead.id]


def test_a_renewed_lease_holds_longer(store: Store) -> None:
    lead = enqueue(store)
    claim(store, "one")

    store.write(lambda tx: tx.queue.renew_leases("one", [lead.id], NOON + 3 * MINUTE))

    assert claimed_ids(store, "two", now_in_s=179) == []


def test_a_worker_cannot_renew_the_lease_of_another(store: Store) -> None:
    lead = enqueue(store)
    claim(store, "one")

    store.write(lambda tx: tx.queue.renew_leases("two", [lead.id], NOON + 3 * MINUTE))

    assert claimed_ids(store, "two", now_in_s=91) == [lead.id]


def test_the_leases_of_a_worker_that_is_gone_are_free_at_once(store: Store) -> None:
    first, second = (enqueue(store, due=NOON - wait, person=str(wait)) for wait in (2 * MINUTE, MINUTE))
    assert claimed_ids(store, "gone", room=1) == [first.id]
    assert claimed_ids(store, "living", room=1) == [second.id]

    freed = store.write(lambda tx: tx.queue.free_leases(lambda worker: worker == "gone"))

    assert freed == 1
    assert claimed_ids(store, "new") == [first.id]


def test_a_worker_that_lost_its_lease_can_settle_nothing(store: Store) -> None:
    lead = enqueue(store)
    (old,) = claim(store, "old")
    claim(store, "new", NOON + 2 * MINUTE)

    for settle in (
        lambda: store.write(lambda tx: tx.queue.begin_attempt(old, Step.FIND_COWORKER, NOON)),
        lambda: store.write(lambda tx: tx.queue.complete(old)),
        lambda: store.write(lambda tx: tx.queue.park(old, "no")),
        lambda: store.write(lambda tx: tx.queue.postpone(old, NOON, 3)),
    ):
        with pytest.raises(LeaseLost):
            settle()

    assert stored_lead(store, lead).status is Status.PENDING


def test_a_lead_that_an_operator_holds_is_taken_from_its_worker(store: Store) -> None:
    lead = enqueue(store)
    (delivery,) = claim(store)

    store.write(lambda tx: tx.queue.withdraw([lead.id]))

    with pytest.raises(LeaseLost):
        store.write(lambda tx: tx.queue.begin_attempt(delivery, Step.FIND_COWORKER, NOON))


def test_a_held_lead_does_not_block_its_person(store: Store) -> None:
    held, other = (enqueue(store, due=NOON - wait) for wait in (2 * MINUTE, MINUTE))
    claim(store)

    store.write(lambda tx: tx.queue.withdraw([held.id]))

    assert claimed_ids(store) == [other.id]


def coming(store: Store) -> datetime | None:
    """When there is something to claim next."""
    with store.read() as tx:
        return tx.queue.next_due(NOON)


def test_what_comes_next_leaves_out_what_is_claimed_and_what_is_paused(store: Store) -> None:
    enqueue(store, due=NOON, person="claimed")
    claim(store)
    enqueue(store, a_lead(account="harbour"), due=NOON + MINUTE, person="paused")
    enqueue(store, due=NOON + 3 * MINUTE)
    assert coming(store) == NOON + MINUTE

    store.write(lambda tx: tx.accounts.pause("harbour", NOON + 2 * MINUTE, "refused"))

    assert coming(store) == NOON + 2 * MINUTE


def test_an_empty_queue_has_nothing_to_claim(store: Store) -> None:
    assert coming(store) is None


def test_several_workers_at_once_never_hold_two_of_one_person(store: Store, database_url: str) -> None:
    for number in range(24):
        enqueue(store, person=PEOPLE[number % 3])
    stores = [store, Store(database_url), Store(database_url)]

    claims = at_once(*[partial(claim, each, f"worker {number}") for number, each in enumerate(stores)])
    for each in stores[1:]:
        each.close()

    held = [delivery.lead.id for claimed in claims for delivery in claimed]
    assert len(held) == len(set(held)) == len(PEOPLE)


def test_the_database_itself_refuses_a_second_claim_of_one_person(store: Store) -> None:
    enqueue(store)
    enqueue(store)

    with (
        pytest.raises(IntegrityError),
        store._database.writing.begin() as connection,
    ):
        connection.exec_driver_sql("UPDATE deliveries SET claimed_by = 'worker'")
