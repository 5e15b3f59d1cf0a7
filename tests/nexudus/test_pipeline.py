"""Reading opportunities: page by page, and with care."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from service.nexudus import pipeline
from service.nexudus.client import Nexudus
from service.nexudus.opportunities import PATH
from service.nexudus.pipeline import DatesIgnored, Opportunity, PagesRepeat
from service.nexudus.values import instant_of
from service.simulator.server import Simulator
from tests.tables import each_row

NOW = datetime.now(UTC)
OLD = {"Id": 1, "UpdatedOn": "2020-01-01T00:00:00Z", "CreatedOn": "2020-01-01T00:00:00Z"}


def waits() -> None:
    """Nobody has more urgent calls."""


def read(nexudus: Nexudus, since: datetime | None = None) -> list[Opportunity]:
    """All cards changed since then."""
    return [card for page in pipeline.pages(nexudus, "UpdatedOn", since, waits) for card in page]


def an_opportunity(crm: Simulator, nexudus: Nexudus, **fields: Any) -> int:
    """One in the first stage, made by the API."""
    coworker_id = crm.add_coworker("ada@example.com")["Id"]
    return nexudus.post(
        PATH, {"CrmBoardColumnId": 1001, "CoworkerId": coworker_id, "Position": 1, "Status": 1, **fields}
    )


def ids(cards: Iterable[Opportunity]) -> list[int]:
    """Their ids."""
    return [card.id for card in cards]


def test_a_card_says_how_the_opportunity_stands(crm: Simulator, nexudus: Nexudus) -> None:
    made = an_opportunity(crm, nexudus, Value=450.5, SystemId="a mark", Notes="Hello")
    crm.change_opportunity(made, status="lost", loss_reason=4)

    [card] = read(nexudus)

    assert (card.id, card.stage_id, card.stage, card.board) == (made, 1001, "New enquiry", "Sales")
    assert (card.status, card.loss_reason, card.value, card.currency) == (pipeline.LOST, "Price", 450.5, "GBP")
    assert (card.system_id, card.notes, card.won_at) == ("a mark", "Hello", None)
    assert NOW - timedelta(minutes=1) < (card.lost_at or NOW) <= (card.updated_at or NOW)


def test_notes_that_a_list_hides_come_with_the_record_itself(crm: Simulator, nexudus: Nexudus) -> None:
    crm.settings(notes_in_lists=False)
    made = an_opportunity(crm, nexudus, Notes="Hello")

    assert [card.notes for card in read(nexudus)] == [None]
    card = pipeline.one(nexudus, made)
    assert getattr(card, "notes", "") == "Hello"


def test_all_pages_are_read_and_none_is_kept(crm: Simulator, nexudus: Nexudus) -> None:
    crm.add_opportunities(pipeline.PAGE_SIZE * 2 + 1)
    waited: list[int] = []

    pages = list(pipeline.pages(nexudus, "CreatedOn", None, lambda: waited.append(1)))

    assert [len(page) for page in pages] == [pipeline.PAGE_SIZE, pipeline.PAGE_SIZE, 1]
    assert len(waited) == 3


def test_changes_are_asked_for_from_a_day_before(crm: Simulator, nexudus: Nexudus) -> None:
    made = an_opportunity(crm, nexudus)

    assert ids(read(nexudus, NOW)) == [made]

    [call] = crm.calls("GET", PATH)
    day_before = (NOW - timedelta(days=1)).strftime("%Y-%m-%dT%H:%M")
    assert ("from_CrmOpportunity_UpdatedOn", day_before) in call.query


def test_dates_that_are_not_looked_at_are_found_out(crm: Simulator, nexudus: Nexudus) -> None:
    crm.faults([{"path": PATH, "body": {"Records": [OLD], "TotalPages": 1}}])

    with pytest.raises(DatesIgnored):
        read(nexudus, NOW)


def test_a_page_that_comes_again_and_again_ends_the_reading(crm: Simulator, nexudus: Nexudus) -> None:
    crm.faults([{"path": PATH, "times": None, "body": {"Records": [OLD], "TotalPages": 9}}])

    with pytest.raises(PagesRepeat):
        read(nexudus)


def test_an_opportunity_that_is_not_there_is_none(crm: Simulator, nexudus: Nexudus) -> None:
    assert pipeline.one(nexudus, 4711) is None


@each_row(
    ("text", "meant"),
    [
        ("2026-05-31T09:00:00Z", datetime(2026, 5, 31, 9, tzinfo=UTC)),
        ("2026-05-31T09:00:00", datetime(2026, 5, 31, 9, tzinfo=UTC)),
        ("2026-05-31T11:00:00+02:00", datetime(2026, 5, 31, 9, tzinfo=UTC)),
        ("soon", None),
        (None, None),
    ],
)
def test_instants_are_read_in_any_zone(text: str | None, meant: datetime | None) -> None:
    assert instant_of({"WonOn": text}, "WonOn") == meant


def test_a_record_that_says_next_to_nothing_is_in_progress() -> None:
    card = pipeline.opportunity_of({"Id": 5, "Value": "much", "LossReason": None})

    assert (card.status, card.value, card.stage, card.notes) == (1, None, "", None)


def test_a_loss_reason_that_was_added_since_is_told_by_its_number() -> None:
    assert pipeline.opportunity_of({"Id": 5, "LossReason": 77}).loss_reason == "77"
