"""Stages are noted with the times at which they were entered, as the CRM's own history has them."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import pytest

from service import clock
from service.lead import CoworkerId, Lead
from service.nexudus.opportunities import PATH
from service.nexudus.stage_history import HISTORY_PATH
from service.reconciliation.comparison import repair
from service.store import Arrival, SaleChange
from tests.builders import a_lead
from tests.reconciliation.conftest import Ledger
from tests.reconciliation.test_comparison import makes

HISTORY = "CrmOpportunityHistory"
MINUTE = timedelta(minutes=1)
NEW, CONTACTED, BOOKED, TOURED = 1001, 1002, 1003, 1004

Steps = list[tuple[str, datetime]]


def moves(ledger: Ledger, lead: Lead, *stages: int, at: datetime | None = None) -> None:
    """People move it from stage to stage, a minute after the other; at: all at that instant."""
    for number, stage_id in enumerate(stages, 1):
        when = at or clock.now() + number * MINUTE
        ledger.nexudus.change_opportunity(lead.opportunity_id or 0, stage_id=stage_id, at=when.isoformat())


def rows_of(ledger: Ledger, lead: Lead) -> list[dict[str, Any]]:
    """The rows that the CRM's history has of it, which a test may change."""
    rows = ledger.nexudus.world.tables[HISTORY].rows.values()
    return [row for row in rows if row["CrmOpportunityId"] == lead.opportunity_id]


def truth(ledger: Ledger, lead: Lead) -> Steps:
    """Its stages by the history's own rows."""
    return [(row["NewCrmBoardColumnName"], datetime.fromisoformat(row["ToTime"])) for row in rows_of(ledger, lead)]


def noted(ledger: Ledger, lead: Lead) -> Steps:
    """Its stages as they are noted."""
    return [(change.name, change.at) for change in ledger.changes(lead) if change.kind == "stage"]


def names(steps: Steps) -> list[str]:
    """Of the stages."""
    return [name for name, _ in steps]


def later(hours: float = 1) -> datetime:
    """Some time after all of it."""
    return clock.now() + timedelta(hours=hours)


def note_as_before(ledger: Ledger, lead: Lead, *steps: tuple[str, datetime]) -> None:
    """As a release noted stages that took FromTime for the time of arrival; it kept no mark of how far it read."""
    past = clock.now() - timedelta(days=1)
    changes = [SaleChange(lead.id, "stage", name, at, past) for name, at in steps]
    ledger.env.store.write(lambda tx: tx.crm.save_sales([], changes))


# -- every stage, with its time


def test_three_leads_through_four_stages_have_the_times_of_the_history(ledger: Ledger) -> None:
    leads = ledger.delivers("ann@example.com", "bob@example.com", "cyd@example.com")
    for lead in leads:
        moves(ledger, lead, CONTACTED, BOOKED, TOURED)

    ledger.poll(later())

    for lead in leads:
        assert names(truth(ledger, lead)) == ["New enquiry", "Contacted", "Tour booked", "Toured"]
        assert noted(ledger, lead) == truth(ledger, lead)


def test_there_and_back_within_one_reading_is_noted_each_time(ledger: Ledger) -> None:
    [lead] = ledger.delivers()
    ledger.poll()

    moves(ledger, lead, TOURED, CONTACTED, TOURED)
    ledger.poll(later())

    assert names(noted(ledger, lead)) == ["New enquiry", "Toured", "Contacted", "Toured"]
    assert noted(ledger, lead) == truth(ledger, lead)


def test_moves_of_one_second_keep_their_order(ledger: Ledger) -> None:
    [lead] = ledger.delivers()
    at = later().replace(microsecond=0)
    moves(ledger, lead, TOURED, CONTACTED, at=at)
    ledger.poll(later(2))

    moves(ledger, lead, TOURED, BOOKED, at=at)
    ledger.poll(later(2))

    assert names(noted(ledger, lead)) == ["New enquiry", "Toured", "Contacted", "Toured", "Tour booked"]


