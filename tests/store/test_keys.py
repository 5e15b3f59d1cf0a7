"""The keys that make a second arrival a repeat."""

from datetime import timedelta

import pytest

from service.lead import Lead, Receipt
from service.store import Arrival, DedupKey, Store
from service.store.leads.arrivals import KeyClash
from tests.builders import NOON, a_lead
from tests.store.actions import at_once, count, keep, stored_lead

SOON_AFTER = NOON + timedelta(minutes=5)


def keep_all(store: Store, *arrivals: tuple[Lead, DedupKey]) -> list[Receipt]:
    """Keep several leads in one transaction, each under one key."""
    wanted = [Arrival(lead, [key]) for lead, key in arrivals]
    return store.write(lambda tx: [kept.receipt for kept in tx.leads.keep(wanted)])


@pytest.mark.parametrize(
    "key",
    [
        pytest.param(DedupKey("id:typeform:contact:1"), id="the sender's own id"),
        pytest.param(DedupKey("key:contact:1"), id="the key of one view of the form"),
        pytest.param(DedupKey("same:contact:1", SOON_AFTER), id="the same words, for a while"),
    ],
)
def test_the_second_arrival_under_a_key_gets_the_first_receipt(store: Store, key: DedupKey) -> None:
    first, second = a_lead(), a_lead()

    receipts = [keep(store, first, key), keep(store, second, key)]

    assert receipts == [Receipt(first.id, repeat=False), Receipt(first.id, repeat=True)]
    assert stored_lead(store, first).repeats == 1
    assert count(store) == 1


def test_an_arrival_without_keys_is_always_new(store: Store) -> None:
    receipts = [keep(store, a_lead()) for _ in range(2)]

    assert [receipt.repeat for receipt in receipts] == [False, False]


def test_every_repeat_is_counted(store: Store) -> None:
    first, key = a_lead(), DedupKey("key:1")
    for lead in (first, a_lead(), a_lead(), a_lead()):
        keep(store, lead, key)

    assert stored_lead(store, first).repeats == 3


def test_one_known_key_of_several_is_enough(store: Store) -> None:
    first = a_lead()
    keep(store, first, DedupKey("key:1"))

    assert keep(store, a_lead(), DedupKey("id:9"), DedupKey("key:1")).lead_id == first.id


def test_the_keys_of_a_repeat_lead_to_the_first_from_then_on(store: Store) -> None:
    first = a_lead()
    keep(store, first, DedupKey("key:1"))
    keep(store, a_lead(), DedupKey("key:1"), DedupKey("key:2"))

    receipt = keep(store, a_lead(), DedupKey("key:2"))

    assert (receipt.lead_id, receipt.repeat) == (first.id, True)


def test_a_key_that_has_run_out_makes_a_new_lead(store: Store) -> None:
    key = DedupKey("same:1", SOON_AFTER)
    keep(store, a_lead(), key)

    late = keep(store, a_lead(received_at=SOON_AFTER), DedupKey("same:1", SOON_AFTER + timedelta(minutes=5)))

    assert not late.repeat
    assert count(store) == 2


def test_a_key_just_before_its_end_still_makes_a_repeat(store: Store) -> None:
    keep(store, a_lead(), DedupKey("same:1", SOON_AFTER))

    late = keep(store, a_lead(received_at=SOON_AFTER - timedelta(microseconds=1)), DedupKey("same:1", SOON_AFTER))

    assert late.repeat


def test_a_key_that_was_taken_anew_leads_to_the_newer_lead(store: Store) -> None:
    keep(store, a_lead(), DedupKey("same:1", SOON_AFTER))
    newer = a_lead(received_at=SOON_AFTER)
    keep(store, newer, DedupKey("same:1", SOON_AFTER + timedelta(minutes=5)))

    assert keep(store, a_lead(received_at=SOON_AFTER), DedupKey("same:1", SOON_AFTER)).lead_id == newer.id


