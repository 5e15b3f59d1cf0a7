"""Workers: when each was last seen, so that other processes notice when there is none; and totals of their work."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy import delete, func, select

from service.lead import Status
from service.store.database.report_tables import delivery_counts, workers
from service.store.database.repository import Repository
from service.store.database.tables import leads

REMEMBERED = timedelta(days=7)
"""Time for which an ended worker is listed if others are running."""


@dataclass(frozen=True, slots=True)
class SeenWorker:
    """One worker process. name: unique in the deployment, begins with the host; version: of the program.

    cpu_s, memory_bytes, open_files: its use of resources; None if the kernel does not report it.
    """

    name: str
    version: str
    started_at: datetime
    seen_at: datetime
    cpu_s: float | None = None
    memory_bytes: int | None = None
    open_files: int | None = None


class Workers(Repository):
    """Worker processes, and the leads that need one."""

    def record(self, worker: SeenWorker) -> None:
        """Record that a worker is at work; delete those not seen for REMEMBERED."""
        row = asdict(worker)
        insert = self._database.insert(workers).values(row)
        self._execute(insert.on_conflict_do_update(index_elements=["name"], set_=row))
        self._execute(delete(workers).where(workers.c.seen_at < worker.seen_at - REMEMBERED))

    def all(self) -> list[SeenWorker]:
        """Return the workers of the last days, the last seen first."""
        return [SeenWorker(*row) for row in self._execute(select(workers).order_by(workers.c.seen_at.desc()))]

    def last_seen(self) -> datetime | None:
        """Return when any worker was last seen; None if never."""
        seen_at: datetime | None = self._execute(select(workers.c.seen_at).order_by(workers.c.seen_at.desc())).scalar()
        return seen_at

    def waiting(self) -> tuple[int, datetime | None]:
        """Count the leads that a worker has to fetch or deliver; also return the arrival of the oldest."""
        mine = leads.c.status.in_([Status.PENDING.value, Status.ANNOUNCED.value])
        number = self._execute(select(func.count()).select_from(leads).where(mine)).scalar_one()
        oldest: datetime | None = self._execute(
            select(leads.c.received_at).where(mine).order_by(leads.c.id).limit(1)
        ).scalar()
        return int(number), oldest


# -- totals of their work: for /metrics, which must be right over all hosts and restarts


class DeliveryCountKey(NamedTuple):
    """A counter. form: "" if it does not matter. what: such as "call create_opportunity done"."""

    account: str
    form: str
    what: str


class DeliveryTotals(Repository):
    """Totals, to which each worker adds its own counts every few seconds."""

    def add(self, counts: Mapping[DeliveryCountKey, float]) -> None:
        """Add to the totals, in the order of the keys: workers that add at the same moment never deadlock."""
        if not counts:
            return
        insert = self._database.insert(delivery_counts)
        total = delivery_counts.c.total + insert.excluded.total
        keys = [column.name for column in delivery_counts.primary_key]
        adding = insert.on_conflict_do_update(index_elements=keys, set_={"total": total})
        self._execute(adding, [{**key._asdict(), "total": counts[key]} for key in sorted(counts)])

    def all(self) -> dict[DeliveryCountKey, float]:
        """Return every total."""
        columns = delivery_counts.c
        query = select(columns.account, columns.form, columns.what, columns.total)
        return {DeliveryCountKey(row.account, row.form, row.what): row.total for row in self._execute(query)}
