"""The time of a claim with many finished leads and with a backlog, and a worker's memory with a backlog."""

import statistics
import tempfile
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Table, func, literal, select

from service.lead import Lead, LeadId, Status, new_lead_id
from service.store import Arrival, Store, Transaction, Turns
from service.store.database.columns import insert_rows
from service.store.database.tables import DONE, QUEUED, deliveries, leads
from service.store.leads.rows import to_row
from tests.bench.databases import ENGINES, sqlite
from tests.bench.processes import resident_mb, running
from tests.bench.servers import settings
from tests.builders import a_lead, a_submission
from tests.processes import lead_capture

CLAIMS = 300
FINISHED = (0, 100_000, 1_000_000)
BACKLOG = 100_000
BACKLOGS = (100, BACKLOG, 4 * BACKLOG)
FORMS = 5
CHUNK = 5_000
NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)


def measure() -> None:
    """The same claims on ever fuller databases of both engines; then two workers at rest, one before a backlog."""
    print(f"\nClaiming one Delivery, {FORMS} forms, median of {CLAIMS}; ms, and as a ratio of an empty database\n")
    names = [*(f"{count:,} finished" for count in FINISHED), f"and a backlog of {BACKLOG:,}"]
    print(f"{'':12}" + "".join(f"{name:>26}" for name in names))
    for engine, databases in ENGINES.items():
        with databases() as new_database:
            costs = _costs(new_database("leads"))
            shown = "".join(f"{cost * 1000:17.2f} ({cost / costs[0]:4.2f}x)" for cost in costs)
            print(f"{engine:12}{shown}", flush=True)
    _tell_memory()


def _costs(url: str) -> list[float]:
    """Return the seconds of a claim with so many finished leads, and with all of them and a backlog."""
    store = Store(url)
    store.migrate()
    costs, there = [], 0
    for fill, count in enumerate(FINISHED):
        _fill(store, fill, count - there, DONE, Status.DELIVERED)
        there = count
        costs.append(statistics.median(claim_times(store)))
    _fill(store, 0xE, BACKLOG, QUEUED, Status.PENDING)
    costs.append(statistics.median(claim_times(store)))
    store.close()
    return costs


def _fill(store: Store, fill: int, count: int, state: str, status: Status) -> None:
    """Put leads into the store as they are after their delivery, or before it: some, and copies of them.

    fill: a hex digit that all their ids begin with.
    """
    if not count:
        return
    first = [_a_lead(number, status, f"{fill:x}000") for number in range(min(CHUNK, count))]
    with store._database.writing.begin() as connection:
        insert_rows(connection, leads, [to_row(lead) for lead in first])
        insert_rows(connection, deliveries, [_debt(lead, state) for lead in first])
    for copy in range(1, count // CHUNK):
        with store._database.writing.begin() as connection:
            _copy(connection, leads, "id", fill, copy)
            _copy(connection, deliveries, "lead_id", fill, copy)
    with store._database.writing.begin() as connection:
        connection.exec_driver_sql("ANALYZE")


def _copy(connection: Connection, table: Table, key: str, fill: int, copy: int) -> None:
    """Repeat the first leads of a fill under ids and for people of their own."""
    prefix = f"{fill:x}{copy:03x}"
    made: dict[str, Any] = {key: literal(prefix) + func.substr(table.c[key], 5)}
    if table is deliveries:
        made["serialize_key"] = literal(prefix) + table.c.serialize_key
    columns = [made.get(name, column) for name, column in table.c.items()]
    source = select(*columns).where(table.c[key].like(f"{fill:x}000%"))
    connection.execute(table.insert().from_select(table.c.keys(), source))


def _a_lead(number: int, status: Status, prefix: str) -> Lead:
    at = NOON + timedelta(seconds=number - CHUNK)
    submission = replace(a_submission(f"{prefix}{number}@example.com"), form=f"form{number % FORMS}")
    lead_id = LeadId(prefix + new_lead_id(at)[4:])
    return a_lead(received_at=at, id=lead_id, status=status, submission=submission)


def _debt(lead: Lead, state: str) -> dict[str, object]:
    submission = lead.submission
    return {
        "lead_id": lead.id,
        "account": lead.account,
        "person": submission.contact.email,
        "state": state,
        "due_at": lead.received_at,
        "form": submission.form,
    }


def claim_times(store: Store) -> list[float]:
    """Seconds of claims of one Delivery each, with the look for what comes next, as a worker does it."""
    at = NOON + timedelta(days=1)
    for number in range(CLAIMS):
        lead = replace(_a_lead(number, Status.PENDING, "f000"), received_at=NOON - timedelta(days=1))
        store.keep_and_enqueue([Arrival(lead, [], f"claimed {number} {time.monotonic_ns()}")])
    turns, took = Turns(), []

    def claim(tx: Transaction) -> int:
        began = time.perf_counter()
        claimed = tx.queue.claim("worker", at, 3600, 1, turns)
        tx.queue.next_due(at)
        took.append(time.perf_counter() - began)
        for delivery in claimed:
            tx.queue.complete(delivery)
        return len(claimed)

    while len(took) < CLAIMS and store.write(claim):
        pass
    return took


def _tell_memory() -> None:
    print("\nA worker whose CRM does not answer, resident:", end=" ", flush=True)
    sizes = []
    for backlog in BACKLOGS:
        with sqlite() as new_database, tempfile.TemporaryDirectory() as folder:
            store = Store(new_database("leads"))
            store.migrate()
            _fill(store, 0xE, backlog, QUEUED, Status.PENDING)
            store.close()
            with running(lead_capture("worker"), settings(new_database("leads"), Path(folder))) as worker:
                time.sleep(8)
                sizes.append(resident_mb(worker.pid))
    print(", ".join(f"{size:.0f} MB before {backlog:,}" for size, backlog in zip(sizes, BACKLOGS, strict=True)))
