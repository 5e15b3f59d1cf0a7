"""Three-way accounts: leads received, opportunities in Nexudus that bear their marks, leads at platforms.

Opportunities are read page by page and never kept: what was seen is noted with each lead, and who was not seen is
asked for afterwards. So it takes the same memory for a hundred leads as for a hundred thousand.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from datetime import datetime

import structlog

from service.lead import LeadId, OpportunityId, Status
from service.nexudus import pipeline
from service.nexudus.errors import NexudusError
from service.nexudus.pipeline import DatesIgnored, Opportunity, PagesRepeat
from service.reconciliation.account_reader import AccountReader
from service.reconciliation.discrepancies import Comparison, Discrepancy, DiscrepancyKind, PlatformComparison
from service.reconciliation.matching import PageMatch, UnmatchedOpportunity, match_page
from service.reconciliation.polling import end_stages, why_not
from service.reconciliation.stages import StageReading, read_stages
from service.store import LeadRecord, Reconciliation, Sale, SaleStatus, Transaction

log = structlog.get_logger()

MOST = 500
"""Findings of one comparison that are named; how many there are besides is told."""

MOST_LOOKS = 200
"""Opportunities that are looked at one by one: those that lists do not tell about."""

PAGE = 200
"""Leads that are asked for at a time."""

Ask = Callable[[datetime | None], Iterable[PlatformComparison]]
"""What platforms have and we have not, of leads submitted since then."""


def no_platforms(_since: datetime | None) -> Iterable[PlatformComparison]:
    """Where none can be read."""
    return ()


def reconcile(
    book: AccountReader, since: datetime | None, now: datetime, end: Callable[[], datetime], ask: Ask = no_platforms
) -> Comparison:
    """Compare everything of one account, of leads received since then, and keep the result.

    end: tells the time when it is done.
    Raises: StoreUnavailable; what `book.wait` raises.
    """
    with book.store.read() as tx:
        received = tx.crm.count_by_status(book.account, since)
    run = _Run(book, since, now)
    comparison = replace(run.comparison(Comparison(book.account, received)), platforms=tuple(ask(since)))
    missed = [_missed(one) for one in comparison.platforms if one.missing]
    whole = replace(comparison, findings=[*comparison.findings, *missed], number=comparison.number + len(missed))
    made = Reconciliation(book.account, now, end(), since, whole.as_json())
    book.store.write(lambda tx: tx.crm.save_reconciliation(made))
    log.info("reconciled", account=book.account, found=whole.found, findings=whole.number, is_right=whole.is_right)
    return whole


def _missed(platform: PlatformComparison) -> Discrepancy:
    told = platform.missing[:MOST]
    return Discrepancy(
        DiscrepancyKind.MISSED,
        form=platform.form,
        sender=platform.sender,
        missing=told,
        since=platform.since,
    )


class _Run:
    """One reading of one account."""

    def __init__(self, book: AccountReader, since: datetime | None, now: datetime) -> None:
        self._book, self._since, self._now = book, since, now
        self._stages = StageReading("failed")
        self._odd: list[UnmatchedOpportunity] = []
        self._found = self._strangers = self._unnamed = 0
        self._tells = False
        self._hidden: list[int] = []
        self._hidden_more = 0

    def comparison(self, begun: Comparison) -> Comparison:
        """Read all, then look at what does not agree."""
        findings: list[Discrepancy] = []
        unchecked, problem = 0, ""
        # Where all leads are compared, all stages are read, too.
        self._stages = read_stages(self._book, self._now, is_whole=self._since is None, is_thorough=True)
        try:
            self._read()
            self._look_into_hidden()
            gone, unchecked = self._gone()
            findings += [*gone, *self._judged()]
        except (NexudusError, DatesIgnored, PagesRepeat) as error:
            problem = why_not(error)
        problem = problem or end_stages(self._book, self._stages)
        return replace(
            begun,
            found=self._found,
            findings=findings[:MOST],
            number=len(findings) + self._unnamed,
            strangers=self._strangers,
            hidden=0 if self._tells else self._hidden_more,
            unchecked=unchecked,
            has_no_history=self._stages.access == "hidden",
            problem=problem,
        )

    # -- reading

    def _read(self) -> None:
        for cards in pipeline.pages(self._book.nexudus, "CreatedOn", self._since, self._book.wait):
            self._take(match_page(self._book, cards, self._stages, self._now))

    def _take(self, seen: PageMatch) -> None:
        self._found += len(seen.ours)
        self._strangers += seen.strangers
        self._tells = self._tells or seen.tells
        room = MOST - len(self._odd)
        self._odd += seen.odd[: max(0, room)]
        self._unnamed += max(0, len(seen.odd) - max(0, room))
        room = MOST_LOOKS - len(self._hidden)
        self._hidden += seen.hidden[: max(0, room)]
        self._hidden_more += max(0, len(seen.hidden) - max(0, room))

    def _look_into_hidden(self) -> None:
        """Where lists show no marks, the records themselves do."""
        for number in [] if self._tells else self._hidden:
            card = self._one(number)
            if card is not None:
                self._take(replace(match_page(self._book, [card], self._stages, self._now), hidden=(), tells=False))

    def _one(self, number: int) -> Opportunity | None:
        self._book.wait()
        return pipeline.one(self._book.nexudus, number)

    # -- who was not seen

    def _gone(self) -> tuple[list[Discrepancy], int]:
        """Leads whose opportunity is there no more, each looked for by itself; how many there were too many of."""
        gone: list[tuple[LeadId, OpportunityId]] = []
        looks = unchecked = 0
        for lead_id, number in self._unseen():
            looks += 1
            if looks > MOST_LOOKS:
                unchecked += 1
                continue
            card = self._one(number)
            if card is None:
                gone.append((lead_id, number))
            else:
                self._take(match_page(self._book, [card], self._stages, self._now))
        return self._told_gone(gone), unchecked

    def _unseen(self) -> Iterator[tuple[LeadId, OpportunityId]]:
        after = ""
        while True:
            with self._book.store.read() as tx:
                some = tx.crm.unseen_leads(self._book.account, self._since, self._now, after, PAGE)
            if not some:
                return
            yield from some
            after = some[-1][0]

    def _told_gone(self, gone: list[tuple[LeadId, OpportunityId]]) -> list[Discrepancy]:
        noted = self._noted(lead_id for lead_id, _ in gone)
        still = [(lead_id, number) for lead_id, number in gone if lead_id in noted]
        missing = [_nothing(noted[lead_id], number, self._now) for lead_id, number in still]
        cleared = [lead_id for lead_id, _ in still if noted[lead_id].form in self._book.passing]

        def note(tx: Transaction) -> None:
            tx.crm.mark_missing(missing)
            tx.crm.acknowledge(cleared, self._now)

        self._book.store.write(note)
        # One whose mark another opportunity bears was made anew, not lost.
        marked = {*cleared, *(odd.lead_id for odd in self._odd)}
        return [
            Discrepancy(DiscrepancyKind.GONE, lead_id, noted[lead_id].form, number)
            for lead_id, number in still
            if lead_id not in marked
        ]

    # -- who bears a mark that is not noted

    def _judged(self) -> list[Discrepancy]:
        by_lead: dict[LeadId, list[OpportunityId]] = {}
        for odd in self._odd:
            by_lead.setdefault(odd.lead_id, []).append(odd.opportunity_id)
        noted = self._noted(by_lead)
        found = (self._judge(noted[lead_id], numbers) for lead_id, numbers in by_lead.items() if lead_id in noted)
        return [finding for finding in found if finding]

    def _judge(self, noted: LeadRecord, numbers: list[OpportunityId]) -> Discrepancy | None:
        """What it means that these bear the lead's mark, as it stands by now: it may have been delivered meanwhile."""
        others = tuple(sorted(number for number in numbers if number != noted.opportunity_id))
        if not others or noted.claimed:
            return None
        if noted.status is Status.ERASED:
            return Discrepancy(DiscrepancyKind.ERASED, noted.lead_id, noted.form, noted.opportunity_id, others)
        sale = self._sale(noted.lead_id)
        if noted.status is Status.DELIVERED and noted.opportunity_id and not (sale and sale.missing_since):
            doubled = Discrepancy(DiscrepancyKind.DOUBLED, noted.lead_id, noted.form, noted.opportunity_id, others)
            return None if sale and sale.acknowledged_at else doubled
        return Discrepancy(DiscrepancyKind.UNNOTED, noted.lead_id, noted.form, noted.opportunity_id, others)

    def _sale(self, lead_id: LeadId) -> Sale | None:
        with self._book.store.read() as tx:
            return tx.crm.sales_of([lead_id]).get(lead_id)

    def _noted(self, lead_ids: Iterable[LeadId]) -> dict[LeadId, LeadRecord]:
        with self._book.store.read() as tx:
            return tx.crm.lead_records(lead_ids, self._now)


def _nothing(noted: LeadRecord, number: OpportunityId, now: datetime) -> Sale:
    """What is known of an opportunity that was never seen: that it is gone."""
    told = {"stage_id": None, "stage": "", "board": "", "value": None, "currency": "", "won_at": None, "lost_at": None}
    return Sale(
        lead_id=noted.lead_id,
        account=noted.account,
        opportunity_id=number,
        status=SaleStatus.IN_PROGRESS,
        loss_reason="",
        updated_at=None,
        seen_at=noted.received_at,
        missing_since=now,
        **told,  # type: ignore[arg-type]
    )