def test_leads_kept_together_are_judged_each_by_its_own_time(store: Store) -> None:
    for name in ("a", "b"):
        keep(store, a_lead(), DedupKey(name, SOON_AFTER))
    early, late = a_lead(), a_lead(received_at=SOON_AFTER)

    receipts = keep_all(store, (early, DedupKey("a", SOON_AFTER)), (late, DedupKey("b", SOON_AFTER)))

    assert [receipt.repeat for receipt in receipts] == [True, False]


def test_a_lead_whose_commit_was_done_but_not_confirmed_is_its_own_first(store: Store) -> None:
    lead, other = a_lead(), a_lead()
    keep(store, lead, DedupKey("key:1"))

    receipts = keep_all(store, (other, DedupKey("key:2")), (lead, DedupKey("key:1")))

    assert [receipt.lead_id for receipt in receipts] == [other.id, lead.id]
    assert count(store) == 2


def test_more_leads_than_one_statement_takes_are_kept_together(store: Store) -> None:
    keep(store, a_lead(), DedupKey("key:7"))
    leads = [a_lead() for _ in range(120)]

    receipts = keep_all(store, *((lead, DedupKey(f"key:{n}")) for n, lead in enumerate(leads)))

    assert [n for n, receipt in enumerate(receipts) if receipt.repeat] == [7]
    assert count(store) == 120


def test_leads_kept_together_under_one_key_are_left_to_be_kept_one_by_one(store: Store) -> None:
    arrivals = [(a_lead(), DedupKey("key:1")), (a_lead(), DedupKey("key:1"))]

    with pytest.raises(KeyClash):
        keep_all(store, *arrivals)

    assert count(store) == 0


def test_a_lead_that_names_a_key_twice_is_kept(store: Store) -> None:
    assert not keep(store, a_lead(), DedupKey("key:1"), DedupKey("key:1")).repeat


def test_a_lead_and_its_delivery_are_stored_in_one_commit(store: Store) -> None:
    lead = a_lead()

    store.keep_and_enqueue([Arrival(lead, [DedupKey("key:1")], "ada@example.com")])

    assert stored_lead(store, lead).next_attempt_at == lead.received_at


def test_a_repeat_owes_nothing_more(store: Store) -> None:
    for lead in (a_lead(), a_lead()):
        store.keep_and_enqueue([Arrival(lead, [DedupKey("key:1")], "ada@example.com")])

    with store.read() as tx:
        assert tx.queue.backlog()[0] == 1


def test_eight_threads_keep_the_same_once(store: Store) -> None:
    def arrive() -> Receipt:
        [receipt] = store.keep_and_enqueue([Arrival(a_lead(), [DedupKey("key:1")], "ada@example.com")])
        return receipt

    receipts = at_once(*[arrive] * 8)

    assert len({receipt.lead_id for receipt in receipts}) == 1
    assert sum(not receipt.repeat for receipt in receipts) == 1
    assert count(store) == 1


def test_two_processes_keep_the_same_once(store: Store, database_url: str) -> None:
    other = Store(database_url)

    def arrive(where: Store) -> str:
        keys = [DedupKey("id:1"), DedupKey("key:1")]
        return where.keep_and_enqueue([Arrival(a_lead(), keys, "ada@example.com")])[0].lead_id

    kept = at_once(*[lambda: arrive(store), lambda: arrive(other)] * 4)
    other.close()

    assert len(set(kept)) == 1
    assert count(store) == 1


def test_threads_with_crossing_keys_never_block_each_other(store: Store, database_url: str) -> None:
    other = Store(database_url)
    keys = [DedupKey("a"), DedupKey("b"), DedupKey("c")]

    at_once(*[lambda: keep(store, a_lead(), *keys), lambda: keep(other, a_lead(), *reversed(keys))] * 4)
    other.close()

    assert count(store) == 1


def test_a_repeat_of_a_queued_lead_leaves_its_delivery_as_it_is(store: Store) -> None:
    first = a_lead()
    store.keep_and_enqueue([Arrival(first, [DedupKey("key:1")], "ada@example.com")])

    store.keep_and_enqueue([Arrival(a_lead(received_at=SOON_AFTER), [DedupKey("key:1")], "ada@example.com")])

    assert stored_lead(store, first).next_attempt_at == NOON
