"""Nexudus's numbers and field names, as far as the forms file may speak of them.

LeadSource is Nexudus's eCrmOpportunitySource; it has no 3. What we fill in ourselves must not be
overwritten by an `extra` table, for two places would then claim to say it.
"""

import math
from typing import Any

from marshmallow import ValidationError

from service.forms.kinds import name_kind, read_whole

LEAD_SOURCES = frozenset({1, 2, *range(4, 27), 98, 99})
LARGEST = 2**53  # beyond it JSON numbers are not exact

_FROM_LEAD = "it comes from the lead"
OPPORTUNITY_FIELDS = {
    "Id": "Nexudus gives it",
    "CoworkerId": "the contact is found or made from the lead",
    "CrmBoardColumnId": "write stage_id, or board and stage",
    "Position": "write position",
    "Status": "a new opportunity is always in progress",
    "Name": "write name",
    "Notes": _FROM_LEAD,
    "SystemId": "it carries our mark",
    "LeadSource": "write lead_source, answer_map or source_map",
    "UtmSource": _FROM_LEAD,
    "UtmMedium": _FROM_LEAD,
    "UtmCampaign": _FROM_LEAD,
    "UtmContent": _FROM_LEAD,
    "UtmTerm": _FROM_LEAD,
    "OpportunityTypeId": "write opportunity_type_id",
    "ResponsibleId": "write responsible_id",
    "TeamId": "write team_id",
    "ReferrerId": "write referrer_id",
    "AgentId": "write agent_id",
    "Value": "write value",
    "DueDate": "write due_in_days",
}
COWORKER_FIELDS = {
    "Id": "Nexudus gives it",
    "FullName": _FROM_LEAD,
    "Email": _FROM_LEAD,
    "MobilePhone": _FROM_LEAD,
    "CompanyName": _FROM_LEAD,
    "CountryId": "write country_id",
    "SimpleTimeZoneId": "write time_zone_id",
    "BusinessId": "write business_id",
    "Businesses": "write business_id",
    "InvoicingBusinessId": "write business_id",
    "Tag": "write tag",
    "CreateUser": "it would send a welcome e-mail",
    "TariffId": "it would put the person on a paid plan",
    "BillingDay": "it would start invoicing",
    "RenewalDate": "it would start invoicing",
}


def read_lead_source(value: Any) -> int:
    """One of Nexudus's LeadSource numbers."""
    number = read_whole(value, least=-LARGEST, most=LARGEST)
    if number not in LEAD_SOURCES:
        raise ValidationError(f"{number} is no LeadSource of Nexudus: valid are 1, 2, 4 to 26, 98 and 99")
    return number


def check_opportunity_field(name: str) -> str:
    """A CrmOpportunity field that is the operator's to set."""
    return _check_free(name, OPPORTUNITY_FIELDS)


def check_coworker_field(name: str) -> str:
    """A Coworker field that is the operator's to set."""
    return _check_free(name, COWORKER_FIELDS)


def read_literal(value: Any) -> Any:
    """A value for the CRM as it is: text, number, true or false, lists and tables of them."""
    if isinstance(value, dict):
        return {name: read_literal(below) for name, below in value.items()}
    if isinstance(value, list):
        return [read_literal(below) for below in value]
    if isinstance(value, str):
        return str(value)
    if not isinstance(value, bool | int | float):
        raise ValidationError(f"must be text, a number, or true or false, not {name_kind(value)}: put it in quotes")
    if not math.isfinite(value) or abs(value) > LARGEST:
        raise ValidationError("is too large a number")
    return value


def _check_free(name: str, ours: dict[str, str]) -> str:
    for field, why in ours.items():
        if field.lower() == name.lower():
            raise ValidationError(f"{field} is not yours to set here: {why}")
    return name
