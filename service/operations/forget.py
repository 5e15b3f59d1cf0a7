"""A person is forgotten: what was erased here, and what is left to do elsewhere, as JSON values."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from service.lead import Lead, marker_of
from service.store import ErasureResult, Store


def forget(store: Store, email: str, now: datetime, *, is_dry: bool) -> dict[str, Any]:
    """Erase all that the leads of a person say of them; with `is_dry` only tell what that would be.

    Raises: StoreUnavailable; then some may have been erased.
    """
    theirs = _leads_of(store, email)
    erased = ErasureResult() if is_dry else store.erase([lead.id for lead in theirs], now)
    return _told(theirs, erased, is_dry=is_dry)


def _leads_of(store: Store, email: str) -> list[Lead]:
    with store.read() as tx:
        found = (tx.leads.get(lead_id) for lead_id in tx.leads.of_person(email))
        return [lead for lead in found if lead is not None]


def _told(theirs: Sequence[Lead], erased: ErasureResult, *, is_dry: bool) -> dict[str, Any]:
    """What was, or would be, erased, and what Nexudus has of the person."""
    gone = [lead for lead in theirs if is_dry or lead.id in erased.done]
    return {
        "dry_run": is_dry,
        "erased": [
            {
                "id": lead.id,
                "form": lead.submission.form,
                "received_at": f"{lead.received_at:%Y-%m-%dT%H:%M:%SZ}",
                "status": lead.status.value,
            }
            for lead in gone
        ],
        "opportunities": [lead.opportunity_id for lead in gone if lead.opportunity_id is not None],
        "coworkers": sorted({lead.coworker_id for lead in gone if lead.coworker_id is not None}),
        "doubtful": [marker_of(lead_id) for lead_id in erased.doubtful],
        "busy": list(erased.busy),
    }
