"""Sales: the opportunity of each delivered lead as last seen in the CRM, and its history."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import and_, case, delete, func, literal, or_, select, update

from service.lead import CoworkerId, LeadId, OpportunityId, Status, first_lead_id
from service.store.database.columns import UtcDateTime
from service.store.database.report_tables import sale_changes, sales
from service.store.database.repository import NO_LEASE, Repository
from service.store.database.tables import DONE, deliveries, leads, of_account
from service.store.leads.stored import StoredLeads
from service.store.outbox import NOTHING_UNKNOWN


class SaleStatus(StrEnum):
    """The outcome of an opportunity, so far."""

    IN_PROGRESS = "in_progress"  # also the state that every lead begins in
    WON = "won"
    LOST = "lost"


@dataclass(frozen=True, slots=True)
class Sale:
    """The opportunity of a lead, as last seen in the CRM. value: in `currency`, expected or won."""

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
    updated_at: datetime | None  # according to the CRM
    seen_at: datetime
    missing_since: datetime | None = None  # when it was first missed
    acknowledged_at: datetime | None = None  # when an operator accepted it as missing or double
    responsible_id: int | None = None  # the owner in the CRM; 0: none; None: not seen yet


@dataclass(frozen=True, slots=True)
class SaleChange:
    """One change of an opportunity. at: when, as precisely as the CRM says; seen_at: when it was last confirmed.

    number: of its record, in the order of recording; 0 before it is recorded.
    """

    lead_id: LeadId
    kind: str  # "stage" or "status"
    name: str  # of the stage, or of the SaleStatus
    at: datetime
    seen_at: datetime
    number: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class LeadRecord:
    """A stored lead, for comparison with the CRM."""

    lead_id: LeadId
    account: str
    form: str
    status: Status
    received_at: datetime
    opportunity_id: OpportunityId | None
    claimed: bool  # a worker is sending it at this moment


_COLUMNS = [column for column in sales.c if column.name != "reached"]


class Sales(Repository):
    """Sales and their history."""

    # -- reading

    def sales_of(self, lead_ids: Iterable[str]) -> dict[LeadId, Sale]:
        """Return the sales of leads; leads never seen in the CRM are left out."""
        rows = self._execute(select(*_COLUMNS).where(sales.c.lead_id.in_(list(lead_ids))))
        return {LeadId(row.lead_id): _sale(row) for row in rows}

    def changes_of(self, lead_ids: Sequence[str]) -> dict[LeadId, list[SaleChange]]:
        """Return the changes of each lead by time; changes of one instant in the order of recording."""
        columns = [sale_changes.c[name] for name in ("lead_id", "kind", "name", "at", "seen_at", "id")]
        query = select(*columns).where(sale_changes.c.lead_id.in_(lead_ids)).order_by(sale_changes.c.id)
        by_lead: dict[LeadId, list[SaleChange]] = {LeadId(lead_id): [] for lead_id in lead_ids}
        for row in self._execute(query):
            by_lead[LeadId(row.lead_id)].append(SaleChange(*row))
        return {lead_id: sorted(changes, key=lambda change: change.at) for lead_id, changes in by_lead.items()}

    def lead_records(self, lead_ids: Iterable[str], now: datetime) -> dict[LeadId, LeadRecord]:
        """Return the stored leads with these ids."""
        return {record.lead_id: record for record in self._records(leads.c.id.in_(list(lead_ids)), now)}

    def lead_records_by_opportunity(self, account: str, numbers: Iterable[int], now: datetime) -> dict[int, LeadRecord]:
        """Return the stored leads with these opportunities, by the opportunities' numbers."""
        of_numbers = and_(leads.c.opportunity_id.in_(list(numbers)), of_account(account))
        records = self._records(of_numbers, now)
        return {record.opportunity_id: record for record in records if record.opportunity_id}

    def _records(self, condition: Any, now: datetime) -> list[LeadRecord]:
        query = _RECORDS.outerjoin(deliveries, deliveries.c.lead_id == leads.c.id).where(condition)
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
        """Return the arrival of the first lead with an opportunity in this account; None while there is none."""
        with_opportunity = select(leads.c.received_at).where(of_account(account), leads.c.opportunity_id.is_not(None))
        received_at: datetime | None = self._execute(with_opportunity.order_by(leads.c.id).limit(1)).scalar()
        return received_at

    def count_by_status(self, account: str, since: datetime | None) -> dict[Status, int]:
        """Count by sale status the leads of an account received since then."""
        query = select(leads.c.status, func.count()).where(of_account(account)).group_by(leads.c.status)
        if since:
            query = query.where(leads.c.id >= first_lead_id(since))
        return {Status(status): number for status, number in self._execute(query)}

    def unseen_leads(
        self, account: str, since: datetime | None, before: datetime, after: str, size: int
    ) -> list[tuple[LeadId, OpportunityId]]:
        """Return delivered leads whose opportunity was not seen since `before`, by id, unless accepted as missing.

        after: the last id of the page before.
        """
        seen = and_(sales.c.lead_id == leads.c.id, sales.c.opportunity_id == leads.c.opportunity_id)
        query = (
            select(leads.c.id, leads.c.opportunity_id)
            .outerjoin(sales, seen)
            .where(of_account(account), leads.c.status == Status.DELIVERED.value)
            .where(leads.c.id > max(after, first_lead_id(since) if since else ""))
            .where(leads.c.opportunity_id.is_not(None), leads.c.delivered_at < before)
            .where(or_(sales.c.seen_at.is_(None), and_(sales.c.seen_at < before, ~_ACCEPTED)))
        )
        rows = self._execute(query.order_by(leads.c.id).limit(size))
        return [(LeadId(lead_id), OpportunityId(number)) for lead_id, number in rows]

    # -- recording

    def save_sales(self, seen: Sequence[Sale], changes: Sequence[SaleChange]) -> None:
        """Record opportunities as seen, and their changes."""
        if seen:
            insert = self._database.insert(sales)
            renewed = {column.name: insert.excluded[column.name] for column in _COLUMNS if column.name != "lead_id"}
            upsert = insert.on_conflict_do_update(index_elements=["lead_id"], set_=renewed)
            self._execute(upsert, [_row(sale) for sale in seen])
        if changes:
            self._execute(sale_changes.insert(), [_change_row(change) for change in changes])

    def correct_changes(self, changes: Iterable[SaleChange]) -> None:
        """Rewrite changes under their numbers."""
        for change in changes:
            self._execute(update(sale_changes).where(sale_changes.c.id == change.number).values(_change_row(change)))

    def confirm_changes(self, numbers: Sequence[int], now: datetime) -> None:
        """Record that the CRM still confirms some changes."""
        if numbers:
            self._execute(update(sale_changes).where(sale_changes.c.id.in_(numbers)).values(seen_at=now))

    def leads_seen_at(self, account: str, at: datetime, after: str, size: int) -> list[LeadId]:
        """Return the leads of an account with a stage recorded at that instant, by id.

        after: the last id of the page before.
        """
        query = select(sale_changes.c.lead_id).join(leads, leads.c.id == sale_changes.c.lead_id).distinct()
        query = query.where(of_account(account), sale_changes.c.kind == "stage", sale_changes.c.seen_at == at)
        rows = self._execute(query.where(sale_changes.c.lead_id > after).order_by(sale_changes.c.lead_id).limit(size))
        return [LeadId(lead_id) for lead_id in rows.scalars()]

    def delete_changes(self, numbers: Sequence[int]) -> None:
        """Delete changes that the CRM does not confirm."""
        if numbers:
            self._execute(delete(sale_changes).where(sale_changes.c.id.in_(numbers)))

    def mark_seen(self, lead_ids: Sequence[LeadId], now: datetime) -> None:
        """Record that opportunities are still there, unchanged."""
        if lead_ids:
            seen = update(sales).where(sales.c.lead_id.in_(lead_ids))
            self._execute(seen.values(seen_at=now, missing_since=None, acknowledged_at=_IF_THERE))

    def mark_missing(self, missing: Sequence[Sale]) -> None:
        """Record that opportunities are missing, including those of leads never seen before; the first time stays."""
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
        """Record that an operator accepts missing or double opportunities; returns the leads with a sale."""
        known = update(sales).where(sales.c.lead_id.in_(lead_ids))
        accepted = self._execute(known.values(acknowledged_at=now).returning(sales.c.lead_id))
        return [LeadId(lead_id) for lead_id in accepted.scalars()]

    def adopt(self, lead_id: LeadId, coworker_id: CoworkerId, number: OpportunityId, now: datetime) -> bool:
        """Record an opportunity that the CRM has and the store lacks, and end the delivery.

        False if a worker is sending the lead at this moment, or it is erased: then nothing is changed.
        """
        free = or_(deliveries.c.claimed_by.is_(None), deliveries.c.lease_until <= now)
        ending = update(deliveries).where(deliveries.c.lead_id == lead_id, free)
        done = {"state": DONE, "coworker_id": coworker_id, "blocked_by": None, **NO_LEASE, **NOTHING_UNKNOWN}
        if self._execute(ending.values(done)).rowcount != 1:
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


_ACCEPTED = and_(sales.c.missing_since.is_not(None), sales.c.acknowledged_at.is_not(None))
_IF_THERE = case((sales.c.missing_since.is_(None), sales.c.acknowledged_at))
"""Accepted doubles stay accepted; the acceptance of a missing opportunity ends when it reappears."""

_RECORDS = select(
    *(leads.c[name] for name in ("id", "account", "form", "status", "received_at", "opportunity_id")),
    deliveries.c.lease_until,
)
