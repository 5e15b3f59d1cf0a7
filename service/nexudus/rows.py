"""One record as the CRM shows it, and reading its fields with care: lists leave out what they like."""

from typing import Any

Row = dict[str, Any]
"""A record under the CRM's own field names."""


def text_of(row: Row, name: str) -> str:
    """The text; "" for null and for what is not there."""
    return str(row.get(name) or "")


def id_of(row: Row, name: str) -> int | None:
    """The id; None for null, what is not there, and 0, which is the CRM's word for unset."""
    return row.get(name) or None


def ids_of(row: Row, name: str) -> tuple[int, ...] | None:
    """The ids of a collection, also where it holds the records themselves; None where it is not shown."""
    items = row.get(name)
    if not isinstance(items, list):
        return None
    return tuple(item["Id"] if isinstance(item, dict) else item for item in items)
