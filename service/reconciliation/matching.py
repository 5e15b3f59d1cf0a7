"""Matching a page of opportunities with leads, and recording their state and changes."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from service.lead import LeadId, OpportunityId, marked_in
from service.nexudus.pipeline import LOST, WON, Opportunity
from service.reconciliation.account_reader import AccountReader
from service.reconciliation.first_answers import changed_by_a_person
from service.reconciliation.stages import StageReading
from service.store import FirstAnswer, LeadRecord, Sale, SaleChange, SaleStatus, Transaction

STATUSES = {WON: SaleStatus.WON, LOST: SaleStatus.LOST}

UNTOUCHED_WITHIN = timedelta(seconds=1)
"""An opportunity last changed this soon after its creation is still in its first stage."""

HISTORY_LAG = timedelta(hours=1)
"""Time the stage history may take to show the stage in which an opportunity was created."""


@dataclass(frozen=True, slots=True)
class UnmatchedOpportunity:
    """An opportunity that carries a lead's marker, but is not the one recorded for that lead."""

    lead_id: LeadId
    opportunity_id: OpportunityId


@dataclass(frozen=True, slots=True)
class PageMatch:
    """The result of matching one page of opportunities.

    matched: leads whose recorded opportunity is on the page. shows_markers: the list includes a field for markers.
    foreign: opportunities with markers of unknown leads. unreadable: those without a field that could hold a marker.
    """

    matched: frozenset[LeadId] = frozenset()
    shows_markers: bool = False
    unmatched: tuple[UnmatchedOpportunity, ...] = ()
    foreign: int = 0
    unreadable: tuple[int, ...] = ()


def marked_lead(opportunity: Opportunity) -> LeadId | None:
    """Return the lead whose marker an opportunity carries."""
    return marked_in(opportunity.system_id) or marked_in(opportunity.notes or "") or marked_in(opportunity.mark_field)


def match_page(
    reader: AccountReader, opportunities: Sequence[Opportunity], stages: StageReading, now: datetime
) -> PageMatch:
    """Match opportunities with leads, and record their state and changes.

    stages: the reading of the stage history just before; if that is hidden, stages come from the opportunities.
    Raises: StoreUnavailable.
    """
    markers = {opportunity.id: marked_lead(opportunity) for opportunity in opportunities}
    with reader.store.read() as tx:
        by_id = tx.crm.lead_records_by_opportunity(reader.account, markers, now)
        by_marker = tx.crm.lead_records([lead_id for lead_id in markers.values() if lead_id], now)
    _record(reader, [(one, by_id[one.id]) for one in opportunities if one.id in by_id], stages, now)
    others = [one for one in opportunities if one.id not in by_id]
    own = {lead_id for lead_id, record in by_marker.items() if record.account == reader.account}
    return PageMatch(
        matched=frozenset(record.lead_id for record in by_id.values()),
        shows_markers=any(
            marked_in(one.system_id) or marked_in(one.mark_field) or one.notes is not None for one in opportunities
        ),
        unmatched=tuple(
            UnmatchedOpportunity(lead_id, OpportunityId(one.id))
            for one in others
            if (lead_id := markers[one.id]) and lead_id in own
        ),
        foreign=sum(1 for one in others if (lead_id := markers[one.id]) and lead_id not in by_marker),
        unreadable=tuple(one.id for one in others if not markers[one.id] and one.notes is None),
    )


# -- the state of leads


def _record(
    reader: AccountReader, matches: Sequence[tuple[Opportunity, LeadRecord]], stages: StageReading, now: datetime
) -> None:
    lead_ids = [record.lead_id for _, record in matches]

    def save(tx: Transaction) -> None:
        tx.crm.lock_account(reader.account)
        sales, history = tx.crm.sales_of(lead_ids), tx.crm.changes_of(lead_ids)
        sent = tx.queue.request_bodies([lead_id for lead_id in lead_ids if lead_id not in sales])
        changed, changes, unchanged = [], [], []
        answers: list[FirstAnswer] = []
        for opportunity, record in matches:
            previous = sales.get(record.lead_id)
            sale = sale_of(opportunity, record, previous, now)
            if previous and _is_unchanged(previous, sale):
                unchanged.append(record.lead_id)
            else:
                changed.append(sale)
            answers += changed_by_a_person(
                opportunity,
                record,
                sale,
                previous,
                sent.get(record.lead_id),
                stages.own_moves.get(opportunity.id, ()),
                shows_history=stages.access != "hidden",
            )
            changes += _new_changes(opportunity, record, sale, previous, history[record.lead_id], stages, now)
        tx.crm.save_sales(changed, changes)
        tx.crm.mark_seen(unchanged, now)
        tx.answers.record_answers(answers, now)

    if matches:
        reader.store.write(save)


