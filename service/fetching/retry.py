"""When to read again: a pure decision over plain values."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from service.platforms.errors import Disconnected, Gone, NotNow, PlatformError

_HOUR = 3600.0

SCHEDULE_S = (5.0, 30.0, 120.0, 600.0, 1800.0, _HOUR, 2 * _HOUR, 4 * _HOUR, 8 * _HOUR, 12 * _HOUR, *(24 * _HOUR,) * 5)
"""Waits in seconds after each try without an answer: about a week. Platforms keep leads for months."""

GONE_S = (60.0, 600.0, _HOUR, 6 * _HOUR)
"""The same for a lead that the platform does not know: it may only be late."""

LONGEST_WAIT_S = 24 * _HOUR
"""However long a platform asks us to wait, look again after a day."""

REST_S, LONGEST_REST_S = 15.0, 900.0
"""How long a broken connection rests before one notice finds out: twice as long each time, this at most."""

PATIENCE = 5
"""Calls in a row without an answer, of different leads, after which the connection rests: the platform is down."""

OUTAGE_S, LONGEST_OUTAGE_S = 5.0, 300.0
"""How long it rests then: twice as long for each further one, this at most."""


@dataclass(frozen=True, slots=True)
class FetchAgain:
    """Read again at `due`; `tries` places of the schedule are spent by then."""

    due: datetime
    tries: int


@dataclass(frozen=True, slots=True)
class StopFetching:
    """A person must look."""


def next_step(error: PlatformError, tries: int, jitter: float, now: datetime) -> FetchAgain | StopFetching:
    """Decide what follows one read that brought nothing.

    tries: places spent before it (>= 0). jitter: factor 0.8-1.2 on waits of our own. Being told to wait, and a broken
    connection, spend nothing: the notice stays due, its connection rests.
    Raises: nothing.
    """
    if isinstance(error, Disconnected):
        return FetchAgain(now, tries)
    if isinstance(error, NotNow) and error.wait_s is not None:
        return FetchAgain(now + timedelta(seconds=min(error.wait_s, LONGEST_WAIT_S)), tries)
    if not isinstance(error, NotNow | Gone):
        return StopFetching()
    schedule_s = GONE_S if isinstance(error, Gone) else SCHEDULE_S
    if tries >= len(schedule_s):
        return StopFetching()
    return FetchAgain(now + timedelta(seconds=schedule_s[tries] * jitter), tries + 1)


def rest_s(rests: int, jitter: float) -> float:
    """Decide for how many seconds a broken connection rests that rested so often in a row before."""
    return min(REST_S * 2.0 ** min(rests, 10), LONGEST_REST_S) * jitter


def outage_s(failures: int, jitter: float) -> float:
    """The same for one that gave no answer so many times in a row; 0 where that proves nothing yet."""
    if failures < PATIENCE:
        return 0.0
    return min(OUTAGE_S * 2.0 ** min(failures - PATIENCE, 10), LONGEST_OUTAGE_S) * jitter
