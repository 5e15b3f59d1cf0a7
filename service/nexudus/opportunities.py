"""Creating the opportunity.

Source of the fields, unless a line says otherwise: Nexudus REST reference, "Create CrmOpportunity".
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from http import HTTPStatus

from marshmallow import INCLUDE, ValidationError, validates_schema

from service.nexudus.client import Nexudus, Params
from service.nexudus.enumerations import LEAD_SOURCES
from service.nexudus.errors import Unavailable
from service.nexudus.fields import Amount, Body, Choice, CustomValues, Instant, Text, Whole, rejection
from service.nexudus.values import Row

PATH = "/api/crm/crmopportunities"

NOTES_MAX = 20_000
"""No length is documented for Notes. What is cut is the end, so a marker belongs in front."""

NEVER_SENT = frozenset(
    {"Id", "UniqueId", "CreatedOn", "UpdatedOn", "UpdatedBy"}
    | {"Completed", "Reminded", "WonOn", "LostOn", "LossReason"}
    | {"Coworker", "CreateUser"}
)
"""The record's own keeping, what closes an opportunity, and the customer, who is never changed."""

_NEVER_SENT = {name.lower() for name in NEVER_SENT}  # the CRM may read names in any case

NOT_EXTRA = frozenset(["CrmBoardColumnId", "CoworkerId", "SystemId", "Status", "CustomFields"])
"""Closed to literal additions: the vetted stage, the person, the marker, that it is in progress, what `custom` says."""


@dataclass(frozen=True, slots=True, repr=False)
class NewOpportunity:
    """An opportunity to be made. Ids are Nexudus's; None and "" are left out of the body.

    stage_id implies board and location. responsible_id is an admin user, referrer_id and agent_id
    are coworkers. value is in the board's currency. system_id is the marker to search for.
    extra: literal additions under the CRM's names, for accounts that want more than is documented.
    custom: the operator's own fields, by name or id.
    """

    stage_id: int
    coworker_id: int
    name: str = ""
    notes: str = ""
    position: int = 1  # others were seen to end in 500s; the server renumbers
    opportunity_type_id: int | None = None
    responsible_id: int | None = None
    team_id: int | None = None
    referrer_id: int | None = None
    agent_id: int | None = None
    value: float | None = None
    due_at: datetime | None = None
    lead_source: int | None = None
    utm_source: str = ""
    utm_medium: str = ""
    utm_campaign: str = ""
    utm_content: str = ""
    utm_term: str = ""
    system_id: str = ""
    extra: Mapping[str, object] = field(default_factory=dict)
    custom: Mapping[str, str] = field(default_factory=dict)


class OpportunityBody(Body):
    """The documented body: our word = the CRM's name, kind and limits."""

    class Meta:
        """Literal additions may have names that are not documented."""

        unknown = INCLUDE

    stage_id = Whole(data_key="CrmBoardColumnId", required=True)
    coworker_id = Whole(data_key="CoworkerId", required=True)
    position = Whole(0, data_key="Position", required=True)
    status = Choice(1, data_key="Status", required=True, dump_default=1)  # 1 InProgress; required in newer docs
    name = Text(255, data_key="Name")  # a short tag; no limit documented
    notes = Text(NOTES_MAX, lines=True, data_key="Notes")  # shown to admins
    opportunity_type_id = Whole(data_key="OpportunityTypeId")
    responsible_id = Whole(data_key="ResponsibleId")
    team_id = Whole(data_key="TeamId")
    referrer_id = Whole(data_key="ReferrerId")
    agent_id = Whole(data_key="AgentId")
    value = Amount(data_key="Value")
    due_at = Instant(data_key="DueDate")  # the follow-up
    lead_source = Choice(*LEAD_SOURCES, data_key="LeadSource")
    utm_source = Text(255, data_key="UtmSource")  # filled by the CRM for its own portal forms only
    utm_medium = Text(255, data_key="UtmMedium")
    utm_campaign = Text(255, data_key="UtmCampaign")
    utm_content = Text(255, data_key="UtmContent")
    utm_term = Text(255, data_key="UtmTerm")
    system_id = Text(100, data_key="SystemId")  # "user-defined, API-only": object page of the support site
    custom = CustomValues(data_key="CustomFields")

    @validates_schema(pass_original=True, skip_on_field_errors=False)
    def _refuse(self, _read: object, body: Mapping[str, object], **_: object) -> None:
        found = {name: ["is never sent; take it out"] for name in body if name.lower() in _NEVER_SENT}
        if found:
            raise ValidationError(found)


_SPELT = {str(f.data_key).lower(): str(f.data_key) for f in OpportunityBody().fields.values()}


def compose(new: NewOpportunity) -> Row:
    """The exact body that would be sent: cleaned, cut to length, nulls left out, additions last.

    Raises: Rejected, naming each field and what to do.
    """
    found = {name: told for name in new.extra if (told := _objection(name))}
    if found:
        raise rejection(found, new.extra)
    body: Row = {**OpportunityBody().dump(new), **new.extra}
    OpportunityBody().check(body)
    return body


def _objection(name: str) -> str:
    """Why a literal addition is not taken, "" when it is."""
    spelt = _SPELT.get(name.lower(), name)
    if spelt in NOT_EXTRA:
        return "cannot be set by an addition"
    return "" if spelt == name else f"is spelt {spelt}"  # the CRM would take both, and we know neither which


def create(nexudus: Nexudus, body: Mapping[str, object]) -> int:
    """Create the opportunity of a composed body; returns its id.

    Raises: Rejected before anything is sent when the body is wrong; else as Nexudus.post.
    """
    OpportunityBody().check(body)
    return nexudus.post(PATH, body)


MAX_OPPORTUNITIES = 5000
"""Opportunities that one location may hold (REST reference of CrmOpportunity); closed ones may count or not."""

NOWHERE = 2**31 - 1
"""An id that no record has: the CRM's ids are 32-bit and given in order."""

LOCATION = "CrmOpportunity_CrmBoardColumn_CrmBoard_Business_Id"
SINCE = "from_CrmOpportunity_CreatedOn"
FAR = "2999-01-01T00:00"


def count_all(nexudus: Nexudus) -> int:
    """All opportunities that the login reaches.

    Raises: as Nexudus.get; Unavailable where the answer tells no number. So do the others here.
    """
    return _count(nexudus, {})


def count_at(nexudus: Nexudus, business_id: int) -> int:
    """Those of one location; only to be believed where `tells_locations_apart`."""
    return _count(nexudus, {LOCATION: business_id})


def count_since(nexudus: Nexudus, business_id: int, since: datetime) -> int | None:
    """Those of one location made since then; None where the CRM does not look at the date."""
    if _count(nexudus, {LOCATION: business_id, SINCE: FAR}):
        return None
    return _count(nexudus, {LOCATION: business_id, SINCE: since.strftime("%Y-%m-%dT%H:%M")})


def filters_by_location(nexudus: Nexudus) -> bool:
    """Whether the filter by location is understood: an unknown one is ignored, and then everything is counted."""
    return count_at(nexudus, NOWHERE) == 0


def _count(nexudus: Nexudus, params: Params) -> int:
    value = nexudus.get(PATH, {**params, "page": 1, "size": 1})
    total = value.get("TotalItems") if isinstance(value, dict) else None
    if not isinstance(total, int) or isinstance(total, bool):
        raise Unavailable("the answer to a search tells no number of items", HTTPStatus.OK)
    return total
