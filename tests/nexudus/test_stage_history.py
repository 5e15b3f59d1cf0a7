"""Reading the stage history: one paged query for all opportunities, each move with the time at which it happened."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from service.nexudus import pipeline
from service.nexudus.boards import STAGES_PATH
from service.nexudus.client import Nexudus
from service.nexudus.opportunities import PATH
from service.nexudus.pipeline import HISTORY_PATH, DatesIgnored, Move, moves
from service.simulator.server import Simulator

NINE = datetime(2026, 11, 20, 9, tzinfo=UTC)
HOUR = timedelta(hours=1)
OLD = NINE - timedelta(days=3)


def waits() -> None:
    """Nobody has more urgent calls."""


def read(nexudus: Nexudus, since: datetime | None = None, *, is_thorough: bool = False) -> list[Move]:
    """All moves since then."""
    return [move for page in moves(nexudus, since, waits, is_thorough=is_thorough) for move in page]


def row(ident: int = 1, **fields: Any) -> dict[str, Any]:
    """A row of the history: at nine it came into Contacted, where it had been in New enquiry for an hour."""
    stages = {"OldCrmBoardColumnId": 1001, "OldCrmBoardColumnName": "New enquiry"}
    stages |= {"NewCrmBoardColumnId": 1002, "NewCrmBoardColumnName": "Contacted"}
    times = {"FromTime": (NINE - HOUR).isoformat(), "ToTime": NINE.isoformat(), "CreatedOn": NINE.isoformat()}
    return {"Id": ident, "CrmOpportunityId": 7, **stages, **times, **fields}


def shows(crm: Simulator, *rows: dict[str, Any]) -> None:
    """The next list is this."""
    crm.faults([{"path": HISTORY_PATH, "body": {"Records": rows, "TotalPages": 1}}])


def test_a_move_has_the_time_at_which_the_new_stage_was_entered(crm: Simulator, nexudus: Nexudus) -> None:
    coworker_id = crm.add_coworker("ada@example.com")["Id"]
    made = nexudus.post(PATH, {"CrmBoardColumnId": 1001, "CoworkerId": coworker_id, "Position": 1, "Status": 1})
    crm.change_opportunity(made, stage_id=1003, at=NINE.isoformat())
    crm.change_opportunity(made, stage_id=1002, at=(NINE + HOUR).isoformat())

    placed, first, second = read(nexudus)

    assert (placed.stage, placed.origin, placed.is_first) == ("New enquiry", "", True)
    assert (first.opportunity_id, first.stage, first.at, first.origin_at) == (made, "Tour booked", NINE, placed.at)
    assert (second.stage, second.at, second.origin, second.origin_at) == ("Contacted", NINE + HOUR, "Tour booked", NINE)


def test_where_a_row_lacks_that_time_its_own_counts(crm: Simulator, nexudus: Nexudus) -> None:
    shows(crm, row(ToTime=None, CreatedOn=(NINE + HOUR).isoformat()))

    assert [move.at for move in read(nexudus)] == [NINE + HOUR]


@pytest.mark.parametrize(
    "lacking",
    [
        {"CrmOpportunityId": None},
        {"NewCrmBoardColumnId": 0, "NewCrmBoardColumnName": None},
        {"ToTime": "soon", "CreatedOn": None},
    ],
)
def test_a_row_that_does_not_say_what_moved_where_and_when_is_no_move(
    crm: Simulator, nexudus: Nexudus, lacking: dict[str, Any]
) -> None:
    shows(crm, row(1, **lacking), row(2))

    assert [move.id for move in read(nexudus)] == [2]


def test_all_moves_are_asked_for_by_pages_from_a_day_before(crm: Simulator, nexudus: Nexudus) -> None:
    for number in range(pipeline.PAGE_SIZE + 1):
        crm.world.put("CrmOpportunityHistory", {**row(90_001 + number), "UniqueId": ""}, at=NINE.isoformat())

    assert len(read(nexudus, NINE)) == pipeline.PAGE_SIZE + 1

    calls = crm.calls("GET", HISTORY_PATH)
    assert [dict(call.query)["page"] for call in calls] == ["1", "2"]
    assert ("from_CrmOpportunityHistory_CreatedOn", "2026-11-19T09:00") in calls[0].query


def test_a_filter_that_is_not_looked_at_is_found_out_or_made_up_for(crm: Simulator, nexudus: Nexudus) -> None:
    shows(crm, row(1, CreatedOn=OLD.isoformat()), row(2))
    with pytest.raises(DatesIgnored):
        read(nexudus, NINE)

    shows(crm, row(1, CreatedOn=OLD.isoformat()), row(2))

    assert [move.id for move in read(nexudus, NINE, is_thorough=True)] == [2]


def test_names_that_a_list_hides_are_asked_for_once(crm: Simulator, nexudus: Nexudus) -> None:
    nameless = {"OldCrmBoardColumnName": None, "NewCrmBoardColumnName": None}
    shows(crm, row(1, **nameless), row(2, **nameless, NewCrmBoardColumnId=4711))

    history = read(nexudus)

    assert [(move.origin, move.stage) for move in history] == [
        ("New enquiry", "Contacted"),
        ("New enquiry", "stage 4711"),
    ]
    assert len([call for call in crm.calls("GET") if call.path.startswith(f"{STAGES_PATH}/")]) == 3


def test_a_stage_that_may_not_be_read_keeps_its_number(crm: Simulator, nexudus: Nexudus) -> None:
    crm.settings(denied=["CrmBoardColumn-Read"])
    shows(crm, row(1, NewCrmBoardColumnName=None))

    assert [move.stage for move in read(nexudus)] == ["stage 1002"]