@pytest.mark.parametrize("reading", ["poll", "reconcile", "night"])
def test_a_reading_between_moves_loses_and_shifts_nothing(ledger: Ledger, reading: str) -> None:
    [lead] = ledger.delivers()
    since = {"night": later(-24 * 31)}.get(reading)
    for stage_id in (CONTACTED, BOOKED, TOURED):
        moves(ledger, lead, stage_id)
        _ = ledger.poll() if reading == "poll" else ledger.reconcile(since)

    ledger.poll(later())

    assert noted(ledger, lead) == truth(ledger, lead)


def test_a_move_that_is_dated_before_the_placement_makes_no_second_placement(ledger: Ledger) -> None:
    [lead] = ledger.delivers()
    moves(ledger, lead, CONTACTED, at=later(-1))

    ledger.poll(later())

    assert noted(ledger, lead) == sorted(truth(ledger, lead), key=lambda step: step[1])


def test_rows_without_times_of_arrival_count_with_their_own(ledger: Ledger) -> None:
    ledger.nexudus.settings(history_to_times=False)
    [lead] = ledger.delivers()
    moves(ledger, lead, CONTACTED, TOURED)

    ledger.poll(later())

    made = [datetime.fromisoformat(row["CreatedOn"]) for row in rows_of(ledger, lead)]
    assert noted(ledger, lead) == list(zip(["New enquiry", "Contacted", "Toured"], made, strict=True))


def test_a_stage_that_is_renamed_is_not_entered_again(ledger: Ledger) -> None:
    [lead] = ledger.delivers()
    moves(ledger, lead, CONTACTED)
    ledger.poll(later())

    rows_of(ledger, lead)[-1]["NewCrmBoardColumnName"] = "Called"
    ledger.poll(later())

    assert names(noted(ledger, lead)) == ["New enquiry", "Called"]


# -- what it costs


def history_of(ledger: Ledger, numbers: Sequence[int]) -> None:
    """Rows of opportunities that came into two stages each."""
    for number in numbers:
        for name in ("New enquiry", "Contacted"):
            fields = {"CrmOpportunityId": number, "NewCrmBoardColumnName": name, "NewCrmBoardColumnId": NEW}
            old = {"OldCrmBoardColumnId": None, "OldCrmBoardColumnName": None, "FromTime": None}
            at = clock.now().isoformat()
            ledger.nexudus.world.put(HISTORY, {**fields, **old, "ToTime": at}, at=at)


def test_two_hundred_and_ten_moved_leads_cost_pages_and_no_call_each(ledger: Ledger) -> None:
    ledger.nexudus.add_opportunities(210)
    numbers = [record["Id"] for record in ledger.nexudus.opportunities()]
    leads = [a_lead(f"{number}@example.com", clock.now()) for number in numbers]
    ledger.env.store.keep_and_enqueue([Arrival(lead, [], lead.id) for lead in leads])
    pairs = list(zip(leads, numbers, strict=True))
    ledger.env.store.write(lambda tx: [tx.crm.adopt(lead.id, CoworkerId(1), n, clock.now()) for lead, n in pairs])
    history_of(ledger, numbers)

    assert ledger.poll() == ""

    assert [call.path for call in ledger.nexudus.calls("GET")] == [*[HISTORY_PATH] * 3, *[PATH] * 2]
    with ledger.env.store.read() as tx:
        changes = tx.crm.changes_of([lead.id for lead in leads]).values()
    assert {tuple(change.name for change in of_one) for of_one in changes} == {
        ("in_progress", "New enquiry", "Contacted")
    }


def test_the_next_reading_asks_from_a_day_before_the_last_move(ledger: Ledger) -> None:
    [lead] = ledger.delivers()
    ledger.poll()

    ledger.poll(later(24 * 3))

    newest = datetime.fromisoformat(rows_of(ledger, lead)[-1]["CreatedOn"])
    bound = (newest - timedelta(days=1)).strftime("%Y-%m-%dT%H:%M")
    assert ("from_CrmOpportunityHistory_CreatedOn", bound) in ledger.nexudus.calls("GET", HISTORY_PATH)[-1].query


def test_where_no_lead_has_an_opportunity_no_history_is_read(ledger: Ledger) -> None:
    assert ledger.poll() == ""

    assert ledger.nexudus.calls("GET", HISTORY_PATH) == []


