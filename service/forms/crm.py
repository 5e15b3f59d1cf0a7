"""Nexudus's numbers and field names in the forms file, and the steps of a lead in the CRM that are conversions.

LeadSource is Nexudus's eCrmOpportunitySource, which has no 3. Fields that the service fills are refused in `extra`.
"""

import difflib
import math
import re
from typing import Any

from marshmallow import ValidationError

from service.forms.templates import list_slots, read_braces
from service.forms.values import name_kind, read_name, read_table, read_text, read_trimmed, read_whole

# -- conversions: steps of a lead in the CRM, with their names at ad platforms


RECEIVED, WON, LOST = "received", "won", "lost"
WORDS = (RECEIVED, WON, LOST)
"""Conversions that are not stages: the lead was received, won, or lost."""

STAGE = "stage:"
"""Prefix of a stage whose name is one of WORDS; optional for other stages."""

TYPO_RATIO = 0.85
"""difflib's ratio above which a word counts as misspelt."""


def read_conversions(value: Any) -> dict[str, str]:
    """Read a table: key of a word or stage -> the conversion's name at the platform."""
    named = read_table(value, each=read_name, key=check_word)
    keys: dict[str, str] = {}
    for word in named:
        first = keys.setdefault(key_of(word), word)
        if first != word:
            raise ValidationError({word: [f"means the same as {first!r}: write it once"]})
    return {key: named[word] for key, word in keys.items()}


def key_of(word: str) -> str:
    """Return the key of a word of the forms file: `won`; `toured`; `stage:won` for a stage of that name."""
    folded = " ".join(word.split()).casefold()
    name = folded
    while name.startswith(STAGE):
        name = name.removeprefix(STAGE).strip()
    return STAGE + name if name in WORDS and name != folded else name


def key_of_stage(name: str) -> str:
    """Return the key of a stage."""
    return key_of(STAGE + name)


def check_word(word: str) -> None:
    """Raise ValidationError for an empty or misspelt word."""
    key = key_of(word)
    if not key:
        raise ValidationError("needs the name of a stage, or one of received, won and lost")
    near = difflib.get_close_matches(key, WORDS, 1, TYPO_RATIO)
    if near and key not in WORDS and STAGE not in word.casefold():
        raise ValidationError(
            f'unknown word {word!r}: did you mean {near[0]!r}? A stage of that name is written "{STAGE}{word.strip()}"'
        )


# -- lead sources, fields and custom fields


LEAD_SOURCES = frozenset({1, 2, *range(4, 27), 98, 99})
MAX_NUMBER = 2**53  # larger JSON numbers are not exact

_FROM_LEAD = "it comes from the lead"
OPPORTUNITY_FIELDS = {
    "Id": "Nexudus assigns it",
    "CoworkerId": "the contact is found or created from the lead",
    "CrmBoardColumnId": "write stage_id, or board and stage",
    "Position": "write position",
    "Status": "a new opportunity is always in progress",
    "Name": "write name",
    "Notes": _FROM_LEAD,
    "SystemId": "it identifies the lead",
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
    "DueDate": "write due_date or due_in_days",
    "CustomFields": "write custom",
    "Coworker": "an existing customer is never changed",
    "CreateUser": "it would send a welcome e-mail",
    **dict.fromkeys(("UniqueId", "CreatedOn", "UpdatedOn", "UpdatedBy"), "Nexudus maintains it"),
    **dict.fromkeys(("Completed", "Reminded", "WonOn", "LostOn", "LossReason"), "a new opportunity is open"),
}
COWORKER_FIELDS = {
    "Id": "Nexudus assigns it",
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
    "CustomFields": "write contact.custom",
    "CreateUser": "it would send a welcome e-mail",
    "TariffId": "it would put the person on a paid plan",
    "BillingDay": "it would start invoicing",
    "RenewalDate": "it would start invoicing",
}
COWORKER_ADDITIONS = frozenset(
    {
        *("CoworkerType", "Gender", "TaxRateType", "Notes", "LandLine", "Position", "BusinessArea", "ProfileWebsite"),
        *("Address", "PostCode", "CityName", "State", "ReferenceNumber", "RefererGuid"),
        *(f"{day}Attendance" for day in ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]),
        *(f"Custom{number}" for number in range(1, 31)),
        *("CheckinSinceLastRenewal", "MinutesSinceLastRenewal", "TariffInvoiceEvery", "TariffInvoiceEveryWeeks"),
    }
)
"""Additional fields of a new contact. A closed list, as many fields of a Coworker bill, book or notify people."""

_ONLY_ZERO = frozenset(
    ["CheckinSinceLastRenewal", "MinutesSinceLastRenewal", "TariffInvoiceEvery", "TariffInvoiceEveryWeeks"]
)
"""Some accounts require 0 here; any other number would bill."""

_NUMBERS = frozenset(
    [
        *_ONLY_ZERO,
        "CoworkerType",
        "Gender",
        "TaxRateType",
        *(name for name in COWORKER_ADDITIONS if "Attendance" in name),
    ]
)
"""Numeric fields of a Coworker, which no answer can fill."""

