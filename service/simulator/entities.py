"""The kinds of records that the API serves, their addresses and filters, and its enumerations."""

import json
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path


def _enumerations() -> dict[str, dict[int, str]]:
    tables = json.loads(Path(__file__).with_name("enumerations.json").read_text(encoding="utf-8"))
    return {enum: {int(number): name for number, name in names.items()} for enum, names in tables.items()}


ENUMS = _enumerations()
"""Enumeration -> number -> name."""

STATUS_WON, STATUS_LOST = 2, 3


@dataclass(frozen=True)
class Entity:
    """One kind of record.

    relations: name in filters -> kind of the related record; the record holds `<name>Id`.
    texts, numbers, flags: properties that can be filtered. ranges: properties with `from_` and `to_` filters.
    unlisted: properties that only a read by id shows.
    """

    name: str
    path: str
    relations: dict[str, str] = field(default_factory=dict)
    texts: frozenset[str] = frozenset()
    numbers: frozenset[str] = frozenset()
    flags: frozenset[str] = frozenset()
    ranges: frozenset[str] = frozenset()
    unlisted: frozenset[str] = frozenset()


def _names(text: str) -> frozenset[str]:
    return frozenset(text.split())


COWORKER = Entity(
    "Coworker",
    "/api/spaces/coworkers",
    relations={"InvoicingBusiness": "Business", "User": "User"},
    texts=_names("Email FullName MobilePhone CompanyName Tag"),
    numbers=_names("CoworkerType"),
    flags=_names("Active Archived"),
    ranges=_names("CreatedOn UpdatedOn"),
    unlisted=_names(
        "Businesses Teams MobilePhone LandLine CompanyName Position BusinessArea ProfileWebsite Address PostCode "
        "CityName State Notes Tag ReferenceNumber " + " ".join(f"Custom{number}" for number in range(1, 31))
    ),
)

OPPORTUNITY = Entity(
    "CrmOpportunity",
    "/api/crm/crmopportunities",
    relations={
        "Coworker": "Coworker",
        "CrmBoardColumn": "CrmBoardColumn",
        "Team": "Team",
        "OpportunityType": "OpportunityType",
        "Responsible": "User",
        "Referrer": "Coworker",
        "Agent": "Coworker",
    },
    texts=_names("Name Notes SystemId UtmSource UtmMedium UtmCampaign UtmContent UtmTerm DueDate WonOn LostOn"),
    numbers=_names("Status LeadSource LossReason Value Position"),
    flags=_names("Completed Reminded"),
    ranges=_names("CreatedOn UpdatedOn DueDate WonOn LostOn Value Position"),
)

HISTORY = Entity(
    "CrmOpportunityHistory",
    "/api/crm/crmopportunityhistories",
    relations={
        "CrmOpportunity": "CrmOpportunity",
        "OldCrmBoardColumn": "CrmBoardColumn",
        "NewCrmBoardColumn": "CrmBoardColumn",
    },
    ranges=_names("FromTime ToTime CreatedOn"),
)

REFERENCES = (
    Entity("Business", "/api/sys/businesses", texts=_names("Name")),
    Entity("CrmBoard", "/api/crm/crmboards", {"Business": "Business"}, texts=_names("Name"), flags=_names("Archived")),
    Entity(
        "CrmBoardColumn",
        "/api/crm/crmboardcolumns",
        {"CrmBoard": "CrmBoard"},
        texts=_names("Name"),
        numbers=_names("Position"),
    ),
    Entity("OpportunityType", "/api/crm/opportunitytypes", {"Business": "Business"}, texts=_names("Name")),
    Entity(
        "User",
        "/api/sys/users",
        texts=_names("Email FullName"),
        flags=_names("Active IsAdmin"),
        unlisted=_names("Businesses UserRoles"),
    ),
    Entity("Country", "/api/sys/countries", texts=_names("Name TwoDigitsCode")),
    Entity(
        "SimpleTimeZone",
        "/api/sys/simpletimezones",
        texts=_names("Name Description"),
        numbers=_names("TimeOffset"),
    ),
    Entity("Team", "/api/spaces/teams", {"Business": "Business"}, texts=_names("Name")),
    Entity(
        "CustomField",
        "/api/crm/customfields",
        {"Business": "Business"},
        texts=_names("Name"),
        numbers=_names("RecordType"),
        unlisted=_names("Required AvailableOptions AllowMultipleOptions"),
    ),
    Entity("UserRole", "/api/security/userroles", {"Business": "Business"}, texts=_names("Name")),
    Entity("Role", "/api/security/roles", texts=_names("Name")),
)
"""The operator's set-up: read-only, as for a service user."""

ENTITIES = {entity.name: entity for entity in (COWORKER, OPPORTUNITY, HISTORY, *REFERENCES)}
BY_PATH = {entity.path: entity for entity in ENTITIES.values()}


@dataclass(frozen=True)
class FilterPath:
    """The path to a filtered value: keys of relations with the kind of the related record, then the property."""

    hops: tuple[tuple[str, str], ...]
    key: str
    kind: str  # "text", "number" or "flag"


@lru_cache(maxsize=512)
def find_filter_path(entity_name: str, words: str) -> FilterPath | None:
    """Return the path of a filter's name without its entity ("coworker_email"), ignoring case; None if unknown."""
    entity = ENTITIES[entity_name]
    head, _, rest = words.lower().partition("_")
    for relation, target in entity.relations.items():
        if relation.lower() != head:
            continue
        if not rest or rest == "id":
            return FilterPath((), f"{relation}Id", "number")
        path = find_filter_path(target, rest)
        return path and FilterPath(((f"{relation}Id", target), *path.hops), path.key, path.kind)
    return None if rest else _own_property(entity, head)


def _own_property(entity: Entity, lowered: str) -> FilterPath | None:
    for kind, names in (("text", entity.texts), ("number", entity.numbers | {"Id"}), ("flag", entity.flags)):
        for name in names:
            if name.lower() == lowered:
                return FilterPath((), name, kind)
    return None
