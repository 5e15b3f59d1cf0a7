"""Quantiles of packed times are those of all times sorted."""

import math
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.store.waiting_times import MAX_MS, in_ms, pack, quantile, unpack

DAYS = st.lists(st.lists(st.integers(0, 10_000), max_size=12), max_size=6)


@given(DAYS, st.sampled_from([0.01, 0.25, 0.5, 0.95, 1.0]))
def test_a_quantile_is_the_value_at_its_rank_among_all(days: list[list[int]], part: float) -> None:
    everything = sorted(value for day in days for value in day)
    expected = everything[math.ceil(part * len(everything)) - 1] / 1000 if everything else None

    assert quantile([unpack(pack(sorted(day))) for day in days], part) == expected


@pytest.mark.parametrize(
    ("waited", "milliseconds"),
    [(timedelta(microseconds=1_999), 1), (timedelta(seconds=-3), 0), (timedelta(days=60), MAX_MS)],
    ids=["whole milliseconds", "clocks that disagree", "longer than fits"],
)
def test_a_time_is_kept_in_whole_milliseconds(waited: timedelta, milliseconds: int) -> None:
    assert in_ms(waited) == milliseconds
