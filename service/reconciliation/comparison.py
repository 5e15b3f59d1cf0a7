"""Comparing leads received, opportunities in Nexudus that carry their markers, and leads at ad platforms.

Opportunities are read page by page and never kept: what a page shows is recorded with each lead, and leads that no
page showed are looked up afterwards. So memory does not grow with the number of leads.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime

import structlog

from service import clock
from service.lead import CoworkerId, LeadId, OpportunityId, Status
from service.nexudus import pipeline
from service.nexudus.errors import NexudusError
from service.nexudus.pipeline import DatesIgnored, Opportunity, PagesRepeat
from service.reconciliation.account_reader import AccountReader, reading_problem
from service.reconciliation.discrepancies import (
    ComparePlatforms,
    Comparison,
    Discrepancy,
    DiscrepancyKind,
    no_platforms,
)
from service.reconciliation.matching import PageMatch, UnmatchedOpportunity, marked_lead, match_page
from service.reconciliation.stages import StageReading, read_stages, require_full_reading, stages_problem
from service.store import LeadRecord, Reconciliation, Sale, SaleStatus, Transaction

log = structlog.get_logger()

MAX_DISCREPANCIES = 500
"""Maximum discrepancies of one comparison that are listed; further ones are only counted."""

MAX_LOOKUPS = 200
"""Maximum opportunities that are read one by one because lists do not show them, or not their markers."""

BATCH_SIZE = 200
"""Unlisted leads read from the store at a time."""


def reconcile(
    reader: AccountReader,
    since: datetime | None,
    now: datetime,
    compare_platforms: ComparePlatforms = no_platforms,
) -> Comparison:
    """Compare one account, for leads received since then (None: all), and store the result.

    Raises: StoreUnavailable; what `reader.wait` raises.
    """
    with reader.store.read() as tx:
        received = tx.crm.count_by_status(reader.account, since)
    nexudus = _Run(reader, since, now).compare(Comparison(reader.account, received))
    platforms = tuple(compare_platforms(since))
    missed = [
        Discrepancy(
            DiscrepancyKind.MISSED,
            form=platform.form,
            sender=platform.sender,
            missing=platform.missing[:MAX_DISCREPANCIES],
            since=platform.since,
        )
        for platform in platforms
        if platform.missing
    ]
    comparison = replace(
        nexudus,
        platforms=platforms,
        discrepancies=[*nexudus.discrepancies, *missed],
        total=nexudus.total + len(missed),
    )
    result = Reconciliation(reader.account, now, clock.now(), since, comparison.as_json())
    reader.store.write(lambda tx: tx.crm.save_reconciliation(result))
    log.info(
        "reconciled",
        account=reader.account,
        matched=comparison.matched,
        discrepancies=comparison.total,
        is_right=comparison.is_right,
    )
    return comparison


class _Run:
    """One comparison with Nexudus."""

    def __init__(self, reader: AccountReader, since: datetime | None, now: datetime) -> None:
        self._reader, self._since, self._now = reader, since, now
        self._stages = StageReading("failed")
        self._unmatched: list[UnmatchedOpportunity] = []
        self._matched = self._foreign = self._unlisted = 0
        self._shows_markers = False
        self._unreadable: list[int] = []
        self._unlisted_unreadable = 0

    def compare(self, started: Comparison) -> Comparison:
        """Read all opportunities, then examine those that do not agree."""
        discrepancies: list[Discrepancy] = []
        unchecked, problem = 0, ""
        # A comparison of all leads includes all of their stages.
        self._stages = read_stages(self._reader, self._now, is_full=self._since is None, is_thorough=True)
        try:
            self._read_pages()
            self._read_unreadable()
            gone, unchecked = self._gone()
            discrepancies += [*gone, *self._judged()]
        except (NexudusError, DatesIgnored, PagesRepeat) as error:
            problem = reading_problem(error)
        problem = problem or stages_problem(self._reader, self._stages)
        return replace(
            started,
            matched=self._matched,
            discrepancies=discrepancies[:MAX_DISCREPANCIES],
            total=len(discrepancies) + self._unlisted,
            foreign=self._foreign,
            unreadable=0 if self._shows_markers else self._unlisted_unreadable,
            unchecked=unchecked,
            has_no_history=self._stages.access == "hidden",
            problem=problem,
        )

    # -- reading

    def _read_pages(self) -> None:
        for page in pipeline.pages(self._reader.nexudus, "CreatedOn", self._since, self._reader.wait):
            self._count(self._match(page))

    def _match(self, page: list[Opportunity]) -> PageMatch:
        return match_page(self._reader, page, self._stages, self._now)

    def _count(self, match: PageMatch) -> None:
        self._matched += len(match.matched)
        self._foreign += match.foreign
        self._shows_markers = self._shows_markers or match.shows_markers
        room = max(0, MAX_DISCREPANCIES - len(self._unmatched))
        self._unmatched += match.unmatched[:room]
        self._unlisted += len(match.unmatched[room:])
        room = max(0, MAX_LOOKUPS - len(self._unreadable))
        self._unreadable += match.unreadable[:room]
        self._unlisted_unreadable += len(match.unreadable[room:])

    def _read_unreadable(self) -> None:
        """Read opportunities one by one where the list shows no markers."""
        for opportunity_id in [] if self._shows_markers else self._unreadable:
            opportunity = self._reader.opportunity(opportunity_id)
            if opportunity is not None:
                self._count(replace(self._match([opportunity]), unreadable=(), shows_markers=False))

    # -- leads that no page showed

    def _gone(self) -> tuple[list[Discrepancy], int]:
        """Look up each lead that no page showed; return those without an opportunity, and the number not checked."""
        gone: list[tuple[LeadId, OpportunityId]] = []
        lookups = unchecked = 0
        for lead_id, opportunity_id in self._unseen():
            lookups += 1
            if lookups > MAX_LOOKUPS:
                unchecked += 1
                continue
            opportunity = self._reader.opportunity(opportunity_id)
            if opportunity is None:
                gone.append((lead_id, opportunity_id))
            else:
                self._count(self._match([opportunity]))
        return self._record_gone(gone), unchecked

    def _unseen(self) -> Iterator[tuple[LeadId, OpportunityId]]:
        after = ""
        while True:
            with self._reader.store.read() as tx:
                batch = tx.crm.unseen_leads(self._reader.account, self._since, self._now, after, BATCH_SIZE)
            if not batch:
                return
            yield from batch
            after = batch[-1][0]

    def _record_gone(self, gone: list[tuple[LeadId, OpportunityId]]) -> list[Discrepancy]:
        records = self._records(lead_id for lead_id, _ in gone)
        still = [(lead_id, number) for lead_id, number in gone if lead_id in records]
        missing = [_missing_sale(records[lead_id], number, self._now) for lead_id, number in still]
        disposed = [lead_id for lead_id, _ in still if records[lead_id].form in self._reader.disposable_forms]

        def record(tx: Transaction) -> None:
            tx.crm.mark_missing(missing)
            tx.crm.acknowledge(disposed, self._now)

        self._reader.store.write(record)
        # A lead whose marker is on another opportunity was created again, not lost.
        explained = {*disposed, *(one.lead_id for one in self._unmatched)}
        return [
            Discrepancy(DiscrepancyKind.GONE, lead_id, records[lead_id].form, number)
            for lead_id, number in still
            if lead_id not in explained
        ]

    # -- opportunities with a marker that are not recorded

    def _judged(self) -> list[Discrepancy]:
        by_lead: dict[LeadId, list[OpportunityId]] = {}
        for one in self._unmatched:
            by_lead.setdefault(one.lead_id, []).append(one.opportunity_id)
        records = self._records(by_lead)
        judged = (self._judge(records[lead_id], ids) for lead_id, ids in by_lead.items() if lead_id in records)
        return [discrepancy for discrepancy in judged if discrepancy]

    def _judge(self, record: LeadRecord, opportunity_ids: list[OpportunityId]) -> Discrepancy | None:
        """Judge by the lead's present state: it may have been delivered meanwhile."""
        others = tuple(sorted(number for number in opportunity_ids if number != record.opportunity_id))
        if not others or record.claimed:
            return None
        with self._reader.store.read() as tx:
            sale = tx.crm.sales_of([record.lead_id]).get(record.lead_id)
        kind = DiscrepancyKind.UNNOTED
        if record.status is Status.ERASED:
            kind = DiscrepancyKind.ERASED
        elif record.status is Status.DELIVERED and record.opportunity_id and not (sale and sale.missing_since):
            if sale and sale.acknowledged_at:
                return None
            kind = DiscrepancyKind.DOUBLED
        return Discrepancy(kind, record.lead_id, record.form, record.opportunity_id, others)

    def _records(self, lead_ids: Iterable[LeadId]) -> dict[LeadId, LeadRecord]:
        with self._reader.store.read() as tx:
            return tx.crm.lead_records(lead_ids, self._now)


