"""Imports from the dashboard: the file, its progress and its result; kept for a day at most.

Every web process sees them, whichever does the work. The file is deleted as soon as it is imported.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import delete, or_, select, update

from service.store.database.report_tables import import_jobs
from service.store.database.repository import Repository

KEEP_IMPORTS = timedelta(days=1)
"""Time after which an import and its file are deleted, whether it was finished or not."""


class JobState(StrEnum):
    """The stage of an import."""

    CHECKING = "checking"  # showing what would happen to each row
    CHECKED = "checked"
    IMPORTING = "importing"
    DONE = "done"
    FAILED = "failed"  # `problem` says why

    @property
    def is_running(self) -> bool:
        """Whether a process should be working on it."""
        return self in (JobState.CHECKING, JobState.IMPORTING)


@dataclass(frozen=True, slots=True)
class ImportJob:
    """An import from the dashboard. done: share of the file done, 0 to 1. seen_at: last sign of progress."""

    id: str
    form: str
    sender: str
    file_name: str
    state: JobState
    created_at: datetime
    seen_at: datetime
    done: float = 0.0
    rows: int = 0
    problem: str = ""
    result: Mapping[str, Any] = field(default_factory=dict)


_COLUMNS = tuple(import_jobs.c[name] for name in ImportJob.__dataclass_fields__)


class ImportJobs(Repository):
    """Imports from the dashboard."""

    def add(self, job: ImportJob, contents: bytes) -> None:
        """Store a file that is to be checked."""
        row = {name: getattr(job, name) for name in ImportJob.__dataclass_fields__}
        values = {**row, "state": job.state.value, "result": dict(job.result), "contents": contents}
        self._execute(import_jobs.insert().values(values))

    def get(self, job_id: str) -> ImportJob | None:
        """Return an import, or None."""
        row = self._execute(select(*_COLUMNS).where(import_jobs.c.id == job_id)).first()
        return None if row is None else ImportJob(**{**row._mapping, "state": JobState(row.state)})  # noqa: SLF001 (documented)

    def contents(self, job_id: str) -> bytes | None:
        """Return the file of an import; None once it is imported."""
        contents: bytes | None = self._execute(
            select(import_jobs.c.contents).where(import_jobs.c.id == job_id)
        ).scalar()
        return contents

    def begin(self, job_id: str, state: JobState, now: datetime, stale: datetime) -> bool:
        """Begin to check or to import; False if another process is working on it.

        stale: a process without a sign of progress since then has ended.
        """
        free = or_(import_jobs.c.state.not_in(_RUNNING), import_jobs.c.seen_at < stale)
        own = update(import_jobs).where(import_jobs.c.id == job_id, import_jobs.c.contents.is_not(None), free)
        begun = {"state": state.value, "seen_at": now, "done": 0.0, "rows": 0, "problem": ""}
        return self._execute(own.values(begun)).rowcount == 1

    def advance(self, job_id: str, done: float, rows: int, now: datetime) -> None:
        """Record progress."""
        self._execute(update(import_jobs).where(import_jobs.c.id == job_id).values(done=done, rows=rows, seen_at=now))

    def end(self, job_id: str, state: JobState, result: Mapping[str, Any], problem: str, now: datetime) -> None:
        """Record the result; the file of a finished import is deleted."""
        values: dict[str, Any] = {"state": state.value, "result": dict(result), "problem": problem, "seen_at": now}
        if state is JobState.DONE:
            values["contents"] = None
        self._execute(update(import_jobs).where(import_jobs.c.id == job_id).values(values))

    def remove(self, job_ids: Collection[str]) -> None:
        """Delete imports with their files; imported leads stay."""
        self._execute(delete(import_jobs).where(import_jobs.c.id.in_(job_ids)))

    def tidy(self, before: datetime) -> None:
        """Delete imports begun before then."""
        self._execute(delete(import_jobs).where(import_jobs.c.created_at < before))


_RUNNING = [state.value for state in JobState if state.is_running]
