"""Writing: what waits in one process is committed together, and each caller waits for its commit."""

import threading
from collections import deque
from collections.abc import Callable
from typing import Any, Generic, TypeVar, cast

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from service.store.engines import Opened

T = TypeVar("T")
Job = Callable[[Connection], T]


class StoreUnavailable(Exception):
    """The database could not keep what it was given: nothing was acknowledged, try again."""


class _Waiting(Generic[T]):
    """One caller's job and what became of it."""

    __slots__ = ("error", "finished", "job", "value")

    def __init__(self, job: Job[T]) -> None:
        self.job = job
        self.finished = False
        self.value: T | None = None
        self.error: BaseException | None = None

    def result(self) -> T:
        if self.error is not None:
            raise self.error
        return cast("T", self.value)


class Writer:
    """Commits jobs, those of several threads in one transaction.

    A thread that wants to write queues its job and waits for its turn. Whoever has the turn takes
    all that is queued by then, its own job among them, and commits it in one go; the others find
    their work done. So a busy process pays for one flush where it owed ten, an idle one waits for
    nobody, and there is no thread to start, stop or lose at a fork.
    """

    def __init__(self, opened: Opened, after_commit: Callable[[Connection], None] = lambda _: None) -> None:
        self._opened = opened
        self._after_commit = after_commit
        self._turn = threading.Lock()
        self._queue: deque[_Waiting[Any]] = deque()

    def write(self, job: Job[T]) -> T:
        """Run `job` in a transaction and return its value once that is on disk.

        A job may be run twice (alone, after another one's failure): it must do nothing but SQL.
        Raises: what the job raises; StoreUnavailable when the database cannot keep it.
        """
        waiting = _Waiting(job)
        self._queue.append(waiting)
        with self._turn:
            if not waiting.finished:
                self._take_turn()
        return waiting.result()

    def _take_turn(self) -> None:
        with self._opened.turn():
            batch = [self._queue.popleft() for _ in range(len(self._queue))]
            if not self._commit(batch):
                for waiting in batch:
                    self._commit([waiting], keep_error=True)

    def _commit(self, batch: list[_Waiting[Any]], *, keep_error: bool = False) -> bool:
        """Commit all of `batch` or nothing. With keep_error the failure is the caller's to see."""
        alone = keep_error or len(batch) == 1
        try:
            with self._opened.writing.connect() as connection:
                with connection.begin():
                    for waiting in batch:
                        waiting.value = waiting.job(connection)
                self._after_commit(connection)
        except BaseException as error:  # noqa: BLE001 (the caller gets it: see result)
            if not alone:
                return False
            batch[0].error = _as_unavailable(error)
        for waiting in batch:
            waiting.finished = True
        return True


def _as_unavailable(error: BaseException) -> BaseException:
    """The database's own failures in our words; everything else as it is."""
    if isinstance(error, (DBAPIError, SQLAlchemyError)):
        unavailable = StoreUnavailable(type(error).__name__)
        unavailable.__cause__ = error
        return unavailable
    return error
