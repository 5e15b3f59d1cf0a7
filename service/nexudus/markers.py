"""Search for an existing opportunity: by its marker or, if no marker survives, by its content.

Nexudus has no idempotency key. The marker is written to up to three places, because it is not documented which of them
a create keeps: `SystemId`, the end of the notes, and the custom field `LeadCapture`.
"""

import html
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

from service.clock import check_aware
from service.nexudus.client import Nexudus, Params
from service.nexudus.errors import Rejected
from service.nexudus.opportunities import PATH
from service.nexudus.values import Row, text_of

CUSTOM_FIELD = "LeadCapture"
"""The custom field with the marker. Records take fields of any name (REST reference, "Custom fields")."""

COMPARED_FIELDS = (
    "Name",
    "OpportunityTypeId",
    "LeadSource",
    "Value",
    *(f"Utm{part}" for part in ("Source", "Medium", "Campaign", "Content", "Term")),
)
"""Fields that are equal in an opportunity and the body that created it: Nexudus keeps them as they were sent.

The stage is not compared, because someone may have moved the opportunity before the search.
"""

NotesFate = Literal["kept", "changed", "lost"]


@dataclass(frozen=True, slots=True)
class MarkerPlaces:
    """The places to search for a marker, as far as this Nexudus's behaviour is known.

    system_id: neither known to be dropped nor known to be ignored as a filter. custom_field: creates are known to keep
    it. custom_field_filter: opportunities can also be searched by it.
    """

    system_id: bool = True
    custom_field: bool = False
    custom_field_filter: bool = False


@dataclass(frozen=True, slots=True)
class RoundTrip:
    """Which parts of a body are in the record that it created.

    custom_fields: None if none were sent, or it is unknown: a field sent by id may come back by name.
    """

    notes: NotesFate
    notes_marker: bool
    system_id: bool
    custom_fields: bool | None


def with_custom_field(body: Row, marker: str) -> Row:
    """Return the body with the marker among its custom fields."""
    field = {"Name": CUSTOM_FIELD, "Value": marker, "Type": "string"}
    return {**body, "CustomFields": {"Data": [*_custom_fields(body), field]}}


def objects_to_custom_fields(error: Exception) -> bool:
    """Return whether a create was rejected for its custom fields, so that it may pass without the marker there."""
    if not isinstance(error, Rejected):
        return False
    named = {field.name.lower() for field in error.fields}
    return any("customfield" in name or CUSTOM_FIELD.lower() in name for name in named)


def find_marked(
    nexudus: Nexudus, marker: str, coworker_id: int, since: datetime, places: MarkerPlaces | None = None
) -> int | None:
    """Return the id of the opportunity with our marker; None if there is none.

    since: an instant before which it cannot have been created; the search goes back one day more, because the CRM's
    time zone for the filter is not documented.
    Raises: as Nexudus.get.
    """
    places = places or MarkerPlaces()
    for params in _by_mark(marker, places):
        # One page, because an unknown filter is ignored and returns everything.
        rows, _ = nexudus.page(PATH, params, size=25)
        marked = [row["Id"] for row in rows if carries(row, marker)]
        if marked:
            return int(min(marked))
    return next((row["Id"] for row in of_coworker(nexudus, coworker_id, since, places) if carries(row, marker)), None)


def _by_mark(marker: str, places: MarkerPlaces) -> Iterator[Params]:
    if places.system_id:
        yield {"CrmOpportunity_SystemId": marker}
    if places.custom_field_filter:
        yield {f"CrmOpportunity_CustomFields_{CUSTOM_FIELD}": marker}


def find_alike(nexudus: Nexudus, body: Mapping[str, Any], coworker_id: int, since: datetime) -> list[Row]:
    """Return the opportunities of a person with the content of this body, on its stage first, then the newest.

    Raises: as Nexudus.get.
    """
    rows = of_coworker(nexudus, coworker_id, since, MarkerPlaces(custom_field=True))
    stage_id = body.get("CrmBoardColumnId")
    alike = (row for row in rows if is_alike(row, body))
    return sorted(alike, key=lambda row: (row.get("CrmBoardColumnId") != stage_id, -int(row["Id"])))


def is_alike(row: Row, body: Mapping[str, Any]) -> bool:
    """Return whether a record and a body agree in COMPARED_FIELDS."""
    return all((row.get(name) or None) == (body.get(name) or None) for name in COMPARED_FIELDS)


def of_coworker(nexudus: Nexudus, coworker_id: int, since: datetime, places: MarkerPlaces) -> Iterator[Row]:
    """Yield the opportunities of a person created since the day before, each with all fields that may hold a marker.

    Raises: as Nexudus.get.
    """
    start = (check_aware(since).astimezone(UTC) - timedelta(days=1)).strftime("%Y-%m-%dT%H:%M")
    params: Params = {"CrmOpportunity_Coworker": coworker_id, "from_CrmOpportunity_CreatedOn": start}
    for row in nexudus.records(PATH, params):
        if row.get("CoworkerId", coworker_id) == coworker_id:
            yield _whole(nexudus, row, places)


def _whole(nexudus: Nexudus, row: Row, places: MarkerPlaces) -> Row:
    """Return the record with its notes and custom fields, which lists may leave out."""
    is_whole = row.get("Notes") is not None and "SystemId" in row
    if is_whole and not (places.custom_field and row.get("CustomFields") is None):
        return row
    return nexudus.one(f"{PATH}/{row['Id']}") or row


def carries(row: Row, marker: str) -> bool:
    """Return whether a record has this marker in any of the three places."""
    return row.get("SystemId") == marker or marker in text_of(row, "Notes") or marker_field_of(row) == marker


def marker_field_of(row: Row) -> str:
    """Return the marker in the custom field; "" if there is none."""
    return next((text_of(field, "Value") for field in _custom_fields(row) if field.get("Name") == CUSTOM_FIELD), "")


def round_trip(body: Row, record: Row, marker: str) -> RoundTrip:
    """Compare a body with the record that it created."""
    return RoundTrip(
        notes=_fate(text_of(body, "Notes"), text_of(record, "Notes")),
        notes_marker=marker in text_of(record, "Notes"),
        system_id=record.get("SystemId") == body.get("SystemId"),
        custom_fields=_keeps_custom_fields(body, record, marker),
    )


def _keeps_custom_fields(body: Row, record: Row, marker: str) -> bool | None:
    if marker_field_of(body) == marker:
        return marker_field_of(record) == marker
    sent, kept = _custom_fields(body), _custom_fields(record)
    if not sent or not kept:
        return False if sent else None
    pairs = [(each.get("Name"), each.get("Value")) for each in kept]
    return True if all((each.get("Name"), each.get("Value")) in pairs for each in sent) else None


def _fate(sent: str, kept: str) -> NotesFate:
    """Return what happened to the notes; a template around them, white space and HTML entities make no difference."""
    expected, actual = _squeezed(sent), _squeezed(kept)
    if expected in actual:
        return "kept"
    return "changed" if expected[:20] in actual else "lost"


def _squeezed(text: str) -> str:
    return " ".join(html.unescape(text).split())


def _custom_fields(row: Mapping[str, Any]) -> list[Row]:
    fields = row.get("CustomFields")
    data = fields.get("Data") if isinstance(fields, dict) else None
    return [each for each in data if isinstance(each, dict)] if isinstance(data, list) else []