# -- where the first placement is


def test_a_placement_without_a_row_has_the_time_of_the_record(ledger: Ledger) -> None:
    [lead] = ledger.delivers()
    moves(ledger, lead, CONTACTED)
    placed, moved = rows_of(ledger, lead)
    ledger.nexudus.world.tables[HISTORY].drop(placed["Id"])
    moved["FromTime"] = None

    ledger.poll(later())
    ledger.poll(later())

    made_at = datetime.fromisoformat(ledger.nexudus.opportunities()[0]["CreatedOn"])
    assert noted(ledger, lead) == [("New enquiry", made_at), *truth(ledger, lead)]


def test_a_placement_without_a_row_has_the_time_that_the_first_move_says(ledger: Ledger) -> None:
    [lead] = ledger.delivers()
    moves(ledger, lead, CONTACTED)
    placed = rows_of(ledger, lead)[0]
    ledger.nexudus.world.tables[HISTORY].drop(placed["Id"])

    ledger.poll(later())
    ledger.reconcile()

    assert noted(ledger, lead) == [("New enquiry", datetime.fromisoformat(placed["ToTime"])), *truth(ledger, lead)]


def test_one_that_the_history_does_not_show_yet_is_corrected_when_it_does(ledger: Ledger) -> None:
    [lead] = ledger.delivers()
    [row] = rows_of(ledger, lead)
    row["ToTime"] = row["CreatedOn"] = (clock.now() + timedelta(seconds=2)).isoformat()
    ledger.nexudus.faults([{"path": HISTORY_PATH, "body": {"Records": [], "TotalPages": 0}}])

    ledger.poll()
    from_record = noted(ledger, lead)
    ledger.poll(later())

    assert from_record == [("New enquiry", datetime.fromisoformat(ledger.nexudus.opportunities()[0]["CreatedOn"]))]
    assert noted(ledger, lead) == truth(ledger, lead) != from_record


def made_long_ago(ledger: Ledger) -> Lead:
    """A lead whose opportunity nobody noted, while the history was read on for days."""
    [other] = ledger.delivers()
    lost = ledger.env.owes(a_lead("bob@example.com"))
    ledger.nexudus.change_opportunity(makes(ledger, lost), stage_id=TOURED)
    moves(ledger, other, CONTACTED, at=later(24 * 9))
    ledger.poll(later(24 * 9))
    return lost


def test_one_that_is_repaired_long_after_it_was_made_has_all_its_stages(ledger: Ledger) -> None:
    lost = made_long_ago(ledger)

    repair(ledger.reader, ledger.reconcile(now=later(24 * 9)).discrepancies, later(24 * 9))
    ledger.poll(later(24 * 9))

    kept = ledger.env.kept(lost)
    assert noted(ledger, kept) == truth(ledger, kept)
    assert len(truth(ledger, kept)) == 2


def test_one_that_a_worker_found_long_after_it_was_made_has_all_its_stages(ledger: Ledger) -> None:
    lost = made_long_ago(ledger)
    made = ledger.nexudus.opportunities_of("bob@example.com")[0]
    adopting = (lost.id, made["CoworkerId"], made["Id"], clock.now())
    ledger.env.store.write(lambda tx: tx.crm.adopt(*adopting))

    for _ in range(2):
        ledger.poll(later(24 * 9))
        ledger.reconcile(later(-24), now=later(24 * 9))

    kept = ledger.env.kept(lost)
    assert noted(ledger, kept) == truth(ledger, kept)
    assert len(truth(ledger, kept)) == 2


# -- where the history is not shown, or not right now


def test_where_the_history_is_hidden_the_record_counts_and_that_is_reported(ledger: Ledger) -> None:
    ledger.nexudus.settings(denied=["CrmOpportunityHistory-*"])
    [lead] = ledger.delivers()
    ledger.poll()
    moves(ledger, lead, CONTACTED, TOURED)

    assert ledger.poll(later()) == ""

    assert names(noted(ledger, lead)) == ["New enquiry", "Toured"]
    [remark] = ledger.reconcile().remarks()
    assert "CrmOpportunityHistory-List" in remark


