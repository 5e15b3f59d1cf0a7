"""Noting what Nexudus has and nobody noted here. Nothing is ever changed or deleted in Nexudus."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

import structlog

from service.lead import CoworkerId, LeadId, OpportunityId
from service.nexudus import pipeline
from service.reconciliation.account_reader import AccountReader
from service.reconciliation.discrepancies import Discrepancy, DiscrepancyKind
from service.reconciliation.matching import mark_of, match_page
from service.reconciliation.stages import StageReading, read_anew

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Repair:
    """What became of one finding. why_not: why nothing was changed, "" when the lead is delivered now."""

    lead_id: LeadId
    opportunity_id: OpportunityId
    why_not: str = ""


def repair(book: AccountReader, findings: Iterable[Discrepancy], now: datetime) -> list[Repair]:
    """Note for each lead that was found so the opportunity that Nexudus has; its debt ends.

    Of several the oldest counts, as after a call of unknown outcome.
    Raises: as pipeline.one; StoreUnavailable; what `book.wait` raises.
    """
    return [_repair(book, finding, now) for finding in findings if finding.kind is DiscrepancyKind.UNNOTED]


def _repair(book: AccountReader, finding: Discrepancy, now: datetime) -> Repair:
    lead_id, number = finding.lead_id, min(finding.opportunities)
    assert lead_id is not None  # noqa: S101 (what is not noted is always a lead)
    book.wait()
    card = pipeline.one(book.nexudus, number)
    if card is None or mark_of(card) != lead_id or card.coworker_id is None:
        return Repair(lead_id, number, "it is not there any more, or another by now")
    contact = CoworkerId(card.coworker_id)
    if not book.store.write(lambda tx: tx.crm.adopt(lead_id, contact, number, now)):
        return Repair(lead_id, number, "the lead is being sent at this moment: try again in a minute")
    # Its stages may be older than what was read of the history: all is read the next time.
    match_page(book, [card], StageReading("failed"), now)
    read_anew(book)
    log.info("adopted", lead=lead_id, opportunity=number)
    return Repair(lead_id, number)
