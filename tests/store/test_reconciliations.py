"""Reading the CRM: whose turn it is, and how leads and opportunities compared."""

import threading
from datetime import timedelta

from service.store import ReadState, Reconciliation, Store
from service.store.account_facts import MAX_KEPT
from service.store.transaction import Transaction
from tests.builders import NOON
from tests.store.actions import at_once

QUARTER = timedelta(minutes=15)


def test_one_of_several_workers_has_the_turn(store: Store) -> None:
    turns = at_once(*[lambda: store.write(lambda tx: tx.crm.claim_poll("default", NOON, QUARTER))] * 3)

    assert sorted(turns) == [False, False, True]


def test_a_turn_comes_again_when_its_time_is_over(store: Store) -> None:
    store.write(lambda tx: tx.crm.claim_poll("default", NOON, QUARTER))

    assert not store.write(lambda tx: tx.crm.claim_poll("default", NOON + QUARTER, QUARTER))
    assert store.write(lambda tx: tx.crm.claim_poll("default", NOON + QUARTER * 1.1, QUARTER))


def test_a_night_has_one_turn(store: Store) -> None:
    night = NOON - timedelta(hours=9)
    assert store.write(lambda tx: tx.crm.claim_night("default", NOON, night))

    assert not store.write(lambda tx: tx.crm.claim_night("default", NOON + QUARTER, night))
    assert store.write(lambda tx: tx.crm.claim_night("default", NOON, night + timedelta(days=1)))


def test_a_failed_reading_keeps_its_problem_and_goes_no_further(store: Store) -> None:
    store.write(lambda tx: tx.crm.record_read("default", NOON))

    store.write(lambda tx: tx.crm.record_read("default", None, "Nexudus does not answer."))

    with store.read() as tx:
        assert tx.crm.read_state("default") == ReadState("default", None, NOON, "Nexudus does not answer.")


def test_of_an_account_that_was_never_read_nothing_is_known(store: Store) -> None:
    with store.read() as tx:
        assert tx.crm.read_state("default") == ReadState("default")
        assert tx.crm.last_reconciliation("default") is None


def test_the_last_comparison_is_returned_and_the_oldest_make_room(store: Store) -> None:
    nights = [NOON + timedelta(days=number) for number in range(MAX_KEPT + 2)]
    made = [Reconciliation("default", night, night + QUARTER, None, {"findings": []}) for night in nights]

    for one in made:
        store.write(lambda tx, one=one: tx.crm.save_reconciliation(one))  # type: ignore[misc]

    with store.read() as tx:
        assert tx.crm.last_reconciliation("default") == made[-1]
    with store._database.reading.connect() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM reconciliations").scalar() == MAX_KEPT


def test_a_process_that_records_an_account_waits_for_another_that_does(database_url: str) -> None:
    stores, order = [Store(database_url), Store(database_url)], list[str]()
    holds, may_end = threading.Event(), threading.Event()

    def first(tx: Transaction) -> None:
        tx.crm.lock_account("default")
        holds.set()
        may_end.wait(5)
        order.append("first")

    def second(tx: Transaction) -> None:
        tx.crm.lock_account("default")
        order.append("second")

    threads = [
        threading.Thread(target=one.write, args=(job,)) for one, job in zip(stores, (first, second), strict=True)
    ]
    threads[0].start()
    assert holds.wait(5)
    threads[1].start()
    threads[1].join(0.1)
    may_end.set()
    for thread, one in zip(threads, stores, strict=True):
        thread.join()
        one.close()

    assert order == ["first", "second"]
