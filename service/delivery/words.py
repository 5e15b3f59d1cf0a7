"""Nexudus's words for what the hall keeps as numbers, and its bodies for people to read."""

from collections.abc import Mapping
from typing import Any

from service.nexudus.lead_sources import lead_source_name

__all__ = ["lead_source_name", "readable"]


def readable(body: Mapping[str, Any]) -> dict[str, Any]:
    """A body with an entry for each custom field, in the place of the object that holds them."""
    custom = {f"custom {each['Name']}": each["Value"] for each in body.get("CustomFields", {}).get("Data", ())}
    return {**{name: value for name, value in body.items() if name != "CustomFields"}, **custom}
