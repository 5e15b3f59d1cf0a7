"""Leads that an ad platform has and we do not. Nothing is stored: `lead-capture pull` fetches them."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime, timedelta

from service import clock
from service.capture.accept import arrival_of_id
from service.capture.fields.enquiries import Enquiry
from service.fetching.connection import PlatformConnection
from service.platforms.reader import PlatformError
from service.reconciliation.discrepancies import PlatformComparison
from service.store import Store

MAX_AGE = timedelta(days=7)
"""Age of the leads that platforms are asked for unless an operator names a time: platforms count calls."""

BATCH_SIZE = 50
"""Leads looked up in one transaction."""

ComparePlatforms = Callable[[datetime | None], Iterable[PlatformComparison]]
"""Compares the platforms of one account with the leads submitted since then."""


def no_platforms(_since: datetime | None) -> Iterable[PlatformComparison]:
    """Compare nothing."""
    return ()


def platform_comparer(
    account: str, connections: Sequence[PlatformConnection], store: Store, *, is_unlimited: bool = False
) -> ComparePlatforms:
    """Return a function that compares the platforms of one account's forms, one by one.

    is_unlimited: compare from the given time on, even if it is more than MAX_AGE ago.
    """
    own = [connection for connection in connections if connection.form.account == account]

    def compare(since: datetime | None) -> Iterator[PlatformComparison]:
        now = clock.now()
        start = since if since and is_unlimited else max(since or now - MAX_AGE, now - MAX_AGE)
        return (compare_platform(connection, store, start, now) for connection in own)

    return compare


def compare_platform(
    connection: PlatformConnection, store: Store, since: datetime, until: datetime
) -> PlatformComparison:
    """List a platform's leads of one form, and look each of them up here.

    Raises: StoreUnavailable.
    """
    listed, missing, problem = 0, list[str](), ""
    batch: list[str] = []
    try:
        for item in connection.reader.pull(since, until):
            if isinstance(item, PlatformError):
                problem = _sentence(item)
            elif isinstance(item, Enquiry) and not item.is_test:
                listed += 1
                batch.append(item.external_id)
            if len(batch) == BATCH_SIZE:
                missing += _unknown(batch, connection, store, until)
                batch = []
    except PlatformError as error:
        problem = _sentence(error)
    missing += _unknown(batch, connection, store, until)
    return PlatformComparison(connection.sender, connection.form.name, listed, tuple(missing), problem, since)


def _sentence(error: PlatformError) -> str:
    return " ".join(part for part in (error.message, getattr(error, "remedy", "")) if part)


def _unknown(external_ids: Sequence[str], connection: PlatformConnection, store: Store, now: datetime) -> list[str]:
    with store.read() as tx:
        arrivals = {one: arrival_of_id(connection.sender, one, connection.form, now) for one in external_ids}
        return [one for one, arrival in arrivals.items() if tx.leads.match(arrival, now) is None]
