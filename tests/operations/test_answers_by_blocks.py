"""Every figure of answers equals a second computation from the clocks, whatever was counted and changes afterwards."""

import statistics
from collections import defaultdict
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import text

from service.lead import LeadId
from service.maintenance import OutcomeCounter
from service.operations.answers import answer_report, record_call
from service.operations.leads import DISCARD, act_on_leads
from service.store import Period, Store
from tests.builders import NOON, SOMEONE
from tests.operations.test_outcomes_by_sql import fill

PERIOD = Period(NOON - timedelta(days=31), NOON - timedelta(hours=7))
BLOCK_SIZE, FAN = 35, 2

CLOCKS = """
SELECT c.form, coalesce(t.email, '') AS owner, c.started_at, c.due_at, c.answered_at, c.working_s
FROM answer_clocks c JOIN leads ON leads.id = c.lead_id LEFT JOIN owner_turns t ON t.lead_id = c.lead_id
WHERE leads.received_at >= :since AND leads.received_at < :until
  AND leads.status NOT IN ('quarantined', 'discarded', 'test', 'announced')
"""

UNANSWERED = """
UPDATE answer_clocks SET answered_at = NULL, how = '', working_s = NULL
WHERE lead_id IN (SELECT lead_id FROM answer_clocks WHERE started_at >= (SELECT max(started_at) FROM answer_clocks)
  - 86400000000 * CAST(20 AS BIGINT) ORDER BY lead_id LIMIT 5)
"""


@pytest.fixture
def demo(store: Store) -> Store:
    """Demo data of forty days, not counted yet; nobody has answered five of its leads."""
    fill(store)
    run(store, UNANSWERED)
    return store


def micros(at: datetime) -> int:
    """An instant as it is stored."""
    return round(at.timestamp() * 1_000_000)


def by_clocks(store: Store, by: str) -> dict[str, tuple[Any, ...]]:
    """Key -> figures, from every clock of the period; "*" for all together."""
    bounds = {"since": micros(PERIOD.since), "until": micros(PERIOD.until)}
    groups: defaultdict[str, list[Any]] = defaultdict(list)
    with store._database.reading.connect() as connection:
        for row in connection.execute(text(CLOCKS), bounds):
            groups[getattr(row, by)].append(row)
            groups["*"].append(row)
    return {key: _figures(rows) for key, rows in groups.items()}


def _figures(rows: list[Any]) -> tuple[Any, ...]:
    answered = [row for row in rows if row.answered_at is not None]
    dated = [row for row in rows if row.due_at is not None]
    due = [row for row in dated if row.answered_at is not None or row.due_at < micros(NOON)]
    in_time = [row for row in due if row.answered_at is not None and row.answered_at <= row.due_at]
    elapsed = [(row.answered_at - row.started_at) // 1000 / 1000 for row in answered]
    working = [took if row.working_s is None else row.working_s for row, took in zip(answered, elapsed, strict=True)]
    medians = (round(statistics.median(times), 4) if times else None for times in (elapsed, working))
    return len(rows), len(answered), len(due), len(in_time), *medians


def by_report(store: Store, by: str) -> dict[str, tuple[Any, ...]]:
    """Key -> the same figures of the report."""
    report = answer_report(store, PERIOD, NOON, by)
    rows = {**{row["key"]: row for row in report["rows"]}, "*": report["total"]}
    names = ("leads", "answered", "due", "in_time", "median_s", "median_working_s")
    return {
        key: tuple(row[name] if row[name] is None else round(row[name], 4) for name in names)
        for key, row in rows.items()
    }


def agree(store: Store) -> bool:
    """Whether the report says by form and by owner what the clocks say."""
    return all(by_clocks(store, by) == by_report(store, by) for by in ("form", "owner"))


def count(store: Store, minutes: int) -> None:
    """Count all blocks as the worker does, some minutes from now."""
    counter = OutcomeCounter(store, BLOCK_SIZE, FAN)
    while counter.step(NOON + timedelta(minutes=minutes)) is not None:
        pass


def run(store: Store, sql: str) -> list[Any]:
    """Execute a statement; return its rows, if any."""
    with store._database.writing.begin() as connection:
        result = connection.execute(text(sql))
        return list(result.scalars()) if result.returns_rows else []


def test_answers_are_those_of_the_clocks_before_and_after_blocks_are_counted(demo: Store) -> None:
    assert agree(demo)

    for minutes in (0, 5, 10):
        count(demo, minutes)

    assert run(demo, "SELECT DISTINCT level FROM outcome_packs WHERE kind = 'answers' ORDER BY 1") == [1, 2, 3]
    assert agree(demo)

    # A worker of an earlier version counts them, and knows of no packs.
    run(demo, "UPDATE outcome_blocks SET version = version + 2")
    run(demo, "DELETE FROM outcome_packs WHERE kind = 'answers'")
    assert agree(demo)

    count(demo, 15)
    assert run(demo, "SELECT count(*) FROM outcome_blocks WHERE level = 1 AND packs_version <> version") == [0]
    assert agree(demo)


def test_answers_follow_every_change_at_once_and_after_the_next_count(demo: Store) -> None:
    for minutes in (0, 5, 10):
        count(demo, minutes)
    late = run(demo, "SELECT lead_id FROM answer_clocks WHERE answered_at IS NULL ORDER BY lead_id LIMIT 1")
    dropped = run(demo, "SELECT id FROM leads WHERE status = 'parked' ORDER BY id DESC LIMIT 1")

    record_call(demo, SOMEONE, late[0], NOON - timedelta(hours=1))
    act_on_leads(demo, SOMEONE, DISCARD, [LeadId(lead_id) for lead_id in dropped], NOON)
    run(demo, "UPDATE owner_turns SET email = 'new@example.com' WHERE lead_id = (SELECT min(lead_id) FROM owner_turns)")
    assert agree(demo)

    count(demo, 15)
    assert run(demo, "SELECT count(*) FROM outcome_changes") == [0]
    assert agree(demo)
