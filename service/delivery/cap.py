"""Whether a location is full: Nexudus holds 5,000 opportunities for each, and no document tells how it says so."""

import re

from service.delivery.context import AccountContext
from service.nexudus import counts
from service.nexudus.errors import NexudusError, OutcomeUnknown, Rejected

_SAID = re.compile(r"(?=.*\bopportunit)(?=.*\b(?:limit|maximum|too many|no more)\b)", re.IGNORECASE | re.DOTALL)


def is_full(context: AccountContext, account: str, business_id: int, error: NexudusError) -> bool:
    """Whether a create failed because the location is full: the CRM says so, or a count does.

    Counted are only failures that name no field, and server errors where the location is known to be nearly full.
    Raises: OutOfPace.
    """
    if _SAID.search(error.said):
        return True
    unexplained = isinstance(error, Rejected) and not error.fields
    if not unexplained and not (isinstance(error, OutcomeUnknown) and _is_nearly_full(context, account, business_id)):
        return False
    try:
        return counts.count_at(context.nexudus, business_id) >= counts.CAP and counts.tells_locations_apart(
            context.nexudus
        )
    except NexudusError:
        return False


def _is_nearly_full(context: AccountContext, account: str, business_id: int) -> bool:
    """The daily count warns in time."""
    with context.store.read() as tx:
        return any(concern.cause == cause_of(account, business_id) for concern in tx.alerts.open())


def cause_of(account: str, business_id: int) -> str:
    """The cause under which a location that is full, or nearly, is kept among the store's concerns."""
    return f"cap:{account}:{business_id}"
