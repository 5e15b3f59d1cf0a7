"""The store: one database as the other rooms see it."""

import copy
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import TypeVar, cast

from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

from service.lead import LeadId, Receipt, Status
from service.store.acts import recording
from service.store.answers import AnswerClock
from service.store.database import bell
from service.store.database.columns import run_in_driver, sent_together
from service.store.database.engines import open_database
from service.store.database.faults import PROBE, Readiness, as_unavailable
from service.store.database.schema import migrate, schema_of, schema_problem
from service.store.database.walls import WalledConnection, Walls
from service.store.database.writer import Writer
from service.store.encryption import SECRET_KEY_FLAG, new_secret_key
from service.store.leads.arrivals import Arrival, ArrivalResult, KeyClash
from service.store.leads.erasure import ERASE_BATCH_SIZE, ErasureResult
from service.store.leads.stored import NOTIFIABLE
from service.store.outbox import LIVE, QueuedDelivery
from service.store.platforms.notices import AnnouncedLead
from service.store.transaction import Transaction
from service.store.words import cursor_of, query_cursor, read_cursor

T = TypeVar("T")

KEEP_BATCH_SIZE = 100
"""Leads of one request committed together: small, so that other writers need not wait for a thousand."""

SCHEMA = "0030"
"""The newest migration. A process takes leads only on this schema, or on a newer one noted to be compatible."""


