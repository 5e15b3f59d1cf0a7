"""Forgetting a person: what is erased here and what must be erased elsewhere, as JSON."""

from datetime import datetime
from typing import Any

from service.lead import marker_of
from service.store import ErasureResult, Store


def forget(store: Store, email: str, now: datetime, *, is_dry: bool) -> dict[str, Any]:
    """Erase a person from all of their leads. is_dry: only report what would be erased.

    Raises: StoreUnavailable; then some leads may have been erased.
    """
    with store.read() as tx:
        leads = [lead for lead in map(tx.leads.get, tx.leads.of_person(email)) if lead is not None]
    erased = ErasureResult() if is_dry else store.erase([lead.id for lead in leads], now)
    gone = [lead for lead in leads if is_dry or lead.id in erased.done]
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
