"""What became of leads: how each opportunity stands in the CRM, and what happened to it."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import and_, case, delete, func, literal, or_, select, update

from service.lead import CoworkerId, LeadId, OpportunityId, Status, first_lead_id
from service.store.database.columns import UtcDateTime
from service.store.database.report_tables import sale_changes, sales
from service.store.database.repository import Repository
from service.store.database.tables import deliveries, leads
from service.store.leads.stored import StoredLeads
from service.store.queue.outbox import DONE


class SaleStatus(StrEnum):
    """How far an opportunity is."""

    IN_PROGRESS = "in_progress"  # also what every lead begins as
    WON = "won"
    LOST = "lost"


@dataclass(frozen=True, slots=True)
class Sale:
    """How the opportunity of a lead stands in the CRM, as it was last seen. value: in `currency`, expected or made."""

    lead_id: LeadId
    account: str
    opportunity_id: OpportunityId
    stage_id: int | None
    stage: str
    board: str
    status: SaleStatus
    value: float | None
    currency: str  # ISO 4217, "" unknown
    won_at: datetime | None
    lost_at: datetime | None
    loss_reason: str  # the CRM's word, "" unknown
    updated_at: datetime | None  # as the CRM tells it
    seen_at: datetime
    missing_since: datetime | None = None  # when it was first found to be there no more
    acknowledged_at: datetime | None = None  # when an operator said that this, or a double, is right


@dataclass(frozen=True, slots=True)
class SaleChange:
    """One thing that happened to an opportunity. at: when, as near as the CRM says; seen_at: when it was last noted.

    number: of the note, in the order in which they were made; 0 while it is none.
    """

    lead_id: LeadId
    kind: str  # "stage" or "status"
    name: str  # of the stage, or of the SaleStatus
    at: datetime
    seen_at: datetime
    number: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class LeadRecord:
    """What is noted here of a lead, for comparing it with the CRM."""

    lead_id: LeadId
    account: str
    form: str
    status: Status
    received_at: datetime
    opportunity_id: OpportunityId | None
    claimed: bool  # a worker is sending it at this moment


class Sales(Repository):
    """What became of leads, within one transaction."""

    # -- what is known

    def sales_of(self, lead_ids: Iterable[str]) -> dict[LeadId, Sale]:
        """How some leads stand; those of which nothing was seen yet are left out."""
        found = self._execute(select(sales).where(sales.c.lead_id.in_(list(lead_ids))))
        return {LeadId(row.lead_id): _sale(row) for row in found}

    def changes_of(self, lead_ids: Sequence[str]) -> dict[LeadId, list[SaleChange]]:
        """What happened to each of some leads, in the order of time; at one instant, in the order of the notes."""
        columns = [sale_changes.c[name] for name in ("lead_id", "kind", "name", "at", "seen_at", "id")]
        query = select(*columns).where(sale_changes.c.lead_id.in_(lead_ids)).order_by(sale_changes.c.id)
        found: dict[LeadId, list[SaleChange]] = {LeadId(lead_id): [] for lead_id in lead_ids}
        for row in self._execute(query):
            found[LeadId(row.lead_id)].append(SaleChange(*row))
        return {lead_id: sorted(changes, key=lambda change: change.at) for lead_id, changes in found.items()}

    def lead_records(self, lead_ids: Iterable[str], now: datetime) -> dict[LeadId, LeadRecord]:
        """What is noted here of some leads."""
        return {noted.lead_id: noted for noted in self._noted(leads.c.id.in_(list(lead_ids)), now)}

    def lead_records_by_opportunity(self, account: str, numbers: Iterable[int], now: datetime) -> dict[int, LeadRecord]:
        """The same of the leads that have these opportunities, by the opportunities' numbers."""
        mine = and_(leads.c.opportunity_id.in_(list(numbers)), leads.c.account == account)
        return {noted.opportunity_id: noted for noted in self._noted(mine, now) if noted.opportunity_id}

    def _noted(self, condition: Any, now: datetime) -> list[LeadRecord]:
        query = _NOTED.outerjoin(deliveries, deliveries.c.lead_id == leads.c.id).where(condition)
        return [
            LeadRecord(
                LeadId(row.id),
                row.account,
                row.form,
                Status(row.status),
                row.received_at,
                row.opportunity_id,
                claimed=row.lease_until is not None and row.lease_until > now,
            )
            for row in self._execute(query)
        ]

    def first_received(self, account: str) -> datetime | None:
        """When the first lead came that has an opportunity of this account; None while there is none."""
        mine = select(leads.c.received_at).where(leads.c.account == account, leads.c.opportunity_id.is_not(None))
        received_at: datetime | None = self._execute(mine.order_by(leads.c.id).limit(1)).scalar()
        return received_at

    def count_by_status(self, account: str, since: datetime | None) -> dict[Status, int]:
        """How many leads of an account stand where, of those received since then."""
        query = select(leads.c.status, func.count()).where(leads.c.account == account).group_by(leads.c.status)
        if since:
            query = query.where(leads.c.id >= first_lead_id(since))
        return {Status(status): number for status, number in self._execute(query)}

    def unseen_leads(
        self, account: str, since: datetime | None, before: datetime, after: str, size: int
    ) -> list[tuple[LeadId, OpportunityId]]:
        """Delivered leads whose opportunity was not seen at or after `before`, by their ids; not those excused as gone.

        after: the last one's id of the page before.
        """
        seen = and_(sales.c.lead_id == leads.c.id, sales.c.opportunity_id == leads.c.opportunity_id)
        query = (
            select(leads.c.id, leads.c.opportunity_id)
            .outerjoin(sales, seen)
            .where(leads.c.account == account, leads.c.status == Status.DELIVERED.value)
            .where(leads.c.id > max(after, first_lead_id(since) if since else ""))
            .where(leads.c.opportunity_id.is_not(None), leads.c.delivered_at < before)
            .where(or_(sales.c.seen_at.is_(None), and_(sales.c.seen_at < before, ~_EXCUSED)))
        )
        found = self._execute(query.order_by(leads.c.id).limit(size))
        return [(LeadId(lead_id), OpportunityId(number)) for lead_id, number in found]

    # -- noting

    def save_sales(self, seen: Sequence[Sale], changes: Sequence[SaleChange]) -> None:
        """Note how opportunities stand now, and what happened to them."""
        if seen:
            insert = self._database.insert(sales)
            renewed = {name: insert.excluded[name] for name in sales.c.keys() if name != "lead_id"}  # noqa: SIM118 (no dict)
            upsert = insert.on_conflict_do_update(index_elements=["lead_id"], set_=renewed)
            self._execute(upsert, [_row(sale) for sale in seen])
        if changes:
            self._execute(sale_changes.insert(), [_change_row(change) for change in changes])

    def correct_changes(self, changes: Iterable[SaleChange]) -> None:
        """Note some changes anew, under their numbers."""
        for change in changes:
            mine = update(sale_changes).where(sale_changes.c.id == change.number)
            self._execute(mine.values(_change_row(change)))

    def confirm_changes(self, numbers: Sequence[int], now: datetime) -> None:
        """Note of some changes that the CRM still has them so."""
        if numbers:
            self._execute(update(sale_changes).where(sale_changes.c.id.in_(numbers)).values(seen_at=now))

    def leads_seen_at(self, account: str, at: datetime, after: str, size: int) -> list[LeadId]:
        """Leads of an account of which a stage was noted at that instant, by their ids.

        after: the last one's id of the page before.
        """
        query = select(sale_changes.c.lead_id).join(leads, leads.c.id == sale_changes.c.lead_id).distinct()
        query = query.where(leads.c.account == account, sale_changes.c.kind == "stage", sale_changes.c.seen_at == at)
        rows = self._execute(query.where(sale_changes.c.lead_id > after).order_by(sale_changes.c.lead_id).limit(size))
        return [LeadId(lead_id) for lead_id in rows.scalars()]

    def delete_changes(self, numbers: Sequence[int]) -> None:
        """Remove notes that the CRM does not confirm."""
        if numbers:
            self._execute(delete(sale_changes).where(sale_changes.c.id.in_(numbers)))

    def mark_seen(self, lead_ids: Sequence[LeadId], now: datetime) -> None:
        """They are still there, as they were."""
        if lead_ids:
            mine = update(sales).where(sales.c.lead_id.in_(lead_ids))
            self._execute(mine.values(seen_at=now, missing_since=None, acknowledged_at=_IF_THERE))

    def mark_missing(self, missing: Sequence[Sale]) -> None:
        """They are there no more. Of those never seen before, that much is noted; when it was first noticed, stays."""
        for sale in missing:
            first = func.coalesce(sales.c.missing_since, literal(sale.missing_since, UtcDateTime))
            values = {
                "missing_since": first,
                "acknowledged_at": case((sales.c.missing_since.is_not(None), sales.c.acknowledged_at)),
            }
            insert = self._database.insert(sales).values(**_row(sale))
            upsert = insert.on_conflict_do_update(index_elements=["lead_id"], set_=values)
            self._execute(upsert)

    def acknowledge(self, lead_ids: Sequence[str], now: datetime) -> list[LeadId]:
        """An operator says that it is right that they are gone, or double; those of them that were ever looked for."""
        known = update(sales).where(sales.c.lead_id.in_(lead_ids))
        done = self._execute(known.values(acknowledged_at=now).returning(sales.c.lead_id))
        return [LeadId(lead_id) for lead_id in done.scalars()]

    def adopt(self, lead_id: LeadId, coworker_id: CoworkerId, number: OpportunityId, now: datetime) -> bool:
        """The CRM has the opportunity of a lead, and nobody noted it: note it, and owe nothing more.

        False where a worker is sending the lead at this moment, or it is erased: then nothing is changed.
        """
        free = or_(deliveries.c.claimed_by.is_(None), deliveries.c.lease_until <= now)
        paying = update(deliveries).where(deliveries.c.lead_id == lead_id, free)
        nothing_more = {
            "blocked_by": None,
            "claimed_by": None,
            "lease_until": None,
            "unknown_step": None,
            "unknown_since": None,
        }
        paid = paying.values(state=DONE, coworker_id=coworker_id, verify_count=0, **nothing_more)
        if self._execute(paid).rowcount != 1:
            return False
        self._as(StoredLeads).mark_delivered(lead_id, coworker_id, number, now)
        return True


def _row(sale: Sale) -> dict[str, Any]:
    return {**asdict(sale), "status": sale.status.value}


def _change_row(change: SaleChange) -> dict[str, Any]:
    return {name: value for name, value in asdict(change).items() if name != "number"}


def _sale(row: Any) -> Sale:
    sale = Sale(*row)
    return replace(sale, status=SaleStatus(sale.status))


_EXCUSED = and_(sales.c.missing_since.is_not(None), sales.c.acknowledged_at.is_not(None))
_IF_THERE = case((sales.c.missing_since.is_(None), sales.c.acknowledged_at))
"""What was excused while it was there, stays so; that it was gone is another matter once it is back."""

_NOTED = select(
    *(leads.c[name] for name in ("id", "account", "form", "status", "received_at", "opportunity_id")),
    deliveries.c.lease_until,
)