class Store:
    """One database of leads, for any number of threads."""

    def __init__(self, url: str, keys: Sequence[str] = (), *, patience_s: float | None = None) -> None:
        """keys: encryption keys for secrets, newest first; without any, the key is kept in the database itself.

        patience_s: how long a write may wait for a lock of another program while visitors wait.
        """
        self._database = open_database(url, patience_s, keys)
        path = self._database.path
        self._pipe = None if path is None else str(bell.pipe_of(path))
        self._readiness = Readiness(path)
        self._writer = Writer(self._database, recording.append, self._ring, self._readiness.record_failure)
        self._walls: Callable[[], Walls | None] = _no_walls

    # -- walls

    def within(self, walls: Callable[[], Walls | None]) -> "Store":
        """Return this store within the walls of a person of some accounts.

        walls: of the present caller, None for a person who sees all accounts; called for every transaction.
        """
        limited = copy.copy(self)
        limited._walls = walls  # noqa: SLF001 (of this class)
        return limited

    def as_now(self) -> "Store":
        """Return this store within the walls of the present caller, for work that goes on after the request."""
        walls = self._walls()
        return self.within(lambda: walls)

    def whole(self) -> "Store":
        """Return the store without walls: for work on nobody's behalf, or that a signature allows."""
        return self.within(_no_walls)

    # -- transactions

    def write(self, job: Callable[[Transaction], T]) -> T:
        """Run `job` in a transaction, perhaps together with others, and return once it is on disk.

        A job may run twice: it must do nothing but what the Transaction offers.
        Raises: what the job raises; StoreUnavailable if the database cannot commit it.
        """
        walls = self._walls()
        return self._writer.write(lambda connection: job(Transaction(_limited(connection, walls), self._database)))

    @contextmanager
    def read(self) -> Iterator[Transaction]:
        """Open a transaction that only reads.

        Raises: StoreUnavailable if the database does not answer.
        """
        try:
            with self._database.reading.connect() as connection:
                yield Transaction(_limited(connection, self._walls()), self._database)
        except SQLAlchemyError as error:
            raise as_unavailable(error) from error

    # -- leads in

    def keep_and_enqueue(self, arrivals: Sequence[Arrival], priority: int = LIVE) -> list[Receipt]:
        """Store leads and enqueue their deliveries, a lead and its delivery in one commit; returns their Receipts.

        A repeat, known by its keys, gets the first Receipt, and completes the first lead with what it adds. The repeat
        of a lead that was only announced gives that lead its answers.

        A single lead shares its commit with others that arrive at the same moment: taking leads is what must be fast.
        priority: of the deliveries; those of an import go after live ones.
        Raises: StoreUnavailable; of several arrivals some may be stored then, and are repeats when they come again.
        """
        prepared = [arrival.prepared() for arrival in arrivals]
        if len(prepared) == 1 and priority == LIVE:
            return [self._writer.write_together(self._keep_and_enqueue, prepared[0])]
        receipts: list[Receipt] = []
        for start in range(0, len(prepared), KEEP_BATCH_SIZE):
            batch = prepared[start : start + KEEP_BATCH_SIZE]
            receipts += self._writer.write(partial(self._keep_batch, arrivals=batch, priority=priority))
        return receipts

    def _keep_batch(self, connection: Connection, arrivals: Sequence[Arrival], priority: int) -> Sequence[Receipt]:
        try:
            return self._keep_and_enqueue(connection, arrivals, priority)
        except KeyClash:  # two of them are the same enquiry: each is stored, or counted, after the one before
            return [receipt for each in arrivals for receipt in self._keep_and_enqueue(connection, [each], priority)]

    def _keep_and_enqueue(
        self, connection: Connection, arrivals: Sequence[Arrival], priority: int = LIVE
    ) -> Sequence[Receipt]:
        if self._database.has_round_trips and self._keep_new(connection, arrivals, priority):
            return [Receipt(arrival.lead.id, repeat=False) for arrival in arrivals]
        tx = Transaction(connection, self._database)
        results = tx.leads.keep(arrivals, partial(_complete, tx))
        new = [arrival for arrival, result in zip(arrivals, results, strict=True) if result.lead]
        _enqueue(tx, new, priority)
        tx.search.add_late([arrival.lead.id for arrival in arrivals], cursor_of(connection))
        return [result.receipt for result in results]

    def _keep_new(self, connection: Connection, arrivals: Sequence[Arrival], priority: int) -> bool:
        """Store leads in one round trip to the database, if none of them is a repeat; else store nothing."""
        tx = Transaction(connection, self._database)
        with sent_together(connection):
            run_in_driver(connection, "SAVEPOINT new_leads")
            are_new = tx.leads.keep_new(arrivals)
            _enqueue(tx, arrivals, priority)
            cursor = query_cursor(connection)
        if not are_new():
            run_in_driver(connection, "ROLLBACK TO SAVEPOINT new_leads")
            return False
        tx.search.add_late([arrival.lead.id for arrival in arrivals], read_cursor(cursor))
        return True

    def announce(self, announced: Sequence[AnnouncedLead]) -> list[Receipt]:
        """Store leads that are still to be fetched, each with its notice; returns their Receipts, in order.

        Raises: StoreUnavailable; then none was stored.
        """
        return self.write(lambda tx: tx.platforms.announce(announced))

    def withdraw(self, arrival: Arrival) -> Receipt:
        """Discard an enquiry that its person withdrew, whether it came before or comes later.

        arrival: stored as discarded if none came yet, so that a late one is its repeat.
        Raises: StoreUnavailable.
        """
        return self.write(lambda tx: tx.platforms.withdraw_arrival(arrival))

    def erase(
        self,
        lead_ids: Sequence[LeadId],
        now: datetime,
        still: Status | None = None,
        record: Callable[[Transaction, Sequence[LeadId]], None] = lambda _tx, _ids: None,
    ) -> ErasureResult:
        """Erase any number of leads in batches, from the database files as well. still: only leads with this status.

        record: called with the erased leads of each batch, within its transaction.
        Raises: StoreUnavailable; then some may have been erased.
        """
        with self.read() as tx:
            keys = tx.leads.erasable_keys(lead_ids)  # reads all of them: not while others wait to write
        result = ErasureResult()
        for start in range(0, len(lead_ids), ERASE_BATCH_SIZE):
            batch, batch_keys = lead_ids[start : start + ERASE_BATCH_SIZE], [] if start else keys
            result += self.write(partial(_erase, batch=batch, now=now, keys=batch_keys, still=still, record=record))
        if result.done:
            self.clear_log()
        return result

    def clear_log(self) -> bool:
        """Write SQLite's log into the file and empty it, as it holds erased data; False if readers prevent it.

        Raises: StoreUnavailable.
        """
        try:
            return self._database.clear_log()
        except (SQLAlchemyError, OSError) as error:
            raise as_unavailable(error) from error

    # -- the database itself

    def migrate(self) -> None:
        """Bring the database to the newest schema; safe from several processes and hosts at once.

        Raises: StoreUnavailable, UnknownSchema.
        """
        try:
            migrate(self._database)
        except (SQLAlchemyError, OSError) as error:
            raise as_unavailable(error) from error

    def is_ready(self) -> bool:
        """Return whether leads can be stored: the database answers, and its schema will do for this program.

        Raises: StoreUnavailable if it does not answer.
        """
        return not self.schema_problem()

    def schema_problem(self) -> str:
        """Return why this program cannot work with the database's schema, and what to do; "" if it can.

        Raises: StoreUnavailable if the database does not answer.
        """
        try:
            with self._database.reading.connect() as connection:
                return schema_problem(connection, SCHEMA)
        except SQLAlchemyError as error:
            raise as_unavailable(error) from error

    def schema(self) -> str | None:
        """Return the schema that the database is on, None before the first migration.

        Raises: StoreUnavailable if the database does not answer.
        """
        try:
            with self._database.reading.connect() as connection:
                return schema_of(connection)
        except SQLAlchemyError as error:
            raise as_unavailable(error) from error

    def find_fault(self) -> str:
        """Return why leads cannot be stored now and what to do, in one sentence; "" while they can.

        The last writes of this process count; every few seconds a write that changes nothing else is tried.
        """
        return self._readiness.find_fault(lambda padding: self.write(lambda tx: tx.flags.set(PROBE, padding)))

    def once(self, name: str, make: Callable[[], str]) -> str:
        """Return the deployment's value of a name, made by the first process that needs it and kept for all."""
        return self.write(lambda tx: tx.flags.once(name, make))

    def add_to_tally(self, name: str, since: datetime, amount: int) -> int:
        """Add to the tally of a name for the period that began at `since`; returns its new amount.

        Raises: StoreUnavailable.
        """
        return self.write(lambda tx: tx.tallies.add(name, since, amount))

    def secret_key(self) -> str:
        """Return the deployment's own key, used where SECRET_KEY is not set."""
        return self.once(SECRET_KEY_FLAG, new_secret_key)

    def bell(self) -> bell.Bell:
        """Return a new listener for the moment something falls due."""
        if self._pipe is not None:
            return bell.PipeBell(Path(self._pipe))
        return bell.NotifyBell(self._database.reading)

    def _ring(self, connection: Connection) -> None:
        if connection.info.pop(bell.WAKE, False) and self._pipe is not None:
            bell.ring(self._pipe)

    def close(self) -> None:
        """Close every connection."""
        self._database.close()


