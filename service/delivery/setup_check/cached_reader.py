"""An account's records in the CRM: each is read once, and each unreadable one is reported once."""

from collections.abc import Callable, Collection
from http import HTTPStatus
from typing import Any, TypeVar, cast

from service.delivery.behaviour import Behaviour
from service.delivery.pacing import OutOfPace
from service.delivery.setup_check.problem import WHOLE_ACCOUNT, Level, SetupProblem, setup_cause
from service.nexudus.client import Nexudus
from service.nexudus.errors import Intercepted, NexudusError, Refused, Throttled, Unavailable

T = TypeVar("T")

MAX_READS = 150
"""Maximum number of records that one examination reads."""

MAX_SILENCES = 2
"""Calls in a row without any answer, after which no more are made: each costs the whole time limit."""

MAX_WAITS, MAX_WAIT_S = 3, 75.0
"""Maximum number and length of waits when Nexudus asks to slow down; long enough for our own limit per minute."""

INTERCEPTED_REMEDY = (
    "check that this machine may reach Nexudus, without a proxy or firewall that answers in its place, or ask Nexudus "
    "support whether theirs blocks it; roles and passwords are not the cause"
)
"""Remedy where web pages come instead of answers."""


class PartUnreadable(Exception):
    """A part of the account cannot be read; `CachedReader.unreadable` holds the problem."""


class CachedReader:
    """The records of one account, as read by one examination."""

    def __init__(
        self,
        nexudus: Nexudus,
        account: str,
        sleep: Callable[[float], None],
        tempo_s: float = 0,
        required: Collection[str] = (),
        max_reads: int = MAX_READS,
        behaviour: Behaviour | None = None,
    ) -> None:
        """tempo_s: pause before each call. required: things without which no lead can be delivered.

        behaviour: the known behaviour of this Nexudus.
        """
        self.account = account
        self.behaviour = behaviour or Behaviour()
        self.unreadable: list[SetupProblem] = []
        self.absent: set[str] = set()  # things that Nexudus answered with 404
        self._nexudus, self._sleep, self._tempo_s, self._required = nexudus, sleep, tempo_s, required
        self._max_reads = max_reads
        self._results: dict[str, Any] = {}
        self._silences = 0
        self._over = False

    def read(self, part: str, check: str, call: Callable[[Nexudus], T], roles: str = "", words: str = "") -> T:
        """Return the result of one call, made once.

        part: of the account, in words ("the stages"). check: kind of the check that needs it. roles: needed to read it.
        words: the name in problems, if several calls read one part.
        Raises: PartUnreadable.
        """
        if part not in self._results:
            self._results[part] = self._read(words or part, check, call, roles)
        if self._results[part] is PartUnreadable:
            raise PartUnreadable(part)
        return cast("T", self._results[part])

    def _read(self, part: str, check: str, call: Callable[[Nexudus], T], roles: str) -> Any:
        if len(self._results) >= self._max_reads and not self._over:
            self._end(f"more than {self._max_reads} records to read", "name fewer different ids in the set-up")
        try:
            return self.call(call)
        except PartUnreadable:
            return PartUnreadable
        except NexudusError as error:
            if isinstance(error, Unavailable) and error.status == HTTPStatus.NOT_FOUND:
                self.absent.add(part)
            self._report(part, check, error, roles)
            return PartUnreadable

    def call(self, call: Callable[[Nexudus], T]) -> T:
        """Make one call; repeat it if the CRM or our own rate limit asks to wait.

        Raises: NexudusError; Throttled if the wait would be too long; PartUnreadable after too many silences.
        """
        for waits in range(MAX_WAITS + 1):
            if self._over:
                raise PartUnreadable
            if self._tempo_s:
                self._sleep(self._tempo_s)
            try:
                return self._counted(call)
            except OutOfPace as error:
                throttled = Throttled("our own rate limit is used up", retry_after_s=error.wait_s)
            except Throttled as error:
                throttled = error
            wait_s = throttled.retry_after_s or 1.0
            if waits == MAX_WAITS or wait_s > MAX_WAIT_S:
                raise throttled
            self._sleep(wait_s)
        raise AssertionError  # the last round returns or raises

    def _counted(self, call: Callable[[Nexudus], T]) -> T:
        try:
            result = call(self._nexudus)
        except Unavailable as error:
            self._silences = self._silences + 1 if error.status is None else 0
            if self._silences >= MAX_SILENCES:
                self._end("Nexudus stopped answering", "try again when it answers")
            raise
        self._silences = 0
        return result

    def _report(self, part: str, check: str, error: NexudusError, roles: str) -> None:
        is_denied = isinstance(error, Refused)
        level: Level = "error" if is_denied and part in self._required else "warning"
        remedy = f"give the service user {roles}" if is_denied and roles else _remedy_of(error)
        causes = (setup_cause(self.account, WHOLE_ACCOUNT, check),) if level == "error" else ()
        subject, problem = f"account {self.account}", f"could not check {part} ({error.message})"
        self.unreadable.append(SetupProblem(level, check, subject, problem, remedy, causes, skipped=True))

    def _end(self, why: str, remedy: str) -> None:
        self._over = True
        subject, problem = f"account {self.account}", f"{why}, so the rest was not checked"
        self.unreadable.append(SetupProblem("warning", "access", subject, problem, remedy, skipped=True))


def _remedy_of(error: NexudusError) -> str:
    """Return the remedy if no role is missing: an answer that shows nothing will show nothing tomorrow either."""
    if isinstance(error, Intercepted):
        return INTERCEPTED_REMEDY
    is_answer = error.status in (HTTPStatus.OK, HTTPStatus.NOT_FOUND)
    return "check it in Nexudus yourself" if is_answer else "try again when Nexudus answers"
