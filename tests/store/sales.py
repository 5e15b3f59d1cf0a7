"""Builders of sales, the outcomes of leads."""

from dataclasses import replace
from typing import Any

from service.lead import CoworkerId, Lead, OpportunityId
from service.store import Sale, SaleChange, SaleStatus, Store
from tests.builders import NOON
from tests.store.actions import enqueue


def a_sale(lead: Lead, number: int = 80001, **changes: Any) -> Sale:
    """An opportunity in its first stage."""
    whole = Sale(
        lead_id=lead.id,
        account="default",
        opportunity_id=OpportunityId(number),
        stage_id=1001,
        stage="New enquiry",
        board="Sales",
        status=SaleStatus.IN_PROGRESS,
        value=450.0,
        currency="GBP",
        won_at=None,
        lost_at=None,
        loss_reason="",
        updated_at=NOON,
        seen_at=NOON,
    )
    return replace(whole, **changes)


def a_change(lead: Lead, kind: str = "status", name: str = "in_progress", **changes: Any) -> SaleChange:
    """Something that happened at noon."""
    return replace(SaleChange(lead.id, kind, name, at=NOON, seen_at=NOON), **changes)


def delivered(store: Store, lead: Lead, number: int = 80001) -> Lead:
    """Keep a delivered lead."""
    enqueue(store, lead)
    store.write(lambda tx: tx.crm.adopt(lead.id, CoworkerId(5001), OpportunityId(number), NOON))
    return lead