def _erase(
    tx: Transaction,
    batch: Sequence[LeadId],
    now: datetime,
    keys: Sequence[str],
    still: Status | None,
    record: Callable[[Transaction, Sequence[LeadId]], None],
) -> ErasureResult:
    result = tx.leads.erase(batch, now, keys, still)
    record(tx, result.done)
    return result


def _no_walls() -> None:
    return None


def _limited(connection: Connection, walls: Walls | None) -> Connection:
    return connection if walls is None else cast("Connection", WalledConnection(connection, walls))


def _enqueue(tx: Transaction, new: Sequence[Arrival], priority: int) -> None:
    tx.queue.enqueue([_delivery_of(arrival, priority) for arrival in new])
    if clocks := [_clock_of(arrival) for arrival in new if _starts_clock(arrival)]:
        tx.answers.start(clocks)


def _delivery_of(arrival: Arrival, priority: int) -> QueuedDelivery:
    lead = arrival.lead
    return QueuedDelivery(
        lead.id,
        lead.account,
        arrival.person,
        lead.received_at,
        lead.submission.form,
        parked=lead.status is not Status.PENDING,
        priority=priority,
        trace=arrival.trace,
    )


def _starts_clock(arrival: Arrival) -> bool:
    return arrival.starts_clock and arrival.lead.status in NOTIFIABLE


def _clock_of(arrival: Arrival) -> AnswerClock:
    lead = arrival.lead
    return AnswerClock(lead.id, lead.account, lead.submission.form, lead.received_at)


def _complete(tx: Transaction, arrival: Arrival, result: ArrivalResult) -> None:
    """Give the first lead what its repeat adds: an announced lead all the answers, any other lead the new ones."""
    if result.first is None or result.match is None:
        return
    lead, match = arrival.lead, result.match
    if tx.platforms.fill(result.first.id, lead, arrival.person, lead.received_at):
        if _starts_clock(arrival):
            tx.answers.start([AnswerClock(result.first.id, lead.account, lead.submission.form, lead.received_at)])
        return
    if match.became is not None:
        tx.leads.apply_change(match.became, match.person, lead.received_at)
