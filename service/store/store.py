"""The store: one database as the other rooms see it."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from functools import partial
from typing import TypeVar

from sqlalchemy import Connection, select
from sqlalchemy.exc import SQLAlchemyError

from service.lead import Lead, LeadId, Receipt, Status
from service.store.database import bell
from service.store.database.columns import Values
from service.store.database.engines import open_database
from service.store.database.migrate import migrate, schema_of
from service.store.database.tables import deployment
from service.store.database.writer import Writer, as_unavailable
from service.store.leads.arrivals import Arrival, ArrivalResult, DedupKey, Judge, KeyClash, LeadArrivals
from service.store.leads.changes import Corrections
from service.store.leads.erasure import TOGETHER, ErasureResult
from service.store.leads.rows import lead_values
from service.store.platforms.notices import AnnouncedLead, Notices
from service.store.queue.outbox import LIVE, WAKE, Outbox, QueuedDelivery
from service.store.search.index import WordIndex
from service.store.transaction import Transaction

T = TypeVar("T")

Ready = tuple[Arrival, Values]
"""The same with its row, worked out before its turn: there all that wait would wait for that, too."""

MOST_TOGETHER = 100
"""Leads of one request that are committed in one go: others who write need not wait for a thousand."""

SCHEMA = "0009"
"""The newest migration; a process takes leads only on this schema."""


class Store:
    """One database of leads, for any number of threads."""

    def __init__(self, url: str) -> None:
        self._database = open_database(url)
        self._writer = Writer(self._database, self._ring)

    # -- transactions

    def write(self, job: Callable[[Transaction], T]) -> T:
        """Run `job` in a transaction, perhaps together with others', and return once it is on disk.

        A job may be run twice: it must do nothing but what the Transaction offers.
        Raises: what the job raises; StoreUnavailable when the database cannot keep it.
        """
        return self._writer.write(lambda connection: job(self._transaction(connection)))

    def keep(self, lead: Lead, keys: Sequence[DedupKey], person: str, judge: Judge | None = None) -> Receipt:
        """Keep a lead and its debt to the CRM in one commit; a repeat, known by its keys, gets the first Receipt.

        Of a lead that was only announced so far it is no repeat, but what was waited for: that lead gets its answers.
        What a repeat adds completes the first lead.

        Leads that arrive together are written together: taking leads is what must be fast.
        Raises: StoreUnavailable; then nothing was kept.
        """
        return self._writer.write_together(self._keep_all, _ready(Arrival(lead, keys, person, judge)))

    def keep_all(self, arrivals: Sequence[Arrival], priority: int = LIVE) -> list[Receipt]:
        """The same for all that one request brought, in few commits; their Receipts, in order.

        priority: of their debts; those of an import go after live ones.
        Raises: StoreUnavailable; then some may have been kept, and are repeats when they come again.
        """
        receipts: list[Receipt] = []
        for start in range(0, len(arrivals), MOST_TOGETHER):
            some = [_ready(arrival) for arrival in arrivals[start : start + MOST_TOGETHER]]
            receipts += self._writer.write(partial(self._keep_some, ready=some, priority=priority))
        return receipts

    def _keep_some(self, connection: Connection, ready: Sequence[Ready], priority: int) -> Sequence[Receipt]:
        try:
            return self._keep_all(connection, ready, priority)
        except KeyClash:  # two of them are the same: each is kept or counted after the one before
            return [receipt for each in ready for receipt in self._keep_all(connection, [each], priority)]

    def _keep_all(self, connection: Connection, ready: Sequence[Ready], priority: int = LIVE) -> Sequence[Receipt]:
        arrivals, rows = [arrival for arrival, _ in ready], [row for _, row in ready]
        database = self._database
        kept = LeadArrivals(connection, database).keep(arrivals, rows, partial(self._complete, connection))
        Outbox(connection, database).enqueue(
            [
                QueuedDelivery(
                    lead.id,
                    lead.account,
                    person,
                    lead.received_at,
                    lead.submission.form,
                    parked=lead.status is not Status.PENDING,
                    priority=priority,
                )
                for lead, _, person, _ in (arrival for arrival, one in zip(arrivals, kept, strict=True) if one.lead)
            ]
        )
        WordIndex(connection, database).add_late([arrival.lead.id for arrival in arrivals])
        return [one.receipt for one in kept]

    def _complete(self, connection: Connection, arrival: Arrival, kept: ArrivalResult) -> None:
        """Give the lead of which this is a repeat what it says: an announced one everything, others what is new."""
        if kept.first is None or kept.match is None:
            return
        lead, first = arrival.lead, kept.first
        if Notices(connection, self._database).fill(first.id, lead, arrival.person, lead.received_at):
            return
        if kept.match.became is not None:
            Corrections(connection, self._database).apply_change(kept.match.became, kept.match.person, lead.received_at)

    def announce_all(self, arrivals: Sequence[AnnouncedLead]) -> list[Receipt]:
        """Keep leads that are still to be fetched, each with its notice; their Receipts, in order.

        Raises: StoreUnavailable; then none was kept.
        """
        return self.write(lambda tx: tx.platforms.announce(arrivals))

    def withdraw(self, arrival: Arrival) -> Receipt:
        """The person took an enquiry back: nothing is made of it, whether it came before or comes later.

        arrival: kept as discarded where none came yet, so that a late one is its repeat.
        Raises: StoreUnavailable.
        """
        return self.write(lambda tx: tx.platforms.withdraw(arrival))

    def erase(self, lead_ids: Sequence[LeadId], now: datetime) -> ErasureResult:
        """Erase any number of leads, some at a time; what became of them.

        Raises: StoreUnavailable; then some may have been erased.
        """
        with self.read() as tx:
            keys = tx.leads.erasable_keys(lead_ids)  # reads all of them: not while others wait to write
        erased = ErasureResult()
        for start in range(0, len(lead_ids), TOGETHER):
            some, theirs = lead_ids[start : start + TOGETHER], [] if start else keys
            erased += self.write(lambda tx, some=some, keys=theirs: tx.leads.erase(some, now, keys))  # type: ignore[misc]
        return erased

    @contextmanager
    def read(self) -> Iterator[Transaction]:
        """A transaction that only reads.

        Raises: StoreUnavailable when the database does not answer.
        """
        try:
            with self._database.reading.connect() as connection:
                yield self._transaction(connection)
        except SQLAlchemyError as error:
            raise as_unavailable(error) from error

    def _transaction(self, connection: Connection) -> Transaction:
        return Transaction(connection, self._database)

    def _ring(self, connection: Connection) -> None:
        if connection.info.pop(WAKE, False) and self._database.path is not None:
            bell.ring(self._database.path)

    # -- the database itself

    def migrate(self) -> None:
        """Bring the database to the newest schema; safe from several processes and hosts at once."""
        migrate(self._database)

    def is_ready(self) -> bool:
        """Whether leads can be kept: the database answers, and its schema is this program's or newer.

        Raises: StoreUnavailable when it does not answer.
        """
        try:
            with self._database.reading.connect() as connection:
                found = schema_of(connection)
        except SQLAlchemyError as error:
            raise as_unavailable(error) from error
        return found is not None and found >= SCHEMA

    def once(self, name: str, make: Callable[[], str]) -> str:
        """The deployment's value of that name, made by whoever asks first and kept for all."""

        def keep(connection: Connection) -> str:
            query = select(deployment.c.value).where(deployment.c.name == name)
            found: str | None = connection.execute(query).scalar()
            if found is None:
                insert = self._database.insert(deployment).on_conflict_do_nothing()
                connection.execute(insert, {"name": name, "value": make()})
                found = connection.execute(query).scalar_one()
            return found

        return self._writer.write(keep)

    def bell(self) -> bell.Bell:
        """A new ear for what falls due."""
        if self._database.path is not None:
            return bell.PipeBell(bell.pipe_of(self._database.path))
        from service.store.database.notify import NotifyBell  # noqa: PLC0415 (loads psycopg, which SQLite does without)

        return NotifyBell(self._database.reading)

    def close(self) -> None:
        """Let go of every connection."""
        self._database.reading.dispose()
        self._database.writing.dispose()
        self._database.end_turns()


def _ready(arrival: Arrival) -> Ready:
    return arrival, lead_values(arrival.lead)