RESERVED_CUSTOM = "LeadCapture"
"""Our custom field that identifies the lead of an opportunity."""

MAX_CUSTOM_NAME_CHARS = 100
"""Our limit; Nexudus publishes none."""

_HARM = (
    (re.compile(r"(?i)tariff|billing|invoic|renewal|price|payment|deposit|contract"), "it bills the person"),
    (re.compile(r"(?i)notify|terms|newsletter"), "it is the person's own consent"),
    (re.compile(r"^Can[A-Z]|(?i:user|access|password|token|bank|card)"), "it gives access or holds secrets"),
)
"""Pattern of Coworker fields -> their harm, for the sentence that refuses them."""


def read_lead_source(value: Any) -> int:
    """Read one of Nexudus's LeadSource numbers."""
    number = read_whole(value, least=-MAX_NUMBER, most=MAX_NUMBER)
    if number not in LEAD_SOURCES:
        raise ValidationError(f"{number} is not a LeadSource of Nexudus: write 1, 2, 4 to 26, 98 or 99")
    return number


def check_opportunity_field(name: str) -> str:
    """Check that the operator may set a CrmOpportunity field."""
    return _check_free(name, OPPORTUNITY_FIELDS)


def check_coworker_field(name: str) -> str:
    """Check that the operator may set a Coworker field on a new contact."""
    _check_free(name, COWORKER_FIELDS)
    if name in COWORKER_ADDITIONS:
        return name
    near = difflib.get_close_matches(name.lower(), [known.lower() for known in COWORKER_ADDITIONS], n=1, cutoff=0.8)
    meant = next((known for known in COWORKER_ADDITIONS if known.lower() in near), None)
    if meant:
        raise ValidationError(f"{name} may not be set here: did you mean {meant}?")
    harm = next(
        (why for about, why in _HARM if about.search(name)), "the documentation of the forms file lists those that may"
    )
    raise ValidationError(f"{name} cannot be set here: {harm}")


def read_opportunity_additions(value: Any) -> dict[str, Any]:
    """Read `extra`, additional fields of an opportunity; only the operator may choose ids, never a visitor."""
    additions = read_table(value, each=read_addition, key=check_opportunity_field)
    chosen = [name for name, below in additions.items() if re.search(r"Ids?$", name) and any(list_slots(below))]
    if chosen:
        raise ValidationError({key: ["holds an id: write its number; no answer can fill it"] for key in chosen})
    return additions


def read_coworker_additions(value: Any) -> dict[str, Any]:
    """Read `contact.extra`, fields of a new contact that neither bill nor notify nor give access."""
    additions = read_table(value, each=read_addition, key=check_coworker_field)
    faults = {name: [fault] for name, below in additions.items() if (fault := _describe_number(name, below))}
    if faults:
        raise ValidationError(faults)
    return additions


def _describe_number(name: str, value: Any) -> str:
    """Return the problem with the value of a numeric field; "" without one."""
    if name in _NUMBERS and isinstance(value, str):
        return "holds a number: write it without quotes; no answer can fill it"
    return "must be 0: any other number would bill" if name in _ONLY_ZERO and value != 0 else ""


def read_custom_fields(value: Any) -> dict[str, str]:
    """Read `custom`: text values of custom fields by the field's name or id."""
    custom = read_table(value, each=_read_custom_value, key=_check_custom_name)
    names: dict[str, str] = {}
    for name in custom:
        first = names.setdefault(name.strip().casefold(), name)
        if first != name:
            raise ValidationError({name: [f"is the same field as {first!r}: keep one of them"]})
    return {name.strip(): text for name, text in custom.items()}


def _check_custom_name(name: str) -> None:
    if not name.strip() or not name.isprintable() or len(name) > MAX_CUSTOM_NAME_CHARS:
        raise ValidationError(
            f"is not the name of a custom field: write 1 to {MAX_CUSTOM_NAME_CHARS} characters, or its id"
        )
    if name.strip().casefold() == RESERVED_CUSTOM.casefold():
        raise ValidationError(f"{RESERVED_CUSTOM} is reserved: it identifies the lead of an opportunity")


def _read_custom_value(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return str(read_addition(value))
    if not isinstance(value, str):
        raise ValidationError(f"must be text or a number, not {name_kind(value)}")
    return read_braces(value, read_trimmed)


def read_addition(value: Any) -> Any:
    """Read a value for the CRM: a template, number, true or false, or lists and tables of them."""
    if isinstance(value, dict):
        return {name: read_addition(below) for name, below in value.items()}
    if isinstance(value, list):
        return [read_addition(below) for below in value]
    if isinstance(value, str):
        return read_braces(value, read_text)
    if not isinstance(value, bool | int | float):
        raise ValidationError(f"must be text, a number, or true or false, not {name_kind(value)}: put it in quotes")
    if not math.isfinite(value) or abs(value) > MAX_NUMBER:
        raise ValidationError("is too large")
    return value


def _check_free(name: str, ours: dict[str, str]) -> str:
    for field, why in ours.items():
        if field.lower() == name.lower():
            raise ValidationError(f"{field} cannot be set here: {why}")
    return name
