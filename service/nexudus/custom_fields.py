"""Fields that an operator added to customers or opportunities: which there are, and which a new record must fill.

Source: "CustomField" of the REST reference. Rows of lists are partial: only its own record shows whether a field
is required, and what its options are.
"""

from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from service.nexudus.client import Nexudus
from service.nexudus.errors import Unavailable
from service.nexudus.values import Row, id_of, text_of

PATH = "/api/crm/customfields"

COWORKER, OPPORTUNITY = 1, 4
"""Kinds of records (RecordType). 7 is a customer's internal one: no create has to fill it."""


@dataclass(frozen=True, slots=True)
class CustomField:
    """A custom field. record_type: None where a list does not show it. business_id: None for all locations.

    index: the n of Custom<n>, None where it has none. options: the values that it may have, folded; empty for any.
    required and options hold only in what `read` returns.
    """

    id: int
    name: str
    record_type: int | None
    index: int | None
    business_id: int | None
    required: bool = False
    options: frozenset[str] = frozenset()

    def is_called(self, key: str) -> bool:
        """Whether a set-up means this field: by its name, trimmed and in any case, or by its id."""
        return folded(key) in (folded(self.name), str(self.id))

    def allows(self, value: str) -> bool:
        """Whether a value is one of its options, or several with commas between them."""
        parts = {folded(part) for part in value.split(",")}
        return not self.options or folded(value) in self.options or parts <= self.options


def listed(nexudus: Nexudus) -> list[CustomField]:
    """The fields that new contacts or opportunities may have, as lists show them.

    Raises: as Nexudus.records; Unavailable with 404 where the list is not there.
    """
    fields = map(_read, nexudus.records(PATH))
    return [field for field in fields if field.record_type in (None, COWORKER, OPPORTUNITY)]


def read(nexudus: Nexudus, field_id: int) -> CustomField:
    """One custom field with all that its record shows.

    Raises: as Nexudus.get, also for a 404; Unavailable where the record hides whether it is required.
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
    """The options in every reading, folded: what stands between two of them is not documented."""
    if isinstance(shown, str):
        shown = [piece for mark in ("\n", ",", ";", "|") for piece in shown.split(mark)]
    return frozenset(folded(str(each)) for each in shown) - {""} if isinstance(shown, list) else frozenset()


def folded(text: str) -> str:
    """A name or option as it is compared: trimmed, any case, one space for several."""
    return " ".join(text.split()).casefold()
