"""Fields that an operator added to customers or opportunities, as far as a new record must fill them."""

from dataclasses import dataclass

from service.nexudus.client import Nexudus
from service.nexudus.rows import id_of, text_of

PATH = "/api/sys/customfields"
"""No document says in which module the list is; a 404 is no surprise."""

COWORKER, OPPORTUNITY = 1, 4
"""Kinds of records (RecordType in the REST reference of CustomField)."""


@dataclass(frozen=True, slots=True)
class CustomField:
    """A field that must be filled. index: the n of Custom<n>, None where it has none. business_id: None for all."""

    name: str
    record_type: int
    index: int | None
    business_id: int | None


def required(nexudus: Nexudus) -> list[CustomField]:
    """Those of new contacts and opportunities. Whether the API insists on them is not known.

    Raises: as Nexudus.records; Unavailable with 404 where the list is not there.
    """
    return [
        CustomField(text_of(row, "Name"), row["RecordType"], id_of(row, "CustomFieldIndex"), id_of(row, "BusinessId"))
        for row in nexudus.records(PATH)
        if row.get("Required") is True and row.get("RecordType") in (COWORKER, OPPORTUNITY)
    ]
