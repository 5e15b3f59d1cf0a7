"""Stages are noted with the times at which they were entered, as the CRM's own history has them."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import pytest

from service import clock
from service.lead import CoworkerId, Lead
from service.nexudus.opportunities import PATH
from service.nexudus.pipeline import HISTORY_PATH
from service.reconciliation.comparison import repair
from service.store import Arrival, SaleChange
from tests.builders import a_lead
from tests.reconciliation.conftest import ReconciliationEnv
from tests.reconciliation.test_comparison import makes

HISTORY = "CrmOpportunityHistory"
MINUTE = timedelta(minutes=1)
NEW, CONTACTED, BOOKED, TOURED = 1001, 1002, 1003, 1004

Steps = list[tuple[str, datetime]]


def moves(env: ReconciliationEnv, lead: Lead, *stages: int, at: datetime | None = None) -> None:
    """People move it from stage to stage, a minute after the other; at: all at that instant."""
    for number, stage_id in enumerate(stages, 1):
        when = at or clock.now() + number * MINUTE
        env.nexudus.change_opportunity(lead.opportunity_id or 0, stage_id=stage_id, at=when.isoformat())


def rows_of(env: ReconciliationEnv, lead: Lead) -> list[dict[str, Any]]:
    """The rows that the CRM's history has of it, which a test may change."""
    rows = env.nexudus.world.tables[HISTORY].rows.values()
    return [row for row in rows if row["CrmOpportunityId"] == lead.opportunity_id]


def truth(env: ReconciliationEnv, lead: Lead) -> Steps:
    """Its stages by the history's own rows."""
    return [(row["NewCrmBoardColumnName"], datetime.fromisoformat(row["ToTime"])) for row in rows_of(env, lead)]


def noted(env: ReconciliationEnv, lead: Lead) -> Steps:
    """Its stages as they are noted."""
    return [(change.name, change.at) for change in env.changes(lead) if change.kind == "stage"]


def names(steps: Steps) -> list[str]:
    """Of the stages."""
    return [name for name, _ in steps]


def later(hours: float = 1) -> datetime:
    """Some time after all of it."""
    return clock.now() + timedelta(hours=hours)


def note_as_before(env: ReconciliationEnv, lead: Lead, *steps: tuple[str, datetime]) -> None:
    """As a release noted stages that took FromTime for the time of arrival; it kept no mark of how far it read."""
    past = clock.now() - timedelta(days=1)
    changes = [SaleChange(lead.id, "stage", name, at, past) for name, at in steps]
    env.delivery.store.write(lambda tx: tx.crm.save_sales([], changes))


# -- every stage, with its time


def test_three_leads_through_four_stages_have_the_times_of_the_history(env: ReconciliationEnv) -> None:
    leads = env.delivers("ann@example.com", "bob@example.com", "cyd@example.com")
    for lead in leads:
        moves(env, lead, CONTACTED, BOOKED, TOURED)

    env.poll(later())

    for lead in leads:
        assert names(truth(env, lead)) == ["New enquiry", "Contacted", "Tour booked", "Toured"]
        assert noted(env, lead) == truth(env, lead)


def test_there_and_back_within_one_reading_is_recorded_each_time(env: ReconciliationEnv) -> None:
    [lead] = env.delivers()
    env.poll()

    moves(env, lead, TOURED, CONTACTED, TOURED)
    env.poll(later())

    assert names(noted(env, lead)) == ["New enquiry", "Toured", "Contacted", "Toured"]
    assert noted(env, lead) == truth(env, lead)


def test_moves_of_one_second_keep_their_order(env: ReconciliationEnv) -> None:
    [lead] = env.delivers()
    at = later().replace(microsecond=0)
    moves(env, lead, TOURED, CONTACTED, at=at)
    env.poll(later(2))

    moves(env, lead, TOURED, BOOKED, at=at)
    env.poll(later(2))

    assert names(noted(env, lead)) == ["New enquiry", "Toured", "Contacted", "Toured", "Tour booked"]


