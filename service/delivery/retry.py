"""When to try again: a pure decision over plain values."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from service.lead import Outcome

LONGEST_WAIT_S = 24 * 3600.0
"""However long a Retry-After asks for, look again after a day."""

SHORTEST_REST_S = 1.0
"""However short: a Retry-After of 0 must not become a hot loop."""


@dataclass(frozen=True, slots=True)
class RetryAt:
    """Try again at `due`; `tries` places of the schedule are spent by then."""

    due: datetime
    tries: int


@dataclass(frozen=True, slots=True)
class GiveUp:
    """A person must look."""


@dataclass(frozen=True, slots=True)
class Rest:
    """How long an account is left alone: `first_s`, twice as long each time, `longest_s` at most."""

    first_s: float
    longest_s: float


RESTS = {Outcome.THROTTLED: Rest(1, 60), Outcome.REFUSED: Rest(60, 900), Outcome.UNAVAILABLE: Rest(5, 300)}
"""How long an account is left alone that throttles, refuses, or lets nothing through."""

HOLD = Rest(60, 3600)
"""The same for one kind of call: a used-up quota of new contacts opens over night."""

_SPENDS_NOTHING = frozenset({Outcome.THROTTLED, Outcome.REFUSED})
"""Being told to wait, or to stop, says nothing about this lead: it spends no place in the schedule."""


@dataclass(frozen=True, slots=True)
class Circuit:
    """When an account rests for an outage: so many failures in a row, over so many seconds at least.

    leads: so many different leads that met a web page, with nothing coming through between them.
    """

    failures: int
    leads: int
    after_s: float


CIRCUIT = Circuit(failures=6, leads=3, after_s=60.0)
"""Nexudus answers good requests with a 500 in bursts of five; those are no outage. Nor is a firewall that objects to
one lead's words, however often that lead is tried; one that stops everybody is."""


def rest_s(outcome: Outcome, rests: int, jitter: float, retry_after_s: float | None = None) -> float:
    """Decide for how many seconds nothing is sent to an account that throttled, refused or let nothing through.

    rests: how often it rested in a row before (>= 0).
    jitter: factor 0.8-1.2; a Retry-After takes the place of our own figure, from a second to a day.
    Raises: KeyError for other outcomes: those are the lead's affair, not the account's.
    """
    rest = RESTS[outcome]
    if retry_after_s is not None:
        return min(max(retry_after_s, SHORTEST_REST_S), LONGEST_WAIT_S)
    return min(rest.first_s * 2.0 ** min(rests, 10), rest.longest_s) * jitter


def hold_s(times: int, jitter: float) -> float:
    """Decide for how many seconds one kind of call rests that was refused so many times in a row before."""
    return min(HOLD.first_s * 2.0 ** min(times, 10), HOLD.longest_s) * jitter


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
    if outcome in _SPENDS_NOTHING:
        return RetryAt(now + timedelta(seconds=rest_s(outcome, 0, jitter, retry_after_s)), tries)
    if tries >= len(schedule_s):
        return GiveUp()
    wait_s = max(schedule_s[tries] * jitter, min(retry_after_s or 0.0, LONGEST_WAIT_S))
    return RetryAt(now + timedelta(seconds=wait_s), tries + 1)
