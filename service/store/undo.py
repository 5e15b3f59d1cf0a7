"""Records of leads before an operator's action, so that the action can be undone and discarded leads restored.

Each lead has at most one record, of the last action on it: an action followed by another one is not undone. Records of
discarded leads stay as long as the leads; the others only until they can no longer be undone.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import delete, select, update

from service.lead import LeadId, Status, first_lead_id
from service.store.database.bell import wake
from service.store.database.columns import insert_rows
from service.store.database.report_tables import undo_records
from service.store.database.repository import Repository
from service.store.database.tables import DONE, QUEUED, attempts, deliveries, leads, notices
from service.store.leads.stored import StoredLeads
from service.store.outbox import SEARCH_ANEW

UNDO_WINDOW = timedelta(minutes=15)
"""Time in which an action can be undone."""

RESTORED = "Restored after it had been discarded. Send it to Nexudus, or discard it again."
"""Problem of a restored lead without a record of its former state."""

_DELIVERY = ("state", "due_at", "tries", "trigger", "priority")
"""Columns of a delivery that a record keeps."""

_NOTICE = ("lead_id", "form", "sender", "place", "external_id", "details", "state", "request_id", "traceparent")
"""Columns of a fetch notice that a record keeps, besides its time."""


@dataclass(frozen=True, slots=True)
class UndoResult:
    """The number of leads restored to their former state, and of those sent or changed since."""

    undone: Sequence[LeadId] = ()
    left: int = 0


class UndoRecords(Repository):
    """Records of leads before the last action on them."""

    def record(self, lead_ids: Sequence[LeadId], action: str, action_id: str) -> None:
        """Record the state of leads before an action. action_id: a new lead id, so that it contains the time."""
        delivery = [deliveries.c[name] for name in _DELIVERY]
        query = select(leads.c.id, leads.c.status, leads.c.problem, *delivery)
        query = query.outerjoin(deliveries, deliveries.c.lead_id == leads.c.id).where(leads.c.id.in_(lead_ids))
        fetched = self._notices_of(lead_ids)
        rows = [
            {
                "lead_id": row.id,
                "action": action,
                "action_id": action_id,
                "status": row.status,
                "problem": row.problem,
                **{name: getattr(row, name) for name in _DELIVERY},
                "notice": fetched.get(row.id),
            }
            for row in self._execute(query)
        ]
        self.drop(lead_ids)
        if rows:
            insert_rows(self._connection, undo_records, rows)

    def _notices_of(self, lead_ids: Sequence[LeadId]) -> dict[str, dict[str, Any]]:
        """Return the notices of leads that are still to be fetched, as they are stored."""
        columns = [notices.c[name] for name in _NOTICE]
        rows = self._execute(select(*columns, notices.c.announced_at).where(notices.c.lead_id.in_(lead_ids)))
        return {
            row.lead_id: {
                **{name: getattr(row, name) for name in _NOTICE},
                "announced_at": row.announced_at.isoformat(),
            }
            for row in rows
        }

    def drop(self, lead_ids: Sequence[LeadId]) -> None:
        """Delete the records of leads."""
        self._execute(delete(undo_records).where(undo_records.c.lead_id.in_(lead_ids)))

    def tidy(self, now: datetime) -> None:
        """Delete the records of actions that can no longer be undone, except for discarded leads."""
        old = undo_records.c.action_id < first_lead_id(now - UNDO_WINDOW)
        self._execute(delete(undo_records).where(undo_records.c.action.in_(("retry", "release")), old))

    def undo(self, action_id: str, became: Status, size: int, now: datetime) -> UndoResult | None:
        """Undo an action for at most `size` of its leads; None if none is left.

        became: the status that the action led to. A lead that has another status by now, that a worker has, or for
        which a call began since stays as it is.
        """
        query = select(undo_records).where(undo_records.c.action_id == action_id).limit(size)
        records = self._execute(query).all()
        if not records:
            return None
        ids = [LeadId(record.lead_id) for record in records]
        untouched = self._untouched(ids, action_id, became)
        undone = [record for record in records if record.lead_id in untouched]
        self._write_back(undone, now)
        self.drop(ids)
        return UndoResult([LeadId(record.lead_id) for record in undone], len(records) - len(undone))

    def restore(self, lead_ids: Sequence[LeadId], now: datetime) -> None:
        """Restore discarded leads to their former state; those without a record are parked, so that someone decides."""
        query = select(undo_records).where(undo_records.c.lead_id.in_(lead_ids), undo_records.c.action == "discard")
        records = self._execute(query).all()
        self._write_back(records, now)
        unrecorded = set(lead_ids) - {record.lead_id for record in records}
        if unrecorded:
            self._as(StoredLeads).set_status(sorted(unrecorded), Status.PARKED, RESTORED)
        self.drop(lead_ids)

    def _untouched(self, lead_ids: Sequence[LeadId], action_id: str, became: Status) -> set[str]:
        """Return the leads that are still as the action left them, with their deliveries locked until the commit."""
        rows = self._execute(self._locking(select(deliveries).where(deliveries.c.lead_id.in_(lead_ids)))).all()
        busy = {row.lead_id for row in rows if row.claimed_by is not None or row.state == DONE}
        if became is not Status.DISCARDED:  # a discarded lead is not sent, whatever happened before
            began_at = datetime.fromtimestamp(int(action_id[:12], 16) / 1000, UTC)
            calls = select(attempts.c.lead_id).where(attempts.c.lead_id.in_(lead_ids))
            busy |= {row.lead_id for row in rows if row.unknown_step}
            busy.update(self._execute(calls.where(attempts.c.started_at >= began_at)).scalars())
        statuses = self._as(StoredLeads).statuses_of(lead_ids)
        return {lead_id for lead_id, status in statuses.items() if status is became and lead_id not in busy}

    def _write_back(self, records: Sequence[Any], now: datetime) -> None:
        by_status: dict[tuple[str, str], list[LeadId]] = defaultdict(list)
        for record in records:
            by_status[record.status, record.problem].append(LeadId(record.lead_id))
        for (status, problem), lead_ids in by_status.items():
            self._as(StoredLeads).set_status(lead_ids, Status(status), problem)
        for record in records:
            if record.state is not None:
                delivery = {name: getattr(record, name) for name in _DELIVERY}
                own = update(deliveries).where(deliveries.c.lead_id == record.lead_id)
                self._execute(own.values(**delivery, **SEARCH_ANEW))
            if record.notice is not None:
                self._renotice(record, now)
        if any(record.state == QUEUED for record in records):
            wake(self._connection, self._database)

    def _renotice(self, record: Any, now: datetime) -> None:
        """Restore the fetch notice of a lead that was discarded before its answers came."""
        stored = {**record.notice, "announced_at": datetime.fromisoformat(record.notice["announced_at"])}
        again = self._database.insert(notices).values(**stored, due_at=now)
        self._execute(again.on_conflict_do_nothing())