@pytest.mark.parametrize("reading", ["poll", "reconcile", "night"])
def test_a_reading_between_moves_loses_and_shifts_nothing(env: ReconciliationEnv, reading: str) -> None:
    [lead] = env.delivers()
    since = {"night": later(-24 * 31)}.get(reading)
    for stage_id in (CONTACTED, BOOKED, TOURED):
        moves(env, lead, stage_id)
        _ = env.poll() if reading == "poll" else env.reconcile(since)

    env.poll(later())

    assert noted(env, lead) == truth(env, lead)


def test_a_move_that_is_dated_before_the_placement_makes_no_second_placement(env: ReconciliationEnv) -> None:
    [lead] = env.delivers()
    moves(env, lead, CONTACTED, at=later(-1))

    env.poll(later())

    assert noted(env, lead) == sorted(truth(env, lead), key=lambda step: step[1])


def test_rows_without_times_of_arrival_count_with_their_own(env: ReconciliationEnv) -> None:
    env.nexudus.settings(history_to_times=False)
    [lead] = env.delivers()
    moves(env, lead, CONTACTED, TOURED)

    env.poll(later())

    made = [datetime.fromisoformat(row["CreatedOn"]) for row in rows_of(env, lead)]
    assert noted(env, lead) == list(zip(["New enquiry", "Contacted", "Toured"], made, strict=True))


def test_a_stage_that_is_renamed_is_not_entered_again(env: ReconciliationEnv) -> None:
    [lead] = env.delivers()
    moves(env, lead, CONTACTED)
    env.poll(later())

    rows_of(env, lead)[-1]["NewCrmBoardColumnName"] = "Called"
    env.poll(later())

    assert names(noted(env, lead)) == ["New enquiry", "Called"]


# -- what it costs


def history_of(env: ReconciliationEnv, numbers: Sequence[int]) -> None:
    """Rows of opportunities that came into two stages each."""
    for number in numbers:
        for name in ("New enquiry", "Contacted"):
            fields = {"CrmOpportunityId": number, "NewCrmBoardColumnName": name, "NewCrmBoardColumnId": NEW}
            old = {"OldCrmBoardColumnId": None, "OldCrmBoardColumnName": None, "FromTime": None}
            at = clock.now().isoformat()
            env.nexudus.world.put(HISTORY, {**fields, **old, "ToTime": at}, at=at)


def test_two_hundred_and_ten_moved_leads_cost_pages_and_no_call_each(env: ReconciliationEnv) -> None:
    env.nexudus.add_opportunities(210)
    numbers = [record["Id"] for record in env.nexudus.opportunities()]
    leads = [a_lead(f"{number}@example.com", clock.now()) for number in numbers]
    env.delivery.store.keep_and_enqueue([Arrival(lead, [], lead.id) for lead in leads])
    pairs = list(zip(leads, numbers, strict=True))
    env.delivery.store.write(lambda tx: [tx.crm.adopt(lead.id, CoworkerId(1), n, clock.now()) for lead, n in pairs])
    history_of(env, numbers)

    assert env.poll() == ""

    assert [call.path for call in env.nexudus.calls("GET")] == [*[HISTORY_PATH] * 3, *[PATH] * 2]
    with env.delivery.store.read() as tx:
        changes = tx.crm.changes_of([lead.id for lead in leads]).values()
    assert {tuple(change.name for change in of_one) for of_one in changes} == {
        ("in_progress", "New enquiry", "Contacted")
    }


def test_the_next_reading_asks_from_a_day_before_the_last_move(env: ReconciliationEnv) -> None:
    [lead] = env.delivers()
    env.poll()

    env.poll(later(24 * 3))

    newest = datetime.fromisoformat(rows_of(env, lead)[-1]["CreatedOn"])
    bound = (newest - timedelta(days=1)).strftime("%Y-%m-%dT%H:%M")
    assert ("from_CrmOpportunityHistory_CreatedOn", bound) in env.nexudus.calls("GET", HISTORY_PATH)[-1].query


