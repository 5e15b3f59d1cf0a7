"""Reading Nexudus while the service runs: changes every quarter of an hour, everything by night."""

import threading
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog

from service import clock
from service.reconciliation.account_reader import AccountReader
from service.reconciliation.discrepancies import Comparison
from service.reconciliation.polling import poll
from service.reconciliation.reconciling import Ask, no_platforms, reconcile
from service.store import StoreUnavailable, Transaction

log = structlog.get_logger()

NIGHT_HOUR = 3
"""When the night begins, in UTC: few leads arrive then."""

NIGHT_BACK = timedelta(days=31)
"""The leads that the night compares are not older; `lead-capture reconcile` compares all."""


AGAIN = timedelta(hours=1)
"""After how long a night's comparison is made again that could not read Nexudus to the end."""


class Stopped(Exception):
    """The process is being stopped."""


@dataclass(frozen=True, slots=True)
class Rhythm:
    """When to look."""

    look_s: float = 20.0  # between two looks at whether anything is due
    poll_every: timedelta = timedelta(minutes=15)


class Rounds:
    """One thread: a worker's part in reading one account. Whose turn it is, the store knows."""

    def __init__(
        self, book: AccountReader, stop: threading.Event, ask: Ask = no_platforms, rhythm: Rhythm | None = None
    ) -> None:
        self._book, self._stop, self._ask = book, stop, ask
        self._rhythm = rhythm or Rhythm()

    def run(self) -> None:
        """Go rounds until stopped, whatever happens."""
        while not self._stop.wait(self._rhythm.look_s):
            self._go(self.step)

    def _go(self, job: Callable[[datetime], None]) -> None:
        try:
            job(clock.now())
        except Stopped:
            return
        except StoreUnavailable as error:
            log.error("store_unavailable", account=self._book.account, error=str(error))
        except Exception:  # a mistake of ours must not end the rounds
            if not self._stop.is_set():
                log.exception("ledger_stumbled", account=self._book.account)

    def step(self, now: datetime) -> None:
        """Do what is due; nothing while the account rests or its login is refused.

        Raises: StoreUnavailable; Stopped.
        """
        account, every = self._book.account, self._rhythm.poll_every
        with self._book.store.read() as tx:
            rests = any(pause.account == account for pause in tx.accounts.pauses(now))
            if rests or tx.accounts.is_login_refused(account):
                return
        if self._book.store.write(lambda tx: tx.crm.claim_night(account, now, _last_due(tx, account, now))):
            found = reconcile(self._book, now - NIGHT_BACK, now, clock.now, self._ask)
            self._book.store.write(lambda tx: note(tx, found, clock.now()))
        if self._book.store.write(lambda tx: tx.crm.claim_poll(account, now, every)):
            poll(self._book, now)


def _last_due(tx: Transaction, account: str, now: datetime) -> datetime:
    """When all should have been compared: this night, or since Nexudus broke off the last time, each hour."""
    last = tx.crm.last_reconciliation(account)
    broke_off = last is not None and not last.result.get("is_whole", True)
    return now - AGAIN if broke_off else night_before(now)


def night_before(now: datetime) -> datetime:
    """When the last night began."""
    tonight = now.replace(hour=NIGHT_HOUR, minute=0, second=0, microsecond=0)
    return tonight if tonight <= now else tonight - timedelta(days=1)


def note(tx: Transaction, found: Comparison, now: datetime) -> None:
    """Make what does not agree a concern, or end it."""
    cause = f"ledger:{found.account}"
    if found.is_right:
        tx.alerts.resolve(cause, now)
    else:
        tx.alerts.report(cause, sentence_of(found), now)


def end_for_gone(tx: Transaction, accounts: Collection[str], now: datetime) -> None:
    """End what concerns accounts that nobody reads any more."""
    for concern in tx.alerts.open():
        kind, _, account = concern.cause.partition(":")
        if kind == "ledger" and account not in accounts:
            tx.alerts.resolve(concern.cause, now)


def sentence_of(found: Comparison) -> str:
    """What does not agree, in one sentence or two, and what to do; nothing personal."""
    kinds: dict[str, int] = {}
    for finding in found.findings:
        kinds[_WORDS[finding.kind.value]] = kinds.get(_WORDS[finding.kind.value], 0) + 1
    parts = [f"{number} {words}" for words, number in kinds.items()]
    told = f"Not all agrees between leads and Nexudus: {', '.join(parts)}." if parts else ""
    rest = [] if parts else list(found.remarks())[:1]
    return " ".join([*filter(None, [told]), *rest, "`lead-capture reconcile` names each and says what to do."])


_WORDS = {
    "gone": "delivered but not there any more",
    "doubled": "there twice",
    "unnoted": "there but not noted here",
    "erased": "there though forgotten here",
    "missed": "with leads at a platform that did not come here",
}
