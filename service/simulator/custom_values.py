"""Custom fields on records: `{"Data": [{"Name": ..., "Value": ..., "Type": "string"}]}`.

Source: REST reference, "Custom fields in records": names are free, or the id of a registered field, and unique in a
record: a repeated one is dropped; values are text. Whether a create keeps them is not said, so a setting plays both.
"""

from typing import Any

from service.simulator.exchange import Record
from service.simulator.world import World

REQUIRED = ("Name", "Value", "Type")


def check(value: Any) -> str:
    """The words of the flaw, "" where there is none."""
    entries = value.get("Data") if isinstance(value, dict) else None
    if not isinstance(entries, list):
        return "must be an object with Data"
    for entry in entries:
        if not isinstance(entry, dict) or not all(isinstance(entry.get(key), str) for key in REQUIRED):
            return "must have a Name, a Value and a Type, all text"
    return ""


def created(world: World, body: Record) -> Record | None:
    """What a create keeps of them."""
    return kept(body) if world.settings.custom_fields_on_create else None


def kept(body: Record) -> Record | None:
    """What an update keeps: the first of each name; None where there are none."""
    entries: dict[str, Record] = {}
    for entry in (body.get("CustomFields") or {}).get("Data", ()):
        entries.setdefault(entry["Name"].strip().lower(), {key: entry[key] for key in REQUIRED})
    return {"Data": list(entries.values())} if entries else None


def custom_values(fields: Any) -> dict[str, str]:
    """Their texts by name in small letters."""
    return {entry["Name"].lower(): entry["Value"] for entry in fields["Data"]} if fields else {}
