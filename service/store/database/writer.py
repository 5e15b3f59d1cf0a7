"""Group commit: jobs that wait in one process are committed together, and each caller waits for its commit."""

import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any, Generic, TypeVar, cast

from sqlalchemy import Connection
from sqlalchemy.exc import InterfaceError, OperationalError

from service.store.database.faults import StoreUnavailable, as_unavailable, is_locked
from service.store.database.repository import NOTES, Database

_AWAY = (OperationalError, InterfaceError)

YIELD_S = 0.05
"""Seconds between two tries to get a lock of another program: without a pause the kernel returns the turn to us."""

T = TypeVar("T")
Item = TypeVar("Item")
Job = Callable[[Connection], T]


class _Waiting(Generic[T]):
    """One caller's job, or its item of a job that serves several callers, and the result."""

    __slots__ = ("deadline", "error", "finished", "item", "job", "signal", "together", "value")

    def __init__(
        self, job: Callable[..., Any], deadline: float, item: object = None, *, together: bool = False
    ) -> None:
        self.job = job
        self.deadline = deadline  # end of the wait for a lock of another program
        self.item = item
        self.together = together
        self.finished = False
        self.signal = threading.Lock()  # released once: when the job is done, or its thread becomes the leader
        self.signal.acquire()
        self.value: T | None = None
        self.error: BaseException | None = None

    @property
    def is_overdue(self) -> bool:
        return time.monotonic() >= self.deadline

    def fail(self, error: BaseException) -> None:
        self.error = as_unavailable(error)
        self.finished = True

    def result(self) -> T:
        if self.error is not None:
            raise self.error
        return cast("T", self.value)


class Writer:
    """Commits jobs, those of several threads in one transaction.

    A thread that wants to write queues its job. Unless another thread leads already, it leads: it takes all queued
    jobs, including its own, and commits them together; the other threads wait until their job is done or one of them
    becomes the next leader. A busy process pays for one flush instead of ten, an idle one never waits, and there is no
    thread to start, stop or lose at a fork.

    While another program holds SQLite's lock, the leader tries briefly and hands the turn to other processes in
    between; a job whose patience has ended fails, and the others go on waiting.
    """

    def __init__(
        self,
        database: Database,
        before_commit: Callable[[Connection, Database], object] = lambda *_: None,
        after_commit: Callable[[Connection], None] = lambda _: None,
        on_failure: Callable[[StoreUnavailable], None] = lambda _: None,
    ) -> None:
        """before_commit: does the work due at the end of a transaction whose jobs have put something into NOTES.

        on_failure: called for each commit that the database refused.
        """
        self._database = database
        self._before_commit = before_commit
        self._after_commit = after_commit
        self._on_failure = on_failure
        self._patience_s = database.patience_s
        self._guard = threading.Lock()  # held for an instant only
        self._is_led = False
        self._queue: deque[_Waiting[Any]] = deque()

    def write(self, job: Job[T]) -> T:
        """Run `job` in a transaction and return its value once that is on disk.

        A job may run twice (alone, after another one failed): it must do nothing but SQL.
        Raises: what the job raises; StoreUnavailable if the database cannot commit it.
        """
        return self._wait_for(_Waiting(job, time.monotonic() + self._patience_s))

    def write_together(self, job: Callable[[Connection, Sequence[Item]], Sequence[T]], item: Item) -> T:
        """Run a job that serves all items waiting for it at once; returns the value of this `item`.

        The job returns a value for each of its items, in order; it may run again for a single one.
        Raises: as write().
        """
        return self._wait_for(_Waiting(job, time.monotonic() + self._patience_s, item, together=True))

    def _wait_for(self, waiting: _Waiting[T]) -> T:
        with self._guard:
            self._queue.append(waiting)
            leads, self._is_led = not self._is_led, True
        if not leads:
            waiting.signal.acquire()
        if not waiting.finished:
            self._lead(waiting)
        return waiting.result()

    def _lead(self, own: _Waiting[Any]) -> None:
        """Commit everything queued, wake the waiting threads, and pass the lead on."""
        batch: list[_Waiting[Any]] = []
        while not own.finished:
            try:
                with self._database.turn:
                    batch += self._take_all()
                    self._commit_all(batch)
            except BaseException as error:  # noqa: BLE001 (every caller gets it: see _Waiting.result)
                # The lock file failed: no space, or no permission. No job may stay queued as if it were committed.
                batch += self._take_all()
                self._fail([waiting for waiting in batch if not waiting.finished], error)
            for waiting in batch:
                if waiting.finished and waiting is not own:
                    waiting.signal.release()
            batch = [waiting for waiting in batch if not waiting.finished]
            if not own.finished:
                time.sleep(YIELD_S)
        self._pass_on(batch)

    def _pass_on(self, unfinished: Sequence[_Waiting[Any]]) -> None:
        with self._guard:
            self._queue.extendleft(reversed(unfinished))
            if self._queue:
                self._queue[0].signal.release()
            else:
                self._is_led = False

    def _take_all(self) -> list[_Waiting[Any]]:
        return [self._queue.popleft() for _ in range(len(self._queue))]

    def _commit_all(self, batch: list[_Waiting[Any]]) -> None:
        """Commit all jobs together, or else each alone, so that a failing job spoils no other.

        Jobs that may go on waiting for a lock stay unfinished.
        """
        first_error = self._commit(batch)
        if first_error is None:
            return
        is_away = isinstance(first_error, _AWAY)
        for number, waiting in enumerate(batch):
            # Alone, unless a time-out of the whole batch has used up its patience.
            is_tried = len(batch) == 1 or (is_away and (waiting.is_overdue or is_locked(first_error)))
            error = first_error if is_tried else self._commit([waiting])
            if isinstance(error, _AWAY):
                # The database is away: spare the others a time-out each.
                rest = batch[number:]
                self._fail([each for each in rest if each.is_overdue] if is_locked(error) else rest, error)
                return
            if error is not None:
                self._fail([waiting], error)

    def _commit(self, batch: Sequence[_Waiting[Any]]) -> BaseException | None:
        """Commit all of `batch`; or nothing, and return the error."""
        try:
            with self._database.connect_writer() as connection:
                with connection.begin():
                    connection.info[NOTES] = []
                    _run(batch, connection)
                    if connection.info[NOTES]:
                        self._before_commit(connection, self._database)
                for waiting in batch:
                    waiting.finished = True  # on disk: no job may run again
                self._after_commit(connection)
        except BaseException as error:  # noqa: BLE001 (the caller gets it: see _Waiting.result)
            return None if all(waiting.finished for waiting in batch) else error
        return None

    def _fail(self, batch: Sequence[_Waiting[Any]], error: BaseException) -> None:
        for waiting in batch:
            waiting.fail(error)
        if batch and isinstance(failure := batch[0].error, StoreUnavailable):
            self._on_failure(failure)


def _run(batch: Sequence[_Waiting[Any]], connection: Connection) -> None:
    shared: dict[Callable[..., Any], list[_Waiting[Any]]] = {}
    for waiting in batch:
        if waiting.together:
            shared.setdefault(waiting.job, []).append(waiting)
        else:
            waiting.value = waiting.job(connection)
    for job, members in shared.items():
        for waiting, value in zip(members, job(connection, [member.item for member in members]), strict=True):
            waiting.value = value
