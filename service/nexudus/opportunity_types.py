"""Types of opportunities, and the templates by which Nexudus fills the notes of what is made with a type."""

from dataclasses import dataclass
from http import HTTPStatus

from service.nexudus.boards import Placed
from service.nexudus.client import Nexudus
from service.nexudus.errors import Unavailable
from service.nexudus.rows import Row, id_of, text_of

PATH = "/api/crm/opportunitytypes"


@dataclass(frozen=True, slots=True)
class OpportunityType(Placed):
    """A type, with its location. notes_template: "" for none; None where the list row does not show it."""

    notes_template: str | None = None


def opportunity_types(nexudus: Nexudus) -> list[OpportunityType]:
    """All opportunity types.

    Raises: as Nexudus.records.
    """
    return [_read(row) for row in nexudus.records(PATH)]


def notes_template(nexudus: Nexudus, kind: OpportunityType) -> str:
    """The template for Notes, "" where there is none: of the type's own record where its list row does not show it.

    Whether the CRM fills empty notes with it or replaces those that were sent, no document says.
    Raises: as Nexudus.one; Unavailable where the record does not show it either.
    """
    if kind.notes_template is not None:
        return kind.notes_template
    row = nexudus.one(f"{PATH}/{kind.id}")
    if row is None or "NotesTemplate" not in row:
        raise Unavailable("the record of the type does not show its template for notes", HTTPStatus.OK)
    return text_of(row, "NotesTemplate").strip()


def _read(row: Row) -> OpportunityType:
    shown = row.get("NotesTemplate")
    template = shown.strip() if isinstance(shown, str) else None
    return OpportunityType(row["Id"], text_of(row, "Name"), id_of(row, "BusinessId"), template)