def _missing_sale(record: LeadRecord, opportunity_id: OpportunityId, now: datetime) -> Sale:
    """Return everything known of an opportunity that no reading ever showed."""
    return Sale(
        lead_id=record.lead_id,
        account=record.account,
        opportunity_id=opportunity_id,
        stage_id=None,
        stage="",
        board="",
        status=SaleStatus.IN_PROGRESS,
        value=None,
        currency="",
        won_at=None,
        lost_at=None,
        loss_reason="",
        updated_at=None,
        seen_at=record.received_at,
        missing_since=now,
    )


# -- repairing


@dataclass(frozen=True, slots=True)
class Repair:
    """The result for one lead. why_not: why nothing was changed, "" if the lead is now delivered."""

    lead_id: LeadId
    opportunity_id: OpportunityId
    why_not: str = ""


def repair(reader: AccountReader, discrepancies: Iterable[Discrepancy], now: datetime) -> list[Repair]:
    """Record each opportunity that Nexudus has and we have not, and end its delivery. Nexudus is never changed.

    Of several opportunities the oldest counts, as after a call of unknown outcome.
    Raises: as pipeline.one; StoreUnavailable; what `reader.wait` raises.
    """
    return [
        _adopt(reader, one.lead_id, min(one.opportunities), now)
        for one in discrepancies
        if one.kind is DiscrepancyKind.UNNOTED and one.lead_id
    ]


def _adopt(reader: AccountReader, lead_id: LeadId, opportunity_id: OpportunityId, now: datetime) -> Repair:
    opportunity = reader.opportunity(opportunity_id)
    if opportunity is None or marked_lead(opportunity) != lead_id or opportunity.coworker_id is None:
        return Repair(lead_id, opportunity_id, "the opportunity is gone, or has changed")
    coworker_id = CoworkerId(opportunity.coworker_id)
    if not reader.store.write(lambda tx: tx.crm.adopt(lead_id, coworker_id, opportunity_id, now)):
        return Repair(lead_id, opportunity_id, "the lead is being sent at this moment: try again in a minute")
    # Its stages may be older than the history that was read.
    match_page(reader, [opportunity], StageReading("failed"), now)
    require_full_reading(reader)
    log.info("adopted", lead=lead_id, opportunity=opportunity_id)
    return Repair(lead_id, opportunity_id)
