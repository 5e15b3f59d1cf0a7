"""Fields that an operator added to customers or opportunities, and whether new records must fill them.

Source: "CustomField" of the REST reference. Lists are partial: only a field's own record shows its options, and whether
it is required.
"""

from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from service.nexudus.client import Nexudus
from service.nexudus.errors import Unavailable
from service.nexudus.values import Row, id_of, text_of

PATH = "/api/crm/customfields"

COWORKER, OPPORTUNITY = 1, 4
"""Kinds of records (RecordType). 7 is an internal field of a customer, which no create must fill."""


@dataclass(frozen=True, slots=True)
class CustomField:
    """A custom field. record_type: None if a list does not show it. business_id: None for all locations.

    index: the n of Custom<n>, if any. options: the allowed values, folded; empty for any value.
    Only `read` returns required and options.
    """

    id: int
    name: str
    record_type: int | None
    index: int | None
    business_id: int | None
    required: bool = False
    options: frozenset[str] = frozenset()

    def is_called(self, key: str) -> bool:
        """Return whether a key of a set-up means this field: by its folded name, or its id."""
        return folded(key) in (folded(self.name), str(self.id))

    def allows(self, value: str) -> bool:
        """Return whether a value is one of its options, or several separated by commas."""
        parts = {folded(part) for part in value.split(",")}
        return not self.options or folded(value) in self.options or parts <= self.options


def listed(nexudus: Nexudus) -> list[CustomField]:
    """Return the fields of contacts and opportunities as lists show them.

    Raises: as Nexudus.records; Unavailable with 404 if the host has no such list.
    """
    fields = map(_read, nexudus.records(PATH))
    return [field for field in fields if field.record_type in (None, COWORKER, OPPORTUNITY)]


def read(nexudus: Nexudus, field_id: int) -> CustomField:
    """Read one custom field by its own record.

    Raises: as Nexudus.get, also for a 404; Unavailable if the record hides whether it is required.
    """
    row = nexudus.one(f"{PATH}/{field_id}")
    if row is None:
        raise Unavailable("Nexudus does not show the record", HTTPStatus.NOT_FOUND)
    if row["Id"] != field_id or not isinstance(row.get("Required"), bool):
        raise Unavailable("the record does not show whether it is required", HTTPStatus.OK)
    return _read(row)


def _read(row: Row) -> CustomField:
    return CustomField(
        id=row["Id"],
        name=text_of(row, "Name"),
        record_type=id_of(row, "RecordType"),
        index=id_of(row, "CustomFieldIndex"),
        business_id=id_of(row, "BusinessId"),
        required=row.get("Required") is True,
        options=_options(row.get("AvailableOptions")),
    )


def _options(shown: Any) -> frozenset[str]:
    """Return the folded options, split at every possible separator, because the real one is not documented."""
    if isinstance(shown, str):
        shown = [piece for mark in ("\n", ",", ";", "|") for piece in shown.split(mark)]
    return frozenset(folded(str(each)) for each in shown) - {""} if isinstance(shown, list) else frozenset()


def folded(text: str) -> str:
    """Return a name or option for comparison: trimmed, casefolded, single spaces."""
    return " ".join(text.split()).casefold()
