"""Rejected calls: one row for each address, counted until one is accepted; and when they raise an alert."""

from dataclasses import replace
from datetime import timedelta
from http import HTTPStatus

import pytest

from service.store import Rejection, Store
from service.store.database.tables import deployment
from tests.builders import NOON
from tests.tables import each_row

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
ONE = Rejection("tour", "meta", NOON, "Its signature does not match.", "Compare the secrets.", has_worked=True)
HANDSHAKE = replace(ONE, status=HTTPStatus.FORBIDDEN, why="The verify token does not match.")


def later(refusal: Rejection, after: timedelta, **changes: object) -> Rejection:
    return replace(refusal, at=NOON + after, **changes)  # type: ignore[arg-type]  # a test's own names


def note(store: Store, *refusals: Rejection) -> list[Rejection]:
    for refusal in refusals:
        store.write(lambda tx, each=refusal: tx.platforms.record_rejection(each))  # type: ignore[misc]  # runs before the next
    with store.read() as tx:
        return tx.platforms.open_rejections()


def accept(store: Store, after: timedelta) -> None:
    store.write(lambda tx: tx.platforms.record_acceptance("tour", "meta", NOON + after))


def test_what_was_noted_is_read_as_it_was(store: Store) -> None:
    assert note(store, ONE) == [replace(ONE, since=None)]


def test_further_calls_are_counted_and_the_last_reason_counts(store: Store) -> None:
    (kept,) = note(store, ONE, later(ONE, HOUR, calls=3, why="It came as GET."))

    assert (kept.began_at, kept.at, kept.calls, kept.why) == (NOON, NOON + HOUR, 4, "It came as GET.")


def test_addresses_are_independent_of_each_other(store: Store) -> None:
    note(store, ONE, replace(ONE, sender="tiktok"), replace(ONE, form="to%r"), replace(ONE, form="to:ur"))

    with store.read() as tx:
        assert [each.sender for each in tx.platforms.rejections_of("tour")] == ["meta", "tiktok"]
        assert [each.form for each in tx.platforms.rejections_of("to%r")] == ["to%r"]
        assert [(each.form, each.sender) for each in tx.platforms.rejections_of("to:ur")] == [("to:ur", "meta")]


def test_a_call_that_is_accepted_ends_it(store: Store) -> None:
    note(store, ONE)

    accept(store, MINUTE)

    with store.read() as tx:
        assert (tx.platforms.open_rejections(), tx.platforms.rejections_of("tour")) == ([], [])


def test_an_address_of_which_nothing_was_refused_can_be_accepted(store: Store) -> None:
    accept(store, MINUTE)

    with store.read() as tx:
        assert tx.platforms.last_rejection("tour", "meta") is None


def test_what_is_refused_after_that_is_counted_anew(store: Store) -> None:
    note(store, ONE, later(ONE, MINUTE))
    accept(store, 2 * MINUTE)

    (kept,) = note(store, later(ONE, 3 * MINUTE, has_worked=False))

    assert (kept.began_at, kept.calls, kept.relapses, kept.has_worked) == (NOON + 3 * MINUTE, 1, 1, True)


def test_after_a_day_of_peace_it_is_no_relapse(store: Store) -> None:
    note(store, ONE)
    accept(store, MINUTE)

    (kept,) = note(store, later(ONE, DAY + MINUTE))

    assert kept.relapses == 0


def test_a_handshake_hides_no_refused_call_and_does_not_count_as_one(store: Store) -> None:
    assert note(store, ONE, later(HANDSHAKE, MINUTE)) == [ONE]

    accept(store, HOUR)
    (kept,) = note(store, later(HANDSHAKE, 2 * HOUR), later(ONE, 3 * HOUR))

    assert (kept.why, kept.began_at, kept.calls) == (ONE.why, NOON + 3 * HOUR, 1)


def test_a_row_of_an_earlier_version_is_read(store: Store) -> None:
    row = {"name": "refused:tour:meta", "value": f'["{NOON.isoformat()}", "It is wrong."]'}
    with store._database.writing.begin() as connection:
        connection.execute(deployment.insert().values(row))

    with store.read() as tx:
        assert tx.platforms.open_rejections() == [Rejection("tour", "meta", NOON, "It is wrong.")]


@each_row(
    ("refusal", "after", "is_alarming"),
    [
        pytest.param(ONE, timedelta(0), True, id="first"),
        pytest.param(replace(ONE, relapses=1), timedelta(0), True, id="second"),
        pytest.param(replace(ONE, relapses=2), 59 * MINUTE, False, id="third, at once"),
        pytest.param(replace(ONE, relapses=2), HOUR, True, id="third, lasting"),
        pytest.param(replace(ONE, relapses=9), 4 * HOUR - MINUTE, False, id="tenth, for hours"),
        pytest.param(replace(ONE, relapses=9), 4 * HOUR, True, id="tenth, lasting"),
        pytest.param(replace(ONE, has_worked=False), timedelta(0), False, id="never worked"),
        pytest.param(HANDSHAKE, timedelta(0), False, id="handshake"),
        pytest.param(ONE, 7 * DAY, False, id="a week ago"),
    ],
)
def test_the_refusal_of_a_sender_that_worked_before_is_alarming(
    refusal: Rejection, after: timedelta, is_alarming: bool
) -> None:
    assert refusal.is_alarming(NOON + after) is is_alarming
