"""The closed loop: which opportunities were won, lost or moved, found by the date of their change.

Stages come from the CRM's stage history, each with the time at which it was entered; all else from the records.
"""

from datetime import datetime, timedelta

import structlog

from service.nexudus import pipeline
from service.nexudus.errors import Intercepted, NexudusError, Refused
from service.nexudus.pipeline import DatesIgnored, PagesRepeat
from service.reconciliation.account_reader import AccountReader
from service.reconciliation.matching import match_page
from service.reconciliation.stages import StageReading, read_anew, read_stages

log = structlog.get_logger()

FIRST_BACK = timedelta(days=31)
"""How far back the first reading of an account looks; `lead-capture reconcile` reads all."""

ODD_ANSWER = "Nexudus answers with other opportunities than asked for, so that changes are read by night only."
NO_STAGES = "Nexudus's stage history could not be read to the end; the next reading begins where this one did."


def poll(book: AccountReader, now: datetime) -> str:
    """Read what changed since the last time; why that was not possible, "" when it was.

    Raises: StoreUnavailable; what `book.wait` raises.
    """
    with book.store.read() as tx:
        since = tx.crm.read_state(book.account).read_until or now - FIRST_BACK
    stages = read_stages(book, now)
    newest, problem, seen = since, "", 0
    try:
        for cards in pipeline.pages(book.nexudus, "UpdatedOn", since, book.wait):
            seen += len(match_page(book, cards, stages, now).ours)
            newest = max([newest, *(card.updated_at for card in cards if card.updated_at)])
    except (NexudusError, DatesIgnored, PagesRepeat) as error:
        problem = why_not(error)
    # A clock that is ahead must not make us skip what happens until then.
    until = None if problem else min(newest, now)
    problem = problem or end_stages(book, stages)
    book.store.write(lambda tx: tx.crm.record_read(book.account, until, problem))
    log.info("polled", account=book.account, seen=seen, is_whole=not problem)
    return problem


def end_stages(book: AccountReader, stages: StageReading) -> str:
    """Let the next reading be a whole one where stages are missing; return why they could not be read, "" if they were.

    Raises: StoreUnavailable.
    """
    if stages.missed:
        read_anew(book)
    if isinstance(stages.error, DatesIgnored | PagesRepeat | Intercepted):
        return why_not(stages.error)
    return NO_STAGES if stages.error else ""


def why_not(error: Exception) -> str:
    """Why an account could not be read, and what to do; nothing personal."""
    if isinstance(error, DatesIgnored | PagesRepeat):
        return ODD_ANSWER
    if isinstance(error, Refused):
        return (
            "Nexudus does not show its opportunities to the service account: give it the roles CrmOpportunity-List "
            "and CrmOpportunity-Read; `lead-capture doctor` tells more."
        )
    if isinstance(error, Intercepted):
        return (
            f"{error.said[:1].upper()}{error.said[1:]}: check this machine's network and proxy, or ask Nexudus "
            "support; the next reading begins where this one did."
        )
    return "Nexudus could not be read to the end; the next reading begins where this one did."
