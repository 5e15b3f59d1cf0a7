"""Customers (Coworkers): the checks and side effects of a create or a replacing PUT."""

import re

from service.simulator import checks, custom_fields
from service.simulator.exchange import Flaw, Record, SimulatorResponse, declined, denied, invalid, not_found, saved
from service.simulator.world import World

ATTENDANCE = tuple(
    f"{day}Attendance" for day in ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
)
REQUIRED = ("FullName", "Email", "CoworkerType", "Gender", "TaxRateType", *ATTENDANCE)
RELATIONS = {"Country": "Country", "SimpleTimeZone": "SimpleTimeZone"}
TEXTS = (
    *("FullName", "MobilePhone", "LandLine", "CompanyName", "Position", "BusinessArea", "ProfileWebsite"),
    *("Address", "PostCode", "CityName", "State", "Notes", "Tag", "ReferenceNumber", "RefererGuid"),
    *(f"Custom{number}" for number in range(1, 31)),
)
CHECKS: dict[str, checks.Check] = {
    **dict.fromkeys(TEXTS, checks.text),
    "Email": checks.email,
    "CoworkerType": checks.one_of("eCoworkerRecordType"),
    "Gender": checks.one_of("eGender"),
    "TaxRateType": checks.one_of("eCoworkerTaxRateType"),
    **dict.fromkeys(ATTENDANCE, checks.one_of("eCoworkerAttendance")),
    "CreateUser": checks.flag,
    "Active": checks.flag,
    "Archived": checks.flag,
    **dict.fromkeys(
        ("CheckinSinceLastRenewal", "MinutesSinceLastRenewal", "TariffInvoiceEvery", "TariffInvoiceEveryWeeks"),
        checks.whole,
    ),
}
KNOWN = (
    *CHECKS,
    *("CountryId", "SimpleTimeZoneId", "Businesses", "Teams", "InvoicingBusinessId", "UserId", "IsDefaultProfile"),
)
PLAN = ("TariffId", "TariffName")
"""The plan of a member, null for a contact; a setting decides whether lists show it."""
STARTS_BILLING = ("TariffId", "BillingDay", "RenewalDate")
READ_ONLY = re.compile(r"Id|UniqueId|CreatedOn|UpdatedOn|UpdatedBy|IsNew|ToStringText|LocalizationDetails|CustomFields")


def create(world: World, body: Record) -> SimulatorResponse:
    """Answer POST: 400 with all flaws, 401 if the day's quota is used up, else the new Id.

    A repeated e-mail address creates a second customer, as in the real CRM.
    """
    flaws = _flaws(world, body)
    flaws = flaws or custom_fields.lacking(world, custom_fields.COWORKER, body, body.get("Businesses") or ())
    if flaws:
        return invalid(flaws)
    quota = world.settings.coworker_quota
    if quota is not None and world.coworkers_today >= quota:
        return denied()
    world.coworkers_today += 1
    record = add(world, body, custom_fields.values_on_create(world, body))
    _apply_side_effects(world, body)
    return saved(record["Id"], record["UpdatedOn"], record["UpdatedBy"])


def replace(world: World, body: Record) -> SimulatorResponse:
    """Answer PUT: the body replaces the record; a field left out is cleared."""
    old = world.row("Coworker", body.get("Id"))
    if old is None:
        return not_found()
    flaws = _flaws(world, body)
    if flaws:
        return invalid(flaws)
    kept = {
        key: old[key] for key in ("Id", "UniqueId", "CreatedOn", "IsNew", "LocalizationDetails", "IsDefaultProfile")
    }
    record = world.put("Coworker", {**_fields(world, body), **kept, "CustomFields": custom_fields.kept_values(body)})
    return saved(record["Id"], record["UpdatedOn"], record["UpdatedBy"])


def refuse_deletion() -> SimulatorResponse:
    """Answer DELETE: only a command deletes customers, and the refusal is an HTTP 200."""
    return declined("The customer could not be deleted.")


def add(world: World, body: Record, custom: Record | None = None) -> Record:
    """Add a customer without checks or side effects.

    custom: its custom fields. CreatedOn is taken from the body if given.
    """
    record = world.put("Coworker", _fields(world, body), custom)
    if "CreatedOn" in body:
        record["CreatedOn"] = body["CreatedOn"]
    return record


def _flaws(world: World, body: Record) -> list[Flaw]:
    for name in set(body) - set(KNOWN):
        if not READ_ONLY.fullmatch(name):
            world.ignored[f"Coworker.{name}"] += 1
    flaws = checks.find_flaws(body, REQUIRED, {**CHECKS, "CustomFields": custom_fields.check_values})
    flaws += checks.find_dangling(world, body, RELATIONS, required=RELATIONS)
    flaws += checks.find_dangling(world, body, {"InvoicingBusiness": "Business"})
    places = body.get("Businesses")
    if places is not None and not (isinstance(places, list) and all(world.row("Business", place) for place in places)):
        flaws.append(Flaw("Businesses", "is not a list of locations", places))
    return flaws


def _fields(world: World, body: Record) -> Record:
    # Without a location the record lands in some other location of the login, and without an invoicing location it
    # is invoiced there, whatever Businesses says. There is no BusinessId.
    elsewhere = max(world.tables["Business"].rows)
    invoicing = body.get("InvoicingBusinessId") or elsewhere
    return {
        **dict.fromkeys(KNOWN),
        "Active": True,
        "Archived": False,
        "IsDefaultProfile": True,
        **{key: body.get(key) for key in PLAN},
        **{key: value for key, value in body.items() if key in KNOWN and key != "CreateUser"},
        "Businesses": body.get("Businesses") or [elsewhere],
        "Teams": body.get("Teams") or [],
        "InvoicingBusinessId": invoicing,
        "InvoicingBusinessName": world.tables["Business"].rows[invoicing]["Name"],
        "CreateUser": False,
        "ToStringText": body.get("FullName"),
    }


def _apply_side_effects(world: World, body: Record) -> None:
    if body.get("CreateUser"):
        world.add_side_effect(f"portal access opened and a welcome e-mail sent to {body['Email']}")
    for name in STARTS_BILLING:
        if body.get(name) is not None:
            world.add_side_effect(f"{name} assigned a plan to {body['Email']}: invoicing starts")
