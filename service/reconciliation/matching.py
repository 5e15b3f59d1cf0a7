"""What a page of opportunities says of leads: which are theirs, and what happened to them since the last sighting."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from service.lead import LeadId, OpportunityId, marked_in
from service.nexudus.pipeline import LOST, WON, Opportunity
from service.reconciliation.account_reader import AccountReader
from service.reconciliation.stages import StageReading
from service.store import LeadRecord, Sale, SaleChange, SaleStatus, Transaction

STATUSES = {WON: SaleStatus.WON, LOST: SaleStatus.LOST}

SOON = timedelta(seconds=1)
"""An opportunity whose last change came so soon after it was made is still where it began."""

LATE = timedelta(hours=1)
"""How long the history may take to show where an opportunity was placed."""


@dataclass(frozen=True, slots=True)
class UnmatchedOpportunity:
    """An opportunity that bears a lead's mark, but is not what is noted of that lead."""

    lead_id: LeadId
    opportunity_id: OpportunityId


@dataclass(frozen=True, slots=True)
class PageMatch:
    """What one page showed.

    ours: leads whose noted opportunity was there. tells: the list shows marks, in one of their places.
    strangers: how many bear marks of leads that are not here. hidden: those that bear none that would be shown.
    """

    ours: frozenset[LeadId] = frozenset()
    tells: bool = False
    odd: tuple[UnmatchedOpportunity, ...] = ()
    strangers: int = 0
    hidden: tuple[int, ...] = ()


def mark_of(card: Opportunity) -> LeadId | None:
    """The lead whose mark an opportunity bears."""
    return marked_in(card.system_id) or marked_in(card.notes or "") or marked_in(card.mark_field)


def match_page(book: AccountReader, cards: Sequence[Opportunity], stages: StageReading, now: datetime) -> PageMatch:
    """Note how the leads of these opportunities stand, and what happened to them.

    stages: the reading of the stage history just before; from where that is hidden, stages come from the records.
    Raises: StoreUnavailable.
    """
    marks = {card.id: mark_of(card) for card in cards}
    with book.store.read() as tx:
        by_number = tx.crm.lead_records_by_opportunity(book.account, marks, now)
        by_mark = tx.crm.lead_records([mark for mark in marks.values() if mark], now)
    ours = [(card, by_number[card.id]) for card in cards if card.id in by_number]
    _note(book, ours, stages, now)
    others = [card for card in cards if card.id not in by_number]
    known = {mark: noted for mark, noted in by_mark.items() if noted.account == book.account}
    return PageMatch(
        ours=frozenset(noted.lead_id for _, noted in ours),
        tells=any(marked_in(card.system_id) or marked_in(card.mark_field) or card.notes is not None for card in cards),
        odd=tuple(_odd(others, marks, known)),
        strangers=sum(1 for card in others if (mark := marks[card.id]) and mark not in by_mark),
        hidden=tuple(card.id for card in others if not marks[card.id] and card.notes is None),
    )


def _odd(
    cards: Iterable[Opportunity], marks: Mapping[int, LeadId | None], known: Mapping[LeadId, LeadRecord]
) -> Iterable[UnmatchedOpportunity]:
    for card in cards:
        mark = marks[card.id]
        if mark and mark in known:
            yield UnmatchedOpportunity(mark, OpportunityId(card.id))


# -- how they stand


def _note(
    book: AccountReader, ours: Sequence[tuple[Opportunity, LeadRecord]], stages: StageReading, now: datetime
) -> None:
    lead_ids = [noted.lead_id for _, noted in ours]

    def keep(tx: Transaction) -> None:
        tx.crm.lock_account(book.account)
        before, past = tx.crm.sales_of(lead_ids), tx.crm.changes_of(lead_ids)
        changed, changes, same = [], [], []
        for card, noted in ours:
            known = before.get(noted.lead_id)
            sale = sale_of(card, noted, known, now)
            if known and _is_same(known, sale):
                same.append(noted.lead_id)
            else:
                changed.append(sale)
            changes += _happened(card, noted, sale, known, past[noted.lead_id], stages, now)
        tx.crm.save_sales(changed, changes)
        tx.crm.mark_seen(same, now)

    if ours:
        book.store.write(keep)


