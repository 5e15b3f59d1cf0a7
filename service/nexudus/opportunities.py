"""Creating opportunities, and counting them: a search for one record shows the number of all.

Source of the fields, unless a line says otherwise: Nexudus REST reference, "Create CrmOpportunity".
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from http import HTTPStatus

from marshmallow import INCLUDE, ValidationError, validates_schema

from service.nexudus.client import Nexudus, Params
from service.nexudus.errors import Unavailable
from service.nexudus.fields import (
    AmountField,
    ChoiceField,
    CustomValuesField,
    InstantField,
    IntField,
    RecordBody,
    TextField,
    rejection,
)
from service.nexudus.values import LEAD_SOURCES, Row

PATH = "/api/crm/crmopportunities"

MAX_NOTES_UNITS = 20_000
"""UTF-16 units of Notes; no length is documented. A longer text loses its end."""

NEVER_SENT = frozenset(
    {"Id", "UniqueId", "CreatedOn", "UpdatedOn", "UpdatedBy"}
    | {"Completed", "Reminded", "WonOn", "LostOn", "LossReason"}
    | {"Coworker", "CreateUser"}
)
"""Fields that the server sets, fields that close an opportunity, and the customer, who is never changed."""

_NEVER_SENT = {name.lower() for name in NEVER_SENT}  # the CRM may read names in any case

NOT_EXTRA = frozenset(["CrmBoardColumnId", "CoworkerId", "SystemId", "Status", "CustomFields"])
"""Fields that additions may not set: the checked stage, the person, the marker, the status, and `custom`."""


@dataclass(frozen=True, slots=True, repr=False)
class NewOpportunity:
    """An opportunity to create. None and "" are left out of the body.

    stage_id implies board and location. responsible_id: an admin user; referrer_id, agent_id: coworkers. value: in the
    board's currency. system_id: the marker. extra: literal additions under the CRM's names, for undocumented fields.
    custom: the operator's own fields by name or id.
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


class OpportunityBody(RecordBody):
    """The documented body: our name = the CRM's name, kind and limits."""

    class Meta:
        """Literal additions may have undocumented names."""

        unknown = INCLUDE

    stage_id = IntField(data_key="CrmBoardColumnId", required=True)
    coworker_id = IntField(data_key="CoworkerId", required=True)
    position = IntField(0, data_key="Position", required=True)
    status = ChoiceField(1, data_key="Status", required=True, dump_default=1)  # 1 InProgress; required in newer docs
    name = TextField(255, data_key="Name")  # a short tag; no limit documented
    notes = TextField(MAX_NOTES_UNITS, lines=True, data_key="Notes")  # shown to admins
    opportunity_type_id = IntField(data_key="OpportunityTypeId")
    responsible_id = IntField(data_key="ResponsibleId")
    team_id = IntField(data_key="TeamId")
    referrer_id = IntField(data_key="ReferrerId")
    agent_id = IntField(data_key="AgentId")
    value = AmountField(data_key="Value")
    due_at = InstantField(data_key="DueDate")  # the follow-up
    lead_source = ChoiceField(*LEAD_SOURCES, data_key="LeadSource")
    utm_source = TextField(255, data_key="UtmSource")  # filled by the CRM for its own portal forms only
    utm_medium = TextField(255, data_key="UtmMedium")
    utm_campaign = TextField(255, data_key="UtmCampaign")
    utm_content = TextField(255, data_key="UtmContent")
    utm_term = TextField(255, data_key="UtmTerm")
    system_id = TextField(100, data_key="SystemId")  # "user-defined, API-only": object page of the support site
    custom = CustomValuesField(data_key="CustomFields")

    @validates_schema(pass_original=True, skip_on_field_errors=False)
    def _refuse(self, _read: object, body: Mapping[str, object], **_: object) -> None:
        problems = {name: ["is never sent; take it out"] for name in body if name.lower() in _NEVER_SENT}
        if problems:
            raise ValidationError(problems)


_BODY = OpportunityBody()  # shared by all threads: it holds nothing of a call, and making one takes as long as using it
_SPELT = {str(f.data_key).lower(): str(f.data_key) for f in _BODY.fields.values()}


def compose(new: NewOpportunity) -> Row:
    """Return the exact body to send: cleaned, cut to length, without nulls, additions last.

    Raises: Rejected, naming each field and what to do.
    """
    problems = {name: problem for name in new.extra if (problem := _objection(name))}
    if problems:
        raise rejection(problems, new.extra)
    body: Row = {**_BODY.dump(new), **new.extra}
    _BODY.check(body)
    return body


def _objection(name: str) -> str:
    """Return why a literal addition is rejected; "" if it is not."""
    spelt = _SPELT.get(name.lower(), name)
    if spelt in NOT_EXTRA:
        return "cannot be set by an addition"
    return "" if spelt == name else f"is spelt {spelt}"  # with both spellings, which one the CRM takes is unknown


def create(nexudus: Nexudus, body: Mapping[str, object]) -> int:
    """Create the opportunity of a composed body; return its id.

    Raises: Rejected before anything is sent if the body is wrong; else as Nexudus.post.
    """
    _BODY.check(body)
    return nexudus.post(PATH, body)


MAX_OPPORTUNITIES = 5000
"""Maximum opportunities of one location (REST reference of CrmOpportunity); closed ones may or may not count."""

UNUSED_ID = 2**31 - 1
"""An id that no record has: the CRM's ids are 32-bit and ascending."""

LOCATION = "CrmOpportunity_CrmBoardColumn_CrmBoard_Business_Id"
SINCE = "from_CrmOpportunity_CreatedOn"
FAR = "2999-01-01T00:00"


def count_all(nexudus: Nexudus) -> int:
    """Return the number of opportunities that the login can see.

    Raises: as Nexudus.get; Unavailable if the response shows no number. So do the other counts.
    """
    return _count(nexudus, {})


def count_at(nexudus: Nexudus, business_id: int) -> int:
    """Return the number of opportunities of a location; reliable only if `filters_by_location`."""
    return _count(nexudus, {LOCATION: business_id})


def count_since(nexudus: Nexudus, business_id: int, since: datetime) -> int | None:
    """Return the number of opportunities of a location created since then; None if the CRM ignores the date."""
    if _count(nexudus, {LOCATION: business_id, SINCE: FAR}):
        return None
    return _count(nexudus, {LOCATION: business_id, SINCE: since.strftime("%Y-%m-%dT%H:%M")})


def filters_by_location(nexudus: Nexudus) -> bool:
    """Return whether the filter by location works; an unknown filter is ignored, and everything counted."""
    return count_at(nexudus, UNUSED_ID) == 0


def _count(nexudus: Nexudus, params: Params) -> int:
    value = nexudus.get(PATH, {**params, "page": 1, "size": 1})
    total = value.get("TotalItems") if isinstance(value, dict) else None
    if not isinstance(total, int) or isinstance(total, bool):
        raise Unavailable("the response to a search shows no number of items", HTTPStatus.OK)
    return total
