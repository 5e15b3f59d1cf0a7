"""Follows the set-up for one process: a thread looks for a new version, and reports a refused one.

Each process looks for itself, so that none depends on another. Together they raise a single alert.
"""

import threading
from collections.abc import Callable
from datetime import datetime, timedelta

import structlog

from service.background import Intervals, start_periodic_job
from service.forms import Setup
from service.setup.current import CurrentSetup, Look
from service.setup.versions import DOCUMENT_NAME
from service.store import Store, Transaction

log = structlog.get_logger()

INTERVALS = Intervals(every_s=0.5, retry_s=2.0)
"""With SETTLE_S and the time to read a file, a change is in force everywhere within two seconds."""

SETTLE_S = 0.2
"""Seconds for which a file must be unchanged before it is read: editors write in several steps."""

REPEAT_INTERVAL = timedelta(seconds=10)
"""While a version is refused: time after which its alert is reopened, in case another process has closed it."""

CAUSE = "forms"

MAX_PROBLEMS = 3
"""Maximum problems that the alert lists; the log and `lead-capture doctor` have all of them."""


def ignore(_setup: Setup) -> None:
    """Do nothing: for processes whose every piece of work takes the set-up itself."""


class SetupWatcher:
    """Looks for another version of the set-up, and reports the result."""

    def __init__(
        self, current: CurrentSetup, store: Store, process: str, follow: Callable[[Setup], None] = ignore
    ) -> None:
        """process: "web" or "worker", for the log.

        follow: adapts to a version that is in force from now on; repeated after StoreUnavailable.
        """
        self._current, self._store = current, store
        self._process = process
        self._follow = follow
        self._followed = current.get()
        self._reported: tuple[str, ...] | None = None  # None: an earlier process may have reported one
        self._reported_at: datetime | None = None

    def start(self, stop: threading.Event) -> threading.Thread:
        """Look in a thread until stopped."""
        setup = self._current.get()
        about = {"process": self._process, "digest": setup.digest, "version": setup.version}
        log.info("setup_in_force", **about, forms=len(setup.forms))
        return start_periodic_job("setup", self.step, INTERVALS, stop)

    def step(self, now: datetime) -> float | None:
        """Look once; return SETTLE_S to look again soon.

        Raises: StoreUnavailable; the work then due is done by the next step.
        """
        look = self._current.look(now)
        self._log(look)
        if self._current.get() is not self._followed:
            setup = self._current.get()
            self._follow(setup)
            self._followed = setup
        if look is Look.UNSETTLED:
            return SETTLE_S
        self._report(now)
        return None

    def _log(self, look: Look) -> None:
        state = self._current.state
        about = {"process": self._process, "digest": state.setup.digest, "version": state.setup.version}
        if look is Look.TAKEN:
            log.info("setup_reloaded", **about, forms=len(state.setup.forms))
        elif look is Look.KEPT:
            log.info("setup_unchanged", **about)
        elif look is Look.REFUSED:
            log.error("setup_refused", **about, problems=list(state.problems))

    def _report(self, now: datetime) -> None:
        """Keep the alert up to date: open while a version is refused."""
        problems = self._current.state.problems
        is_news = problems != self._reported
        if not is_news and (not problems or (self._reported_at and now - self._reported_at < REPEAT_INTERVAL)):
            return
        with self._store.read() as tx:
            sentence = next((alert.sentence for alert in tx.alerts.open() if alert.cause == CAUSE), None)
        if problems and (sentence is None or is_news):
            self._store.write(lambda tx: _open_alert(tx, alert_sentence(problems), sentence, now))
        elif sentence is not None and not problems:
            self._store.write(lambda tx: tx.alerts.resolve(CAUSE, now))
        self._reported, self._reported_at = problems, now


def _open_alert(tx: Transaction, sentence: str, opened: str | None, now: datetime) -> None:
    """Report that a version was refused; several processes that refuse the same one are one occurrence."""
    if opened is None:
        tx.alerts.report(CAUSE, sentence, now)
    elif opened != sentence:
        tx.alerts.reword(CAUSE, sentence)


def alert_sentence(problems: tuple[str, ...]) -> str:
    """Return what is wrong with the refused version, and what to do; nothing personal."""
    more = len(problems) - MAX_PROBLEMS
    listed = "; ".join(problems[:MAX_PROBLEMS])
    rest = f"; and {more} more, which `lead-capture doctor` lists" if more > 0 else ""
    if problems[0].startswith(DOCUMENT_NAME):  # valid where it was published, so a variable or secret is missing here
        return (
            f"A process cannot use the set-up that was published, and continues with the previous one. {listed}{rest}. "
            "Set what is missing for every process and restart it, or publish another version."
        )
    return (
        f"The changed forms file is refused; the previous set-up stays in force. {listed}{rest}. "
        "Correct the file: it is taken up at once, without a restart."
    )
