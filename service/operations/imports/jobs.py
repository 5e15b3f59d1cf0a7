"""An import in the background of a web process, with its progress in the store: first a check, then the import.

A process that ends in the middle loses nothing: the rows stored by then are known when the import is started again.
"""

import re
import tempfile
import threading
from datetime import datetime, timedelta
from pathlib import Path, PurePath
from typing import Any

from service import clock
from service.actors import Actor
from service.capture.sheets.cells import NoSheet
from service.forms import Form
from service.lead import new_lead_id
from service.operations.imports.importer import import_file
from service.store import KEEP_IMPORTS, ImportJob, JobState, Store, StoreUnavailable, Transaction

MAX_FILE_BYTES = 4_500_000
"""Maximum bytes of a file in the dashboard: a request may have 5 MiB."""

STALE = timedelta(seconds=30)
"""Time without a sign of progress after which a process counts as ended."""

PROGRESS_INTERVAL_S = 0.5
"""Seconds between two records of the progress."""

_SUFFIX = re.compile(r"[^.a-zA-Z0-9]")

FINISHED = {JobState.CHECKING: JobState.CHECKED, JobState.IMPORTING: JobState.DONE}


def add_import(
    store: Store, actor: Actor, form: Form, sender: str, file_name: str, contents: bytes, now: datetime
) -> str:
    """Store a file and begin to check it; returns the id of the import.

    Raises: StoreUnavailable.
    """
    name = PurePath(file_name.replace("\\", "/")).name[:200] or "leads.csv"
    job = ImportJob(new_lead_id(now), form.name, sender, name, JobState.CHECKED, now, now)

    def write(tx: Transaction) -> None:
        tx.imports.tidy(now - KEEP_IMPORTS)
        tx.imports.add(job, contents)

    store.write(write)
    begin(store, actor, form, job.id, JobState.CHECKING, now)
    return job.id


def begin(store: Store, actor: Actor, form: Form, job_id: str, state: JobState, now: datetime) -> bool:
    """Begin to check or to import a file in the background; False if that is already in progress.

    Raises: StoreUnavailable.
    """
    if not store.write(lambda tx: tx.imports.begin(job_id, state, now, now - STALE)):
        return False
    work = (store.as_now(), actor, form, job_id, state)  # goes on after the request
    threading.Thread(target=_run, args=work, name="import", daemon=True).start()
    return True


def _run(store: Store, actor: Actor, form: Form, job_id: str, state: JobState) -> None:
    try:
        result, problem = _import(store, actor, form, job_id, state), ""
        end = FINISHED[state]
    except NoSheet as error:
        result, problem, end = {}, str(error), JobState.FAILED
    except (StoreUnavailable, OSError):
        return  # it is begun again by hand
    store.write(lambda tx: tx.imports.end(job_id, end, result, problem, clock.now()))


def _import(store: Store, actor: Actor, form: Form, job_id: str, state: JobState) -> dict[str, Any]:
    with store.read() as tx:
        job, contents = tx.imports.get(job_id), tx.imports.contents(job_id)
    if job is None or contents is None:
        raise NoSheet("the file is no longer there: choose it again")
    last = clock.monotonic()

    def show(done: float, rows: int) -> None:
        nonlocal last
        if clock.monotonic() - last >= PROGRESS_INTERVAL_S:
            last = clock.monotonic()
            store.write(lambda tx: tx.imports.advance(job_id, done, rows, clock.now()))

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, f"leads{_SUFFIX.sub('', PurePath(job.file_name).suffix)}")
        path.write_bytes(contents)
        is_dry = state is JobState.CHECKING
        try:
            outcome = import_file(store, actor, form, path, job.sender, is_dry=is_dry, show=show)
        except NoSheet as error:
            raise NoSheet(str(error).replace(str(path), job.file_name)) from error
        return {**outcome.as_json(), "file": job.file_name}
