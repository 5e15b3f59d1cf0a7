"""How full a location is. At 5,000 opportunities Nexudus takes no more, whatever is sent."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from service.delivery.setup_check.cached_reader import CachedReader
from service.delivery.setup_check.problem import SetupProblem
from service.nexudus import counts
from service.nexudus.client import Nexudus
from service.nexudus.counts import CAP

WARN_FROM = 4500
PACE_DAYS = 30
ROLE = "CrmOpportunity-List"
REMEDY = "delete old opportunities in Nexudus, or send new ones to another location"


def cap_cause(account: str, business_id: int) -> str:
    """The cause under which a full location is kept among the store's concerns."""
    return f"cap:{account}:{business_id}"


def check_capacity(seen: CachedReader, business_id: int, now: datetime) -> Iterator[SetupProblem]:
    """Whether a location will soon be full, and when.

    Raises: Unseen.
    """
    apart = seen.ask("counts by location", "cap", counts.tells_locations_apart, ROLE)
    if not apart:
        yield from _check_total(seen)
        return
    what = f"the opportunities of location {business_id}"
    count = seen.ask(what, "cap", lambda nexudus: counts.count_at(nexudus, business_id), ROLE)
    if count < WARN_FROM:
        return
    causes, subject = (cap_cause(seen.account, business_id),), f"account {seen.account}"
    holds = f"location {business_id} holds {count:,} of {CAP:,} opportunities"
    if count >= CAP:
        yield SetupProblem("error", "cap", subject, f"{holds} and takes no more", REMEDY, causes)
        return
    since = now - timedelta(days=PACE_DAYS)

    def count_young(nexudus: Nexudus) -> int | None:
        return counts.count_since(nexudus, business_id, since)

    young = seen.ask(f"the pace of location {business_id}", "cap", count_young, ROLE)
    yield SetupProblem("warning", "cap", subject, f"{holds}{forecast(count, young)}", REMEDY, causes)


def forecast(count: int, young: int | None) -> str:
    """When a location is full. young: how many came in the last 30 days, None where that does not show."""
    if young is None:
        return ""
    if young == 0:
        return f", none of the last {PACE_DAYS} days"
    days = max(1, round((CAP - count) * PACE_DAYS / young))
    return f", full in about {days} {'day' if days == 1 else 'days'} at the pace of the last {PACE_DAYS} days"


def _check_total(seen: CachedReader) -> Iterator[SetupProblem]:
    """Where the filter by location is not understood, all locations together are at least as many."""
    count = seen.ask("all opportunities", "cap", counts.count_all, ROLE)
    if count >= WARN_FROM:
        problem = f"could not count by location; all locations together hold {count:,} opportunities"
        remedy = f"see in Nexudus that none comes near {CAP:,}"
        yield SetupProblem("warning", "cap", f"account {seen.account}", problem, remedy, skipped=True)