def sale_of(card: Opportunity, noted: LeadRecord, known: Sale | None, now: datetime) -> Sale:
    """How the lead's opportunity stands, as this card shows it; known: how it stood before."""
    status = STATUSES.get(card.status, SaleStatus.IN_PROGRESS)
    # Where the CRM does not tell when it was closed, the change by which that was noticed does; later ones do not.
    before = known if known and known.status is status else None
    closed_at = (before and (before.won_at or before.lost_at)) or card.updated_at or now
    return Sale(
        lead_id=noted.lead_id,
        account=noted.account,
        opportunity_id=OpportunityId(card.id),
        stage_id=card.stage_id,
        stage=card.stage,
        board=card.board,
        status=status,
        value=card.value,
        currency=card.currency,
        won_at=(card.won_at or closed_at) if status is SaleStatus.WON else None,
        lost_at=(card.lost_at or closed_at) if status is SaleStatus.LOST else None,
        loss_reason=card.loss_reason if status is SaleStatus.LOST else "",
        updated_at=card.updated_at,
        seen_at=now,
        acknowledged_at=known.acknowledged_at if known and known.missing_since is None else None,
    )


def _is_same(known: Sale, sale: Sale) -> bool:
    """Whether nothing happened: when it was seen does not count, nor that it was gone meanwhile."""
    return (
        replace(sale, seen_at=known.seen_at, missing_since=known.missing_since, acknowledged_at=known.acknowledged_at)
        == known
    )


def _happened(
    card: Opportunity,
    noted: LeadRecord,
    sale: Sale,
    known: Sale | None,
    past: Sequence[SaleChange],
    stages: StageReading,
    now: datetime,
) -> list[SaleChange]:
    """What is new since the last sighting; at the first one, also that the lead was received."""
    lead_id, changes = noted.lead_id, []
    before = known if any(change.kind == "status" for change in past) else None
    if before is None:
        changes.append(SaleChange(lead_id, "status", SaleStatus.IN_PROGRESS.value, noted.received_at, now))
    step = _stage_of_record(card, known, [change for change in past if change.kind == "stage"], stages, now)
    changes += [SaleChange(lead_id, "stage", name, at, now) for name, at in step]
    if sale.status is not (before.status if before else SaleStatus.IN_PROGRESS):
        at = sale.won_at or sale.lost_at or sale.updated_at or now
        changes.append(SaleChange(lead_id, "status", sale.status.value, at, now))
    return changes


# -- in which stage they are, where the history does not say so

Steps = list[tuple[str, datetime]]
"""The stages that an opportunity came into, each with its time; none or one."""


def _stage_of_record(
    card: Opportunity, known: Sale | None, noted: Sequence[SaleChange], stages: StageReading, now: datetime
) -> Steps:
    if stages.access == "shown":
        return _placement(card, noted, stages, now)
    if stages.access == "failed":
        return []  # the next reading brings it, with its time
    if noted and known and known.stage_id == card.stage_id:
        return []
    changed_at = card.updated_at or now
    return [(card.stage, (card.created_at or changed_at) if not noted and _is_untouched(card) else changed_at)]


def _placement(card: Opportunity, noted: Sequence[SaleChange], stages: StageReading, now: datetime) -> Steps:
    """Where it was placed when it was made, if the history has no row of that."""
    made_at = card.created_at or card.updated_at or now
    origin = stages.origins.get(card.id)
    if noted:
        return [(origin, made_at)] if origin and made_at < noted[0].at else []
    if stages.certain_from and made_at < stages.certain_from:
        stages.missed = True
        return []
    return [(card.stage, made_at)] if _is_untouched(card) or made_at < now - LATE else []


def _is_untouched(card: Opportunity) -> bool:
    if card.created_at is None or card.updated_at is None:
        return True
    return card.updated_at - card.created_at < SOON
