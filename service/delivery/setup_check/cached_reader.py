"""What the CRM shows of an account: each thing is asked for once, and what cannot be seen is told once."""

from collections.abc import Callable, Collection
from http import HTTPStatus
from typing import Any, TypeVar, cast

from service.delivery.behaviour import Behaviour
from service.delivery.pacing import OutOfPace
from service.delivery.setup_check.problem import WHOLE_ACCOUNT, Level, SetupProblem, setup_cause
from service.nexudus.client import Nexudus
from service.nexudus.errors import Intercepted, NexudusError, Refused, Throttled, Unavailable

T = TypeVar("T")

QUESTIONS_MAX = 150
"""Things that are asked for in one examination."""

SILENCES_MAX = 2
"""After so many calls in a row without any answer nothing more is asked: each costs the whole time limit."""

WAITS_MAX, LONGEST_WAIT_S = 3, 75.0
"""How often, and for how long, an examination waits when it is told to slow down; a minute's pace is waited for."""


INTERCEPTED_REMEDY = (
    "check that this machine may reach Nexudus, without a proxy or firewall that answers in its place, or ask Nexudus "
    "support whether theirs stops it; it is no matter of roles or passwords"
)
"""What to do where web pages come instead of answers."""


class PartUnreadable(Exception):
    """It cannot be seen; a finding says so already."""


class CachedReader:
    """One examination's view of one account."""

    def __init__(
        self,
        nexudus: Nexudus,
        account: str,
        sleep: Callable[[float], None],
        tempo_s: float = 0,
        needed: Collection[str] = (),
        most: int = QUESTIONS_MAX,
        behaviour: Behaviour | None = None,
    ) -> None:
        """tempo_s: wait before each question. needed: things without which no lead can be delivered.

        most: how many questions there may be. behaviour: how this Nexudus is known to behave.
        """
        self.account = account
        self.behaviour = behaviour or Behaviour()
        self.untold: list[SetupProblem] = []
        self.absent: set[str] = set()  # things whose address is not there
        self._nexudus, self._sleep, self._tempo_s, self._needed = nexudus, sleep, tempo_s, needed
        self._most = most
        self._known: dict[str, Any] = {}
        self._silences = 0
        self._over = False

    def ask(self, what: str, check: str, read: Callable[[Nexudus], T], roles: str = "", words: str = "") -> T:
        """The answer to one question, asked once.

        what: in words, "the stages". check: the kind of check that needs it. roles: those that it takes.
        words: what a finding calls it, where several questions are one thing to people.
        Raises: Unseen.
        """
        if what not in self._known:
            self._known[what] = self._asked(words or what, check, read, roles)
        if self._known[what] is PartUnreadable:
            raise PartUnreadable(what)
        return cast("T", self._known[what])

    def _asked(self, what: str, check: str, read: Callable[[Nexudus], T], roles: str) -> Any:
        if len(self._known) >= self._most and not self._over:
            self._end(f"more than {self._most} things to ask for", "name fewer different ids in the forms file")
        try:
            return self.patiently(read)
        except PartUnreadable:
            return PartUnreadable
        except NexudusError as error:
            if isinstance(error, Unavailable) and error.status == HTTPStatus.NOT_FOUND:
                self.absent.add(what)
            self._tell(what, check, error, roles)
            return PartUnreadable

    def patiently(self, read: Callable[[Nexudus], T]) -> T:
        """One read, made again where the CRM or our own pace asks to wait.

        Raises: NexudusError; Throttled where the wait would be too long; Unseen after too many silences.
        """
        for waits in range(WAITS_MAX + 1):
            if self._over:
                raise PartUnreadable
            if self._tempo_s:
                self._sleep(self._tempo_s)
            try:
                return self._counted(read)
            except OutOfPace as error:
                throttled = Throttled("our own pace is used up", retry_after_s=error.wait_s)
            except Throttled as error:
                throttled = error
            wait_s = throttled.retry_after_s or 1.0
            if waits == WAITS_MAX or wait_s > LONGEST_WAIT_S:
                raise throttled
            self._sleep(wait_s)
        raise AssertionError  # the last round returns or raises

    def _counted(self, read: Callable[[Nexudus], T]) -> T:
        try:
            found = read(self._nexudus)
        except Unavailable as error:
            self._silences = self._silences + 1 if error.status is None else 0
            if self._silences >= SILENCES_MAX:
                self._end("Nexudus stopped answering", "try again when it answers")
            raise
        self._silences = 0
        return found

    def _tell(self, what: str, check: str, error: NexudusError, roles: str) -> None:
        denied = isinstance(error, Refused)
        level: Level = "error" if denied and what in self._needed else "warning"
        remedy = f"give the service user {roles}" if denied and roles else _remedy_of(error)
        causes = (setup_cause(self.account, WHOLE_ACCOUNT, check),) if level == "error" else ()
        problem = f"could not check {what} ({error.said})"
        self.untold.append(SetupProblem(level, check, f"account {self.account}", problem, remedy, causes, skipped=True))

    def _end(self, why: str, remedy: str) -> None:
        self._over = True
        subject = f"account {self.account}"
        self.untold.append(
            SetupProblem("warning", "access", subject, f"{why}, the rest was not checked", remedy, skipped=True)
        )


def _remedy_of(error: NexudusError) -> str:
    """What to do where no role is missing: an answer that shows nothing will show no more tomorrow."""
    if isinstance(error, Intercepted):
        return INTERCEPTED_REMEDY
    is_answer = error.status in (HTTPStatus.OK, HTTPStatus.NOT_FOUND)
    return "look at it in Nexudus yourself" if is_answer else "try again when Nexudus answers"
