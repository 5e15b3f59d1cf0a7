"""The same checks while the service runs: soon after the start and daily, in a thread of each account's own.

Errors, a location that fills up and custom fields that do not fit become concerns of the store; they are over when a
later look finds them gone.
"""

import re
import threading
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

import structlog

from service import clock
from service.delivery.behaviour import read_behaviour
from service.delivery.setup_check.examine import examine
from service.delivery.setup_check.problem import SetupProblem
from service.forms import Form
from service.nexudus.client import Nexudus
from service.store import Store, StoreUnavailable, Tenant, Transaction

log = structlog.get_logger()


class Stopped(Exception):
    """The process is being stopped."""


@dataclass(frozen=True, slots=True)
class Rhythm:
    """When to look, in seconds. tempo_s: between two questions, so that deliveries go first."""

    first_s: float = 5.0
    again_s: float = 86_400.0
    troubled_s: float = 3600.0  # while something is wrong: so soon its end is noticed
    unsafe_s: float = 900.0  # while a stage does harm: leads wait for it
    tempo_s: float = 0.5


class SetupCheckJob:
    """Looks at the set-up of one account, again and again."""

    def __init__(
        self,
        nexudus: Nexudus,
        store: Store,
        forms: Iterable[Form],
        account: str,
        stop: threading.Event,
        rhythm: Rhythm | None = None,
    ) -> None:
        """nexudus: a client that keeps the account's pace."""
        self._nexudus, self._store, self._forms, self._account = nexudus, store, list(forms), account
        self._stop, self._rhythm = stop, rhythm or Rhythm()
        self._told: set[str] = set()

    def run(self) -> None:
        """Look again and again until stopped."""
        wait_s = self._rhythm.first_s
        while not self._stop.wait(wait_s):
            wait_s = self._look_or_not()

    def _look_or_not(self) -> float:
        """Look, whatever comes; seconds until the next time."""
        try:
            return self._next_s(self.look())
        except StoreUnavailable as error:
            log.error("store_unavailable", account=self._account, error=str(error))
        except Exception:  # a mistake of ours must not end the looking, nor anything else
            if not self._stop.is_set():
                log.exception("setup_check_stumbled", account=self._account)
        return self._rhythm.troubled_s

    def look(self) -> list[SetupProblem]:
        """Check everything once and keep what is wrong; all that was found."""
        findings = examine(
            self._nexudus,
            self._forms,
            self._account,
            sleep=self._sleep,
            tempo_s=self._rhythm.tempo_s,
            behaviour=read_behaviour(self._store, Tenant(self._account, self._nexudus.base_url)),
        )
        self._store.write(lambda tx: keep(tx, self._account, findings))
        for finding in findings:
            self._tell(finding)
        return findings

    def _next_s(self, findings: Sequence[SetupProblem]) -> float:
        if any(cause.startswith("stage:") for finding in findings for cause in finding.causes):
            return self._rhythm.unsafe_s
        is_wrong = any(
            finding.level == "error" or any(cause.startswith("setup:") for cause in finding.causes)
            for finding in findings
        )
        return self._rhythm.troubled_s if is_wrong else self._rhythm.again_s

    def _tell(self, finding: SetupProblem) -> None:
        """Log it, once in this process."""
        if finding.sentence in self._told:
            return
        self._told.add(finding.sentence)
        write = log.error if finding.level == "error" else log.warning
        write("setup_finding", account=self._account, **{k: v for k, v in finding.as_row().items() if k != "level"})

    def _sleep(self, seconds: float) -> None:
        if self._stop.wait(seconds):
            raise Stopped


def keep(tx: Transaction, account: str, findings: Sequence[SetupProblem]) -> None:
    """Notice what is wrong, and end what was looked at and found right."""
    now = clock.now()
    sentences: dict[str, list[str]] = {}
    for finding in findings:
        for cause in finding.causes:
            sentences.setdefault(cause, []).append(finding.sentence)
    for cause, told in sentences.items():
        tx.alerts.report(cause, ". ".join(told), now)
    skipped = {finding.check for finding in findings if finding.skipped}
    shut = any(finding.check in ("access", "credentials") and finding.level == "error" for finding in findings)
    if shut or "access" in skipped:
        return  # next to nothing was looked at
    tx.flags.swap(checked_mark(account), tx.flags.get(checked_mark(account)), now.isoformat())
    for concern in tx.alerts.open():
        check = _check_of(concern.cause, account)
        if check and check not in skipped and concern.cause not in sentences:
            tx.alerts.resolve(concern.cause, now)
            if check == "stage" and concern.cause.startswith("stage:"):
                tx.queue.resume_call(account, f"stage:{concern.cause.rpartition(':')[2]}")  # what waited for it goes


def checked_mark(account: str) -> str:
    """The value of the deployment that says when the set-up of an account was last looked at as a whole."""
    return f"checked:{account}"


def end_for_gone(tx: Transaction, accounts: Collection[str]) -> None:
    """End what concerns accounts that the forms file has no more: nobody looks at them again."""
    now = clock.now()
    for concern in tx.alerts.open():
        ours = re.fullmatch(r"(?:stage|cap|notes):(.+):\d+|setup:(.+):[^:]+:\w+|mark:(.+)", concern.cause)
        if ours and (ours[1] or ours[2] or ours[3]) not in accounts:
            tx.alerts.resolve(concern.cause, now)


def _check_of(cause: str, account: str) -> str:
    """Which check finds this cause; "" where it is none of this account's set-up."""
    kind = re.fullmatch(rf"(stage|cap):{re.escape(account)}:\d+|setup:{re.escape(account)}:[^:]+:(\w+)", cause)
    return "" if kind is None else kind[1] or kind[2]
