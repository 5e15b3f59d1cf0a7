"""When to try again: pure decisions over plain values."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from service.lead import Outcome

MAX_RETRY_AFTER_S = 24 * 3600.0
"""Maximum seconds of a Retry-After; a longer one is cut to a day."""

MIN_RETRY_AFTER_S = 1.0
"""Minimum seconds of a Retry-After; zero must not become a hot loop."""


@dataclass(frozen=True, slots=True)
class RetryAt:
    """Try again at `due`; by then `tries` places of the schedule are used up."""

    due: datetime
    tries: int


@dataclass(frozen=True, slots=True)
class GiveUp:
    """Park the lead for an operator."""


@dataclass(frozen=True, slots=True)
class Backoff:
    """Lengths of successive pauses: `first_s`, doubled each time, at most `longest_s`."""

    first_s: float
    longest_s: float

    def wait_s(self, pauses: int, jitter: float) -> float:
        """Return the length of the next pause. pauses: pauses in a row before it (>= 0)."""
        return min(self.first_s * 2.0 ** min(pauses, 10), self.longest_s) * jitter


ACCOUNT_PAUSES = {
    Outcome.THROTTLED: Backoff(1, 60),
    Outcome.REFUSED: Backoff(60, 900),
    Outcome.UNAVAILABLE: Backoff(5, 300),
}
"""Pauses of an account that throttles, refuses, or lets nothing through."""

CALL_PAUSE = Backoff(60, 3600)
"""Pauses of one kind of call; a used-up quota of new contacts is refilled overnight."""

_SPENDS_NOTHING = frozenset({Outcome.THROTTLED, Outcome.REFUSED})
"""Outcomes that say nothing about the lead and so use up no place in its schedule."""


@dataclass(frozen=True, slots=True)
class Circuit:
    """Definition of an outage: at least `failures` in a row, over at least `after_s` seconds.

    leads: it is also an outage if this many different leads meet a web page, with no success between them.
    """

    failures: int
    leads: int
    after_s: float


CIRCUIT = Circuit(failures=6, leads=3, after_s=60.0)
"""Nexudus answers good requests with a 500 in bursts of five, which are not an outage. Nor is a firewall that objects
to the words of one lead, however often that lead is tried; one that stops several leads is."""


def account_pause_s(outcome: Outcome, pauses: int, jitter: float, retry_after_s: float | None = None) -> float:
    """Decide for how many seconds nothing is sent to an account that throttled, refused or let nothing through.

    pauses: pauses in a row before this one (>= 0).
    jitter: factor 0.8-1.2. A Retry-After replaces our own figure, within a second and a day, without jitter.
    Raises: KeyError for other outcomes, which concern the lead, not the account.
    """
    backoff = ACCOUNT_PAUSES[outcome]
    if retry_after_s is not None:
        return min(max(retry_after_s, MIN_RETRY_AFTER_S), MAX_RETRY_AFTER_S)
    return backoff.wait_s(pauses, jitter)


def next_step(
    outcome: Outcome,
    tries: int,
    schedule_s: Sequence[float],
    jitter: float,
    now: datetime,
    retry_after_s: float | None = None,
) -> RetryAt | GiveUp:
    """Decide what follows one try that did not finish.

    tries: places of the schedule used up before this try (>= 0).
    schedule_s: waits in seconds, one per retry; exhausted means GiveUp.
    jitter: factor 0.8-1.2 on the wait; it never shortens a Retry-After, which is capped at a day.
    A throttled or refused try waits but uses up no place; a rejected one is not repeated at all.
    Raises: nothing. Source: Nexudus documentation, "API Limitations".
    """
    if outcome is Outcome.REJECTED:
        return GiveUp()
    if outcome in _SPENDS_NOTHING:
        return RetryAt(now + timedelta(seconds=account_pause_s(outcome, 0, jitter, retry_after_s)), tries)
    if tries >= len(schedule_s):
        return GiveUp()
    wait_s = max(schedule_s[tries] * jitter, min(retry_after_s or 0.0, MAX_RETRY_AFTER_S))
    return RetryAt(now + timedelta(seconds=wait_s), tries + 1)
