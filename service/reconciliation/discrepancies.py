"""What is missing or doubled, and what to do, in words. Nothing personal: leads are named by their ids."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from service.lead import LeadId, OpportunityId, Status


class DiscrepancyKind(StrEnum):
    """What can be wrong with one lead."""

    GONE = "gone"  # delivered, but Nexudus has the opportunity no more
    DOUBLED = "doubled"  # several opportunities bear its mark
    UNNOTED = "unnoted"  # Nexudus has it, and nobody noted that here
    ERASED = "erased"  # Nexudus has it, and the person was forgotten here
    MISSED = "missed"  # a platform has leads that are not here


@dataclass(frozen=True, slots=True)
class Discrepancy:
    """One thing that is wrong. opportunities: those that bear the mark, besides the noted one."""

    kind: DiscrepancyKind
    lead_id: LeadId | None = None
    form: str = ""
    noted: OpportunityId | None = None
    opportunities: tuple[OpportunityId, ...] = ()
    sender: str = ""  # of a platform's leads
    missing: tuple[str, ...] = ()  # the platform's ids of them
    since: datetime | None = None  # from when on they were asked for

    @property
    def problem(self) -> str:
        """What is wrong."""
        return _PROBLEMS[self.kind](self)

    @property
    def remedy(self) -> str:
        """What to do."""
        return _REMEDIES[self.kind](self)

    def as_row(self) -> dict[str, Any]:
        """As JSON values."""
        return {
            "kind": self.kind.value,
            "lead_id": self.lead_id,
            "form": self.form,
            "opportunity_id": self.noted,
            "opportunities": list(self.opportunities),
            "sender": self.sender,
            "missing": list(self.missing),
            "problem": self.problem,
            "remedy": self.remedy,
        }


def _numbers(finding: Discrepancy) -> str:
    return " and ".join(map(str, finding.opportunities))


def _missed(finding: Discrepancy) -> str:
    number = len(finding.missing)
    return (
        f"{finding.sender} has {number} {'lead' if number == 1 else 'leads'} of {finding.form} that did not come here"
    )


def _pull(finding: Discrepancy) -> str:
    since = f" --since {finding.since:%Y-%m-%d}" if finding.since else ""
    return f"`lead-capture pull {finding.form}{since}` brings them"


_PROBLEMS = {
    DiscrepancyKind.GONE: lambda f: f"Nexudus no longer shows opportunity {f.noted} to the service account",
    DiscrepancyKind.DOUBLED: lambda f: f"besides opportunity {f.noted}, {_numbers(f)} in Nexudus bears the same mark",
    DiscrepancyKind.UNNOTED: lambda f: (
        f"Nexudus has opportunity {_numbers(f)}, but the lead is not recorded as delivered here"
    ),
    DiscrepancyKind.ERASED: lambda f: f"the person was forgotten here, but Nexudus has opportunity {_numbers(f)}",
    DiscrepancyKind.MISSED: _missed,
}
_REMEDIES = {
    DiscrepancyKind.GONE: lambda f: (
        f"if it was deleted on purpose, `lead-capture reconcile --excuse {f.lead_id}`; if it was moved, give the "
        f"service account that location; else enter it again from `lead-capture leads show {f.lead_id}`"
    ),
    DiscrepancyKind.DOUBLED: lambda f: (
        f"keep {f.noted}, carry over what is worth it, and delete the other in Nexudus by hand; if both are wanted, "
        f"`lead-capture reconcile --excuse {f.lead_id}`"
    ),
    DiscrepancyKind.UNNOTED: lambda _: "`lead-capture reconcile --repair` notes it here, so that it is not sent again",
    DiscrepancyKind.ERASED: lambda _: (
        "delete the opportunity and the contact in Nexudus by hand if they are to be erased there too"
    ),
    DiscrepancyKind.MISSED: _pull,
}


@dataclass(frozen=True, slots=True)
class PlatformComparison:
    """What one platform told of one form. missing: its ids that are not here. problem: why it is not whole, or ""."""

    sender: str
    form: str
    listed: int = 0
    missing: tuple[str, ...] = ()
    problem: str = ""
    since: datetime | None = None  # from when on it was asked


NO_HISTORY = (
    "Nexudus shows the service account no stage history, so a stage is noted when it is noticed, with the time of the "
    "record's last change: see that the account has the role CrmOpportunityHistory-List."
)


@dataclass(frozen=True, slots=True)
class Comparison:
    """One comparison of one account. findings: the first MOST of them; number: of all.

    strangers: opportunities with marks of leads that are not here. hidden: opportunities that could not be looked
    into. unchecked: leads that were not among those listed, and of which there were too many to look for each.
    has_no_history: the stage history is not shown to the service account.
    """

    account: str
    received: Mapping[Status, int]
    found: int = 0
    findings: Sequence[Discrepancy] = ()
    number: int = 0
    strangers: int = 0
    hidden: int = 0
    unchecked: int = 0
    has_no_history: bool = False
    platforms: Sequence[PlatformComparison] = field(default_factory=tuple)
    problem: str = ""  # why the account could not be read to the end

    @property
    def is_right(self) -> bool:
        """Whether all agrees, as far as it was looked at, and it was looked at to the end."""
        return not (self.number or self.problem or self.unchecked)

    def remarks(self) -> Iterator[str]:
        """What is worth knowing, and no fault of a single lead."""
        if self.problem:
            yield self.problem
        if self.unchecked:
            yield (
                f"{self.unchecked} more delivered leads were not among the opportunities that Nexudus listed, too many "
                "to look for each: see whether a location was taken from the service account."
            )
        if self.strangers:
            yield (
                f"{self.strangers} opportunities bear marks of leads that are not here: another installation uses the "
                "same account, or this database was restored from a backup."
            )
        if self.hidden:
            yield f"{self.hidden} opportunities were not looked into, as Nexudus lists them without SystemId and notes."
        for one in self.platforms:
            if one.problem:
                yield f"{one.sender}, {one.form}: {one.problem}"
        if self.has_no_history:
            yield NO_HISTORY

    def as_json(self) -> dict[str, Any]:
        """As JSON values, for the terminal, the store and the dashboard."""
        return {
            "account": self.account,
            "is_right": self.is_right,
            "is_whole": not self.problem,
            "received": {status.value: number for status, number in sorted(self.received.items())},
            "nexudus": {"found": self.found, "strangers": self.strangers, "hidden": self.hidden},
            "platforms": [
                {"sender": one.sender, "form": one.form, "listed": one.listed, "missing": len(one.missing)}
                for one in self.platforms
            ],
            "findings": [finding.as_row() for finding in self.findings],
            "number": self.number,
            "remarks": list(self.remarks()),
        }
