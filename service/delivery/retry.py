"""When to try again: a pure decision over plain values."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from service.lead import Outcome

LONGEST_WAIT_S = 24 * 3600.0
"""However long a Retry-After asks for, look again after a day."""


@dataclass(frozen=True, slots=True)
class RetryAt:
    """Try again at `due`; `tries` places of the schedule are spent by then."""

    due: datetime
    tries: int


@dataclass(frozen=True, slots=True)
class GiveUp:
    """A person must look."""


SPENDS_NOTHING = frozenset({Outcome.THROTTLED, Outcome.REFUSED})
"""Being told to wait, or to stop, says nothing about this lead."""


def next_step(
    outcome: Outcome,
    tries: int,
    schedule_s: Sequence[float],
    jitter: float,
    now: datetime,
    retry_after_s: float | None = None,
) -> RetryAt | GiveUp:
    """Decide what follows one try that did not finish.

    tries: places of the schedule spent before this try (>= 0).
    schedule_s: waits in seconds, one per retry; exhausted means GiveUp.
    jitter: factor 0.8-1.2 on the wait; it never shortens a Retry-After, which is capped at a day.
    A throttled or refused try waits but spends no place; a rejected one is not repeated at all.
    Raises: nothing. Source: Nexudus documentation, "API Limitations".
    """
    if outcome is Outcome.REJECTED:
        return GiveUp()
    if outcome in SPENDS_NOTHING:
        wait_s = retry_after_s if retry_after_s is not None else schedule_s[min(tries, len(schedule_s) - 1)] * jitter
        return RetryAt(now + timedelta(seconds=min(wait_s, LONGEST_WAIT_S)), tries)
    if tries >= len(schedule_s):
        return GiveUp()
    wait_s = max(schedule_s[tries] * jitter, min(retry_after_s or 0.0, LONGEST_WAIT_S))
    return RetryAt(now + timedelta(seconds=wait_s), tries + 1)
