"""Custom fields that an operator added to customers and opportunities, and their values on records.

Values are `{"Data": [{"Name": ..., "Value": ..., "Type": "string"}]}`. Source: REST reference, "Custom fields in
records": names are free, or the id of a registered field, and unique in a record, so a repeated one is dropped; values
are text. It is not documented whether a create keeps them, so a setting plays both.
"""

from collections.abc import Collection, Iterator, Mapping
from typing import Any

from service.simulator.checks import REQUIRED
from service.simulator.exchange import Flaw, Record
from service.simulator.settings import ControlProblems
from service.simulator.world import World

COWORKER, OPPORTUNITY = 1, 4
"""Kinds of records (RecordType); 7 is an internal field of a customer, which no create must fill."""

KEYS = {
    "name": "Name",
    "record_type": "RecordType",
    "required": "Required",
    "business_id": "BusinessId",
    "options": "AvailableOptions",
    "several": "AllowMultipleOptions",
    "index": "CustomFieldIndex",
}


def add(world: World, wanted: Mapping[str, Any]) -> Record:
    """Add a field, by default a required one of opportunities of all locations. The caller holds the lock.

    wanted: name, and any of record_type, required, business_id (None: all), options (text, one per line), several,
    index (the n of Custom<n>, for customers only).
    Raises: ControlProblems.
    """
    sentences = [f"unknown key {key!r}: choose from {', '.join(KEYS)}" for key in wanted.keys() - KEYS.keys()]
    if not isinstance(wanted.get("name"), str) or not wanted["name"].strip():
        sentences.append("name: a text is needed")
    if sentences:
        raise ControlProblems(sentences)
    defaults = {"RecordType": OPPORTUNITY, "Required": True, "FieldType": 1, "AllowMultipleOptions": False}
    unset = dict.fromkeys(("BusinessId", "AvailableOptions", "CustomFieldIndex"))
    return world.put("CustomField", {**defaults, **unset, **{KEYS[key]: value for key, value in wanted.items()}})


def lacking(world: World, record_type: int, body: Record, places: Collection[int]) -> list[Flaw]:
    """Return required fields that a create leaves empty, if a setting enforces them; the documents do not say.

    places: the locations of the new record.
    """
    if not world.settings.custom_fields_enforced:
        return []
    filled = set(_filled(body))
    return [
        Flaw(row["Name"], REQUIRED)
        for row in world.tables["CustomField"].rows.values()
        if row["Required"]
        and row["RecordType"] == record_type
        and row["BusinessId"] in (None, *places)
        and not filled & {row["Name"].strip().lower(), str(row["Id"]), f"custom{row['CustomFieldIndex']}"}
    ]


def _filled(body: Record) -> Iterator[str]:
    """Yield the lower-case names and Ids of custom fields that a body fills, in any documented way."""
    yield from (name.lower() for name, value in body.items() if name.startswith("Custom") and value)
    given = body.get("CustomFields")
    data = given.get("Data") if isinstance(given, dict) else None
    for each in data if isinstance(data, list) else ():
        if isinstance(each, dict) and each.get("Value"):
            yield str(each.get("Name") or "").strip().lower()


VALUE_KEYS = ("Name", "Value", "Type")


def check_values(value: Any) -> str:
    """Return the message of the flaw, or ""."""
    entries = value.get("Data") if isinstance(value, dict) else None
    if not isinstance(entries, list):
        return "must be an object with Data"
    for entry in entries:
        if not isinstance(entry, dict) or not all(isinstance(entry.get(key), str) for key in VALUE_KEYS):
            return "must have a Name, a Value and a Type, all text"
    return ""


def values_on_create(world: World, body: Record) -> Record | None:
    """Return the custom fields that a create keeps."""
    return kept_values(body) if world.settings.custom_fields_on_create else None


def kept_values(body: Record) -> Record | None:
    """Return the custom fields that an update keeps: the first of each name; None if there are none."""
    entries: dict[str, Record] = {}
    for entry in (body.get("CustomFields") or {}).get("Data", ()):
        entries.setdefault(entry["Name"].strip().lower(), {key: entry[key] for key in VALUE_KEYS})
    return {"Data": list(entries.values())} if entries else None


def values_by_name(fields: Any) -> dict[str, str]:
    """Return the values by lower-case name."""
    return {entry["Name"].lower(): entry["Value"] for entry in fields["Data"]} if fields else {}
