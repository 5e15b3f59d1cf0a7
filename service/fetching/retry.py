"""When to fetch again: a pure decision over plain values."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from service.platforms.errors import Disconnected, Gone, NotNow, PlatformError

_HOUR = 3600.0

RETRY_SCHEDULE_S = (
    *(5.0, 30.0, 120.0, 600.0, 1800.0, _HOUR, 2 * _HOUR, 4 * _HOUR, 8 * _HOUR, 12 * _HOUR),
    *(24 * _HOUR,) * 5,
)
"""Waits in seconds after each try without an answer, about a week in all. Platforms keep leads for months."""

GONE_SCHEDULE_S = (60.0, 600.0, _HOUR, 6 * _HOUR)
"""Waits in seconds after each try for a lead that the platform does not know: it may only be late."""

MAX_WAIT_S = 24 * _HOUR
"""Upper limit of a wait that a platform demands."""

MIN_PAUSE_S, MAX_PAUSE_S = 15.0, 900.0
"""Pause of a broken connection before one lead probes it; it doubles each time."""

OUTAGE_FAILURES = 5
"""Calls in a row without an answer, for different leads, after which the platform counts as down."""

MIN_OUTAGE_S, MAX_OUTAGE_S = 5.0, 300.0
"""Pause of a connection while its platform is down; it doubles with each further failure."""


@dataclass(frozen=True, slots=True)
class FetchAgain:
    """Fetch again at `due`; `tries` places of the schedule are used up by then."""

    due: datetime
    tries: int


@dataclass(frozen=True, slots=True)
class StopFetching:
    """A person must look."""


def next_step(error: PlatformError, tries: int, jitter: float, now: datetime) -> FetchAgain | StopFetching:
    """Decide what follows one failed fetch.

    tries: places of the schedule used up before it (>= 0). jitter: factor 0.8-1.2 on our own waits. A demanded wait
    and a broken connection use up none: the lead stays due while its connection pauses.
    Raises: nothing.
    """
    if isinstance(error, Disconnected):
        return FetchAgain(now, tries)
    if isinstance(error, NotNow) and error.wait_s is not None:
        return FetchAgain(now + timedelta(seconds=min(error.wait_s, MAX_WAIT_S)), tries)
    if not isinstance(error, NotNow | Gone):
        return StopFetching()
    schedule_s = GONE_SCHEDULE_S if isinstance(error, Gone) else RETRY_SCHEDULE_S
    if tries >= len(schedule_s):
        return StopFetching()
    return FetchAgain(now + timedelta(seconds=schedule_s[tries] * jitter), tries + 1)


def pause_s(pauses: int, jitter: float) -> float:
    """Return the pause of a broken connection in seconds. pauses: those in a row before it."""
    return min(MIN_PAUSE_S * 2.0 ** min(pauses, 10), MAX_PAUSE_S) * jitter


def outage_s(failures: int, jitter: float) -> float:
    """Return the pause in seconds after so many failures in a row; 0 while they prove no outage."""
    if failures < OUTAGE_FAILURES:
        return 0.0
    return min(MIN_OUTAGE_S * 2.0 ** min(failures - OUTAGE_FAILURES, 10), MAX_OUTAGE_S) * jitter
