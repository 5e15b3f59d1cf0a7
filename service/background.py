"""Periodic jobs: each is a step that a thread of its own repeats until the process stops, whatever a step raises.

Also the name of the worker that runs them.
"""

import os
import random
import socket
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import structlog

from service import clock
from service.store import IsGone, Store, StoreUnavailable, WorkerRequest

log = structlog.get_logger()

MIN_REST_S = 0.02
"""Minimum pause of a job that rests in proportion to its work."""

Step = Callable[[datetime], float | None]
"""One step of a job, given the time. Returns the seconds until the next one; None for the usual interval."""


class ShuttingDown(Exception):
    """The process is stopping: raised in place of a wait, and through a step in progress."""


@dataclass(frozen=True, slots=True)
class Intervals:
    """Pauses of a job, in seconds.

    first_s: before the first step. every_s: between two steps. retry_s: after a step that failed, by default every_s.
    rest_factor: after each step the job rests at least this many times as long as the step took.
    """

    every_s: float
    first_s: float = 0.0
    retry_s: float | None = None
    rest_factor: float = 0.0

    def pause_s(self, wait_s: float | None, took_s: float) -> float:
        """Return the pause after a step. wait_s: what the step returned; took_s: its duration."""
        rest_s = max(MIN_REST_S, self.rest_factor * took_s) if self.rest_factor else 0.0
        return max(self.every_s if wait_s is None else wait_s, rest_s)


def run_periodically(
    name: str, step: Step, intervals: Intervals, stop: threading.Event, wake: threading.Event | None = None
) -> None:
    """Repeat a step until `stop` is set. The job survives every exception and an unavailable database.

    name: of the job, for the log. wake: ends a pause early; it must also be set when `stop` is. Several threads may
    share one: only the one that it wakes first is sure to notice.
    """
    pause_s = intervals.first_s
    while not _pause(pause_s, stop, wake):
        began = clock.monotonic()
        try:
            wait_s = step(clock.now())
        except ShuttingDown:
            return
        except StoreUnavailable as error:
            log.error("store_unavailable", job=name, error=str(error))
            wait_s = intervals.retry_s
        except Exception:  # a bug of this service must not end this job or any other
            if not stop.is_set():
                log.exception("job_failed", job=name)
            wait_s = intervals.retry_s
        pause_s = intervals.pause_s(wait_s, clock.monotonic() - began)


def start_periodic_job(
    name: str, step: Step, intervals: Intervals, stop: threading.Event, wake: threading.Event | None = None
) -> threading.Thread:
    """Start a daemon thread that repeats a step; see run_periodically."""
    thread = threading.Thread(target=run_periodically, args=(name, step, intervals, stop, wake), name=name, daemon=True)
    thread.start()
    return thread


class StopEvent(threading.Event):
    """An Event that stops jobs. Each part of it can be set alone, and is set with the whole."""

    def __init__(self) -> None:
        super().__init__()
        self._parts: set[StopEvent] = set()

    def part(self) -> "StopEvent":
        """Return the event of a job that may end before the others."""
        part = StopEvent()
        self._parts = {part, *(each for each in self._parts if not each.is_set())}
        if self.is_set():
            part.set()
        return part

    def set(self) -> None:
        """Stop this job, or all of them."""
        super().set()
        for part in self._parts:
            part.set()


def sleeper(stop: threading.Event) -> Callable[[float], None]:
    """Return a sleep(seconds) that raises ShuttingDown as soon as `stop` is set."""

    def sleep(seconds: float) -> None:
        if stop.wait(seconds):
            raise ShuttingDown

    return sleep


def jitter() -> float:
    """Return a random factor from 0.8 to 1.2 that spreads retries."""
    return random.uniform(0.8, 1.2)  # noqa: S311 (guards nothing)


def _pause(seconds: float, stop: threading.Event, wake: threading.Event | None) -> bool:
    """Wait; return whether the job must end."""
    if wake is None:
        return stop.wait(min(seconds, threading.TIMEOUT_MAX))
    if seconds > 0 and not stop.is_set() and wake.wait(min(seconds, threading.TIMEOUT_MAX)) and not stop.is_set():
        wake.clear()  # when stopping, all threads that share it must notice
    return stop.is_set()


# -- requests of a page of the dashboard

REQUEST_INTERVALS = Intervals(every_s=1.0, retry_s=5.0)
"""A person waits for the answer."""

REQUEST_LEASE_S = 120.0
"""Seconds that one answer may take; then another worker may try."""

FAILED: Mapping[str, Any] = {"failed": True}
"""The answer after a bug of this service."""

Handler = Callable[[WorkerRequest], Mapping[str, Any]]
"""Handles a request, and returns the answer."""


class RequestJob:
    """Answers the requests of one kind, one after the other."""

    def __init__(self, store: Store, kind: str, handle: Handler, is_gone: IsGone = lambda _: False) -> None:
        """handle: raises ShuttingDown and StoreUnavailable; then another worker answers."""
        self._store, self._kind, self._handle, self._is_gone = store, kind, handle, is_gone

    def step(self, now: datetime) -> float | None:
        """Answer the oldest request, if there is one. Raises: ShuttingDown, StoreUnavailable."""
        with self._store.read() as tx:
            if not tx.worker_requests.has_open():
                return None
        kinds, gone = (self._kind,), self._is_gone
        request = self._store.write(
            lambda tx: tx.worker_requests.claim(worker_name(), kinds, now, REQUEST_LEASE_S, gone)
        )
        if request is None:
            return None
        try:
            answer = self._handle(request)
        except (ShuttingDown, StoreUnavailable):
            raise
        except Exception:  # a bug must not stop every worker in turn
            log.exception("request_failed_in_worker", kind=self._kind)
            answer = FAILED
        self._store.write(lambda tx: tx.worker_requests.answer(request.id, answer, clock.now()))
        return 0.0


# -- the identity of this worker, and whether another one on this host has ended


def worker_name() -> str:
    """Return host / boot / pid namespace / pid / start: no other process, now or later, has the same name."""
    return "/".join((*_host(), str(os.getpid()), _started(os.getpid())))


def is_gone(name: str) -> bool:
    """Return whether the worker with that name has ended. False if it cannot be known: another host, or container."""
    *host, pid, started = ["", *name.split("/")][-5:]
    return tuple(host) == _host() and _started(int(pid)) != started


def _host() -> tuple[str, str, str]:
    """Return the scope of our process ids. A host name alone does not identify a machine: clones share theirs."""
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
        namespace = Path("/proc/self/ns/pid").readlink().name
    except OSError:  # not Linux
        boot = namespace = "-"
    return socket.gethostname().replace("/", "-"), boot, namespace


def _started(pid: int) -> str:
    """Return when a process began, in clock ticks since boot; "" if there is none. Source: proc(5), field 22."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return "" if not _alive(pid) else "-"
    return "" if fields[0] == "Z" else fields[19]


def _alive(pid: int) -> bool:
    """Return whether a process runs, on systems without /proc."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
