"""The result of a comparison: missing and duplicate leads, also at ad platforms, and what to do.

Leads are named by their ids only.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from service import clock
from service.capture.fields.enquiries import Enquiry
from service.fetching.connection import PlatformConnection
from service.lead import LeadId, OpportunityId, Status
from service.platforms.reader import PlatformError
from service.store import Store


class DiscrepancyKind(StrEnum):
    """Kinds of discrepancies."""

    GONE = "gone"  # delivered, but its opportunity is no longer in Nexudus
    DOUBLED = "doubled"  # several opportunities carry its marker
    UNNOTED = "unnoted"  # in Nexudus, but not recorded as delivered
    ERASED = "erased"  # in Nexudus, though the person was erased here
    MISSED = "missed"  # leads at a platform that never arrived


@dataclass(frozen=True, slots=True)
class Discrepancy:
    """One discrepancy.

    opportunity_id: recorded here. opportunities: others that carry the lead's marker.
    sender, missing, since: of an ad platform, the ids of its leads that never arrived, and the start of the period.
    """

    kind: DiscrepancyKind
    lead_id: LeadId | None = None
    form: str = ""
    opportunity_id: OpportunityId | None = None
    opportunities: tuple[OpportunityId, ...] = ()
    sender: str = ""
    missing: tuple[str, ...] = ()
    since: datetime | None = None

    @property
    def problem(self) -> str:
        """The problem in words."""
        others = self._others
        match self.kind:
            case DiscrepancyKind.GONE:
                return f"Nexudus no longer shows opportunity {self.opportunity_id} to the service account"
            case DiscrepancyKind.DOUBLED:
                return f"besides opportunity {self.opportunity_id}, {others} in Nexudus carries the same marker"
            case DiscrepancyKind.UNNOTED:
                return f"Nexudus has opportunity {others}, but the lead is not recorded as delivered here"
            case DiscrepancyKind.ERASED:
                return f"the person was erased here, but Nexudus has opportunity {others}"
        number = len(self.missing)
        return f"{self.sender} has {number} {'lead' if number == 1 else 'leads'} of {self.form} that did not arrive"

    @property
    def remedy(self) -> str:
        """The remedy in words."""
        match self.kind:
            case DiscrepancyKind.GONE:
                return (
                    f"if it was deleted on purpose, `lead-capture reconcile --excuse {self.lead_id}`; if it was moved, "
                    f"give the service account access to that location; otherwise enter it again from "
                    f"`lead-capture leads show {self.lead_id}`"
                )
            case DiscrepancyKind.DOUBLED:
                return (
                    f"keep {self.opportunity_id}, copy over what is worth keeping, and delete the other in Nexudus by "
                    f"hand; if both are wanted, `lead-capture reconcile --excuse {self.lead_id}`"
                )
            case DiscrepancyKind.UNNOTED:
                return "`lead-capture reconcile --repair` records it here, so that it is not sent again"
            case DiscrepancyKind.ERASED:
                return "delete the opportunity and the contact in Nexudus by hand if they are to be erased there too"
        since = f" --since {self.since:%Y-%m-%d}" if self.since else ""
        return f"`lead-capture pull {self.form}{since}` fetches them"

    def as_row(self) -> dict[str, Any]:
        """Return JSON values."""
        return {
            "kind": self.kind.value,
            "lead_id": self.lead_id,
            "form": self.form,
            "opportunity_id": self.opportunity_id,
            "opportunities": list(self.opportunities),
            "sender": self.sender,
            "missing": list(self.missing),
            "problem": self.problem,
            "remedy": self.remedy,
        }

    @property
    def _others(self) -> str:
        return " and ".join(map(str, self.opportunities))


@dataclass(frozen=True, slots=True)
class PlatformComparison:
    """One ad platform compared with one form, for leads submitted since `since`.

    missing: the platform's ids of leads that never arrived. problem: why the list is incomplete, "" if it is complete.
    """

    sender: str
    form: str
    listed: int = 0
    missing: tuple[str, ...] = ()
    problem: str = ""
    since: datetime | None = None


@dataclass(frozen=True, slots=True)
class Comparison:
    """One comparison of one account.

    received: leads received here, by status. matched: their opportunities that Nexudus has.
    discrepancies: the first ones; total: their number.
    foreign: opportunities with markers of leads that are not in this database.
    unreadable: opportunities that Nexudus lists without the fields that could hold a marker.
    unchecked: delivered leads that were not listed, and too many to look up one by one.
    has_no_history: the stage history is not shown to the service account.
    problem: why the account could not be read to the end.
    """

    account: str
    received: Mapping[Status, int]
    matched: int = 0
    discrepancies: Sequence[Discrepancy] = ()
    total: int = 0
    foreign: int = 0
    unreadable: int = 0
    unchecked: int = 0
    has_no_history: bool = False
    platforms: Sequence[PlatformComparison] = field(default_factory=tuple)
    problem: str = ""

    @property
    def is_right(self) -> bool:
        """Whether everything was compared and agrees."""
        return not (self.total or self.problem or self.unchecked)

    def remarks(self) -> Iterator[str]:
        """Yield remarks worth knowing besides the discrepancies."""
        if self.problem:
            yield self.problem
        if self.unchecked:
            yield (
                f"{self.unchecked} more delivered leads were not among the opportunities that Nexudus listed, too many "
                "to look up one by one: check whether the service account has lost access to a location."
            )
        if self.foreign:
            yield (
                f"{self.foreign} opportunities carry markers of leads that are not in this database: another "
                "installation uses the same account, or the database was restored from a backup."
            )
        if self.unreadable:
            yield f"{self.unreadable} opportunities were skipped: Nexudus lists them without SystemId and notes."
        for platform in self.platforms:
            if platform.problem:
                yield f"{platform.sender}, {platform.form}: {platform.problem}"
        if self.has_no_history:
            yield (
                "Nexudus does not show its stage history to the service account, so stages are recorded when they are "
                "noticed, with the time of the opportunity's last change: give it the role CrmOpportunityHistory-List."
            )

    def as_json(self) -> dict[str, Any]:
        """Return JSON values, for the terminal, the store and the dashboard."""
        return {
            "account": self.account,
            "is_right": self.is_right,
            "is_whole": not self.problem,
            "received": {status.value: number for status, number in sorted(self.received.items())},
            "nexudus": {"found": self.matched, "strangers": self.foreign, "hidden": self.unreadable},
            "platforms": [
                {"sender": one.sender, "form": one.form, "listed": one.listed, "missing": len(one.missing)}
                for one in self.platforms
            ],
            "findings": [discrepancy.as_row() for discrepancy in self.discrepancies],
            "number": self.total,
            "remarks": list(self.remarks()),
        }


# -- leads that an ad platform has and the store lacks
#
# Nothing is stored: `lead-capture pull` fetches them.


MAX_AGE = timedelta(days=7)
"""Age of the leads that platforms are queried for, unless an operator gives a time: platforms count calls."""

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
    from service.capture.accept import arrival_of_id  # noqa: PLC0415 (4 MB, and most workers fetch from no platform)

    with store.read() as tx:
        arrivals = {one: arrival_of_id(connection.sender, one, connection.form, now) for one in external_ids}
        return [one for one, arrival in arrivals.items() if tx.leads.match(arrival, now) is None]
