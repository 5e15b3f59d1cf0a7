"""The outcome of every lead of a history, by the service's own records and by the tables of the simulated Nexudus."""

from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field

from service.lead import Lead, Status, marked_in
from service.simulator.exchange import Record
from service.simulator.world import World
from tests.storm.installation import Installation

GONE = "gone with the database"
"""How leads end that arrived after the backup, and were not delivered before it was put back."""


@dataclass
class Enquiry:
    """One person's enquiry, sent as often as necessary. ids: of the lead, as acknowledged."""

    name: str
    email: str
    form: str = "contact"
    key: str = ""
    answers: dict[str, str] = field(default_factory=dict)
    ids: list[str] = field(default_factory=list)


@dataclass
class Verdict:
    """Sentences about lost and duplicated leads, and the number of leads by outcome."""

    lost: list[str] = field(default_factory=list)
    doubled: list[str] = field(default_factory=list)
    ends: Counter[str] = field(default_factory=Counter)

    @property
    def is_good(self) -> bool:
        """Whether nothing was lost or duplicated."""
        return not (self.lost or self.doubled)


def judge(
    installation: Installation, enquiries: Sequence[Enquiry], gone: Collection[str], *, is_restored: bool
) -> Verdict:
    """Judge a history that has come to rest.

    gone: leads that a backup did not have when it was put back. is_restored: whether that ever happened; then a lead
    may have been given the opportunity of another id.
    """
    leads = {str(lead.id): lead for lead in installation.leads()}
    worlds = list(installation.network.worlds.values())
    by_lead = _opportunities_by_lead(worlds)
    doubled = [*_doubled(by_lead), *_two_contacts(worlds), *_two_ids(enquiries, is_restored=is_restored)]
    verdict = Verdict(doubled=doubled)
    for lead in leads.values():
        verdict.ends[lead.status] += 1
        if problem := _problem_of(lead, by_lead, is_restored=is_restored):
            verdict.lost.append(f"{lead.id} {problem}")
    for lead_id in dict.fromkeys(lead_id for enquiry in enquiries for lead_id in enquiry.ids):
        if lead_id not in leads and lead_id not in by_lead:
            if lead_id in gone:
                verdict.ends[GONE] += 1
            else:
                verdict.lost.append(f"{lead_id} was acknowledged and is nowhere")
    return verdict


def _opportunities_by_lead(worlds: Sequence[World]) -> dict[str, list[Record]]:
    by_lead: dict[str, list[Record]] = {}
    for world in worlds:
        for record in world.tables["CrmOpportunity"].rows.values():
            marked = marked_in(record["SystemId"] or "") or marked_in(record["Notes"] or "")
            by_lead.setdefault(str(marked), []).append(record)
    return by_lead


def _doubled(by_lead: dict[str, list[Record]]) -> Iterator[str]:
    for lead_id, records in by_lead.items():
        if len(records) > 1:
            yield f"{lead_id} has {len(records)} opportunities"


def _two_contacts(worlds: Sequence[World]) -> Iterator[str]:
    for world in worlds:
        people = Counter(record["Email"].lower() for record in world.tables["Coworker"].rows.values())
        for email, number in people.items():
            if number > 1:
                yield f"{email} has {number} contacts in one account"


def _two_ids(enquiries: Sequence[Enquiry], *, is_restored: bool) -> Iterator[str]:
    for enquiry in enquiries:
        if enquiry.key and len(set(enquiry.ids)) > 1 and not is_restored:
            yield f"{enquiry.name} was acknowledged as {len(set(enquiry.ids))} leads"


def _problem_of(lead: Lead, by_lead: dict[str, list[Record]], *, is_restored: bool) -> str:
    match lead.status:
        case Status.DELIVERED:
            own = {record["Id"]: record["CoworkerEmail"] for record in by_lead.get(lead.id, [])}
            if is_restored:  # it may have been given the one of a lead that the database no longer has
                return "" if own or lead.opportunity_id else "is delivered as nothing"
            if lead.opportunity_id not in own:
                return f"is delivered as {lead.opportunity_id}, but its own are {list(own)}"
            email = lead.submission.contact.email
            return "" if own[lead.opportunity_id] == email else f"of {email} belongs to {own[lead.opportunity_id]}"
        case Status.PARKED | Status.QUARANTINED:
            return "" if lead.problem else f"is {lead.status} without a reason"
        case Status.DISCARDED:
            return ""
    return f"is {lead.status}: {lead.problem}"
