"""Reading Nexudus while the service runs: changes every quarter of an hour, a comparison every night."""

from collections.abc import Collection
from datetime import datetime, timedelta

import structlog

from service import clock
from service.background import Intervals
from service.nexudus import pipeline
from service.nexudus.errors import NexudusError
from service.nexudus.pipeline import DatesIgnored, PagesRepeat
from service.reconciliation.account_reader import AccountReader, reading_problem
from service.reconciliation.comparison import reconcile
from service.reconciliation.discrepancies import ComparePlatforms, Comparison, DiscrepancyKind, no_platforms
from service.reconciliation.matching import match_page
from service.reconciliation.stages import read_stages, stages_problem
from service.store import Transaction

log = structlog.get_logger()

INTERVALS = Intervals(first_s=20.0, every_s=20.0)
"""Pauses between two looks at what is due; the store knows which worker's turn it is."""

POLL_INTERVAL = timedelta(minutes=15)

FIRST_POLL_AGE = timedelta(days=31)
"""How far back the first poll of an account reads; `lead-capture reconcile` reads everything."""

NIGHT_HOUR = 3
"""Hour (UTC) at which the comparison is due: few leads arrive then."""

NIGHT_MAX_AGE = timedelta(days=31)
"""Age of the leads that the nightly comparison includes; `lead-capture reconcile` includes all."""

RETRY_INTERVAL = timedelta(hours=1)
"""Time after which a nightly comparison that could not read Nexudus to the end is repeated."""


class ReconcileJob:
    """The job of one worker for one account."""

    def __init__(self, reader: AccountReader, compare_platforms: ComparePlatforms = no_platforms) -> None:
        self._reader, self._compare_platforms = reader, compare_platforms

    def step(self, now: datetime) -> None:
        """Do the due work; nothing while the account is paused or its login is refused.

        Raises: StoreUnavailable; ShuttingDown.
        """
        reader, account = self._reader, self._reader.account
        with reader.store.read() as tx:
            is_paused = any(pause.account == account for pause in tx.accounts.pauses(now))
            if is_paused or tx.accounts.is_login_refused(account):
                return
        if reader.store.write(lambda tx: tx.crm.claim_night(account, now, _due_since(tx, account, now))):
            comparison = reconcile(reader, now - NIGHT_MAX_AGE, now, self._compare_platforms)
            reader.store.write(lambda tx: report_comparison(tx, comparison, clock.now()))
        if reader.store.write(lambda tx: tx.crm.claim_poll(account, now, POLL_INTERVAL)):
            poll(reader, now)


def poll(reader: AccountReader, now: datetime) -> str:
    """Record changes since the last poll: won, lost and moved opportunities. Return why that failed, or "".

    Raises: StoreUnavailable; what `reader.wait` raises.
    """
    with reader.store.read() as tx:
        since = tx.crm.read_state(reader.account).read_until or now - FIRST_POLL_AGE
    stages = read_stages(reader, now)
    newest, problem, seen = since, "", 0
    try:
        for page in pipeline.pages(reader.nexudus, "UpdatedOn", since, reader.wait):
            seen += len(match_page(reader, page, stages, now).matched)
            newest = max([newest, *(opportunity.updated_at for opportunity in page if opportunity.updated_at)])
    except (NexudusError, DatesIgnored, PagesRepeat) as error:
        problem = reading_problem(error)
    # A clock that is ahead must not make us skip the time until then.
    until = None if problem else min(newest, now)
    problem = problem or stages_problem(reader, stages)
    reader.store.write(lambda tx: tx.crm.record_read(reader.account, until, problem))
    log.info("polled", account=reader.account, seen=seen, is_whole=not problem)
    return problem


def _due_since(tx: Transaction, account: str, now: datetime) -> datetime:
    """Return since when a comparison is due: last night, or an hour ago if the last one was not complete."""
    last = tx.crm.last_reconciliation(account)
    was_incomplete = last is not None and not last.result.get("is_whole", True)
    return now - RETRY_INTERVAL if was_incomplete else night_before(now)


def night_before(now: datetime) -> datetime:
    """Return when the last night began."""
    tonight = now.replace(hour=NIGHT_HOUR, minute=0, second=0, microsecond=0)
    return tonight if tonight <= now else tonight - timedelta(days=1)


# -- the alert


def report_comparison(tx: Transaction, comparison: Comparison, now: datetime) -> None:
    """Report an alert if not everything agrees; otherwise resolve it."""
    cause = f"ledger:{comparison.account}"
    if comparison.is_right:
        tx.alerts.resolve(cause, now)
    else:
        tx.alerts.report(cause, alert_sentence(comparison), now)


def resolve_for_unread(tx: Transaction, accounts: Collection[str], now: datetime) -> None:
    """Resolve the alerts of accounts that are no longer compared. accounts: those that are."""
    for alert in tx.alerts.open():
        if alert.kind == "ledger" and alert.cause.removeprefix("ledger:") not in accounts:
            tx.alerts.resolve(alert.cause, now)


def alert_sentence(comparison: Comparison) -> str:
    """Return what does not agree, and what to do; nothing personal."""
    numbers: dict[str, int] = {}
    for discrepancy in comparison.discrepancies:
        words = _WORDS[discrepancy.kind]
        numbers[words] = numbers.get(words, 0) + 1
    if numbers:
        differences = ", ".join(f"{number} {words}" for words, number in numbers.items())
        summary = [f"Leads and Nexudus do not agree: {differences}."]
    else:
        summary = list(comparison.remarks())[:1]
    return " ".join([*summary, "`lead-capture reconcile` lists each with its remedy."])


_WORDS = {
    DiscrepancyKind.GONE: "delivered but no longer in Nexudus",
    DiscrepancyKind.DOUBLED: "in Nexudus twice",
    DiscrepancyKind.UNNOTED: "in Nexudus but not recorded here",
    DiscrepancyKind.ERASED: "in Nexudus though erased here",
    DiscrepancyKind.MISSED: "with leads at a platform that did not arrive",
}