def test_where_no_lead_has_an_opportunity_no_history_is_read(env: ReconciliationEnv) -> None:
    assert env.poll() == ""

    assert env.nexudus.calls("GET", HISTORY_PATH) == []


# -- where the first placement is


def test_a_placement_without_a_row_has_the_time_of_the_record(env: ReconciliationEnv) -> None:
    [lead] = env.delivers()
    moves(env, lead, CONTACTED)
    placed, moved = rows_of(env, lead)
    env.nexudus.world.tables[HISTORY].drop(placed["Id"])
    moved["FromTime"] = None

    env.poll(later())
    env.poll(later())

    made_at = datetime.fromisoformat(env.nexudus.opportunities()[0]["CreatedOn"])
    assert noted(env, lead) == [("New enquiry", made_at), *truth(env, lead)]


def test_a_placement_without_a_row_has_the_time_that_the_first_move_says(env: ReconciliationEnv) -> None:
    [lead] = env.delivers()
    moves(env, lead, CONTACTED)
    placed = rows_of(env, lead)[0]
    env.nexudus.world.tables[HISTORY].drop(placed["Id"])

    env.poll(later())
    env.reconcile()

    assert noted(env, lead) == [("New enquiry", datetime.fromisoformat(placed["ToTime"])), *truth(env, lead)]


def test_one_that_the_history_does_not_show_yet_is_corrected_when_it_does(env: ReconciliationEnv) -> None:
    [lead] = env.delivers()
    [row] = rows_of(env, lead)
    row["ToTime"] = row["CreatedOn"] = (clock.now() + timedelta(seconds=2)).isoformat()
    env.nexudus.faults([{"path": HISTORY_PATH, "body": {"Records": [], "TotalPages": 0}}])

    env.poll()
    from_record = noted(env, lead)
    env.poll(later())

    assert from_record == [("New enquiry", datetime.fromisoformat(env.nexudus.opportunities()[0]["CreatedOn"]))]
    assert noted(env, lead) == truth(env, lead) != from_record


def made_long_ago(env: ReconciliationEnv) -> Lead:
    """A lead with an unrecorded opportunity, while the history was read for days."""
    [other] = env.delivers()
    lost = env.delivery.owes(a_lead("bob@example.com"))
    env.nexudus.change_opportunity(makes(env, lost), stage_id=TOURED)
    moves(env, other, CONTACTED, at=later(24 * 9))
    env.poll(later(24 * 9))
    return lost


def test_one_that_is_repaired_long_after_it_was_made_has_all_its_stages(env: ReconciliationEnv) -> None:
    lost = made_long_ago(env)

    repair(env.reader, env.reconcile(now=later(24 * 9)).discrepancies, later(24 * 9))
    env.poll(later(24 * 9))

    kept = env.delivery.kept(lost)
    assert noted(env, kept) == truth(env, kept)
    assert len(truth(env, kept)) == 2


def test_one_that_a_worker_found_long_after_it_was_made_has_all_its_stages(env: ReconciliationEnv) -> None:
    lost = made_long_ago(env)
    made = env.nexudus.opportunities_of("bob@example.com")[0]
    adopting = (lost.id, made["CoworkerId"], made["Id"], clock.now())
    env.delivery.store.write(lambda tx: tx.crm.adopt(*adopting))

    for _ in range(2):
        env.poll(later(24 * 9))
        env.reconcile(later(-24), now=later(24 * 9))

    kept = env.delivery.kept(lost)
    assert noted(env, kept) == truth(env, kept)
    assert len(truth(env, kept)) == 2


# -- where the history is not shown, or not right now


def test_where_the_history_is_hidden_the_record_counts_and_that_is_reported(env: ReconciliationEnv) -> None:
    env.nexudus.settings(denied=["CrmOpportunityHistory-*"])
    [lead] = env.delivers()
    env.poll()
    moves(env, lead, CONTACTED, TOURED)

    assert env.poll(later()) == ""

    assert names(noted(env, lead)) == ["New enquiry", "Toured"]
    [remark] = env.reconcile().remarks()
    assert "CrmOpportunityHistory-List" in remark


