"""The origins of a period's leads, counted alike on each engine."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.lead import Attribution, Status, first_lead_id, new_lead_id
from service.store import OriginCount, Origins, Period, Store
from service.store.outcome_folding import _of_kinds
from tests.builders import NOON, a_lead, a_submission
from tests.store.actions import keep

DAY = timedelta(days=1)
ALL = Period(NOON - DAY, NOON + DAY)
PAID = Attribution("google", "cpc", "spring", "ad-a", "desk", "Paid Search", 19, "rules:2 lead_source:known_source")
DIRECT = Attribution(rule="rules:2 lead_source:by_channel")


def kept(store: Store, attribution: Attribution = PAID, form: str = "contact", **changes: Any) -> None:
    """Store a lead with this attribution."""
    keep(store, a_lead(attribution=attribution, submission=a_submission(form=form), **changes))


def delivered(store: Store, attribution: Attribution = PAID, **changes: Any) -> None:
    """Store a delivered lead."""
    kept(store, attribution, **{"status": Status.DELIVERED, "delivered_at": NOON, **changes})


def origins(store: Store, period: Period = ALL) -> Origins:
    """The figures."""
    with store.read() as tx:
        return tx.statistics.origins(period)


def test_no_leads_are_no_figures(store: Store) -> None:
    counts = origins(store)

    assert counts == Origins([], [], [], [], [], [], [], {}, frozenset())


def test_leads_are_counted_by_what_they_share_the_most_frequent_first(store: Store) -> None:
    kept(store)
    delivered(store)
    delivered(store, DIRECT)

    counts = origins(store)

    assert counts.verdicts == [
        OriginCount(("Paid Search", "19", "rules:2 lead_source:known_source"), 2, 1),
        OriginCount(("Direct", "1", "rules:2 lead_source:by_channel"), 1, 1),
    ]
    assert counts.sources == [OriginCount(("google", "cpc"), 2, 1), OriginCount(("", ""), 1, 1)]
    assert counts.by_form == [OriginCount(("contact", "google"), 2, 1)]
    assert (counts.campaigns, counts.contents, counts.terms) == (
        [OriginCount(("spring",), 2, 1)],
        [OriginCount(("ad-a",), 2, 1)],
        [OriginCount(("desk",), 2, 1)],
    )


@pytest.mark.parametrize(
    "status", [Status.PENDING, Status.PARKED, Status.DELIVERED, Status.ANNOUNCED], ids=lambda status: str(status.value)
)
def test_real_leads_count(store: Store, status: Status) -> None:
    kept(store, status=status)

    assert [count.leads for count in origins(store).verdicts] == [1]


@pytest.mark.parametrize(
    "status", [Status.QUARANTINED, Status.TEST, Status.DISCARDED, Status.ERASED], ids=lambda status: str(status.value)
)
def test_other_statuses_are_left_out_and_counted_apart(store: Store, status: Status) -> None:
    kept(store, status=status)

    counts = origins(store)
    assert (counts.verdicts, counts.left_out) == ([], {status.value: 1})


def test_a_lead_erased_after_its_delivery_counts(store: Store) -> None:
    delivered(store, status=Status.ERASED)

    counts = origins(store)
    assert ([count.delivered for count in counts.verdicts], counts.left_out) == ([1], {})


@pytest.mark.parametrize(
    ("after", "counts"),
    [
        pytest.param(timedelta(0), True, id="at its beginning"),
        pytest.param(timedelta(microseconds=-1), False, id="a microsecond before"),
        pytest.param(DAY - timedelta(microseconds=1), True, id="a microsecond before its end"),
        pytest.param(DAY, False, id="at its end"),
    ],
)
def test_a_period_is_exact(store: Store, after: timedelta, counts: bool) -> None:
    begin = NOON + timedelta(microseconds=500)
    kept(store, received_at=begin + after)

    assert bool(origins(store, Period(begin, begin + DAY)).verdicts) is counts


@given(st.datetimes(datetime(1970, 1, 1), datetime(9999, 1, 1), timezones=st.just(UTC)))  # noqa: DTZ001 (bounds)
def test_no_lead_of_an_instant_has_a_smaller_id_than_its_first(instant: datetime) -> None:
    assert first_lead_id(instant - timedelta(milliseconds=1)) <= first_lead_id(instant) <= new_lead_id(instant)


def test_one_form_is_counted_alone(store: Store) -> None:
    kept(store, form="tour")
    kept(store, DIRECT, status=Status.TEST)

    assert [count.values for count in origins(store, Period(ALL.since, ALL.until, "tour")).by_form] == [
        ("tour", "google")
    ]
    assert origins(store, Period(ALL.since, ALL.until, "tour")).left_out == {}


def test_each_code_is_counted_with_its_form_and_campaign(store: Store) -> None:
    kept(store, Attribution(utm_campaign="spring", codes=("macro", "pii")))
    kept(store, Attribution(utm_campaign="spring", codes=("macro",)))
    delivered(store, Attribution(codes=("macro",)), form="tour")

    assert origins(store).codes == [
        OriginCount(("macro", "contact", "spring"), 2, 0),
        OriginCount(("macro", "tour", ""), 1, 1),
        OriginCount(("pii", "contact", "spring"), 1, 0),
    ]


def test_values_that_differ_by_a_hair_are_counted_apart(store: Store) -> None:
    for campaign in ("Spring", "spring", "spring ", "SPRING", "sprıng", "Sprïng"):
        kept(store, Attribution(utm_campaign=campaign))

    assert len(origins(store).campaigns) == 6


def test_a_list_that_strangers_made_long_is_cut_and_says_so(store: Store) -> None:
    for campaign in ("a", "b", "b", "c"):
        kept(store, Attribution(utm_campaign=campaign))

    with store.read() as tx:
        counts = tx.statistics.origins(ALL, limit=2)

    assert [count.values for count in counts.campaigns] == [("b",), ("a",)]
    assert counts.cut == {"campaigns"}
    assert sum(count.leads for count in counts.verdicts) == 4


def test_a_period_is_found_by_the_primary_key(store: Store) -> None:
    for hours in range(0, 100 * 24, 12):
        kept(store, received_at=NOON - timedelta(hours=hours))

    with store._database.reading.connect() as connection:
        connection.exec_driver_sql("ANALYZE leads")  # a planner that knows nothing may as well take another index
        explain = "EXPLAIN QUERY PLAN" if connection.dialect.name == "sqlite" else "EXPLAIN"
        bounds = {"first_id": first_lead_id(ALL.since), "end_id": first_lead_id(ALL.until)}
        query = _of_kinds(("tags",), True, False, False).params(since=ALL.since, until=ALL.until, **bounds)
        sql = query.compile(connection, compile_kwargs={"literal_binds": True})
        plan = str(connection.exec_driver_sql(f"{explain} {sql}").all())

    assert "autoindex_leads" in plan or "pk_leads" in plan, plan
