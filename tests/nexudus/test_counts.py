"""How many opportunities a location holds, and whether the number can be believed."""

from datetime import UTC, datetime, timedelta

import pytest

from service.nexudus import opportunities
from service.nexudus.client import Nexudus
from service.nexudus.errors import Unavailable
from service.nexudus.opportunities import PATH
from service.simulator.server import Simulator


def test_opportunities_are_counted_by_location(crm: Simulator, nexudus: Nexudus) -> None:
    crm.add_opportunities(3, stage_id=1001)
    crm.add_opportunities(2, stage_id=2001)

    assert [opportunities.count_at(nexudus, place) for place in (55, 56, 57)] == [3, 2, 0]
    assert opportunities.count_all(nexudus) == 5


def test_a_count_asks_for_one_record_at_most(crm: Simulator, nexudus: Nexudus) -> None:
    opportunities.count_at(nexudus, 55)

    [call] = crm.calls("GET", PATH)
    assert ("size", "1") in call.query


def test_a_filter_that_is_understood_finds_nothing_nowhere(crm: Simulator, nexudus: Nexudus) -> None:
    crm.add_opportunities(1)

    assert opportunities.filters_by_location(nexudus)


def test_a_filter_that_is_ignored_is_found_out(crm: Simulator, nexudus: Nexudus) -> None:
    crm.faults([{"path": PATH, "body": {"Records": [], "TotalItems": 1, "TotalPages": 1}}])

    assert not opportunities.filters_by_location(nexudus)


def test_the_young_ones_are_counted_by_their_date(crm: Simulator, nexudus: Nexudus) -> None:
    crm.add_opportunities(4, days_old=40)
    crm.add_opportunities(3, days_old=10)

    assert opportunities.count_since(nexudus, 55, datetime.now(UTC) - timedelta(days=30)) == 3


def test_dates_that_are_not_looked_at_give_no_number(crm: Simulator, nexudus: Nexudus) -> None:
    crm.faults([{"path": PATH, "body": {"Records": [], "TotalItems": 7, "TotalPages": 1}}])

    assert opportunities.count_since(nexudus, 55, datetime.now(UTC)) is None


@pytest.mark.parametrize("body", [{"Records": []}, {"TotalItems": "many"}, {"TotalItems": True}, [1]])
def test_an_answer_without_a_number_is_none(crm: Simulator, nexudus: Nexudus, body: object) -> None:
    crm.faults([{"path": PATH, "body": body}])

    with pytest.raises(Unavailable):
        opportunities.count_all(nexudus)