def test_once_the_history_is_shown_what_came_from_the_record_is_corrected(ledger: Ledger) -> None:
    ledger.nexudus.settings(denied=["CrmOpportunityHistory-*"])
    [lead] = ledger.delivers()
    ledger.poll()
    moves(ledger, lead, CONTACTED, TOURED)
    ledger.nexudus.change_opportunity(lead.opportunity_id or 0, value=900, at=later().isoformat())
    ledger.poll(later())
    ledger.nexudus.settings(denied=[])
    ledger.reader.nexudus._denials.clear("GET", HISTORY_PATH)

    ledger.poll(later(2))

    assert noted(ledger, lead) == truth(ledger, lead)


def test_a_history_that_fails_is_read_later_and_all_else_is_noted(ledger: Ledger) -> None:
    [lead] = ledger.delivers()
    moves(ledger, lead, CONTACTED, TOURED)
    ledger.nexudus.change_opportunity(lead.opportunity_id or 0, status="won")
    ledger.nexudus.faults([{"path": HISTORY_PATH, "status": 503}])

    problem = ledger.poll(later())
    at_first = ledger.names(lead)
    assert ledger.poll(later()) == ""

    assert "stage history could not be read" in problem
    assert at_first == ["in_progress", "won"]
    assert noted(ledger, lead) == truth(ledger, lead)


def test_a_history_that_fails_spoils_no_comparison_but_is_reported(ledger: Ledger) -> None:
    ledger.delivers()
    ledger.nexudus.faults([{"path": HISTORY_PATH, "status": 503}])

    made = ledger.reconcile()

    assert (made.matched, made.total, made.is_right) == (1, 0, False)
    assert "stage history could not be read" in made.problem


def test_a_firewall_before_the_history_is_named(ledger: Ledger) -> None:
    ledger.delivers()
    ledger.nexudus.faults([{"path": HISTORY_PATH, "firewall": True}])

    problem = ledger.poll()

    assert problem.startswith("Something in front of Nexudus refused this request")
    assert "role" not in problem


def test_a_history_that_ignores_dates_is_read_by_night(ledger: Ledger) -> None:
    [lead] = ledger.delivers()
    old = {**rows_of(ledger, lead)[0], "Id": 1, "CreatedOn": "2020-01-01T00:00:00Z"}
    answer = {"path": HISTORY_PATH, "body": {"Records": [old, *rows_of(ledger, lead)], "TotalPages": 1}}
    ledger.nexudus.faults([answer, answer])

    problem = ledger.poll()
    by_night = ledger.reconcile(later(-1))

    assert "only read once a night" in problem
    assert by_night.is_right
    assert noted(ledger, lead) == truth(ledger, lead)


# -- what earlier releases noted


def test_times_that_were_misread_before_are_corrected(ledger: Ledger) -> None:
    [lead] = ledger.delivers()
    moves(ledger, lead, CONTACTED, BOOKED, TOURED)
    made_at = datetime.fromisoformat(ledger.nexudus.opportunities()[0]["CreatedOn"])
    misread = [
        (row["NewCrmBoardColumnName"], datetime.fromisoformat(row["FromTime"] or made_at.isoformat()))
        for row in rows_of(ledger, lead)
    ]
    note_as_before(ledger, lead, *misread)

    ledger.poll(later())

    assert noted(ledger, lead) == truth(ledger, lead) != misread


def test_what_the_history_does_not_reach_back_to_stays(ledger: Ledger) -> None:
    [lead] = ledger.delivers()
    moves(ledger, lead, CONTACTED, TOURED)
    placed, first, _ = rows_of(ledger, lead)
    before = [("New enquiry", later(-48)), ("Contacted", later(-24))]
    note_as_before(ledger, lead, *before)
    for row in (placed, first):
        ledger.nexudus.world.tables[HISTORY].drop(row["Id"])
    rows_of(ledger, lead)[0]["FromTime"] = before[1][1].isoformat()

    ledger.poll(later())

    assert noted(ledger, lead) == [*before, *truth(ledger, lead)]
