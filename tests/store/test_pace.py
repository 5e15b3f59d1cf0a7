"""The pace of calls to one account, counted over all processes."""

from itertools import accumulate

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from service.store import Pace, Store
from tests.store.actions import at_once

NOW = 1_800_000_000.0
PATIENCE_S = 10.0
EXACT_S = 1e-3
"""What a float of unix seconds can lose in a sum."""

paces = st.builds(Pace, count=st.integers(1, 4), window_s=st.sampled_from([0.5, 2.0, 15.0]), writes_only=st.booleans())
calls = st.lists(st.tuples(st.floats(0, 4), st.booleans()), max_size=30)


def reserve(store: Store, now: float, *kept: Pace, is_write: bool = True, account: str = "default") -> float:
    """Seconds until the next call may be made."""
    return store.write(
        lambda tx: tx.accounts.reserve(account, is_write=is_write, now=now, paces=kept, patience_s=PATIENCE_S)
    )


def calls_in_any_window(times: list[float], window_s: float) -> int:
    """The most calls that any window of this length holds."""
    ends = [start + window_s - EXACT_S for start in times]
    return max((sum(start <= time < end for time in times) for start, end in zip(times, ends, strict=True)), default=0)


def test_calls_below_the_pace_need_not_wait(store: Store) -> None:
    assert [reserve(store, NOW, Pace(3, 1)) for _ in range(3)] == [0, 0, 0]


def test_a_call_above_the_pace_waits_until_the_window_has_passed_on(store: Store) -> None:
    for wait in (0.0, 0.25):
        reserve(store, NOW + wait, Pace(2, 1))

    assert reserve(store, NOW + 0.5, Pace(2, 1)) == pytest.approx(0.5)


def test_calls_that_wait_queue_one_behind_the_other(store: Store) -> None:
    assert [reserve(store, NOW, Pace(1, 2)) for _ in range(4)] == pytest.approx([0, 2, 4, 6])


def test_a_wait_beyond_all_patience_is_returned_but_not_reserved(store: Store) -> None:
    waits = [reserve(store, NOW, Pace(1, 20)) for _ in range(3)]

    assert waits == pytest.approx([0, 20, 20])


def test_reads_do_not_count_where_only_writes_do(store: Store) -> None:
    writes = Pace(1, 5, writes_only=True)
    reserve(store, NOW, writes)

    assert reserve(store, NOW, writes, is_write=False) == 0
    assert reserve(store, NOW, writes) == pytest.approx(5)


def test_every_pace_holds_the_strictest_decides(store: Store) -> None:
    kept = (Pace(10, 1), Pace(2, 3))
    for _ in range(2):
        reserve(store, NOW, *kept)

    assert reserve(store, NOW, *kept) == pytest.approx(3)


def test_accounts_have_each_their_own_pace(store: Store) -> None:
    reserve(store, NOW, Pace(1, 5))

    assert reserve(store, NOW, Pace(1, 5), account="harbour") == 0


def test_two_processes_share_one_pace(store: Store, database_url: str) -> None:
    other = Store(database_url)

    waits = at_once(*[lambda: reserve(store, NOW, Pace(2, 1)), lambda: reserve(other, NOW, Pace(2, 1))] * 4)
    other.close()

    assert sorted(waits) == pytest.approx([0, 0, 1, 1, 2, 2, 3, 3])


def test_calls_are_forgotten_only_before_the_given_time(store: Store) -> None:
    for wait in (0.0, 1.0):
        reserve(store, NOW + wait, Pace(2, 100))

    store.write(lambda tx: tx.accounts.forget_calls(NOW + 1))

    assert reserve(store, NOW + 2, Pace(2, 100)) == 0
    assert reserve(store, NOW + 2, Pace(2, 100)) == pytest.approx(99)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(kept=st.lists(paces, min_size=1, max_size=3), calls=calls)
def test_no_window_of_any_pace_ever_holds_more_than_it_may(
    store: Store, kept: list[Pace], calls: list[tuple[float, bool]]
) -> None:
    store.write(lambda tx: tx.accounts.forget_calls(NOW * 2))
    nows = accumulate((step for step, _ in calls), initial=NOW)
    made: list[tuple[float, bool]] = []

    for now, (_, is_write) in zip(nows, calls, strict=False):
        wait_s = reserve(store, now, *kept, is_write=is_write)
        assert 0 <= wait_s <= PATIENCE_S + max(pace.window_s for pace in kept)
        if wait_s <= PATIENCE_S:
            made.append((now + wait_s, is_write))

    for pace in kept:
        counted = [at for at, is_write in made if is_write or not pace.writes_only]
        assert calls_in_any_window(counted, pace.window_s) <= pace.count
