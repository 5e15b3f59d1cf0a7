"""Time that passes only when something takes time, and clocks that may be wrong."""

import heapq
import itertools
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from types import TracebackType
from typing import Self

import time_machine

from service.background import StopEvent


class SimulatedTime:
    """The true time, the time on the clock of the host whose process has its turn, and what is to happen later.

    While it is entered, `datetime.now`, `time.time`, `time.monotonic` and `time.sleep` of this Python process are its
    own. What the clock of a host shows is the true time and a difference; durations are always right.
    """

    def __init__(self, start: datetime) -> None:
        self._true_s = self._start_s = start.timestamp()
        self._ahead_s: defaultdict[str, float] = defaultdict(float)
        self._turn = "", ""
        self._numbers = itertools.count()
        self._events: list[tuple[float, int, Callable[[], None]]] = []
        self._travel = time_machine.travel(start, tick=False)
        self._real = time.monotonic, time.sleep

    def __enter__(self) -> Self:
        self._wall = self._travel.start()
        time.monotonic, time.sleep = self.elapsed_s, self.sleep  # type: ignore[assignment]
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        time.monotonic, time.sleep = self._real
        self._travel.stop()

    def elapsed_s(self) -> float:
        """Return the seconds since the start."""
        return self._true_s - self._start_s

    @property
    def process(self) -> str:
        """The process whose turn it is, "" for nobody's."""
        return self._turn[0]

    @contextmanager
    def of(self, process: str, host: str = "") -> Iterator[None]:
        """Let it be the turn of a process: the clock of its host is the one that is read."""
        before, self._turn = self._turn, (process, host)
        self._set()
        try:
            yield
        finally:
            self._turn = before
            self._set()

    def jump(self, host: str, seconds: float) -> None:
        """Set the clock of a host forwards or back."""
        self._ahead_s[host] += seconds
        self._set()

    def sleep(self, seconds: float) -> None:
        """Let time pass; run everything that is scheduled meanwhile."""
        end_s = self._true_s + max(0.0, seconds)
        while self._events and self._events[0][0] <= end_s:
            at_s, _, event = heapq.heappop(self._events)
            self._true_s = max(self._true_s, at_s)
            with self.of(""):
                event()
        self._true_s = end_s
        self._set()

    def after(self, seconds: float, event: Callable[[], None]) -> None:
        """Schedule something for later."""
        heapq.heappush(self._events, (self._true_s + seconds, next(self._numbers), event))

    def _set(self) -> None:
        self._wall.move_to(self._true_s + self._ahead_s[self._turn[1]])


class SimulatedStop(StopEvent):
    """A process that is never stopped; its waits take simulated time."""

    def __init__(self, simulated: SimulatedTime) -> None:
        super().__init__()
        self._simulated = simulated

    def wait(self, timeout: float | None = None) -> bool:
        """Let the time pass."""
        self._simulated.sleep(timeout or 0.0)
        return False
