"""What became of each invented lead: most are delivered, and there are some of every other outcome."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random

from service.lead import Attempt, Outcome, Reason, Status, Step

_MAX_WAITING_AGE = timedelta(hours=3)
"""Only newer leads may still be waiting."""

_MIN_ERASED_AGE = timedelta(days=30)
"""Only older leads may be erased; older spam has been discarded."""

_CORRECT = "Correct the lead or the form's settings, then send it again."
_PARKED = (
    "It arrived without a usable email: correct it, then send it again.",
    f"Nexudus refused it (field Email): Email: Must be a valid email address. {_CORRECT}",
    f"Nexudus refused it (field CrmBoardColumnId): CrmBoardColumnId: Not found. {_CORRECT}",
    "Given up after 16 tries: Nexudus answered 500. Send it again when Nexudus works again.",
)
_RELEASE = "release it if it is real"
_SUSPICIONS = (
    f"{Reason.HONEYPOT.prefix}The hidden field '_gotcha' was filled in, which people do not see: {_RELEASE}.",
    f"{Reason.LINKS.prefix}The message holds 5 links, more than `max_links` allows: {_RELEASE}.",
    f"{Reason.TOO_FAST.prefix}It was filled in within 0.4 seconds: {_RELEASE}.",
    f"{Reason.REPEATED.prefix}7 people sent the same text within a day: {_RELEASE}.",
)
_WAITS = "Nexudus asks to slow down: it is retried automatically."


@dataclass(frozen=True, slots=True)
class DemoOutcome:
    """The outcome of a lead. problem: as operators read it. has_contact: False where the e-mail address is missing."""

    status: Status
    problem: str = ""
    delivered_at: datetime | None = None
    attempts: Sequence[Attempt] = ()
    has_contact: bool = True


def outcome_of(received_at: datetime, until: datetime, *, is_site: bool, random: Random) -> DemoOutcome:
    """Draw the outcome of one lead. is_site: it came from a web page, where spam comes from, too."""
    age = until - received_at
    odds = _OF_SITES if is_site else _OF_PLATFORMS
    (ending,) = random.choices([name for name, _ in odds], weights=[share for _, share in odds])
    unsent = _unsent(ending, age, random)
    if unsent is not None:
        return unsent
    if ending == "parked" and age < _MIN_ERASED_AGE:
        return _parked(received_at, random)
    if ending == "waiting" and age < _MAX_WAITING_AGE:
        return _waiting(received_at, random)
    return _delivered(received_at, random)


_OF_SITES = (("fine", 520), ("waiting", 400), ("spam", 50), ("discarded", 8), ("erased", 6), ("parked", 10))
_OF_PLATFORMS = (("fine", 570), ("waiting", 400), ("test", 4), ("discarded", 4), ("erased", 6), ("parked", 14))
"""Ending and weight; an ending that does not fit a lead's age becomes a delivery."""


def _unsent(ending: str, age: timedelta, random: Random) -> DemoOutcome | None:
    """An outcome without a call to Nexudus, if this ending is one."""
    if ending == "spam":
        return DemoOutcome(
            Status.QUARANTINED if age < _MIN_ERASED_AGE else Status.DISCARDED, random.choice(_SUSPICIONS)
        )
    if ending == "test":
        return DemoOutcome(Status.TEST, "A test from the sender: it is shown here and never sent to the CRM.")
    if ending == "erased" and age > _MIN_ERASED_AGE:
        return DemoOutcome(Status.ERASED)
    return DemoOutcome(Status.DISCARDED) if ending == "discarded" else None


def _waiting(received_at: datetime, random: Random) -> DemoOutcome:
    return DemoOutcome(Status.PENDING, _WAITS, attempts=[*_calls(received_at, random, (_THROTTLED,))])


def _delivered(received_at: datetime, random: Random) -> DemoOutcome:
    calls = [*_calls(received_at, random, _path(random))]
    last = calls[-1]
    ended_at = last.started_at + timedelta(milliseconds=last.duration_ms or 0)
    return DemoOutcome(Status.DELIVERED, delivered_at=ended_at, attempts=calls)


def _parked(received_at: datetime, random: Random) -> DemoOutcome:
    problem = random.choice(_PARKED)
    if problem.startswith("It arrived"):
        return DemoOutcome(Status.PARKED, problem, has_contact=False)
    path = (_NOBODY, _REJECTED) if "field Email" in problem else (_SOMEBODY, _REJECTED_STAGE)
    if problem.startswith("Given up"):
        path = (_BROKEN, _BROKEN)
    return DemoOutcome(Status.PARKED, problem, attempts=[*_calls(received_at, random, path)])


_Call = tuple[Step, Outcome, int, str]
_THROTTLED: _Call = (Step.FIND_COWORKER, Outcome.THROTTLED, 429, "Too many requests. Wait 12 seconds.")
_BROKEN: _Call = (Step.FIND_COWORKER, Outcome.UNAVAILABLE, 500, "Internal server error")
_NOBODY: _Call = (Step.FIND_COWORKER, Outcome.MISSING, 200, "")
_SOMEBODY: _Call = (Step.FIND_COWORKER, Outcome.DONE, 200, "")
_NEW: _Call = (Step.CREATE_COWORKER, Outcome.DONE, 200, "")
_REJECTED: _Call = (Step.CREATE_COWORKER, Outcome.REJECTED, 400, "Email: Must be a valid email address.")
_REJECTED_STAGE: _Call = (Step.CREATE_OPPORTUNITY, Outcome.REJECTED, 400, "CrmBoardColumnId: Not found.")
_UNKNOWN: _Call = (Step.CREATE_OPPORTUNITY, Outcome.UNKNOWN, 500, "Internal server error")
_NOT_YET: _Call = (Step.FIND_OPPORTUNITY, Outcome.MISSING, 200, "")
_MADE: _Call = (Step.CREATE_OPPORTUNITY, Outcome.DONE, 200, "")

_PATHS: Sequence[tuple[float, Sequence[_Call]]] = (
    (78, (_NOBODY, _NEW, _MADE)),
    (16, (_SOMEBODY, _MADE)),
    (3, (_THROTTLED, _NOBODY, _NEW, _MADE)),
    (2, (_BROKEN, _NOBODY, _NEW, _MADE)),
    (1, (_NOBODY, _NEW, _UNKNOWN, _NOT_YET, _NOT_YET, _MADE)),
)
_WAIT_S = {Outcome.THROTTLED: 12.0, Outcome.UNAVAILABLE: 30.0, Outcome.UNKNOWN: 60.0, Outcome.MISSING: 0.1}
"""Seconds until the next call, by the outcome of the last one."""


def _path(random: Random) -> Sequence[_Call]:
    return random.choices([path for _, path in _PATHS], weights=[share for share, _ in _PATHS])[0]


def _calls(received_at: datetime, random: Random, path: Sequence[_Call]) -> Iterator[Attempt]:
    at = received_at + timedelta(seconds=random.uniform(0.02, 1.5))
    for step, outcome, status, said in path:
        took_ms = random.randint(90, 900)
        yield Attempt(step, at, outcome, took_ms, status, said)
        at += timedelta(milliseconds=took_ms, seconds=_WAIT_S.get(outcome, 0.05))
