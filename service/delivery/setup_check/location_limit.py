"""How full a location is. At 5,000 opportunities Nexudus accepts no more; no document shows its answer then."""

import re
from collections.abc import Iterator
from datetime import datetime, timedelta

from service.delivery.setup_check.cached_reader import CachedReader
from service.delivery.setup_check.problem import SetupProblem, location_cause
from service.nexudus import opportunities
from service.nexudus.client import Nexudus
from service.nexudus.errors import NexudusError, OutcomeUnknown, Rejected
from service.nexudus.opportunities import MAX_OPPORTUNITIES
from service.store import Store

WARN_FROM = 4500
PACE_DAYS = 30
ROLE = "CrmOpportunity-List"
REMEDY = "delete old opportunities in Nexudus, or send new ones to another location"

_LIMIT_MESSAGE = re.compile(
    r"(?=.*\bopportunit)(?=.*\b(?:limit|maximum|too many|no more)\b)", re.IGNORECASE | re.DOTALL
)


def is_full(nexudus: Nexudus, store: Store, account: str, business_id: int, error: NexudusError) -> bool:
    """Return whether a create failed because the location is full: the CRM says so, or a count shows it.

    The opportunities are counted only after failures that name no field, and after server errors if the location is
    known to be nearly full.
    Raises: OutOfPace, StoreUnavailable.
    """
    if _LIMIT_MESSAGE.search(error.message):
        return True
    is_unexplained = isinstance(error, Rejected) and not error.fields
    if not is_unexplained and not (isinstance(error, OutcomeUnknown) and _is_nearly_full(store, account, business_id)):
        return False
    try:
        return opportunities.count_at(nexudus, business_id) >= MAX_OPPORTUNITIES and opportunities.filters_by_location(
            nexudus
        )
    except NexudusError:
        return False


def _is_nearly_full(store: Store, account: str, business_id: int) -> bool:
    """Return whether the daily check has warned about the limit."""
    with store.read() as tx:
        return any(alert.cause == location_cause(account, business_id) for alert in tx.alerts.open())


def check_capacity(reader: CachedReader, business_id: int, now: datetime) -> Iterator[SetupProblem]:
    """Check whether a location will soon be full, and when.

    Raises: PartUnreadable.
    """
    if not reader.read("counts by location", "cap", opportunities.filters_by_location, ROLE):
        yield from _check_total(reader)
        return
    part = f"the opportunities of location {business_id}"
    count = reader.read(part, "cap", lambda nexudus: opportunities.count_at(nexudus, business_id), ROLE)
    if count < WARN_FROM:
        return
    causes, subject = (location_cause(reader.account, business_id),), f"account {reader.account}"
    holds = f"location {business_id} holds {count:,} of {MAX_OPPORTUNITIES:,} opportunities"
    if count >= MAX_OPPORTUNITIES:
        yield SetupProblem("error", "cap", subject, f"{holds} and accepts no more", REMEDY, causes)
        return
    since = now - timedelta(days=PACE_DAYS)

    def count_recent(nexudus: Nexudus) -> int | None:
        return opportunities.count_since(nexudus, business_id, since)

    recent = reader.read(f"the pace of location {business_id}", "cap", count_recent, ROLE)
    yield SetupProblem("warning", "cap", subject, f"{holds}{forecast(count, recent)}", REMEDY, causes)


def forecast(count: int, recent: int | None) -> str:
    """Return when a location will be full. recent: opportunities of the last 30 days, None if unknown."""
    if recent is None:
        return ""
    if recent == 0:
        return f", none of the last {PACE_DAYS} days"
    days = max(1, round((MAX_OPPORTUNITIES - count) * PACE_DAYS / recent))
    return f", full in about {days} {'day' if days == 1 else 'days'} at the pace of the last {PACE_DAYS} days"


def _check_total(reader: CachedReader) -> Iterator[SetupProblem]:
    """Check the sum over all locations, an upper bound, if the filter by location is not understood."""
    count = reader.read("all opportunities", "cap", opportunities.count_all, ROLE)
    if count >= WARN_FROM:
        problem = f"could not count by location; all locations together hold {count:,} opportunities"
        remedy = f"check in Nexudus that none is near {MAX_OPPORTUNITIES:,}"
        yield SetupProblem("warning", "cap", f"account {reader.account}", problem, remedy, skipped=True)