def sale_of(opportunity: Opportunity, record: LeadRecord, previous: Sale | None, now: datetime) -> Sale:
    """Return the state of the lead's opportunity. previous: its state at the last reading."""
    status = STATUSES.get(opportunity.status, SaleStatus.IN_PROGRESS)
    # Without a closing date from the CRM, the change in which the closing was noticed dates it; later ones do not.
    closed = previous if previous and previous.status is status else None
    closed_at = (closed and (closed.won_at or closed.lost_at)) or opportunity.updated_at or now
    return Sale(
        lead_id=record.lead_id,
        account=record.account,
        opportunity_id=OpportunityId(opportunity.id),
        stage_id=opportunity.stage_id,
        stage=opportunity.stage,
        board=opportunity.board,
        status=status,
        value=opportunity.value,
        currency=opportunity.currency,
        won_at=(opportunity.won_at or closed_at) if status is SaleStatus.WON else None,
        lost_at=(opportunity.lost_at or closed_at) if status is SaleStatus.LOST else None,
        loss_reason=opportunity.loss_reason if status is SaleStatus.LOST else "",
        updated_at=opportunity.updated_at,
        seen_at=now,
        acknowledged_at=previous.acknowledged_at if previous and previous.missing_since is None else None,
        responsible_id=_owner_of(opportunity, previous),
    )


def _owner_of(opportunity: Opportunity, previous: Sale | None) -> int | None:
    """Return the owner; a list may leave it out."""
    if opportunity.responsible_id is None and previous is not None:
        return previous.responsible_id
    return opportunity.responsible_id


def _is_unchanged(previous: Sale, sale: Sale) -> bool:
    """Compare everything except when it was seen, missing or acknowledged."""
    same = replace(
        sale,
        seen_at=previous.seen_at,
        missing_since=previous.missing_since,
        acknowledged_at=previous.acknowledged_at,
    )
    return same == previous


def _new_changes(
    opportunity: Opportunity,
    record: LeadRecord,
    sale: Sale,
    previous: Sale | None,
    history: Sequence[SaleChange],
    stages: StageReading,
    now: datetime,
) -> list[SaleChange]:
    """Return the changes since the last reading; at the first one, also that the lead was received."""
    lead_id, changes = record.lead_id, []
    is_first = previous is None or not any(change.kind == "status" for change in history)
    if is_first:
        changes.append(SaleChange(lead_id, "status", SaleStatus.IN_PROGRESS.value, record.received_at, now))
    recorded = [change for change in history if change.kind == "stage"]
    changes += [
        SaleChange(lead_id, "stage", name, at, now)
        for name, at in _stage_of_opportunity(opportunity, previous, recorded, stages, now)
    ]
    known_status = SaleStatus.IN_PROGRESS if is_first or previous is None else previous.status
    if sale.status is not known_status:
        at = sale.won_at or sale.lost_at or sale.updated_at or now
        changes.append(SaleChange(lead_id, "status", sale.status.value, at, now))
    return changes


# -- the stage, if the history does not show it


def _stage_of_opportunity(
    opportunity: Opportunity, previous: Sale | None, recorded: Sequence[SaleChange], stages: StageReading, now: datetime
) -> Iterator[tuple[str, datetime]]:
    """Yield the stage that the opportunity entered, and when, if only the opportunity itself shows it."""
    if stages.access == "shown":
        yield from _first_stage(opportunity, recorded, stages, now)
    elif stages.access == "hidden" and not (recorded and previous and previous.stage_id == opportunity.stage_id):
        changed_at = opportunity.updated_at or now
        is_first = not recorded and _is_untouched(opportunity)
        yield opportunity.stage, (opportunity.created_at or changed_at) if is_first else changed_at
    # After a failed reading, the next one brings the stage with its time.


def _first_stage(
    opportunity: Opportunity, recorded: Sequence[SaleChange], stages: StageReading, now: datetime
) -> Iterator[tuple[str, datetime]]:
    """Yield the stage in which it was created, if the history has no row for that."""
    created_at = opportunity.created_at or opportunity.updated_at or now
    origin = stages.origins.get(opportunity.id)
    if recorded:
        if origin and created_at < recorded[0].at:
            yield origin, created_at
    elif stages.complete_since and created_at < stages.complete_since:
        stages.is_incomplete = True
    elif _is_untouched(opportunity) or created_at < now - HISTORY_LAG:
        yield opportunity.stage, created_at


def _is_untouched(opportunity: Opportunity) -> bool:
    if opportunity.created_at is None or opportunity.updated_at is None:
        return True
    return opportunity.updated_at - opportunity.created_at < UNTOUCHED_WITHIN