def test_once_the_history_is_shown_what_came_from_the_record_is_corrected(env: ReconciliationEnv) -> None:
    env.nexudus.settings(denied=["CrmOpportunityHistory-*"])
    [lead] = env.delivers()
    env.poll()
    moves(env, lead, CONTACTED, TOURED)
    env.nexudus.change_opportunity(lead.opportunity_id or 0, value=900, at=later().isoformat())
    env.poll(later())
    env.nexudus.settings(denied=[])
    env.reader.nexudus._denials.clear("GET", HISTORY_PATH)

    env.poll(later(2))

    assert noted(env, lead) == truth(env, lead)


def test_a_history_that_fails_is_read_later_and_all_else_is_recorded(env: ReconciliationEnv) -> None:
    [lead] = env.delivers()
    moves(env, lead, CONTACTED, TOURED)
    env.nexudus.change_opportunity(lead.opportunity_id or 0, status="won")
    env.nexudus.faults([{"path": HISTORY_PATH, "status": 503}])

    problem = env.poll(later())
    at_first = env.names(lead)
    assert env.poll(later()) == ""

    assert "stage history could not be read" in problem
    assert at_first == ["in_progress", "won"]
    assert noted(env, lead) == truth(env, lead)


def test_a_history_that_fails_spoils_no_comparison_but_is_reported(env: ReconciliationEnv) -> None:
    env.delivers()
    env.nexudus.faults([{"path": HISTORY_PATH, "status": 503}])

    made = env.reconcile()

    assert (made.matched, made.total, made.is_right) == (1, 0, False)
    assert "stage history could not be read" in made.problem


def test_a_firewall_before_the_history_is_named(env: ReconciliationEnv) -> None:
    env.delivers()
    env.nexudus.faults([{"path": HISTORY_PATH, "firewall": True}])

    problem = env.poll()

    assert problem.startswith("Something in front of Nexudus refused this request")
    assert "role" not in problem


def test_a_history_that_ignores_dates_is_read_by_night(env: ReconciliationEnv) -> None:
    [lead] = env.delivers()
    old = {**rows_of(env, lead)[0], "Id": 1, "CreatedOn": "2020-01-01T00:00:00Z"}
    answer = {"path": HISTORY_PATH, "body": {"Records": [old, *rows_of(env, lead)], "TotalPages": 1}}
    env.nexudus.faults([answer, answer])

    problem = env.poll()
    by_night = env.reconcile(later(-1))

    assert "only read once a night" in problem
    assert by_night.is_right
    assert noted(env, lead) == truth(env, lead)


# -- what earlier releases noted


def test_times_that_were_misread_before_are_corrected(env: ReconciliationEnv) -> None:
    [lead] = env.delivers()
    moves(env, lead, CONTACTED, BOOKED, TOURED)
    made_at = datetime.fromisoformat(env.nexudus.opportunities()[0]["CreatedOn"])
    misread = [
        (row["NewCrmBoardColumnName"], datetime.fromisoformat(row["FromTime"] or made_at.isoformat()))
        for row in rows_of(env, lead)
    ]
    note_as_before(env, lead, *misread)

    env.poll(later())

    assert noted(env, lead) == truth(env, lead) != misread


def test_what_the_history_does_not_reach_back_to_stays(env: ReconciliationEnv) -> None:
    [lead] = env.delivers()
    moves(env, lead, CONTACTED, TOURED)
    placed, first, _ = rows_of(env, lead)
    before = [("New enquiry", later(-48)), ("Contacted", later(-24))]
    note_as_before(env, lead, *before)
    for row in (placed, first):
        env.nexudus.world.tables[HISTORY].drop(row["Id"])
    rows_of(env, lead)[0]["FromTime"] = before[1][1].isoformat()

    env.poll(later())

    assert noted(env, lead) == [*before, *truth(env, lead)]
