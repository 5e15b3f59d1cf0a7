"""Wiring of the ledger: who reads which account, in whose turn, and what platforms are asked."""

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta

from service import clock
from service.capture.accept import arrival_of_id
from service.capture.fields.enquiries import Enquiry
from service.delivery.context import AccountContext
from service.delivery.pacing import Pacer
from service.fetching.connection import PlatformConnection
from service.platforms.errors import PlatformError
from service.reconciliation.account_reader import AccountReader
from service.reconciliation.discrepancies import PlatformComparison
from service.reconciliation.reconciling import Ask
from service.reconciliation.rounds import Rhythm, Rounds, Stopped, end_for_gone
from service.store import Store

TEMPO_S = 0.5
"""Between two calls, so that a long reading does not come in one burst."""

LONGEST_WAIT_S = 5.0
"""How long to wait at a time for a turn that deliveries leave."""

ASKED_BACK = timedelta(days=7)
"""How far back platforms are asked where nobody names a time: they count calls."""

TOGETHER = 50
"""Leads of a platform that are looked up at a time."""


def keep_books(
    contexts: Mapping[str, AccountContext],
    lines: Sequence[PlatformConnection],
    store: Store,
    stop: threading.Event,
    rhythm: Rhythm | None = None,
) -> None:
    """Read every account, each in a thread of its own, until stopped."""

    def sleep(seconds: float) -> None:
        if stop.wait(seconds):
            raise Stopped

    store.write(lambda tx: end_for_gone(tx, contexts.keys(), clock.now()))
    for account, context in contexts.items():
        rounds = Rounds(book_of(account, context, store, sleep), stop, asking(account, lines, store), rhythm)
        threading.Thread(target=rounds.run, name=f"ledger-{account}", daemon=True).start()


def book_of(
    account: str, context: AccountContext, store: Store, sleep: Callable[[float], None], tempo_s: float = TEMPO_S
) -> AccountReader:
    """The book of one account, read in turns that its deliveries leave."""
    passing = frozenset(name for name, form in context.forms.items() if form.canary)
    return AccountReader(account, context.nexudus, store, patience(context.pacer, sleep, tempo_s), passing)


def patience(pacer: Pacer, sleep: Callable[[float], None], tempo_s: float) -> Callable[[], None]:
    """What waits for a turn that deliveries leave."""

    def wait() -> None:
        sleep(tempo_s)
        while (wait_s := pacer.prepay_spare()) > 0:
            sleep(min(wait_s, LONGEST_WAIT_S))

    return wait


def asking(account: str, lines: Sequence[PlatformConnection], store: Store, *, exactly: bool = False) -> Ask:
    """What asks the platforms of one account's forms, from the time that it is given on, but not from long ago.

    exactly: also from long ago.
    """
    mine = [line for line in lines if line.form.account == account]

    def ask(since: datetime | None) -> Iterator[PlatformComparison]:
        now = clock.now()
        begin = since if since and exactly else max(since or now - ASKED_BACK, now - ASKED_BACK)
        return (compare(line, store, begin, now) for line in mine)

    return ask


def compare(line: PlatformConnection, store: Store, since: datetime, until: datetime) -> PlatformComparison:
    """What a platform has of a form and we have not. Nothing is kept: that is what `lead-capture pull` does.

    Raises: StoreUnavailable.
    """
    listed, missing, problem = 0, list[str](), ""
    some: list[str] = []
    try:
        for each in line.reader.pull(since, until):
            if isinstance(each, PlatformError):
                problem = _why(each)
            elif isinstance(each, Enquiry) and not each.is_test:
                listed += 1
                some.append(each.external_id)
            if len(some) == TOGETHER:
                missing += _unknown(some, line, store, until)
                some = []
    except PlatformError as error:
        problem = _why(error)
    missing += _unknown(some, line, store, until)
    return PlatformComparison(line.sender, line.form.name, listed, tuple(missing), problem, since)


def _why(error: PlatformError) -> str:
    return " ".join(part for part in (error.said, getattr(error, "remedy", "")) if part)


def _unknown(external_ids: Sequence[str], line: PlatformConnection, store: Store, now: datetime) -> list[str]:
    with store.read() as tx:
        arrivals = {one: arrival_of_id(line.sender, one, line.form, now) for one in external_ids}
        return [one for one, arrival in arrivals.items() if tx.leads.match(arrival, now) is None]
